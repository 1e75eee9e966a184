//! The messages of GTFS-Realtime 2.0 (<https://gtfs.org/documentation/realtime/proto/>), and their JSON by protobuf's mapping
//! (<https://protobuf.dev/programming-guides/json/>): names in camelCase, 64-bit numbers as text, enums by name. Unknown values are left out.

use prost::Message;
use serde::{Serialize, Serializer};

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

/// One vehicle.
#[derive(Clone, PartialEq, Message, Serialize)]
pub struct FeedEntity {
    /// The vehicle's id.
    #[prost(string, required, tag = "1")]
    pub id: String,
    /// Where it is.
    #[prost(message, optional, tag = "4")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vehicle: Option<VehiclePosition>,
}

/// Where a vehicle is.
#[derive(Clone, PartialEq, Message, Serialize)]
pub struct VehiclePosition {
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

fn as_text<S: Serializer>(number: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(number)
}

fn incrementality<S: Serializer>(value: &i32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(if *value == 0 { "FULL_DATASET" } else { "DIFFERENTIAL" })
}
