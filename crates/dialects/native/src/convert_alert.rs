//! Between the native dialect's JSON and the domain's alerts.

use crate::convert::Refusals;
use crate::convert_object::{object_from_json, object_to_json};
use crate::wire::alert::{AlertJson, NewAlertJson};
use milepost_domain::{
    Alert, AlertId, AlertKind, AlertSubject, AlertTitle, Invalid, NotificationText, Severity, TenantId, Timestamp,
    UserId, VehicleId,
};
use milepost_http::{Problem, parse_timestamp, rfc3339};
use milepost_service::{AlertCursor, NewAlert};
use serde_json::Value;

pub(crate) fn alert_from_json(json: NewAlertJson, tenant: TenantId) -> Result<NewAlert, Problem> {
    let mut refusals = Refusals::default();
    let kind = refusals.take("type", AlertKind::parse(&json.kind));
    let severity = refusals.take("severity", json.severity.as_deref().map(Severity::parse).transpose());
    let user_id = refusals.take("user_id", json.user_id.map(UserId::new).transpose());
    let vehicle_id = refusals.take("vehicle_id", json.vehicle_id.as_deref().map(VehicleId::new).transpose());
    let driver_id = refusals.take("driver_id", json.driver_id.map(UserId::new).transpose());
    let title = refusals.take("title", AlertTitle::new(&json.title));
    let message = refusals.take("message", NotificationText::new(&json.message));
    let subject = refusals.take("subject", json.subject.as_deref().map(AlertSubject::new).transpose());
    let at = refusals.take("timestamp", instant(json.timestamp.as_ref()));
    let expires_at = refusals.take("expires_at", instant(json.expires_at.as_ref()));
    let (Some(kind), Some(severity), Some(title), Some(message)) = (kind, severity, title, message) else {
        return Err(refusals.problem());
    };
    refusals.none()?;
    Ok(NewAlert {
        tenant,
        kind,
        severity: severity.unwrap_or_else(|| kind.usual_severity()),
        user_id: user_id.flatten(),
        vehicle_id: vehicle_id.flatten(),
        driver_id: driver_id.flatten(),
        title,
        message,
        data: json.data.as_ref().map(|data| object_from_json(data, "data")).transpose()?,
        subject: subject.flatten(),
        at: at.flatten(),
        expires_at: expires_at.flatten(),
    })
}

fn instant(value: Option<&Value>) -> Result<Option<Timestamp>, Invalid> {
    value.map(parse_timestamp).transpose().map_err(|takes| Invalid::new("timestamp", takes))
}

pub(crate) fn alert_to_json(alert: &Alert) -> AlertJson {
    AlertJson {
        id: alert.id.to_string(),
        kind: alert.kind.as_str().to_owned(),
        severity: alert.severity.as_str().to_owned(),
        user_id: alert.user_id.map(UserId::get),
        vehicle_id: alert.vehicle_id.as_ref().map(ToString::to_string),
        driver_id: alert.driver_id.map(UserId::get),
        title: alert.title.as_str().to_owned(),
        message: alert.message.as_str().to_owned(),
        data: alert.data.as_ref().map(object_to_json),
        subject: alert.subject.as_ref().map(|subject| subject.as_str().to_owned()),
        timestamp: rfc3339(alert.at),
        read: alert.read.is_some(),
        read_at: alert.read.map(|read| rfc3339(read.at)),
        read_by: alert.read.and_then(|read| read.by).map(UserId::get),
        expires_at: rfc3339(alert.expires_at),
    }
}

/// The cursor of an alert in a list, newest first.
pub(crate) fn alert_place_in_list(alert: &Alert) -> String {
    format!("{}:{}", alert.at.unix_ms(), alert.id)
}

pub(crate) fn alert_cursor(text: &str) -> Result<AlertCursor, ()> {
    let (ms, id) = text.split_once(':').ok_or(())?;
    let at = ms.parse().ok().and_then(Timestamp::from_unix_ms).ok_or(())?;
    Ok(AlertCursor { at, id: AlertId::new(id).map_err(|_| ())? })
}
