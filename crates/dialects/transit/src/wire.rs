//! The messages of GTFS-Realtime 2.0 (<https://gtfs.org/documentation/realtime/proto/>), and their JSON by protobuf's mapping
//! (<https://protobuf.dev/programming-guides/json/>): names in camelCase, 64-bit numbers as text, enums by name. Unknown values are left out.

use crate::alert_wire::Alert;
use prost::Message;
use serde::{Serialize, Serializer};

/// `VehicleStopStatus`: it stands at the stop.
pub(crate) const STOPPED_AT: i32 = 1;
/// `VehicleStopStatus`: it is on its way to the stop.
pub(crate) const IN_TRANSIT_TO: i32 = 2;

/// A feed: one per request.
#[derive(Clone, PartialEq, Message, Serialize)]
pub struct FeedMessage {
    /// About the feed.
    #[prost(message, required, tag = "1")]
    pub header: FeedHeader,
    /// Its content.
    #[prost(message, repeated, tag = "2")]
    pub entity: Vec<FeedEntity>,
}

/// About a feed.
#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedHeader {
    /// `2.0`.
    #[prost(string, required, tag = "1")]
    pub gtfs_realtime_version: String,
    /// 0: the feed is whole.
    #[prost(int32, required, tag = "2")]
    #[serde(serialize_with = "incrementality")]
    pub incrementality: i32,
    /// When it was made, Unix seconds.
    #[prost(uint64, required, tag = "3")]
    #[serde(serialize_with = "as_text")]
    pub timestamp: u64,
}

/// One vehicle, or one alert.
#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FeedEntity {
    /// The vehicle's id, or one that names the alert.
    #[prost(string, required, tag = "1")]
    pub id: String,
    /// What passengers should know.
    #[prost(message, optional, tag = "5")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alert: Option<Alert>,
    /// When it will be at its stops.
    #[prost(message, optional, tag = "3")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trip_update: Option<TripUpdate>,
    /// Where it is.
    #[prost(message, optional, tag = "4")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vehicle: Option<VehiclePosition>,
}

/// When a vehicle will be at the stops of its trip.
#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TripUpdate {
    /// The trip.
    #[prost(message, required, tag = "1")]
    pub trip: TripDescriptor,
    /// The stops that lie ahead.
    #[prost(message, repeated, tag = "2")]
    pub stop_time_update: Vec<StopTimeUpdate>,
    /// Which vehicle.
    #[prost(message, required, tag = "3")]
    pub vehicle: VehicleDescriptor,
    /// When it was seen, Unix seconds.
    #[prost(uint64, required, tag = "4")]
    #[serde(serialize_with = "as_text")]
    pub timestamp: u64,
    /// How late it is, seconds; negative if it is early.
    #[prost(int32, required, tag = "5")]
    pub delay: i32,
}

/// When a vehicle will be at a stop.
#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StopTimeUpdate {
    /// The timetable's number of the stop within the trip.
    #[prost(uint32, required, tag = "1")]
    pub stop_sequence: u32,
    /// When it arrives.
    #[prost(message, required, tag = "2")]
    pub arrival: StopTimeEvent,
    /// When it leaves.
    #[prost(message, required, tag = "3")]
    pub departure: StopTimeEvent,
    /// The stop.
    #[prost(string, required, tag = "4")]
    pub stop_id: String,
}

/// An expected moment.
#[derive(Clone, PartialEq, Message, Serialize)]
pub struct StopTimeEvent {
    /// Seconds after the timetable; negative before it.
    #[prost(int32, required, tag = "1")]
    pub delay: i32,
    /// Unix seconds.
    #[prost(int64, required, tag = "2")]
    #[serde(serialize_with = "as_text")]
    pub time: i64,
}

/// Which trip it is.
#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TripDescriptor {
    /// The timetable's id.
    #[prost(string, required, tag = "1")]
    pub trip_id: String,
    /// When it begins, such as `25:10:00` for ten past one on the next day.
    #[prost(string, optional, tag = "2")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_time: Option<String>,
    /// The day of the timetable, such as `20260216`.
    #[prost(string, optional, tag = "3")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start_date: Option<String>,
    /// The route.
    #[prost(string, optional, tag = "5")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route_id: Option<String>,
    /// The direction.
    #[prost(uint32, optional, tag = "6")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction_id: Option<u32>,
}

/// Where a vehicle is.
#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VehiclePosition {
    /// The trip that it is on, if one is known.
    #[prost(message, optional, tag = "1")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trip: Option<TripDescriptor>,
    /// The timetable's number of the stop where it stands or that comes next.
    #[prost(uint32, optional, tag = "3")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub current_stop_sequence: Option<u32>,
    /// 1 stands at the stop, 2 is on its way to it.
    #[prost(int32, optional, tag = "4")]
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "stop_status")]
    pub current_status: Option<i32>,
    /// The same stop's id.
    #[prost(string, optional, tag = "7")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_id: Option<String>,
    /// Its place.
    #[prost(message, required, tag = "2")]
    pub position: Position,
    /// When it was measured, Unix seconds.
    #[prost(uint64, required, tag = "5")]
    #[serde(serialize_with = "as_text")]
    pub timestamp: u64,
    /// Which vehicle.
    #[prost(message, required, tag = "8")]
    pub vehicle: VehicleDescriptor,
}

/// A place and a motion.
#[derive(Clone, PartialEq, Message, Serialize)]
pub struct Position {
    /// Degrees.
    #[prost(float, required, tag = "1")]
    pub latitude: f32,
    /// Degrees.
    #[prost(float, required, tag = "2")]
    pub longitude: f32,
    /// Degrees clockwise from true north.
    #[prost(float, optional, tag = "3")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bearing: Option<f32>,
    /// Metres.
    #[prost(double, optional, tag = "4")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub odometer: Option<f64>,
    /// Metres a second.
    #[prost(float, optional, tag = "5")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<f32>,
}

/// Which vehicle it is.
#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VehicleDescriptor {
    /// The vehicle's id.
    #[prost(string, required, tag = "1")]
    pub id: String,
    /// Its name for people.
    #[prost(string, required, tag = "2")]
    pub label: String,
    /// Its plate.
    #[prost(string, optional, tag = "3")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub license_plate: Option<String>,
}

pub(crate) fn as_text<S: Serializer>(number: &impl std::fmt::Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

fn stop_status<S: Serializer>(status: &Option<i32>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *status == Some(STOPPED_AT) { "STOPPED_AT" } else { "IN_TRANSIT_TO" })
}

fn incrementality<S: Serializer>(value: &i32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *value == 0 { "FULL_DATASET" } else { "DIFFERENTIAL" })
}
