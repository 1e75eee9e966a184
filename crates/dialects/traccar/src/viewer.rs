//! Serves one open socket: the latest positions first, then devices, positions and the user's own events.

use crate::channel::{all_logs_key, channel_of, log_key, user_key, vehicle_key};
use crate::convert::{Way, device_object, position_object};
use crate::directory::{Directory, Known, LogReader};
use crate::fleet::{DeviceView, FleetView};
use milepost_clock::Clock;
use milepost_domain::{Action, Caller, TenantId, VehicleScope};
use milepost_http::Problem;
use milepost_http::logins::is_guest;
use milepost_hub::{Interest, Subscription};
use milepost_live::{Live, SocketSender, Viewer};
use milepost_service::{Among, LiveVehicle, ServiceError, vehicles};
use serde_json::{Value, json};
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How often an empty object is sent, so that proxies keep the connection.
const KEEP_ALIVE: Duration = Duration::from_secs(55);
/// Changes that come together are read together.
const GATHER: Duration = Duration::from_millis(200);

/// Who follows, and what.
pub(crate) struct View {
    pub(crate) live: Live,
    pub(crate) directory: Arc<Directory>,
    pub(crate) caller: Caller,
    pub(crate) tenant: TenantId,
    pub(crate) scope: VehicleScope,
}

impl View {
    /// What this caller may follow.
    pub(crate) fn new(live: Live, directory: Arc<Directory>, caller: Caller) -> Self {
        let tenant = caller.tenant.clone();
        let scope = VehicleScope::of(&caller, Action::SeeVehicle, &tenant);
        Self { live, directory, caller, tenant, scope }
    }

    async fn fleet(&self) -> Result<Arc<FleetView>, ServiceError> {
        self.directory.view(self.live.use_cases(), &self.tenant, self.live.now()).await
    }

    /// The vehicles that the caller may see, and what `begin` makes of the interest in them: both at one moment.
    async fn cut<T>(&self, begin: impl FnOnce(Interest) -> T + Send) -> Result<(Vec<LiveVehicle>, T), ServiceError> {
        let begin = |visible: &[LiveVehicle]| begin(self.interest(visible));
        let vehicles = &self.live.use_cases().vehicles;
        vehicles::watch_vehicles(vehicles, &self.tenant, &self.scope, &Among::All, |_| true, begin).await
    }

    fn interest(&self, visible: &[LiveVehicle]) -> Interest {
        let interest = match &self.scope {
            VehicleScope::All => Interest::all(),
            VehicleScope::Nothing => Interest::keys([]),
            VehicleScope::Some { listed, .. } => {
                let seen = visible.iter().map(|live| &live.vehicle.id);
                Interest::keys(listed.iter().chain(seen).map(vehicle_key))
            }
        };
        match self.caller.user_id() {
            Some(user) => interest.with_topics([user_key(user.get())]),
            None => interest,
        }
    }

    /// What the trackers send that the caller may see.
    async fn logs(&self) -> Result<Interest, ServiceError> {
        let vehicles = &self.live.use_cases().vehicles;
        let topics = match &self.scope {
            VehicleScope::All => vec![all_logs_key()],
            VehicleScope::Nothing => Vec::new(),
            VehicleScope::Some { .. } => {
                let seen = vehicles::watched_vehicles(vehicles, &self.tenant, &self.scope).await?;
                seen.iter().map(|live| log_key(&live.vehicle.id)).collect()
            }
        };
        Ok(Interest::keys([]).with_topics(topics))
    }
}

pub(crate) struct TraccarViewer {
    view: View,
    sender: Arc<SocketSender>,
    clock: Clock,
    known: Arc<Known>,
    /// The fleet that the client was told of.
    fleet: Arc<FleetView>,
    keep_alive_at: Instant,
    _subscription: Subscription,
    /// While the client shows what trackers send.
    logs: Option<Box<(Subscription, LogReader)>>,
}

