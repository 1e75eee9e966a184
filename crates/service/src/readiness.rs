//! Can the server serve? A load balancer asks every few seconds.

use crate::{IdempotencyKey, Service, ServiceError};
use milepost_domain::TenantId;

impl Service {
    /// Reads from the database, and when the last transaction failed also writes: a full disk is readable.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn check_ready(&self) -> Result<(), ServiceError> {
        self.store.ping().await?;
        if self.publisher.is_failing() {
            // Any small row will do; it is taken back at once.
            let key = IdempotencyKey {
                tenant: TenantId::default_tenant(),
                caller: "readiness".to_owned(),
                key: "probe".to_owned(),
            };
            self.store.begin_idempotent(&key, &[0; 32], self.now()).await?;
            self.store.abandon_idempotent(&key).await?;
            self.publisher.writes_again();
        }
        Ok(())
    }
}
