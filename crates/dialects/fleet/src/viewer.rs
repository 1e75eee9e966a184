//! Serves one viewer's socket: first the last locations and statistics, then live ones; stored events, and replays on
//! request.

use crate::FleetParts;
use crate::channel::{dashboard_key, dashboard_message, live_channel, live_interest, location_message};
use crate::convert::render_unstored;
use crate::events::FleetEvents;
use crate::filter::{Filter, MessageType};
use crate::fleet_access::FleetAccess;
use crate::inbound::{FleetRequest, read_message};
use crate::wire::{ErrorJson, PongJson, SubscribedJson, WelcomeJson};
use milepost_domain::{FleetViewer, TenantId, VehicleScope};
use milepost_http::Problem;
use milepost_hub::{Interest, Subscription};
use milepost_live::{CompanyDashboard, EventFollower, Live, Reader, Snapshot, SocketSender, Viewer};
use milepost_service::{Among, LiveVehicle, ServiceError, vehicles};
use serde::Serialize;
use std::convert::Infallible;
use std::sync::Arc;

pub(crate) struct FleetSocket {
    view: View,
    sender: Arc<SocketSender>,
    events: EventFollower<FleetEvents>,
    /// Subscribes to locations.
    subscription: Subscription,
    /// Subscribes to statistics, while the filter asks for them.
    stats: Option<Subscription>,
}

/// The part of a company that a viewer may see now.
struct View {
    live: Live,
    tenant: TenantId,
    viewer: FleetViewer,
    scope: VehicleScope,
    reader: Reader,
    /// Holds the company's statistics, for viewers that may see them; they are read while anyone holds this.
    stats: Option<Arc<CompanyDashboard>>,
}

impl FleetSocket {
    /// Greets the viewer and subscribes to everything that it may see. `replay_after` requests a replay of the events
    /// above it.
    pub(crate) async fn enter(
        sender: Arc<SocketSender>,
        parts: FleetParts,
        access: FleetAccess,
        replay_after: Result<Option<i64>, String>,
    ) -> Result<Self, Problem> {
        let FleetAccess { source, viewer, scope, reader } = access;
        let tenant = source.tenant.clone();
        let stats = viewer.company.then(|| parts.dashboards.watch(&tenant));
        let view = View { live: parts.live, tenant, viewer, scope, reader, stats };
        sender.send(&view.welcome(source.newest));
        let (replay_after, problem) = replay_after.map_or_else(|problem| (None, Some(problem)), |after| (after, None));
        let events = FleetEvents::new(view.live.clone(), source, viewer, view.reader.clone());
        let events = EventFollower::new(&view.live, &sender, events, replay_after);
        let filter = Filter::default();
        let snapshot = sender.begin_snapshot();
        let channel = view.live.hub.channel(&live_channel(&view.tenant));
        let subscribe = |interest| snapshot.subscribe(&channel, interest);
        let (visible, subscription) = view.cut(&filter, subscribe).await?;
        view.offer_last(&snapshot, &visible, None, &filter);
        let stats = view.follow_stats(&snapshot, &filter).await?;
        drop(snapshot);
        let socket = Self { view, sender, events, subscription, stats };
        if let Some(problem) = problem {
            socket.say_error(&problem);
        }
        Ok(socket)
    }

    /// Narrows or widens the subscription, and sends the last state of what it adds.
    async fn narrow(&mut self, filter: Filter) -> Result<(), ServiceError> {
        // What earlier narrowings let through has come by then, and nothing of it comes after the snapshot.
        self.subscription.channel().settled().await;
        let snapshot = self.sender.begin_snapshot();
        let narrow = |interest| snapshot.narrow(&self.subscription, interest);
        let (visible, ()) = self.view.cut(&filter, narrow).await?;
        let before = self.events.view().set_filter(filter);
        self.events.follow_interest();
        let filter = self.events.view().filter();
        self.view.offer_last(&snapshot, &visible, Some(&before), &filter);
        if !filter.wants(MessageType::Dashboard) {
            self.stats = None;
        } else if self.stats.is_none() {
            self.stats = self.view.follow_stats(&snapshot, &filter).await?;
        }
        Ok(())
    }

