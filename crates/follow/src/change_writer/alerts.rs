//! Alerts and their subjects.
//!
//! A subject has one alert: a streak of speeding, a crossing or a silence raises one alert, however often and on whichever node
//! it is found.

use super::{ChangeWriter, rows};
use milepost_domain::{
    Alert, AlertId, AlertKind, AlertSubject, AlertTitle, FenceCrossing, FenceEvent, GeofenceId, JsonObject,
    NotificationText, Revision, Severity, Timestamp,
};
use milepost_store::HistoryChange;
use milepost_track::{Incident, Visit};
use serde_json::{Value, json};

/// No alert is raised for a silence that was long enough this time ago.
const SILENCE_FRESH_MS: i64 = 24 * 60 * 60 * 1000;

/// The texts of an alert.
#[derive(Clone, PartialEq)]
pub(super) struct AlertText {
    pub(super) kind: AlertKind,
    pub(super) severity: Severity,
    pub(super) title: String,
    pub(super) message: String,
    pub(super) data: Value,
}

impl ChangeWriter<'_> {
    /// Raises a crossing's alert. A withdrawn crossing takes its alert back.
    pub(super) fn alert_crossing(&mut self, crossing: &FenceCrossing, entered_at: Timestamp) {
        let Some(subject) = self.crossing_subject(crossing.geofence_id, crossing.event, entered_at) else { return };
        if crossing.revision == Revision::Withdrawn {
            return self.changes.push(HistoryChange::NoAlert { subject });
        }
        self.raise_alert(self.crossing_text(crossing), subject, (crossing.at, crossing.at));
    }

    /// Gives a crossing's alert what the crossing is now.
    pub(super) fn correct_crossing_alert(&mut self, crossing: &FenceCrossing, entered_at: Timestamp) {
        if let Some(subject) = self.crossing_subject(crossing.geofence_id, crossing.event, entered_at) {
            self.correct_alert(self.crossing_text(crossing), subject, crossing.at);
        }
    }

    fn crossing_text(&self, crossing: &FenceCrossing) -> AlertText {
        let (label, fence) = (self.vehicle.label.as_str(), crossing.geofence_name.as_str());
        let message = match crossing.event {
            FenceEvent::Enter => format!("{label} came into {fence}."),
            FenceEvent::Exit => format!("{label} left {fence}."),
            FenceEvent::Dwell => format!("{label} stays in {fence}."),
        };
        AlertText {
            kind: AlertKind::GeofenceViolation,
            severity: Severity::Medium,
            title: format!("{fence}: {}", crossing.event.as_str()),
            message,
            data: json!({
                "geofence_id": crossing.geofence_id.get(),
                "event": crossing.event.as_str(),
                "latitude": crossing.latitude.get(),
                "longitude": crossing.longitude.get(),
            }),
        }
    }

    /// Raises the alert of a silent vehicle.
    pub(super) fn alert_offline(&mut self, since: Timestamp, known_at: Timestamp) {
        let Some(subject) = self.subject("offline", &since.unix_ms().to_string()) else { return };
        let text = AlertText {
            kind: AlertKind::VehicleOffline,
            severity: Severity::High,
            title: "Vehicle offline".to_owned(),
            message: format!("Nothing is heard of {} any more.", self.vehicle.label.as_str()),
            data: json!({ "since_ms": since.unix_ms() }),
        };
        // A vehicle whose file of last year was imported has been silent since then, and nobody needs to know.
        if self.now.ms_since(known_at) <= SILENCE_FRESH_MS {
            self.raise_alert(text, subject, (since, known_at));
        }
    }

    /// Raises an alert of what happened `at`, and could be known at `known_at`. The age of that does not matter: a track has
    /// the same alerts, whether it came in order or not.
    pub(super) fn raise_alert(
        &mut self,
        text: AlertText,
        subject: AlertSubject,
        (at, known_at): (Timestamp, Timestamp),
    ) {
        let alert = Box::new(self.alert(text, subject, at));
        self.changes.push(HistoryChange::Alert { alert, known_at });
    }

    /// Gives the alert of a subject another text and time, if there is one.
    pub(super) fn correct_alert(&mut self, text: AlertText, subject: AlertSubject, at: Timestamp) {
        let alert = Box::new(self.alert(text, subject, at));
        self.changes.push(HistoryChange::CorrectedAlert(alert));
    }

    fn alert(&self, text: AlertText, subject: AlertSubject, at: Timestamp) -> Alert {
        Alert {
            id: AlertId::new(&uuid::Uuid::now_v7().to_string()).expect("hexadecimal digits and hyphens"),
            tenant: self.tenant.clone(),
            kind: text.kind,
            severity: text.severity,
            user_id: None,
            vehicle_id: Some(self.vehicle.id.clone()),
            driver_id: self.vehicle.driver_at(at),
            title: alert_title(&text.title),
            message: notification_text(&text.message),
            data: JsonObject::of_parsed(text.data.to_string(), "data").ok(),
            subject: Some(subject),
            at,
            expires_at: self.now.plus_ms(self.rules.alert_expiry_ms),
            read: None,
        }
    }

    /// The subject of one alert of a kind about this vehicle; `None` if it would be too long.
    pub(super) fn subject(&self, kind: &str, which: &str) -> Option<AlertSubject> {
        AlertSubject::new(&format!("{kind}:{}:{which}", self.vehicle.id)).ok()
    }

    pub(super) fn incident_subject(&self, incident: &Incident) -> Option<AlertSubject> {
        self.subject(incident.kind.as_str(), &incident.started_at.unix_ms().to_string())
    }

    pub(super) fn visit_subject(&self, visit: &Visit, event: FenceEvent) -> Option<AlertSubject> {
        self.crossing_subject(rows::geofence_id(visit.fence)?, event, visit.entered_at)
    }

    fn crossing_subject(
        &self,
        geofence_id: GeofenceId,
        event: FenceEvent,
        entered_at: Timestamp,
    ) -> Option<AlertSubject> {
        self.subject(&format!("fence-{}", event.as_str()), &format!("{geofence_id}:{}", entered_at.unix_ms()))
    }
}

