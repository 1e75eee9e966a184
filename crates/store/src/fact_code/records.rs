//! Writes the payloads of records' facts. Those of grades, attendance and scores are public.

use milepost_domain::{
    AttendanceUpdate, CadetId, GradeUpdate, ManualEvent, Notice, NoticeContent, Score, ScoresUpdate, Timestamp, UserId,
};
use serde_json::{Map, Value, json};

fn points(score: Option<Score>) -> Value {
    json!(score.map(Score::points))
}

pub(super) fn encode_grade(update: &GradeUpdate) -> String {
    let points_given = update.given.points.get();
    let standing = update.standing;
    json!({
        "cadet_id": update.cadet_id.get(),
        "grade_id": update.grade_id.get(),
        "type": update.given.kind.as_str(),
        "points": if update.removed { -points_given } else { points_given },
        "reason": update.given.reason.as_str(),
        "removed": update.removed,
        "merit_points": standing.merit_points,
        "demerit_points": standing.demerit_points,
        "attendance_present": standing.attendance_present,
        "prelim_score": points(standing.scores.prelim),
        "midterm_score": points(standing.scores.midterm),
        "final_score": points(standing.scores.r#final),
    })
    .to_string()
}

pub(super) fn encode_attendance(update: &AttendanceUpdate) -> String {
    json!({
        "cadet_id": update.cadet_id.get(),
        "training_day_id": update.training_day_id.get(),
        "status": update.attendance.status.as_str(),
        "time_in": update.attendance.time_in.map(|time| time.to_string()),
        "time_out": update.attendance.time_out.map(|time| time.to_string()),
        "attendance_present": update.attendance_present,
    })
    .to_string()
}

pub(super) fn encode_scores(update: &ScoresUpdate) -> String {
    let changed = update.changed;
    let changed =
        [("prelim_score", changed.prelim), ("midterm_score", changed.midterm), ("final_score", changed.r#final)];
    let changed: Map<String, Value> =
        changed.into_iter().filter_map(|(field, change)| Some((field.to_owned(), points(change?)))).collect();
    json!({
        "cadet_id": update.cadet_id.get(),
        "prelim_score": points(update.scores.prelim),
        "midterm_score": points(update.scores.midterm),
        "final_score": points(update.scores.r#final),
        "changed_scores": changed,
    })
    .to_string()
}

/// Objects stand as their text, so that they come back as they were written, to the last digit.
pub(super) fn encode_notice(notice: &Notice) -> String {
    let mut payload = json!({
        "id": notice.id.get(),
        "user_id": notice.user_id.get(),
        "is_message": notice.content.is_message(),
        "created_ms": notice.created_at.unix_ms(),
        "read_ms": notice.read_at.map(Timestamp::unix_ms),
    });
    match &notice.content {
        NoticeContent::Notification { message, kind } => {
            payload["message"] = json!(message.as_str());
            payload["type"] = json!(kind.as_str());
        }
        NoticeContent::Message { sender_id, fields } => {
            payload["sender_id"] = json!(sender_id.map(UserId::get));
            payload["fields"] = json!(fields.as_str());
        }
    }
    payload.to_string()
}

pub(super) fn encode_manual_event(event: &ManualEvent) -> String {
    json!({
        "event_type": event.event_type.as_str(),
        "cadet_id": event.cadet_id.map(CadetId::get),
        "payload": event.payload.as_str(),
    })
    .to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use crate::fact_code::{decode, encode};
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
        assert_eq!(decode(kind, &payload).unwrap(), *fact);
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
    fn payloads_that_webhooks_are_told_keep_their_form() {
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
    fn broken_records_are_refused() {
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
                assert!(decode(kind, &broken.to_string()).is_err(), "{kind} without {field}");
            }
        }
        let wrong = r#"{"cadet_id":1,"training_day_id":1,"status":"present","attendance_present":0,"time_out":null,"#;
        for time_in in ["\"24:00:00\"", "\"08\u{2236}00\"", "8", "\"255:255:255:255:255:255\""] {
            assert!(decode("attendance.updated", &format!("{wrong}\"time_in\":{time_in}}}")).is_err(), "{time_in}");
        }
    }
}
