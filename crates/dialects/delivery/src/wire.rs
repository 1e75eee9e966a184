//! The delivery dialect's JSON, as clients of the system that it replaces know it. Foreign names stop here; times are whole Unix seconds.

use serde::{Deserialize, Serialize};

/// `POST /tracking/start`.
#[derive(Debug, Deserialize)]
pub struct StartTracking {
    /// The shop's order.
    pub order_id: String,
    /// Who brings it.
    pub rider_id: String,
    /// Degrees north.
    pub dropoff_lat: f64,
    /// Degrees east.
    pub dropoff_lng: f64,
    /// Who gets the link by SMS.
    #[serde(default)]
    pub phone: Option<String>,
}

/// `POST /tracking/update/{id}`, and `location` on the socket. Both coordinates or none; at least something.
#[derive(Debug, Deserialize)]
pub struct UpdateLocation {
    /// Degrees north.
    #[serde(default)]
    pub lat: Option<f64>,
    /// Degrees east.
    #[serde(default)]
    pub lng: Option<f64>,
    /// `ASSIGNED`, `PICKED_UP`, `IN_TRANSIT` or `DELIVERED`; as it is, if absent.
    #[serde(default)]
    pub status: Option<String>,
}

/// A session. Each call shows some of it, in this order.
#[derive(Debug, Serialize)]
pub struct TrackingSession<'a> {
    /// The link's secret part.
    pub tracking_id: &'a str,
    /// The shop's order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<&'a str>,
    /// Who brings it; left out for a visitor who has only the link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rider_id: Option<&'a str>,
    /// How far it is.
    pub status: &'static str,
    /// Where the rider was last.
    pub current_location: Option<CurrentLocation>,
    /// Where to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropoff: Option<Dropoff>,
    /// By the documented formula; null before the first location.
    pub eta_seconds: Option<u32>,
    /// When status or place changed last, Unix seconds.
    pub updated_at: i64,
    /// The better estimate; null before the first location and after the delivery.
    pub eta: Option<BetterEta>,
    /// When the link stops working, Unix seconds.
    pub expires_at: i64,
}

/// Where the rider was last.
#[derive(Debug, Serialize)]
pub struct CurrentLocation {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lng: f64,
    /// When it arrived, Unix seconds.
    pub timestamp: i64,
}

/// Where to.
#[derive(Debug, Serialize)]
pub struct Dropoff {
    /// Degrees north.
    pub lat: f64,
    /// Degrees east.
    pub lng: f64,
}

/// An estimate from the rider's own pace. All but `stale` are null when the last location is older than 90 s.
#[derive(Debug, Default, Serialize)]
pub struct BetterEta {
    /// The best guess, seconds from now.
    pub seconds: Option<u32>,
    /// Four in five arrivals lie between this, seconds from now …
    pub low: Option<u32>,
    /// … and this.
    pub high: Option<u32>,
    /// What it rests on: `default`, `speed` or `history`.
    pub basis: Option<&'static str>,
    /// The last location is too old to say anything.
    pub stale: bool,
}

/// Server to follower.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToFollower<'a> {
    /// The session as it is on connecting.
    InitialState {
        /// The session.
        data: TrackingSession<'a>,
    },
    /// The session as it is from now on.
    LocationUpdate {
        /// The session.
        data: TrackingSession<'a>,
    },
    /// Answer to `ping`.
    Pong,
    /// What was sent could not be done, or the session has expired.
    Error {
        /// Why.
        message: &'a str,
    },
}

/// Follower to server. One struct and not a tagged enum, so that a refusal can name the field within `location`.
#[derive(Debug, Deserialize)]
pub struct FromFollower {
    /// `location_update` or `ping`.
    #[serde(rename = "type")]
    pub kind: String,
    /// With `location_update`: where the rider is, and how far the delivery.
    #[serde(default)]
    pub location: Option<UpdateLocation>,
}

/// `GET /stats/tracking`.
#[derive(Debug, Serialize)]
pub struct TrackingStats {
    /// Sessions that have not expired.
    pub total_active_sessions: u64,
    /// Sockets of this dialect open on this node.
    pub total_websocket_connections: u64,
    /// Sessions by status.
    pub status_distribution: StatusDistribution,
    /// Sessions by their last change.
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

/// Sessions by their last change; each counts once.
#[derive(Debug, Default, Serialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct SessionsByRecency {
    pub last_5_min: u64,
    pub last_hour: u64,
    pub older: u64,
}
