//! Cadets and their records.

use super::fleet::present;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A cadet to be added.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewCadetJson {
    /// At most 200 characters.
    #[schema(example = "Ana Cruz")]
    pub name: String,
    /// Its number in the school's own register, unique within the tenant, at most 64 characters.
    #[schema(example = "2024-00123")]
    pub student_id: Option<String>,
    /// For a superadmin: the tenant; its own if absent.
    pub tenant: Option<String>,
}

/// A cadet with its totals.
#[derive(Serialize, ToSchema)]
pub(crate) struct CadetJson {
    pub id: i64,
    pub name: String,
    /// Its number in the school's own register.
    pub student_id: Option<String>,
    /// Sum of the merits' points.
    pub merit_points: i64,
    /// Sum of the demerits' points.
    pub demerit_points: i64,
    /// Training days at which it was `present`.
    pub attendance_present: i64,
    /// 0 to 100; null until it is entered.
    pub prelim_score: Option<f64>,
    /// 0 to 100; null until it is entered.
    pub midterm_score: Option<f64>,
    /// 0 to 100; null until it is entered.
    pub final_score: Option<f64>,
    /// RFC 3339, UTC, milliseconds.
    pub created_at: String,
    /// Up to 100 training days, the highest first. Lists leave this out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub attendance: Option<Vec<AttendanceJson>>,
}

/// A merit or demerit to be given.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewGradeJson {
    /// merit or demerit.
    #[serde(rename = "type")]
    pub kind: String,
    /// 1 to 1000.
    #[schema(minimum = 1, maximum = 1000)]
    pub points: i64,
    /// Reason, at most 500 characters.
    #[schema(example = "Outstanding performance")]
    pub reason: String,
}

/// A merit or demerit.
#[derive(Serialize, ToSchema)]
pub(crate) struct GradeJson {
    pub id: i64,
    /// The cadet's number.
    pub cadet_id: i64,
    /// merit or demerit.
    #[serde(rename = "type")]
    pub kind: String,
    /// 1 to 1000.
    pub points: i64,
    pub reason: String,
    /// RFC 3339, UTC, milliseconds.
    pub created_at: String,
}

/// A cadet's attendance of a training day.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SetAttendanceJson {
    /// present, absent, late or excused.
    pub status: String,
    /// `08:00` or `08:00:00`; absent if unknown.
    pub time_in: Option<String>,
    /// `17:00` or `17:00:00`; past midnight if it is before `time_in`; absent if unknown.
    pub time_out: Option<String>,
}

/// A cadet's attendance of a training day.
#[derive(Serialize, ToSchema)]
pub(crate) struct AttendanceJson {
    /// Number of the training day.
    pub training_day_id: i64,
    /// present, absent, late or excused.
    pub status: String,
    /// `08:00:00`; null if unknown.
    pub time_in: Option<String>,
    /// `17:00:00`; null if unknown.
    pub time_out: Option<String>,
}

/// The changes of a cadet's scores. Absent ones stay, null takes a score back.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(clippy::option_option, reason = "absent and null differ in a PATCH")]
pub(crate) struct ChangeScoresJson {
    /// 0 to 100, two decimals.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<f64>)]
    pub prelim_score: Option<Option<f64>>,
    /// 0 to 100, two decimals.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<f64>)]
    pub midterm_score: Option<Option<f64>>,
    /// 0 to 100, two decimals.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<f64>)]
    pub final_score: Option<Option<f64>>,
}
