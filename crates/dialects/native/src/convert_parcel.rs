//! Between the native dialect's JSON and the domain's parcels.

use crate::wire::parcel::{ChangeParcelJson, NewParcelJson, ParcelJson, PathPointJson, PlaceJson};
use milepost_domain::{
    Address, DriverFix, Invalid, Latitude, Longitude, Parcel, ParcelStatus, Place, Position, TenantId, UserId,
    VehicleId,
};
use milepost_http::{FieldError, Problem, rfc3339};
use milepost_service::{NewParcel, ParcelChange};

/// A refusal names all wrong fields at once.
pub(crate) fn parcel_from_json(json: &NewParcelJson, tenant: TenantId) -> Result<NewParcel, Problem> {
    let mut wrong = Vec::new();
    let mut look = |field: String, invalid: Invalid| {
        wrong.push(FieldError { field, message: invalid.message.to_owned() });
    };
    let client_id = UserId::new(json.client_id).map_err(|invalid| look("client_id".to_owned(), invalid)).ok();
    let driver_id =
        json.driver_id.map(UserId::new).transpose().map_err(|invalid| look("driver_id".to_owned(), invalid)).ok();
    let pickup = place_from_json("pickup", &json.pickup, &mut look);
    let destination = place_from_json("destination", &json.destination, &mut look);
    match (client_id, driver_id, pickup, destination) {
        (Some(client_id), Some(driver_id), Some(pickup), Some(destination)) => {
            Ok(NewParcel { tenant, client_id, driver_id, pickup, destination, status: ParcelStatus::Pending })
        }
        _ => Err(Problem::invalid_fields(wrong)),
    }
}

fn place_from_json(name: &str, json: &PlaceJson, look: &mut impl FnMut(String, Invalid)) -> Option<Place> {
    let latitude = Latitude::new(json.lat).map_err(|invalid| look(format!("{name}.lat"), invalid)).ok();
    let longitude = Longitude::new(json.lng).map_err(|invalid| look(format!("{name}.lng"), invalid)).ok();
    let address = Address::new(json.address.as_deref().unwrap_or_default());
    let address = address.map_err(|invalid| look(format!("{name}.address"), invalid)).ok();
    Some(Place { latitude: latitude?, longitude: longitude?, address: address? })
}

pub(crate) fn change_from_json(json: &ChangeParcelJson) -> Result<ParcelChange, Problem> {
    let driver_id = match json.driver_id {
        None => None,
        Some(None) => Some(None),
        Some(Some(number)) => {
            Some(Some(UserId::new(number).map_err(|invalid| Problem::invalid("driver_id", invalid.message))?))
        }
    };
    Ok(ParcelChange { driver_id, status: json.status.as_deref().map(ParcelStatus::parse).transpose()? })
}

pub(crate) fn parcel_to_json(parcel: &Parcel) -> ParcelJson {
    ParcelJson {
        id: parcel.id.get(),
        client_id: parcel.client_id.get(),
        driver_id: parcel.driver_id.map(UserId::get),
        pickup: place_to_json(&parcel.pickup),
        destination: place_to_json(&parcel.destination),
        status: parcel.status.as_str().to_owned(),
        created_at: rfc3339(parcel.created_at),
        updated_at: rfc3339(parcel.updated_at),
    }
}

fn place_to_json(place: &Place) -> PlaceJson {
    PlaceJson {
        lat: place.latitude.get(),
        lng: place.longitude.get(),
        address: Some(place.address.as_str().to_owned()),
    }
}

pub(crate) fn fix_to_json(fix: &DriverFix) -> PathPointJson {
    let (latitude, longitude) = (fix.latitude.get(), fix.longitude.get());
    PathPointJson {
        latitude,
        longitude,
        lat: latitude,
        lng: longitude,
        address: fix.address.as_str().to_owned(),
        driver_id: fix.driver_id.get(),
        timestamp: rfc3339(fix.at),
    }
}

/// A fix in the form that the writers of track files take.
pub(crate) fn fix_to_position(fix: &DriverFix, vehicle_id: &VehicleId) -> Position {
    Position::new(vehicle_id.clone(), fix.at, fix.latitude, fix.longitude)
}
