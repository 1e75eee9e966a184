//! Metrics that the crates count themselves. They are read at each scrape, so that deliveries are not counted twice.

use crate::LogStats;
use milepost_follow::TrackInbox;
use milepost_hub::Hub;
use milepost_mqtt::MqttStats;
use milepost_outbox::Outbox;
use milepost_relay::RelayState;
use milepost_service::UseCases;
use milepost_store::Store;
use milepost_transit_feeds::FeedStats;
use milepost_transport::Transport;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use std::fmt;
use std::sync::Arc;

/// Where the metrics are read.
pub(crate) struct CurrentStats {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) use_cases: Arc<UseCases>,
    pub(crate) hub: Hub,
    pub(crate) transport: Arc<Transport>,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) mqtt: Arc<MqttStats>,
    pub(crate) feeds: Arc<FeedStats>,
    pub(crate) tracks: Arc<TrackInbox>,
    pub(crate) log: LogStats,
}

impl fmt::Debug for CurrentStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurrentStats").finish_non_exhaustive()
    }
}

impl Collector for CurrentStats {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let (hub, sockets) = (self.hub.stats(), self.transport.stats());
        let (outgoing, tracks) = (self.outbox.stats(), self.tracks.stats());
        let mut to = Lines(encoder);
        to.gauge("websockets_open", "WebSockets open now", sockets.open)?;
        to.counter("websockets_opened", "WebSockets opened since the start", sockets.opened)?;
        to.counter("websocket_bytes_in", "Bytes read from WebSockets", sockets.bytes_in)?;
        to.counter("websocket_bytes_out", "Bytes written to WebSockets", sockets.bytes_out)?;
        to.counter("websocket_frames_in", "Frames read from WebSockets", sockets.frames_in)?;
        to.counter("websocket_frames_out", "Frames written to WebSockets", sockets.frames_out)?;
        to.gauge("websocket_pending_bytes", "Bytes that slow readers have not taken yet", sockets.pending_bytes)?;
        to.gauge("streams_open", "Streams of server-sent events open now", sockets.streams_open)?;
        to.counter("streams_opened", "Streams opened since the start", sockets.streams_opened)?;
        to.counter("streams_fallen_behind", "Streams ended for slow readers", sockets.streams_fallen_behind)?;
        to.counter("stream_bytes_out", "Bytes of events that streams' connections took", sockets.stream_bytes_out)?;
        to.counter(
            "websocket_conflated",
            "Messages that a newer one replaced before a slow reader took them",
            sockets.conflated,
        )?;
        to.gauge("hub_channels", "Channels that somebody publishes to or subscribes to", hub.channels)?;
        to.gauge("hub_subscribers", "Subscriptions", hub.subscribers)?;
        to.gauge("hub_pending_messages", "Messages published and not yet fanned out", hub.pending_messages)?;
        to.counter("hub_published", "Messages published", hub.published)?;
        to.counter("hub_deliveries", "Messages handed to subscribers", hub.deliveries)?;
        to.counter("hub_conflated", "Messages that a newer one replaced before the fan-out", hub.conflated)?;
        to.counter("hub_dropped", "Messages that no queue had room for", hub.dropped)?;
        to.gauge(
            "commit_queue",
            "Batches waiting for a transaction",
            self.use_cases.positions.batches_queued() as u64,
        )?;
        to.counter(
            "idempotency_keys_refused",
            "Requests refused because too many answers are kept for their callers",
            self.use_cases.idempotency_keys.refused(),
        )?;
        let (reads, pages) = (&self.use_cases.fair_reads, &self.use_cases.pages);
        let bodies = self.use_cases.large_bodies.shares();
        to.gauge("large_reads", "Replays, files, figures and trips being read now", reads.running() as u64)?;
        to.gauge("large_bodies", "Large bodies being read or answered now", bodies.running() as u64)?;
        to.gauge("list_pages", "Pages of lists being read now", pages.running() as u64)?;
        let refused = reads.refused() + pages.refused() + bodies.refused();
        to.counter("large_reads_refused", "Requests that waited too long for one of these", refused)?;
        to.gauge(
            "outgoing_pending",
            "Calls to other programs that this node has taken on and not ended",
            outgoing.pending,
        )?;
        to.counter("outgoing_attempts", "Tries of calls to other programs", outgoing.attempts)?;
        to.counter("outgoing_delivered", "Calls that their receivers took", outgoing.delivered)?;
        to.counter("outgoing_dead", "Calls given up", outgoing.dead)?;
        to.gauge("tracks_waiting", "Committed positions that were not looked at yet", tracks.waiting)?;
        to.gauge("tracks_behind", "Vehicles whose positions are held, or wait to be read, and folded", tracks.behind)?;
        to.counter("track_folds", "Positions folded", tracks.folds)?;
        to.counter("track_facts", "Changes of history written", tracks.facts)?;
        to.counter("track_handovers", "Positions that another node folds", tracks.handed_over)?;
        to.counter("track_refolds", "Tracks folded again for late positions", tracks.refolds)?;
        let mqtt = &self.mqtt;
        to.gauge("mqtt_connected", "1 while the MQTT broker is connected", u64::from(mqtt.is_connected()))?;
        to.counter("mqtt_messages", "Messages of the broker that were acknowledged", mqtt.taken.get())?;
        to.counter("mqtt_messages_unreadable", "Those that can't be read", mqtt.unreadable.get())?;
        to.counter("mqtt_messages_refused", "Those of devices that may not report", mqtt.refused.get())?;
        to.counter(
            "mqtt_messages_parked",
            "Those that could not be stored and wait for the next start",
            mqtt.parked.get(),
        )?;
        let feeds = &self.feeds;
        to.counter("transit_feed_polls", "Polls of transit feeds of others", feeds.polls())?;
        to.counter("transit_feed_failures", "Polls of these that failed", feeds.failures())?;
        to.gauge("transit_feeds_failing", "Feeds whose last poll failed", feeds.failing())?;
        to.counter("transit_feed_positions", "Positions stored of feeds", feeds.positions())?;
        to.counter("transit_feed_vehicles_made", "Vehicles made for feeds", feeds.vehicles_made())?;
        to.counter("transit_feed_vehicles_dropped", "Vehicles of feeds that were not taken", feeds.dropped())?;
        let nodes = &self.use_cases.nodes;
        let relay = nodes.relay_stats();
        to.gauge("nodes", "Nodes that serve the database, as far as they are known", nodes.living().len() as u64)?;
        to.gauge(
            "relay_up",
            "1 while news of other nodes arrive",
            u64::from(nodes.relay_state() == RelayState::Connected),
        )?;
        to.gauge("relay_tenants", "Tenants whose news are followed", nodes.followed_tenants() as u64)?;
        to.counter("relay_sent", "Messages sent to other nodes", relay.sent)?;
        to.counter("relay_received", "Messages of other nodes", relay.received)?;
        to.counter("relay_dropped", "News that were not sent, because the link was lost or too slow", relay.dropped)?;
        to.counter("relay_gaps", "Gaps in what other nodes sent", relay.gaps)?;
        to.counter("relay_unreadable", "Messages of other nodes that could not be read", relay.unreadable)?;
        to.counter("relay_connections", "Connections made to the relay", relay.connections)?;
        to.gauge("vehicles_known", "Vehicles in this node's memory", self.use_cases.vehicles.count_known() as u64)?;
        to.counter("log_lines_dropped", "Log lines that could not be written", self.log.dropped())?;
        if let Some(log) = self.store.log_stats() {
            to.gauge("wal_bytes", "SQLite's log", log.log_bytes)?;
            to.gauge("wal_uncopied_bytes", "What of it is not in the database's file yet", log.uncopied_bytes)?;
            to.counter("checkpoints", "Copies of the log into the database's file", log.checkpoints)?;
            let took = ConstCounter::new(log.checkpoints_took.as_secs_f64());
            to.write("checkpoint_seconds", "The time of these copies", &took)?;
        }
        let mut closed =
            to.0.encode_descriptor("websockets_closed", "WebSockets closed, by code.", None, MetricType::Counter)?;
        for (code, count) in &sockets.closed {
            ConstCounter::new(*count).encode(closed.encode_family(&[("code", *code)])?)?;
        }
        Ok(())
    }
}

/// Writes metrics one by one.
struct Lines<'a>(DescriptorEncoder<'a>);

impl Lines<'_> {
    fn gauge(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.write(name, help, &ConstGauge::new(value))
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) -> fmt::Result {
        self.write(name, help, &ConstCounter::new(value))
    }

    fn write(&mut self, name: &str, help: &str, metric: &impl EncodeMetric) -> fmt::Result {
        // The registry adds a full stop to the help of a registered metric.
        let help = format!("{help}.");
        metric.encode(self.0.encode_descriptor(name, &help, None, metric.metric_type())?)
    }
}
