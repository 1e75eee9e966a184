//! One viewer on its socket: the last places and figures first, then live ones, narrowed as it asks; events as they are
//! stored, replays as it asks for them.

use crate::FleetParts;
use crate::channel::{dashboard_message, live_channel, live_interest, location_message};
use crate::convert::render_unstored;
use crate::dashboard::CompanyDashboard;
use crate::filter::{EventType, Filter};
use crate::follower::{Follower, Stopped};
use crate::inbound::{FromViewer, read_message};
use crate::opening::Opening;
use crate::wire::{ErrorJson, PongJson, SubscribedJson, WelcomeJson};
use milepost_access::{CloseReason, Disconnect};
use milepost_domain::{FleetViewer, TenantId, VehicleScope};
use milepost_hub::{Outlet, Subscription};
use milepost_service::{LiveVehicle, ServiceError};
use milepost_transport::{Inbound, Link, Socket};
use serde::Serialize;
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// So long after opening live events wait for a viewer that will ask for a replay: one that remembers the highest id
/// it has seen, as it should, and was told a live event first, would pass over what it missed if it were cut off then.
const FIRST_WORD: Duration = Duration::from_millis(300);

/// Requests that wait while a replay is under way; one more is answered with an error.
const WAITING_REPLAYS: usize = 8;

/// A replay under way; a socket has one at a time.
type Replay = Pin<Box<dyn Future<Output = Result<(), Stopped>> + Send>>;

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

/// Serves a viewer until either side ends it; `replay_after` is as good as a `replay_request` of it.
pub(crate) async fn watch(
    mut socket: Socket,
    parts: FleetParts,
    opening: Opening,
    replay_after: Result<Option<i64>, &'static str>,
) {
    let Opening { caller, tenant, viewer, scope, newest, admission } = opening;
    let link = Arc::clone(socket.link());
    let connection = Arc::new(ViewerConnection(Arc::clone(&link)));
    admission.attach(&connection);
    match parts.context.access.revalidate(&admission).await {
        Ok(None) => {}
        Ok(Some(reason)) => {
            connection.disconnect(reason);
            return socket.finish().await;
        }
        Err(_) => return fail(socket).await,
    }
    if let Some(expires_at) = caller.and_then(|caller| caller.expires_at) {
        let left_ms = expires_at.ms_since(parts.context.service.now()).max(0).unsigned_abs();
        link.set_expiry(Instant::now() + Duration::from_millis(left_ms), 1008, "token expired");
    }
    let figures = viewer.company.then(|| parts.desk.watch(&tenant));
    let follower = Follower::new(parts.clone(), tenant.clone(), viewer, Arc::clone(&link), newest);
    let view = View { parts, tenant, viewer, scope, figures, link, follower };
    view.welcome(newest);
    let events = view.follower.subscribe();
    let Ok(live) = view.enter().await else { return fail(socket).await };
    let replay_after = replay_after.unwrap_or_else(|problem| {
        view.say_error(problem);
        None
    });
    view.talk(&mut socket, &Subscriptions { events, live }, replay_after, newest).await;
    drop(admission);
}

/// Whatever could not be read: a viewer that stayed would miss something.
async fn fail(socket: Socket) {
    socket.link().close(1013, "try again later");
    socket.finish().await;
}

/// A viewer's places in its company's two channels.
struct Subscriptions {
    events: Subscription,
    live: Subscription,
}

struct View {
    parts: FleetParts,
    tenant: TenantId,
    viewer: FleetViewer,
    scope: VehicleScope,
    /// Held by whoever may see them: they are read as long as somebody does.
    figures: Option<Arc<CompanyDashboard>>,
    link: Arc<Link>,
    follower: Arc<Follower>,
}

impl View {
    fn welcome(&self, newest: i64) {
        let user_id = self.viewer.user.map(|id| id.to_string()).unwrap_or_default();
        let message = "WebSocket connection established";
        self.say("connection_established", WelcomeJson { message, user_id: &user_id, last_event_id: newest });
    }

    /// Follows the places and figures that the viewer may see, and sends the last ones first. Live ones wait in the link
    /// meanwhile, so that none is missed and none goes back in time.
    async fn enter(&self) -> Result<Subscription, ServiceError> {
        self.link.cork();
        let entered = async {
            let filter = Filter::default();
            let interest = self.interest(&self.visible().await?, &filter);
            let outlet = Arc::clone(&self.link) as Arc<dyn Outlet>;
            let live = self.parts.hub.channel(&live_channel(&self.tenant)).subscribe(outlet, interest);
            self.send_last(None, &filter).await?;
            Ok(live)
        };
        let entered = entered.await;
        self.link.uncork();
        entered
    }