    async fn answer_subscribe(&mut self, filter: Filter) {
        let events = filter.types.iter().map(|kind| kind.as_str()).collect();
        let mut vehicle_ids: Vec<_> = filter.vehicles.iter().cloned().collect();
        vehicle_ids.sort();
        match self.narrow(filter).await {
            Ok(()) => self.send("subscribed", SubscribedJson { events, vehicle_ids: &vehicle_ids }),
            Err(_) => self.say_error("the server can't look that up just now, try again"),
        }
    }

    fn send(&self, kind: &str, data: impl Serialize) {
        self.sender.send(&self.view.render(kind, data));
    }
}

impl View {
    fn welcome(&self, newest: i64) -> String {
        let user_id = self.viewer.user.map(|id| id.to_string()).unwrap_or_default();
        let message = "WebSocket connection established";
        self.render("connection_established", WelcomeJson { message, user_id: &user_id, last_event_id: newest })
    }

    /// The vehicles that the viewer may see, and what `begin` makes of the interest in those of `filter`: both at one moment,
    /// so that every later change arrives as a live message, and no earlier one.
    async fn cut<T>(
        &self,
        filter: &Filter,
        begin: impl FnOnce(Interest) -> T + Send,
    ) -> Result<(Vec<LiveVehicle>, T), ServiceError> {
        let begin = |visible: &[LiveVehicle]| begin(live_interest(&self.scope, visible, filter));
        let vehicles = &self.live.use_cases().vehicles;
        vehicles::watch_vehicles(vehicles, &self.tenant, &self.scope, &Among::All, |_| true, begin).await
    }

    /// Offers the last locations of what `filter` selects and `before` did not.
    fn offer_last(&self, snapshot: &Snapshot, visible: &[LiveVehicle], before: Option<&Filter>, filter: &Filter) {
        let is_wanted = |live: &&LiveVehicle| {
            let id = &live.vehicle.id;
            filter.wants_place_of(id) && !before.is_some_and(|before| before.wants_place_of(id))
        };
        let places = visible.iter().filter(is_wanted);
        let last = places.filter_map(|live| Some(location_message(&self.tenant, &live.vehicle, live.last.as_ref()?)));
        snapshot.offer(&last.collect::<Vec<_>>());
    }

    /// Offers the statistics and follows them, if the viewer may see them and `filter` selects them.
    async fn follow_stats(&self, snapshot: &Snapshot, filter: &Filter) -> Result<Option<Subscription>, ServiceError> {
        let stats = self.stats.as_ref().filter(|_| filter.wants(MessageType::Dashboard));
        let Some(stats) = stats else { return Ok(None) };
        let channel = self.live.hub.channel(&live_channel(&self.tenant));
        let _permit = self.live.read_permit(&self.tenant, Some(&self.reader)).await;
        let begin = || snapshot.subscribe(&channel, Interest::keys([]).with_topics([dashboard_key()]));
        let (now, subscription) = stats.watch(begin).await?;
        snapshot.offer(&[dashboard_message(&self.tenant, &now)]);
        Ok(Some(subscription))
    }

    fn render(&self, kind: &str, data: impl Serialize) -> String {
        render_unstored(&self.tenant, kind, data, self.live.now())
    }
}

impl Viewer for FleetSocket {
    async fn answer(&mut self, text: &str) {
        match read_message(text) {
            Ok(FleetRequest::Ping(timestamp)) => self.send("pong", PongJson { timestamp }),
            Ok(FleetRequest::Subscribe(filter)) => self.answer_subscribe(filter).await,
            Ok(FleetRequest::ReplayRequest(after)) => {
                if let Err(message) = self.events.request_replay(after) {
                    self.say_error(message);
                }
            }
            Err(message) => self.say_error(&message),
        }
    }

    fn say_error(&self, message: &str) {
        self.send("error", ErrorJson { message });
    }

    async fn work(&mut self) -> Infallible {
        self.events.run().await
    }
}
