//! Converts the fold's types into the rows that are stored and published.
//!
//! The two are not one type, because they promise different things. The fold's types are the plain data of a saved state. They
//! derive serde, which `domain` does not have, so that a shared type would need a mirror of all its fields in `track`. To the
//! fold a fence is a bare number, and a speed may be any number. A row names its tenant, vehicle and driver, and its measures
//! are checked. Trips that were entered by hand, and silences, have rows too.

use milepost_domain::{
    FuelSource, GeofenceId, SpeedKmh, TenantId, Trip, TripFigures, TripFuel, TripId, TripOrigin, TripPlace, TripStatus,
    Vehicle,
};
use milepost_geo::Point;
use milepost_store::{ActivityChange, FenceVisit, Incident};
use milepost_track::{Activity, FenceId, FuelBasis, OutlierReason, SpeedBasis, Visit};

/// A trip with a new id, which counts only if the trip has no row yet.
pub(super) fn trip(tenant: &TenantId, vehicle: &Vehicle, trip: &milepost_track::Trip) -> Trip {
    let fuel = trip.fuel_ml.zip(trip.fuel_basis).map(|(burnt_ml, basis)| TripFuel {
        burnt_ml,
        source: match basis {
            FuelBasis::Measured => FuelSource::Measured,
            FuelBasis::Estimated => FuelSource::Estimated,
        },
    });
    Trip {
        // Ids of version 7 sort by the time at which they were made.
        id: TripId::new(&uuid::Uuid::now_v7().to_string()).expect("hexadecimal digits and hyphens"),
        tenant: tenant.clone(),
        vehicle_id: vehicle.id.clone(),
        driver_id: vehicle.driver_at(trip.started_at),
        origin: TripOrigin::Auto,
        status: if trip.ended_at.is_some() { TripStatus::Completed } else { TripStatus::Started },
        started_at: trip.started_at,
        ended_at: trip.ended_at,
        followed_to: trip.as_of,
        start: Some(place(trip.start)),
        end: Some(place(trip.end)),
        figures: TripFigures {
            distance_mm: trip.distance_mm,
            moving_ms: trip.moving_ms,
            idle_ms: trip.idle_ms,
            // A device that reports no speed, and seldom, shows none.
            max_speed: (trip.max_speed_kmh > 0.0).then(|| speed(trip.max_speed_kmh)),
            fuel,
        },
        version: 1,
    }
}

/// `None` if no geofence has the fence's number.
pub(super) fn visit(visit: &Visit) -> Option<FenceVisit> {
    Some(FenceVisit {
        geofence_id: geofence_id(visit.fence)?,
        entered_at: visit.entered_at,
        entered: place(visit.entered),
        left_at: visit.left_at,
        left: visit.left.map(place),
        dwelt: visit.dwelt,
        max_speed: speed(visit.max_speed_kmh),
    })
}

pub(super) fn incident(incident: &milepost_track::Incident) -> Incident {
    Incident {
        kind: incident.kind,
        started_at: incident.started_at,
        ended_at: incident.ended_at,
        place: Some(place(incident.point)),
        value: Some(incident.value),
        limit: Some(incident.limit),
        is_reported: incident.basis.map(|basis| basis == SpeedBasis::Reported),
    }
}

pub(super) const fn activity(activity: &Activity) -> ActivityChange {
    let Activity { bucket, distance_mm, moving_ms, idle_ms, fuel_ml } = *activity;
    ActivityChange { bucket, distance_mm, moving_ms, idle_ms, fuel_ml }
}

pub(super) const fn outlier_reason(reason: OutlierReason) -> &'static str {
    match reason {
        OutlierReason::NullIsland => "null_island",
        OutlierReason::Inaccurate => "inaccurate",
        OutlierReason::Jump => "jump",
        OutlierReason::Isolated => "stray",
    }
}

/// The fold knows a geofence by its number alone.
pub(super) fn geofence_id(fence: FenceId) -> Option<GeofenceId> {
    GeofenceId::new(i64::try_from(fence.0).ok()?).ok()
}

fn place(point: Point) -> TripPlace {
    TripPlace { latitude: point.latitude, longitude: point.longitude }
}

/// The fold's speeds are far below the type's limit; a tenant's threshold may allow 1000 km/h, and noise a little more.
fn speed(kmh: f64) -> SpeedKmh {
    SpeedKmh::new(kmh.clamp(0.0, 1000.0)).unwrap_or_else(|_| SpeedKmh::new(0.0).expect("0 is in range"))
}
