//! One run from the first call to the summary.

use crate::client::Client;
use crate::device::VehicleSpec;
use crate::drive::{Drive, vehicles_of_drive};
use crate::fleet::make_fleet;
use crate::progress::Progress;
use crate::replay::{Playback, Recording};
use crate::report::{Report, ReportQueue};
use crate::sender::{Shared, send_reports};
use crate::tally::{Summary, Tally};
use crate::tracker::{host_of, send_as_tracker, tracker_id};
use crate::{Motion, Route, SimulateError, SimulateOptions, demo_routes, read_routes};
use milepost_domain::Timestamp;
use std::path::PathBuf;
use std::pin::pin;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// How long the backlogs may take to empty after the last fix. The rest is counted as dropped.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// The same after Ctrl-C: a person is waiting.
const CANCELLED_DRAIN_LIMIT: Duration = Duration::from_secs(2);

/// Simulates until `cancel` is ready, the duration is over or the recording has ended, and sums up.
///
/// Vehicles and devices are made over REST when the credential is a login or a token. Fixes of one vehicle reach the
/// server in their order; fixes that can't be sent wait and are sent later. Dropping the future stops at once.
///
/// # Errors
/// [`SimulateError`] for options, files, and calls that are needed to begin. After that a run does not fail: it waits for a
/// server that goes away.
pub async fn simulate(
    options: SimulateOptions,
    cancel: impl Future<Output = ()> + Send,
) -> Result<Summary, SimulateError> {
    options.check()?;
    let mut cancel = pin!(cancel);
    let progress = Progress::new(options.progress);
    let client = Client::new(&options)?;
    let (specs, mut source, unread_rows) = open_source(&options).await?;
    let vehicles = specs.len();
    let trackers: Option<Vec<_>> = match &options.tracker {
        None => None,
        Some(target) => {
            let host = host_of(&options.url)?;
            let one =
                |spec: &VehicleSpec| (tracker_id(target.protocol, &spec.vehicle_id), host.clone(), target.clone());
            Some(specs.iter().map(one).collect())
        }
    };
    progress.say(&format!("getting {vehicles} vehicles ready"));
    let fleet = tokio::select! {
        fleet = make_fleet(&client, &options, specs) => fleet?,
        () = &mut cancel => return Ok(Summary { vehicles, unread_rows, ..Summary::default() }),
    };

    let shared = Arc::new(Shared {
        batch_limit: client.batch_limit(&options),
        client: client.clone(),
        tally: Tally::default(),
        calls: Semaphore::new(options.connections.min(Semaphore::MAX_PERMITS)),
        first_refusal: OnceLock::new(),
    });
    let (close, closing) = watch::channel(false);
    let queues: Vec<Arc<ReportQueue>> = (0..vehicles).map(|_| Arc::default()).collect();
    let mut senders = JoinSet::new();
    for (index, (device, queue)) in fleet.devices.iter().zip(&queues).enumerate() {
        let seed = options.seed.wrapping_add(index as u64);
        let (shared, queue, closing) = (shared.clone(), queue.clone(), closing.clone());
        match &trackers {
            None => senders.spawn(send_reports(shared, device.clone(), queue, closing, seed)),
            Some(trackers) => senders.spawn(send_as_tracker(shared, trackers[index].clone(), queue, closing, seed)),
        };
    }

    let (started, start) = (Instant::now(), now());
    let ends = options.duration.map(|duration| started + duration);
    let cancelled = {
        let feeding = feed(&mut source, &queues, &shared.tally, (started, start), ends);
        let showing = show(&progress, &shared, &queues, started, vehicles);
        tokio::select! {
            () = feeding => false,
            () = showing => unreachable!("progress is shown for ever"),
            () = &mut cancel => true,
        }
    };

    close.send_replace(true);
    let limit = if cancelled { CANCELLED_DRAIN_LIMIT } else { DRAIN_LIMIT };
    let drained = async { while senders.join_next().await.is_some() {} };
    let in_time = tokio::select! {
        result = tokio::time::timeout(limit, drained) => result.is_ok(),
        // A second Ctrl-C. After the first one the future is done and must not be polled again.
        () = &mut cancel, if !cancelled => false,
    };
    let elapsed = started.elapsed();
    if !in_time {
        senders.shutdown().await;
    }
    shared.tally.close();
    if !options.keep_devices {
        fleet.remove_devices(&client).await;
    }
    progress.finish();
    let first_refusal = shared.first_refusal.get().cloned();
    Ok(Summary { vehicles, unread_rows, first_refusal, ..shared.tally.summary(elapsed) })
}

