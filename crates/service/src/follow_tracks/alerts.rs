//! Whom what the fold found concerns: driving events, services that are due, alerts.
//!
//! An alert has a subject, and a subject has one alert: a streak of speeding, a crossing, a silence are told once however often
//! they are found, by whichever node.

use super::ground::Ground;
use super::news::News;
use super::tell::incident_row;
use milepost_domain::{
    Alert, AlertId, AlertKind, AlertSubject, AlertTitle, DrivingEvent, DrivingKind, Fact, FenceCrossing, FenceEvent,
    GeofenceId, JsonObject, NotificationText, Revision, ServiceBasis, ServiceDue, Severity, TenantId, Timestamp,
    Vehicle,
};
use milepost_store::HistoryChange;
use milepost_track::{Incident, IncidentKind};
use serde_json::{Value, json};

/// What happened longer ago is history when it comes late: no alert is raised for it. Silence that is older is not alerted
/// of at all.
const ALERT_FRESH_MS: i64 = 24 * 60 * 60 * 1000;

/// Writes down and tells what was found of one vehicle.
pub(super) struct Teller<'a> {
    pub(super) tenant: &'a TenantId,
    pub(super) vehicle: &'a Vehicle,
    pub(super) ground: &'a Ground,
    pub(super) now: Timestamp,
}

/// What an alert says.
struct Wording {
    kind: AlertKind,
    severity: Severity,
    title: String,
    message: String,
    data: Value,
}

