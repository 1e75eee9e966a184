//! The fleet dialect's JSON, as clients of the system that it replaces know it. Ids are text, distances km, speeds km/h, durations minutes,
//! times RFC 3339, UTC, milliseconds.

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// Every message to a viewer.
#[derive(Debug, Serialize)]
pub struct Envelope<'a, D> {
    /// Which of the documented messages.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// What it says.
    pub data: D,
    /// When it was stored or, for what is not stored, when it was so.
    pub timestamp: String,
    /// The tenant.
    pub company_id: &'a str,
    /// Whom alone it is for; left out of what is for the company.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Of a stored event: counts up by one in each tenant; what a viewer may not see is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_id: Option<i64>,
    /// It was asked for, and did not happen just now; left out of live messages.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
}

/// The first message.
#[derive(Debug, Serialize)]
pub struct WelcomeJson<'a> {
    /// For people.
    pub message: &'static str,
    /// The user whose own alerts come here; empty for none.
    pub user_id: &'a str,
    /// The tenant's newest event: every later one that the viewer may see comes here.
    pub last_event_id: i64,
}

/// What a fleet did in the last 24 hours.
#[derive(Debug, Serialize)]
pub struct DashboardJson<'a> {
    /// `fleet_dashboard_update`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The tenant.
    pub company_id: &'a str,
    /// Heard from in the last 10 minutes.
    pub active_vehicles: u64,
    /// Running ones included.
    pub total_trips: u64,
    /// km.
    pub distance_traveled: f64,
    /// Litres.
    pub fuel_consumed: f64,
    /// Share of the vehicles' time in motion, 0 to 100.
    pub utilization_rate: f64,
    /// In the tenant's currency.
    pub cost_per_km: f64,
    /// When the figures were read.
    pub timestamp: String,
}

/// Where a vehicle is.
#[derive(Debug, Serialize)]
pub struct LocationJson<'a> {
    /// `vehicle_location_update`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The tenant.
    pub company_id: &'a str,
    /// Which.
    pub vehicle_id: &'a str,
    /// Who drives it; empty if nobody is entered.
    pub driver_id: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// km/h, 0 if unknown.
    pub speed: f64,
    /// Degrees from north, 0 if unknown.
    pub heading: f64,
    /// When it was there.
    pub timestamp: String,
}

/// Something that was stored with an event id.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum EventData<'a> {
    /// A trip.
    Trip(TripJson<'a>),
    /// Something in the way somebody drove.
    Driving(DrivingJson<'a>),
    /// A geofence's edge was crossed.
    Crossing(CrossingJson<'a>),
    /// A service is due.
    Service(ServiceJson<'a>),
    /// An alert.
    Alert(Box<AlertJson<'a>>),
    /// An alert was read or deleted.
    AlertMark(AlertMarkJson<'a>),
}

/// A trip as it is now.
#[derive(Debug, Serialize)]
pub struct TripJson<'a> {
    /// `trip_update`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The tenant.
    pub company_id: &'a str,
    /// Which.
    pub trip_id: &'a str,
    /// Whose.
    pub vehicle_id: &'a str,
    /// Who drove; empty if unknown.
    pub driver_id: String,
    /// started, completed or cancelled; cancelled too when it turned out that there was no trip.
    pub status: &'static str,
    /// When it set off.
    pub start_time: String,
    /// When it ended; left out while it is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_time: Option<String>,
    /// km so far.
    pub distance: f64,
    /// Minutes so far.
    pub duration: f64,
    /// auto: found in the positions; manual: started by hand.
    pub origin: &'static str,
    /// corrected or withdrawn, when positions that came late have changed what was published before; else left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telling: Option<&'static str>,
    /// When this was stored.
    pub timestamp: String,
}

/// Something in the way somebody drove.
#[derive(Debug, Serialize)]
pub struct DrivingJson<'a> {
    /// Who drove; empty if unknown.
    pub driver_id: String,
    /// What.
    pub vehicle_id: &'a str,
    /// speeding, `harsh_braking`, `harsh_acceleration` or `harsh_cornering`.
    pub event_type: &'static str,
    /// low, medium, high or critical.
    pub severity: &'static str,
    /// For people.
    pub description: &'a str,
    /// When it happened.
    pub timestamp: String,
    /// As of a trip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telling: Option<&'static str>,
}

/// A geofence's edge was crossed.
#[derive(Debug, Serialize)]
pub struct CrossingJson<'a> {
    /// By which vehicle.
    pub vehicle_id: &'a str,
    /// Who drove; empty if unknown.
    pub driver_id: String,
    /// Which fence.
    pub geofence_id: String,
    /// What it was called then.
    pub geofence_name: &'a str,
    /// enter or exit; dwell for a fence that was given a dwell time.
    pub violation_type: &'static str,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// When it happened.
    pub timestamp: String,
    /// As of a trip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telling: Option<&'static str>,
}

/// A service is due.
#[derive(Debug, Serialize)]
pub struct ServiceJson<'a> {
    /// Of which vehicle.
    pub vehicle_id: &'a str,
    /// odometer or date: by what.
    pub alert_type: &'static str,
    /// low, medium, high or critical.
    pub severity: &'static str,
    /// For people.
    pub description: &'a str,
    /// Since when.
    pub timestamp: String,
    /// As of a trip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telling: Option<&'static str>,
}

/// An alert.
#[derive(Debug, Serialize)]
pub struct AlertJson<'a> {
    /// Which.
    pub id: &'a str,
    /// One of the nine kinds.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The tenant.
    pub company_id: &'a str,
    /// Whom alone it is for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The vehicle that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vehicle_id: Option<&'a str>,
    /// Who drove.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub driver_id: Option<String>,
    /// low, medium, high or critical.
    pub severity: &'static str,
    /// In a few words.
    pub title: &'a str,
    /// In full.
    pub message: &'a str,
    /// For programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<&'a RawValue>,
    /// When it happened.
    pub timestamp: String,
    /// False: it was just raised.
    pub read: bool,
    /// When it is of no interest any more.
    pub expires_at: String,
}

/// An alert was read or deleted.
#[derive(Debug, Serialize)]
pub struct AlertMarkJson<'a> {
    /// Which.
    pub alert_id: &'a str,
    /// The tenant.
    pub company_id: &'a str,
}

/// Answer to `ping`.
#[derive(Debug, Serialize)]
pub struct PongJson {
    /// Its `timestamp`, whatever it was; left out if there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Value>,
}

/// Answer to `subscribe`: only this comes from now on.
#[derive(Debug, Serialize)]
pub struct SubscribedJson<'a> {
    /// Of these types; of all if empty.
    pub events: Vec<&'static str>,
    /// About these vehicles; about all if empty.
    pub vehicle_ids: &'a [String],
}

/// Everything that was asked for has been sent. `count` and `last_event_id` stand beside `data` too, where clients of the
/// records dialect look for them.
#[derive(Debug, Serialize)]
pub struct ReplayCompleteJson<'a> {
    /// `replay_complete`.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// What it says.
    pub data: ReplayEndJson,
    /// When the replay ended.
    pub timestamp: String,
    /// The tenant.
    pub company_id: &'a str,
    /// As in `data`.
    #[serde(flatten)]
    pub end: ReplayEndJson,
}

/// What a replay came to.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ReplayEndJson {
    /// Events sent for this request.
    pub count: u64,
    /// The tenant's newest event when the replay began: later ones follow as live ones.
    pub last_event_id: i64,
}

/// What the viewer sent could not be done; the connection stays.
#[derive(Debug, Serialize)]
pub struct ErrorJson<'a> {
    /// Why.
    pub message: &'a str,
}
