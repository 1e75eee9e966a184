//! The audit: who did what to what, in one chain of hashes for each tenant.

use crate::Result;
use async_trait::async_trait;
use milepost_domain::{AccessTokenId, Author, TenantId, Timestamp, UserId};
use serde_json::Value;

/// Something that was done, for the audit.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditNote {
    /// `kind.verb`: `geofence.update`, `login.failed`.
    pub action: &'static str,
    /// `kind:id`: `vehicle:bus-7`, `user:5`.
    pub subject: Option<String>,
    /// What it was, without secrets.
    pub before: Option<Value>,
    /// What it is now, without secrets.
    pub after: Option<Value>,
}

impl AuditNote {
    /// Something that left no two states to compare, such as a login.
    pub const fn of(action: &'static str, subject: Option<String>) -> Self {
        Self { action, subject, before: None, after: None }
    }
}

/// A row of the audit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Counts up by one within the tenant.
    pub id: i64,
    /// When it was done.
    pub at: Timestamp,
    /// The user who did it, if that has a number here.
    pub actor: Option<UserId>,
    /// The access token of the program that did it.
    pub access_token: Option<AccessTokenId>,
    /// `kind.verb`.
    pub action: String,
    /// `kind:id`.
    pub subject: Option<String>,
    /// What it was, as JSON. Gone once a person in it was erased.
    pub before: Option<String>,
    /// What it is now, in the same way.
    pub after: Option<String>,
    /// From where.
    pub address: Option<String>,
}

/// Selects rows. All of its conditions must hold, exactly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditFilter {
    /// Of this time or later.
    pub from: Timestamp,
    /// Of before this time.
    pub to: Timestamp,
    /// By this user.
    pub actor: Option<UserId>,
    /// About this.
    pub subject: Option<String>,
    /// Of this kind.
    pub action: Option<String>,
}

/// What a check of a tenant's chain has found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditVerdict {
    /// Rows that were checked and are as they were written.
    pub rows: u64,
    /// Of these, rows whose contents were emptied because a person was erased.
    pub emptied: u64,
    /// The last good row: its number and hash. Whoever notes them elsewhere knows later that nothing before was written anew.
    pub head: (i64, [u8; 32]),
    /// The first bad row, and what is wrong with it.
    pub bad: Option<(i64, &'static str)>,
}

/// The audit. Part of [`crate::Store`]. Changes that are made through [`crate::Store::by`] add their rows themselves.
#[async_trait]
pub trait AuditStore: Send + Sync {
    /// Adds a row about something that is no change of the store's. `NotFound("tenant")`.
    async fn note_audit(&self, tenant: &TenantId, author: &Author, note: &AuditNote) -> Result<()>;
    /// Lists rows, the newest first, below `before`.
    async fn list_audit(
        &self,
        tenant: &TenantId,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<AuditEntry>>;
    /// Checks a tenant's chain, also while others add rows and old ones are removed. `NotFound("tenant")`.
    async fn verify_audit(&self, tenant: &TenantId) -> Result<AuditVerdict>;
}
