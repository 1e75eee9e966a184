//! The data of facts and items: as the REST API answers the same things.

use milepost_http::RawFields;
use serde::Serialize;
use serde_json::value::RawValue;

/// An alert.
#[derive(Debug, Serialize)]
pub struct AlertJson<'a> {
    /// Unique in its tenant.
    pub id: &'a str,
    /// One of the nine types of alerts.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// low, medium, high or critical.
    pub severity: &'static str,
    /// The one user who gets it; null for all who see the whole fleet.
    pub user_id: Option<i64>,
    /// The vehicle that it is about.
    pub vehicle_id: Option<&'a str>,
    /// The driver at that time.
    pub driver_id: Option<i64>,
    /// A short description.
    pub title: &'a str,
    /// The full description.
    pub message: &'a str,
    /// Details for programs, as the creator wrote them.
    pub data: Option<&'a RawValue>,
    /// There is one unexpired alert for each subject.
    pub subject: Option<&'a str>,
    /// When it happened.
    pub timestamp: String,
    /// Whether somebody marked it read.
    pub read: bool,
    /// When.
    pub read_at: Option<String>,
    /// Who did.
    pub read_by: Option<i64>,
    /// When it stops being relevant.
    pub expires_at: String,
}

/// An alert was marked read, or was deleted.
#[derive(Debug, Serialize)]
pub struct AlertMarkJson<'a> {
    /// The alert.
    pub id: &'a str,
    /// When it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_at: Option<String>,
    /// Who read it, if known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_by: Option<i64>,
}

/// A trip.
#[derive(Debug, Serialize)]
pub struct TripJson<'a> {
    /// Unique in its tenant.
    pub id: &'a str,
    /// The vehicle.
    pub vehicle_id: &'a str,
    /// Who drove.
    pub driver_id: Option<i64>,
    /// auto or manual.
    pub origin: &'static str,
    /// started, completed or cancelled. A trip that was withdrawn is cancelled too.
    pub status: &'static str,
    /// When it began.
    pub start_time: String,
    /// Null while it is under way.
    pub end_time: Option<String>,
    /// km.
    pub distance: f64,
    /// Minutes.
    pub duration: f64,
    /// Time in motion, minutes.
    pub moving_minutes: f64,
    /// Time standing, minutes.
    pub idle_minutes: f64,
    /// Highest speed, km/h.
    pub max_speed: Option<f64>,
    /// Fuel used, litres.
    pub fuel_l: Option<f64>,
    /// measured or estimated.
    pub fuel_source: Option<&'static str>,
    /// Where it began.
    pub start_place: Option<SpotJson>,
    /// Where it ended, or where the vehicle is now.
    pub end_place: Option<SpotJson>,
    /// Time of the last position that the statistics include.
    pub followed_to: String,
    /// What late positions changed: added, mended or withdrawn; absent in what is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<&'static str>,
}

/// A point on the map.
#[derive(Debug, Serialize)]
pub struct SpotJson {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

/// A vehicle crossed a geofence's edge, or stayed inside.
#[derive(Debug, Serialize)]
pub struct CrossingJson<'a> {
    /// The vehicle.
    pub vehicle_id: &'a str,
    /// The driver, if known.
    pub driver_id: Option<i64>,
    /// The geofence.
    pub geofence_id: i64,
    /// Its name at that time.
    pub geofence_name: &'a str,
    /// enter, exit or dwell.
    pub event: &'static str,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// When.
    pub timestamp: String,
    /// The visit that the crossing belongs to.
    pub visit_id: Option<String>,
    /// added, mended or withdrawn; absent in what is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<&'static str>,
    /// The visit as it was published before, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrects: Option<String>,
}

/// Somebody drove harshly or too fast.
#[derive(Debug, Serialize)]
pub struct DrivingJson<'a> {
    /// The vehicle.
    pub vehicle_id: &'a str,
    /// The driver, if known.
    pub driver_id: Option<i64>,
    /// speeding, harsh_braking, harsh_acceleration or harsh_cornering.
    pub event: &'static str,
    /// low, medium, high or critical.
    pub severity: &'static str,
    /// For people.
    pub description: &'a str,
    /// When.
    pub timestamp: String,
    /// added, mended or withdrawn; absent in what is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<&'static str>,
    /// The time with which it was published before, if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrects: Option<String>,
}

