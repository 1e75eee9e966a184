//! One viewer on its socket: the last positions first, then live ones, narrowed as it asks.

use crate::BusParts;
use crate::channel::{bus_key, channel_of, presence_key, route_key, update_message};
use crate::convert::{render, render_update};
use crate::wire::{FromViewer, ToViewer, Viewing};
use milepost_access::{Admission, CloseReason, Disconnect};
use milepost_domain::{Caller, TenantId, Timestamp, VehicleId, VehicleScope};
use milepost_hub::{Channel, Interest, Key, Outlet, Subscription};
use milepost_service::{LiveVehicle, ServiceError};
use milepost_transport::{Inbound, Link, Socket};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Buses or routes in one subscription; more are refused. The limit on a message's size is usually met first.
const MAX_NARROWED: usize = 1_000;

/// What a viewer may see.
pub(crate) struct View {
    pub(crate) caller: Caller,
    pub(crate) tenant: TenantId,
    pub(crate) scope: VehicleScope,
    pub(crate) wants_presence: bool,
}

/// What a viewer has asked for.
#[derive(Default)]
struct Filter {
    buses: HashSet<String>,
    routes: HashSet<String>,
}

impl Filter {
    fn is_empty(&self) -> bool {
        self.buses.is_empty() && self.routes.is_empty()
    }

    fn holds(&self, live: &LiveVehicle) -> bool {
        self.is_empty()
            || self.buses.contains(live.vehicle.id.as_str())
            || live.vehicle.route.as_ref().is_some_and(|route| self.routes.contains(route.as_str()))
    }
}

/// Ends the socket when its holder's right ends.
struct ViewerConnection(Arc<Link>);

impl Disconnect for ViewerConnection {
    fn disconnect(&self, reason: CloseReason) {
        match reason {
            CloseReason::Revoked => self.0.close(1008, "access was withdrawn"),
            CloseReason::RightsChanged => self.0.close(1012, "access has changed; reconnect"),
        }
    }
}

/// Serves a viewer until either side ends it.
pub(crate) async fn watch(mut socket: Socket, parts: BusParts, view: View, admission: Admission) {
    let link = Arc::clone(socket.link());
    let connection = Arc::new(ViewerConnection(Arc::clone(&link)));
    admission.attach(&connection);
    let ended = match parts.context.access.revalidate(&admission).await {
        Ok(None) => false,
        Ok(Some(reason)) => {
            connection.disconnect(reason);
            true
        }
        Err(_) => {
            link.close(1013, "try again later");
            true
        }
    };
    if ended {
        socket.finish().await;
        return;
    }
    if let Some(expires_at) = view.caller.expires_at {
        let left_ms = expires_at.ms_since(parts.context.service.now()).max(0).unsigned_abs();
        link.set_expiry(Instant::now() + Duration::from_millis(left_ms), 1008, "token expired");
    }
    let channel = parts.hub.channel(&channel_of(&view.tenant));
    channel
        .announce_presence(presence_key(), |viewing| render(&ToViewer::Presence { data: Viewing { viewing } }).into());
    let mut viewer = Viewer { parts, view, link: Arc::clone(&link), filter: Filter::default() };

    // Live updates wait in the link until the snapshot is in, so that no bus is missed and none goes back in time.
    link.cork();
    let entered = viewer.enter(&channel).await;
    link.uncork();
    let subscription = match entered {
        Ok(subscription) => subscription,
        Err(_) => {
            link.close(1013, "try again later");
            socket.finish().await;
            return;
        }
    };
    while let Some(inbound) = socket.next().await {
        match inbound {
            Inbound::Text(text) => viewer.answer(&text, &subscription).await,
            Inbound::Binary(_) => viewer.refuse("send JSON as text"),
        }
    }
    drop(subscription);
    drop(admission);
}

struct Viewer {
    parts: BusParts,
    view: View,
    link: Arc<Link>,
    filter: Filter,
}

impl Viewer {
    async fn answer(&mut self, text: &str, subscription: &Subscription) {
        match serde_json::from_str::<FromViewer>(text) {
            Ok(FromViewer::Ping) => self.send(&ToViewer::Pong),
            Ok(FromViewer::Subscribe { bus_ids, routes }) => {
                if bus_ids.len() > MAX_NARROWED || routes.len() > MAX_NARROWED {
                    return self.refuse("at most 1000 bus_ids and 1000 routes");
                }
                let filter = Filter { buses: bus_ids.into_iter().collect(), routes: routes.into_iter().collect() };
                if self.narrow(subscription, filter).await.is_err() {
                    self.refuse("the server can't look that up just now, try again");
                }
            }
            Ok(FromViewer::ReplayRequest { minutes }) => self.replay(minutes).await,
            Err(error) => self.refuse(&refusal(text, &error)),
        }
    }

