//! Serves one viewer's socket: first the last positions, then live ones, narrowed as the viewer asks.

use crate::channel::{channel_of, presence_key, update_message};
use crate::convert::{render, render_update};
use crate::view::{Filter, View};
use crate::wire::{BusRequest, ToViewer, Viewing};
use milepost_domain::{Timestamp, VehicleId};
use milepost_http::Problem;
use milepost_hub::Subscription;
use milepost_live::{INVALID_JSON, Reader, Snapshot, SocketSender, Viewer, unknown_type};
use milepost_service::positions::replay_positions;
use milepost_service::{LiveVehicle, ServiceError};
use std::collections::HashMap;
use std::sync::Arc;

/// Buses or routes in one subscription; more are refused. The limit on a message's size is usually reached first.
const MAX_NARROWED: usize = 1_000;

pub(crate) struct BusViewer {
    view: View,
    sender: Arc<SocketSender>,
    replay_window_ms: i64,
    filter: Filter,
    subscription: Subscription,
}

impl BusViewer {
    /// Subscribes to everything that the viewer may see, and sends the last positions first.
    pub(crate) async fn enter(sender: Arc<SocketSender>, view: View, replay_window_ms: i64) -> Result<Self, Problem> {
        let channel = view.live.hub.channel(&channel_of(&view.tenant));
        channel.announce_presence(presence_key(), |viewing| {
            render(&ToViewer::Presence { data: Viewing { viewing } }).into()
        });
        let filter = Filter::default();
        let snapshot = sender.begin_snapshot();
        let subscribe = |interest| snapshot.subscribe(&channel, interest);
        let (visible, subscription) = view.cut(&filter, subscribe).await?;
        let viewer = Self { view, sender, replay_window_ms, filter, subscription };
        viewer.offer_last(&snapshot, &visible, |_| true);
        Ok(viewer)
    }

    /// Narrows or widens the subscription, and sends the last positions of the buses that it adds.
    async fn narrow(&mut self, filter: Filter) -> Result<(), ServiceError> {
        // What earlier narrowings let through has come by then, and nothing of it comes after the snapshot.
        self.subscription.channel().settled().await;
        let snapshot = self.sender.begin_snapshot();
        let narrow = |interest| snapshot.narrow(&self.subscription, interest);
        let (visible, ()) = self.view.cut(&filter, narrow).await?;
        let before = std::mem::replace(&mut self.filter, filter);
        self.offer_last(&snapshot, &visible, |live| !before.holds(live));
        Ok(())
    }

    fn offer_last(&self, snapshot: &Snapshot, visible: &[LiveVehicle], is_new: impl Fn(&LiveVehicle) -> bool) {
        let shown = visible.iter().filter(|live| self.filter.holds(live) && is_new(live));
        let last = shown.filter_map(|live| Some(update_message(&live.vehicle, live.last.as_ref()?)));
        snapshot.offer(&last.collect::<Vec<_>>());
    }

    /// Sends the updates of the last minutes again, oldest first, at the pace of the reader.
    async fn replay(&self, minutes: Option<f64>) {
        let window_ms = self.replay_window_ms;
        let wanted_ms = match minutes {
            None => window_ms,
            Some(minutes) if minutes.is_finite() && minutes > 0.0 => ((minutes * 60_000.0) as i64).clamp(1, window_ms),
            Some(_) => return self.say_error("minutes must be a number above 0"),
        };
        match self.send_replay(wanted_ms).await {
            Ok(count) => self.send(&ToViewer::ReplayComplete { count }),
            Err(ServiceError::Forbidden(_)) => self.send(&ToViewer::ReplayComplete { count: 0 }),
            Err(_) => self.say_error("the replay broke off, ask again"),
        }
    }

    async fn send_replay(&self, window_ms: i64) -> Result<u64, ServiceError> {
        let View { live, caller, tenant, .. } = &self.view;
        let mut visible = self.view.visible().await?;
        visible.retain(|live| self.filter.holds(live));
        let (request, reader) = (live.context.request(caller.clone()), Reader::of(caller));
        let mut replay = replay_positions(&live.use_cases().positions, &request, tenant, &visible, window_ms)?;
        let visible: HashMap<_, _> = visible.into_iter().map(|live| (live.vehicle.id.clone(), live.vehicle)).collect();
        let mut count = 0;
        // A late position was stored and never published. It is not an update of the window, and would move the bus back.
        let mut sent: HashMap<VehicleId, Timestamp> = HashMap::new();
        loop {
            let page = {
                let _permit = live.read_permit(tenant, Some(&reader)).await;
                replay.next_page().await?
            };
            if page.is_empty() {
                return Ok(count);
            }
            for position in &page {
                let Some(vehicle) = visible.get(&position.vehicle_id) else { continue };
                if sent.get(&position.vehicle_id).is_some_and(|newest| position.at < *newest) {
                    continue;
                }
                sent.insert(position.vehicle_id.clone(), position.at);
                let update = render_update(vehicle, position, true);
                if self.sender.send_backpressured(&update).await.is_err() {
                    return Ok(count);
                }
                count += 1;
            }
        }
    }

    fn send(&self, message: &ToViewer<'_>) {
        self.sender.send(&render(message));
    }
}

impl Viewer for BusViewer {
    async fn answer(&mut self, text: &str) {
        match serde_json::from_str::<BusRequest>(text) {
            Ok(BusRequest::Ping) => self.send(&ToViewer::Pong),
            Ok(BusRequest::Subscribe { bus_ids, routes }) => {
                if bus_ids.len() > MAX_NARROWED || routes.len() > MAX_NARROWED {
                    return self.say_error("at most 1000 bus_ids and 1000 routes");
                }
                let filter = Filter { buses: bus_ids.into_iter().collect(), routes: routes.into_iter().collect() };
                if self.narrow(filter).await.is_err() {
                    self.say_error("the server can't look that up just now, try again");
                }
            }
            Ok(BusRequest::ReplayRequest { minutes }) => self.replay(minutes).await,
            Err(error) => self.say_error(&refusal(text, &error)),
        }
    }

    fn say_error(&self, message: &str) {
        self.send(&ToViewer::Error { message });
    }
}

/// Writes the reason of a refusal, in the texts that other dialects use too.
fn refusal(text: &str, error: &serde_json::Error) -> String {
    if !error.is_data() {
        return INVALID_JSON.to_owned();
    }
    let value: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    match value.get("type").and_then(serde_json::Value::as_str) {
        Some(kind @ ("subscribe" | "replay_request")) => format!("{kind}: {error}"),
        kind => unknown_type(kind.unwrap_or("none")),
    }
}
