//! Converts from events to the records dialect's JSON.

use crate::wire::{
    AttendanceJson, ChangedScores, EventData, EventFrame, GradeJson, MessageJson, NotificationJson, ReadJson,
    ScoresJson, ToClient,
};
use milepost_domain::{
    Attendance, AttendanceUpdate, Event, Fact, GradeUpdate, Notice, NoticeContent, Score, ScoresUpdate, TimeOfDay,
};
use milepost_http::{RawFields, rfc3339};
use serde_json::value::RawValue;

/// Fields that the sender of a message can't set.
const MESSAGE_FIELDS: [&str; 4] = ["id", "sender_id", "is_read", "created_at"];

/// Writes an event's message; `None` for an internal event.
pub fn render_event(event: &Event, replayed: bool) -> Option<String> {
    let (kind, cadet_id, data) = match &event.fact {
        Fact::GradeUpdated(update) => ("grade_update", Some(update.cadet_id), EventData::Grade(grade(update))),
        Fact::AttendanceUpdated(update) => {
            ("attendance_update", Some(update.cadet_id), EventData::Attendance(attendance(update)))
        }
        Fact::ScoresUpdated(update) => ("exam_score_update", Some(update.cadet_id), EventData::Scores(scores(update))),
        Fact::NoticeSent(sent) => notice(sent),
        Fact::NoticeRead { notice_id, is_message, read_at, .. } => {
            let kind = if *is_message { "message_read" } else { "notification_read" };
            let read = ReadJson { id: notice_id.get(), is_read: true, read_at: rfc3339(*read_at) };
            (kind, None, EventData::Read(read))
        }
        Fact::ManualEvent(manual) => {
            // It was parsed before it was stored. A damaged row is not sent.
            let payload: &RawValue = serde_json::from_str(manual.payload.as_str()).ok()?;
            (manual.event_type.as_str(), manual.cadet_id, EventData::Manual(payload))
        }
        _ => return None,
    };
    let frame = EventFrame {
        kind,
        event_id: event.id,
        timestamp: rfc3339(event.at),
        cadet_id: cadet_id.map(milepost_domain::CadetId::get),
        data,
        replayed,
    };
    Some(serde_json::to_string(&frame).expect("strings, finite numbers and parsed JSON serialise"))
}

/// Writes a message that is not an event.
///
/// # Panics
/// Never: the types hold only strings, numbers and parsed JSON.
pub(crate) fn render(message: &ToClient<'_>) -> String {
    serde_json::to_string(message).expect("strings, numbers and parsed JSON serialise")
}

fn grade(update: &GradeUpdate) -> GradeJson<'_> {
    let standing = &update.standing;
    let points = update.given.points.get();
    GradeJson {
        cadet_id: update.cadet_id.get(),
        grade_id: update.grade_id.get(),
        kind: update.given.kind.as_str(),
        points: if update.removed { -points } else { points },
        merit_points: standing.merit_points,
        demerit_points: standing.demerit_points,
        reason: update.given.reason.as_str(),
        attendance_present: standing.attendance_present,
        prelim_score: standing.scores.prelim.map(Score::points),
        midterm_score: standing.scores.midterm.map(Score::points),
        final_score: standing.scores.r#final.map(Score::points),
        removed: update.removed,
    }
}

fn attendance(update: &AttendanceUpdate) -> AttendanceJson {
    let Attendance { status, time_in, time_out } = update.attendance;
    let shown = |time: Option<TimeOfDay>| time.map(|time| time.to_string());
    AttendanceJson {
        cadet_id: update.cadet_id.get(),
        training_day_id: update.training_day_id.get(),
        status: status.as_str(),
        attendance_present: update.attendance_present,
        time_in: shown(time_in),
        time_out: shown(time_out),
    }
}

fn scores(update: &ScoresUpdate) -> ScoresJson {
    let points = |change: Option<Option<Score>>| change.map(|score| score.map(Score::points));
    ScoresJson {
        cadet_id: update.cadet_id.get(),
        prelim_score: update.scores.prelim.map(Score::points),
        midterm_score: update.scores.midterm.map(Score::points),
        final_score: update.scores.r#final.map(Score::points),
        changed_scores: ChangedScores {
            prelim_score: points(update.changed.prelim),
            midterm_score: points(update.changed.midterm),
            final_score: points(update.changed.r#final),
        },
    }
}

fn notice(sent: &Notice) -> (&'static str, Option<milepost_domain::CadetId>, EventData<'_>) {
    let (id, created_at) = (sent.id.get(), rfc3339(sent.created_at));
    match &sent.content {
        NoticeContent::Notification { message, kind } => {
            let (message, kind) = (message.as_str(), kind.as_str());
            let notification = NotificationJson { id, message, kind, is_read: false, created_at };
            ("notification", None, EventData::Notification(notification))
        }
        NoticeContent::Message { sender_id, fields } => {
            let mut fields = RawFields::of_stored(fields.as_str());
            fields.0.retain(|(name, _)| !MESSAGE_FIELDS.contains(&name.as_str()));
            let sender_id = sender_id.map(|id| id.get());
            ("message", None, EventData::Message(MessageJson { id, sender_id, is_read: false, created_at, fields }))
        }
    }
}
