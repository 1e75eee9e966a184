//! Reads the locations of a parcel's drivers while they brought it.

use super::Parcels;
use super::read_parcels::get_parcel;
use crate::{Request, ServiceError};
use milepost_domain::{DriverFix, ParcelId, TenantId, Timestamp};
use milepost_store::Store;
use std::sync::Arc;

/// Fixes in one read of the store. Larger pages would need more memory and would hardly be faster.
const PAGE: u32 = 1_000;

/// A parcel's path, read page by page.
pub struct ParcelPath {
    store: Arc<dyn Store>,
    tenant: TenantId,
    id: ParcelId,
    after: Option<Timestamp>,
    ended: bool,
}

impl ParcelPath {
    /// The tenant of the parcel.
    pub fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    /// The next page, oldest first. It is empty at the end.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn next_page(&mut self) -> Result<Vec<DriverFix>, ServiceError> {
        self.take(PAGE).await
    }

    /// At most `limit` further fixes.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn take(&mut self, limit: u32) -> Result<Vec<DriverFix>, ServiceError> {
        if self.ended {
            return Ok(Vec::new());
        }
        let page = self.store.parcel_path(&self.tenant, self.id, self.after, limit).await?;
        self.ended = page.len() < limit as usize;
        self.after = page.last().map(|fix| fix.at).or(self.after);
        Ok(page)
    }
}

/// The path of a parcel after `after`.
///
/// # Errors
/// As [`get_parcel`].
pub async fn read_parcel_path(
    parcels: &Parcels,
    request: &Request,
    tenant: &TenantId,
    id: ParcelId,
    after: Option<Timestamp>,
) -> Result<ParcelPath, ServiceError> {
    get_parcel(parcels, request, tenant, id).await?;
    Ok(ParcelPath { store: Arc::clone(&parcels.store), tenant: tenant.clone(), id, after, ended: false })
}
