//! Looks at the map again after vehicles have moved, and tells which vehicles a subscription selects now.
//!
//! A move itself costs nothing here: a question is asked at most twice a second, however many vehicles move.

use crate::channel::vehicle_key;
use crate::convert::{render, render_gone, render_vehicles};
use crate::inbound::Refusal;
use crate::space::{MAX_SPACES, Space};
use crate::vehicles::{VehicleFilter, VehicleSubscriptions};
use crate::wire::{ErrorJson, MembersJson, ReadyJson};
use milepost_domain::VehicleId;
use milepost_service::space::watch_changes;
use milepost_service::{Among, LiveVehicle, Request};
use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// A question is asked again so long after it was asked last.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How soon after the database could not answer.
const RETRY: Duration = Duration::from_secs(2);

/// A subscription whose vehicles change as they move.
pub(crate) struct Looked {
    space: Space,
    /// The vehicles of which the client was told that they belong to it.
    pub(crate) told: HashSet<VehicleId>,
    /// The state of the map that was looked at.
    seen: u64,
    next: Instant,
    every: Duration,
}

impl VehicleSubscriptions {
    /// Sends the vehicles that a question selects, `ready`, and then what changes.
    pub(crate) async fn add_space(&mut self, s: u32, space: Space, filter: VehicleFilter) -> Result<(), Refusal> {
        if self.looked.len() >= MAX_SPACES {
            return Err(Refusal::new("limit", format!("at most {MAX_SPACES} subscriptions to near and within")));
        }
        if self.changes.is_none() {
            self.changes = Some(watch_changes(&self.live.use_cases().vehicles, &self.who.tenant).await?);
        }
        let every = filter.batch().max(LOOK_EVERY);
        let looked = Looked { space, told: HashSet::new(), seen: 0, next: self.live.context.clock.instant(), every };
        self.filters.insert(s, filter);
        self.looked.insert(s, looked);
        if let Err(refusal) = self.look(s).await {
            self.filters.remove(&s);
            self.looked.remove(&s);
            return Err(refusal);
        }
        self.set_gather();
        let count = self.looked.get(&s).map(|looked| looked.told.len());
        self.outlet.send(&render(&ReadyJson { op: "ready", s, count, complete: None, cursor: None }));
        Ok(())
    }

    /// Looks at the map whenever it has changed, and never returns. Dropping the future loses nothing: what was not told to the end
    /// is told again.
    pub(crate) async fn keep_looking(&mut self) -> Infallible {
        loop {
            let Some(changes) = self.changes.as_mut() else { return std::future::pending().await };
            let state = *changes.borrow_and_update();
            let looked = self.looked.iter().map(|(s, looked)| (looked.seen, looked.next, *s));
            let clustered = self.clustered.iter().map(|(s, clustered)| (clustered.seen, clustered.next, *s));
            let stale = looked.chain(clustered).filter(|(seen, ..)| *seen != state);
            match stale.map(|(_, next, s)| (next, s)).min() {
                None if self.looked.is_empty() && self.clustered.is_empty() => return std::future::pending().await,
                // The map lives as long as the server.
                None => drop(changes.changed().await),
                Some((next, s)) if next <= self.live.context.clock.instant() => {
                    let looked = match self.clustered.contains_key(&s) {
                        true => self.look_at_view(s).await.map_err(Refusal::from),
                        false => self.look(s).await,
                    };
                    if let Err(refusal) = looked {
                        self.look_failed(s, &refusal).await;
                    }
                }
                Some((next, _)) => Box::pin(self.live.context.clock.sleep_until(next)).await,
            }
        }
    }

    async fn look_failed(&mut self, s: u32, refusal: &Refusal) {
        if matches!(refusal.code, "unavailable" | "busy") {
            let next = self.live.context.clock.instant() + RETRY;
            self.looked.entry(s).and_modify(|looked| looked.next = next);
            self.clustered.entry(s).and_modify(|clustered| clustered.next = next);
            return;
        }
        // Its geofence is gone, or holds too much now.
        let Refusal { code, message } = refusal;
        let error = ErrorJson { op: "error", s: Some(s), re: None, code, message, retry_ms: None };
        let _ = self.end(s, &render(&error)).await;
    }

