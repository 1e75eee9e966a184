//! The JSON of the live protocol. Times are Unix milliseconds, speeds km/h, headings degrees from north; what is absent in a
//! place is unknown. The data of facts and items has the names of the REST API.

pub mod fact;
pub mod request;
pub mod thing;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// The first message of a client.
#[derive(Debug, Default, Deserialize)]
pub struct HelloJson {
    /// The version of the protocol; 1 if absent.
    pub v: Option<u32>,
    /// A token, without a credential in the request's headers.
    pub token: Option<String>,
    /// A device's key instead.
    pub key: Option<String>,
    /// A delivery's public link instead: its `tracking_id`.
    pub link: Option<String>,
    /// How places are to come: `rows`; as JSON if absent.
    pub form: Option<String>,
    /// The client answers marks of windows.
    pub flow: Option<bool>,
    /// For a superadmin: the tenant to follow; its own if absent.
    pub tenant: Option<String>,
}

/// The answer to the first message.
#[derive(Debug, Serialize)]
pub struct WelcomeJson<'a> {
    /// `welcome`.
    pub op: &'static str,
    /// The version of the protocol that is spoken from now on.
    pub v: u32,
    /// This server process. Another one means that it was another node, or was restarted.
    pub epoch: &'a str,
    /// The tenant that is followed.
    pub tenant: &'a str,
    /// The caller's role; absent for visitors and devices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    /// Seconds until the credential expires; null if it does not.
    pub expires_in: Option<i64>,
    /// How places come: `json` or `rows`.
    pub form: &'static str,
    /// The subscriptions that the URL of a stream asks for, by their numbers; absent on a socket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subs: Option<&'a [NumberedJson]>,
    /// Seconds between two marks.
    pub beat_s: u64,
    /// What this server can do beyond the first version.
    pub features: &'a [&'static str],
    /// Its limits.
    pub limits: LimitsJson,
}

/// A subscription of a stream.
#[derive(Debug, Serialize)]
pub struct NumberedJson {
    /// Its number.
    pub s: u32,
    /// What it follows.
    pub to: String,
}

/// Limits of a connection.
#[derive(Debug, Serialize)]
pub struct LimitsJson {
    /// Subscriptions at a time.
    pub subscriptions: usize,
    /// Ids, routes and kinds in one subscription.
    pub names: usize,
    /// Bytes of one message to the server.
    pub message_bytes: usize,
}

/// A vehicle as it is now.
#[derive(Debug, Serialize)]
pub struct VehicleJson<'a> {
    /// Unique in its tenant.
    pub id: &'a str,
    /// Its number in rows, while the connection lasts.
    pub n: u32,
    /// bus, car, …
    pub kind: &'a str,
    /// Name for people.
    pub label: &'a str,
    /// Its plate.
    pub license_plate: Option<&'a str>,
    /// The route that it serves.
    pub route: Option<&'a str>,
    /// The operator's word for what it is doing.
    pub status: &'a str,
    /// Number of the user who drives it.
    pub driver_id: Option<i64>,
    /// Where it is; null before its first position, and while its driver is off duty.
    pub place: Option<PlaceJson<'a>>,
    /// Since when its driver is off duty, Unix milliseconds; absent on duty.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub off_duty_since: Option<i64>,
}

/// Where a vehicle is.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PlaceJson<'a> {
    /// The vehicle, outside of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<&'a str>,
    /// Degrees north, six decimals.
    pub lat: f64,
    /// Degrees east, six decimals.
    pub lon: f64,
    /// km/h, one decimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub speed: Option<f64>,
    /// Degrees from north, one decimal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub heading: Option<f64>,
    /// When the position was taken, Unix milliseconds.
    pub t: i64,
}

/// Vehicles with all that is known of them.
#[derive(Debug, Serialize)]
pub struct VehiclesJson<'a> {
    /// `vehicles`.
    pub op: &'static str,
    /// The vehicles.
    pub v: &'a [VehicleJson<'a>],
}

/// Vehicles that were removed, or that no subscription names any more.
#[derive(Debug, Serialize)]
pub struct GoneJson<'a> {
    /// `gone`.
    pub op: &'static str,
    /// Their ids.
    pub ids: &'a [&'a str],
}

