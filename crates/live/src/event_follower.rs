//! Sends events to one socket: live events, and the replays that its client asks for, one after the other.

use milepost_hub::Subscription;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

use crate::client_events::{ClientEvents, EventView, Stopped};
use crate::own_task::OwnTask;
use crate::{Live, Outlet, SocketSender};

/// How long live events are held back after the socket opens, so that a client can ask for a replay first. A client
/// remembers the highest id that it has seen. If a live event came before the replay and the connection broke between
/// them, the client would never ask for the missed events.
const FIRST_REQUEST_WAIT: Duration = Duration::from_millis(300);

/// Replay requests that wait while a replay runs. Further requests are answered with an error.
const WAITING_REPLAYS: usize = 8;

/// Follows a tenant's events for one socket. Poll [`Self::run`] for as long as the socket is open.
pub struct EventFollower<V> {
    events: Arc<ClientEvents<V>>,
    outlet: Outlet,
    subscription: Subscription,
    /// The running replay.
    replay: Option<OwnTask>,
    waiting: VecDeque<i64>,
    /// When live events are let through, unless the client asks for a replay first. `None` after either.
    open_at: Option<Instant>,
}

impl<V: EventView> EventFollower<V> {
    /// Subscribes. `replay_after` requests a replay of the events above it.
    pub fn new(live: &Live, sender: &Arc<SocketSender>, view: V, replay_after: Option<i64>) -> Self {
        let outlet = Outlet::from(Arc::clone(sender));
        let events = Arc::new(ClientEvents::new(live.clone(), view, outlet.clone()));
        Self {
            subscription: events.subscribe(),
            events,
            outlet,
            replay: None,
            waiting: replay_after.into_iter().collect(),
            open_at: Some(live.context.clock.instant() + FIRST_REQUEST_WAIT),
        }
    }

    /// The view that selects and writes the events.
    pub fn view(&self) -> &V {
        &self.events.view
    }

    /// Subscribes to the view's interest again after it changed.
    pub fn follow_interest(&self) {
        self.subscription.set_interest(self.view().interest());
    }

    /// Requests the events above `after`. They are sent after the replays that wait already.
    ///
    /// # Errors
    /// The message for the client when too many requests wait.
    pub fn request_replay(&mut self, after: i64) -> Result<(), &'static str> {
        if self.waiting.len() == WAITING_REPLAYS {
            return Err("too many replays are waiting, wait for their replay_complete");
        }
        self.waiting.push_back(after);
        Ok(())
    }

    /// Runs the requested replays and never returns. Dropping the future loses nothing.
    pub async fn run(&mut self) -> Infallible {
        loop {
            let replay = match &mut self.replay {
                Some(replay) => replay,
                none => none.insert(next_replay(&self.events, &mut self.waiting, &mut self.open_at).await),
            };
            let ended = replay.end().await;
            self.replay = None;
            if let Err(Stopped::Failed) = ended {
                self.outlet.fail();
            }
        }
    }
}

/// The gate stays shut until the first replay, or for [`FIRST_REQUEST_WAIT`] if there is none. Then everything after
/// `newest` is sent.
async fn next_replay<V: EventView>(
    events: &Arc<ClientEvents<V>>,
    waiting: &mut VecDeque<i64>,
    open_at: &mut Option<Instant>,
) -> OwnTask {
    let events = Arc::clone(events);
    if let Some(after) = waiting.pop_front() {
        *open_at = None;
        return OwnTask::spawn(async move { events.replay(after).await });
    }
    let Some(deadline) = *open_at else { return std::future::pending().await };
    // Boxed, so that the timer's memory is freed while the socket is open.
    Box::pin(events.live.context.clock.sleep_until(deadline)).await;
    *open_at = None;
    OwnTask::spawn(async move { events.catch_up(events.view.source().newest).await })
}
