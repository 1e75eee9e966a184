//! From vehicles to feeds.

use crate::wire::{FeedEntity, FeedHeader, FeedMessage, Position, VehicleDescriptor, VehiclePosition};
use milepost_domain::Timestamp;
use milepost_service::LiveVehicle;

/// km/h in a metre a second.
pub(crate) const KMH_PER_MS: f64 = 3.6;

/// An empty feed.
pub(crate) fn empty_feed(now: Timestamp) -> FeedMessage {
    let header =
        FeedHeader { gtfs_realtime_version: "2.0".to_owned(), incrementality: 0, timestamp: unix_seconds(now) };
    FeedMessage { header, entity: Vec::new() }
}

/// Where the vehicles are. Those without a place are left out.
pub fn vehicle_positions(vehicles: &[LiveVehicle], now: Timestamp) -> FeedMessage {
    FeedMessage { entity: vehicles.iter().filter_map(entity).collect(), ..empty_feed(now) }
}

#[allow(clippy::cast_possible_truncation, reason = "the format's floats have 32 bits, about a metre far from 0")]
fn entity(live: &LiveVehicle) -> Option<FeedEntity> {
    let (vehicle, last) = (&live.vehicle, live.last.as_ref()?);
    let position = Position {
        latitude: last.latitude.get() as f32,
        longitude: last.longitude.get() as f32,
        bearing: last.heading.map(|heading| heading.get() as f32),
        odometer: last.odometer.map(|odometer| odometer.get() * 1_000.0),
        speed: last.speed.map(|speed| (speed.get() / KMH_PER_MS) as f32),
    };
    let descriptor = VehicleDescriptor {
        id: vehicle.id.as_str().to_owned(),
        label: vehicle.label.as_str().to_owned(),
        license_plate: vehicle.license_plate.as_ref().map(|plate| plate.as_str().to_owned()),
    };
    let placed = VehiclePosition { position, timestamp: unix_seconds(last.at), vehicle: descriptor };
    Some(FeedEntity { id: vehicle.id.as_str().to_owned(), vehicle: Some(placed) })
}

fn unix_seconds(at: Timestamp) -> u64 {
    u64::try_from(at.unix_ms() / 1_000).unwrap_or(0)
}