/// Which vehicles a subscription to `near` or `within` selects, as a change of what it selected before.
#[derive(Debug, Serialize)]
pub struct MembersJson<'a> {
    /// `members`.
    pub op: &'static str,
    /// The subscription.
    pub s: u32,
    /// The ids of those that it selects from now on.
    #[serde(rename = "in")]
    pub coming: Vec<&'a str>,
    /// The ids of those that it does not select any more.
    #[serde(rename = "out")]
    pub leaving: Vec<&'a str>,
}

/// A subscription's snapshot is complete; changes follow.
#[derive(Debug, Serialize)]
pub struct ReadyJson<'a> {
    /// `ready`.
    pub op: &'static str,
    /// The subscription.
    pub s: u32,
    /// The number of vehicles that it names now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    /// For facts: whether all after the asked cursor were sent. If not, the present state was sent instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub complete: Option<bool>,
    /// For facts: what to resume after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<&'a str>,
}

/// Something that happened.
#[derive(Debug, Serialize)]
pub struct FactJson<'a> {
    /// `fact`.
    pub op: &'static str,
    /// What to resume after, once the fact is taken.
    pub e: &'a str,
    /// What happened: `alert.raised`, `trip.changed`, …
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// When it was stored.
    pub t: i64,
    /// Its content, with the numbers as they were sent.
    pub data: &'a RawValue,
}

/// A running trip as it is now.
#[derive(Debug, Serialize)]
pub struct RunningTripJson<'a> {
    /// `trip`.
    pub op: &'static str,
    /// When it was published.
    pub t: i64,
    /// As the REST API has it.
    pub data: &'a RawValue,
}

/// The present state of what a subscription follows.
#[derive(Debug, Serialize)]
pub struct ItemsJson<'a> {
    /// `items`.
    pub op: &'static str,
    /// The subscription.
    pub s: u32,
    /// As the REST API has them.
    pub items: &'a [Box<RawValue>],
}

/// The connection works.
#[derive(Debug, Serialize)]
pub struct MarkJson<'a> {
    /// `mark`.
    pub op: &'static str,
    /// What to resume the facts after; absent if it has not changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<&'a str>,
    /// The server's time.
    pub t: i64,
}

/// Asks whether everything before it has come.
#[derive(Debug, Serialize)]
pub struct WindowMarkJson {
    /// `mark`.
    pub op: &'static str,
    /// To be named in `seen`.
    pub m: u32,
}

/// Everything up to a mark has come.
#[derive(Debug, Deserialize)]
pub struct SeenJson {
    /// The mark.
    pub m: u32,
}

/// A subscription or a request failed. The connection stays open.
#[derive(Debug, Serialize)]
pub struct ErrorJson<'a> {
    /// `error`.
    pub op: &'static str,
    /// The subscription that has ended or was not made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub s: Option<u32>,
    /// The request that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub re: Option<&'a RawValue>,
    /// For programs.
    pub code: &'static str,
    /// For people.
    pub message: &'a str,
    /// Milliseconds after which to try again; null if it would fail again.
    pub retry_ms: Option<u64>,
}

/// A request was done, and is durable.
#[derive(Debug, Serialize)]
pub struct OkJson<'a> {
    /// `ok`.
    pub op: &'static str,
    /// The request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub re: Option<&'a RawValue>,
    /// What else the answer says.
    #[serde(flatten)]
    pub more: Value,
}

/// A subscription has ended, because the client asked for it.
#[derive(Debug, Serialize)]
pub struct EndedJson {
    /// `ended`.
    pub op: &'static str,
    /// The subscription.
    pub s: u32,
}

/// Answer to `ping`.
#[derive(Debug, Serialize)]
pub struct PongJson<'a> {
    /// `pong`.
    pub op: &'static str,
    /// The request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub re: Option<&'a RawValue>,
    /// The server's time.
    pub t: i64,
}

/// The last message before the server closes the socket.
#[derive(Debug, Serialize)]
pub struct ByeJson<'a> {
    /// `bye`.
    pub op: &'static str,
    /// For programs: `token`, `refused`, `restart`, `access_changed`, `slow`, `rate`, `too_large`, `protocol` or `unavailable`.
    pub why: &'static str,
    /// For people.
    pub message: &'a str,
    /// When to come back: after a random time between these milliseconds; null: not with the same credential and request.
    pub retry_ms: Option<[u64; 2]>,
}

