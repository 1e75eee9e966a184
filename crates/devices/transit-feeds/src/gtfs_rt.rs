//! Vehicle positions of GTFS-Realtime (<https://gtfs.org/documentation/realtime/proto/>). Feeds of others leave out what the format
//! demands, so that nothing is demanded here.

use crate::read_body::{BadBody, FASTEST_KMH, KMH_PER_MS, MAX_VEHICLES, at_seconds, attributes, text};
use milepost_device_report::{DeviceReport, ReportTime, ReportedPlace};
use milepost_domain::AttributeValue;
use milepost_service::feeds::{FeedVehicle, attribute};
use prost::Message;

const M_PER_KM: f64 = 1_000.0;

#[derive(Clone, PartialEq, Message)]
struct FeedMessage {
    #[prost(message, optional, tag = "1")]
    header: Option<FeedHeader>,
    #[prost(message, repeated, tag = "2")]
    entity: Vec<FeedEntity>,
}

#[derive(Clone, PartialEq, Message)]
struct FeedHeader {
    #[prost(string, optional, tag = "1")]
    gtfs_realtime_version: Option<String>,
    #[prost(uint64, optional, tag = "3")]
    timestamp: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
struct FeedEntity {
    #[prost(string, optional, tag = "1")]
    id: Option<String>,
    #[prost(bool, optional, tag = "2")]
    is_deleted: Option<bool>,
    #[prost(message, optional, tag = "4")]
    vehicle: Option<VehiclePosition>,
}

#[derive(Clone, PartialEq, Message)]
struct VehiclePosition {
    #[prost(message, optional, tag = "1")]
    trip: Option<TripDescriptor>,
    #[prost(message, optional, tag = "2")]
    position: Option<Position>,
    #[prost(int32, optional, tag = "4")]
    current_status: Option<i32>,
    #[prost(uint64, optional, tag = "5")]
    timestamp: Option<u64>,
    #[prost(string, optional, tag = "7")]
    stop_id: Option<String>,
    #[prost(message, optional, tag = "8")]
    vehicle: Option<VehicleDescriptor>,
    #[prost(int32, optional, tag = "9")]
    occupancy_status: Option<i32>,
    #[prost(uint32, optional, tag = "10")]
    occupancy_percentage: Option<u32>,
}

#[derive(Clone, PartialEq, Message)]
struct TripDescriptor {
    #[prost(string, optional, tag = "1")]
    trip_id: Option<String>,
    #[prost(string, optional, tag = "3")]
    start_date: Option<String>,
    #[prost(string, optional, tag = "5")]
    route_id: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct Position {
    #[prost(float, optional, tag = "1")]
    latitude: Option<f32>,
    #[prost(float, optional, tag = "2")]
    longitude: Option<f32>,
    #[prost(float, optional, tag = "3")]
    bearing: Option<f32>,
    #[prost(double, optional, tag = "4")]
    odometer: Option<f64>,
    #[prost(float, optional, tag = "5")]
    speed: Option<f32>,
}

#[derive(Clone, PartialEq, Message)]
struct VehicleDescriptor {
    #[prost(string, optional, tag = "1")]
    id: Option<String>,
    #[prost(string, optional, tag = "2")]
    label: Option<String>,
    #[prost(string, optional, tag = "3")]
    license_plate: Option<String>,
}

/// `OccupancyStatus`, by its numbers.
const OCCUPANCY: [&str; 9] = [
    "empty",
    "many_seats_available",
    "few_seats_available",
    "standing_room_only",
    "crushed_standing_room_only",
    "full",
    "not_accepting_passengers",
    "no_data_available",
    "not_boardable",
];

/// The vehicles of a feed.
pub(crate) fn read_gtfs_rt(body: &[u8]) -> Result<Vec<FeedVehicle>, BadBody> {
    let feed = FeedMessage::decode(body).map_err(|error| BadBody::Unreadable(error.to_string()))?;
    let header = feed.header.ok_or(BadBody::OtherKind("it has no header"))?;
    if header.gtfs_realtime_version.is_none() {
        return Err(BadBody::OtherKind("its header names no version"));
    }
    let made_at = header.timestamp.map_or(ReportTime::Unknown, at_seconds);
    let entities = feed.entity.into_iter().filter(|entity| entity.is_deleted != Some(true));
    Ok(entities.filter_map(|entity| vehicle(entity, made_at)).take(MAX_VEHICLES).collect())
}

fn vehicle(entity: FeedEntity, made_at: ReportTime) -> Option<FeedVehicle> {
    let seen = entity.vehicle?;
    let position = seen.position?;
    let place = ReportedPlace { latitude: degrees(position.latitude?), longitude: degrees(position.longitude?) };
    let VehicleDescriptor { id, label, license_plate } = seen.vehicle.unwrap_or_default();
    let TripDescriptor { trip_id, start_date, route_id } = seen.trip.unwrap_or_default();
    let occupancy = seen.occupancy_status.and_then(|number| OCCUPANCY.get(usize::try_from(number).ok()?));
    let told = [
        text(attribute::TRIP_ID, trip_id.as_deref().unwrap_or_default()),
        text(attribute::TRIP_DATE, start_date.as_deref().unwrap_or_default()),
        text(attribute::ROUTE_ID, route_id.as_deref().unwrap_or_default()),
        text(attribute::STOP_ID, seen.stop_id.as_deref().unwrap_or_default()),
        text(attribute::OCCUPANCY, occupancy.copied().unwrap_or_default()),
        seen.occupancy_percentage.map(|percent| (attribute::OCCUPANCY_PERCENT, AttributeValue::Number(percent.into()))),
    ];
    let named = |name: &Option<String>| name.clone().filter(|name| !name.is_empty());
    let time = seen.timestamp.map_or(made_at, at_seconds);
    Some(FeedVehicle {
        // The entity's id is the last resort: some producers number their entities anew each time.
        id: named(&id).or_else(|| named(&label)).or_else(|| named(&entity.id))?,
        label,
        license_plate,
        report: DeviceReport {
            time: if time == ReportTime::Unknown { made_at } else { time },
            // What stands at 0, 0 was never placed.
            is_valid: (place.latitude, place.longitude) != (0.0, 0.0),
            place: Some(place),
            speed_kmh: position.speed.map(|speed| f64::from(speed) * KMH_PER_MS).filter(|&kmh| kmh <= FASTEST_KMH),
            heading_deg: position.bearing.map(f64::from),
            odometer_km: position.odometer.filter(|&metres| metres > 0.0).map(|metres| metres / M_PER_KM),
            attributes: attributes(told),
            ..DeviceReport::default()
        },
    })
}

/// The shortest decimal of a float with 32 bits: 52.5, not 52.5000000372.
fn degrees(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::from(value))
}
