//! Implements the trait for proofs with the functions of this folder.

pub(super) mod rows;

use super::sql_store::SqlStore;
use crate::{Once, ProofStore, Result};
use async_trait::async_trait;
use milepost_domain::{Delivery, OrderId, Proof, ProofFile, ProofId, TenantId, Timestamp, TrackingId};

#[async_trait]
impl ProofStore for SqlStore {
    async fn find_delivery_by_order(&self, tenant: &TenantId, order: &OrderId) -> Result<Option<Delivery>> {
        read!(self, rows::find_delivery_by_order(tenant, order))
    }
    async fn add_proof(&self, proof: &Proof, most: u32, once: &Once<'_, bool>) -> Result<bool> {
        write!(self, None, rows::add_proof(proof, most), once)
    }
    async fn list_proofs(&self, delivery: &TrackingId) -> Result<Vec<Proof>> {
        read!(self, rows::list_proofs(delivery))
    }
    async fn find_proof_file(&self, delivery: &TrackingId, proof: &ProofId, file: i64) -> Result<Option<ProofFile>> {
        read!(self, rows::find_file(delivery, proof, file))
    }
    async fn has_proof(&self, delivery: &TrackingId) -> Result<bool> {
        read!(self, rows::has_proof(delivery))
    }
    async fn is_proof_required(&self, tenant: &TenantId) -> Result<bool> {
        read!(self, rows::is_proof_required(tenant))
    }
    async fn set_proof_required(&self, tenant: &TenantId, is_required: bool) -> Result<bool> {
        write!(self, Some(tenant), rows::set_proof_required(tenant, is_required, self.author()))
    }
    async fn announce_files(&self, keys: &[String], after: Timestamp) -> Result<()> {
        write!(self, None, rows::announce_files(keys, after))
    }
    async fn unused_files(&self, now: Timestamp, limit: u32) -> Result<Vec<String>> {
        read!(self, rows::unused_files(now, limit))
    }
    async fn forget_files(&self, keys: &[String]) -> Result<()> {
        write!(self, None, rows::forget_files(keys))
    }
}
