//! One viewer's view of its company's stored events.

use crate::channel::event_interest;
use crate::convert::{render, render_event};
use crate::filter::Filter;
use crate::wire::ReplayCompleteJson;
use milepost_domain::{Event, FleetViewer};
use milepost_http::rfc3339;
use milepost_hub::Interest;
use milepost_live::{EventSource, EventView, Live, Reader, ReplayEnd};
use milepost_service::{ServiceError, fleet};
use std::sync::{Arc, Mutex, MutexGuard};

/// The events that a viewer may see and asked for.
pub(crate) struct FleetEvents {
    live: Live,
    source: EventSource,
    viewer: FleetViewer,
    reader: Reader,
    /// A std mutex: held for a copy, never across an await.
    filter: Mutex<Arc<Filter>>,
}

impl FleetEvents {
    pub(crate) fn new(live: Live, source: EventSource, viewer: FleetViewer, reader: Reader) -> Self {
        Self { live, source, viewer, reader, filter: Mutex::default() }
    }

    pub(crate) fn filter(&self) -> Arc<Filter> {
        Arc::clone(&self.lock())
    }

    /// Replaces the filter and returns the old one.
    pub(crate) fn set_filter(&self, filter: Filter) -> Arc<Filter> {
        std::mem::replace(&mut *self.lock(), Arc::new(filter))
    }

    fn lock(&self) -> MutexGuard<'_, Arc<Filter>> {
        self.filter.lock().expect("nothing panics while holding it")
    }
}

impl EventView for FleetEvents {
    fn source(&self) -> &EventSource {
        &self.source
    }

    fn reader(&self) -> &Reader {
        &self.reader
    }

    fn interest(&self) -> Interest {
        event_interest(self.viewer, &self.filter())
    }

    async fn read(&self, after: i64, up_to: i64, limit: u32) -> Result<Vec<Event>, ServiceError> {
        fleet::fleet_events(&self.live.use_cases().fleet, &self.source.tenant, self.viewer, after, up_to, limit).await
    }

    fn render(&self, event: &Event, replayed: bool) -> Option<String> {
        let is_visible = event.fact.fleet_audience().is_some_and(|audience| self.viewer.may_see(audience));
        if is_visible && self.filter().wants_fact(&event.fact) {
            render_event(&self.source.tenant, event, replayed)
        } else {
            None
        }
    }

    fn render_complete(&self, end: ReplayEnd) -> String {
        render(&ReplayCompleteJson {
            kind: "replay_complete",
            data: end,
            timestamp: rfc3339(self.live.now()),
            company_id: self.source.tenant.as_str(),
            end,
        })
    }
}
