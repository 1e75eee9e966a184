//! Commands for devices.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A command for a device.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewCommandJson {
    /// What it is. Devices take some of them, by their protocol.
    #[schema(example = "custom")]
    pub kind: String,
    /// The text of `custom`, in the device's own language. Absent for the others.
    #[schema(example = "getinfo")]
    pub text: Option<String>,
}

/// A command that was asked for, and what became of it.
#[derive(Serialize, ToSchema)]
pub(crate) struct CommandJson {
    /// Unique in the tenant.
    pub id: i64,
    pub vehicle_id: String,
    /// The device to which it was written, or for which it was meant.
    pub device_id: Option<String>,
    pub kind: String,
    pub text: Option<String>,
    /// `queued` until the device connects or reports; `sent` when it was written to its connection, which does not show that the device
    /// did it; `answered` when the device said something to it.
    pub state: String,
    /// Whether it waited for its device.
    pub was_queued: bool,
    /// RFC 3339, UTC, milliseconds.
    pub asked_at: String,
    /// RFC 3339, UTC, milliseconds.
    pub sent_at: Option<String>,
    /// RFC 3339, UTC, milliseconds.
    pub answered_at: Option<String>,
    /// What the device said.
    pub answer: Option<String>,
}
