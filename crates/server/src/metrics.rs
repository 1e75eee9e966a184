//! Metrics for Prometheus. Requests and transactions are counted here; other metrics are read from the crates at a
//! scrape.

mod current_stats;
mod process_stats;
mod text_format;

pub(crate) use current_stats::CurrentStats;
pub(crate) use text_format::TextFormat;

use milepost_store::CommitSample;
use process_stats::ProcessStats;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Duration;

/// Bounds of the histograms' buckets, in seconds.
const BUCKETS_S: [f64; 16] =
    [0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The labels of a request. The route is a pattern and not a path, because ids would make unlimited labels.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: &'static str,
    route: String,
    status: u16,
}

/// The label of what trackers send.
#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ProtocolLabels {
    protocol: &'static str,
}

type ByProtocol = Family<ProtocolLabels, Counter>;

/// The metrics that are counted as events happen.
pub(crate) struct Metrics {
    device_connections: Family<ProtocolLabels, Gauge>,
    device_messages: ByProtocol,
    device_frames_refused: ByProtocol,
    devices_refused: ByProtocol,
    requests: Family<RequestLabels, Histogram>,
    commits: Histogram,
    commit_failures: Counter,
    positions: Counter,
    duplicates: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Arc<Self> {
        let requests = Family::<RequestLabels, Histogram>::new_with_constructor(|| Histogram::new(BUCKETS_S));
        let commits = Histogram::new(BUCKETS_S);
        let (commit_failures, positions, duplicates) = (Counter::default(), Counter::default(), Counter::default());
        Arc::new(Self {
            device_connections: Family::default(),
            device_messages: Family::default(),
            device_frames_refused: Family::default(),
            devices_refused: Family::default(),
            requests,
            commits,
            commit_failures,
            positions,
            duplicates,
        })
    }

    /// A tracker has connected. The connection counts until the value is dropped.
    pub(crate) fn device_connected(&self, protocol: &'static str) -> OpenConnection {
        let open = self.device_connections.get_or_create_owned(&ProtocolLabels { protocol });
        open.inc();
        OpenConnection(open)
    }

    pub(crate) fn device_messages(&self, protocol: &'static str, count: u64) {
        self.device_messages.get_or_create(&ProtocolLabels { protocol }).inc_by(count);
    }

    pub(crate) fn device_frame_refused(&self, protocol: &'static str) {
        self.device_frames_refused.get_or_create(&ProtocolLabels { protocol }).inc();
    }

    pub(crate) fn device_refused(&self, protocol: &'static str) {
        self.devices_refused.get_or_create(&ProtocolLabels { protocol }).inc();
    }

    pub(crate) fn request_answered(&self, method: &axum::http::Method, route: &str, status: u16, took: Duration) {
        let method = match *method {
            axum::http::Method::GET => "GET",
            axum::http::Method::POST => "POST",
            axum::http::Method::PUT => "PUT",
            axum::http::Method::PATCH => "PATCH",
            axum::http::Method::DELETE => "DELETE",
            // A client may send any method, and each would become a label that is never forgotten.
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
}

/// A connection that counts as open.
pub(crate) struct OpenConnection(Gauge);

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// All metrics, as `/metrics` shows them.
pub(crate) struct Exposition(Registry);

impl Exposition {
    pub(crate) fn new(counted: &Metrics, current: CurrentStats) -> Self {
        let mut all = Registry::default();
        all.register_collector(Box::new(ProcessStats));
        let registry = all.sub_registry_with_prefix("milepost");
        let version = [("version".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
        registry.register("build", "The version that runs", Info::new(version.to_vec()));
        registry.register(
            "http_request_duration_seconds",
            "Time to answer a request; ingest by its routes",
            counted.requests.clone(),
        );
        registry.register(
            "commit_seconds",
            "Time of a transaction of positions, on disk included",
            counted.commits.clone(),
        );
        registry.register("commit_failures", "Transactions that failed", counted.commit_failures.clone());
        registry.register("positions_committed", "Positions stored", counted.positions.clone());
        registry.register(
            "positions_duplicate",
            "Positions that were stored before, or came twice",
            counted.duplicates.clone(),
        );
        registry.register(
            "device_connections_open",
            "Connections of trackers open now",
            counted.device_connections.clone(),
        );
        registry.register("device_messages", "Good frames of trackers", counted.device_messages.clone());
        registry.register(
            "device_frames_refused",
            "Frames of trackers with a wrong checksum or without sense",
            counted.device_frames_refused.clone(),
        );
        registry.register(
            "devices_refused",
            "Reports of trackers that are unknown or may not use the protocol",
            counted.devices_refused.clone(),
        );
        registry.register_collector(Box::new(current));
        Self(all)
    }

    /// Every metric in the OpenMetrics text format.
    pub(crate) fn render(&self) -> String {
        let mut text = String::new();
        if encode(&mut text, &self.0).is_err() {
            tracing::error!("metrics could not be written");
        }
        text
    }
}
