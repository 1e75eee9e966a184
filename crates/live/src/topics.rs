//! Sends one client the facts of the topics that it follows: stored ones first, then new ones, each once.

use milepost_domain::{Event, TenantId};
use milepost_hub::{ChannelId, Interest, Sink, Subscription};
use milepost_service::records::{newest_event_id, stored_events};
use milepost_service::{ReadPermit, ServiceError, StoredEvents};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::client_events::Stopped;
use crate::own_task::OwnTask;
use crate::replay_gate::ReplayGate;
use crate::{Live, Outlet, Reader};

/// Events in one read of the store.
const PAGE: u32 = 100;
/// Topics that wait while another one begins. Further ones are refused.
const WAITING_TOPICS: usize = 64;

/// Some events of a log, and how far the log was read.
#[derive(Debug)]
pub struct LogPage {
    /// The events, oldest first.
    pub events: Vec<Event>,
    /// All events up to this id that the reader may see are in the page.
    pub up_to: i64,
}

/// How a topic began.
#[derive(Debug, Clone, Copy)]
pub struct Begun {
    /// The id of the newest event when it began. Later ones follow.
    pub newest: i64,
    /// False if the client asked for events that are not stored any more. It got a snapshot instead.
    pub complete: bool,
}

/// Selects the events of one client's topics from a tenant's log, and writes them.
pub trait TopicView: Send + Sync + 'static {
    /// A part of the log that a client can follow. No event belongs to two of them.
    type Topic: Clone + PartialEq + Send + Sync + 'static;

    /// The tenant that owns the log.
    fn tenant(&self) -> &TenantId;

    /// The channel in which new events are published.
    fn channel(&self) -> ChannelId;

    /// Whose share of the large reads it takes.
    fn reader(&self) -> &Reader;

    /// The part of the channel's messages that a client of these topics gets.
    fn interest(&self, topics: &[Self::Topic]) -> Interest;

    /// Reads the visible events of these topics with `after < id <= up_to`, oldest first. It may read less than there is.
    fn read(
        &self,
        topics: &[Self::Topic],
        after: i64,
        up_to: i64,
        limit: u32,
    ) -> impl Future<Output = Result<LogPage, ServiceError>> + Send;

    /// Writes an event's message, or returns `None` if it belongs to none of these topics.
    fn render(&self, topics: &[Self::Topic], event: &Event) -> Option<String>;

    /// The name by which a client resumes after an event.
    fn name(&self, event_id: i64) -> String;

    /// The messages of a topic's present state.
    fn snapshot(&self, topic: &Self::Topic) -> impl Future<Output = Result<Vec<String>, ServiceError>> + Send;

    /// Writes the message between a topic's beginning and its new events.
    fn render_begun(&self, topic: &Self::Topic, begun: Begun) -> String;
}

/// Follows topics of a tenant's log for one client. Poll [`Self::run`] for as long as the connection is open.
pub struct TopicFollower<V: TopicView> {
    log: Arc<TopicLog<V>>,
    /// The topics that begin now.
    beginning: Option<OwnTask>,
    waiting: VecDeque<(Vec<V::Topic>, Option<i64>)>,
    /// The topics that end, each with its last message. They have begun, or begin now.
    leaving: VecDeque<(V::Topic, String)>,
}

/// A client's topics, which begin one after the other.
pub(crate) struct TopicLog<V: TopicView> {
    live: Live,
    view: V,
    outlet: Outlet,
    gate: Arc<ReplayGate>,
    subscription: Subscription,
    /// A std mutex: held for a copy, never across an await.
    topics: Mutex<Vec<V::Topic>>,
}

impl<V: TopicView> TopicFollower<V> {
    /// Follows nothing yet but what the view wants without topics.
    pub fn new(live: &Live, outlet: Outlet, view: V) -> Self {
        let log = Arc::new(TopicLog::new(live, outlet, view));
        // Nothing is followed, so that nothing can be missed.
        log.gate.open(0);
        Self { log, beginning: None, waiting: VecDeque::new(), leaving: VecDeque::new() }
    }

    /// The view that selects and writes the events.
    pub fn view(&self) -> &V {
        &self.log.view
    }

    /// Follows other topics, which begin together after those that begin already: from the events above `after` on, or from
    /// their present state.
    ///
    /// # Errors
    /// The message for the client when too many topics wait.
    pub fn follow(&mut self, topics: Vec<V::Topic>, after: Option<i64>) -> Result<(), &'static str> {
        if self.waiting.len() == WAITING_TOPICS {
            return Err("too many topics are beginning, wait for their ready");
        }
        self.waiting.push_back((topics, after));
        Ok(())
    }

    /// Ends a topic. `last` is sent once nothing more of it comes: after the topics that are beginning just now.
    pub fn leave(&mut self, topic: &V::Topic, last: String) {
        let mut has_waited = false;
        for (topics, _) in &mut self.waiting {
            topics.retain(|other| other != topic || std::mem::replace(&mut has_waited, true));
        }
        self.waiting.retain(|(topics, _)| !topics.is_empty());
        if has_waited {
            self.log.outlet.send(&last);
        } else {
            self.leaving.push_back((topic.clone(), last));
        }
    }

    /// Begins the topics that wait and ends those that leave, and never returns. Dropping the future loses nothing.
    pub async fn run(&mut self) -> Infallible {
        loop {
            if self.beginning.is_none()
                && let Some((topic, _)) = self.leaving.front()
            {
                self.log.leave(topic).await;
                if let Some((_, last)) = self.leaving.pop_front() {
                    self.log.outlet.send(&last);
                }
                continue;
            }
            let beginning = match &mut self.beginning {
                Some(beginning) => beginning,
                none => {
                    let Some((topics, after)) = self.waiting.pop_front() else { return std::future::pending().await };
                    let log = Arc::clone(&self.log);
                    none.insert(OwnTask::spawn(async move { log.begin(topics, after).await }))
                }
            };
            let ended = beginning.end().await;
            self.beginning = None;
            if let Err(Stopped::Failed) = ended {
                self.log.outlet.fail();
            }
        }
    }
}

