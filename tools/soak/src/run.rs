//! One run: faults one after the other, and after each the comparison of every client with the database.

use crate::Options;
use crate::clients::{Watcher, start_clients};
use crate::cluster::Cluster;
use crate::faults::{Fault, Made};
use crate::ledger::Ledger;
use crate::network::NODES;
use crate::ready::{ALL, Ready, turns};
use crate::truth::Truth;
use crate::view::Kind;
use crate::writers::{World, start_writers};
use anyhow::{Result, bail};
use fastrand::Rng;
use milepost_report::{Report, Table};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// The longest time until everybody must be current. The goals are seconds; a busy machine may need more.
const MAX_SETTLE: Duration = Duration::from_secs(90);
/// The longest time until every position is folded. A fold without changes is written after half a minute of quiet, and what a dead
/// node left is looked for twice a minute.
const MAX_FOLD: Duration = Duration::from_secs(180);
/// Writing goes on for this long between two faults.
const BETWEEN: Duration = Duration::from_millis(1000);
/// A run with more misses than this ends.
const MAX_MISSES: usize = 3;

/// What a fault showed, the longest of all times.
#[derive(Debug, Default, Clone, Copy)]
struct Shown {
    times: usize,
    red: Option<Duration>,
    green: Duration,
    current: Duration,
}

struct Run {
    cluster: Cluster,
    world: Arc<World>,
    ledger: Arc<Ledger>,
    watchers: Vec<Arc<Watcher>>,
    /// Ends the writers and clients.
    _tasks: JoinSet<()>,
    misses: Vec<String>,
}

/// Runs, and prints the report.
///
/// # Errors
/// If anything was missed.
#[allow(clippy::print_stdout, reason = "the report of a command")]
pub(crate) async fn run(options: &Options) -> Result<()> {
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    println!("Seed {seed}");
    let temporary = tempfile::Builder::new().prefix("milepost-soak-").tempdir()?;
    // PostgreSQL's user needs to come through.
    std::fs::set_permissions(temporary.path(), std::os::unix::fs::PermissionsExt::from_mode(0o711))?;
    let mut rng = Rng::with_seed(seed);
    let cluster = Cluster::start(options, temporary.path()).await?;
    let world = Arc::new(World::make(&cluster.reach).await?);
    let (ledger, mut tasks) = (Arc::new(Ledger::default()), JoinSet::new());
    let parts = (&cluster.reach, &world, &ledger);
    let watchers = start_clients(&mut tasks, options.clients, parts, &mut rng);
    start_writers(&mut tasks, parts.0, parts.1, parts.2, &mut rng);
    let mut run = Run { cluster, world, ledger, watchers, _tasks: tasks, misses: Vec::new() };
    let begun = Instant::now();
    let outcome = async {
        let upgraded = run.upgrade(options).await?;
        let mut shown = run.make_faults(options, &mut rng).await?;
        shown.extend(upgraded);
        run.wait_until_folded().await;
        Ok::<_, anyhow::Error>(shown)
    };
    let outcome = outcome.await;
    if let Some(folder) = &options.logs {
        keep_logs(temporary.path(), folder)?;
    }
    let shown = outcome?;
    println!("{}", run.report(options, seed, &shown, begun.elapsed())?);
    if !run.misses.is_empty() {
        bail!("with seed {seed} something is missed:\n{}", run.misses.join("\n"));
    }
    Ok(())
}

