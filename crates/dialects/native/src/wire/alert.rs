//! Alerts.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// An alert to be raised.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewAlertJson {
    /// speed_violation, geofence_violation, maintenance, fuel_theft, driver_event, vehicle_offline, system_error,
    /// payment_received or invoice_generated.
    #[serde(rename = "type")]
    #[schema(example = "payment_received")]
    pub kind: String,
    /// low, medium, high or critical; if absent, the severity that the server gives this type.
    pub severity: Option<String>,
    /// The one user who gets it; everyone who sees the whole fleet if absent.
    pub user_id: Option<i64>,
    /// The vehicle that it is about.
    pub vehicle_id: Option<String>,
    /// Number of the user who drove.
    pub driver_id: Option<i64>,
    /// At most 200 characters.
    #[schema(example = "Payment received")]
    pub title: String,
    /// At most 2000 characters.
    #[schema(example = "Invoice 2026-118 was paid.")]
    pub message: String,
    /// An object for programs, at most 16,384 bytes.
    #[schema(value_type = Option<Object>)]
    pub data: Option<Box<RawValue>>,
    /// A second alert with the same subject is refused until the first one has expired.
    #[schema(example = "invoice:2026-118")]
    pub subject: Option<String>,
    /// When it happened: RFC 3339, Unix seconds or Unix milliseconds; now if absent; at most 5 minutes ahead.
    #[schema(value_type = Option<String>)]
    pub timestamp: Option<Value>,
    /// When it expires: RFC 3339, Unix seconds or Unix milliseconds, ahead; after `ALERT_EXPIRY_DURATION` if absent.
    #[schema(value_type = Option<String>)]
    pub expires_at: Option<Value>,
    /// For a superadmin: the tenant; its own if absent.
    pub tenant: Option<String>,
}

/// An alert.
#[derive(Serialize, ToSchema)]
pub(crate) struct AlertJson {
    pub id: String,
    /// One of the types that `POST /alerts` lists.
    #[serde(rename = "type")]
    pub kind: String,
    /// low, medium, high or critical.
    pub severity: String,
    /// The one user who gets it; null for everyone who sees the whole fleet.
    pub user_id: Option<i64>,
    pub vehicle_id: Option<String>,
    pub driver_id: Option<i64>,
    pub title: String,
    pub message: String,
    /// An object for programs.
    #[schema(value_type = Option<Object>)]
    pub data: Option<Box<RawValue>>,
    /// There is one unexpired alert for each subject.
    pub subject: Option<String>,
    /// When it happened: RFC 3339, UTC, milliseconds.
    pub timestamp: String,
    /// True once anybody who may see it has marked it read.
    pub read: bool,
    pub read_at: Option<String>,
    /// Number of the user who read it first.
    pub read_by: Option<i64>,
    pub expires_at: String,
}
