//! Lists the alerts that the caller may see.

use super::{Fleet, require_viewer};
use crate::{Request, ServiceError};
use milepost_domain::{Alert, TenantId};
use milepost_store::AlertCursor;

/// Which alerts to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertListing {
    /// The tenant of the alerts.
    pub tenant: TenantId,
    /// Only alerts that are not marked read.
    pub unread: bool,
    /// Only alerts before this place in the list.
    pub before: Option<AlertCursor>,
    /// The most alerts to list.
    pub limit: u32,
}

/// The alerts that the caller may see and that have not expired, newest first: its own, and those of the company if it
/// may see the whole fleet.
///
/// # Errors
/// [`ServiceError::Forbidden`] for callers that get no alerts.
pub async fn list_alerts(fleet: &Fleet, request: &Request, listing: &AlertListing) -> Result<Vec<Alert>, ServiceError> {
    let AlertListing { tenant, unread, before, limit } = listing;
    let viewer = require_viewer(&request.caller, tenant)?;
    Ok(fleet.store.list_alerts(tenant, viewer, *unread, before.as_ref(), *limit, request.now).await?)
}
