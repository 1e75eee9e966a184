//! The fleet dialect's JSON, as clients of the system that it replaces know it. Ids are text, distances in km, speeds
//! in km/h, durations in minutes, times RFC 3339 in UTC with milliseconds.

use milepost_live::ReplayEnd;
use serde::Serialize;
use serde_json::value::RawValue;

/// The envelope of every message to a viewer.
#[derive(Debug, Serialize)]
pub struct Envelope<'a, D> {
    /// The documented message type.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// The content of the message.
    pub data: D,
    /// When the event was stored, or when the state was read.
    pub timestamp: String,
    /// The tenant's id.
    pub company_id: &'a str,
    /// The only user that gets the message; absent when the company gets it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The id of a stored event. It counts up by one in each tenant; a viewer misses the ids of events that it may not
    /// see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<i64>,
    /// True in a replay, absent in live messages.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
}

/// The first message on every socket.
#[derive(Debug, Serialize)]
pub struct WelcomeJson<'a> {
    /// A greeting for people.
    pub message: &'static str,
    /// The user whose own alerts this socket gets; empty for none.
    pub user_id: &'a str,
    /// The tenant's newest event. The socket gets every later one that the viewer may see.
    pub last_event_id: i64,
}

/// A fleet's statistics of the last 24 hours.
#[derive(Debug, Serialize)]
pub struct DashboardJson<'a> {
    /// `fleet_dashboard_update`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The tenant's id.
    pub company_id: &'a str,
    /// Vehicles that sent a position in the last 10 minutes.
    pub active_vehicles: u64,
    /// Trips, including running ones.
    pub total_trips: u64,
    /// Distance in km.
    pub distance_traveled: f64,
    /// Fuel in litres.
    pub fuel_consumed: f64,
    /// Time in motion as a share of the vehicles' time, 0 to 100.
    pub utilization_rate: f64,
    /// Cost per km in the tenant's currency.
    pub cost_per_km: f64,
    /// Time standing on trips, and between trips with the engine on, of all vehicles, minutes.
    pub idle_minutes: f64,
    /// When the statistics were read.
    pub timestamp: String,
}

/// A vehicle's location.
#[derive(Debug, Serialize)]
pub struct LocationJson<'a> {
    /// `vehicle_location_update`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The tenant's id.
    pub company_id: &'a str,
    /// The vehicle's id.
    pub vehicle_id: &'a str,
    /// The driver's id; empty if the vehicle has none.
    pub driver_id: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Speed in km/h, 0 if unknown.
    pub speed: f64,
    /// Heading in degrees clockwise from north, 0 if unknown.
    pub heading: f64,
    /// When the position was taken.
    pub timestamp: String,
}

