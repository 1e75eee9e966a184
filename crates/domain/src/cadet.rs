//! A cadet and its records: merits and demerits, attendance by training day, scores.

use crate::ids::number_id;
use crate::names::named_values;
use crate::text::short_text;
use crate::{Invalid, TenantId, Timestamp};

number_id!(
    /// A cadet's number, unique in its tenant, from 1.
    CadetId,
    "cadet_id"
);
number_id!(
    /// A grade's number, unique in its tenant, from 1.
    GradeId,
    "grade_id"
);
number_id!(
    /// A training day's number, from 1. The tenant assigns it.
    TrainingDayId,
    "training_day_id"
);

short_text!(
    /// A cadet's name as its staff writes it.
    CadetName,
    "name",
    200,
    "must be 1 to 200 characters without control characters"
);
short_text!(
    /// A cadet's number in its school's own books, unique within the tenant.
    StudentId,
    "student_id",
    64,
    "must be 1 to 64 characters without control characters"
);
short_text!(
    /// Why a merit or demerit was given.
    Reason,
    "reason",
    500,
    "must be 1 to 500 characters without control characters"
);

/// Praise or blame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum GradeKind {
    /// Adds to the merit points.
    Merit,
    /// Adds to the demerit points.
    Demerit,
}

named_values!(GradeKind, "type", "must be merit or demerit", {
    Merit => "merit",
    Demerit => "demerit",
});

/// Points of one grade, 1 to 1000.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Points(i64);

impl Points {
    /// # Errors
    /// [`Invalid`] out of range.
    pub const fn new(points: i64) -> Result<Self, Invalid> {
        if points >= 1 && points <= 1000 {
            Ok(Self(points))
        } else {
            Err(Invalid::new("points", "must be a whole number from 1 to 1000"))
        }
    }

    /// The number of points.
    pub const fn get(self) -> i64 {
        self.0
    }
}

/// The content of a grade. It never changes, but the grade can be taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GradeGiven {
    /// Praise or blame.
    pub kind: GradeKind,
    /// Its weight.
    pub points: Points,
    /// Reason given by staff.
    pub reason: Reason,
}

/// A stored grade.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grade {
    /// Unique in its tenant.
    pub id: GradeId,
    /// The cadet who got it.
    pub cadet_id: CadetId,
    /// Kind, points and reason.
    pub given: GradeGiven,
    /// When it was given.
    pub created_at: Timestamp,
}

/// A score from 0 to 100 with two decimals. Stored in hundredths, so that it stays exactly as entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Score(i32);

/// Added before rounding, because the double nearest to 1.005 lies below 1.005. It is larger than the rounding error of the
/// product, and smaller than any difference in a third decimal.
const HALF_UP: f64 = 1e-9;

impl Score {
    /// From points; a third decimal is rounded, half up.
    ///
    /// # Errors
    /// [`Invalid`] below 0, above 100, or no number.
    pub fn new(points: f64) -> Result<Self, Invalid> {
        if (0.0..=100.0).contains(&points) {
            // In range: 0 to 10,000.
            #[allow(clippy::cast_possible_truncation, reason = "0 to 10,000")]
            Ok(Self((points * 100.0 + HALF_UP).round() as i32))
        } else {
            Err(Invalid::new("score", "must be a number from 0 to 100"))
        }
    }

    /// From hundredths of a point, 0 to 10,000.
    ///
    /// # Errors
    /// [`Invalid`] out of range.
    pub const fn from_hundredths(hundredths: i32) -> Result<Self, Invalid> {
        if hundredths >= 0 && hundredths <= 10_000 {
            Ok(Self(hundredths))
        } else {
            Err(Invalid::new("score", "must be a number from 0 to 100"))
        }
    }

    /// Hundredths of a point.
    pub const fn hundredths(self) -> i32 {
        self.0
    }

    /// Points.
    pub fn points(self) -> f64 {
        f64::from(self.0) / 100.0
    }
}

/// A cadet's three scores, each unknown until it is entered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Scores {
    /// Of the preliminary examination.
    pub prelim: Option<Score>,
    /// Of the midterm examination.
    pub midterm: Option<Score>,
    /// Of the final examination.
    pub r#final: Option<Score>,
}

/// Which scores change: outer `None` leaves a score as it is, `Some(None)` takes it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ScoreChange {
    /// Of the preliminary examination.
    pub prelim: Option<Option<Score>>,
    /// Of the midterm examination.
    pub midterm: Option<Option<Score>>,
    /// Of the final examination.
    pub r#final: Option<Option<Score>>,
}

impl ScoreChange {
    /// The part of this change that differs from `before`; all `None` if nothing does.
    pub fn against(self, before: Scores) -> Self {
        let differs = |change: Option<Option<Score>>, old| change.filter(|new| *new != old);
        Self {
            prelim: differs(self.prelim, before.prelim),
            midterm: differs(self.midterm, before.midterm),
            r#final: differs(self.r#final, before.r#final),
        }
    }

    /// The scores after it.
    pub fn applied_to(self, before: Scores) -> Scores {
        Scores {
            prelim: self.prelim.unwrap_or(before.prelim),
            midterm: self.midterm.unwrap_or(before.midterm),
            r#final: self.r#final.unwrap_or(before.r#final),
        }
    }
}

/// The sums of a cadet's grades and attendance, and its scores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Sum of the merits' points.
    pub merit_points: i64,
    /// Sum of the demerits' points.
    pub demerit_points: i64,
    /// Training days at which it was present.
    pub attendance_present: i64,
    /// All three scores.
    pub scores: Scores,
}

/// A cadet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cadet {
    /// Unique in its tenant.
    pub id: CadetId,
    /// Its unit.
    pub tenant: TenantId,
    /// Its name.
    pub name: CadetName,
    /// Its number in the school's books.
    pub student_id: Option<StudentId>,
    /// Sums of its records.
    pub standing: Standing,
    /// When it was entered.
    pub created_at: Timestamp,
    /// Counts the changes of its records, from 1.
    pub version: i64,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::Score;

    #[test]
    fn a_third_decimal_is_rounded_half_up_as_it_was_written() {
        for thousandths in 0..=100_000_u32 {
            let written = format!("{}.{:03}", thousandths / 1000, thousandths % 1000);
            let expected = (thousandths + 5) / 10;
            let score = Score::new(written.parse().unwrap()).unwrap();
            assert_eq!(score.points(), f64::from(expected) / 100.0, "{written}");
        }
    }
}
