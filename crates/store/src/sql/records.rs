//! Implements the trait for cadets, their records, notices and visible events with the functions of this folder.

pub(super) mod attendances;
pub(super) mod cadets;
pub(super) mod grades;
pub(super) mod notices;
pub(super) mod scores;

use super::events::visible;
use super::sql_store::SqlStore;
use crate::{NewCadet, NoticeFilter, Once, ReadOutcome, RecordStore, Result};
use async_trait::async_trait;
use milepost_domain::{
    Attendance, Cadet, CadetId, Event, ExpectedVersion, Grade, GradeGiven, GradeId, Notice, NoticeContent, NoticeId,
    RecordViewer, ScoreChange, TenantId, Timestamp, TrainingDayId, UserId,
};

#[async_trait]
impl RecordStore for SqlStore {
    async fn add_cadet(&self, cadet: &NewCadet, now: Timestamp, once: &Once<'_, Cadet>) -> Result<Cadet> {
        write!(self, Some(&cadet.tenant), cadets::add_cadet(cadet, now, self.renderer()), once)
    }
    async fn get_cadet(&self, tenant: &TenantId, id: CadetId) -> Result<Option<Cadet>> {
        read!(self, cadets::get_cadet(tenant, id))
    }
    async fn list_cadets(&self, tenant: &TenantId, after: Option<CadetId>, limit: u32) -> Result<Vec<Cadet>> {
        read!(self, cadets::list_cadets(tenant, after, limit))
    }
    async fn add_grade(
        &self,
        tenant: &TenantId,
        cadet: CadetId,
        given: &GradeGiven,
        now: Timestamp,
        once: &Once<'_, Grade>,
    ) -> Result<Grade> {
        write!(self, Some(tenant), grades::add_grade(tenant, cadet, given, now, self.renderer()), once)
    }
    async fn remove_grade(
        &self,
        tenant: &TenantId,
        cadet: CadetId,
        expected: &ExpectedVersion,
        grade: GradeId,
        now: Timestamp,
    ) -> Result<Option<Grade>> {
        write!(self, Some(tenant), grades::remove_grade(tenant, cadet, expected, grade, now, self.renderer()))
    }
    async fn list_grades(
        &self,
        tenant: &TenantId,
        cadet: CadetId,
        before: Option<GradeId>,
        limit: u32,
    ) -> Result<Vec<Grade>> {
        read!(self, grades::list_grades(tenant, cadet, before, limit))
    }
    async fn set_attendance(
        &self,
        tenant: &TenantId,
        cadet: CadetId,
        expected: &ExpectedVersion,
        day: TrainingDayId,
        attendance: &Attendance,
        now: Timestamp,
    ) -> Result<bool> {
        write!(
            self,
            Some(tenant),
            attendances::set_attendance(tenant, cadet, expected, (day, attendance), now, self.renderer())
        )
    }
    async fn list_attendance(
        &self,
        tenant: &TenantId,
        cadet: CadetId,
        before: Option<TrainingDayId>,
        limit: u32,
    ) -> Result<Vec<(TrainingDayId, Attendance)>> {
        read!(self, attendances::list_attendance(tenant, cadet, before, limit))
    }
    async fn change_scores(
        &self,
        tenant: &TenantId,
        cadet: CadetId,
        expected: &ExpectedVersion,
        change: ScoreChange,
        now: Timestamp,
    ) -> Result<(Cadet, bool)> {
        write!(self, Some(tenant), scores::change_scores(tenant, cadet, expected, change, now, self.renderer()))
    }
    async fn send_notices(
        &self,
        tenant: &TenantId,
        users: &[UserId],
        content: &NoticeContent,
        now: Timestamp,
        once: &Once<'_, Vec<Notice>>,
    ) -> Result<Vec<Notice>> {
        write!(self, Some(tenant), notices::send_notices(tenant, users, content, now, self.renderer()), once)
    }
    async fn list_notices(
        &self,
        tenant: &TenantId,
        user: UserId,
        filter: NoticeFilter,
        before: Option<NoticeId>,
        limit: u32,
    ) -> Result<Vec<Notice>> {
        read!(self, notices::list_notices(tenant, user, filter, before, limit))
    }
    async fn read_notice(
        &self,
        tenant: &TenantId,
        user: UserId,
        id: NoticeId,
        is_message: bool,
        now: Timestamp,
        once: &Once<'_, Option<ReadOutcome>>,
    ) -> Result<Option<ReadOutcome>> {
        write!(self, Some(tenant), notices::read_notice(tenant, user, id, is_message, now, self.renderer()), once)
    }
    async fn visible_events(
        &self,
        tenant: &TenantId,
        viewer: RecordViewer,
        after: i64,
        up_to: i64,
        limit: u32,
    ) -> Result<Vec<Event>> {
        self.on_disk(read!(self, visible::visible_events(tenant, viewer, after, up_to, limit))?).await
    }
}
