//! Payloads of facts about cadets' records.

use super::field::{self, nullable};
use milepost_domain::{
    Attendance, AttendanceStatus, AttendanceUpdate, CadetId, GradeGiven, GradeId, GradeKind, GradeUpdate, Invalid,
    Points, Reason, Score, ScoreChange, Scores, ScoresUpdate, Standing, TimeOfDay, TrainingDayId,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
pub(super) struct CadetPayload {
    #[serde(with = "field")]
    pub(super) cadet_id: CadetId,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Scores")]
struct ScoresPayload {
    #[serde(rename = "prelim_score", with = "nullable")]
    prelim: Option<Score>,
    #[serde(rename = "midterm_score", with = "nullable")]
    midterm: Option<Score>,
    #[serde(rename = "final_score", with = "nullable")]
    r#final: Option<Score>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct GradePayload {
    #[serde(with = "field")]
    cadet_id: CadetId,
    #[serde(with = "field")]
    grade_id: GradeId,
    #[serde(rename = "type", with = "field")]
    kind: GradeKind,
    /// Negative when the grade was taken back.
    points: i64,
    #[serde(with = "field")]
    reason: Reason,
    removed: bool,
    merit_points: i64,
    demerit_points: i64,
    attendance_present: i64,
    #[serde(flatten, with = "ScoresPayload")]
    scores: Scores,
}

impl From<&GradeUpdate> for GradePayload {
    fn from(update: &GradeUpdate) -> Self {
        let points = update.given.points.get();
        Self {
            cadet_id: update.cadet_id,
            grade_id: update.grade_id,
            kind: update.given.kind,
            points: if update.removed { -points } else { points },
            reason: update.given.reason.clone(),
            removed: update.removed,
            merit_points: update.standing.merit_points,
            demerit_points: update.standing.demerit_points,
            attendance_present: update.standing.attendance_present,
            scores: update.standing.scores,
        }
    }
}

impl TryFrom<GradePayload> for GradeUpdate {
    type Error = Invalid;

    fn try_from(payload: GradePayload) -> Result<Self, Invalid> {
        let GradePayload {
            kind,
            points,
            reason,
            removed,
            merit_points,
            demerit_points,
            attendance_present,
            scores,
            ..
        } = payload;
        let points = Points::new(if removed { points.saturating_neg() } else { points })?;
        Ok(Self {
            cadet_id: payload.cadet_id,
            grade_id: payload.grade_id,
            given: GradeGiven { kind, points, reason },
            removed,
            standing: Standing { merit_points, demerit_points, attendance_present, scores },
        })
    }
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Attendance")]
struct DayPayload {
    #[serde(with = "field")]
    status: AttendanceStatus,
    #[serde(with = "nullable")]
    time_in: Option<TimeOfDay>,
    #[serde(with = "nullable")]
    time_out: Option<TimeOfDay>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "AttendanceUpdate")]
pub(super) struct AttendancePayload {
    #[serde(with = "field")]
    cadet_id: CadetId,
    #[serde(with = "field")]
    training_day_id: TrainingDayId,
    #[serde(flatten, with = "DayPayload")]
    attendance: Attendance,
    attendance_present: i64,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "ScoresUpdate")]
pub(super) struct ScoresUpdatePayload {
    #[serde(with = "field")]
    cadet_id: CadetId,
    #[serde(flatten, with = "ScoresPayload")]
    scores: Scores,
    #[serde(rename = "changed_scores", with = "ScoreChangePayload")]
    changed: ScoreChange,
}

/// A score that did not change is absent. A score that was removed is null.
#[derive(Serialize, Deserialize)]
#[serde(remote = "ScoreChange")]
struct ScoreChangePayload {
    #[serde(rename = "prelim_score", default, with = "changed", skip_serializing_if = "Option::is_none")]
    prelim: Option<Option<Score>>,
    #[serde(rename = "midterm_score", default, with = "changed", skip_serializing_if = "Option::is_none")]
    midterm: Option<Option<Score>>,
    #[serde(rename = "final_score", default, with = "changed", skip_serializing_if = "Option::is_none")]
    r#final: Option<Option<Score>>,
}

mod changed {
    use super::{Score, nullable};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(change: &Option<Option<Score>>, serializer: S) -> Result<S::Ok, S::Error> {
        nullable::serialize(&change.flatten(), serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Score>>, D::Error> {
        nullable::deserialize(deserializer).map(Some)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use crate::event_payload::{decode, encode, is_unknown};
    use milepost_domain::{
        Attendance, AttendanceStatus, AttendanceUpdate, CadetId, EventType, Fact, GradeGiven, GradeId, GradeKind,
        GradeUpdate, JsonObject, ManualEvent, Notice, NoticeContent, NoticeId, NotificationKind, NotificationText,
        Points, Reason, Score, ScoreChange, Scores, ScoresUpdate, Standing, TimeOfDay, Timestamp, TrainingDayId,
        UserId, WEBHOOK_KINDS,
    };
    use serde_json::{Value, json};

    fn cadet_id() -> CadetId {
        CadetId::new(1).unwrap()
    }

    fn score(hundredths: i32) -> Option<Score> {
        Some(Score::from_hundredths(hundredths).unwrap())
    }

    fn grade(kind: GradeKind, removed: bool) -> Fact {
        let scores = Scores { prelim: score(8550), midterm: score(0), r#final: None };
        Fact::GradeUpdated(Box::new(GradeUpdate {
            cadet_id: cadet_id(),
            grade_id: GradeId::new(9).unwrap(),
            given: GradeGiven {
                kind,
                points: Points::new(5).unwrap(),
                reason: Reason::new("Outstanding \"performance\" «ü»").unwrap(),
            },
            removed,
            standing: Standing { merit_points: 25, demerit_points: 10, attendance_present: 15, scores },
        }))
    }

    fn attendance(time_in: Option<u32>, time_out: Option<u32>) -> Fact {
        let time = |seconds| TimeOfDay::from_seconds(seconds).unwrap();
        Fact::AttendanceUpdated(Box::new(AttendanceUpdate {
            cadet_id: cadet_id(),
            training_day_id: TrainingDayId::new(i64::MAX).unwrap(),
            attendance: Attendance {
                status: AttendanceStatus::Excused,
                time_in: time_in.map(time),
                time_out: time_out.map(time),
            },
            attendance_present: 16,
        }))
    }

    fn scores(scores: Scores, changed: ScoreChange) -> Fact {
        Fact::ScoresUpdated(Box::new(ScoresUpdate { cadet_id: cadet_id(), scores, changed }))
    }

    fn notice(content: NoticeContent, read_at: Option<Timestamp>) -> Fact {
        Fact::NoticeSent(Box::new(Notice {
            id: NoticeId::new(123).unwrap(),
            user_id: UserId::new(7).unwrap(),
            content,
            created_at: Timestamp::from_unix_ms(1_705_314_600_001).unwrap(),
            read_at,
        }))
    }

    fn manual(event_type: &str, cadet_id: Option<CadetId>, payload: &str) -> Fact {
        Fact::ManualEvent(Box::new(ManualEvent {
            event_type: EventType::new(event_type).unwrap(),
            cadet_id,
            payload: JsonObject::of_parsed(payload.to_owned(), "payload").unwrap(),
        }))
    }

    fn comes_back(fact: &Fact) -> Value {
        let (kind, payload) = encode(fact);
        assert_eq!(decode(kind, &payload), *fact);
        assert_eq!(WEBHOOK_KINDS.contains(&kind), kind.contains('.'), "{kind}");
        serde_json::from_str(&payload).unwrap()
    }

    #[test]
    fn every_record_comes_back_as_it_was() {
        for removed in [false, true] {
            comes_back(&grade(GradeKind::Merit, removed));
            comes_back(&grade(GradeKind::Demerit, removed));
        }
        for (time_in, time_out) in [(None, None), (Some(0), Some(86_399)), (Some(3_661), None), (None, Some(60))] {
            comes_back(&attendance(time_in, time_out));
        }
        let text = NotificationText::new("Parade\n\tat 8").unwrap();
        let kind = NotificationKind::new("admin_message").unwrap();
        comes_back(&notice(NoticeContent::Notification { message: text, kind }, None));
        let fields =
            JsonObject::of_parsed("{\"z\":1.000000000000000000001,\"a\":\"\\u0000\"}".to_owned(), "x").unwrap();
        for sender_id in [None, UserId::new(5).ok()] {
            let content = NoticeContent::Message { sender_id, fields: fields.clone() };
            comes_back(&notice(content, Timestamp::from_unix_ms(1_705_314_600_002)));
        }
        comes_back(&manual("schedule.changed", Some(cadet_id()), "{\"b\":1,\"a\":{}}"));
        comes_back(&manual("grade_update", None, "{}"));
    }

    #[test]
    fn every_score_comes_back_to_the_hundredth() {
        for hundredths in 0..=10_000 {
            let of = score(hundredths);
            let change = ScoreChange { prelim: Some(of), midterm: None, r#final: Some(None) };
            comes_back(&scores(Scores { prelim: of, midterm: of, r#final: None }, change));
        }
    }

    #[test]
    fn payloads_keep_their_form() {
        let expected = json!({
            "cadet_id": 1, "grade_id": 9, "type": "merit", "points": -5, "removed": true,
            "reason": "Outstanding \"performance\" «ü»", "merit_points": 25, "demerit_points": 10,
            "attendance_present": 15, "prelim_score": 85.5, "midterm_score": 0.0, "final_score": null,
        });
        assert_eq!(comes_back(&grade(GradeKind::Merit, true)), expected);
        let expected = json!({
            "cadet_id": 1, "training_day_id": i64::MAX, "status": "excused", "time_in": "08:00:00", "time_out": null,
            "attendance_present": 16,
        });
        assert_eq!(comes_back(&attendance(Some(8 * 3600), None)), expected);
        let after = Scores { prelim: score(8550), midterm: None, r#final: score(8800) };
        let change = ScoreChange { prelim: None, midterm: Some(None), r#final: Some(score(8800)) };
        let expected = json!({
            "cadet_id": 1, "prelim_score": 85.5, "midterm_score": null, "final_score": 88.0,
            "changed_scores": { "midterm_score": null, "final_score": 88.0 },
        });
        assert_eq!(comes_back(&scores(after, change)), expected);
    }

    #[test]
    fn broken_records_come_as_unknown() {
        for fact in [
            grade(GradeKind::Merit, false),
            attendance(Some(1), None),
            scores(Scores::default(), ScoreChange::default()),
            manual("x", None, "{}"),
            Fact::CadetAdded { cadet_id: cadet_id() },
        ] {
            let (kind, payload) = encode(&fact);
            let whole: Value = serde_json::from_str(&payload).unwrap();
            for field in whole.as_object().unwrap().keys() {
                let mut broken = whole.clone();
                broken.as_object_mut().unwrap().remove(field);
                assert!(is_unknown(&decode(kind, &broken.to_string())), "{kind} without {field}");
            }
        }
        let wrong = r#"{"cadet_id":1,"training_day_id":1,"status":"present","attendance_present":0,"time_out":null,"#;
        for time_in in ["\"24:00:00\"", "\"08\u{2236}00\"", "8", "\"255:255:255:255:255:255\""] {
            assert!(is_unknown(&decode("attendance.updated", &format!("{wrong}\"time_in\":{time_in}}}"))), "{time_in}");
        }
    }
}