impl<V: TopicView> TopicLog<V> {
    pub(crate) fn new(live: &Live, outlet: Outlet, view: V) -> Self {
        let gate = ReplayGate::new(outlet.sink(), 0);
        let channel = live.hub.channel(&view.channel());
        let subscription = channel.subscribe(Arc::clone(&gate) as Arc<dyn Sink>, view.interest(&[]));
        Self { live: live.clone(), view, outlet, gate, subscription, topics: Mutex::default() }
    }

    /// Returns when nothing more of a topic comes.
    async fn leave(&self, topic: &V::Topic) {
        {
            let mut topics = self.lock();
            topics.retain(|other| other != topic);
            self.subscription.set_interest(self.view.interest(&topics));
        }
        self.subscription.channel().settled().await;
    }

    /// Sends the stored events of new topics, or their state, and then new events of all topics. The events of the others are
    /// late by that time, and none is lost.
    pub(crate) async fn begin(&self, new: Vec<V::Topic>, after: Option<i64>) -> Result<(), Stopped> {
        let sent = self.gate.shut();
        let stored = self.stored().await?;
        let others = self.lock().clone();
        if !others.is_empty() {
            self.send_stored(&others, sent, stored.newest).await?;
        }
        let complete = after.is_none_or(|after| stored.has_all_after(after));
        match after.filter(|_| complete) {
            Some(after) => self.send_stored(&new, after, stored.newest).await?,
            None => {
                for topic in &new {
                    let snapshot = {
                        let _permit = self.permit().await;
                        self.view.snapshot(topic).await?
                    };
                    for text in snapshot {
                        self.outlet.send_backpressured(None, &text).await?;
                    }
                }
            }
        }
        let topics = {
            let mut topics = self.lock();
            topics.extend(new.iter().cloned());
            self.subscription.set_interest(self.view.interest(&topics));
            topics.clone()
        };
        let begun = Begun { newest: stored.newest, complete };
        for topic in &new {
            self.outlet.send_backpressured(None, &self.view.render_begun(topic, begun)).await?;
        }
        self.outlet.send_resume_name(&self.view.name(stored.newest));
        self.catch_up(&topics, stored.newest).await
    }

    /// Sends the events that were stored since `sent`, then opens the gate, which must be shut. Only the events of the last
    /// moment wait in memory.
    async fn catch_up(&self, topics: &[V::Topic], mut sent: i64) -> Result<(), Stopped> {
        loop {
            let newest = self.newest().await?;
            if newest - sent <= i64::from(PAGE) {
                break;
            }
            self.send_stored(topics, sent, newest).await?;
            sent = newest;
        }
        // The events that the gate dropped until now are in the store, so that the next read finds them.
        self.gate.hold();
        let newest = self.newest().await?;
        self.send_stored(topics, sent, newest).await?;
        self.gate.open(newest);
        Ok(())
    }

    /// Sends events with `after < id <= up_to` at the pace of the reader.
    async fn send_stored(&self, topics: &[V::Topic], after: i64, up_to: i64) -> Result<(), Stopped> {
        let mut last = after;
        while last < up_to {
            let page = {
                let _permit = self.permit().await;
                self.view.read(topics, last, up_to, PAGE).await?
            };
            for event in &page.events {
                if let Some(text) = self.view.render(topics, event) {
                    self.outlet.send_backpressured(Some(&self.view.name(event.id)), &text).await?;
                }
            }
            // A page that ends where it began would be read for ever.
            last = page.up_to.max(last + 1);
        }
        Ok(())
    }

    async fn stored(&self) -> Result<StoredEvents, Stopped> {
        let _permit = self.permit().await;
        Ok(stored_events(&self.live.use_cases().records, self.view.tenant()).await?)
    }

    async fn newest(&self) -> Result<i64, Stopped> {
        let _permit = self.permit().await;
        Ok(newest_event_id(&self.live.use_cases().records, self.view.tenant()).await?)
    }

    async fn permit(&self) -> ReadPermit {
        self.live.read_permit(self.view.tenant(), Some(self.view.reader())).await
    }

    fn lock(&self) -> MutexGuard<'_, Vec<V::Topic>> {
        self.topics.lock().expect("nothing panics while holding it")
    }
}