impl Teller<'_> {
    /// Tells of an incident that began, and raises its alert.
    pub(super) fn raise(&self, incident: &Incident, revision: Revision, news: &mut News) {
        self.tell_driving(incident, revision, news);
        if let (Some(wording), Some(subject)) = (self.word(incident), self.subject_of(incident)) {
            self.alert(wording, subject, (incident.started_at, incident.started_at), revision, news);
        }
    }

    /// Takes back an incident that was none.
    pub(super) fn withdraw(&self, incident: &Incident, news: &mut News) {
        self.tell_driving(incident, Revision::Withdrawn, news);
        if let Some(subject) = self.subject_of(incident) {
            news.push(HistoryChange::NoAlert { subject });
        }
    }

    /// Tells of an incident what is an event of its own: driving, and services.
    pub(super) fn tell_driving(&self, incident: &Incident, revision: Revision, news: &mut News) {
        let Some(wording) = self.word(incident) else { return };
        let description = text(&wording.message);
        let (vehicle_id, at) = (self.vehicle.id.clone(), incident.started_at);
        let fact = if incident.kind == IncidentKind::ServiceDue {
            let basis = ServiceBasis::Odometer;
            let due = ServiceDue { vehicle_id, basis, severity: wording.severity, description, at, revision };
            Fact::ServiceDue(Box::new(due))
        } else {
            let kind = match incident.kind {
                IncidentKind::Speeding => DrivingKind::Speeding,
                IncidentKind::HarshBraking => DrivingKind::HarshBraking,
                IncidentKind::HarshAcceleration => DrivingKind::HarshAcceleration,
                IncidentKind::HarshCornering => DrivingKind::HarshCornering,
                IncidentKind::FuelTheft | IncidentKind::Refuelling | IncidentKind::ServiceDue => return,
            };
            let driver_id = self.vehicle.driver_id;
            let severity = wording.severity;
            Fact::DrivingNoted(Box::new(DrivingEvent {
                vehicle_id,
                driver_id,
                kind,
                severity,
                description,
                at,
                revision,
            }))
        };
        news.push(HistoryChange::Told(Box::new(fact)));
    }

    /// A crossing is an alert too; one that was none takes it back.
    pub(super) fn alert_crossing(&self, crossing: &FenceCrossing, entered_at: Timestamp, news: &mut News) {
        let what = crossing.event.as_str();
        let Some(subject) = self.crossing_subject(crossing.geofence_id, crossing.event, entered_at) else { return };
        if crossing.revision == Revision::Withdrawn {
            return news.push(HistoryChange::NoAlert { subject });
        }
        let (label, fence) = (self.vehicle.label.as_str(), crossing.geofence_name.as_str());
        let message = match crossing.event {
            FenceEvent::Enter => format!("{label} came into {fence}."),
            FenceEvent::Exit => format!("{label} left {fence}."),
            FenceEvent::Dwell => format!("{label} stays in {fence}."),
        };
        let wording = Wording {
            kind: AlertKind::GeofenceViolation,
            severity: Severity::Medium,
            title: format!("{fence}: {what}"),
            message,
            data: json!({
                "geofence_id": crossing.geofence_id.get(),
                "event": what,
                "latitude": crossing.latitude.get(),
                "longitude": crossing.longitude.get(),
            }),
        };
        self.alert(wording, subject, (crossing.at, crossing.at), crossing.revision, news);
    }

    /// Nothing is heard of the vehicle any more.
    pub(super) fn alert_offline(&self, since: Timestamp, news: &mut News) {
        let Some(subject) = self.subject("offline", &since.unix_ms().to_string()) else { return };
        let wording = Wording {
            kind: AlertKind::VehicleOffline,
            severity: Severity::High,
            title: "Vehicle offline".to_owned(),
            message: format!("Nothing is heard of {} any more.", self.vehicle.label.as_str()),
            data: json!({ "since_ms": since.unix_ms() }),
        };
        // A vehicle whose last year's file was imported has been silent since, and nobody wonders.
        let known_at = since.plus_ms(self.ground.offline_after_ms());
        self.alert(wording, subject, (since, known_at), Revision::Corrected, news);
    }

    /// The date of the vehicle's next service has come.
    pub(super) fn tell_service_date(&self, due_at: Timestamp, news: &mut News) {
        let message = format!("{} is due for service.", self.vehicle.label.as_str());
        let due = ServiceDue {
            vehicle_id: self.vehicle.id.clone(),
            basis: ServiceBasis::Date,
            severity: Severity::Medium,
            description: text(&message),
            at: due_at,
            revision: Revision::New,
        };
        news.push(HistoryChange::Told(Box::new(Fact::ServiceDue(Box::new(due)))));
        let Some(subject) = self.subject("service-date", &due_at.unix_ms().to_string()) else { return };
        let (kind, severity, title) = (AlertKind::Maintenance, Severity::Medium, "Service due".to_owned());
        let wording = Wording { kind, severity, title, message, data: json!({ "due_ms": due_at.unix_ms() }) };
        self.alert(wording, subject, (due_at, due_at), Revision::New, news);
    }

    /// Raises an alert of what happened then, and could be known then; unless it comes late and is of no interest any more.
    fn alert(
        &self,
        wording: Wording,
        subject: AlertSubject,
        (at, known_at): (Timestamp, Timestamp),
        revision: Revision,
        news: &mut News,
    ) {
        if revision == Revision::Corrected && self.now.ms_since(at) > ALERT_FRESH_MS {
            return;
        }
        let alert = Alert {
            id: AlertId::new(&uuid::Uuid::now_v7().to_string()).expect("hexadecimal digits and hyphens"),
            tenant: self.tenant.clone(),
            kind: wording.kind,
            severity: wording.severity,
            user_id: None,
            vehicle_id: Some(self.vehicle.id.clone()),
            driver_id: self.vehicle.driver_id,
            title: title(&wording.title),
            message: text(&wording.message),
            data: JsonObject::of_parsed(wording.data.to_string(), "data").ok(),
            subject: Some(subject),
            at,
            expires_at: self.now.plus_ms(self.ground.alert_expiry_ms),
            read: None,
        };
        news.push(HistoryChange::Alert { alert: Box::new(alert), known_at });
    }

    /// Of what kind, of which vehicle, which one. `None` where it would be too long to be one.
    fn subject(&self, kind: &str, which: &str) -> Option<AlertSubject> {
        AlertSubject::new(&format!("{kind}:{}:{which}", self.vehicle.id)).ok()
    }

    pub(super) fn crossing_subject(
        &self,
        geofence_id: GeofenceId,
        event: FenceEvent,
        entered_at: Timestamp,
    ) -> Option<AlertSubject> {
        self.subject(&format!("fence-{}", event.as_str()), &format!("{geofence_id}:{}", entered_at.unix_ms()))
    }

    pub(super) fn subject_of(&self, incident: &Incident) -> Option<AlertSubject> {
        self.subject(incident_row(incident).kind.as_str(), &incident.started_at.unix_ms().to_string())
    }

    /// What is said of an incident; `None` of what nobody needs to look at.
    fn word(&self, incident: &Incident) -> Option<Wording> {
        let label = self.vehicle.label.as_str();
        let (value, limit) = (incident.value, incident.limit);
        let harsh =
            |what: &str| (AlertKind::DriverEvent, Severity::Medium, format!("{label} {what} ({value:.1} m/s²)."));
        let (kind, severity, message) = match incident.kind {
            IncidentKind::Speeding => {
                let message = format!("{label} drives {value:.0} km/h, where {limit:.0} km/h is the limit.");
                (AlertKind::SpeedViolation, Severity::High, message)
            }
            IncidentKind::HarshBraking => harsh("braked hard"),
            IncidentKind::HarshAcceleration => harsh("accelerated hard"),
            IncidentKind::HarshCornering => harsh("turned fast"),
            IncidentKind::FuelTheft => {
                (AlertKind::FuelTheft, Severity::Critical, format!("{label} lost {value:.1} l of fuel while it stood."))
            }
            IncidentKind::ServiceDue => {
                let message = format!("{label} is due for service: {value:.0} km of {limit:.0} km.");
                (AlertKind::Maintenance, Severity::Medium, message)
            }
            IncidentKind::Refuelling => return None,
        };
        let title = match incident.kind {
            IncidentKind::Speeding => "Speed violation",
            IncidentKind::HarshBraking => "Harsh braking",
            IncidentKind::HarshAcceleration => "Harsh acceleration",
            IncidentKind::HarshCornering => "Harsh cornering",
            IncidentKind::FuelTheft => "Fuel theft",
            IncidentKind::ServiceDue | IncidentKind::Refuelling => "Service due",
        };
        let data = json!({
            "value": value,
            "limit": limit,
            "latitude": incident.point.latitude.get(),
            "longitude": incident.point.longitude.get(),
        });
        Some(Wording { kind, severity, title: title.to_owned(), message, data })
    }
}