impl Run {
    async fn make_faults(&mut self, options: &Options, rng: &mut Rng) -> Result<BTreeMap<&'static str, Shown>> {
        let mut wanted: Vec<Fault> = Fault::ALL
            .iter()
            .filter(|(name, _)| options.only.is_empty() || options.only.iter().any(|only| only == name))
            .map(|(_, fault)| *fault)
            .collect();
        if self.cluster.faketime.is_none() {
            eprintln!("Left out: node-clock-off, libfaketime is not installed");
            wanted.retain(|fault| *fault != Fault::NodeClock);
        }
        if wanted.is_empty() {
            bail!("--only names no fault; there are {:?}", Fault::ALL.map(|(name, _)| name));
        }
        let mut shown = BTreeMap::<_, Shown>::new();
        let begun = Instant::now();
        for round in 0.. {
            if round >= options.rounds && begun.elapsed().as_secs() >= options.seconds {
                break;
            }
            rng.shuffle(&mut wanted);
            for fault in &wanted {
                let is_over = round >= options.rounds && begun.elapsed().as_secs() >= options.seconds;
                if is_over || self.misses.len() > MAX_MISSES {
                    return Ok(shown);
                }
                let made = fault.draw(rng, options.pause_seconds);
                let one = self.make(&made).await?;
                let all = shown.entry(fault.name()).or_default();
                *all = Shown {
                    times: all.times + 1,
                    red: all.red.max(one.red),
                    green: all.green.max(one.green),
                    current: all.current.max(one.current),
                };
            }
        }
        Ok(shown)
    }

    /// Replaces the nodes of the older version one after the other. Both versions serve meanwhile.
    async fn upgrade(&mut self, options: &Options) -> Result<BTreeMap<&'static str, Shown>> {
        let mut shown = BTreeMap::new();
        if options.upgrade_from.is_none() {
            return Ok(shown);
        }
        let all: &mut Shown = shown.entry("upgraded").or_default();
        for node in 0..NODES {
            let made = Made::upgrade_of(node, options.upgrade_seconds * 1000);
            let one = self.make(&made).await?;
            *all = Shown {
                times: all.times + 1,
                red: None,
                green: all.green.max(one.green),
                current: all.current.max(one.current),
            };
        }
        Ok(shown)
    }

    /// Waits until the history of every bus is derived from all its positions.
    async fn wait_until_folded(&mut self) {
        self.ledger.is_calm.store(true, Ordering::SeqCst);
        self.ledger.quieten().await;
        let since = Instant::now();
        loop {
            let behind = Truth::not_folded(&self.cluster.reach.network).await;
            match behind {
                Ok(buses) if buses.is_empty() => return,
                Ok(_) | Err(_) if since.elapsed() < MAX_FOLD => tokio::time::sleep(Duration::from_millis(500)).await,
                Ok(buses) => {
                    let buses = buses.join("; ");
                    return self.misses.push(format!("not folded after {MAX_FOLD:?}: {buses}"));
                }
                Err(error) => return self.misses.push(format!("whether all is folded is not known: {error:#}")),
            }
        }
    }

    /// Makes one fault, mends it, and waits until everybody is current.
    async fn make(&mut self, made: &Made) -> Result<Shown> {
        let reach = Arc::clone(&self.cluster.reach);
        tokio::time::sleep(BETWEEN).await;
        let begun = Instant::now();
        made.begin(&mut self.cluster).await?;
        let mut red = None;
        if !made.red_nodes().is_empty() {
            match turns(&reach, made.red_nodes(), Ready::Red, begun).await {
                Ok(after) => red = Some(after),
                Err(error) => self.miss(made, &error.to_string()),
            }
        }
        tokio::time::sleep(Duration::from_millis(made.hold_ms)).await;
        self.ledger.is_calm.store(true, Ordering::SeqCst);
        if made.is_quiet_first {
            self.ledger.quieten().await;
        }
        let mended = Instant::now();
        made.mend(&mut self.cluster).await?;
        let green = tokio::spawn({
            let reach = Arc::clone(&reach);
            async move { turns(&reach, &ALL, Ready::Green, mended).await }
        });
        if !made.is_quiet_first {
            tokio::time::sleep(BETWEEN).await;
            self.ledger.quieten().await;
        }
        let quiet = Instant::now();
        let current = self.wait_until_current(quiet).await;
        let green = green.await.unwrap_or_else(|error| Err(error.into()));
        let (green, current) = match (green, current) {
            (Ok(green), Ok(current)) => (green, current),
            (green, current) => {
                for error in [green.err(), current.err()].into_iter().flatten() {
                    self.miss(made, &error.to_string());
                }
                (mended.elapsed(), quiet.elapsed())
            }
        };
        made.settled(&mut self.cluster).await?;
        for node in self.cluster.ended_nodes() {
            self.miss(made, &format!("node {node} ended by itself"));
            self.cluster.run_node(node, 0)?;
            self.cluster.wait_ready(node).await?;
        }
        eprintln!(
            "{} (node {}, {}): red {}, green {}, current {}",
            made.fault.name(),
            made.node,
            if made.is_quiet_first { "writing stopped before" } else { "writing stopped after" },
            red.map_or_else(|| "-".to_owned(), seconds),
            seconds(green),
            seconds(current)
        );
        self.ledger.go_on();
        self.ledger.is_calm.store(false, Ordering::SeqCst);
        Ok(Shown { times: 1, red, green, current })
    }

    /// Waits until every client shows what the database holds, and all that was answered 2xx is there.
    async fn wait_until_current(&self, since: Instant) -> Result<Duration> {
        let network = &self.cluster.reach.network;
        loop {
            let differs = match Truth::read(network, &self.world).await {
                Ok(truth) => {
                    let differing: Vec<String> = self.watchers.iter().filter_map(|one| differs(one, &truth)).collect();
                    if differing.is_empty() {
                        let after = since.elapsed();
                        let lost = truth.lost(network, &self.ledger).await?;
                        if let Some(first) = lost.first() {
                            bail!("{} things that were answered 2xx are lost: {first}", lost.len());
                        }
                        return Ok(after);
                    }
                    format!("{} clients: {}", differing.len(), differing[0])
                }
                Err(error) => format!("{error:#}"),
            };
            if since.elapsed() > MAX_SETTLE {
                bail!("not current after {MAX_SETTLE:?}: {differs}");
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn miss(&mut self, made: &Made, what: &str) {
        let miss = format!("{made:?}: {what}");
        eprintln!("MISSED {miss}");
        self.misses.push(miss);
    }

    fn report(
        &mut self,
        options: &Options,
        seed: u64,
        shown: &BTreeMap<&'static str, Shown>,
        took: Duration,
    ) -> Result<String> {
        for watcher in &self.watchers {
            let view = watcher.view();
            self.misses.extend(view.faults.iter().map(|fault| format!("{:?}: {fault}", watcher.kind)));
        }
        let mut table = Table::new(["fault", "times", "/ready red", "/ready green", "all current"]);
        for (name, Shown { times, red, green, current }) in shown {
            let red = red.map_or_else(|| "-".to_owned(), seconds);
            table.row([(*name).to_owned(), times.to_string(), red, seconds(*green), seconds(*current)]);
        }
        let mut report = Report::new("soak", options)?;
        report.table(table);
        let answered = self.ledger.lock();
        let mut counts = Table::new(["what", "number"]);
        let connections: u64 = self.watchers.iter().map(|watcher| watcher.view().connections).sum();
        let events: usize = self.watchers.iter().filter(|one| matches!(one.kind, Kind::Records | Kind::Stream)).count();
        for (what, number) in [
            ("clients", self.watchers.len() as u64),
            ("their connections", connections),
            ("positions answered 2xx", answered.positions.len() as u64),
            ("events answered 2xx", answered.events.len() as u64),
            ("clients that got every event once", events as u64),
            ("missed", self.misses.len() as u64),
        ] {
            counts.row([what.to_owned(), number.to_string()]);
            report.figure(what, number);
        }
        for (instead, number) in &answered.refused {
            counts.row([format!("writes answered otherwise: {instead}"), number.to_string()]);
        }
        report.table(counts);
        report.figure("seed", seed);
        report.figure("seconds", took.as_secs());
        report.figure("hosts", self.cluster.reach.network.name());
        Ok(report.to_text())
    }
}

fn differs(watcher: &Watcher, truth: &Truth) -> Option<String> {
    let view = watcher.view();
    Some(format!("{:?}: {}", watcher.kind, view.differs(watcher.kind, truth)?))
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

fn keep_logs(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let path = entry?.path();
        if let (Some(name), Some("log")) = (path.file_name(), path.extension().and_then(|end| end.to_str())) {
            std::fs::copy(&path, to.join(name))?;
        }
    }
    Ok(())
}
