//! Lists geofences. A page is bounded in bytes, too.

use super::{Fleet, require_geofences};
use crate::{Request, ServiceError};
use milepost_domain::{Action, Geofence, GeofenceId, TenantId};

/// A page ends before its geometries are larger than this, even if more geofences were asked for.
const PAGE_BYTES: usize = 4 * 1024 * 1024;
/// Geofences in one read of the store: at most 32 MiB, with the longest geometries.
const READ_AT_ONCE: u32 = 32;

/// A page of geofences.
#[derive(Debug, Clone, PartialEq)]
pub struct GeofencePage {
    /// The geofences in the order of their ids.
    pub geofences: Vec<Geofence>,
    /// The id to continue after, if there may be more.
    pub next: Option<GeofenceId>,
}

/// The first `most` geofences of a tenant, for what a dialect keeps in memory for all of the tenant's callers.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn read_geofences(fleet: &Fleet, tenant: &TenantId, most: usize) -> Result<Vec<Geofence>, ServiceError> {
    let mut read: Vec<Geofence> = Vec::new();
    loop {
        let page = fleet.store.list_geofences(tenant, read.last().map(|last| last.id), READ_AT_ONCE).await?;
        let is_last = page.len() < READ_AT_ONCE as usize;
        read.extend(page);
        if is_last || read.len() >= most {
            read.truncate(most);
            return Ok(read);
        }
    }
}

/// A tenant's geofences after `after`, in the order of their ids: at most `limit`, and fewer if their geometries are
/// long, but always one if there is one.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub async fn list_geofences(
    fleet: &Fleet,
    request: &Request,
    tenant: &TenantId,
    after: Option<GeofenceId>,
    limit: u32,
) -> Result<GeofencePage, ServiceError> {
    require_geofences(&request.caller, Action::SeeGeofences, tenant)?;
    let mut geofences: Vec<Geofence> = Vec::new();
    let mut bytes = 0;
    loop {
        let last = geofences.last().map(|geofence| geofence.id);
        let asked = READ_AT_ONCE.min(limit.saturating_sub(geofences.len() as u32));
        if asked == 0 {
            return Ok(GeofencePage { geofences, next: last });
        }
        let read = fleet.store.list_geofences(tenant, last.or(after), asked).await?;
        let is_end = read.len() < asked as usize;
        for geofence in read {
            bytes += geofence.description.geometry.as_str().len();
            if bytes > PAGE_BYTES && !geofences.is_empty() {
                let next = geofences.last().map(|last| last.id);
                return Ok(GeofencePage { geofences, next });
            }
            geofences.push(geofence);
        }
        if is_end {
            return Ok(GeofencePage { geofences, next: None });
        }
    }
}
