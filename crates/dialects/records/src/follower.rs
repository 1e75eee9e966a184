//! One client that follows a tenant's events: what it missed from the store, then what comes, without a gap between them.

use crate::RecordsParts;
use crate::channel::{channel_of, interest_of};
use crate::convert::render_event;
use milepost_domain::{RecordViewer, TenantId};
use milepost_hub::{Gate, Outlet, Subscription};
use milepost_service::ServiceError;
use milepost_transport::{Closed, EventStream, Link};
use std::sync::Arc;

/// Events read at once.
const PAGE: u32 = 100;

/// Where a client's events go.
pub(crate) enum Way {
    Socket(Arc<Link>),
    Stream(Arc<EventStream>),
}

/// Why telling stopped.
pub(crate) enum Stopped {
    /// The client is gone.
    Gone,
    /// The store can't be read: the client must come back, or it would miss something.
    Failed,
}

impl From<Closed> for Stopped {
    fn from(_: Closed) -> Self {
        Self::Gone
    }
}

/// Logged where it arose.
impl From<ServiceError> for Stopped {
    fn from(_: ServiceError) -> Self {
        Self::Failed
    }
}

/// A client and what it may see.
pub(crate) struct Follower {
    parts: RecordsParts,
    tenant: TenantId,
    viewer: RecordViewer,
    way: Way,
    pub(crate) gate: Arc<Gate>,
}

impl Follower {
    /// A client that gets nothing yet. `newest` was the tenant's newest event before the client was answered.
    pub(crate) fn new(parts: RecordsParts, tenant: TenantId, viewer: RecordViewer, way: Way, newest: i64) -> Self {
        let outlet: Arc<dyn Outlet> = match &way {
            Way::Socket(link) => Arc::clone(link) as Arc<dyn Outlet>,
            Way::Stream(stream) => Arc::clone(stream) as Arc<dyn Outlet>,
        };
        Self { parts, tenant, viewer, way, gate: Gate::new(outlet, newest) }
    }

    /// Takes its place in the tenant's channel, behind the gate.
    pub(crate) fn subscribe(&self) -> Subscription {
        let outlet = Arc::clone(&self.gate) as Arc<dyn Outlet>;
        self.parts.hub.channel(&channel_of(&self.tenant)).subscribe(outlet, interest_of(self.viewer))
    }

    /// The tenant's newest event.
    pub(crate) async fn newest(&self) -> Result<i64, Stopped> {
        let _turn = self.parts.turns.acquire().await;
        Ok(self.parts.context.service.newest_event_id(&self.tenant).await?)
    }

    /// Sends what the client may see of the events above `after` and up to `up_to`, as fast as it reads: how many.
    pub(crate) async fn tell(&self, after: i64, up_to: i64, replayed: bool) -> Result<u64, Stopped> {
        let (mut last, mut count) = (after, 0);
        while last < up_to {
            let events = {
                let _turn = self.parts.turns.acquire().await;
                let service = &self.parts.context.service;
                service.visible_events(&self.tenant, self.viewer, last, up_to, PAGE).await?
            };
            for event in events.iter().filter(|event| self.viewer.may_see(event.fact.audience())) {
                if let Some(text) = render_event(event, replayed) {
                    self.send(event.id, &text).await?;
                    count += 1;
                }
            }
            match events.last() {
                Some(event) if events.len() == PAGE as usize => last = event.id,
                _ => break,
            }
        }
        Ok(count)
    }

    /// Behind a shut gate: sends what has come since `told`, and then opens it. However many have come, what waits in
    /// memory are only those of the last moment.
    pub(crate) async fn catch_up(&self, mut told: i64) -> Result<(), Stopped> {
        loop {
            let newest = self.newest().await?;
            if newest - told <= i64::from(PAGE) {
                return self.settle(told).await;
            }
            self.tell(told, newest, false).await?;
            told = newest;
        }
    }

    /// The same for few events. Live messages that the gate left out until now are not newer than what the store says
    /// from now on; those that come from now on wait.
    pub(crate) async fn settle(&self, told: i64) -> Result<(), Stopped> {
        self.gate.hold();
        let newest = self.newest().await?;
        self.tell(told, newest, false).await?;
        self.gate.open(newest);
        Ok(())
    }

    async fn send(&self, id: i64, text: &str) -> Result<(), Closed> {
        match &self.way {
            Way::Socket(link) => link.send_backpressured(text).await,
            Way::Stream(stream) => stream.send_event_backpressured(Some(id), text).await,
        }
    }
}
