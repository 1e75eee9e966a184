//! The delivery dialect's JSON, as clients of the system that it replaces know it. Foreign names are used only here.
//! Times are whole Unix seconds.

use serde::{Deserialize, Serialize};

/// The body of `POST /tracking/start`.
#[derive(Debug, Deserialize)]
pub struct StartTracking {
    /// The shop's number for the order.
    pub order_id: String,
    /// The rider who brings the order.
    pub rider_id: String,
    /// Degrees north.
    pub dropoff_lat: f64,
    /// Degrees east.
    pub dropoff_lng: f64,
    /// The phone number that gets the link by SMS.
    #[serde(default)]
    pub phone: Option<String>,
}

/// The body of `POST /tracking/update/{id}`, and `location` on the socket. It has both coordinates or neither, and at
/// least one field.
#[derive(Debug, Deserialize)]
pub struct UpdateLocation {
    /// Degrees north.
    #[serde(default)]
    pub lat: Option<f64>,
    /// Degrees east.
    #[serde(default)]
    pub lng: Option<f64>,
    /// `ASSIGNED`, `PICKED_UP`, `IN_TRANSIT` or `DELIVERED`; unchanged if absent.
    #[serde(default)]
    pub status: Option<String>,
}

/// A session. Each answer has some of these fields, in this order.
#[derive(Debug, Serialize)]
pub struct TrackingSession<'a> {
    /// The secret part of the link.
    pub tracking_id: &'a str,
    /// The shop's number for the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<&'a str>,
    /// The rider who brings the order; absent for a visitor without a credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rider_id: Option<&'a str>,
    /// The stage of the delivery.
    pub status: &'static str,
    /// The rider's last location.
    pub current_location: Option<CurrentLocation>,
    /// The rider is off duty; absent on duty.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub rider_off_duty: bool,
    /// The destination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropoff: Option<Dropoff>,
    /// Seconds to the destination by the documented formula; null before the first location.
    pub eta_seconds: Option<u32>,
    /// When the status or the location last changed, Unix seconds.
    pub updated_at: i64,
    /// The better estimate; null before the first location and after the delivery.
    pub eta: Option<BetterEta>,
    /// When the link stops working, Unix seconds.
    pub expires_at: i64,
}

/// The rider's last location.
#[derive(Debug, Serialize)]
pub struct CurrentLocation {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lng: f64,
    /// When the server received it, Unix seconds.
    pub timestamp: i64,
}

/// The destination.
#[derive(Debug, Serialize)]
pub struct Dropoff {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lng: f64,
}

/// An estimate from the rider's own pace. All fields but `stale` are null when the last location is older than 90 s.
#[derive(Debug, Default, Serialize)]
pub struct BetterEta {
    /// The time to show, seconds from now: rather too early than too late.
    pub seconds: Option<u32>,
    /// The early end of the range in which four of five arrivals lie, seconds from now.
    pub low: Option<u32>,
    /// The late end of that range, seconds from now.
    pub high: Option<u32>,
    /// What the estimate is based on: `default`, `speed` or `history`.
    pub basis: Option<&'static str>,
    /// True when the last location is too old for an estimate.
    pub stale: bool,
}

/// A message from the server to a follower.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToFollower<'a> {
    /// The session when the socket opened.
    InitialState {
        /// The session.
        data: TrackingSession<'a>,
    },
    /// The session after a change.
    LocationUpdate {
        /// The session.
        data: TrackingSession<'a>,
    },
    /// Answer to `ping`.
    Pong,
    /// The follower's message was refused, or the session has expired.
    Error {
        /// The reason, for people.
        message: &'a str,
    },
}

/// A message from a follower to the server. It is a struct and not a tagged enum, so that a refusal can name the field
/// within `location`.
#[derive(Debug, Deserialize)]
pub struct FromFollower {
    /// `location_update` or `ping`.
    #[serde(rename = "type")]
    pub kind: String,
    /// For `location_update`: the rider's location and the status.
    #[serde(default)]
    pub location: Option<UpdateLocation>,
}

/// The answer to `GET /stats/tracking`.
#[derive(Debug, Serialize)]
pub struct TrackingStats {
    /// Sessions that have not expired.
    pub total_active_sessions: u64,
    /// Open sockets of this dialect on this node.
    pub total_websocket_connections: u64,
    /// Sessions by status.
    pub status_distribution: StatusDistribution,
    /// Sessions by the time since their last change.
    pub sessions_by_recency: SessionsByRecency,
}

/// Sessions by status.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the statuses")]
pub struct StatusDistribution {
    pub assigned: u64,
    pub picked_up: u64,
    pub in_transit: u64,
    pub delivered: u64,
}

/// Sessions by the time since their last change. Each session counts once.
#[derive(Debug, Default, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct SessionsByRecency {
    pub last_5_min: u64,
    pub last_hour: u64,
    pub older: u64,
}

/// The answer to a proof that was added.
#[derive(Debug, Serialize)]
pub struct AddedProof {
    /// The proof's id.
    pub id: String,
    /// Its pictures as they are stored.
    pub files: Vec<ProofFileJson>,
}

/// A stored picture.
#[derive(Debug, Serialize)]
pub struct ProofFileJson {
    /// Its number within the proof, from 1.
    pub id: i64,
    /// `signature` or `photo`.
    pub kind: &'static str,
    /// The bytes of the re-encoded picture.
    pub bytes: u64,
    /// Their SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// A proof of delivery. Its times are RFC 3339.
#[derive(Debug, Serialize)]
#[allow(missing_docs, reason = "the fields of the form, and its pictures")]
pub struct ProofJson {
    pub id: String,
    /// When it arrived.
    pub added_at: String,
    /// When it was done.
    pub taken_at: String,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
    pub receiver: Option<String>,
    pub code: Option<String>,
    pub note: Option<String>,
    pub files: Vec<ProofFileJson>,
}

/// The proofs of a session, which are few.
#[derive(Debug, Serialize)]
pub struct ProofList {
    /// In the order in which they were added.
    pub items: Vec<ProofJson>,
    /// There is never a further page.
    pub next: Option<String>,
}