    /// Follows everything that the viewer may see, and sends the last positions first.
    async fn enter(&mut self, channel: &Arc<Channel>) -> Result<Subscription, ServiceError> {
        let visible = self.visible().await?;
        let outlet = Arc::clone(&self.link) as Arc<dyn Outlet>;
        let subscription = channel.subscribe(outlet, self.interest(&visible));
        // Looked at again now that it is followed: what changes from here on comes live.
        self.send_last(&self.visible().await?, |_| true);
        Ok(subscription)
    }

    /// Narrows or widens, and sends the last positions of the buses that come into view by it.
    async fn narrow(&mut self, subscription: &Subscription, filter: Filter) -> Result<(), ServiceError> {
        let visible = self.visible().await?;
        let before = std::mem::replace(&mut self.filter, filter);
        subscription.set_interest(self.interest(&visible));
        self.send_last(&self.visible().await?, |live| !before.holds(live));
        Ok(())
    }

    async fn visible(&self) -> Result<Vec<LiveVehicle>, ServiceError> {
        self.parts.context.service.watched_vehicles(&self.view.tenant, &self.view.scope).await
    }

    fn send_last(&self, visible: &[LiveVehicle], is_new: impl Fn(&LiveVehicle) -> bool) {
        for live in visible.iter().filter(|live| self.filter.holds(live) && is_new(live)) {
            if let Some(last) = &live.last {
                self.link.offer_if_absent(&update_message(&live.vehicle, last));
            }
        }
    }

    fn interest(&self, visible: &[LiveVehicle]) -> Interest {
        let wanted = if self.filter.is_empty() {
            Interest::all()
        } else {
            let buses = self.filter.buses.iter().map(|id| Key::new("bus", id));
            Interest::keys(buses.chain(self.filter.routes.iter().map(|route| route_key(route))))
        };
        let allowed = match &self.view.scope {
            VehicleScope::All => wanted,
            VehicleScope::Nothing => Interest::keys([]),
            // A listed bus counts before it exists; one that is driven, once it does: a new driver reconnects.
            VehicleScope::Some { listed, .. } => {
                let seen = visible.iter().map(|live| &live.vehicle.id);
                wanted.within(listed.iter().chain(seen).map(bus_key))
            }
        };
        if self.view.wants_presence { allowed.with_topics([presence_key()]) } else { allowed }
    }

    /// Sends the updates of the last minutes again, oldest first, at the pace of the reader.
    async fn replay(&self, minutes: Option<f64>) {
        let window_ms = self.parts.replay_window_ms;
        let wanted_ms = match minutes {
            None => window_ms,
            Some(minutes) if minutes.is_finite() && minutes > 0.0 => ((minutes * 60_000.0) as i64).clamp(1, window_ms),
            Some(_) => return self.refuse("minutes must be a number above 0"),
        };
        match self.send_replay(wanted_ms).await {
            Ok(count) => self.send(&ToViewer::ReplayComplete { count }),
            Err(ServiceError::Forbidden(_)) => self.send(&ToViewer::ReplayComplete { count: 0 }),
            Err(_) => self.refuse("the replay broke off, ask again"),
        }
    }

    async fn send_replay(&self, window_ms: i64) -> Result<u64, ServiceError> {
        let service = &self.parts.context.service;
        let visible: HashMap<_, _> = self
            .visible()
            .await?
            .into_iter()
            .filter(|live| self.filter.holds(live))
            .map(|live| (live.vehicle.id.clone(), live.vehicle))
            .collect();
        let mut replay = service.replay_positions(&self.view.caller, &self.view.tenant, window_ms)?;
        let mut count = 0;
        // A late correction was stored and never told: it is no update of the window, and would turn the bus back.
        let mut told: HashMap<VehicleId, Timestamp> = HashMap::new();
        loop {
            let page = replay.next_page().await?;
            if page.is_empty() {
                return Ok(count);
            }
            for position in &page {
                let Some(vehicle) = visible.get(&position.vehicle_id) else { continue };
                if told.get(&position.vehicle_id).is_some_and(|newest| position.at < *newest) {
                    continue;
                }
                told.insert(position.vehicle_id.clone(), position.at);
                let update = render_update(vehicle, position, true);
                if self.link.send_backpressured(&update).await.is_err() {
                    return Ok(count);
                }
                count += 1;
            }
        }
    }

    fn send(&self, message: &ToViewer<'_>) {
        self.link.send_text(&render(message));
    }

    fn refuse(&self, message: &str) {
        self.send(&ToViewer::Error { message });
    }
}

/// Says what was wrong in the words that the other dialects' clients know too.
fn refusal(text: &str, error: &serde_json::Error) -> String {
    if !error.is_data() {
        return "Invalid JSON format".to_owned();
    }
    let value: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    match value.get("type").and_then(serde_json::Value::as_str) {
        Some(kind @ ("subscribe" | "replay_request")) => format!("{kind}: {error}"),
        Some(kind) => format!("Unknown message type: {}", kind.chars().take(64).collect::<String>()),
        None => "Unknown message type: none".to_owned(),
    }
}
