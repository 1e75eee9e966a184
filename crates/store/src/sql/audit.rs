//! Implements the trait for the audit with the functions of this folder.

pub(super) mod accounts;
pub(super) mod catalogue;
pub(super) mod commands;
pub(super) mod duty;
pub(super) mod fleet;
pub(super) mod reports;
pub(super) mod rows;
pub(super) mod shares;
pub(super) mod sign_in;
pub(super) mod verify;

use super::sql_store::SqlStore;
use crate::{AuditEntry, AuditFilter, AuditNote, AuditStore, AuditVerdict, Result};
use async_trait::async_trait;
use milepost_domain::{Author, TenantId};

#[async_trait]
impl AuditStore for SqlStore {
    async fn note_audit(&self, tenant: &TenantId, author: &Author, note: &AuditNote) -> Result<()> {
        write!(self, Some(tenant), rows::append(tenant, author, note))
    }
    async fn list_audit(
        &self,
        tenant: &TenantId,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>> {
        read!(self, rows::list(tenant, filter, before, limit))
    }
    async fn verify_audit(&self, tenant: &TenantId) -> Result<AuditVerdict> {
        read!(self, verify::verify(tenant))
    }
}
