//! Between the native dialect's JSON and the domain's trips.

use crate::wire::trip::{TripJson, TripPlaceJson};
use milepost_domain::{SpeedKmh, Timestamp, Trip, TripFuel, TripId, TripPlace, UserId};
use milepost_http::rfc3339;
use milepost_service::TripCursor;

/// A trip as a list shows it. A trip shown alone has its `path` too.
pub(crate) fn trip_to_json(trip: &Trip) -> TripJson {
    let figures = &trip.figures;
    TripJson {
        id: trip.id.to_string(),
        vehicle_id: trip.vehicle_id.to_string(),
        driver_id: trip.driver_id.map(UserId::get),
        origin: trip.origin.as_str().to_owned(),
        status: trip.status.as_str().to_owned(),
        start_time: rfc3339(trip.started_at),
        end_time: trip.ended_at.map(rfc3339),
        distance: trip.distance_km(),
        duration: trip.duration_min(),
        moving_minutes: minutes(figures.moving_ms),
        idle_minutes: minutes(figures.idle_ms),
        max_speed: figures.max_speed.map(SpeedKmh::get),
        fuel_l: figures.fuel.map(TripFuel::litres),
        fuel_source: figures.fuel.map(|fuel| fuel.source.as_str().to_owned()),
        start_place: trip.start.map(place_to_json),
        end_place: trip.end.map(place_to_json),
        followed_to: rfc3339(trip.followed_to),
        path: None,
        path_next: None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 285,000 years")]
fn minutes(ms: i64) -> f64 {
    ms as f64 / 60_000.0
}

fn place_to_json(place: TripPlace) -> TripPlaceJson {
    TripPlaceJson { latitude: place.latitude.get(), longitude: place.longitude.get() }
}

/// The cursor of a trip in a list, newest first.
pub(crate) fn trip_place_in_list(cursor: &TripCursor) -> String {
    format!("{}:{}", cursor.started_at.unix_ms(), cursor.id)
}

pub(crate) fn trip_cursor(text: &str) -> Result<TripCursor, ()> {
    let (ms, id) = text.split_once(':').ok_or(())?;
    let started_at = ms.parse().ok().and_then(Timestamp::from_unix_ms).ok_or(())?;
    Ok(TripCursor { started_at, id: TripId::new(id).map_err(|_| ())? })
}
