//! What webhooks are sent about cadets' records.

use milepost_domain::{AttendanceUpdate, GradeUpdate, Score, ScoresUpdate, Standing};
use serde_json::{Map, Value, json};

pub(super) fn grade(update: &GradeUpdate) -> Value {
    let given = update.given.points.get();
    let Standing { merit_points, demerit_points, attendance_present, scores } = update.standing;
    json!({
        "cadet_id": update.cadet_id.get(),
        "grade_id": update.grade_id.get(),
        "type": update.given.kind.as_str(),
        "points": if update.removed { -given } else { given },
        "reason": update.given.reason.as_str(),
        "removed": update.removed,
        "merit_points": merit_points,
        "demerit_points": demerit_points,
        "attendance_present": attendance_present,
        "prelim_score": points(scores.prelim),
        "midterm_score": points(scores.midterm),
        "final_score": points(scores.r#final),
    })
}

pub(super) fn attendance(update: &AttendanceUpdate) -> Value {
    json!({
        "cadet_id": update.cadet_id.get(),
        "training_day_id": update.training_day_id.get(),
        "status": update.attendance.status.as_str(),
        "time_in": update.attendance.time_in.map(|time| time.to_string()),
        "time_out": update.attendance.time_out.map(|time| time.to_string()),
        "attendance_present": update.attendance_present,
    })
}

pub(super) fn scores(update: &ScoresUpdate) -> Value {
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
}

fn points(score: Option<Score>) -> Value {
    json!(score.map(Score::points))
}
