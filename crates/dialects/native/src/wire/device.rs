//! Devices, and those that nobody has added.

use super::fleet::{not_null, present};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A device to be added.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewDeviceJson {
    /// A UUID if absent.
    pub id: Option<String>,
    /// The one vehicle that it reports for.
    pub vehicle_id: String,
    /// Name for people.
    pub name: Option<String>,
    /// How it names itself: an IMEI, a phone's id, OwnTracks' `user/device`. Unique on the whole server.
    #[schema(example = "356307042441013")]
    pub unique_id: Option<String>,
    /// The only protocol that it may use; any if absent.
    pub protocol: Option<String>,
    /// The zone of its clock, for protocols that send local time; the protocol's usual one if absent.
    pub utc_offset_minutes: Option<i64>,
    /// Whether a Queclink device waits for acknowledgements (SACK).
    #[serde(default)]
    pub sack: bool,
    /// For a superadmin: the device's tenant; its own if absent.
    pub tenant: Option<String>,
}

/// The changes of a device. Absent fields stay; null removes a value.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(clippy::option_option, reason = "absent and null differ in a PATCH")]
pub(crate) struct ChangeDeviceJson {
    /// The vehicle that it reports for from now on. Positions of an earlier time belong to the vehicle that it was in then.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub vehicle_id: Option<String>,
    /// Name for people.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub name: Option<Option<String>>,
    /// How it names itself.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub unique_id: Option<Option<String>>,
    /// The only protocol that it may use.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    pub protocol: Option<Option<String>>,
    /// The zone of its clock, for protocols that send local time.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<i64>)]
    pub utc_offset_minutes: Option<Option<i64>>,
    /// Whether a Queclink device waits for acknowledgements (SACK).
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    pub sack: Option<bool>,
}

/// A device.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeviceJson {
    pub id: String,
    pub vehicle_id: String,
    pub name: Option<String>,
    /// How it names itself.
    pub unique_id: Option<String>,
    /// The only protocol that it may use.
    pub protocol: Option<String>,
    pub utc_offset_minutes: Option<i16>,
    pub sack: bool,
    /// The secret key, shown only in the answer to the POST that added it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// A device that reported and that nobody has added.
#[derive(Serialize, ToSchema)]
pub(crate) struct UnknownDeviceJson {
    pub id: String,
    /// How it names itself.
    pub unique_id: String,
    pub protocol: String,
    /// Where its last report came from; null through a broker.
    pub address: Option<String>,
    /// RFC 3339, UTC, milliseconds.
    pub first_seen: String,
    /// RFC 3339, UTC, milliseconds.
    pub last_seen: String,
}

/// The vehicle of an unknown device.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewAdoptionJson {
    /// The vehicle that it reports for.
    pub vehicle_id: String,
}
