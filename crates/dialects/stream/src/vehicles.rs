//! One client's subscriptions to vehicles: filters over one store, so that no vehicle is sent twice.

use crate::beat::TenantBeat;
use crate::cells::covering;
use crate::channel::{kind_key, route_key, scope_key, vehicle_channel, vehicle_key};
use crate::clusters::ClusteredView;
use crate::convert::{PLACES, render, render_gone, render_vehicles};
use crate::inbound::Refusal;
use crate::looks::Looked;
use crate::view::View;
use crate::who::Who;
use crate::wire::{CoversJson, EndedJson, ReadyJson, SubJson};
use milepost_domain::{VehicleId, VehicleScope};
use milepost_hub::{Interest, Subscription};
use milepost_live::{Lane, Live, Outlet};
use milepost_service::vehicles::watch_vehicles;
use milepost_service::{Among, LiveVehicle, ServiceError};
use std::collections::{BTreeMap, HashSet};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::watch;

/// States of a view wait so long for others, unless the client asks for another time.
const VIEW_BATCH: Duration = Duration::from_millis(500);
/// The longest time that a client may ask for.
const MOST_BATCH_MS: u64 = 60_000;

/// Vehicles that a subscription names.
#[derive(Debug, Clone, Default)]
pub(crate) struct VehicleFilter {
    pub(crate) ids: HashSet<String>,
    routes: HashSet<String>,
    kinds: HashSet<String>,
    /// Everything.
    is_all: bool,
    /// Those in a part of the map.
    view: Option<View>,
    /// Of more than these in a view clusters are sent.
    most: Option<usize>,
    batch: Duration,
}

impl VehicleFilter {
    /// All vehicles unless ids, routes or kinds are given; then those that have one of them.
    pub(crate) fn of(sub: &mut SubJson) -> Self {
        let is_all = sub.ids.is_none() && sub.routes.is_none() && sub.kinds.is_none();
        let set = |names: Option<Vec<String>>| names.unwrap_or_default().into_iter().collect();
        let (ids, routes, kinds) = (set(sub.ids.take()), set(sub.routes.take()), set(sub.kinds.take()));
        Self { ids, routes, kinds, is_all, batch: batch(sub.batch_ms).unwrap_or_default(), ..Self::default() }
    }

    /// The vehicles in a box of the map.
    pub(crate) fn of_view(sub: &SubJson) -> Result<Self, Refusal> {
        let view = Some(View::of(sub.edges.as_deref())?);
        Ok(Self { view, most: sub.max, batch: batch(sub.batch_ms).unwrap_or(VIEW_BATCH), ..Self::default() })
    }

    /// The vehicles that a question selects, none yet.
    pub(crate) fn of_space(sub: &SubJson) -> Self {
        Self { batch: batch(sub.batch_ms).unwrap_or_default(), ..Self::default() }
    }

    /// The same with another part of the map, or none.
    pub(crate) fn with_view(&self, view: Option<View>) -> Self {
        Self { view, ..self.clone() }
    }

    pub(crate) const fn is_view(&self) -> bool {
        self.view.is_some()
    }

    pub(crate) const fn batch(&self) -> Duration {
        self.batch
    }

    /// The vehicles among which all are that it selects.
    fn among<'i>(&self, listed: &'i mut Vec<VehicleId>) -> Among<'i> {
        if let Some(view) = self.view {
            return Among::In(view.bounds());
        }
        if self.is_all || !self.routes.is_empty() || !self.kinds.is_empty() {
            return Among::All;
        }
        listed.extend(self.ids.iter().filter_map(|id| VehicleId::new(id).ok()));
        Among::Listed(listed)
    }

    /// The number of names in it.
    pub(crate) fn names(&self) -> usize {
        self.ids.len() + self.routes.len() + self.kinds.len()
    }

    pub(crate) fn holds(&self, live: &LiveVehicle) -> bool {
        let vehicle = &live.vehicle;
        self.is_all
            || self.view.is_some_and(|view| view.holds(live))
            || self.ids.contains(vehicle.id.as_str())
            || vehicle.route.as_ref().is_some_and(|route| self.routes.contains(route.as_str()))
            || self.kinds.contains(vehicle.kind.as_str())
    }
}

