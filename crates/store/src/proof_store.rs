//! Proofs of delivery, and the files that are not needed any more.

use crate::{Once, Result};
use async_trait::async_trait;
use milepost_domain::{Delivery, OrderId, Proof, ProofFile, ProofId, TenantId, Timestamp, TrackingId};

/// Proofs. Part of [`crate::Store`]. They are removed with their delivery, and their files are then unused.
#[async_trait]
pub trait ProofStore: Send + Sync {
    /// The newest session of an order in a tenant, expired or not.
    async fn find_delivery_by_order(&self, tenant: &TenantId, order: &OrderId) -> Result<Option<Delivery>>;
    /// Adds a proof whose files are written, unless the session has `most`; then false. `NotFound("tracking session")`.
    async fn add_proof(&self, proof: &Proof, most: u32, once: &Once<'_, bool>) -> Result<bool>;
    /// Lists the proofs of a session in the order in which they were added.
    async fn list_proofs(&self, delivery: &TrackingId) -> Result<Vec<Proof>>;
    /// Finds a file of a session's proof.
    async fn find_proof_file(&self, delivery: &TrackingId, proof: &ProofId, file: i64) -> Result<Option<ProofFile>>;
    /// Whether a session has a proof.
    async fn has_proof(&self, delivery: &TrackingId) -> Result<bool>;

    /// Whether a tenant's deliveries end with a proof only. False for a tenant that is not stored.
    async fn is_proof_required(&self, tenant: &TenantId) -> Result<bool>;
    /// Sets it. Returns false if there is no such tenant.
    async fn set_proof_required(&self, tenant: &TenantId, is_required: bool) -> Result<bool>;

    /// Enters files that are about to be written. Each is unused from `after` on, unless a proof takes it before.
    async fn announce_files(&self, keys: &[String], after: Timestamp) -> Result<()>;
    /// Lists files that are unused.
    async fn unused_files(&self, now: Timestamp, limit: u32) -> Result<Vec<String>>;
    /// Forgets unused files that were removed.
    async fn forget_files(&self, keys: &[String]) -> Result<()>;
}
