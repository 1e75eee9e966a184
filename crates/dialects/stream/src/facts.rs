//! One client's view of the event log.

use crate::channel::fact_channel;
use crate::convert::render;
use crate::convert_fact::{alert_item, cadet_item, notice_item, render_fact, render_running, trip_item};
use crate::state::cursor;
use crate::topic::{LogViewer, TopicKind, keys_of};
use crate::wire::{ItemsJson, ReadyJson};
use milepost_domain::{Caller, Event, Fact, Notice, Revision, TenantId, Timestamp, Trip, TripStatus, TripUpdate};
use milepost_hub::{Channel, ChannelId, Interest, Message, Recipients};
use milepost_live::{Begun, Live, LogPage, Reader, TopicView};
use milepost_service::records::NoticeFilter;
use milepost_service::{AlertCursor, AlertListing, Request, ServiceError, TripListing, fleet, records};
use serde_json::value::RawValue;
use std::sync::Arc;

/// Things in one read of the store, and in one message.
const PAGE: u32 = 100;
/// Things in the snapshot of a subscription, newest first. Older ones are read by REST.
const MAX_ITEMS: usize = 1_000;

/// A topic that a client follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Topic {
    /// The client's number for it.
    pub(crate) s: u32,
    pub(crate) kind: TopicKind,
}

/// The part of a tenant's log that a client may see.
pub(crate) struct FactView {
    pub(crate) live: Live,
    pub(crate) caller: Option<Caller>,
    pub(crate) tenant: TenantId,
    pub(crate) viewer: LogViewer,
    pub(crate) reader: Reader,
    pub(crate) feed: Arc<str>,
}

/// Renders an event for the clients that may see it and follow its topic; `None` when there are none.
pub(crate) fn fact_message(channel: &Channel, feed: &str, event: &Event) -> Option<Message> {
    let keys = keys_of(&event.fact);
    if !keys.iter().any(|key| channel.has_subscribers_of(key)) {
        return None;
    }
    Some(Message::named(render_fact(feed, event)?, Recipients::only(keys), event.id, cursor(feed, event.id)))
}

/// Renders a running trip as it is now, for the clients that may see it and follow trips; `None` when there are none. It is not
/// stored, so that it moves nobody's cursor.
pub(crate) fn running_message(channel: &Channel, trip: &Trip, at: Timestamp) -> Option<Message> {
    let update = TripUpdate { trip: trip.clone(), revision: Revision::New };
    let keys = keys_of(&Fact::TripChanged(Box::new(update)));
    if !keys.iter().any(|key| channel.has_subscribers_of(key)) {
        return None;
    }
    Some(Message::new(render_running(trip, at), Recipients::only(keys)))
}

impl FactView {
    fn request(&self) -> Result<Request, ServiceError> {
        let caller = self.caller.clone().ok_or(ServiceError::Forbidden("visitors follow their delivery alone"))?;
        Ok(self.live.context.request(caller))
    }

    async fn alerts(&self) -> Result<Vec<Box<RawValue>>, ServiceError> {
        let (request, mut items) = (self.request()?, Vec::new());
        let mut listing = AlertListing { tenant: self.tenant.clone(), unread: false, before: None, limit: PAGE };
        while items.len() < MAX_ITEMS {
            let page = fleet::list_alerts(&self.live.use_cases().fleet, &request, &listing).await?;
            items.extend(page.iter().filter_map(alert_item));
            match page.last() {
                Some(last) if page.len() == PAGE as usize => {
                    listing.before = Some(AlertCursor { at: last.at, id: last.id.clone() });
                }
                _ => break,
            }
        }
        Ok(items)
    }

    async fn trips(&self) -> Result<Vec<Box<RawValue>>, ServiceError> {
        let (request, mut items) = (self.request()?, Vec::new());
        let mut listing = TripListing {
            tenant: self.tenant.clone(),
            vehicle: None,
            driver: None,
            status: Some(TripStatus::Started),
            from: Timestamp::from_unix_ms(0).unwrap_or(request.now),
            to: request.now.plus_ms(60_000),
            before: None,
            limit: PAGE,
        };
        while items.len() < MAX_ITEMS {
            let page = fleet::list_trips(&self.live.use_cases().fleet, &request, &listing).await?;
            items.extend(page.trips.iter().map(trip_item));
            listing.before = page.next;
            if listing.before.is_none() {
                break;
            }
        }
        Ok(items)
    }