fn batch(batch_ms: Option<u64>) -> Option<Duration> {
    batch_ms.map(|ms| Duration::from_millis(ms.min(MOST_BATCH_MS)))
}

/// The subscriptions, and the place in the hub that serves all of them.
pub(crate) struct VehicleSubscriptions {
    pub(crate) live: Live,
    pub(crate) who: Arc<Who>,
    pub(crate) outlet: Outlet,
    pub(crate) beat: Arc<TenantBeat>,
    pub(crate) lane: Arc<Lane>,
    pub(crate) filters: BTreeMap<u32, VehicleFilter>,
    /// Those whose vehicles are found by looking at the map. They have a filter, too.
    pub(crate) looked: BTreeMap<u32, Looked>,
    /// Views that may become clusters. They have a filter, too.
    pub(crate) clustered: BTreeMap<u32, ClusteredView>,
    /// Tells that the map has changed. Made with the first one that looks at it.
    pub(crate) changes: Option<watch::Receiver<u64>>,
    subscription: Option<Subscription>,
}

impl VehicleSubscriptions {
    pub(crate) fn new(live: Live, who: Arc<Who>, outlet: Outlet, beat: Arc<TenantBeat>) -> Self {
        let lane = Lane::new(outlet.clone(), PLACES, who.form, live.context.clock.clone());
        Self {
            live,
            who,
            outlet,
            beat,
            lane,
            filters: BTreeMap::new(),
            looked: BTreeMap::new(),
            clustered: BTreeMap::new(),
            changes: None,
            subscription: None,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.filters.len()
    }

    pub(crate) fn has(&self, s: u32) -> bool {
        self.filters.contains_key(&s)
    }

    /// Sends the vehicles that a new subscription adds, `ready`, and then their changes.
    pub(crate) async fn add(&mut self, s: u32, filter: VehicleFilter) -> Result<(), ServiceError> {
        if let Some((view, most)) = filter.view.zip(filter.most).filter(|_| self.may_cluster()) {
            return self.add_clustered(s, view, most, filter.with_view(None)).await;
        }
        self.watch_level(&filter);
        self.filters.insert(s, filter);
        let begun = self.begin(s).await;
        if begun.is_err()
            && let Some(filter) = self.filters.remove(&s)
        {
            self.leave_level(&filter);
        }
        begun
    }

    /// Moves a view. If it has to cover another part of the map, it begins anew.
    pub(crate) async fn move_view(&mut self, s: u32, edges: Option<&[f64]>) -> Result<(), Refusal> {
        let clustered = self.clustered.get(&s).map(|clustered| clustered.view);
        let Some(old) = clustered.or_else(|| self.filters.get(&s).and_then(|filter| filter.view)) else {
            return Err(Refusal::new("not_found", "this number has no view"));
        };
        let new = old.moved_to(edges)?;
        if new == old {
            self.outlet.send(&render(&CoversJson { op: "covers", s, edges: new.edges(), mode: self.mode(s) }));
            return Ok(());
        }
        if clustered.is_some() {
            return Ok(self.move_clustered(s, new).await?);
        }
        let before = self.filters.remove(&s).expect("it was found above");
        let after = VehicleFilter { view: Some(new), ..before.clone() };
        self.watch_level(&after);
        self.filters.insert(s, after);
        let begun = self.begin(s).await;
        if begun.is_ok() {
            self.leave_level(&before);
        } else if let Some(after) = self.filters.insert(s, before) {
            self.leave_level(&after);
        }
        begun.map_err(Refusal::from)
    }

    /// Follows all filters, and sends what that of `s` adds to the others.
    pub(crate) async fn begin(&mut self, s: u32) -> Result<(), ServiceError> {
        let filter = self.filters.get(&s).cloned().unwrap_or_default();
        let lane = Arc::clone(&self.lane);
        // What waits is sent before, because it is judged by the old subscriptions.
        let snapshot = lane.begin_snapshot();
        let mut listed = Vec::new();
        let found = self.cut(&filter.among(&mut listed), |live| filter.holds(live)).await?;
        self.set_gather();
        // Which vehicles a client with views knows depends on moves that were under way, so that it gets all of them.
        let has_views = self.filters.values().any(|filter| filter.view.is_some());
        let others = || self.filters.iter().filter(|(other, _)| **other != s).map(|(_, filter)| filter);
        let is_fresh = |live: &&LiveVehicle| has_views || !others().any(|filter| filter.holds(live));
        let fresh: Vec<&LiveVehicle> = found.iter().filter(is_fresh).collect();
        for live in &fresh {
            snapshot.forget(&vehicle_key(live.vehicle.id.as_str()));
        }
        self.send_begun(s, filter.view, &fresh, found.len()).await;
        drop(snapshot);
        Ok(())
    }

    /// Sends what a subscription covers, the vehicles that it adds, and `ready`.
    async fn send_begun(&self, s: u32, view: Option<View>, fresh: &[&LiveVehicle], count: usize) {
        if let Some(view) = view {
            self.outlet.send(&render(&CoversJson { op: "covers", s, edges: view.edges(), mode: self.mode(s) }));
        }
        for text in render_vehicles(fresh) {
            if self.outlet.send_backpressured(None, &text).await.is_err() {
                return;
            }
        }
        let ready = ReadyJson { op: "ready", s, count: Some(count), complete: None, cursor: None };
        self.outlet.send(&render(&ready));
    }

    /// Ends a subscription, and says which vehicles no other one names.
    pub(crate) async fn remove(&mut self, s: u32) -> Result<(), ServiceError> {
        self.end(s, &render(&EndedJson { op: "ended", s })).await
    }

    /// The same, with this last message.
    pub(crate) async fn end(&mut self, s: u32, last: &str) -> Result<(), ServiceError> {
        let Some(mut filter) = self.filters.remove(&s) else { return Ok(()) };
        let (looked, clustered) = (self.looked.remove(&s), self.clustered.remove(&s));
        filter.ids.extend(looked.iter().flat_map(|looked| &looked.told).map(|id| id.as_str().to_owned()));
        let lane = Arc::clone(&self.lane);
        let snapshot = lane.begin_snapshot();
        let views: Vec<View> = self.filters.values().filter_map(|filter| filter.view).collect();
        let in_views = |live: &LiveVehicle| views.iter().any(|view| view.holds(live));
        let mut listed = Vec::new();
        let among = if views.is_empty() { filter.among(&mut listed) } else { Among::All };
        let found = match self.cut(&among, |live| filter.holds(live) || in_views(live)).await {
            Ok(found) => found,
            Err(error) => {
                self.filters.insert(s, filter);
                self.looked.extend(looked.map(|looked| (s, looked)));
                self.clustered.extend(clustered.map(|clustered| (s, clustered)));
                return Err(error);
            }
        };
        self.leave_level(&filter);
        self.set_gather();
        let gone: Vec<_> = found.iter().filter(|live| !self.holds(live)).map(|live| &live.vehicle).collect();
        // The other views begin anew: see [`Self::begin`].
        let fresh: Vec<&LiveVehicle> = found.iter().filter(|live| in_views(live)).collect();
        for vehicle in gone.iter().copied().chain(fresh.iter().map(|live| &live.vehicle)) {
            snapshot.forget(&vehicle_key(vehicle.id.as_str()));
        }
        let ids: Vec<_> = gone.iter().map(|vehicle| &vehicle.id).collect();
        for text in render_gone(&ids).into_iter().chain(render_vehicles(&fresh)) {
            if self.outlet.send_backpressured(None, &text).await.is_err() {
                return Ok(());
            }
        }
        self.outlet.send(last);
        Ok(())
    }

    pub(crate) fn holds(&self, live: &LiveVehicle) -> bool {
        self.filters.values().any(|filter| filter.holds(live))
    }

    /// The most impatient subscription decides: a vehicle is sent once for all of them.
    pub(crate) fn set_gather(&self) {
        self.lane.set_gather(self.filters.values().map(|filter| filter.batch).min().unwrap_or_default());
    }

    /// Keeps the subscriptions going, and never returns. Dropping the future loses nothing.
    pub(crate) async fn run(&mut self) -> Infallible {
        let lane = Arc::clone(&self.lane);
        tokio::select! {
            never = lane.run() => never,
            never = self.keep_looking() => never,
        }
    }

    pub(crate) fn watch_level(&self, filter: &VehicleFilter) {
        if let Some(view) = filter.view {
            self.beat.watch_level(covering(&view.covers).0);
        }
    }

    pub(crate) fn leave_level(&self, filter: &VehicleFilter) {
        if let Some(view) = filter.view {
            self.beat.leave_level(covering(&view.covers).0);
        }
    }

    /// Follows the filters from now on. Returns the visible vehicles of `among` that are wanted, as they are when everything that was
    /// published before has reached the lane.
    pub(crate) async fn cut(
        &mut self,
        among: &Among<'_>,
        is_wanted: impl Fn(&LiveVehicle) -> bool + Send + Sync,
    ) -> Result<Vec<LiveVehicle>, ServiceError> {
        let Self { live, who, lane, filters, subscription, .. } = self;
        let channel = live.hub.channel(&vehicle_channel(&who.tenant));
        let vehicles = &live.use_cases().vehicles;
        // Few: all of them are needed to know which the client may see. Of a whole tenant none are.
        let is_limited = who.scope != VehicleScope::All;
        let known = if is_limited { &who.scope } else { &VehicleScope::Nothing };
        let place = Mutex::new(subscription.take());
        let begin = |visible: &[LiveVehicle]| {
            let interest = interest(filters.values(), &who.scope, visible);
            let mut place = place.lock().unwrap_or_else(PoisonError::into_inner);
            match place.as_ref() {
                Some(subscription) => subscription.set_interest(interest),
                None => *place = Some(lane.subscribe(&channel, interest)),
            }
        };
        let begun = watch_vehicles(vehicles, &who.tenant, known, &Among::All, |_| true, begin).await;
        *subscription = place.into_inner().unwrap_or_else(PoisonError::into_inner);
        if filters.is_empty() {
            *subscription = None;
        }
        begun?;
        // What was judged by the filters of before has come to the lane then, and nothing of it comes after the snapshot.
        channel.settled().await;
        let (found, ()) = watch_vehicles(vehicles, &who.tenant, &who.scope, among, is_wanted, |_| ()).await?;
        Ok(found)
    }
}

impl Drop for VehicleSubscriptions {
    fn drop(&mut self) {
        for filter in self.filters.values() {
            self.leave_level(filter);
        }
    }
}

/// What the filters select, within what the client may see.
fn interest<'f>(
    filters: impl Iterator<Item = &'f VehicleFilter> + Clone,
    scope: &VehicleScope,
    visible: &[LiveVehicle],
) -> Interest {
    let views = filters.clone();
    let wanted = if filters.clone().any(|filter| filter.is_all) {
        Interest::all()
    } else {
        Interest::keys(filters.flat_map(|filter| {
            let ids = filter.ids.iter().map(|id| vehicle_key(id));
            let routes = filter.routes.iter().map(|route| route_key(route));
            ids.chain(routes).chain(filter.kinds.iter().map(|kind| kind_key(kind)))
        }))
    };
    let views: Vec<_> = views.filter_map(|filter| filter.view).map(|view| view.covers).collect();
    let wanted = wanted.with_areas(views.iter().flat_map(|area| covering(area).1), views.clone());
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