/// A label may be as long as a title (200 characters), so that with more words the title is cut.
fn alert_title(words: &str) -> AlertTitle {
    let cut: String = words.chars().take(200).collect();
    AlertTitle::stored(&cut).expect("made of stored labels, which hold no control characters")
}

pub(super) fn notification_text(words: &str) -> NotificationText {
    NotificationText::new(words).expect("two labels and a few words are far below the limit")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::pending_changes::PendingChanges;
    use crate::samples::vehicle;
    use crate::tenant_rules::TenantRules;
    use milepost_domain::TenantId;

    #[test]
    fn an_offline_alert_of_long_ago_is_not_raised() {
        let (vehicle, tenant) = (vehicle("bus"), TenantId::default_tenant());
        let (rules, since) = (TenantRules::of_test(), Timestamp::from_unix_ms(1_795_132_800_000).unwrap());
        // It reports once a day.
        let after_ms = 60 * 60 * 60 * 1000;
        let found = |now_ms: i64| {
            let mut pending = PendingChanges::default();
            let (now, changes) = (since.plus_ms(now_ms), &mut pending);
            ChangeWriter { tenant: &tenant, vehicle: &vehicle, rules: &rules, now, changes }
                .alert_offline(since, since.plus_ms(after_ms));
            pending.changes
        };
        let [HistoryChange::Alert { alert, known_at }] = &found(after_ms + 1)[..] else { panic!("one alert") };
        assert_eq!((alert.at, *known_at), (since, since.plus_ms(after_ms)));
        assert!(found(after_ms + SILENCE_FRESH_MS + 1).is_empty());
    }
}
