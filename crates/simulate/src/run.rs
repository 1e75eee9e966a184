//! One run from the first call to the summary.

use crate::client::Client;
use crate::drive::{Drive, wanted_vehicles};
use crate::fleet::{Wanted, make_fleet};
use crate::progress::Progress;
use crate::replay::{Playback, Recording};
use crate::sender::{Line, Outbox, Report, send_reports};
use crate::tally::{Summary, Tally};
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

/// How long the backlogs may take to empty after the last fix; what is left then is counted as dropped.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// The same after Ctrl-C, when a person waits.
const CANCELLED_DRAIN_LIMIT: Duration = Duration::from_secs(2);

/// Simulates until `cancel` is ready, the duration is over or the recording has ended, and sums up.
///
/// Vehicles and devices are made over REST when the credential is a login or a token. Fixes of one vehicle reach the
/// server in their order; what can't be sent waits, and is sent later. Dropping the future stops at once.
///
/// # Errors
/// [`SimulateError`] for options, files, and calls that are needed to begin. Once driving, nothing ends a run but its
/// own end: a server that goes away is waited for.
pub async fn simulate(
    options: SimulateOptions,
    cancel: impl Future<Output = ()> + Send,
) -> Result<Summary, SimulateError> {
    options.check()?;
    let mut cancel = pin!(cancel);
    let progress = Progress::new(options.progress);
    let client = Client::new(&options)?;
    let (wanted, mut source, unread_rows) = open_source(&options).await?;
    let vehicles = wanted.len();
    progress.say(&format!("getting {vehicles} vehicles ready"));
    let fleet = tokio::select! {
        fleet = make_fleet(&client, &options, wanted) => fleet?,
        () = &mut cancel => return Ok(Summary { vehicles, unread_rows, ..Summary::default() }),
    };

    let line = Arc::new(Line {
        batch_limit: client.batch_limit(&options),
        client: client.clone(),
        tally: Tally::default(),
        slots: Semaphore::new(options.connections.min(Semaphore::MAX_PERMITS)),
        first_refusal: OnceLock::new(),
    });
    let (close, closing) = watch::channel(false);
    let outboxes: Vec<Arc<Outbox>> = (0..vehicles).map(|_| Arc::default()).collect();
    let mut senders = JoinSet::new();
    for (index, (member, outbox)) in fleet.members.iter().zip(&outboxes).enumerate() {
        let seed = options.seed.wrapping_add(index as u64);
        senders.spawn(send_reports(line.clone(), member.clone(), outbox.clone(), closing.clone(), seed));
    }

    let (started, start) = (Instant::now(), now());
    let ends = options.duration.map(|duration| started + duration);
    let cancelled = {
        let feeding = feed(&mut source, &outboxes, &line.tally, (started, start), ends);
        let showing = show(&progress, &line, &outboxes, started, vehicles);
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
        // A second Ctrl-C; after the first one the future is done and must not be asked again.
        () = &mut cancel, if !cancelled => false,
    };
    let elapsed = started.elapsed();
    if !in_time {
        senders.shutdown().await;
    }
    line.tally.close();
    if !options.keep_devices {
        fleet.remove_devices(&client).await;
    }
    progress.finish();
    let first_refusal = line.first_refusal.get().cloned();
    Ok(Summary { vehicles, unread_rows, first_refusal, ..line.tally.summary(elapsed) })
}

/// Where fixes come from.
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

async fn open_source(options: &SimulateOptions) -> Result<(Vec<Wanted>, Source, u64), SimulateError> {
    match &options.motion {
        Motion::Drive { routes, rate_hz } => {
            let routes: Vec<Arc<Route>> = load_routes(routes.as_ref()).await?.into_iter().map(Arc::new).collect();
            let drive = Drive::new(options.vehicles, *rate_hz, &routes, options.seed);
            Ok((wanted_vehicles(options, &routes), Source::Drive(drive), 0))
        }
        Motion::Replay(replay) => {
            let replay = replay.clone();
            let reading = tokio::task::spawn_blocking(move || {
                let recording = Recording::read_files(&replay)?;
                Ok((recording, replay))
            });
            let (recording, replay) = reading.await.expect("readers do not panic")?;
            let unread_rows = recording.unread_rows;
            let wanted = recording.wanted_vehicles(&options.prefix);
            Ok((wanted, Source::Playback(Playback::new(recording, &replay)), unread_rows))
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

/// Puts each fix into its vehicle's outbox when it is due. A feed that fell behind catches up without pauses.
async fn feed(
    source: &mut Source,
    outboxes: &[Arc<Outbox>],
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
        // Ready at once when it is past, but lets others run now and then by tokio's budget.
        tokio::time::sleep_until(due).await;
        tally.made.fetch_add(1, Relaxed);
        if outboxes[vehicle].push(report) {
            tally.dropped.fetch_add(1, Relaxed);
        }
    }
}

async fn show(progress: &Progress, line: &Line, outboxes: &[Arc<Outbox>], started: Instant, vehicles: usize) {
    let mut sent_before = 0;
    let interval = progress.interval();
    loop {
        tokio::time::sleep(interval).await;
        let summary = Summary { vehicles, ..line.tally.summary(started.elapsed()) };
        let waiting = outboxes.iter().map(|outbox| outbox.waiting()).sum();
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
