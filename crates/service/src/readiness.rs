//! Can the server serve? A load balancer asks every few seconds.

use crate::{Idempotency, IdempotencyKey, Service, ServiceError};
use milepost_access::random_secret;
use milepost_domain::TenantId;

impl Service {
    /// Reads from the database, and when the last transaction failed also writes: a full disk is readable.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn check_ready(&self) -> Result<(), ServiceError> {
        self.store.ping().await?;
        if self.publisher.is_failing() {
            // Any small row will do; it is taken back at once. One of its own: another's would not be written.
            let key = IdempotencyKey {
                tenant: TenantId::default_tenant(),
                caller: "readiness".to_owned(),
                key: random_secret("probe_"),
            };
            if let Idempotency::New(claim) = self.store.begin_idempotent(&key, &[0; 32], self.now()).await? {
                self.store.abandon_idempotent(&claim).await?;
            }
            self.publisher.writes_again();
        }
        Ok(())
    }
}