    /// Narrows or widens, and sends the last of what comes into view by it.
    async fn narrow(&self, subscriptions: &Subscriptions, filter: Filter) -> Result<(), ServiceError> {
        let interest = self.interest(&self.visible().await?, &filter);
        self.link.cork();
        subscriptions.live.set_interest(interest);
        let before = self.follower.narrow(&subscriptions.events, filter);
        let filter = self.follower.filter();
        let sent = self.send_last(Some(&before), &filter).await;
        self.link.uncork();
        sent
    }

    /// Looked at after it is followed: what changes from then on comes live.
    async fn send_last(&self, before: Option<&Filter>, filter: &Filter) -> Result<(), ServiceError> {
        for live in self.visible().await? {
            let id = &live.vehicle.id;
            let is_new = !before.is_some_and(|before| before.wants_place_of(id));
            if let Some(last) = live.last.as_ref().filter(|_| is_new && filter.wants_place_of(id)) {
                self.link.offer_if_absent(&location_message(&self.tenant, &live.vehicle, last));
            }
        }
        let is_new = !before.is_some_and(|before| before.wants(EventType::Dashboard));
        if let Some(figures) = self.figures.as_ref().filter(|_| is_new && filter.wants(EventType::Dashboard)) {
            let figures = {
                let _turn = self.parts.turns.acquire().await;
                figures.read().await?
            };
            self.link.offer_if_absent(&dashboard_message(&self.tenant, &figures));
        }
        Ok(())
    }

    async fn visible(&self) -> Result<Vec<LiveVehicle>, ServiceError> {
        self.parts.context.service.watched_vehicles(&self.tenant, &self.scope).await
    }

    fn interest(&self, visible: &[LiveVehicle], filter: &Filter) -> milepost_hub::Interest {
        live_interest(&self.scope, visible, self.viewer.company, filter)
    }

    /// Answers what the viewer sends, while the replays that it asked for go on, one after the other.
    ///
    /// Until the first of them, or for [`FIRST_WORD`] without, the gate is shut: everything after `newest` is told
    /// afterwards.
    async fn talk(&self, socket: &mut Socket, subscriptions: &Subscriptions, first: Option<i64>, newest: i64) {
        let mut replay: Option<Replay> = None;
        let mut waiting: VecDeque<i64> = first.into_iter().collect();
        let mut silence = Some(Box::pin(tokio::time::sleep(FIRST_WORD)));
        loop {
            if replay.is_none()
                && let Some(after) = waiting.pop_front()
            {
                silence = None;
                let follower = Arc::clone(&self.follower);
                replay = Some(Box::pin(async move { follower.replay(after).await }));
            }
            let inbound = tokio::select! {
                inbound = socket.next() => inbound,
                ended = async { replay.as_mut().expect("looked at before").await }, if replay.is_some() => {
                    replay = None;
                    if let Err(Stopped::Failed) = ended {
                        self.link.close(1013, "try again later");
                    }
                    continue;
                }
                () = async { silence.as_mut().expect("looked at before").await }, if silence.is_some() => {
                    silence = None;
                    let follower = Arc::clone(&self.follower);
                    replay = Some(Box::pin(async move { follower.catch_up(newest).await }));
                    continue;
                }
            };
            match inbound {
                None => return,
                Some(Inbound::Text(text)) => match read_message(&text) {
                    Ok(FromViewer::Ping(timestamp)) => self.say("pong", PongJson { timestamp }),
                    Ok(FromViewer::Subscribe(filter)) => self.answer_subscribe(subscriptions, filter).await,
                    Ok(FromViewer::ReplayRequest(_)) if waiting.len() == WAITING_REPLAYS => {
                        self.say_error("too many replays are waiting, wait for their replay_complete");
                    }
                    Ok(FromViewer::ReplayRequest(after)) => waiting.push_back(after),
                    Err(message) => self.say_error(&message),
                },
                Some(Inbound::Binary(_)) => self.say_error("send JSON as text"),
            }
        }
    }

    async fn answer_subscribe(&self, subscriptions: &Subscriptions, filter: Filter) {
        let events = filter.types.iter().map(|kind| kind.as_str()).collect();
        let mut vehicle_ids: Vec<_> = filter.vehicles.iter().cloned().collect();
        vehicle_ids.sort();
        match self.narrow(subscriptions, filter).await {
            Ok(()) => self.say("subscribed", SubscribedJson { events, vehicle_ids: &vehicle_ids }),
            Err(_) => self.say_error("the server can't look that up just now, try again"),
        }
    }

    fn say_error(&self, message: &str) {
        self.say("error", ErrorJson { message });
    }

    fn say(&self, kind: &str, data: impl Serialize) {
        self.link.send_text(&render_unstored(&self.tenant, kind, data, self.parts.context.service.now()));
    }
}
