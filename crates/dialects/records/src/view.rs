//! Decides who may be a client, and which of a tenant's events that client may see.

use crate::channel::{channel_of, interest_of};
use crate::convert::{render, render_event};
use crate::wire::ToClient;
use milepost_domain::{Caller, Event, Principal, RecordViewer};
use milepost_http::Problem;
use milepost_hub::Interest;
use milepost_live::{Entry, EventSource, EventView, Handshake, Live, Reader, ReplayEnd, StreamView};
use milepost_service::{ServiceError, records};

/// A client's view of a tenant's records.
pub(crate) struct RecordsView {
    live: Live,
    pub(crate) caller: Caller,
    reader: Reader,
    viewer: RecordViewer,
    source: EventSource,
}

/// Admits users of the tenant, and superadmins to the tenant in `?tenant=`.
pub(crate) async fn authorize(live: &Live, handshake: &Handshake) -> Result<Entry<RecordsView>, Problem> {
    let credential = handshake.authenticate().await?;
    let caller = credential.caller().clone();
    if matches!(caller.principal, Principal::Device { .. }) {
        return Err(Problem::forbidden("records are for users, not for devices"));
    }
    let tenant = handshake.tenant_for(&caller)?;
    let viewer = RecordViewer::of(&caller, &tenant);
    if matches!(caller.principal, Principal::Program { .. }) && !viewer.staff {
        return Err(Problem::forbidden("an access token for some vehicles alone sees no records"));
    }
    let channel = channel_of(&tenant);
    let source = live.event_source(tenant, channel).await?;
    let reader = Reader::of(&caller);
    Ok(Entry::new(credential, RecordsView { live: live.clone(), caller, reader, viewer, source }))
}

impl EventView for RecordsView {
    fn source(&self) -> &EventSource {
        &self.source
    }

    fn reader(&self) -> &Reader {
        &self.reader
    }

    fn interest(&self) -> Interest {
        interest_of(self.viewer)
    }

    async fn read(&self, after: i64, up_to: i64, limit: u32) -> Result<Vec<Event>, ServiceError> {
        let records = &self.live.use_cases().records;
        records::visible_events(records, &self.source.tenant, self.viewer, after, up_to, limit).await
    }

    fn render(&self, event: &Event, replayed: bool) -> Option<String> {
        self.viewer.may_see(event.fact.audience()).then(|| render_event(event, replayed))?
    }

    fn render_complete(&self, end: ReplayEnd) -> String {
        render(&ToClient::ReplayComplete(end))
    }
}

impl StreamView for RecordsView {
    fn render_position_unknown(&self, last_event_id: i64) -> String {
        render(&ToClient::PositionUnknown { last_event_id })
    }
}
