//! The state that all live connections of the server share.

use axum::extract::Request;
use milepost_domain::{TenantId, Timestamp};
use milepost_http::{HttpContext, Problem};
use milepost_hub::{ChannelId, Hub};
use milepost_service::records::newest_event_id;
use milepost_service::{ReadPermit, Reader, ServiceError, UseCases};
use milepost_transport::Transport;
use std::sync::Arc;

use crate::greeting::Greetings;
use crate::{ConnectionPolicy, EventSource, Handshake, Origins};

/// Made once and given to every dialect. A clone shares the same state.
#[derive(Clone)]
pub struct Live {
    /// Access control, use cases and the origin policy.
    pub context: Arc<HttpContext>,
    /// The hub in which dialects publish messages.
    pub hub: Hub,
    pub(crate) transport: Arc<Transport>,
    pub(crate) greetings: Arc<Greetings>,
}

impl Live {
    /// Connects what is published in `hub` with the connections of `transport`.
    pub fn new(context: Arc<HttpContext>, hub: Hub, transport: Arc<Transport>) -> Self {
        Self { context, hub, transport, greetings: Arc::default() }
    }

    /// What the use cases need.
    pub fn use_cases(&self) -> &UseCases {
        &self.context.use_cases
    }

    /// The present time.
    pub fn now(&self) -> Timestamp {
        self.context.clock.now()
    }

    /// Checks the origin of a request for a live connection.
    ///
    /// # Errors
    /// 403 when the policy does not allow the page's origin.
    pub fn handshake(&self, request: Request, policy: &'static ConnectionPolicy) -> Result<Handshake, Problem> {
        let (head, _) = request.into_parts();
        if policy.origins == Origins::Allowed && !self.context.origins.allows(&head.headers) {
            return Err(Problem::forbidden("this origin may not open sockets here, see ALLOWED_ORIGINS"));
        }
        Ok(Handshake { live: self.clone(), head, policy })
    }

    /// The tenant's event log with its newest id.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`].
    pub async fn event_source(&self, tenant: TenantId, channel: ChannelId) -> Result<EventSource, ServiceError> {
        let newest = newest_event_id(&self.use_cases().records, &tenant).await?;
        Ok(EventSource { tenant, channel, newest })
    }

    /// Waits for the permission for a large read of a tenant's data. Hold it while the store is read.
    pub async fn read_permit(&self, tenant: &TenantId, reader: Option<&Reader>) -> ReadPermit {
        self.use_cases().fair_reads.permit(tenant, reader).await
    }
}
