//! The catalogue: objects of other programs, and the links between them.

use crate::Result;
use async_trait::async_trait;
use milepost_domain::{Entry, EntryBody, EntryKind, EntryRef, Link, TenantId, Timestamp};

/// An entry to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    /// What it is.
    pub kind: EntryKind,
    /// The number of the user or geofence that it adds to; otherwise the store gives it one.
    pub id: Option<i64>,
    /// What it is found by.
    pub name: Option<String>,
    /// Its fields.
    pub body: EntryBody,
}

/// The catalogue. Part of [`crate::Store`]. Every change is one transaction with `CatalogueChanged`.
#[async_trait]
pub trait CatalogueStore: Send + Sync {
    /// Adds an entry, or replaces the one with the given number. Returns `None` when the tenant has
    /// [`milepost_domain::MAX_ENTRIES`] of the kind. `Conflict("catalogue entry")` if its name is taken, `NotFound("tenant")`.
    async fn put_entry(&self, tenant: &TenantId, entry: &NewEntry, now: Timestamp) -> Result<Option<Entry>>;
    /// Adds empty entries for those of `names` that have none yet.
    async fn ensure_entries(&self, tenant: &TenantId, kind: EntryKind, names: &[String], now: Timestamp) -> Result<()>;
    /// Reads an entry.
    async fn get_entry(&self, tenant: &TenantId, entry: EntryRef) -> Result<Option<Entry>>;
    /// Lists the entries of a kind in the order of their numbers, after `after`.
    async fn list_entries(&self, tenant: &TenantId, kind: EntryKind, after: i64, limit: u32) -> Result<Vec<Entry>>;
    /// Replaces the name and the fields of an entry. Returns false if there is none. `Conflict("catalogue entry")` for a taken name.
    async fn update_entry(&self, tenant: &TenantId, entry: &Entry, now: Timestamp) -> Result<bool>;
    /// Removes an entry with its links. Returns false if there is none.
    async fn remove_entry(&self, tenant: &TenantId, entry: EntryRef, now: Timestamp) -> Result<bool>;
    /// Lists all links of a tenant, at most [`milepost_domain::MAX_LINKS`].
    async fn list_links(&self, tenant: &TenantId) -> Result<Vec<Link>>;
    /// Adds a link; one that is there stays. Returns false when the tenant has [`milepost_domain::MAX_LINKS`].
    async fn add_link(&self, tenant: &TenantId, link: Link, now: Timestamp) -> Result<bool>;
    /// Removes a link, if it is there.
    async fn remove_link(&self, tenant: &TenantId, link: Link, now: Timestamp) -> Result<()>;
}
