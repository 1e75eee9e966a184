//! Reads the locations of a parcel's drivers while they brought it.

use super::Parcels;
use super::driver_track::{DriverTrack, TRACK_WINDOW_MS};
use super::read_parcels::get_parcel;
use crate::{Request, ServiceError};
use milepost_domain::{DriverFix, ParcelId, TenantId, Timestamp};
use milepost_store::Store;
use std::sync::Arc;

/// Fixes in one read of the store. Larger pages would need more memory and would hardly be faster.
const PAGE: u32 = 1_000;

/// A parcel's path without fixes that are held to be wrong, read page by page.
pub struct ParcelPath {
    store: Arc<dyn Store>,
    tenant: TenantId,
    id: ParcelId,
    /// The last fix that was read.
    read_to: Option<Timestamp>,
    /// Fixes up to this one only help to judge later ones.
    after: Option<Timestamp>,
    track: DriverTrack,
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
        let mut path = Vec::new();
        while !self.ended && path.len() < limit as usize {
            let wanted = limit - u32::try_from(path.len()).unwrap_or(limit);
            let page = self.store.parcel_path(&self.tenant, self.id, self.read_to, wanted).await?;
            self.ended = page.len() < wanted as usize;
            self.read_to = page.last().map(|fix| fix.at).or(self.read_to);
            for fix in page {
                if self.track.takes(&fix) && Some(fix.at) > self.after {
                    path.push(fix);
                }
            }
        }
        Ok(path)
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
    let parcel = get_parcel(parcels, request, tenant, id).await?;
    let track = DriverTrack::of_parcel(&parcel);
    let read_to = after.map(|after| after.plus_ms(-TRACK_WINDOW_MS));
    let store = Arc::clone(&parcels.store);
    Ok(ParcelPath { store, tenant: parcel.tenant, id, read_to, after, track, ended: false })
}
