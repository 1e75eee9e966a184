//! Lists alerts to those whom they are for.

use super::require_viewer;
use crate::{Service, ServiceError};
use milepost_domain::{Alert, Caller, TenantId};
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
    /// At most so many.
    pub limit: u32,
}

impl Service {
    /// The alerts that the caller may see and that have not expired, newest first: the company's, if it sees the whole
    /// fleet, and its own.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] for whom no alert can be.
    pub async fn list_alerts(&self, caller: &Caller, listing: &AlertListing) -> Result<Vec<Alert>, ServiceError> {
        let AlertListing { tenant, unread, before, limit } = listing;
        let viewer = require_viewer(caller, tenant)?;
        Ok(self.store.list_alerts(tenant, viewer, *unread, before.as_ref(), *limit, self.now()).await?)
    }
}
