//! One client's subscriptions to vehicles: filters over one store, so that no vehicle is sent twice.

use crate::channel::{kind_key, route_key, scope_key, vehicle_channel, vehicle_key};
use crate::convert::{PLACES, render, render_gone, render_vehicles};
use crate::who::Who;
use crate::wire::{EndedJson, ReadyJson, SubJson};
use milepost_domain::{Vehicle, VehicleScope};
use milepost_hub::{Interest, Subscription};
use milepost_live::{Lane, Live, Outlet};
use milepost_service::{LiveVehicle, ServiceError, vehicles};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};

/// Vehicles that a subscription names.
#[derive(Debug, Clone, Default)]
pub(crate) struct VehicleFilter {
    /// Everything, unless something is named.
    ids: HashSet<String>,
    routes: HashSet<String>,
    kinds: HashSet<String>,
    is_all: bool,
}

impl VehicleFilter {
    /// All vehicles unless ids, routes or kinds are given; then those that have one of them.
    pub(crate) fn of(sub: &mut SubJson) -> Self {
        let is_all = sub.ids.is_none() && sub.routes.is_none() && sub.kinds.is_none();
        let set = |names: Option<Vec<String>>| names.unwrap_or_default().into_iter().collect();
        Self { ids: set(sub.ids.take()), routes: set(sub.routes.take()), kinds: set(sub.kinds.take()), is_all }
    }

    /// The number of names in it.
    pub(crate) fn names(&self) -> usize {
        self.ids.len() + self.routes.len() + self.kinds.len()
    }

    fn holds(&self, vehicle: &Vehicle) -> bool {
        self.is_all
            || self.ids.contains(vehicle.id.as_str())
            || vehicle.route.as_ref().is_some_and(|route| self.routes.contains(route.as_str()))
            || self.kinds.contains(vehicle.kind.as_str())
    }
}

/// The subscriptions, and the place in the hub that serves all of them.
pub(crate) struct VehicleSubscriptions {
    live: Live,
    who: Arc<Who>,
    outlet: Outlet,
    pub(crate) lane: Arc<Lane>,
    filters: BTreeMap<u32, VehicleFilter>,
    subscription: Option<Subscription>,
}

impl VehicleSubscriptions {
    pub(crate) fn new(live: Live, who: Arc<Who>, outlet: Outlet) -> Self {
        let lane = Lane::new(outlet.clone(), PLACES, live.context.clock.clone());
        Self { live, who, outlet, lane, filters: BTreeMap::new(), subscription: None }
    }

    pub(crate) fn len(&self) -> usize {
        self.filters.len()
    }

    pub(crate) fn has(&self, s: u32) -> bool {
        self.filters.contains_key(&s)
    }

    /// Sends the vehicles that a new subscription adds, `ready`, and then their changes.
    pub(crate) async fn add(&mut self, s: u32, filter: VehicleFilter) -> Result<(), ServiceError> {
        let lane = Arc::clone(&self.lane);
        let snapshot = lane.begin_snapshot();
        let found = self.cut(Some((s, &filter)), |live| filter.holds(&live.vehicle)).await?;
        let fresh: Vec<&LiveVehicle> = found.iter().filter(|live| !self.holds(&live.vehicle)).collect();
        for text in render_vehicles(&fresh) {
            if self.outlet.send_backpressured(None, &text).await.is_err() {
                return Ok(());
            }
        }
        self.outlet.send(&render(&ReadyJson {
            op: "ready",
            s,
            count: Some(found.len()),
            complete: None,
            cursor: None,
        }));
        self.filters.insert(s, filter);
        drop(snapshot);
        Ok(())
    }

    /// Ends a subscription, and says which vehicles no other one names.
    pub(crate) async fn remove(&mut self, s: u32) -> Result<(), ServiceError> {
        let Some(filter) = self.filters.remove(&s) else { return Ok(()) };
        let lane = Arc::clone(&self.lane);
        let snapshot = lane.begin_snapshot();
        let found = match self.cut(None, |live| filter.holds(&live.vehicle)).await {
            Ok(found) => found,
            Err(error) => {
                self.filters.insert(s, filter);
                return Err(error);
            }
        };
        let gone: Vec<_> = found.iter().map(|live| &live.vehicle).filter(|vehicle| !self.holds(vehicle)).collect();
        for vehicle in &gone {
            snapshot.forget(&vehicle_key(vehicle.id.as_str()));
        }
        let ids: Vec<_> = gone.iter().map(|vehicle| &vehicle.id).collect();
        for text in render_gone(&ids) {
            if self.outlet.send_backpressured(None, &text).await.is_err() {
                return Ok(());
            }
        }
        self.outlet.send(&render(&EndedJson { op: "ended", s }));
        Ok(())
    }

    fn holds(&self, vehicle: &Vehicle) -> bool {
        self.filters.values().any(|filter| filter.holds(vehicle))
    }

    /// The visible vehicles that are wanted, as they are at the moment from which the filters, and `new` beside them, are followed.
    async fn cut(
        &mut self,
        new: Option<(u32, &VehicleFilter)>,
        is_wanted: impl Fn(&LiveVehicle) -> bool + Send + Sync,
    ) -> Result<Vec<LiveVehicle>, ServiceError> {
        let Self { live, who, lane, filters, subscription, .. } = self;
        let new = new.map(|(_, filter)| filter);
        let channel = live.hub.channel(&vehicle_channel(&who.tenant));
        // Few: all of them are needed to know which the client may see.
        let is_limited = who.scope != VehicleScope::All;
        let place = Mutex::new(subscription.take());
        let begin = |visible: &[LiveVehicle]| {
            let interest = interest(filters.values().chain(new), &who.scope, visible);
            let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
            match place.as_ref() {
                Some(subscription) => subscription.set_interest(interest),
                None => *place = Some(lane.subscribe(&channel, interest)),
            }
        };
        let all = &live.use_cases().vehicles;
        let watched =
            vehicles::watch_vehicles(all, &who.tenant, &who.scope, |live| is_limited || is_wanted(live), begin).await;
        *subscription = place.into_inner().unwrap_or_else(PoisonError::into_inner);
        if filters.is_empty() && new.is_none() {
            *subscription = None;
        }
        let (mut found, ()) = watched?;
        if is_limited {
            found.retain(|live| is_wanted(live));
        }
        Ok(found)
    }
}

/// What the filters select, within what the client may see.
fn interest<'f>(
    filters: impl Iterator<Item = &'f VehicleFilter> + Clone,
    scope: &VehicleScope,
    visible: &[LiveVehicle],
) -> Interest {
    let wanted = if filters.clone().any(|filter| filter.is_all) {
        Interest::all()
    } else {
        Interest::keys(filters.flat_map(|filter| {
            let ids = filter.ids.iter().map(|id| vehicle_key(id));
            let routes = filter.routes.iter().map(|route| route_key(route));
            ids.chain(routes).chain(filter.kinds.iter().map(|kind| kind_key(kind)))
        }))
    };
    match scope {
        VehicleScope::All => wanted,
        VehicleScope::Nothing => Interest::keys([]),
        // A listed vehicle counts before it exists. A driver's vehicle counts only once it exists: its connection ends
        // when it gets another.
        VehicleScope::Some { listed, .. } => {
            let seen = visible.iter().map(|live| &live.vehicle.id);
            let ids = listed.iter().chain(seen).map(|id| id.as_str());
            wanted.within(ids.flat_map(|id| [vehicle_key(id), scope_key(id)]))
        }
    }
}
