//! The task that keeps the connection: connects, subscribes, sends, and notices when nothing arrives any more.

use super::Shared;
use super::channels::Channels;
use super::connection::Connection;
use crate::incoming::Incoming;
use crate::stats::count;
use crate::wire::{encode_bulletin, encode_handover, encode_pulse};
use crate::{Missed, RedisUrl, RelayState};
use milepost_clock::Clock;
use milepost_domain::{NodeId, TenantId};
use redis::aio::{AsyncPushSender, SendError};
use redis::{PushInfo, PushKind, RedisError, Value};
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How often a pulse is sent.
const PULSE_EVERY: Duration = Duration::from_millis(250);
/// When no pulse has come back for this long, the relay is lost.
const PULSE_WAIT: Duration = Duration::from_secs(1);
/// Time from the end of a connection to the next try, at least. Up to as much again is added, so that nodes don't come at once.
const RETRY_AFTER: Duration = Duration::from_millis(200);
/// Channels in one command.
const CHANNELS_AT_ONCE: usize = 500;

pub(super) struct Task {
    pub(super) url: RedisUrl,
    pub(super) channels: Channels,
    pub(super) node: NodeId,
    pub(super) clock: Clock,
    pub(super) incoming: Arc<Incoming>,
    pub(super) shared: Arc<Shared>,
}

/// Why a connection is given up.
#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("{0}")]
    Redis(#[from] RedisError),
    #[error("the connection was closed")]
    Closed,
    #[error("no message arrives any more")]
    Silent,
}

/// What the library calls for each message. Messages are taken at once, on the task that reads the connection.
struct Pushes {
    incoming: Arc<Incoming>,
    nodes_channel: String,
    own_channel: String,
    pulse: Arc<Pulse>,
}

/// Whether messages come back.
struct Pulse {
    clock: Clock,
    heard: Mutex<Instant>,
    closed: Notify,
}

impl Task {
    pub(super) async fn run(self) {
        let mut is_first = true;
        loop {
            let lost = self.serve_connection().await;
            let (was_connected, taken_back) = {
                let mut handovers = self.shared.handovers();
                (self.shared.state.send_replace(RelayState::Lost) == RelayState::Connected, handovers.take_back())
            };
            for (tenant, positions) in taken_back {
                self.incoming.take_back(&tenant, positions);
            }
            if was_connected || is_first {
                tracing::warn!(cause = %lost, "the relay to the other nodes is lost; their news are read from the database");
            }
            is_first = false;
            for arrives in self.shared.wanted().values() {
                arrives.send_replace(false);
            }
            let dropped = self.shared.outgoing().discard();
            count(&self.shared.counters.dropped, dropped as u64);
            if was_connected {
                self.incoming.missed(Missed::All);
            }
            self.clock.sleep(RETRY_AFTER.mul_f64(1.0 + fastrand::f64())).await;
        }
    }

    /// Connects and serves the connection until it is lost.
    async fn serve_connection(&self) -> Lost {
        let pulse = Pulse { clock: self.clock.clone(), heard: Mutex::new(self.clock.instant()), closed: Notify::new() };
        let pulse = Arc::new(pulse);
        let (nodes_channel, own_channel) = (self.channels.of_nodes(), self.channels.of_node(self.node));
        let pushes = Pushes {
            incoming: Arc::clone(&self.incoming),
            nodes_channel: nodes_channel.clone(),
            own_channel: own_channel.clone(),
            pulse: Arc::clone(&pulse),
        };
        let served = async {
            let mut connection = Connection::open(&self.url, pushes).await?;
            connection.subscribe(&[nodes_channel, own_channel]).await?;
            self.serve(&mut connection, &pulse).await
        };
        match served.await {
            Ok(never) => match never {},
            Err(lost) => lost,
        }
    }

