//! Writes facts, and the things that they change, with the names of the REST API.

use crate::convert::render;
use crate::state::cursor;
use crate::wire::fact::{
    AlertJson, AlertMarkJson, AttendanceJson, CadetJson, CrossingJson, DrivingJson, GradeJson, MessageJson,
    NoticeReadJson, NotificationJson, ScoresJson, ServiceJson, SpotJson, StandingJson, SyncEventJson, TripJson,
};
use crate::wire::{FactJson, RunningTripJson};
use milepost_domain::{
    Alert, Cadet, CadetId, Event, Fact, GradeUpdate, JsonObject, Notice, NoticeContent, Revision, Score, SpeedKmh,
    Standing, TimeOfDay, Timestamp, Trip, TripFuel, TripPlace, TripStatus, UserId,
};
use milepost_http::{RawFields, rfc3339};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

/// Writes a fact's message. `None` for a fact that belongs to no topic, and for a damaged row.
pub(crate) fn render_fact(feed: &str, event: &Event) -> Option<String> {
    let (kind, data) = kind_and_data(&event.fact)?;
    let e = cursor(feed, event.id);
    Some(render(&FactJson { op: "fact", e: &e, kind, t: event.at.unix_ms(), data: &data }))
}

/// Writes a running trip as it is now.
pub(crate) fn render_running(now: &Trip, at: Timestamp) -> String {
    render(&RunningTripJson { op: "trip", t: at.unix_ms(), data: &trip_item(now) })
}

fn kind_and_data(fact: &Fact) -> Option<(&str, Box<RawValue>)> {
    Some(match fact {
        Fact::AlertRaised(alert) => ("alert.raised", alert_item(alert)?),
        Fact::AlertRead { alert_id, read_by, read_at, .. } => {
            let read_at = Some(rfc3339(*read_at));
            let mark = AlertMarkJson { id: alert_id.as_str(), read_at, read_by: read_by.map(UserId::get) };
            ("alert.read", raw(&mark))
        }
        Fact::AlertDeleted { alert_id, .. } => {
            ("alert.deleted", raw(&AlertMarkJson { id: alert_id.as_str(), read_at: None, read_by: None }))
        }
        Fact::TripChanged(update) => ("trip.changed", raw(&trip(&update.trip, update.revision))),
        Fact::FenceCrossed(crossing) => {
            let data = CrossingJson {
                vehicle_id: crossing.vehicle_id.as_str(),
                driver_id: crossing.driver_id.map(UserId::get),
                geofence_id: crossing.geofence_id.get(),
                geofence_name: crossing.geofence_name.as_str(),
                event: crossing.event.as_str(),
                latitude: crossing.latitude.get(),
                longitude: crossing.longitude.get(),
                timestamp: rfc3339(crossing.at),
                visit_id: crossing.visit.map(|entered_at| crossing.visit_id(entered_at)),
                change: crossing.revision.change(),
                corrects: crossing.corrects.map(|entered_at| crossing.visit_id(entered_at)),
            };
            ("geofence.crossed", raw(&data))
        }
        Fact::DrivingNoted(event) => {
            let data = DrivingJson {
                vehicle_id: event.vehicle_id.as_str(),
                driver_id: event.driver_id.map(UserId::get),
                event: event.kind.as_str(),
                severity: event.severity.as_str(),
                description: event.description.as_str(),
                timestamp: rfc3339(event.at),
                change: event.revision.change(),
                corrects: event.corrects.map(rfc3339),
            };
            ("driver.event", raw(&data))
        }
        Fact::ServiceDue(due) => {
            let data = ServiceJson {
                vehicle_id: due.vehicle_id.as_str(),
                basis: due.basis.as_str(),
                severity: due.severity.as_str(),
                description: due.description.as_str(),
                timestamp: rfc3339(due.at),
                change: due.revision.change(),
            };
            ("maintenance.due", raw(&data))
        }
        Fact::GradeUpdated(update) => ("grade.updated", raw(&grade(update))),
        Fact::AttendanceUpdated(update) => {
            let shown = |time: Option<TimeOfDay>| time.map(|time| time.to_string());
            let data = AttendanceJson {
                cadet_id: update.cadet_id.get(),
                training_day_id: update.training_day_id.get(),
                status: update.attendance.status.as_str(),
                time_in: shown(update.attendance.time_in),
                time_out: shown(update.attendance.time_out),
                attendance_present: update.attendance_present,
            };
            ("attendance.updated", raw(&data))
        }
        Fact::ScoresUpdated(update) => {
            let data = ScoresJson {
                cadet_id: update.cadet_id.get(),
                prelim_score: update.scores.prelim.map(Score::points),
                midterm_score: update.scores.midterm.map(Score::points),
                final_score: update.scores.r#final.map(Score::points),
            };
            ("scores.updated", raw(&data))
        }
        Fact::NoticeSent(notice) => {
            let kind = match &notice.content {
                NoticeContent::Notification { .. } => "notification.sent",
                NoticeContent::Message { .. } => "message.sent",
            };
            (kind, notice_item(notice))
        }
        Fact::NoticeRead { notice_id, is_message, read_at, .. } => {
            let kind = if *is_message { "message.read" } else { "notification.read" };
            (kind, raw(&NoticeReadJson { id: notice_id.get(), read_at: rfc3339(*read_at) }))
        }
        Fact::ManualEvent(manual) => {
            let payload = stored(&manual.payload)?;
            let cadet_id = manual.cadet_id.map(CadetId::get);
            ("sync_event", raw(&SyncEventJson { event_type: manual.event_type.as_str(), cadet_id, payload }))
        }
        _ => return None,
    })
}

