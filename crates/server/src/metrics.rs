//! Figures for Prometheus: counted where they arise, read when asked for.

mod text_format;

pub(crate) use text_format::TextFormat;

use milepost_follow::TrackStats;
use milepost_hub::Hub;
use milepost_outbox::Figures;
use milepost_service::Service;
use milepost_store::CommitSample;
use milepost_transport::Transport;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;

/// From a tenth of a millisecond to ten seconds, in seconds.
const BUCKETS_S: [f64; 14] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

/// What a request was for; the route's pattern, never the path: a path may hold ids without end.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

/// All figures that are counted as they arise.
pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Histogram>,
    commits: Histogram,
    commit_failures: Counter,
    positions: Counter,
    duplicates: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Arc<Self> {
        let mut registry = Registry::with_prefix("milepost");
        let requests = Family::<RequestLabels, Histogram>::new_with_constructor(|| Histogram::new(BUCKETS_S));
        let commits = Histogram::new(BUCKETS_S);
        let (commit_failures, positions, duplicates) = (Counter::default(), Counter::default(), Counter::default());
        registry.register("http_request_seconds", "Time to answer a request; ingest by its routes", requests.clone());
        registry.register("commit_seconds", "Time of a transaction of positions, on disk included", commits.clone());
        registry.register("commit_failures", "Transactions that failed", commit_failures.clone());
        registry.register("positions_committed", "Positions stored", positions.clone());
        registry.register(
            "positions_duplicate",
            "Positions that were stored before, or came twice",
            duplicates.clone(),
        );
        Arc::new(Self { registry, requests, commits, commit_failures, positions, duplicates })
    }

    pub(crate) fn request_answered(&self, method: &axum::http::Method, route: &str, status: u16, took: Duration) {
        let method = match *method {
            axum::http::Method::GET => "GET",
            axum::http::Method::POST => "POST",
            axum::http::Method::PUT => "PUT",
            axum::http::Method::PATCH => "PATCH",
            axum::http::Method::DELETE => "DELETE",
            // An open list of methods would be a door to memory without end.
            _ => "other",
        };
        let labels = RequestLabels { method, route: route.to_owned(), status };
        self.requests.get_or_create(&labels).observe(took.as_secs_f64());
    }

    pub(crate) fn transaction_ended(&self, sample: &CommitSample) {
        self.commits.observe(sample.took.as_secs_f64());
        if sample.committed {
            self.positions.inc_by(sample.accepted as u64);
            self.duplicates.inc_by(sample.duplicates as u64);
        } else {
            self.commit_failures.inc();
        }
    }

    /// Everything in the OpenMetrics text format.
    pub(crate) fn render(
        &self,
        service: &Service,
        hub: &Hub,
        transport: &Transport,
        tracks: &TrackStats,
        outgoing: &Figures,
    ) -> String {
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
            tracing::error!("metrics could not be written");
        }
        let end = text.rfind("# EOF").unwrap_or(text.len());
        text.truncate(end);
        append_current(&mut text, service, hub, transport, tracks, outgoing);
        text.push_str("# EOF\n");
        text
    }
}

/// What is read off the rooms just now.
fn append_current(
    text: &mut String,
    service: &Service,
    hub: &Hub,
    transport: &Transport,
    tracks: &TrackStats,
    outgoing: &Figures,
) {
    let mut line = |name: &str, kind: &str, help: &str, value: u64| {
        let suffix = if kind == "counter" { "_total" } else { "" };
        writeln!(
            text,
            "# HELP milepost_{name} {help}.\n# TYPE milepost_{name} {kind}\nmilepost_{name}{suffix} {value}"
        )
        .expect("a String takes everything");
    };
    let (hub, sockets) = (hub.stats(), transport.stats());
    line("websockets_open", "gauge", "WebSockets open now", sockets.open);
    line("websockets_opened", "counter", "WebSockets opened since the start", sockets.opened);
    line("websocket_bytes_in", "counter", "Bytes read from WebSockets", sockets.bytes_in);
    line("websocket_bytes_out", "counter", "Bytes written to WebSockets", sockets.bytes_out);
    line("websocket_frames_in", "counter", "Frames read from WebSockets", sockets.frames_in);
    line("websocket_frames_out", "counter", "Frames written to WebSockets", sockets.frames_out);
    line("websocket_pending_bytes", "gauge", "Bytes that slow readers have not taken yet", sockets.pending_bytes);
    line("streams_open", "gauge", "Streams of server-sent events open now", sockets.streams_open);
    line("streams_opened", "counter", "Streams opened since the start", sockets.streams_opened);
    line("streams_fallen_behind", "counter", "Streams ended for slow readers", sockets.streams_fallen_behind);
    line("stream_bytes_out", "counter", "Bytes of events that streams' connections took", sockets.stream_bytes_out);
    line(
        "websocket_conflated",
        "counter",
        "Messages that a newer one replaced before a slow reader took them",
        sockets.conflated,
    );
    line("hub_channels", "gauge", "Channels that somebody publishes to or subscribes to", hub.channels);
    line("hub_subscribers", "gauge", "Subscriptions", hub.subscribers);
    line("hub_pending_messages", "gauge", "Messages published and not yet fanned out", hub.pending_messages);
    line("hub_published", "counter", "Messages published", hub.published);
    line("hub_deliveries", "counter", "Messages handed to subscribers", hub.deliveries);
    line("hub_conflated", "counter", "Messages that a newer one replaced before the fan-out", hub.conflated);
    line("hub_dropped", "counter", "Messages that no queue had room for", hub.dropped);
    line("commit_queue", "gauge", "Batches waiting for a transaction", service.batches_queued() as u64);
    line(
        "outgoing_pending",
        "gauge",
        "Calls to other programs that this node has taken on and not ended",
        outgoing.pending,
    );
    line("outgoing_attempts", "counter", "Tries of calls to other programs", outgoing.attempts);
    line("outgoing_delivered", "counter", "Calls that their receivers took", outgoing.delivered);
    line("outgoing_dead", "counter", "Calls given up", outgoing.dead);
    line("tracks_waiting", "gauge", "Committed positions that were not looked at yet", tracks.waiting);
    line("tracks_behind", "gauge", "Vehicles whose positions are held, or wait to be read, and folded", tracks.behind);
    line("track_folds", "counter", "Positions folded", tracks.folds);
    line("track_facts", "counter", "Changes of history written", tracks.facts);
    line("track_refolds", "counter", "Tracks folded again for late positions", tracks.refolds);
    line("vehicles_known", "gauge", "Vehicles in this node's memory", service.vehicles_known() as u64);
    writeln!(
        text,
        "# HELP milepost_websockets_closed WebSockets closed, by code.\n# TYPE milepost_websockets_closed counter"
    )
    .expect("a String takes everything");
    for (code, count) in &sockets.closed {
        writeln!(text, "milepost_websockets_closed_total{{code=\"{code}\"}} {count}")
            .expect("a String takes everything");
    }
}