/// Labels may have 200 characters, and so may a title.
fn title(words: &str) -> AlertTitle {
    let cut: String = words.chars().take(200).collect();
    AlertTitle::new(&cut).expect("made of labels, which hold no control characters")
}

fn text(words: &str) -> NotificationText {
    NotificationText::new(words).expect("two labels and a few words are far below the limit")
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::*;
    use crate::follow_tracks::samples::vehicle;

    #[test]
    fn a_silence_could_be_known_when_it_had_lasted_long_enough_and_not_when_it_began() {
        let vehicle = vehicle("bus");
        let (ground, since) = (Ground::of_test(), Timestamp::from_unix_ms(1_795_132_800_000).unwrap());
        let tenant = TenantId::default_tenant();
        let found = |now_ms: i64| {
            let mut news = News::default();
            let teller = Teller { tenant: &tenant, vehicle: &vehicle, ground: &ground, now: since.plus_ms(now_ms) };
            teller.alert_offline(since, &mut news);
            news.changes
        };
        let [HistoryChange::Alert { alert, known_at }] = &found(700_000)[..] else { panic!("one alert") };
        assert_eq!((alert.at, *known_at), (since, since.plus_ms(600_000)));
        assert!(found(ALERT_FRESH_MS + 1).is_empty());
    }
}
