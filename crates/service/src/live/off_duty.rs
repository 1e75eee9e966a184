//! The times off duty of a tenant's drivers in memory, by which positions are left out.

use super::LiveMap;
use milepost_domain::{OffDutyTimes, TenantId, UserId};
use milepost_store::{Store, StoreError};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, RwLock};

/// The boards of all tenants that were asked for.
pub(super) type OffDutyBoards = RwLock<HashMap<TenantId, Arc<OffDutyBoard>>>;

/// The times as they were read last, and changed by events since.
#[derive(Default)]
pub(super) struct OffDutyBoard {
    /// A std mutex: held for microseconds, never across an await.
    known: Mutex<Option<Arc<OffDutyTimes>>>,
    /// Held while the store is read, so that what was read later is kept.
    reading: tokio::sync::Mutex<()>,
}

impl OffDutyBoard {
    fn lock(&self) -> MutexGuard<'_, Option<Arc<OffDutyTimes>>> {
        self.known.lock().expect("nothing panics while holding it")
    }
}

impl LiveMap {
    /// The times off duty of a tenant's drivers, read from the store at first.
    pub(crate) async fn off_duty(&self, store: &dyn Store, tenant: &TenantId) -> Result<Arc<OffDutyTimes>, StoreError> {
        let board = self.board(tenant);
        if let Some(known) = board.lock().clone() {
            return Ok(known);
        }
        let _reading = board.reading.lock().await;
        if let Some(known) = board.lock().clone() {
            return Ok(known);
        }
        let read = Arc::new(store.off_duty_times(tenant, None).await?);
        *board.lock() = Some(Arc::clone(&read));
        Ok(read)
    }

    /// The times of one driver, or of all, were changed, here or by another process.
    pub(crate) async fn duty_changed(
        &self,
        store: &dyn Store,
        tenant: &TenantId,
        driver: Option<UserId>,
    ) -> Result<(), StoreError> {
        let board = self.board(tenant);
        let _reading = board.reading.lock().await;
        let Some(mut times) = board.lock().clone() else { return Ok(()) };
        let read = store.off_duty_times(tenant, driver).await?;
        match driver {
            None => times = Arc::new(read),
            Some(driver) => Arc::make_mut(&mut times).replace(driver, &read),
        }
        *board.lock() = Some(times);
        Ok(())
    }

    fn board(&self, tenant: &TenantId) -> Arc<OffDutyBoard> {
        if let Some(board) = self.off_duty.read().expect("nothing panics while holding it").get(tenant) {
            return Arc::clone(board);
        }
        Arc::clone(self.off_duty.write().expect("nothing panics while holding it").entry(tenant.clone()).or_default())
    }
}