    async fn serve(&self, connection: &mut Connection, pulse: &Pulse) -> Result<std::convert::Infallible, Lost> {
        let mut subscribed = HashSet::new();
        // What other nodes sent in the meantime never came: each tenant's first message would be a gap.
        self.incoming.forget(None);
        self.update_subscriptions(connection, &mut subscribed).await?;
        // What was published while nobody sent it is in the database.
        let dropped = self.shared.outgoing().discard();
        count(&self.shared.counters.dropped, dropped as u64);
        count(&self.shared.counters.connections, 1);
        self.shared.state.send_replace(RelayState::Connected);
        self.incoming.missed(Missed::All);
        tracing::info!("the relay to the other nodes works");
        let mut next_pulse = self.clock.instant();
        loop {
            tokio::select! {
                () = self.shared.wake.notified() => {}
                () = self.clock.sleep_until(next_pulse) => {}
                () = pulse.closed.notified() => return Err(Lost::Closed),
            }
            if pulse.is_silent() {
                return Err(Lost::Silent);
            }
            self.update_subscriptions(connection, &mut subscribed).await?;
            let mut messages = self.take_messages();
            let to_nodes = std::mem::take(&mut *self.shared.to_nodes.lock().expect("nothing panics while holding it"));
            let is_due = self.clock.instant() >= next_pulse;
            if is_due {
                next_pulse = self.clock.instant() + PULSE_EVERY;
            }
            if is_due || !to_nodes.is_empty() {
                messages.push((self.channels.of_nodes(), encode_pulse(self.node, &to_nodes)));
            }
            let sent = messages.len();
            if sent > 0 {
                connection.publish(messages).await?;
                count(&self.shared.counters.sent, sent as u64);
            }
        }
    }

    fn take_messages(&self) -> Vec<(String, Vec<u8>)> {
        let taken = self.shared.outgoing().take();
        let encode = |(tenant, sequence, batch)| {
            (self.channels.of_tenant(&tenant), encode_bulletin(self.node, sequence, &tenant, &batch))
        };
        let handed_over = self.shared.handovers().take().into_iter();
        let handed_over = handed_over
            .map(|(node, sequence, batch)| (self.channels.of_node(node), encode_handover(self.node, sequence, batch)));
        taken.into_iter().map(encode).chain(handed_over).collect()
    }

    /// Subscribes to the channels of tenants that are wanted, and unsubscribes from others.
    async fn update_subscriptions(
        &self,
        connection: &mut Connection,
        subscribed: &mut HashSet<TenantId>,
    ) -> Result<(), Lost> {
        let (added, removed): (Vec<_>, Vec<_>) = {
            let wanted = self.shared.wanted();
            let added = wanted.keys().filter(|tenant| !subscribed.contains(*tenant)).cloned().collect();
            (added, subscribed.iter().filter(|tenant| !wanted.contains_key(*tenant)).cloned().collect())
        };
        for tenants in removed.chunks(CHANNELS_AT_ONCE) {
            connection.unsubscribe(&self.names(tenants)).await?;
            for tenant in tenants {
                subscribed.remove(tenant);
                self.incoming.forget(Some(tenant));
            }
        }
        for tenants in added.chunks(CHANNELS_AT_ONCE) {
            connection.subscribe(&self.names(tenants)).await?;
            let wanted = self.shared.wanted();
            for tenant in tenants {
                subscribed.insert(tenant.clone());
                if let Some(arrives) = wanted.get(tenant) {
                    arrives.send_replace(true);
                }
            }
        }
        // Followed again before the unsubscription was carried out.
        let wanted = self.shared.wanted();
        for tenant in subscribed.iter() {
            if let Some(arrives) = wanted.get(tenant) {
                arrives.send_if_modified(|arrives| !std::mem::replace(arrives, true));
            }
        }
        Ok(())
    }

    fn names(&self, tenants: &[TenantId]) -> Vec<String> {
        tenants.iter().map(|tenant| self.channels.of_tenant(tenant)).collect()
    }
}

impl Pulse {
    fn heard(&self) {
        *self.heard.lock().expect("nothing panics while holding it") = self.clock.instant();
    }

    fn is_silent(&self) -> bool {
        let heard = *self.heard.lock().expect("nothing panics while holding it");
        self.clock.instant().saturating_duration_since(heard) > PULSE_WAIT
    }
}

impl AsyncPushSender for Pushes {
    fn send(&self, push: PushInfo) -> Result<(), SendError> {
        match push.kind {
            PushKind::Message | PushKind::SMessage => {
                let [Value::BulkString(channel), Value::BulkString(message)] = push.data.as_slice() else {
                    return Ok(());
                };
                if *channel == self.nodes_channel.as_bytes() {
                    if self.incoming.take_pulse(message) {
                        self.pulse.heard();
                    }
                } else if *channel == self.own_channel.as_bytes() {
                    self.incoming.take_handover(message);
                } else {
                    self.incoming.take(message);
                }
            }
            PushKind::Disconnection => self.pulse.closed.notify_one(),
            _ => {}
        }
        Ok(())
    }
}