impl TraccarViewer {
    /// Subscribes to what the client may see, and sends the latest positions first.
    pub(crate) async fn enter(sender: Arc<SocketSender>, view: View) -> Result<Self, Problem> {
        let known = view.directory.known(&view.tenant);
        // Before the subscription, so that what is published is rendered.
        let fleet = view.fleet().await?;
        let channel = view.live.hub.channel(&channel_of(&view.tenant));
        let snapshot = sender.begin_snapshot();
        let subscribe = |interest| snapshot.subscribe(&channel, interest);
        let (visible, subscription) = view.cut(subscribe).await?;
        snapshot.send(&positions_frame(&fleet, &visible));
        drop(snapshot);
        let clock = view.live.context.clock.clone();
        let keep_alive_at = clock.instant() + KEEP_ALIVE;
        Ok(Self { view, sender, clock, known, fleet, keep_alive_at, _subscription: subscription, logs: None })
    }

    /// Guests see where a device is, and not what it sends.
    async fn show_logs(&mut self) {
        if self.logs.is_some() || is_guest(&self.view.caller) {
            return;
        }
        match self.view.logs().await {
            Ok(interest) => {
                let channel = self.view.live.hub.channel(&channel_of(&self.view.tenant));
                let subscription = self.sender.begin_snapshot().subscribe(&channel, interest);
                self.logs = Some(Box::new((subscription, self.view.directory.read_logs())));
            }
            Err(error) => tracing::debug!(%error, "the vehicles of a socket could not be read, its client asks again"),
        }
    }

    /// Reads a changed fleet, and tells of the devices that are new or other than before.
    async fn follow_change(&mut self) -> Result<(), ServiceError> {
        let fleet = self.view.fleet().await?;
        if Arc::ptr_eq(&fleet, &self.fleet) {
            return Ok(());
        }
        let before = std::mem::replace(&mut self.fleet, Arc::clone(&fleet));
        let vehicles = &self.view.live.use_cases().vehicles;
        let visible = vehicles::watched_vehicles(vehicles, &self.view.tenant, &self.view.scope).await?;
        let is_other =
            |device: &DeviceView| before.devices.get(&device.vehicle.id).map(|known| &**known) != Some(device);
        let now = self.view.live.now();
        for live in &visible {
            let Some(device) = fleet.devices.get(&live.vehicle.id).filter(|device| is_other(device)) else { continue };
            let object = device_object(device, live.last.as_ref(), now);
            self.sender.send(&json!({ "devices": [object] }).to_string());
            if !before.devices.contains_key(&live.vehicle.id) && live.last.is_some() {
                self.sender.send(&positions_frame(&fleet, std::slice::from_ref(live)));
            }
        }
        Ok(())
    }
}

fn positions_frame(fleet: &FleetView, visible: &[LiveVehicle]) -> String {
    let positions: Vec<_> = visible
        .iter()
        .filter_map(|live| {
            let device = fleet.devices.get(&live.vehicle.id)?;
            Some(position_object(fleet, device, live.last.as_ref()?, &mut Way::of(device)))
        })
        .collect();
    json!({ "positions": positions }).to_string()
}

impl Viewer for TraccarViewer {
    /// Clients ask for logs, or say nothing at all to see whether the socket is alive. Neither has an answer.
    async fn answer(&mut self, text: &str) {
        let message: Value = serde_json::from_str(text).unwrap_or_default();
        match message.get("logs").and_then(Value::as_bool) {
            Some(true) => self.show_logs().await,
            Some(false) => self.logs = None,
            None => {}
        }
    }

    fn say_error(&self, _: &str) {}

    async fn work(&mut self) -> Infallible {
        loop {
            let known = Arc::clone(&self.known);
            let changed = known.changed();
            // A change between the last look and this one.
            let is_other = known.last().is_some_and(|last| !Arc::ptr_eq(&last, &self.fleet)) || known.is_outdated();
            if is_other && let Err(error) = self.follow_change().await {
                tracing::debug!(%error, "a changed fleet could not be read, trying again at the next change");
            }
            tokio::select! {
                () = changed => self.clock.sleep(GATHER).await,
                () = self.clock.sleep_until(self.keep_alive_at) => {
                    self.sender.send("{}");
                    self.keep_alive_at = self.clock.instant() + KEEP_ALIVE;
                }
            }
        }
    }
}
