//! The records dialect's JSON, as clients of the system that it replaces know it. Times are RFC 3339 in UTC with
//! milliseconds; scores are points from 0 to 100.

use milepost_http::RawFields;
use milepost_live::ReplayEnd;
use serde::Serialize;
use serde_json::value::RawValue;

/// A stored event. Sockets, streams and replays have the same form.
#[derive(Debug, Serialize)]
pub struct EventFrame<'a> {
    /// `grade_update`, `attendance_update`, `exam_score_update`, `notification`, `message`, `notification_read` or
    /// `message_read`; a manual event has its own type.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// Counts up by one in each tenant. A client misses the ids of events that it may not see.
    pub event_id: i64,
    /// When the event was stored.
    pub timestamp: String,
    /// The cadet that the event is about, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cadet_id: Option<i64>,
    /// The content of the event.
    pub data: EventData<'a>,
    /// True in a replay, absent in live events.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub replayed: bool,
}

/// The content of an event.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum EventData<'a> {
    /// A merit or demerit.
    Grade(GradeJson<'a>),
    /// A cadet's attendance of a training day.
    Attendance(AttendanceJson),
    /// A cadet's exam scores.
    Scores(ScoresJson),
    /// A notification.
    Notification(NotificationJson<'a>),
    /// A message.
    Message(MessageJson),
    /// A notification or message was marked read.
    Read(ReadJson),
    /// An event that another program published.
    Manual(&'a RawValue),
}

/// A merit or demerit, and the cadet's totals since.
#[derive(Debug, Serialize)]
pub struct GradeJson<'a> {
    /// The cadet's number.
    pub cadet_id: i64,
    /// The grade's number.
    pub grade_id: i64,
    /// merit or demerit.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The points that were added; negative when the grade was taken back.
    pub points: i64,
    /// Sum of the cadet's merits.
    pub merit_points: i64,
    /// Sum of the cadet's demerits.
    pub demerit_points: i64,
    /// The reason, as staff wrote it.
    pub reason: &'a str,
    /// Training days at which the cadet was present.
    pub attendance_present: i64,
    /// Score of the preliminary examination, null until entered.
    pub prelim_score: Option<f64>,
    /// Score of the midterm examination.
    pub midterm_score: Option<f64>,
    /// Score of the final examination.
    pub final_score: Option<f64>,
    /// True when the grade was taken back, absent otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub removed: bool,
}

/// A cadet's attendance of a training day.
#[derive(Debug, Serialize)]
pub struct AttendanceJson {
    /// The cadet's number.
    pub cadet_id: i64,
    /// The training day's number.
    pub training_day_id: i64,
    /// present, absent, late or excused.
    pub status: &'static str,
    /// Training days at which the cadet was present, including this one.
    pub attendance_present: i64,
    /// When the cadet came: `08:00:00`.
    pub time_in: Option<String>,
    /// When the cadet left.
    pub time_out: Option<String>,
}

/// All three scores, and the ones that changed.
#[derive(Debug, Serialize)]
pub struct ScoresJson {
    /// The cadet's number.
    pub cadet_id: i64,
    /// Score of the preliminary examination.
    pub prelim_score: Option<f64>,
    /// Score of the midterm examination.
    pub midterm_score: Option<f64>,
    /// Score of the final examination.
    pub final_score: Option<f64>,
    /// The scores that differ from before.
    pub changed_scores: ChangedScores,
}

/// Changed scores. A score is absent if it did not change, and null if it was removed.
#[derive(Debug, Serialize)]
#[allow(clippy::option_option, reason = "left out, null, or a number")]
pub struct ChangedScores {
    /// Score of the preliminary examination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prelim_score: Option<Option<f64>>,
    /// Score of the midterm examination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub midterm_score: Option<Option<f64>>,
    /// Score of the final examination.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_score: Option<Option<f64>>,
}

/// A notification when it was sent.
#[derive(Debug, Serialize)]
pub struct NotificationJson<'a> {
    /// The notification's number.
    pub id: i64,
    /// The text for people.
    pub message: &'a str,
    /// The kind, for programs.
    #[serde(rename = "type")]
    pub kind: &'a str,
    /// False in a new notification.
    pub is_read: bool,
    /// When it was sent.
    pub created_at: String,
}

/// A message when it was sent: the sender's own fields, and these.
#[derive(Debug, Serialize)]
pub struct MessageJson {
    /// The message's number.
    pub id: i64,
    /// The sender's number; null if its token's issuer has no numbers.
    pub sender_id: Option<i64>,
    /// False in a new message.
    pub is_read: bool,
    /// When it was sent.
    pub created_at: String,
    /// The sender's own fields.
    #[serde(flatten)]
    pub fields: RawFields,
}

/// A notification or message was marked read.
#[derive(Debug, Serialize)]
pub struct ReadJson {
    /// The number of the notification or message.
    pub id: i64,
    /// Always true.
    pub is_read: bool,
    /// When it was marked read.
    pub read_at: String,
}

/// Messages that are not events.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToClient<'a> {
    /// The first message on every socket.
    ConnectionEstablished {
        /// A greeting for people.
        message: &'static str,
        /// The authenticated user: its number, or its name at its token's issuer.
        user_id: UserName<'a>,
        /// The user's role.
        role: &'static str,
        /// The tenant's newest event. The socket gets every later one that the user may see.
        last_event_id: i64,
    },
    /// Answer to `ping`.
    Pong {
        /// The ping's timestamp, unchanged; null if it had none.
        timestamp: Option<&'a RawValue>,
    },
    /// The end of a replay.
    ReplayComplete(ReplayEnd),
    /// The first event of a stream whose client asked for events after an id that is too old or unknown here.
    PositionUnknown {
        /// The tenant's newest event.
        last_event_id: i64,
    },
    /// The client's message was refused. The connection stays open.
    Error {
        /// The reason, for people.
        message: &'a str,
    },
}

/// A user's number, or the subject of a token whose issuer has no numbers.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum UserName<'a> {
    /// The user's number.
    Number(i64),
    /// The token's subject.
    Subject(&'a str),
}
