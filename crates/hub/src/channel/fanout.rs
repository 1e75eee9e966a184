//! Fans a channel's pending messages out to its subscribers, in passes.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Relaxed, Release};
use std::time::Duration;

use tokio::time::Instant;

use crate::batch::Batch;
use crate::key::KeyMap;
use crate::message::Message;
use crate::recipients::RecipientKind;

use super::Channel;
use super::pending::Entry;
use super::subscribers::{CHUNK_SUBSCRIBERS, ChunkOfSubscribers, Subscriber};

/// Passes of a channel start at least this far apart: the first message of a quiet channel goes out at once, and
/// messages that come faster share a write instead of costing one each.
const PASS_SPACING: Duration = Duration::from_millis(2);

/// Pairs of a message and a subscriber that are planned before others get their share of the time: a millisecond at most.
const PLANNED_AT_ONCE: usize = 8_192;

/// Runs passes until nothing is pending.
pub(super) async fn run(channel: Arc<Channel>) {
    let alive = Alive { channel, is_ending_all: AtomicBool::new(false) };
    let channel = &alive.channel;
    let mut last_pass: Option<Instant> = None;
    loop {
        if let Some(last) = last_pass {
            let next = last + PASS_SPACING;
            if Instant::now() < next {
                tokio::time::sleep_until(next).await;
            }
        }
        let Some(drained) = channel.drain_pending() else {
            channel.passed.notify_waiters();
            return;
        };
        last_pass = Some(Instant::now());
        if drained.overrun {
            alive.is_ending_all.store(true, Relaxed);
            end_all(channel).await;
            alive.is_ending_all.store(false, Relaxed);
        }
        let (sequences, messages) = split(drained.entries);
        if let Some(last) = sequences.last().copied() {
            Pass::plan(channel, sequences, messages).await.deliver(channel).await;
            channel.undelivered.store(last + 1, Release);
            channel.passed.notify_waiters();
        }
    }
}

/// If the task ends by a panic, messages are lost: another one ends every subscriber, so that it resumes.
struct Alive {
    channel: Arc<Channel>,
    /// If that is where the panic is, the next message starts the other task, so that a fault that stays costs no processor.
    is_ending_all: AtomicBool,
}

impl Drop for Alive {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.channel.lose(!self.is_ending_all.load(Relaxed));
        }
    }
}

fn split(entries: impl IntoIterator<Item = Entry>) -> (Vec<u64>, Vec<Message>) {
    entries.into_iter().filter_map(|entry| Some((entry.sequence, entry.message?))).unzip()
}

/// One pass: messages, and the subscribers that they concern, as they were when it began.
struct Pass {
    sequences: Vec<u64>,
    messages: Vec<Message>,
    /// The messages for subscribers that want everything, as indices into `messages`.
    general_indices: Vec<u32>,
    general: Vec<ChunkOfSubscribers>,
    /// Subscribers found by key, and their messages.
    chosen: HashMap<u64, Chosen>,
    batches: HashMap<Box<[u32]>, Arc<Batch>>,
}

struct Chosen {
    subscriber: Arc<Subscriber>,
    indices: Vec<u32>,
}

impl Pass {
    /// Finds the subscribers of each message. Those that leave meanwhile get nothing, and those that join are not concerned.
    async fn plan(channel: &Channel, sequences: Vec<u64>, messages: Vec<Message>) -> Self {
        let (general, filtered, by_key) = snapshot(channel, &sequences, &messages);
        let mut chosen: HashMap<u64, Chosen> = HashMap::new();
        let mut general_indices = Vec::with_capacity(messages.len());
        let mut considered = 0;
        for (index, message) in messages.iter().enumerate() {
            let (sequence, index) = (sequences[index], index as u32);
            let recipients = message.recipients();
            if matches!(recipients.kind, RecipientKind::Everyone | RecipientKind::General) {
                general_indices.push(index);
            }
            let everyone = if recipients.kind == RecipientKind::Everyone { &filtered[..] } else { &[] };
            let keyed = recipients.finding_keys().filter_map(|key| by_key.get(key)).flatten();
            let chunks: Vec<&ChunkOfSubscribers> = everyone.iter().chain(keyed).collect();
            for chunk in chunks {
                for subscriber in chunk.iter().flatten() {
                    let entry = chosen
                        .entry(subscriber.id)
                        .or_insert_with(|| Chosen { subscriber: subscriber.clone(), indices: Vec::new() });
                    // A second key of the same message found this subscriber: the message is in already.
                    if entry.indices.last() != Some(&index) && subscriber.wants(sequence, recipients) {
                        entry.indices.push(index);
                    }
                }
                considered += chunk.len();
                if considered >= PLANNED_AT_ONCE {
                    considered = 0;
                    tokio::task::yield_now().await;
                }
            }
        }
        Self { sequences, messages, general_indices, general, chosen, batches: HashMap::new() }
    }

