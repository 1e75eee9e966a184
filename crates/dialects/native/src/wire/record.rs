//! Cadets and their records.

use super::fleet::present;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A cadet to be entered.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewCadetJson {
    /// At most 200 characters.
    #[schema(example = "Ana Cruz")]
    pub name: String,
    /// Its number in the school's own books, unique within the tenant, at most 64 characters.
    #[schema(example = "2024-00123")]
    pub student_id: Option<String>,
    /// For a superadmin: whose; its own tenant's if absent.
    pub tenant: Option<String>,
}

/// A cadet with what its records come to.
#[derive(Serialize, ToSchema)]
pub(crate) struct CadetJson {
    pub id: i64,
    /// Name.
    pub name: String,
    /// Its number in the school's own books.
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
    /// Of one cadet shown by itself: up to 100 training days, the highest first.
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
    /// Why, at most 500 characters.
    #[schema(example = "Outstanding performance")]
    pub reason: String,
}

/// A merit or demerit.
#[derive(Serialize, ToSchema)]
pub(crate) struct GradeJson {
    pub id: i64,
    /// Whose.
    pub cadet_id: i64,
    /// merit or demerit.
    #[serde(rename = "type")]
    pub kind: String,
    /// 1 to 1000.
    pub points: i64,
    /// Why.
    pub reason: String,
    /// RFC 3339, UTC, milliseconds.
    pub created_at: String,
}

/// How a cadet attended a training day.
#[derive(Deserialize, ToSchema)]
pub(crate) struct SetAttendanceJson {
    /// present, absent, late or excused.
    pub status: String,
    /// `08:00` or `08:00:00`; unknown if absent.
    pub time_in: Option<String>,
    /// `17:00` or `17:00:00`, past midnight if before `time_in`; unknown if absent.
    pub time_out: Option<String>,
}

/// How a cadet attended a training day.
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

/// Which scores change; absent ones stay, null takes a score back.
#[derive(Deserialize, ToSchema)]
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
