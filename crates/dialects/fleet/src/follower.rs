//! One viewer that follows a company's events: what it missed from the store, then what comes, without a gap between.

use crate::FleetParts;
use crate::channel::{event_channel, event_interest};
use crate::convert::{render, render_event};
use crate::filter::Filter;
use crate::wire::{ReplayCompleteJson, ReplayEndJson};
use milepost_domain::{FleetViewer, TenantId};
use milepost_http::rfc3339;
use milepost_hub::{Gate, Outlet, Subscription};
use milepost_service::ServiceError;
use milepost_transport::{Closed, Link};
use std::sync::{Arc, Mutex, MutexGuard};

/// Events read at once.
const PAGE: u32 = 100;

/// Why telling stopped.
pub(crate) enum Stopped {
    /// The viewer is gone.
    Gone,
    /// The store can't be read: the viewer must come back, or it would miss something.
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

/// A viewer and what it may see and wants.
pub(crate) struct Follower {
    parts: FleetParts,
    tenant: TenantId,
    viewer: FleetViewer,
    link: Arc<Link>,
    gate: Arc<Gate>,
    /// A std mutex: held for a copy, never across an await.
    filter: Mutex<Arc<Filter>>,
}

impl Follower {
    /// A viewer that gets nothing yet. `newest` was the tenant's newest event before the viewer was answered.
    pub(crate) fn new(
        parts: FleetParts,
        tenant: TenantId,
        viewer: FleetViewer,
        link: Arc<Link>,
        newest: i64,
    ) -> Arc<Self> {
        let gate = Gate::new(Arc::clone(&link) as Arc<dyn Outlet>, newest);
        Arc::new(Self { parts, tenant, viewer, link, gate, filter: Mutex::default() })
    }

    /// Takes its place in the company's channel, behind the gate.
    pub(crate) fn subscribe(&self) -> Subscription {
        let outlet = Arc::clone(&self.gate) as Arc<dyn Outlet>;
        let interest = event_interest(self.viewer, &self.filter());
        self.parts.hub.channel(&event_channel(&self.tenant)).subscribe(outlet, interest)
    }

    /// From now on only this is told, live and in replays: what was told before.
    pub(crate) fn narrow(&self, subscription: &Subscription, filter: Filter) -> Arc<Filter> {
        subscription.set_interest(event_interest(self.viewer, &filter));
        std::mem::replace(&mut *self.lock(), Arc::new(filter))
    }

    pub(crate) fn filter(&self) -> Arc<Filter> {
        Arc::clone(&self.lock())
    }

    /// Sends everything after `after` that the viewer may see and wants, then what has come meanwhile, then live events
    /// again: from the request on, ids only rise. A viewer that is cut off in the middle resumes from the last one
    /// that it got.
    pub(crate) async fn replay(&self, after: i64) -> Result<(), Stopped> {
        let told = self.gate.shut();
        let newest = self.newest().await?;
        // Whoever claims to know what it was not told yet is told all the same.
        let count = self.tell(after.min(told), newest, true).await?;
        let end = ReplayEndJson { count, last_event_id: newest };
        let complete = ReplayCompleteJson {
            kind: "replay_complete",
            data: end,
            timestamp: rfc3339(self.parts.context.service.now()),
            company_id: self.tenant.as_str(),
            end,
        };
        self.link.send_backpressured(&render(&complete)).await?;
        self.catch_up(newest).await
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
    async fn settle(&self, told: i64) -> Result<(), Stopped> {
        self.gate.hold();
        let newest = self.newest().await?;
        self.tell(told, newest, false).await?;
        self.gate.open(newest);
        Ok(())
    }

    /// The tenant's newest event.
    async fn newest(&self) -> Result<i64, Stopped> {
        let _turn = self.parts.turns.acquire().await;
        Ok(self.parts.context.service.newest_event_id(&self.tenant).await?)
    }

    /// Sends what the viewer may see and wants of the events above `after` and up to `up_to`, as fast as it reads: how
    /// many.
    async fn tell(&self, after: i64, up_to: i64, replayed: bool) -> Result<u64, Stopped> {
        let (mut last, mut count) = (after, 0);
        while last < up_to {
            let events = {
                let _turn = self.parts.turns.acquire().await;
                let service = &self.parts.context.service;
                service.fleet_events(&self.tenant, self.viewer, last, up_to, PAGE).await?
            };
            let filter = self.filter();
            for event in &events {
                let visible = event.fact.fleet_audience().is_some_and(|audience| self.viewer.may_see(audience));
                if visible
                    && filter.wants_fact(&event.fact)
                    && let Some(text) = render_event(&self.tenant, event, replayed)
                {
                    self.link.send_backpressured(&text).await?;
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

    fn lock(&self) -> MutexGuard<'_, Arc<Filter>> {
        self.filter.lock().expect("nothing panics while holding it")
    }
}