    async fn notices(&self) -> Result<Vec<Box<RawValue>>, ServiceError> {
        let (request, mut notices) = (self.request()?, Vec::<Notice>::new());
        for messages in [false, true] {
            let filter = NoticeFilter { messages, unread: true };
            notices.extend(records::list_notices(&self.live.use_cases().records, &request, filter, None, PAGE).await?);
        }
        notices.sort_by_key(|notice| std::cmp::Reverse(notice.created_at));
        Ok(notices.iter().map(notice_item).collect())
    }
}

impl TopicView for FactView {
    type Topic = Topic;

    fn tenant(&self) -> &TenantId {
        &self.tenant
    }

    fn channel(&self) -> ChannelId {
        fact_channel(&self.tenant)
    }

    fn reader(&self) -> &Reader {
        &self.reader
    }

    fn interest(&self, topics: &[Topic]) -> Interest {
        Interest::keys(topics.iter().flat_map(|topic| self.viewer.keys(topic.kind)))
    }

    async fn read(&self, topics: &[Topic], after: i64, up_to: i64, limit: u32) -> Result<LogPage, ServiceError> {
        let use_cases = self.live.use_cases();
        let mut page = LogPage { events: Vec::new(), up_to };
        let mut add = |events: Vec<Event>| {
            if events.len() == limit as usize {
                page.up_to = page.up_to.min(events.last().map_or(up_to, |last| last.id));
            }
            page.events.extend(events);
        };
        if topics.iter().any(|topic| topic.kind.is_of_fleet()) {
            let viewer = self.viewer.fleet;
            add(fleet::fleet_events(&use_cases.fleet, &self.tenant, viewer, after, up_to, limit).await?);
        }
        if topics.iter().any(|topic| !topic.kind.is_of_fleet()) {
            let viewer = self.viewer.records;
            add(records::visible_events(&use_cases.records, &self.tenant, viewer, after, up_to, limit).await?);
        }
        let up_to = page.up_to;
        page.events.retain(|event| event.id <= up_to);
        page.events.sort_by_key(|event| event.id);
        Ok(page)
    }

    fn render(&self, topics: &[Topic], event: &Event) -> Option<String> {
        let is_wanted = topics.iter().any(|topic| topic.kind.holds(&event.fact)) && self.viewer.may_see(&event.fact);
        if is_wanted { render_fact(&self.feed, event) } else { None }
    }

    fn name(&self, event_id: i64) -> String {
        cursor(&self.feed, event_id)
    }

    async fn snapshot(&self, topic: &Topic) -> Result<Vec<String>, ServiceError> {
        let items = match topic.kind {
            TopicKind::Alerts => self.alerts().await?,
            TopicKind::Trips => self.trips().await?,
            TopicKind::Notices => self.notices().await?,
            TopicKind::Cadet(id) => {
                let request = self.request()?;
                match records::get_cadet(&self.live.use_cases().records, &request, &self.tenant, id).await {
                    Ok(cadet) => vec![cadet_item(&cadet)],
                    // It was removed since its subscription was allowed.
                    Err(ServiceError::NotFound(_)) => Vec::new(),
                    Err(error) => return Err(error),
                }
            }
            TopicKind::Events | TopicKind::Records => Vec::new(),
        };
        let pages = items.chunks(PAGE as usize);
        Ok(pages.map(|items| render(&ItemsJson { op: "items", s: topic.s, items })).collect())
    }

    fn render_begun(&self, topic: &Topic, begun: Begun) -> String {
        let cursor = self.name(begun.newest);
        let complete = Some(begun.complete);
        render(&ReadyJson { op: "ready", s: topic.s, count: None, complete, cursor: Some(&cursor) })
    }
}
