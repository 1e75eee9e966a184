//! Cadets and their records, notices to users, and the events that a viewer may see.

use crate::{Once, Result};
use async_trait::async_trait;
use milepost_domain::{
    Attendance, Cadet, CadetId, CadetName, Event, Grade, GradeGiven, GradeId, Notice, NoticeContent, NoticeId,
    RecordViewer, ScoreChange, StudentId, TenantId, Timestamp, TrainingDayId, UserId,
};

/// A cadet to be entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCadet {
    /// Whose unit.
    pub tenant: TenantId,
    /// Its name.
    pub name: CadetName,
    /// Its number in the school's books.
    pub student_id: Option<StudentId>,
}

/// Which of a user's notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoticeFilter {
    /// Messages, or else notifications.
    pub messages: bool,
    /// Only those that were not read yet.
    pub unread: bool,
}

/// What became of marking a notice read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadOutcome {
    /// It was unread, and its event was stored.
    Marked(Notice),
    /// It was read before: nothing was written.
    WasRead(Notice),
}

/// Records. Part of [`crate::Store`]. Every change is one transaction that holds the cadet's row, so that totals are right
/// under any concurrency, and stores its fact; a change that makes no difference stores nothing.
#[async_trait]
pub trait RecordStore: Send + Sync {
    /// Enters a cadet, with `CadetAdded`. `NotFound("tenant")`, `Conflict("student_id")`.
    async fn add_cadet(&self, cadet: &NewCadet, now: Timestamp, once: &Once<'_, Cadet>) -> Result<Cadet>;
    /// A cadet of whatever tenant, with what its records come to.
    async fn get_cadet(&self, id: CadetId) -> Result<Option<Cadet>>;
    /// Cadets of a tenant in the order of their numbers, after `after`.
    async fn list_cadets(&self, tenant: &TenantId, after: Option<CadetId>, limit: u32) -> Result<Vec<Cadet>>;

    /// Gives a grade, with `GradeUpdated`. `NotFound("cadet")`.
    async fn add_grade(
        &self,
        cadet: CadetId,
        given: &GradeGiven,
        now: Timestamp,
        once: &Once<'_, Grade>,
    ) -> Result<Grade>;
    /// Takes a grade back, with `GradeUpdated { removed: true }`; `None` when the cadet has no such grade.
    async fn remove_grade(&self, cadet: CadetId, grade: GradeId, now: Timestamp) -> Result<Option<Grade>>;
    /// A cadet's grades, newest first, before `before`.
    async fn list_grades(&self, cadet: CadetId, before: Option<GradeId>, limit: u32) -> Result<Vec<Grade>>;

    /// Enters or changes the attendance of a training day, with `AttendanceUpdated`; false, and no event, when it is so
    /// already. `NotFound("cadet")`.
    async fn set_attendance(
        &self,
        cadet: CadetId,
        day: TrainingDayId,
        attendance: &Attendance,
        now: Timestamp,
    ) -> Result<bool>;
    /// A cadet's attendance, the highest training day first, before `before`.
    async fn list_attendance(
        &self,
        cadet: CadetId,
        before: Option<TrainingDayId>,
        limit: u32,
    ) -> Result<Vec<(TrainingDayId, Attendance)>>;

    /// Changes scores, with `ScoresUpdated` of what differs; the cadet as it is then, and whether anything changed.
    /// `NotFound("cadet")`.
    async fn change_scores(&self, cadet: CadetId, change: ScoreChange, now: Timestamp) -> Result<(Cadet, bool)>;

    /// Those of `users` that are stored and belong to another tenant; who is not stored may be another issuer's.
    async fn users_elsewhere(&self, tenant: &TenantId, users: &[UserId]) -> Result<Vec<UserId>>;
    /// Stores one notice for each of `users` (doubles count once), each with `NoticeSent`, in the order of `users`.
    /// `NotFound("tenant")`.
    async fn send_notices(
        &self,
        tenant: &TenantId,
        users: &[UserId],
        content: &NoticeContent,
        now: Timestamp,
        once: &Once<'_, Vec<Notice>>,
    ) -> Result<Vec<Notice>>;
    /// A user's notices in a tenant, newest first, before `before`.
    async fn list_notices(
        &self,
        tenant: &TenantId,
        user: UserId,
        filter: NoticeFilter,
        before: Option<NoticeId>,
        limit: u32,
    ) -> Result<Vec<Notice>>;
    /// Marks a user's notice read, with `NoticeRead`; `None` when the user has no such notice of this sort.
    async fn read_notice(
        &self,
        tenant: &TenantId,
        user: UserId,
        id: NoticeId,
        is_message: bool,
        now: Timestamp,
        once: &Once<'_, Option<ReadOutcome>>,
    ) -> Result<Option<ReadOutcome>>;

    /// Events above `after` and up to `up_to` that `viewer` may see, in order; fewer than `limit` when there are no more.
    /// Cheap however many others there are in between.
    async fn visible_events(
        &self,
        tenant: &TenantId,
        viewer: RecordViewer,
        after: i64,
        up_to: i64,
        limit: u32,
    ) -> Result<Vec<Event>>;
}
