//! Reads trips from rows.

use super::super::{DbRow, positions::timestamp};
use crate::{Result, StoreError};
use milepost_domain::{
    FuelSource, Latitude, Longitude, SpeedKmh, TenantId, Trip, TripFigures, TripFuel, TripId, TripOrigin, TripPlace,
    TripStatus, UserId, VehicleId,
};
use sqlx::Row;

/// Selects the columns that [`trip`] reads. Trips of removed vehicles are not found.
macro_rules! select_trips {
    ($rest:literal) => {
        concat!(
            "select p.id, p.vehicle_no, v.id as vehicle_id, p.driver_id, p.origin, p.status, p.started_ms, p.ended_ms, \
             p.followed_ms, p.start_latitude, p.start_longitude, p.end_latitude, p.end_longitude, p.distance_mm, p.moving_ms, \
             p.idle_ms, p.max_speed_kmh, p.fuel_ml, p.fuel_source, p.version \
             from trips p join vehicles v on v.vehicle_no = p.vehicle_no ",
            $rest
        )
    };
}

pub(crate) fn trip(row: &DbRow, tenant: &TenantId) -> Result<Trip> {
    Ok(Trip {
        id: TripId::stored(row.try_get("id")?)?,
        tenant: tenant.clone(),
        vehicle_id: VehicleId::stored(row.try_get("vehicle_id")?)?,
        driver_id: row.try_get::<Option<i64>, _>("driver_id")?.map(UserId::new).transpose()?,
        origin: TripOrigin::parse(row.try_get("origin")?)?,
        status: TripStatus::parse(row.try_get("status")?)?,
        started_at: timestamp(row.try_get("started_ms")?)?,
        ended_at: row.try_get::<Option<i64>, _>("ended_ms")?.map(timestamp).transpose()?,
        followed_to: timestamp(row.try_get("followed_ms")?)?,
        start: place(row, "start_latitude", "start_longitude")?,
        end: place(row, "end_latitude", "end_longitude")?,
        figures: TripFigures {
            distance_mm: row.try_get("distance_mm")?,
            moving_ms: row.try_get("moving_ms")?,
            idle_ms: row.try_get("idle_ms")?,
            max_speed: row.try_get::<Option<f64>, _>("max_speed_kmh")?.map(SpeedKmh::new).transpose()?,
            fuel: fuel(row)?,
        },
        version: row.try_get("version")?,
    })
}

fn place(row: &DbRow, latitude: &str, longitude: &str) -> Result<Option<TripPlace>> {
    let degrees = (row.try_get::<Option<f64>, _>(latitude)?, row.try_get::<Option<f64>, _>(longitude)?);
    let (Some(latitude), Some(longitude)) = degrees else { return Ok(None) };
    Ok(Some(TripPlace { latitude: Latitude::new(latitude)?, longitude: Longitude::new(longitude)? }))
}

fn fuel(row: &DbRow) -> Result<Option<TripFuel>> {
    let Some(burnt_ml) = row.try_get::<Option<i64>, _>("fuel_ml")? else { return Ok(None) };
    let source = row.try_get::<Option<&str>, _>("fuel_source")?;
    let source = source.ok_or_else(|| StoreError::Corrupt("a trip's fuel without its source".to_owned()))?;
    Ok(Some(TripFuel { burnt_ml, source: FuelSource::parse(source)? }))
}

pub(crate) use select_trips;
