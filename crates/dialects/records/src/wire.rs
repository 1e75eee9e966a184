//! The records dialect's JSON, as clients of the system that it replaces know it. Times are RFC 3339, UTC, milliseconds; scores are points from
//! 0 to 100.

use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

/// A stored event: the same on the socket, the stream and in replays.
#[derive(Debug, Serialize)]
pub struct EventFrame<'a> {
    /// `grade_update`, `attendance_update`, `exam_score_update`, `notification`, `message`, `notification_read`,
    /// `message_read`, or a manual event's own.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// Counts up by one in each tenant; what a client may not see is left out.
    pub event_id: i64,
    /// When it was stored.
    pub timestamp: String,
    /// The cadet that it concerns, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cadet_id: Option<i64>,
    /// What happened.
    pub data: EventData<'a>,
    /// It was asked for, and did not happen just now; left out of live events.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
}

/// What happened.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum EventData<'a> {
    /// A merit or demerit.
    Grade(GradeJson<'a>),
    /// A training day.
    Attendance(AttendanceJson),
    /// Scores.
    Scores(ScoresJson),
    /// A notification.
    Notification(NotificationJson<'a>),
    /// A message.
    Message(MessageJson),
    /// A notification or message was marked read.
    Read(ReadJson),
    /// What another program published.
    Manual(&'a RawValue),
}

/// A merit or demerit, and what the cadet's records come to since.
#[derive(Debug, Serialize)]
pub struct GradeJson<'a> {
    /// Whose.
    pub cadet_id: i64,
    /// Which grade.
    pub grade_id: i64,
    /// merit or demerit.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// How many points were added; negative when the grade was taken back.
    pub points: i64,
    /// Sum of the merits.
    pub merit_points: i64,
    /// Sum of the demerits.
    pub demerit_points: i64,
    /// Why it was given.
    pub reason: &'a str,
    /// Training days at which the cadet was present.
    pub attendance_present: i64,
    /// Of the preliminary examination, null until entered.
    pub prelim_score: Option<f64>,
    /// Of the midterm examination.
    pub midterm_score: Option<f64>,
    /// Of the final examination.
    pub final_score: Option<f64>,
    /// It was taken back; left out otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
}

/// A training day's attendance.
#[derive(Debug, Serialize)]
pub struct AttendanceJson {
    /// Whose.
    pub cadet_id: i64,
    /// Of which day.
    pub training_day_id: i64,
    /// present, absent, late or excused.
    pub status: &'static str,
    /// Training days at which the cadet was present, this one included if it was.
    pub attendance_present: i64,
    /// When it came: `08:00:00`.
    pub time_in: Option<String>,
    /// When it left.
    pub time_out: Option<String>,
}

/// All three scores, and those that changed.
#[derive(Debug, Serialize)]
pub struct ScoresJson {
    /// Whose.
    pub cadet_id: i64,
    /// Of the preliminary examination.
    pub prelim_score: Option<f64>,
    /// Of the midterm examination.
    pub midterm_score: Option<f64>,
    /// Of the final examination.
    pub final_score: Option<f64>,
    /// Only what differs from before.
    pub changed_scores: ChangedScores,
}

/// Scores that changed: left out if they did not, null if they were taken back.
#[derive(Debug, Serialize)]
#[allow(clippy::option_option, reason = "left out, null, or a number")]
pub struct ChangedScores {
    /// Of the preliminary examination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prelim_score: Option<Option<f64>>,
    /// Of the midterm examination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub midterm_score: Option<Option<f64>>,
    /// Of the final examination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_score: Option<Option<f64>>,
}

/// A notification as it was sent.
#[derive(Debug, Serialize)]
pub struct NotificationJson<'a> {
    /// Which.
    pub id: i64,
    /// For people.
    pub message: &'a str,
    /// For programs.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// False: it was just sent.
    pub is_read: bool,
    /// When it was sent.
    pub created_at: String,
}

/// A message as it was sent: its sender's own fields, and these.
#[derive(Debug, Serialize)]
pub struct MessageJson {
    /// Which.
    pub id: i64,
    /// Who sent it; null if its issuer does not number its users.
    pub sender_id: Option<i64>,
    /// False: it was just sent.
    pub is_read: bool,
    /// When it was sent.
    pub created_at: String,
    /// Whatever the sender wrote.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

/// A notification or message was marked read.
#[derive(Debug, Serialize)]
pub struct ReadJson {
    /// Which.
    pub id: i64,
    /// True.
    pub is_read: bool,
    /// When it was marked.
    pub read_at: String,
}

/// What the socket says beside events.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToClient<'a> {
    /// The first message.
    ConnectionEstablished {
        /// For people.
        message: &'static str,
        /// Who the server takes the client for: the user's number, or its issuer's name for it.
        user_id: UserName<'a>,
        /// Its role.
        role: &'static str,
        /// The tenant's newest event: every later one that the user may see comes here.
        last_event_id: i64,
    },
    /// Answer to `ping`, with its timestamp as it was.
    Pong {
        /// Whatever was sent; null if nothing.
        timestamp: Option<&'a RawValue>,
    },
    /// Everything that was asked for has been sent.
    ReplayComplete {
        /// Events sent for this request.
        count: u64,
        /// The tenant's newest event when the replay began: later ones follow as live ones.
        last_event_id: i64,
    },
    /// What the client sent could not be done; the connection stays.
    Error {
        /// Why.
        message: &'a str,
    },
}

/// A user's number or, for another issuer's users that have none, its subject.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum UserName<'a> {
    /// Its number.
    Number(i64),
    /// Its subject.
    Subject(&'a str),
}
