//! Lists the alerts that the caller may see.

use super::{Fleet, require_viewer};
use crate::{Request, ServiceError};
use milepost_domain::{Alert, TenantId};
use milepost_store::AlertCursor;

/// Which alerts to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertListing {
    /// Whose.
    pub tenant: TenantId,
    /// Only those that nobody has marked read.
    pub unread: bool,
    /// Continue before this one.
    pub before: Option<AlertCursor>,
    /// At most this many.
    pub limit: u32,
}

/// The alerts that the caller may see and that have not expired, newest first: the company's, if it sees the whole
/// fleet, and its own.
///
/// # Errors
/// [`ServiceError::Forbidden`] for callers that get no alerts.
pub async fn list_alerts(
    fleet: &Fleet,
    request: &Request<'_>,
    listing: &AlertListing,
) -> Result<Vec<Alert>, ServiceError> {
    let AlertListing { tenant, unread, before, limit } = listing;
    let viewer = require_viewer(request.caller, tenant)?;
    Ok(fleet.store.list_alerts(tenant, viewer, *unread, before.as_ref(), *limit, request.now).await?)
}
