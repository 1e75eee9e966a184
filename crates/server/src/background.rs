//! What the server does beside the requests.

use crate::assembly::Assembly;
use crate::config::Config;
use crate::core_tasks::CoreTasks;
use crate::token_keys::follow_issuer_files;
use milepost_http::keep_checking_provider;
use milepost_service::jobs::keep_running_jobs;
use milepost_service::outgoing::keep_mailing_gathered_alerts;
use milepost_service::proofs::keep_removing_files;
use milepost_service::reports::keep_making_scheduled_reports;
use milepost_service::{Retention, keep_pruning};
use milepost_store::JobLane;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How long folding committed positions may take at the end. The next start folds the rest.
const FOLD_DEADLINE: Duration = Duration::from_secs(5);

/// Jobs that this node does at the same time: two of different tenants, and one that may be the second of a tenant.
const PARALLEL_JOBS: usize = 3;
/// Their lanes, with the names of the tasks.
const JOBS: [(&str, JobLane); PARALLEL_JOBS] = [
    ("doing jobs", JobLane::FirstOfTenant),
    ("doing jobs beside that", JobLane::FirstOfTenant),
    ("doing second jobs of tenants", JobLane::SecondOfTenant),
];

/// The running tasks.
pub(crate) struct Background {
    /// They end when the server begins to drain. Jobs are begun again by the next start, or by another node.
    until_drain: Vec<JoinHandle<()>>,
    /// Folds what the last requests stored.
    tracks: JoinHandle<()>,
    /// They go on until the end: the other nodes are told that this one lives, and roaming fences are watched.
    until_end: Vec<JoinHandle<()>>,
}

impl Background {
    /// Starts everything.
    pub(crate) fn start(config: &Config, assembly: &Arc<Assembly>, tasks: &CoreTasks) -> Self {
        let (use_cases, clock) = (|| Arc::clone(&assembly.use_cases), || assembly.clock.clone());
        let retention = Retention {
            events_ms: i64::try_from(config.event_retention.as_millis()).unwrap_or(i64::MAX),
            positions_ms: i64::try_from(config.position_retention.as_millis()).unwrap_or(i64::MAX),
            audit_ms: i64::try_from(config.audit_retention.as_millis()).unwrap_or(i64::MAX),
        };
        let mut until_drain = Vec::new();
        let issuers = follow_issuer_files(config.clone(), Arc::clone(&assembly.access), clock());
        until_drain.push(tasks.start("reading the keys of other issuers", issuers));
        let (store, at, alert_cleanup) = (Arc::clone(&assembly.store), clock(), config.alert_cleanup);
        until_drain.push(tasks.start("removing old data", async move {
            keep_pruning(&*store, &at, retention, alert_cleanup).await;
        }));
        let (cases, at) = (use_cases(), clock());
        until_drain.push(tasks.start("removing unused files", async move {
            keep_removing_files(&cases.proofs, &at).await;
        }));
        for (name, lane) in JOBS {
            let (cases, at) = (use_cases(), clock());
            until_drain.push(tasks.start(name, async move { keep_running_jobs(&cases.jobs, lane, &at).await }));
        }
        let (cases, at) = (use_cases(), clock());
        until_drain.push(tasks.start("mailing gathered alerts", async move {
            keep_mailing_gathered_alerts(&cases.outgoing_calls, &at).await;
        }));
        let (cases, at) = (use_cases(), clock());
        until_drain.push(tasks.start("making reports of schedules", async move {
            keep_making_scheduled_reports(&cases.reports, &cases.jobs, &at).await;
        }));
        let checked = Arc::clone(&assembly.live.context);
        until_drain.push(tasks.start("asking the identity provider", async move {
            keep_checking_provider(&checked).await;
        }));
        let event_feed = Arc::clone(&assembly.event_feed);
        until_drain.push(tasks.start("following events", async move { event_feed.run().await }));
        let tracks = tasks.start("following positions", assembly.track_follower(config).run());
        let [beating, looking, counting] = std::array::from_fn(|_| Arc::clone(&assembly.use_cases.nodes));
        let cases = use_cases();
        let until_end = vec![
            tasks.start("telling the database that this node lives", async move { beating.keep_beating().await }),
            tasks.start("looking for what other nodes published", async move { looking.keep_looking().await }),
            tasks.start("telling other nodes of connections", async move { counting.keep_counting().await }),
            tasks.start("watching roaming fences", async move { cases.roaming.keep_watching().await }),
        ];
        Self { until_drain, tracks, until_end }
    }

    /// Ends what nobody needs while requests end.
    pub(crate) fn begin_draining(&self) {
        self.until_drain.iter().for_each(JoinHandle::abort);
    }

    /// Folds the last positions, and ends the rest.
    pub(crate) async fn end(self, assembly: &Assembly) {
        assembly.tracks.stop();
        if tokio::time::timeout(FOLD_DEADLINE, self.tracks).await.is_err() {
            tracing::info!("some committed positions are not folded yet; the next start folds them");
        }
        self.until_end.iter().for_each(JoinHandle::abort);
        assembly.use_cases.nodes.leave().await;
    }
}
