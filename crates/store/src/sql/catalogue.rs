//! Implements the trait for the catalogue with the functions of this folder.

pub(super) mod links;
pub(super) mod rows;

use super::audit::catalogue as audited;
use super::sql_store::SqlStore;
use crate::{CatalogueStore, NewEntry, Result};
use async_trait::async_trait;
use milepost_domain::{Entry, EntryKind, EntryRef, Link, TenantId, Timestamp};

#[async_trait]
impl CatalogueStore for SqlStore {
    async fn put_entry(&self, tenant: &TenantId, entry: &NewEntry, now: Timestamp) -> Result<Option<Entry>> {
        write!(self, Some(tenant), audited::put_entry(tenant, entry, now, self.renderer(), self.author()))
    }
    async fn ensure_entries(&self, tenant: &TenantId, kind: EntryKind, names: &[String], now: Timestamp) -> Result<()> {
        write!(self, Some(tenant), rows::ensure_entries(tenant, kind, names, now, self.renderer()))
    }
    async fn get_entry(&self, tenant: &TenantId, entry: EntryRef) -> Result<Option<Entry>> {
        read!(self, rows::get_entry(tenant, entry))
    }
    async fn list_entries(&self, tenant: &TenantId, kind: EntryKind, after: i64, limit: u32) -> Result<Vec<Entry>> {
        read!(self, rows::list_entries(tenant, kind, after, limit))
    }
    async fn update_entry(&self, tenant: &TenantId, entry: &Entry, now: Timestamp) -> Result<bool> {
        write!(self, Some(tenant), audited::update_entry(tenant, entry, now, self.renderer(), self.author()))
    }
    async fn remove_entry(&self, tenant: &TenantId, entry: EntryRef, now: Timestamp) -> Result<bool> {
        write!(self, Some(tenant), audited::remove_entry(tenant, entry, now, self.renderer(), self.author()))
    }
    async fn list_links(&self, tenant: &TenantId) -> Result<Vec<Link>> {
        read!(self, links::list_links(tenant))
    }
    async fn add_link(&self, tenant: &TenantId, link: Link, now: Timestamp) -> Result<bool> {
        write!(self, Some(tenant), audited::add_link(tenant, link, now, self.renderer(), self.author()))
    }
    async fn remove_link(&self, tenant: &TenantId, link: Link, now: Timestamp) -> Result<()> {
        write!(self, Some(tenant), audited::remove_link(tenant, link, now, self.renderer(), self.author()))
    }
}
