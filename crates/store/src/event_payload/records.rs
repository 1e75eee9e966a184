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
mod tests {
    use crate::event_payload::samples::check;
    use serde_json::json;

    #[test]
    fn every_score_comes_back_to_the_hundredth() {
        for hundredths in 0..=10_000 {
            check("scores.updated", "midterm_score", json!(f64::from(hundredths) / 100.0));
        }
    }
}
