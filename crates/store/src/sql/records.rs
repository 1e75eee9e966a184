//! Cadets and their records, notices, and the events that a viewer may see: the trait, each function of the modules beside
//! it.

use super::sql_store::SqlStore;
use super::{attendances, cadets, grades, notices, scores, users, visible_events};
use crate::{NewCadet, NoticeFilter, Once, ReadOutcome, RecordStore, Result};
use async_trait::async_trait;
use milepost_domain::{
    Attendance, Cadet, CadetId, Event, Grade, GradeGiven, GradeId, Notice, NoticeContent, NoticeId, RecordViewer,
    ScoreChange, TenantId, Timestamp, TrainingDayId, UserId,
};

#[async_trait]
impl RecordStore for SqlStore {
    async fn add_cadet(&self, cadet: &NewCadet, now: Timestamp, once: &Once<'_, Cadet>) -> Result<Cadet> {
        let mut transaction = self.write().await?;
        let outcome = cadets::add_cadet(transaction.connection(), cadet, now).await;
        transaction.finish_once(outcome, once).await
    }
    async fn get_cadet(&self, id: CadetId) -> Result<Option<Cadet>> {
        cadets::get_cadet(&mut *self.read().await?, id).await
    }
    async fn list_cadets(&self, tenant: &TenantId, after: Option<CadetId>, limit: u32) -> Result<Vec<Cadet>> {
        cadets::list_cadets(&mut *self.read().await?, tenant, after, limit).await
    }
    async fn add_grade(
        &self,
        cadet: CadetId,
        given: &GradeGiven,
        now: Timestamp,
        once: &Once<'_, Grade>,
    ) -> Result<Grade> {
        let mut transaction = self.write().await?;
        let outcome = grades::add_grade(transaction.connection(), cadet, given, now).await;
        transaction.finish_once(outcome, once).await
    }
    async fn remove_grade(&self, cadet: CadetId, grade: GradeId, now: Timestamp) -> Result<Option<Grade>> {
        let mut transaction = self.write().await?;
        let outcome = grades::remove_grade(transaction.connection(), cadet, grade, now).await;
        transaction.finish(outcome).await
    }
    async fn list_grades(&self, cadet: CadetId, before: Option<GradeId>, limit: u32) -> Result<Vec<Grade>> {
        grades::list_grades(&mut *self.read().await?, cadet, before, limit).await
    }
    async fn set_attendance(
        &self,
        cadet: CadetId,
        day: TrainingDayId,
        attendance: &Attendance,
        now: Timestamp,
    ) -> Result<bool> {
        let mut transaction = self.write().await?;
        let outcome = attendances::set_attendance(transaction.connection(), cadet, day, attendance, now).await;
        transaction.finish(outcome).await
    }
    async fn list_attendance(
        &self,
        cadet: CadetId,
        before: Option<TrainingDayId>,
        limit: u32,
    ) -> Result<Vec<(TrainingDayId, Attendance)>> {
        attendances::list_attendance(&mut *self.read().await?, cadet, before, limit).await
    }
    async fn change_scores(&self, cadet: CadetId, change: ScoreChange, now: Timestamp) -> Result<(Cadet, bool)> {
        let mut transaction = self.write().await?;
        let outcome = scores::change_scores(transaction.connection(), cadet, change, now).await;
        transaction.finish(outcome).await
    }
    async fn users_elsewhere(&self, tenant: &TenantId, users: &[UserId]) -> Result<Vec<UserId>> {
        users::users_elsewhere(&mut *self.read().await?, tenant, users).await
    }
    async fn send_notices(
        &self,
        tenant: &TenantId,
        users: &[UserId],
        content: &NoticeContent,
        now: Timestamp,
        once: &Once<'_, Vec<Notice>>,
    ) -> Result<Vec<Notice>> {
        let mut transaction = self.write().await?;
        let outcome = notices::send_notices(transaction.connection(), tenant, users, content, now).await;
        transaction.finish_once(outcome, once).await
    }
    async fn list_notices(
        &self,
        tenant: &TenantId,
        user: UserId,
        filter: NoticeFilter,
        before: Option<NoticeId>,
        limit: u32,
    ) -> Result<Vec<Notice>> {
        notices::list_notices(&mut *self.read().await?, tenant, user, filter, before, limit).await
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
        let mut transaction = self.write().await?;
        let outcome = notices::read_notice(transaction.connection(), tenant, user, id, is_message, now).await;
        transaction.finish_once(outcome, once).await
    }
    async fn visible_events(
        &self,
        tenant: &TenantId,
        viewer: RecordViewer,
        after: i64,
        up_to: i64,
        limit: u32,
    ) -> Result<Vec<Event>> {
        visible_events::visible_events(&mut *self.read().await?, tenant, viewer, after, up_to, limit).await
    }
}