    async fn deliver(mut self, channel: &Channel) {
        let general_served = !self.general_indices.is_empty();
        if general_served {
            self.deliver_general(channel).await;
        }
        let chosen = std::mem::take(&mut self.chosen);
        let mut served = 0;
        let mut deliveries = 0;
        for Chosen { subscriber, indices } in chosen.into_values() {
            // General subscribers with extra topics were served above.
            if general_served && subscriber.interest.is_general() {
                continue;
            }
            deliveries += self.offer(channel, &subscriber, &indices);
            served += 1;
            if served % CHUNK_SUBSCRIBERS == 0 {
                channel.shared.counters.deliveries.fetch_add(std::mem::take(&mut deliveries), Relaxed);
                tokio::task::yield_now().await;
            }
        }
        channel.shared.counters.deliveries.fetch_add(deliveries, Relaxed);
    }

    async fn deliver_general(&mut self, channel: &Channel) {
        let general_indices = std::mem::take(&mut self.general_indices);
        let batch = self.batch(channel, &general_indices);
        let first = self.sequences[general_indices[0] as usize];
        for chunk in std::mem::take(&mut self.general) {
            let mut deliveries = 0;
            for subscriber in chunk.iter().flatten() {
                let extra = subscriber.interest.has_topics().then(|| self.chosen.get(&subscriber.id)).flatten();
                if let Some(extra) = extra {
                    let merged = merge(&general_indices, &extra.indices);
                    deliveries += self.offer(channel, subscriber, &merged);
                } else if first >= subscriber.since && subscriber.replaced.is_empty() {
                    subscriber.sink.offer(&batch);
                    deliveries += general_indices.len() as u64;
                } else {
                    let is_wanted = |&&index: &&u32| {
                        let index = index as usize;
                        subscriber.wants(self.sequences[index], self.messages[index].recipients())
                    };
                    let wanted: Vec<u32> = general_indices.iter().filter(is_wanted).copied().collect();
                    deliveries += self.offer(channel, subscriber, &wanted);
                }
            }
            channel.shared.counters.deliveries.fetch_add(deliveries, Relaxed);
            // Readers, joins and other channels get their share of the time.
            tokio::task::yield_now().await;
        }
    }

    /// Offers the messages at `indices` that were published after the subscriber joined.
    fn offer(&mut self, channel: &Channel, subscriber: &Subscriber, indices: &[u32]) -> u64 {
        let missed = indices.partition_point(|&index| self.sequences[index as usize] < subscriber.since);
        let indices = &indices[missed..];
        if indices.is_empty() {
            return 0;
        }
        let batch = self.batch(channel, indices);
        subscriber.sink.offer(&batch);
        indices.len() as u64
    }

    /// The batch of these messages. Subscribers that get the same messages share it.
    fn batch(&mut self, channel: &Channel, indices: &[u32]) -> Arc<Batch> {
        if let Some(batch) = self.batches.get(indices) {
            return batch.clone();
        }
        let messages: Vec<Message> = indices.iter().map(|&index| self.messages[index as usize].clone()).collect();
        let shared = &channel.shared;
        let batch = Arc::new(Batch::new(messages, shared.encoder.clone(), shared.limits.join_bytes));
        self.batches.insert(indices.into(), batch.clone());
        batch
    }
}

type Found = (Vec<ChunkOfSubscribers>, Vec<ChunkOfSubscribers>, KeyMap<Vec<ChunkOfSubscribers>>);

/// The subscribers that `messages` may concern, taken under one lock, so that nobody is found twice or missed.
fn snapshot(channel: &Channel, sequences: &[u64], messages: &[Message]) -> Found {
    let subscribers = channel.lock_subscribers();
    if let Some(last) = sequences.last() {
        channel.unplanned.store(last + 1, Release);
    }
    let mut by_key = KeyMap::default();
    if !subscribers.by_key.is_empty() {
        for key in messages.iter().flat_map(|message| message.recipients().finding_keys()) {
            if !by_key.contains_key(key)
                && let Some(slab) = subscribers.by_key.get(key)
            {
                by_key.insert(key.clone(), slab.snapshot());
            }
        }
    }
    let for_everyone = messages.iter().any(|message| message.recipients().kind == RecipientKind::Everyone);
    let filtered = if for_everyone { subscribers.filtered.snapshot() } else { Vec::new() };
    (subscribers.general.snapshot(), filtered, by_key)
}

fn merge(left: &[u32], right: &[u32]) -> Vec<u32> {
    let mut merged = [left, right].concat();
    merged.sort_unstable();
    merged.dedup();
    merged
}

/// Messages of this channel were lost: every subscriber has to end and resume.
async fn end_all(channel: &Channel) {
    let (general, filtered) = {
        let subscribers = channel.lock_subscribers();
        (subscribers.general.snapshot(), subscribers.filtered.snapshot())
    };
    for chunk in general.into_iter().chain(filtered) {
        for subscriber in chunk.iter().flatten() {
            subscriber.sink.overrun();
        }
        tokio::task::yield_now().await;
    }
}
