//! Implements the trait for imports with the functions of this folder.

mod rows;

use super::audit::catalogue as audited;
use super::sql_store::SqlStore;
use crate::{ImportStore, ImportedObject, Result};
use async_trait::async_trait;
use milepost_domain::{Link, TenantId, Timestamp};

#[async_trait]
impl ImportStore for SqlStore {
    async fn list_imported(&self, tenant: &TenantId, source: &str) -> Result<Vec<ImportedObject>> {
        read!(self, rows::list_imported(tenant, source))
    }
    async fn note_imported(&self, tenant: &TenantId, source: &str, objects: &[ImportedObject]) -> Result<()> {
        write!(self, Some(tenant), rows::note_imported(tenant, source, objects))
    }
    async fn import_progress(&self, tenant: &TenantId, source: &str) -> Result<Option<String>> {
        read!(self, rows::import_progress(tenant, source))
    }
    async fn set_import_progress(&self, tenant: &TenantId, source: &str, progress: &str) -> Result<()> {
        write_unflushed!(self, Some(tenant), rows::set_import_progress(tenant, source, progress))
    }
    async fn add_links(&self, tenant: &TenantId, links: &[Link], now: Timestamp) -> Result<Option<u64>> {
        write!(self, Some(tenant), audited::add_links(tenant, links, now, self.renderer(), self.author()))
    }
}
