//! Checks whether the server can serve. A load balancer asks every few seconds.

use crate::publish::Publisher;
use crate::{Idempotency, IdempotencyKey, ServiceError};
use milepost_access::random_secret;
use milepost_domain::{TenantId, Timestamp};
use milepost_store::Store;
use std::sync::Arc;

/// What the check of readiness needs.
pub struct Readiness {
    store: Arc<dyn Store>,
    publisher: Arc<Publisher>,
}

impl Readiness {
    pub(crate) fn new(store: Arc<dyn Store>, publisher: Arc<Publisher>) -> Self {
        Self { store, publisher }
    }
}

/// Reads from the database. After a failed transaction it writes too, because a full disk can be read.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn check_ready(readiness: &Readiness, now: Timestamp) -> Result<(), ServiceError> {
    readiness.store.ping().await?;
    if readiness.publisher.is_failing() {
        // Any small row will do. It has a random key, because an existing row would not be written, and is removed
        // again.
        let key = IdempotencyKey {
            tenant: TenantId::default_tenant(),
            caller: "readiness".to_owned(),
            key: random_secret("probe_"),
        };
        if let Idempotency::New(claim) = readiness.store.begin_idempotent(&key, &[0; 32], now).await? {
            readiness.store.abandon_idempotent(&claim).await?;
        }
        readiness.publisher.writes_again();
    }
    Ok(())
}
