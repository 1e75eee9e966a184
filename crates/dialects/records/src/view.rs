//! What of a tenant's events a client may see, and who may be a client.

use crate::channel::{channel_of, interest_of};
use crate::convert::{render, render_event};
use crate::wire::ToClient;
use milepost_domain::{Caller, Event, Principal, RecordViewer, TenantId};
use milepost_http::Problem;
use milepost_hub::{ChannelId, Interest};
use milepost_live::{Entry, EventView, Handshake, Live};
use milepost_service::ServiceError;

/// A client's view of a tenant's records.
pub(crate) struct RecordsView {
    live: Live,
    pub(crate) caller: Caller,
    tenant: TenantId,
    viewer: RecordViewer,
    newest: i64,
}

/// Users of the tenant, and superadmins of the one that they name by `?tenant=`.
pub(crate) async fn authorize(live: &Live, handshake: &Handshake) -> Result<Entry<RecordsView>, Problem> {
    let credential = handshake.authenticate().await?;
    let caller = credential.caller().clone();
    if matches!(caller.principal, Principal::Device { .. }) {
        return Err(Problem::forbidden("records are for users, not for devices"));
    }
    let tenant = handshake.tenant_for(&caller)?;
    let viewer = RecordViewer::of(&caller, &tenant);
    let newest = live.service().newest_event_id(&tenant).await?;
    Ok(Entry::new(credential, RecordsView { live: live.clone(), caller, tenant, viewer, newest }))
}

impl EventView for RecordsView {
    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn newest(&self) -> i64 {
        self.newest
    }

    fn channel(&self) -> ChannelId {
        channel_of(&self.tenant)
    }

    fn interest(&self) -> Interest {
        interest_of(self.viewer)
    }

    async fn read(&self, after: i64, up_to: i64, limit: u32) -> Result<Vec<Event>, ServiceError> {
        self.live.service().visible_events(&self.tenant, self.viewer, after, up_to, limit).await
    }

    fn render(&self, event: &Event, replayed: bool) -> Option<String> {
        self.viewer.may_see(event.fact.audience()).then(|| render_event(event, replayed))?
    }

    fn render_complete(&self, count: u64, last_event_id: i64) -> String {
        render(&ToClient::ReplayComplete { count, last_event_id })
    }
}
