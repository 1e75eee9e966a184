//! A socket's events: live ones, and the replays that its client asks for, one after the other.

use milepost_hub::Subscription;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Sleep;

use crate::admission::Connection;
use crate::event_feed::{EventFeed, EventSink, EventView, Stopped};
use crate::{Live, SocketSender};

/// How long live events wait after opening for a client that will ask for a replay. A client keeps the highest id that
/// it has seen; if a live event came before the replay, it would pass over what it missed when it is cut off between.
const FIRST_WORD: Duration = Duration::from_millis(300);

/// Requests that wait while a replay is under way; one more is answered with an error.
const WAITING_REPLAYS: usize = 8;

type Replay = Pin<Box<dyn Future<Output = Result<(), Stopped>> + Send>>;

/// Follows a tenant's events for one socket. [`Self::run`] has to go on for as long as the socket is open.
pub struct EventFollower<V> {
    feed: Arc<EventFeed<V>>,
    sender: Arc<SocketSender>,
    subscription: Subscription,
    /// The replay under way.
    replay: Option<Replay>,
    waiting: VecDeque<i64>,
    /// Runs out [`FIRST_WORD`] after opening; gone once the client has asked or live events are let through.
    silence: Option<Pin<Box<Sleep>>>,
}

impl<V: EventView> EventFollower<V> {
    /// Subscribes; `replay_after` is as good as a request for the events above it.
    pub fn new(live: &Live, sender: &Arc<SocketSender>, view: V, replay_after: Option<i64>) -> Self {
        let feed = Arc::new(EventFeed::new(live.clone(), view, EventSink::Socket(Arc::clone(sender))));
        Self {
            subscription: feed.subscribe(),
            feed,
            sender: Arc::clone(sender),
            replay: None,
            waiting: replay_after.into_iter().collect(),
            silence: Some(Box::pin(tokio::time::sleep(FIRST_WORD))),
        }
    }

    /// The view that events are read and written through.
    pub fn view(&self) -> &V {
        &self.feed.view
    }

    /// Follows what the view's interest is now.
    pub fn follow_interest(&self) {
        self.subscription.set_interest(self.view().interest());
    }

    /// Has the events above `after` sent, once the replays before are done.
    ///
    /// # Errors
    /// When too many wait already: what to tell the client.
    pub fn request_replay(&mut self, after: i64) -> Result<(), &'static str> {
        if self.waiting.len() == WAITING_REPLAYS {
            return Err("too many replays are waiting, wait for their replay_complete");
        }
        self.waiting.push_back(after);
        Ok(())
    }

    /// Carries out replays, and never ends. Nothing is lost when the future is dropped.
    pub async fn run(&mut self) -> Infallible {
        loop {
            let replay = match &mut self.replay {
                Some(replay) => replay,
                none => none.insert(next_replay(&self.feed, &mut self.waiting, &mut self.silence).await),
            };
            let ended = replay.await;
            self.replay = None;
            if let Err(Stopped::Failed) = ended {
                self.sender.fail();
            }
        }
    }
}

/// Until the first replay, or for [`FIRST_WORD`] without one, the gate is shut: everything after `newest` is sent
/// afterwards.
async fn next_replay<V: EventView>(
    feed: &Arc<EventFeed<V>>,
    waiting: &mut VecDeque<i64>,
    silence: &mut Option<Pin<Box<Sleep>>>,
) -> Replay {
    let feed = Arc::clone(feed);
    if let Some(after) = waiting.pop_front() {
        *silence = None;
        return Box::pin(async move { feed.replay(after).await });
    }
    let Some(running) = silence else { return std::future::pending().await };
    running.await;
    *silence = None;
    Box::pin(async move { feed.catch_up(feed.view.source().newest).await })
}
