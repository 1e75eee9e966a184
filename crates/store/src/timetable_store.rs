//! The timetables of tenants, as archives.

use crate::Result;
use async_trait::async_trait;
use milepost_domain::{TenantId, Timestamp};

/// The largest archive of a timetable.
pub const MAX_TIMETABLE_BYTES: usize = 64 * 1024 * 1024;

/// A stored timetable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredTimetable {
    /// Another one with each import, also after a removal.
    pub version: i64,
    /// The archive as it was imported.
    pub archive: Vec<u8>,
}

/// The timetables of tenants. Each has one at most.
#[async_trait]
pub trait TimetableStore: Send + Sync {
    /// Replaces the tenant's timetable.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`] without the tenant.
    async fn set_timetable(&self, tenant: &TenantId, archive: &[u8], now: Timestamp) -> Result<()>;
    /// The version of the tenant's timetable, if it has one.
    async fn timetable_version(&self, tenant: &TenantId) -> Result<Option<i64>>;
    /// The tenant's timetable.
    async fn get_timetable(&self, tenant: &TenantId) -> Result<Option<StoredTimetable>>;
    /// Removes the tenant's timetable. Was there one?
    async fn remove_timetable(&self, tenant: &TenantId) -> Result<bool>;
}