/// The content of a stored event's message.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum EventData<'a> {
    /// A trip.
    Trip(TripJson<'a>),
    /// A driving event, such as harsh braking.
    Driving(DrivingJson<'a>),
    /// A vehicle crossed a geofence's edge.
    Crossing(CrossingJson<'a>),
    /// A service is due.
    Service(ServiceJson<'a>),
    /// An alert.
    Alert(Box<AlertJson<'a>>),
    /// An alert was read or deleted.
    AlertMark(AlertMarkJson<'a>),
}

/// A trip and its state.
#[derive(Debug, Serialize)]
pub struct TripJson<'a> {
    /// `trip_update`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The tenant's id.
    pub company_id: &'a str,
    /// The trip's id.
    pub trip_id: &'a str,
    /// The id of the vehicle that made the trip.
    pub vehicle_id: &'a str,
    /// The driver's id; empty if unknown.
    pub driver_id: String,
    /// started, completed or cancelled. A trip that was withdrawn is cancelled too.
    pub status: &'static str,
    /// When the trip began.
    pub start_time: String,
    /// When the trip ended; absent while it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    /// Distance so far, in km.
    pub distance: f64,
    /// Duration so far, in minutes.
    pub duration: f64,
    /// auto for a trip found in the positions, manual for one started by hand.
    pub origin: &'static str,
    /// corrected or withdrawn, when late positions changed what was published before; absent otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telling: Option<&'static str>,
    /// When this state of the trip was stored.
    pub timestamp: String,
}

/// A driving event, such as harsh braking.
#[derive(Debug, Serialize)]
pub struct DrivingJson<'a> {
    /// The driver's id; empty if unknown.
    pub driver_id: String,
    /// The vehicle's id.
    pub vehicle_id: &'a str,
    /// speeding, `harsh_braking`, `harsh_acceleration` or `harsh_cornering`.
    pub event_type: &'static str,
    /// low, medium, high or critical.
    pub severity: &'static str,
    /// A description for people.
    pub description: &'a str,
    /// When it happened.
    pub timestamp: String,
    /// corrected or withdrawn, as for a trip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telling: Option<&'static str>,
    /// added, mended or withdrawn: what late positions changed; absent in what is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<&'static str>,
    /// The timestamp with which it was published before, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrects: Option<String>,
}

/// A vehicle crossed a geofence's edge.
#[derive(Debug, Serialize)]
pub struct CrossingJson<'a> {
    /// The vehicle's id.
    pub vehicle_id: &'a str,
    /// The driver's id; empty if unknown.
    pub driver_id: String,
    /// The geofence's id.
    pub geofence_id: String,
    /// The geofence's name at that time.
    pub geofence_name: &'a str,
    /// enter or exit; dwell for a geofence with a dwell time.
    pub violation_type: &'static str,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// When the vehicle crossed the edge.
    pub timestamp: String,
    /// corrected or withdrawn, as for a trip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telling: Option<&'static str>,
    /// The visit that the crossing belongs to; the crossings of a visit share it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visit_id: Option<String>,
    /// added, mended or withdrawn: what late positions changed; absent in what is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<&'static str>,
    /// The visit's id as it was published before, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrects: Option<String>,
}

/// A service is due.
#[derive(Debug, Serialize)]
pub struct ServiceJson<'a> {
    /// The vehicle's id.
    pub vehicle_id: &'a str,
    /// The cause: odometer or date.
    pub alert_type: &'static str,
    /// low, medium, high or critical.
    pub severity: &'static str,
    /// A description for people.
    pub description: &'a str,
    /// When the service became due.
    pub timestamp: String,
    /// corrected or withdrawn, as for a trip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telling: Option<&'static str>,
    /// added, mended or withdrawn: what late positions changed; absent in what is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<&'static str>,
    /// The timestamp with which it was published before, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrects: Option<String>,
}

/// An alert as it was raised.
#[derive(Debug, Serialize)]
pub struct AlertJson<'a> {
    /// The alert's id.
    pub id: &'a str,
    /// One of the nine kinds of alerts.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The tenant's id.
    pub company_id: &'a str,
    /// The only user that gets the alert.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The vehicle that the alert is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vehicle_id: Option<&'a str>,
    /// The driver at that time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver_id: Option<String>,
    /// low, medium, high or critical.
    pub severity: &'static str,
    /// A short description.
    pub title: &'a str,
    /// The full description.
    pub message: &'a str,
    /// Details for programs, as the alert's creator wrote them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<&'a RawValue>,
    /// When the cause of the alert happened.
    pub timestamp: String,
    /// False in a new alert.
    pub read: bool,
    /// When the alert stops being relevant.
    pub expires_at: String,
}

/// An alert was read or deleted.
#[derive(Debug, Serialize)]
pub struct AlertMarkJson<'a> {
    /// The alert's id.
    pub alert_id: &'a str,
    /// The tenant's id.
    pub company_id: &'a str,
}

/// Answer to `ping`.
#[derive(Debug, Serialize)]
pub struct PongJson<'a> {
    /// The `timestamp` of the ping, with any value; absent if the ping had none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<&'a RawValue>,
}

/// Answer to `subscribe`: the selection that counts now.
#[derive(Debug, Serialize)]
pub struct SubscribedJson<'a> {
    /// The selected types; all if empty.
    pub events: Vec<&'static str>,
    /// The selected vehicles; all if empty.
    pub vehicle_ids: &'a [String],
}

/// The end of a replay. The fields of `data` are repeated beside it, where the records dialect has them.
#[derive(Debug, Serialize)]
pub struct ReplayCompleteJson<'a> {
    /// `replay_complete`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The result of the replay.
    pub data: ReplayEnd,
    /// When the replay ended.
    pub timestamp: String,
    /// The tenant's id.
    pub company_id: &'a str,
    /// The same fields as `data`.
    #[serde(flatten)]
    pub end: ReplayEnd,
}

/// The viewer's message was refused. The connection stays open.
#[derive(Debug, Serialize)]
pub struct ErrorJson<'a> {
    /// The reason, for people.
    pub message: &'a str,
}
