//! Implements the trait for timetables with the functions of this folder.

mod archives;

use super::sql_store::SqlStore;
use crate::{Result, StoredTimetable, TimetableStore};
use async_trait::async_trait;
use milepost_domain::{TenantId, Timestamp};

#[async_trait]
impl TimetableStore for SqlStore {
    async fn set_timetable(&self, tenant: &TenantId, archive: &[u8], now: Timestamp) -> Result<()> {
        write!(self, Some(tenant), archives::set_timetable(tenant, archive, now))
    }
    async fn timetable_version(&self, tenant: &TenantId) -> Result<Option<i64>> {
        read!(self, archives::timetable_version(tenant))
    }
    async fn get_timetable(&self, tenant: &TenantId) -> Result<Option<StoredTimetable>> {
        read!(self, archives::get_timetable(tenant))
    }
    async fn remove_timetable(&self, tenant: &TenantId) -> Result<bool> {
        write!(self, Some(tenant), archives::remove_timetable(tenant))
    }
}
