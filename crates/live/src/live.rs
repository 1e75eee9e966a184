//! What all live connections of the server share.

use axum::extract::Request;
use milepost_domain::TenantId;
use milepost_http::{HttpContext, Problem};
use milepost_hub::{ChannelId, Hub};
use milepost_service::records::newest_event_id;
use milepost_service::{Service, ServiceError};
use milepost_transport::Transport;
use std::sync::Arc;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{ConnectionPolicy, EventSource, Handshake, Origins};

/// Reads for clients that come back, at the same time on this node. The next client waits, so that a whole tenant that
/// reconnects leaves database connections to those who write.
const PARALLEL_READS: usize = 4;

/// Made once and given to every dialect; cloning shares it.
#[derive(Clone)]
pub struct Live {
    /// Use cases and origins.
    pub context: Arc<HttpContext>,
    /// Where messages are published.
    pub hub: Hub,
    pub(crate) transport: Arc<Transport>,
    reads: Arc<Semaphore>,
}

impl Live {
    /// Connections on `transport` that get what is published in `hub`.
    pub fn new(context: Arc<HttpContext>, hub: Hub, transport: Arc<Transport>) -> Self {
        Self { context, hub, transport, reads: Arc::new(Semaphore::new(PARALLEL_READS)) }
    }

    /// The use cases.
    pub fn service(&self) -> &Arc<Service> {
        &self.context.service
    }

    /// Begins to let a client in.
    ///
    /// # Errors
    /// 403 for a page of an origin that the policy does not let in.
    pub fn handshake(&self, request: Request, policy: &'static ConnectionPolicy) -> Result<Handshake, Problem> {
        let (head, _) = request.into_parts();
        if policy.origins == Origins::Allowed && !self.context.origins.allows(&head.headers) {
            return Err(Problem::forbidden("this origin may not open sockets here, see ALLOWED_ORIGINS"));
        }
        Ok(Handshake { live: self.clone(), head, policy })
    }

    /// A tenant's events, as they are just now.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn event_source(&self, tenant: TenantId, channel: ChannelId) -> Result<EventSource, ServiceError> {
        let newest = newest_event_id(&self.service().records, &tenant).await?;
        Ok(EventSource { tenant, channel, newest })
    }

    /// Waits for a turn to read much from the store for one client; to be held while it is read.
    pub async fn read_permit(&self) -> SemaphorePermit<'_> {
        self.reads.acquire().await.expect("the semaphore is never closed")
    }
}
