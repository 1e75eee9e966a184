//! What was brought over from other servers, so that an import can be ended and repeated.

use crate::Result;
use async_trait::async_trait;
use milepost_domain::{EntryKind, Link, TenantId, Timestamp};

/// An object that was brought over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportedObject {
    /// What it is.
    pub kind: EntryKind,
    /// Its number at the other server.
    pub foreign_id: i64,
    /// Its number here, in the catalogue; that of a geofence or a user is its own.
    pub id: i64,
}

/// Imports from other servers. Part of [`crate::Store`]. A source is named by its address.
#[async_trait]
pub trait ImportStore: Send + Sync {
    /// Lists what was brought over from a source, also what was removed here since.
    async fn list_imported(&self, tenant: &TenantId, source: &str) -> Result<Vec<ImportedObject>>;
    /// Notes what was brought over. What is noted already stays. `NotFound("tenant")`.
    async fn note_imported(&self, tenant: &TenantId, source: &str, objects: &[ImportedObject]) -> Result<()>;
    /// How far the positions of a source were read: the text that was set last.
    async fn import_progress(&self, tenant: &TenantId, source: &str) -> Result<Option<String>>;
    /// Notes how far the positions of a source were read. `NotFound("tenant")`. A power cut may undo it: what is read again is not
    /// stored twice.
    async fn set_import_progress(&self, tenant: &TenantId, source: &str, progress: &str) -> Result<()>;
    /// Adds links in one transaction, with `CatalogueChanged` of each kind of member; those that are there stay. Returns how many were
    /// added, or `None` without adding any when the tenant would have more than [`milepost_domain::MAX_LINKS`].
    async fn add_links(&self, tenant: &TenantId, links: &[Link], now: Timestamp) -> Result<Option<u64>>;
}