    /// Asks a question, and tells the client what has changed.
    async fn look(&mut self, s: u32) -> Result<(), Refusal> {
        // Read before the map is: a change in between is looked at again.
        let seen = self.changes.as_ref().map_or(0, |changes| *changes.borrow());
        let Some(mut space) = self.looked.get(&s).map(|looked| looked.space.clone()) else { return Ok(()) };
        let request = self.request()?;
        let use_cases = self.live.use_cases();
        let members = space.ask(use_cases, &request, &self.who.tenant, &self.who.scope).await?;
        self.tell_members(s, members).await?;
        let now = self.live.context.clock.instant();
        if let Some(looked) = self.looked.get_mut(&s) {
            (looked.space, looked.seen, looked.next) = (space, seen, now + looked.every);
        }
        Ok(())
    }

    fn request(&self) -> Result<Request, Refusal> {
        let caller = self.who.caller.clone();
        let caller = caller.ok_or_else(|| Refusal::new("forbidden", "you may see no vehicle"))?;
        Ok(self.live.context.request(caller))
    }

    /// Follows these vehicles for a subscription, and tells which have come and which have left.
    async fn tell_members(&mut self, s: u32, members: HashSet<VehicleId>) -> Result<(), Refusal> {
        let (Some(looked), Some(filter)) = (self.looked.get(&s), self.filters.get_mut(&s)) else { return Ok(()) };
        // A look that was broken off may have followed vehicles without telling of them, or the other way round.
        let is_known = |id: &VehicleId| looked.told.contains(id) && filter.ids.contains(id.as_str());
        let coming: HashSet<VehicleId> = members.iter().filter(|id| !is_known(id)).cloned().collect();
        let leaving: HashSet<VehicleId> = looked.told.difference(&members).cloned().collect();
        if coming.is_empty() && leaving.is_empty() && filter.ids.len() == members.len() {
            return Ok(());
        }
        filter.ids = members.iter().map(|id| id.as_str().to_owned()).collect();
        let lane = Arc::clone(&self.lane);
        let snapshot = lane.begin_snapshot();
        let among: Vec<VehicleId> = coming.iter().chain(&leaving).cloned().collect();
        let found = self.cut(&Among::Listed(&among), |_| true).await?;
        let (gone, fresh) = self.moved_members(&found, &coming);
        for live in gone.iter().chain(&fresh) {
            snapshot.forget(&vehicle_key(live.vehicle.id.as_str()));
        }
        self.outlet.send(&render(&members_of(s, &coming, &leaving)));
        let ids: Vec<_> = gone.iter().map(|live| &live.vehicle.id).collect();
        for text in render_gone(&ids).into_iter().chain(render_vehicles(&fresh)) {
            if self.outlet.send_backpressured(None, &text).await.is_err() {
                return Ok(());
            }
        }
        drop(snapshot);
        if let Some(looked) = self.looked.get_mut(&s) {
            looked.told = members;
        }
        Ok(())
    }

    /// Of the vehicles that came or left: those that no subscription selects any more, and those that the client may not know.
    fn moved_members<'l>(
        &self,
        found: &'l [LiveVehicle],
        coming: &HashSet<VehicleId>,
    ) -> (Vec<&'l LiveVehicle>, Vec<&'l LiveVehicle>) {
        // What a view knows depends on moves that were under way, and what another question knows on looks that were broken off.
        let was_told = |s: &u32, id: &VehicleId| self.looked.get(s).is_none_or(|looked| looked.told.contains(id));
        let (mut gone, mut fresh) = (Vec::new(), Vec::new());
        for live in found {
            let mut holding = self.filters.iter().filter(|(_, filter)| filter.holds(live));
            let is_followed = holding.any(|(s, filter)| !filter.is_view() && was_told(s, &live.vehicle.id));
            if coming.contains(&live.vehicle.id) {
                if !is_followed {
                    fresh.push(live);
                }
            } else if !self.holds(live) {
                gone.push(live);
            } else if !is_followed {
                fresh.push(live);
            }
        }
        (gone, fresh)
    }
}

fn members_of<'i>(s: u32, coming: &'i HashSet<VehicleId>, leaving: &'i HashSet<VehicleId>) -> MembersJson<'i> {
    let sorted = |ids: &'i HashSet<VehicleId>| {
        let mut ids: Vec<&str> = ids.iter().map(VehicleId::as_str).collect();
        ids.sort_unstable();
        ids
    };
    MembersJson { op: "members", s, coming: sorted(coming), leaving: sorted(leaving) }
}
