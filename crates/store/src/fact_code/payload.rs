//! Reads the payloads of records' facts.

use crate::{Result, StoreError, schedule_code::time_of_day};
use milepost_domain::{
    Attendance, AttendanceStatus, AttendanceUpdate, CadetId, EventType, GradeGiven, GradeId, GradeKind, GradeUpdate,
    JsonObject, ManualEvent, Notice, NoticeContent, NoticeId, NotificationKind, NotificationText, Points, Reason,
    Score, ScoreChange, Scores, ScoresUpdate, Standing, TimeOfDay, Timestamp, TrainingDayId, UserId,
};
use serde_json::Value;

/// A payload that is being read.
pub(super) struct Payload<'p> {
    /// The kind of its event.
    pub(super) kind: &'p str,
    /// An object, if all is well.
    pub(super) value: &'p Value,
}

impl Payload<'_> {
    pub(super) fn lacks(&self, field: &str) -> StoreError {
        StoreError::Corrupt(format!("event of kind {} lacks {field}", self.kind))
    }

    pub(super) fn number(&self, field: &str) -> Result<i64> {
        self.value.get(field).and_then(Value::as_i64).ok_or_else(|| self.lacks(field))
    }

    pub(super) fn text(&self, field: &str) -> Result<&str> {
        self.value.get(field).and_then(Value::as_str).ok_or_else(|| self.lacks(field))
    }

    fn flag(&self, field: &str) -> Result<bool> {
        self.value.get(field).and_then(Value::as_bool).ok_or_else(|| self.lacks(field))
    }

    /// A number that may be null.
    pub(super) fn number_or_null(&self, field: &str) -> Result<Option<i64>> {
        match self.value.get(field) {
            Some(Value::Null) => Ok(None),
            _ => self.number(field).map(Some),
        }
    }

    fn score(&self, field: &str) -> Result<Option<Score>> {
        match self.value.get(field) {
            Some(Value::Null) => Ok(None),
            Some(Value::Number(points)) => Ok(Some(Score::new(points.as_f64().unwrap_or(f64::NAN))?)),
            _ => Err(self.lacks(field)),
        }
    }

    fn scores(&self) -> Result<Scores> {
        Ok(Scores {
            prelim: self.score("prelim_score")?,
            midterm: self.score("midterm_score")?,
            r#final: self.score("final_score")?,
        })
    }

    fn time_of_day(&self, field: &str) -> Result<Option<TimeOfDay>> {
        match self.value.get(field) {
            Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => time_of_day(text).map(Some).ok_or_else(|| self.lacks(field)),
            _ => Err(self.lacks(field)),
        }
    }

    fn instant(&self, field: &str) -> Result<Timestamp> {
        super::instant(self.number(field)?)
    }

    pub(super) fn cadet_id(&self) -> Result<CadetId> {
        Ok(CadetId::new(self.number("cadet_id")?)?)
    }

    pub(super) fn grade(&self) -> Result<GradeUpdate> {
        let removed = self.flag("removed")?;
        let points = self.number("points")?;
        Ok(GradeUpdate {
            cadet_id: self.cadet_id()?,
            grade_id: GradeId::new(self.number("grade_id")?)?,
            given: GradeGiven {
                kind: GradeKind::parse(self.text("type")?)?,
                points: Points::new(if removed { points.saturating_neg() } else { points })?,
                reason: Reason::new(self.text("reason")?)?,
            },
            removed,
            standing: Standing {
                merit_points: self.number("merit_points")?,
                demerit_points: self.number("demerit_points")?,
                attendance_present: self.number("attendance_present")?,
                scores: self.scores()?,
            },
        })
    }

    pub(super) fn attendance(&self) -> Result<AttendanceUpdate> {
        Ok(AttendanceUpdate {
            cadet_id: self.cadet_id()?,
            training_day_id: TrainingDayId::new(self.number("training_day_id")?)?,
            attendance: Attendance {
                status: AttendanceStatus::parse(self.text("status")?)?,
                time_in: self.time_of_day("time_in")?,
                time_out: self.time_of_day("time_out")?,
            },
            attendance_present: self.number("attendance_present")?,
        })
    }

    pub(super) fn scores_update(&self) -> Result<ScoresUpdate> {
        let changed = self.value.get("changed_scores").ok_or_else(|| self.lacks("changed_scores"))?;
        let changed = Payload { kind: self.kind, value: changed };
        let change = |field| changed.value.get(field).map(|_| changed.score(field)).transpose();
        Ok(ScoresUpdate {
            cadet_id: self.cadet_id()?,
            scores: self.scores()?,
            changed: ScoreChange {
                prelim: change("prelim_score")?,
                midterm: change("midterm_score")?,
                r#final: change("final_score")?,
            },
        })
    }

    pub(super) fn notice(&self) -> Result<Notice> {
        let content = if self.flag("is_message")? {
            NoticeContent::Message {
                sender_id: self.number_or_null("sender_id")?.map(UserId::new).transpose()?,
                fields: JsonObject::of_parsed(self.text("fields")?.to_owned(), "fields")?,
            }
        } else {
            NoticeContent::Notification {
                message: NotificationText::new(self.text("message")?)?,
                kind: NotificationKind::new(self.text("type")?)?,
            }
        };
        Ok(Notice {
            id: self.notice_id()?,
            user_id: self.user_id()?,
            content,
            created_at: self.instant("created_ms")?,
            read_at: self.number_or_null("read_ms")?.map(super::instant).transpose()?,
        })
    }

    pub(super) fn notice_id(&self) -> Result<NoticeId> {
        Ok(NoticeId::new(self.number("id")?)?)
    }

    pub(super) fn user_id(&self) -> Result<UserId> {
        Ok(UserId::new(self.number("user_id")?)?)
    }

    pub(super) fn is_message(&self) -> Result<bool> {
        self.flag("is_message")
    }

    pub(super) fn read_at(&self) -> Result<Timestamp> {
        self.instant("read_ms")
    }

    pub(super) fn manual_event(&self) -> Result<ManualEvent> {
        Ok(ManualEvent {
            event_type: EventType::new(self.text("event_type")?)?,
            cadet_id: self.number_or_null("cadet_id")?.map(CadetId::new).transpose()?,
            payload: JsonObject::of_parsed(self.text("payload")?.to_owned(), "payload")?,
        })
    }
}
