//! One client's subscriptions to single things: a parcel, a delivery, the fleet's figures, presence.

use crate::StreamParts;
use crate::convert::render;
use crate::deliveries::{FollowedDelivery, follow_delivery};
use crate::figures::{dashboard_channel, dashboard_key, follows_presence, render_dashboard};
use crate::inbound::Refusal;
use crate::parcels::{FollowedParcel, follow_parcel};
use crate::who::Who;
use crate::wire::{ErrorJson, ReadyJson, SubJson};
use milepost_domain::{ParcelId, TrackingId};
use milepost_hub::{Interest, Subscription};
use milepost_live::{CompanyDashboard, Lane, Outlet};
use serde_json::Value;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

/// How often followed deliveries are looked at: one that expires is told this much later.
const LOOK_AT_DELIVERIES: Duration = Duration::from_secs(1);

/// The subscriptions by their numbers.
pub(crate) struct Things {
    parts: StreamParts,
    who: Arc<Who>,
    outlet: Outlet,
    lane: Arc<Lane>,
    presence: Subscription,
    followed: BTreeMap<u32, Thing>,
}

/// What keeps a thing followed.
enum Thing {
    Parcel(FollowedParcel),
    Delivery(FollowedDelivery),
    Dashboard { _figures: Arc<CompanyDashboard>, _subscription: Subscription },
    Presence,
}

impl Things {
    pub(crate) fn new(parts: StreamParts, who: Arc<Who>, outlet: Outlet, lane: Arc<Lane>) -> Self {
        let presence = crate::figures::be_present(&parts.live, &lane, &who.tenant);
        Self { parts, who, outlet, lane, presence, followed: BTreeMap::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.followed.len()
    }

    /// Whether the number has a subscription. One that the server has ended has none.
    pub(crate) fn has(&mut self, s: u32) -> bool {
        self.followed.retain(|_, thing| !matches!(thing, Thing::Parcel(parcel) if parcel.is_over()));
        self.followed.contains_key(&s)
    }

    /// Follows a thing: sends its present state, `ready`, and then its changes.
    pub(crate) async fn add(&mut self, sub: &SubJson) -> Result<(), Refusal> {
        let thing = match sub.to.as_str() {
            "parcel" => self.parcel(sub.s, sub.id.as_ref()).await?,
            "delivery" => self.delivery(sub.id.as_ref()).await?,
            "dashboard" => self.dashboard().await?,
            "presence" => self.presence()?,
            other => {
                let name: String = other.chars().take(64).collect();
                return Err(Refusal::new("invalid", format!("to: there is no {name}")));
            }
        };
        self.followed.insert(sub.s, thing);
        let ready = ReadyJson { op: "ready", s: sub.s, count: None, complete: None, cursor: None };
        self.outlet.send(&render(&ready));
        Ok(())
    }

    pub(crate) fn remove(&mut self, s: u32) {
        if let Some(Thing::Presence) = self.followed.remove(&s) {
            self.presence.set_interest(follows_presence(false));
        }
    }

    async fn parcel(&mut self, s: u32, id: Option<&Value>) -> Result<Thing, Refusal> {
        let number = id.and_then(Value::as_i64).and_then(|number| ParcelId::new(number).ok());
        let id = number.ok_or_else(|| Refusal::new("invalid", "id: must be a parcel's number"))?;
        let Some(caller) = &self.who.caller else { return Err(Refusal::new("forbidden", "you may see no parcel")) };
        let (live, followers) = (&self.parts.live, &self.parts.state.parcels);
        let who = (caller, &self.who.tenant);
        Ok(Thing::Parcel(follow_parcel(live, followers, &self.lane, who, (&self.outlet, s), id).await?))
    }

    async fn delivery(&mut self, id: Option<&Value>) -> Result<Thing, Refusal> {
        let unknown = || Refusal::new("not_found", "no such tracking session");
        // A visitor follows the delivery whose link let it in, and need not name it again.
        let named = id.and_then(Value::as_str);
        let id = match (&self.who.link, named) {
            (Some(link), None) => link.clone(),
            (_, Some(named)) => TrackingId::new(named).map_err(|_| unknown())?,
            (None, None) => return Err(Refusal::new("invalid", "id: must be a delivery's tracking_id")),
        };
        if self.who.link.as_ref().is_some_and(|link| *link != id) {
            return Err(Refusal::new("forbidden", "a visitor follows the delivery of its link alone"));
        }
        let (live, followed) = (&self.parts.live, &self.parts.state.deliveries);
        let followed = follow_delivery(live, followed, &self.lane, &self.who, &self.outlet, &id).await?;
        Ok(Thing::Delivery(followed))
    }

    async fn dashboard(&mut self) -> Result<Thing, Refusal> {
        if !self.who.log.fleet.company {
            return Err(Refusal::new("forbidden", "you may not see the fleet's figures"));
        }
        let (live, tenant) = (&self.parts.live, &self.who.tenant);
        let figures = self.parts.dashboards.watch(tenant);
        let channel = live.hub.channel(&dashboard_channel(tenant));
        // What an ended subscription was to get has come by then, and nothing of it comes after the snapshot.
        channel.settled().await;
        let _snapshot = self.lane.begin_snapshot();
        let (now, subscription) = {
            let _permit = live.read_permit(tenant, Some(&self.who.reader)).await;
            figures.watch(|| self.lane.subscribe(&channel, Interest::keys([dashboard_key()]))).await?
        };
        self.outlet.send(&render_dashboard(&now));
        Ok(Thing::Dashboard { _figures: figures, _subscription: subscription })
    }

    fn presence(&mut self) -> Result<Thing, Refusal> {
        if self.who.caller.is_none() {
            return Err(Refusal::new("forbidden", "visitors see no presence"));
        }
        self.presence.set_interest(follows_presence(true));
        Ok(Thing::Presence)
    }

    /// Tells of deliveries that expire, and never returns. Dropping the future loses nothing.
    pub(crate) async fn run(&mut self) -> Infallible {
        loop {
            if !self.followed.values().any(|thing| matches!(thing, Thing::Delivery(_))) {
                return std::future::pending().await;
            }
            self.parts.live.context.clock.sleep(LOOK_AT_DELIVERIES).await;
            let now = self.parts.live.now();
            let is_over = |thing: &mut Thing| matches!(thing, Thing::Delivery(delivery) if delivery.has_expired(now));
            for (s, _) in self.followed.extract_if(.., |_, thing| is_over(thing)) {
                let message = "the tracking session has expired";
                let error = ErrorJson { op: "error", s: Some(s), re: None, code: "gone", message, retry_ms: None };
                self.outlet.send(&render(&error));
            }
        }
    }
}
