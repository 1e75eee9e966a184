//! Where a parcel's drivers were while they brought it.

use crate::{Service, ServiceError};
use milepost_domain::{Caller, DriverFix, ParcelId, Timestamp};
use milepost_store::Store;
use std::sync::Arc;

/// Fixes read from the store at once: enough to be quick, few enough to be forgotten soon.
const PAGE: u32 = 1_000;

/// A parcel's path, read page by page.
pub struct ParcelPath {
    store: Arc<dyn Store>,
    id: ParcelId,
    after: Option<Timestamp>,
    ended: bool,
}

impl ParcelPath {
    /// The next page, oldest first; empty at the end.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn next_page(&mut self) -> Result<Vec<DriverFix>, ServiceError> {
        self.take(PAGE).await
    }

    /// At most `limit` more.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn take(&mut self, limit: u32) -> Result<Vec<DriverFix>, ServiceError> {
        if self.ended {
            return Ok(Vec::new());
        }
        let page = self.store.parcel_path(self.id, self.after, limit).await?;
        self.ended = page.len() < limit as usize;
        self.after = page.last().map(|fix| fix.at).or(self.after);
        Ok(page)
    }
}

impl Service {
    /// The path of a parcel, continued after `after`.
    ///
    /// # Errors
    /// As [`Service::get_parcel`].
    pub async fn read_parcel_path(
        &self,
        caller: &Caller,
        id: ParcelId,
        after: Option<Timestamp>,
    ) -> Result<ParcelPath, ServiceError> {
        self.get_parcel(caller, id).await?;
        Ok(ParcelPath { store: Arc::clone(&self.store), id, after, ended: false })
    }
}
