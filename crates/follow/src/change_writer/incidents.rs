//! Incidents that are published as events of their own (driving, due services), and their alerts.

use super::ChangeWriter;
use super::alerts::{AlertText, notification_text};
use milepost_domain::{
    AlertKind, DrivingEvent, DrivingKind, Fact, IncidentKind, Revision, ServiceBasis, ServiceDue, Severity, Timestamp,
};
use milepost_store::HistoryChange;
use milepost_track::Incident;
use serde_json::json;

impl ChangeWriter<'_> {
    /// Publishes an incident that began, and raises its alert.
    pub(super) fn raise_incident(&mut self, incident: &Incident, revision: Revision) {
        self.publish_incident(incident, revision, None);
        if let (Some(text), Some(subject)) = (self.incident_text(incident), self.incident_subject(incident)) {
            self.raise_alert(text, subject, (incident.started_at, incident.started_at));
        }
    }

    /// Publishes what an incident has become, and gives it to its alert, if that is another text or time.
    pub(super) fn correct_incident(&mut self, old: &Incident, new: &Incident) {
        let (Some(before), Some(text)) = (self.incident_text(old), self.incident_text(new)) else { return };
        if (old.started_at, before) == (new.started_at, text.clone()) {
            return;
        }
        let driver_of = |incident: &Incident| self.vehicle.driver_at(incident.started_at);
        if driver_of(old).is_some() && driver_of(old) != driver_of(new) && old.kind != IncidentKind::ServiceDue {
            self.publish_incident(old, Revision::Reassigned, Some(old.started_at));
        }
        self.publish_incident(new, Revision::Corrected, Some(old.started_at));
        if let Some(subject) = self.incident_subject(new) {
            self.correct_alert(text, subject, new.started_at);
        }
    }

    /// Takes back an incident that did not happen.
    pub(super) fn withdraw_incident(&mut self, incident: &Incident) {
        self.publish_incident(incident, Revision::Withdrawn, Some(incident.started_at));
        if let Some(subject) = self.incident_subject(incident) {
            self.changes.push(HistoryChange::NoAlert { subject });
        }
    }

    /// Publishes an incident, if it is of a kind that has an event of its own.
    fn publish_incident(&mut self, incident: &Incident, revision: Revision, corrects: Option<Timestamp>) {
        let Some(text) = self.incident_text(incident) else { return };
        let at = incident.started_at;
        let kind = match incident.kind {
            IncidentKind::Speeding => DrivingKind::Speeding,
            IncidentKind::HarshBraking => DrivingKind::HarshBraking,
            IncidentKind::HarshAcceleration => DrivingKind::HarshAcceleration,
            IncidentKind::HarshCornering => DrivingKind::HarshCornering,
            IncidentKind::ServiceDue => {
                return self.publish_service(ServiceBasis::Odometer, &text, at, (revision, corrects));
            }
            IncidentKind::FuelTheft | IncidentKind::Refuelling | IncidentKind::Offline => return,
        };
        let event = DrivingEvent {
            vehicle_id: self.vehicle.id.clone(),
            driver_id: self.vehicle.driver_at(at),
            kind,
            severity: text.severity,
            description: notification_text(&text.message),
            at,
            revision,
            corrects,
        };
        self.changes.push(HistoryChange::Publish(Box::new(Fact::DrivingNoted(Box::new(event)))));
    }

    /// Publishes that the date of the vehicle's next service has come, and raises its alert.
    pub(super) fn raise_service_date(&mut self, due_at: Timestamp) {
        let text = AlertText {
            kind: AlertKind::Maintenance,
            severity: Severity::Medium,
            title: "Service due".to_owned(),
            message: format!("{} is due for service.", self.vehicle.label.as_str()),
            data: json!({ "due_ms": due_at.unix_ms() }),
        };
        self.publish_service(ServiceBasis::Date, &text, due_at, (Revision::New, None));
        if let Some(subject) = self.subject("service-date", &due_at.unix_ms().to_string()) {
            self.raise_alert(text, subject, (due_at, due_at));
        }
    }

    fn publish_service(
        &mut self,
        basis: ServiceBasis,
        text: &AlertText,
        at: Timestamp,
        (revision, corrects): (Revision, Option<Timestamp>),
    ) {
        let due = ServiceDue {
            vehicle_id: self.vehicle.id.clone(),
            basis,
            severity: text.severity,
            description: notification_text(&text.message),
            at,
            revision,
            corrects,
        };
        self.changes.push(HistoryChange::Publish(Box::new(Fact::ServiceDue(Box::new(due)))));
    }

    /// The texts of an incident's event and alert; `None` for a kind that needs no attention.
    fn incident_text(&self, incident: &Incident) -> Option<AlertText> {
        let label = self.vehicle.label.as_str();
        // Not the peak, which is known only at the end: so the text is the same whenever it is written.
        let (value, limit) = (incident.reported_value(), incident.limit);
        let harsh = |title: &'static str, what: &str| {
            (AlertKind::DriverEvent, Severity::Medium, title, format!("{label} {what} ({value:.1} m/s²)."))
        };
        let (kind, severity, title, message) = match incident.kind {
            IncidentKind::Speeding => (
                AlertKind::SpeedViolation,
                Severity::High,
                "Speed violation",
                format!("{label} drives {value:.0} km/h, where {limit:.0} km/h is the limit."),
            ),
            IncidentKind::HarshBraking => harsh("Harsh braking", "braked hard"),
            IncidentKind::HarshAcceleration => harsh("Harsh acceleration", "accelerated hard"),
            IncidentKind::HarshCornering => harsh("Harsh cornering", "turned fast"),
            IncidentKind::FuelTheft => (
                AlertKind::FuelTheft,
                Severity::Critical,
                "Fuel theft",
                format!("{label} lost {value:.1} l of fuel while it stood."),
            ),
            IncidentKind::ServiceDue => (
                AlertKind::Maintenance,
                Severity::Medium,
                "Service due",
                format!("{label} is due for service: {value:.0} km of {limit:.0} km."),
            ),
            IncidentKind::Refuelling | IncidentKind::Offline => return None,
        };
        let data = json!({
            "value": value,
            "limit": limit,
            "latitude": incident.point.latitude.get(),
            "longitude": incident.point.longitude.get(),
        });
        Some(AlertText { kind, severity, title: title.to_owned(), message, data })
    }
}
