//! Payloads of facts about trips.

use super::field::{self, Field, nullable};
use milepost_domain::{
    FuelSource, Invalid, Latitude, Longitude, Revision, SpeedKmh, TenantId, Timestamp, Trip, TripFigures, TripFuel,
    TripId, TripOrigin, TripPlace, TripStatus, TripUpdate, UserId, VehicleId,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(crate) struct Place {
    #[serde(with = "field")]
    latitude: Latitude,
    #[serde(with = "field")]
    longitude: Longitude,
}

impl Field for TripPlace {
    type Form = Place;

    fn form(&self) -> Place {
        Place { latitude: self.latitude, longitude: self.longitude }
    }

    fn from_form(Place { latitude, longitude }: Place) -> Result<Self, Invalid> {
        Ok(Self { latitude, longitude })
    }
}

#[derive(Serialize, Deserialize)]
pub(super) struct TripPayload {
    #[serde(rename = "telling", with = "field")]
    revision: Revision,
    #[serde(with = "field")]
    trip_id: TripId,
    #[serde(with = "field")]
    tenant: TenantId,
    #[serde(with = "field")]
    vehicle_id: VehicleId,
    #[serde(with = "nullable")]
    driver_id: Option<UserId>,
    #[serde(with = "field")]
    origin: TripOrigin,
    #[serde(with = "field")]
    status: TripStatus,
    #[serde(with = "field")]
    start_time: Timestamp,
    #[serde(with = "nullable")]
    end_time: Option<Timestamp>,
    #[serde(with = "field")]
    followed_to: Timestamp,
    #[serde(with = "nullable")]
    start: Option<TripPlace>,
    #[serde(with = "nullable")]
    end: Option<TripPlace>,
    /// In kilometres: millimetres of fewer than 16 digits, which [`parts`] reads back exactly.
    distance: f64,
    /// In minutes. It is not read, because it follows from the trip's times.
    #[serde(skip_deserializing)]
    duration: f64,
    moving_ms: i64,
    idle_ms: i64,
    #[serde(with = "nullable")]
    max_speed_kmh: Option<SpeedKmh>,
    #[serde(deserialize_with = "Option::deserialize")]
    fuel_l: Option<f64>,
    #[serde(with = "nullable")]
    fuel_source: Option<FuelSource>,
    version: i64,
}

impl From<&TripUpdate> for TripPayload {
    fn from(TripUpdate { trip, revision }: &TripUpdate) -> Self {
        let figures = trip.figures;
        Self {
            revision: *revision,
            trip_id: trip.id.clone(),
            tenant: trip.tenant.clone(),
            vehicle_id: trip.vehicle_id.clone(),
            driver_id: trip.driver_id,
            origin: trip.origin,
            status: trip.status,
            start_time: trip.started_at,
            end_time: trip.ended_at,
            followed_to: trip.followed_to,
            start: trip.start,
            end: trip.end,
            distance: trip.distance_km(),
            duration: trip.duration_min(),
            moving_ms: figures.moving_ms,
            idle_ms: figures.idle_ms,
            max_speed_kmh: figures.max_speed,
            fuel_l: figures.fuel.map(TripFuel::litres),
            fuel_source: figures.fuel.map(|fuel| fuel.source),
            version: trip.version,
        }
    }
}

impl TripPayload {
    pub(super) fn into_update(self) -> TripUpdate {
        let burnt_ml = self.fuel_l.map(|litres| parts(litres, 1e3));
        let trip = Trip {
            id: self.trip_id,
            tenant: self.tenant,
            vehicle_id: self.vehicle_id,
            driver_id: self.driver_id,
            origin: self.origin,
            status: self.status,
            started_at: self.start_time,
            ended_at: self.end_time,
            followed_to: self.followed_to,
            start: self.start,
            end: self.end,
            figures: TripFigures {
                distance_mm: parts(self.distance, 1e6),
                moving_ms: self.moving_ms,
                idle_ms: self.idle_ms,
                max_speed: self.max_speed_kmh,
                fuel: burnt_ml.zip(self.fuel_source).map(|(burnt_ml, source)| TripFuel { burnt_ml, source }),
            },
            version: self.version,
        };
        TripUpdate { trip, revision: self.revision }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "it was made of a whole number")]
fn parts(value: f64, unit: f64) -> i64 {
    (value * unit).round() as i64
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use crate::event_payload::samples::check;
    use serde_json::json;

    #[test]
    fn every_distance_and_every_fuel_comes_back_to_the_last_digit() {
        let mut parts: i64 = 1;
        while parts < 9_000_000_000_000 {
            for parts in [parts - 1, parts, parts + 1] {
                check("trip.changed", "distance", json!(parts as f64 / 1e6));
                check("trip.changed", "fuel_l", json!(-parts as f64 / 1e3));
            }
            parts = parts * 3 + 7;
        }
    }
}