/// The source of the fixes.
enum Source {
    Drive(Drive),
    Playback(Playback),
}

impl Source {
    fn next(&mut self, start: Timestamp) -> Option<(i64, usize, Report)> {
        match self {
            Self::Drive(drive) => Some(drive.next(start)),
            Self::Playback(playback) => playback.next(start),
        }
    }
}

async fn open_source(options: &SimulateOptions) -> Result<(Vec<VehicleSpec>, Source, u64), SimulateError> {
    match &options.motion {
        Motion::Drive { routes, rate_hz } => {
            let routes: Vec<Arc<Route>> = load_routes(routes.as_ref()).await?.into_iter().map(Arc::new).collect();
            let drive = Drive::new(options.vehicles, *rate_hz, &routes, options.seed);
            Ok((vehicles_of_drive(options, &routes), Source::Drive(drive), 0))
        }
        Motion::Replay(replay) => {
            let replay = replay.clone();
            let reading = tokio::task::spawn_blocking(move || {
                let recording = Recording::read_files(&replay)?;
                Ok((recording, replay))
            });
            let (recording, replay) = reading.await.expect("readers do not panic")?;
            let unread_rows = recording.unread_rows;
            let specs = recording.vehicle_specs(&options.prefix);
            Ok((specs, Source::Playback(Playback::new(recording, &replay)), unread_rows))
        }
    }
}

async fn load_routes(file: Option<&PathBuf>) -> Result<Vec<Route>, SimulateError> {
    let Some(file) = file else { return Ok(demo_routes()) };
    let name = file.display().to_string();
    match tokio::fs::read_to_string(file).await {
        Ok(text) => read_routes(&text, &name),
        Err(error) => Err(SimulateError::File { file: name, reason: error.to_string() }),
    }
}

/// Puts each report into its vehicle's queue when it is due. A feed that is late catches up without pauses.
async fn feed(
    source: &mut Source,
    queues: &[Arc<ReportQueue>],
    tally: &Tally,
    (started, start): (Instant, Timestamp),
    ends: Option<Instant>,
) {
    while let Some((due_ms, vehicle, report)) = source.next(start) {
        let due = started + Duration::from_millis(u64::try_from(due_ms).unwrap_or(0));
        if let Some(ends) = ends
            && due >= ends
        {
            tokio::time::sleep_until(ends).await;
            return;
        }
        // Ready at once if the time has passed, but tokio's budget lets other tasks run.
        tokio::time::sleep_until(due).await;
        tally.made.fetch_add(1, Relaxed);
        if queues[vehicle].push(report) {
            tally.dropped.fetch_add(1, Relaxed);
        }
    }
}

async fn show(progress: &Progress, shared: &Shared, queues: &[Arc<ReportQueue>], started: Instant, vehicles: usize) {
    let mut sent_before = 0;
    let interval = progress.interval();
    loop {
        tokio::time::sleep(interval).await;
        let summary = Summary { vehicles, ..shared.tally.summary(started.elapsed()) };
        let waiting = queues.iter().map(|queue| queue.waiting()).sum();
        let recent_rate = (summary.sent - sent_before) as f64 / interval.as_secs_f64();
        sent_before = summary.sent;
        progress.show(&summary, waiting, recent_rate);
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let ms = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
    Timestamp::from_unix_ms(ms).expect("the clock is before the year 10000")
}