/// A request to subscribe.
#[derive(Debug, Default, Deserialize)]
pub struct SubJson {
    /// The client's number for the subscription.
    pub s: u32,
    /// What to follow.
    pub to: String,
    /// Vehicles by id.
    #[serde(default)]
    pub ids: Option<Vec<String>>,
    /// Vehicles by route.
    #[serde(default)]
    pub routes: Option<Vec<String>>,
    /// Vehicles by kind.
    #[serde(default)]
    pub kinds: Option<Vec<String>>,
    /// For `view` and `within`: west, south, east and north in degrees.
    #[serde(default, rename = "box")]
    pub edges: Option<Vec<f64>>,
    /// For `view`: the most vehicles; clusters come where there are more.
    #[serde(default)]
    pub max: Option<usize>,
    /// For `near`: degrees north.
    #[serde(default)]
    pub lat: Option<f64>,
    /// For `near`: degrees east.
    #[serde(default)]
    pub lon: Option<f64>,
    /// For `near`: the number of vehicles.
    #[serde(default)]
    pub limit: Option<usize>,
    /// For `near`: only vehicles within so many metres.
    #[serde(default)]
    pub radius_m: Option<f64>,
    /// For `within`: a geofence's number.
    #[serde(default)]
    pub geofence: Option<i64>,
    /// For `within`: a GeoJSON polygon.
    #[serde(default)]
    pub geometry: Option<Value>,
    /// Milliseconds for which changes of vehicles may wait, to be sent together.
    #[serde(default)]
    pub batch_ms: Option<u64>,
    /// Facts after this cursor.
    #[serde(default)]
    pub after: Option<String>,
    /// The one thing to follow: a parcel, a cadet, a delivery.
    #[serde(default)]
    pub id: Option<Value>,
}

/// Another box for a view.
#[derive(Debug, Deserialize)]
pub struct ViewJson {
    /// The subscription.
    pub s: u32,
    /// West, south, east and north in degrees.
    #[serde(default, rename = "box")]
    pub edges: Option<Vec<f64>>,
}

/// The part of the map that a view covers: a vehicle outside is gone, unless another subscription has it.
#[derive(Debug, Serialize)]
pub struct CoversJson {
    /// `covers`.
    pub op: &'static str,
    /// The subscription.
    pub s: u32,
    /// West, south, east and north in degrees. West lies east of east across the antimeridian.
    #[serde(rename = "box")]
    pub edges: [f64; 4],
    /// For a view with `max`: `vehicles` or `clusters`. With clusters it selects no vehicle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<&'static str>,
}

/// The clusters of a view that have changed, or all of them after `covers`.
#[derive(Debug, Serialize)]
pub struct ClustersJson<'a> {
    /// `clusters`.
    pub op: &'static str,
    /// The subscription.
    pub s: u32,
    /// The clusters.
    pub c: &'a [ClusterJson],
}

/// The vehicles of one cell of the map.
#[derive(Debug, Serialize)]
pub struct ClusterJson {
    /// The cell's name.
    pub id: String,
    /// Its vehicles; with 0 the cluster is gone.
    pub count: u32,
    /// The mean of their places, degrees north.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lat: Option<f64>,
    /// Degrees east.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lon: Option<f64>,
    /// West, south, east and north of the cell in degrees.
    #[serde(rename = "box", skip_serializing_if = "Option::is_none")]
    pub edges: Option<[f64; 4]>,
    /// Its vehicles by their status.
    #[serde(rename = "status", skip_serializing_if = "Option::is_none")]
    pub statuses: Option<std::collections::BTreeMap<String, u32>>,
}

/// A request to end a subscription.
#[derive(Debug, Deserialize)]
pub struct UnsubJson {
    /// The subscription.
    pub s: u32,
}

/// A newer credential of the same caller.
#[derive(Debug, Deserialize)]
pub struct AuthJson {
    /// A token.
    pub token: Option<String>,
    /// A device's key instead.
    pub key: Option<String>,
}
