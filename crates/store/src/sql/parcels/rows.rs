//! Reads parcels from rows.

use super::super::{DbRow, positions::timestamp};
use crate::Result;
use milepost_domain::{
    Address, Latitude, Longitude, Parcel, ParcelId, ParcelStatus, Place, TenantId, UserId, ZonesInside,
};
use sqlx::Row;

/// The columns that [`parcel`] reads.
macro_rules! parcel_columns {
    () => {
        "p.id, t.id as tenant, p.client_id, p.driver_id, p.pickup_latitude, p.pickup_longitude, p.pickup_address, \
         p.destination_latitude, p.destination_longitude, p.destination_address, p.status, p.inside_pickup, \
         p.inside_destination, p.created_ms, p.updated_ms, p.version"
    };
}

macro_rules! select_parcels {
    ($rest:literal) => {
        concat!(
            "select ",
            super::rows::parcel_columns!(),
            " from parcels p join tenants t on t.tenant_no = p.tenant_no ",
            $rest
        )
    };
}

pub(crate) fn parcel(row: &DbRow) -> Result<Parcel> {
    let place = |latitude, longitude, address| -> Result<Place> {
        Ok(Place {
            latitude: Latitude::new(row.try_get(latitude)?)?,
            longitude: Longitude::new(row.try_get(longitude)?)?,
            address: Address::stored(row.try_get(address)?)?,
        })
    };
    Ok(Parcel {
        id: ParcelId::new(row.try_get("id")?)?,
        tenant: TenantId::stored(row.try_get("tenant")?)?,
        client_id: UserId::new(row.try_get("client_id")?)?,
        driver_id: row.try_get::<Option<i64>, _>("driver_id")?.map(UserId::new).transpose()?,
        pickup: place("pickup_latitude", "pickup_longitude", "pickup_address")?,
        destination: place("destination_latitude", "destination_longitude", "destination_address")?,
        status: ParcelStatus::parse(row.try_get("status")?)?,
        inside: ZonesInside { pickup: row.try_get("inside_pickup")?, destination: row.try_get("inside_destination")? },
        created_at: timestamp(row.try_get("created_ms")?)?,
        updated_at: timestamp(row.try_get("updated_ms")?)?,
        version: row.try_get("version")?,
    })
}

pub(crate) use {parcel_columns, select_parcels};
