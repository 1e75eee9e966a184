//! Payloads of facts about alerts.

use super::field::{self, nullable};
use milepost_domain::{
    Alert, AlertId, AlertKind, AlertRead, AlertSubject, AlertTitle, JsonObject, NotificationText, Severity, TenantId,
    Timestamp, UserId, VehicleId,
};
use serde::{Deserialize, Serialize};

/// A new alert, which nobody has read.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Alert")]
pub(super) struct AlertPayload {
    #[serde(rename = "alert_id", with = "field")]
    id: AlertId,
    #[serde(with = "field")]
    tenant: TenantId,
    #[serde(rename = "type", with = "field")]
    kind: AlertKind,
    #[serde(with = "field")]
    severity: Severity,
    #[serde(with = "nullable")]
    user_id: Option<UserId>,
    #[serde(with = "nullable")]
    vehicle_id: Option<VehicleId>,
    #[serde(with = "nullable")]
    driver_id: Option<UserId>,
    #[serde(with = "field")]
    title: AlertTitle,
    #[serde(with = "field")]
    message: NotificationText,
    #[serde(with = "data")]
    data: Option<JsonObject>,
    #[serde(with = "nullable")]
    subject: Option<AlertSubject>,
    #[serde(rename = "timestamp", with = "field")]
    at: Timestamp,
    #[serde(with = "field")]
    expires_at: Timestamp,
    #[serde(skip)]
    read: Option<AlertRead>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct AlertReadPayload {
    #[serde(with = "field")]
    pub(super) alert_id: AlertId,
    #[serde(with = "nullable")]
    pub(super) user_id: Option<UserId>,
    #[serde(with = "nullable")]
    pub(super) read_by: Option<UserId>,
    #[serde(with = "field")]
    pub(super) read_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
pub(super) struct AlertDeletedPayload {
    #[serde(with = "field")]
    pub(super) alert_id: AlertId,
    #[serde(with = "nullable")]
    pub(super) user_id: Option<UserId>,
}

/// Serialises an object within the payload with every digit as it was written.
mod data {
    use milepost_domain::JsonObject;
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};
    use serde_json::value::RawValue;

    pub(super) fn serialize<S: Serializer>(data: &Option<JsonObject>, serializer: S) -> Result<S::Ok, S::Error> {
        let raw = data.as_ref().map(|data| RawValue::from_string(data.as_str().to_owned())).transpose();
        raw.map_err(S::Error::custom)?.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<JsonObject>, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        match raw.get() {
            "null" => Ok(None),
            object if object.starts_with('{') => {
                JsonObject::of_parsed(object.to_owned(), "data").map(Some).map_err(D::Error::custom)
            }
            _ => Err(D::Error::custom("data must be an object")),
        }
    }
}