/// A vehicle is due for service.
#[derive(Debug, Serialize)]
pub struct ServiceJson<'a> {
    /// The vehicle.
    pub vehicle_id: &'a str,
    /// odometer or date.
    pub basis: &'static str,
    /// low, medium, high or critical.
    pub severity: &'static str,
    /// For people.
    pub description: &'a str,
    /// When it became due.
    pub timestamp: String,
    /// added, mended or withdrawn; absent in what is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<&'static str>,
}

/// A cadet with its totals.
#[derive(Debug, Serialize)]
pub struct CadetJson<'a> {
    /// Unique in its tenant.
    pub id: i64,
    /// For people.
    pub name: &'a str,
    /// Its number in the school's own register.
    pub student_id: Option<&'a str>,
    /// Its totals.
    #[serde(flatten)]
    pub standing: StandingJson,
    /// When it was entered.
    pub created_at: String,
}

/// A cadet's totals.
#[derive(Debug, Serialize)]
pub struct StandingJson {
    /// Sum of the merits.
    pub merit_points: i64,
    /// Sum of the demerits.
    pub demerit_points: i64,
    /// Training days at which it was present.
    pub attendance_present: i64,
    /// Null until it is entered, as the two after it.
    pub prelim_score: Option<f64>,
    /// 0 to 100.
    pub midterm_score: Option<f64>,
    /// 0 to 100.
    pub final_score: Option<f64>,
}

/// A merit or demerit was given or taken back.
#[derive(Debug, Serialize)]
pub struct GradeJson<'a> {
    /// The grade.
    pub id: i64,
    /// The cadet.
    pub cadet_id: i64,
    /// merit or demerit.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Its points.
    pub points: i64,
    /// As staff wrote it.
    pub reason: &'a str,
    /// It was taken back.
    pub removed: bool,
    /// The cadet's totals since.
    #[serde(flatten)]
    pub standing: StandingJson,
}

/// A cadet's attendance of a training day.
#[derive(Debug, Serialize)]
pub struct AttendanceJson {
    /// The cadet.
    pub cadet_id: i64,
    /// The training day.
    pub training_day_id: i64,
    /// present, absent, late or excused.
    pub status: &'static str,
    /// `08:00:00`; null if unknown.
    pub time_in: Option<String>,
    /// `17:00:00`; null if unknown.
    pub time_out: Option<String>,
    /// Training days at which the cadet was present, this one included if it was.
    pub attendance_present: i64,
}

/// A cadet's scores.
#[derive(Debug, Serialize)]
pub struct ScoresJson {
    /// The cadet.
    pub cadet_id: i64,
    /// 0 to 100; null until it is entered.
    pub prelim_score: Option<f64>,
    /// 0 to 100; null until it is entered.
    pub midterm_score: Option<f64>,
    /// 0 to 100; null until it is entered.
    pub final_score: Option<f64>,
}

/// A notification.
#[derive(Debug, Serialize)]
pub struct NotificationJson<'a> {
    /// Unique in its tenant.
    pub id: i64,
    /// For people.
    pub message: &'a str,
    /// For programs.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// Whether its user marked it read.
    pub is_read: bool,
    /// When it was sent.
    pub created_at: String,
    /// When it was marked read.
    pub read_at: Option<String>,
}

/// A message.
#[derive(Debug, Serialize)]
pub struct MessageJson {
    /// Unique in its tenant.
    pub id: i64,
    /// Who sent it.
    pub sender_id: Option<i64>,
    /// Whether its user marked it read.
    pub is_read: bool,
    /// When it was sent.
    pub created_at: String,
    /// When it was marked read.
    pub read_at: Option<String>,
    /// The fields that its sender chose.
    #[serde(flatten)]
    pub fields: RawFields,
}

/// A notification or message was marked read.
#[derive(Debug, Serialize)]
pub struct NoticeReadJson {
    /// Which one.
    pub id: i64,
    /// When.
    pub read_at: String,
}

/// An event that another program published.
#[derive(Debug, Serialize)]
pub struct SyncEventJson<'a> {
    /// Its own type.
    pub event_type: &'a str,
    /// The cadet that it is about, if any.
    pub cadet_id: Option<i64>,
    /// As it was sent.
    pub payload: &'a RawValue,
}
