//! Between the native dialect's JSON and the domain's cadets and their records.

use crate::wire::record::{
    AttendanceJson, CadetJson, ChangeScoresJson, GradeJson, NewCadetJson, NewGradeJson, SetAttendanceJson,
};
use milepost_domain::{
    Attendance, AttendanceStatus, Cadet, CadetName, Grade, GradeGiven, GradeKind, Invalid, Points, Reason, Score,
    ScoreChange, StudentId, TenantId, TimeOfDay, TrainingDayId,
};
use milepost_http::{FieldError, Problem, rfc3339};
use milepost_service::records::NewCadet;

/// Collects the wrong fields, so that one answer names all of them.
#[derive(Default)]
struct Wrong(Vec<FieldError>);

impl Wrong {
    fn look<T>(&mut self, field: &str, read: Result<T, Invalid>) -> Option<T> {
        let note = |invalid: Invalid| {
            self.0.push(FieldError { field: field.to_owned(), message: invalid.message.to_owned() });
        };
        read.map_err(note).ok()
    }
}

pub(crate) fn cadet_from_json(json: &NewCadetJson, tenant: TenantId) -> Result<NewCadet, Problem> {
    let mut wrong = Wrong::default();
    let name = wrong.look("name", CadetName::new(&json.name));
    let student_id = wrong.look("student_id", json.student_id.as_deref().map(StudentId::new).transpose());
    match (name, student_id) {
        (Some(name), Some(student_id)) => Ok(NewCadet { tenant, name, student_id }),
        _ => Err(Problem::invalid_fields(wrong.0)),
    }
}

/// A cadet as a list shows it. A cadet shown alone has `attendance` too.
pub(crate) fn cadet_to_json(cadet: &Cadet) -> CadetJson {
    let standing = &cadet.standing;
    CadetJson {
        id: cadet.id.get(),
        name: cadet.name.as_str().to_owned(),
        student_id: cadet.student_id.as_ref().map(|id| id.as_str().to_owned()),
        merit_points: standing.merit_points,
        demerit_points: standing.demerit_points,
        attendance_present: standing.attendance_present,
        prelim_score: standing.scores.prelim.map(Score::points),
        midterm_score: standing.scores.midterm.map(Score::points),
        final_score: standing.scores.r#final.map(Score::points),
        created_at: rfc3339(cadet.created_at),
        attendance: None,
    }
}

pub(crate) fn grade_from_json(json: &NewGradeJson) -> Result<GradeGiven, Problem> {
    let mut wrong = Wrong::default();
    let kind = wrong.look("type", GradeKind::parse(&json.kind));
    let points = wrong.look("points", Points::new(json.points));
    let reason = wrong.look("reason", Reason::new(&json.reason));
    match (kind, points, reason) {
        (Some(kind), Some(points), Some(reason)) => Ok(GradeGiven { kind, points, reason }),
        _ => Err(Problem::invalid_fields(wrong.0)),
    }
}

pub(crate) fn grade_to_json(grade: &Grade) -> GradeJson {
    GradeJson {
        id: grade.id.get(),
        cadet_id: grade.cadet_id.get(),
        kind: grade.given.kind.as_str().to_owned(),
        points: grade.given.points.get(),
        reason: grade.given.reason.as_str().to_owned(),
        created_at: rfc3339(grade.created_at),
    }
}

pub(crate) fn attendance_from_json(json: &SetAttendanceJson) -> Result<Attendance, Problem> {
    let mut wrong = Wrong::default();
    let status = wrong.look("status", AttendanceStatus::parse(&json.status));
    let time_in = wrong.look("time_in", json.time_in.as_deref().map(time_of_day).transpose());
    let time_out = wrong.look("time_out", json.time_out.as_deref().map(time_of_day).transpose());
    match (status, time_in, time_out) {
        (Some(status), Some(time_in), Some(time_out)) => Ok(Attendance { status, time_in, time_out }),
        _ => Err(Problem::invalid_fields(wrong.0)),
    }
}

pub(crate) fn attendance_to_json(day: TrainingDayId, attendance: &Attendance) -> AttendanceJson {
    AttendanceJson {
        training_day_id: day.get(),
        status: attendance.status.as_str().to_owned(),
        time_in: attendance.time_in.map(|time| time.to_string()),
        time_out: attendance.time_out.map(|time| time.to_string()),
    }
}

pub(crate) fn scores_from_json(json: &ChangeScoresJson) -> Result<ScoreChange, Problem> {
    let mut wrong = Wrong::default();
    let mut read = |field, change: Option<Option<f64>>| {
        wrong.look(field, change.map(|points| points.map(Score::new).transpose()).transpose())
    };
    let prelim = read("prelim_score", json.prelim_score);
    let midterm = read("midterm_score", json.midterm_score);
    let last = read("final_score", json.final_score);
    match (prelim, midterm, last) {
        (Some(prelim), Some(midterm), Some(last)) => Ok(ScoreChange { prelim, midterm, r#final: last }),
        _ => Err(Problem::invalid_fields(wrong.0)),
    }
}

/// Reads `08:00` or `08:00:00`. Each part has two digits.
pub(crate) fn time_of_day(text: &str) -> Result<TimeOfDay, Invalid> {
    const REFUSED: Invalid = Invalid::new("time", "must be a time of day such as 08:00 or 08:00:00");
    let mut parts = text.split(':').map(|part| {
        let is_number = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u32>().ok().filter(|_| is_number)
    });
    let (hours, minutes) = (parts.next().flatten().ok_or(REFUSED)?, parts.next().flatten().ok_or(REFUSED)?);
    let seconds = parts.next().map_or(Ok(0), |seconds| seconds.ok_or(REFUSED))?;
    if parts.next().is_some() || hours > 23 || minutes > 59 || seconds > 59 {
        return Err(REFUSED);
    }
    TimeOfDay::from_seconds(hours * 3600 + minutes * 60 + seconds)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_read_with_and_without_seconds_and_nothing_else_is() {
        for (text, seconds) in [("00:00", 0), ("08:05", 29_100), ("08:05:09", 29_109), ("23:59:59", 86_399)] {
            assert_eq!(time_of_day(text).unwrap().seconds(), seconds, "{text}");
        }
        #[rustfmt::skip]
        let strange = [
            "", ":", "8:00", "08", "08:", "08:0", "08:00:", "08:00:0", "08:00:00:00", "24:00", "08:60", "08:00:60",
            "+8:00", "-1:00", " 08:00", "08:00 ", "08.00", "08:00:00.5", "٠٨:٠٠", "8:00 AM", "2026-01-01T08:00:00Z",
        ];
        for text in strange {
            assert!(time_of_day(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_absent_score_stays_and_null_takes_it_back() {
        let json = serde_json::from_str(r#"{"prelim_score":85.555,"final_score":null}"#).unwrap();
        let change = scores_from_json(&json).unwrap();
        assert_eq!(change.prelim, Some(Some(Score::from_hundredths(8_556).unwrap())));
        assert_eq!((change.midterm, change.r#final), (None, Some(None)));
    }

    #[test]
    fn one_refusal_names_all_wrong_fields() {
        let json = serde_json::from_str(r#"{"prelim_score":-0.1,"midterm_score":100,"final_score":1e300}"#).unwrap();
        let problem = scores_from_json(&json).unwrap_err();
        let fields: Vec<_> = problem.errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["prelim_score", "final_score"]);
    }
}