/// An alert as it is now. `None` for a damaged row.
pub(crate) fn alert_item(alert: &Alert) -> Option<Box<RawValue>> {
    let data = match &alert.data {
        Some(data) => Some(stored(data)?),
        None => None,
    };
    Some(raw(&AlertJson {
        id: alert.id.as_str(),
        kind: alert.kind.as_str(),
        severity: alert.severity.as_str(),
        user_id: alert.user_id.map(UserId::get),
        vehicle_id: alert.vehicle_id.as_ref().map(|id| id.as_str()),
        driver_id: alert.driver_id.map(UserId::get),
        title: alert.title.as_str(),
        message: alert.message.as_str(),
        data,
        subject: alert.subject.as_ref().map(|subject| subject.as_str()),
        timestamp: rfc3339(alert.at),
        read: alert.read.is_some(),
        read_at: alert.read.map(|read| rfc3339(read.at)),
        read_by: alert.read.and_then(|read| read.by).map(UserId::get),
        expires_at: rfc3339(alert.expires_at),
    }))
}

/// A trip as it is now.
pub(crate) fn trip_item(now: &Trip) -> Box<RawValue> {
    raw(&trip(now, Revision::New))
}

/// A notification or message as it is now.
pub(crate) fn notice_item(notice: &Notice) -> Box<RawValue> {
    let (id, is_read) = (notice.id.get(), notice.read_at.is_some());
    let (created_at, read_at) = (rfc3339(notice.created_at), notice.read_at.map(rfc3339));
    match &notice.content {
        NoticeContent::Notification { message, kind } => {
            let (message, kind) = (message.as_str(), kind.as_str());
            raw(&NotificationJson { id, message, kind, is_read, created_at, read_at })
        }
        NoticeContent::Message { sender_id, fields } => {
            let (sender_id, fields) = (sender_id.map(UserId::get), RawFields::of_stored(fields.as_str()));
            raw(&MessageJson { id, sender_id, is_read, created_at, read_at, fields })
        }
    }
}

/// A cadet with its totals as they are now.
pub(crate) fn cadet_item(cadet: &Cadet) -> Box<RawValue> {
    raw(&CadetJson {
        id: cadet.id.get(),
        name: cadet.name.as_str(),
        student_id: cadet.student_id.as_ref().map(|id| id.as_str()),
        standing: standing(&cadet.standing),
        created_at: rfc3339(cadet.created_at),
    })
}

fn trip(trip: &Trip, revision: Revision) -> TripJson<'_> {
    let figures = &trip.figures;
    let status = if revision.is_withdrawn() { TripStatus::Cancelled } else { trip.status };
    TripJson {
        id: trip.id.as_str(),
        vehicle_id: trip.vehicle_id.as_str(),
        driver_id: trip.driver_id.map(UserId::get),
        origin: trip.origin.as_str(),
        status: status.as_str(),
        start_time: rfc3339(trip.started_at),
        end_time: trip.ended_at.map(rfc3339),
        distance: trip.distance_km(),
        duration: trip.duration_min(),
        moving_minutes: minutes(figures.moving_ms),
        idle_minutes: minutes(figures.idle_ms),
        max_speed: figures.max_speed.map(SpeedKmh::get),
        fuel_l: figures.fuel.map(TripFuel::litres),
        fuel_source: figures.fuel.map(|fuel| fuel.source.as_str()),
        start_place: trip.start.map(spot),
        end_place: trip.end.map(spot),
        followed_to: rfc3339(trip.followed_to),
        change: revision.change(),
    }
}

fn grade(update: &GradeUpdate) -> GradeJson<'_> {
    GradeJson {
        id: update.grade_id.get(),
        cadet_id: update.cadet_id.get(),
        kind: update.given.kind.as_str(),
        points: update.given.points.get(),
        reason: update.given.reason.as_str(),
        removed: update.removed,
        standing: standing(&update.standing),
    }
}

fn standing(standing: &Standing) -> StandingJson {
    StandingJson {
        merit_points: standing.merit_points,
        demerit_points: standing.demerit_points,
        attendance_present: standing.attendance_present,
        prelim_score: standing.scores.prelim.map(Score::points),
        midterm_score: standing.scores.midterm.map(Score::points),
        final_score: standing.scores.r#final.map(Score::points),
    }
}

fn spot(place: TripPlace) -> SpotJson {
    SpotJson { latitude: place.latitude.get(), longitude: place.longitude.get() }
}

#[expect(clippy::cast_precision_loss, reason = "exact up to 285,000 years")]
fn minutes(ms: i64) -> f64 {
    ms as f64 / 60_000.0
}

/// It was parsed before it was stored. `None` for a damaged row.
fn stored(object: &JsonObject) -> Option<&RawValue> {
    serde_json::from_str(object.as_str()).ok()
}

fn raw(data: &impl Serialize) -> Box<RawValue> {
    to_raw_value(data).expect("strings, finite numbers and parsed JSON serialise")
}
