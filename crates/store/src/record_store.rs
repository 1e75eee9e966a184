//! Cadets and their records, notices to users, and the events that a viewer may see.

use crate::{Once, Result};
use async_trait::async_trait;
use milepost_domain::{
    Attendance, Cadet, CadetId, CadetName, Event, ExpectedVersion, Grade, GradeGiven, GradeId, Notice, NoticeContent,
    NoticeId, RecordViewer, ScoreChange, StudentId, TenantId, Timestamp, TrainingDayId, UserId,
};

/// A cadet to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCadet {
    /// The tenant.
    pub tenant: TenantId,
    /// The cadet's name.
    pub name: CadetName,
    /// The cadet's number at its school.
    pub student_id: Option<StudentId>,
}

/// Selects a user's notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoticeFilter {
    /// Messages if true, notifications if false.
    pub messages: bool,
    /// Only unread ones.
    pub unread: bool,
}

/// The result of marking a notice read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadOutcome {
    /// The notice was unread, and its event was stored.
    Marked(Notice),
    /// The notice was read before. Nothing was written.
    WasRead(Notice),
}

/// Records. Part of [`crate::Store`]. Every change is one transaction that locks the cadet's row, so that totals are
/// right under any concurrency, counts its version up, and stores its fact. A change that makes no difference stores nothing.
#[async_trait]
pub trait RecordStore: Send + Sync {
    /// Adds a cadet, with `CadetAdded`. `NotFound("tenant")`, `Conflict("student_id")`.
    async fn add_cadet(&self, cadet: &NewCadet, now: Timestamp, once: &Once<'_, Cadet>) -> Result<Cadet>;
    /// Reads a tenant's cadet with the totals of its records.
    async fn get_cadet(&self, tenant: &TenantId, id: CadetId) -> Result<Option<Cadet>>;
    /// Lists a tenant's cadets in the order of their numbers, after `after`.
    async fn list_cadets(&self, tenant: &TenantId, after: Option<CadetId>, limit: u32) -> Result<Vec<Cadet>>;

    /// Adds a grade, with `GradeUpdated`. `NotFound("cadet")`.
    async fn add_grade(
        &self,
        tenant: &TenantId,
        cadet: CadetId,
        given: &GradeGiven,
        now: Timestamp,
        once: &Once<'_, Grade>,
    ) -> Result<Grade>;
    /// Takes a grade back, with `GradeUpdated { removed: true }`. Returns `None` if the cadet has no such grade. `Changed("cadet")`.
    async fn remove_grade(
        &self,
        tenant: &TenantId,
        cadet: CadetId,
        expected: &ExpectedVersion,
        grade: GradeId,
        now: Timestamp,
    ) -> Result<Option<Grade>>;
    /// Lists a cadet's grades, newest first, before `before`.
    async fn list_grades(
        &self,
        tenant: &TenantId,
        cadet: CadetId,
        before: Option<GradeId>,
        limit: u32,
    ) -> Result<Vec<Grade>>;

    /// Sets the attendance of a training day, with `AttendanceUpdated`. Returns false without an event if it is set to
    /// that already. `NotFound("cadet")`, `Changed("cadet")`.
    async fn set_attendance(
        &self,
        tenant: &TenantId,
        cadet: CadetId,
        expected: &ExpectedVersion,
        day: TrainingDayId,
        attendance: &Attendance,
        now: Timestamp,
    ) -> Result<bool>;
    /// Lists a cadet's attendance, the highest training day first, before `before`.
    async fn list_attendance(
        &self,
        tenant: &TenantId,
        cadet: CadetId,
        before: Option<TrainingDayId>,
        limit: u32,
    ) -> Result<Vec<(TrainingDayId, Attendance)>>;

    /// Changes scores, with `ScoresUpdated` for what differs. Returns the cadet after the change, and whether anything
    /// changed. `NotFound("cadet")`, `Changed("cadet")`.
    async fn change_scores(
        &self,
        tenant: &TenantId,
        cadet: CadetId,
        expected: &ExpectedVersion,
        change: ScoreChange,
        now: Timestamp,
    ) -> Result<(Cadet, bool)>;

    /// Stores one notice for each of `users`, each with `NoticeSent`, in the order of `users`. A repeated user counts
    /// once. `NotFound("tenant")`.
    async fn send_notices(
        &self,
        tenant: &TenantId,
        users: &[UserId],
        content: &NoticeContent,
        now: Timestamp,
        once: &Once<'_, Vec<Notice>>,
    ) -> Result<Vec<Notice>>;
    /// Lists a user's notices in a tenant, newest first, before `before`.
    async fn list_notices(
        &self,
        tenant: &TenantId,
        user: UserId,
        filter: NoticeFilter,
        before: Option<NoticeId>,
        limit: u32,
    ) -> Result<Vec<Notice>>;
    /// Marks a user's notice read, with `NoticeRead`. Returns `None` if the user has no such notice of this kind.
    async fn read_notice(
        &self,
        tenant: &TenantId,
        user: UserId,
        id: NoticeId,
        is_message: bool,
        now: Timestamp,
        once: &Once<'_, Option<ReadOutcome>>,
    ) -> Result<Option<ReadOutcome>>;

    /// Lists events with `after < id <= up_to` that `viewer` may see, in order. Fewer than `limit` means that there are
    /// no more. The cost does not depend on the events in between that the viewer may not see.
    async fn visible_events(
        &self,
        tenant: &TenantId,
        viewer: RecordViewer,
        after: i64,
        up_to: i64,
        limit: u32,
    ) -> Result<Vec<Event>>;
}
