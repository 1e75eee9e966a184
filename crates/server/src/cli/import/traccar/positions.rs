//! Stores the positions of the other server while they are read.

use super::report::Report;
use anyhow::Result;
use futures_util::StreamExt as _;
use futures_util::stream::FuturesOrdered;
use indicatif::{ProgressBar, ProgressStyle};
use milepost_clock::Clock;
use milepost_domain::{Fact, TenantId, Timestamp};
use milepost_follow::read_thresholds;
use milepost_store::{Committer, Once, PositionBatch, Store};
use milepost_traccar_source::{Batch, Progress, Source, SourceError, Vehicles};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Batches that were read and wait to be stored. The reader waits when there are this many.
const READ_AHEAD: usize = 16;
/// Batches that are being stored.
const IN_FLIGHT: usize = 3;
/// Rows after which the progress is noted. After a crash so many are read again.
const ROWS_OF_NOTE: u64 = 50_000;
/// Facts in one transaction.
const FACTS_AT_ONCE: usize = 500;

/// Returns why it broke off, if it did. What was stored until then is noted.
#[allow(clippy::too_many_arguments, reason = "each is another thing, and it is called once")]
pub(super) async fn import(
    store: &Arc<dyn Store>,
    tenant: &TenantId,
    name: &str,
    source: Source,
    vehicles: &Vehicles,
    total: Option<u64>,
    clock: &Clock,
    report: &mut Report,
) -> Result<Option<SourceError>> {
    let progress = store.import_progress(tenant, name).await?.map(|text| read(&text)).unwrap_or_default();
    let thresholds = Arc::new(read_thresholds(store.get_rules(tenant).await?.as_ref()));
    let committer = Committer::start(Arc::clone(store), None);
    let bar = bar(total)?;
    let (sender, mut receiver) = mpsc::channel::<Batch>(READ_AHEAD);
    let reader = {
        let (vehicles, now) = (vehicles.clone(), clock.now());
        tokio::spawn(async move { source.send_positions(&vehicles, progress, now, sender).await })
    };
    report.note_positions();
    let mut stored = FuturesOrdered::new();
    let (mut is_open, mut since_note) = (true, 0);
    loop {
        tokio::select! {
            biased;
            Some(outcome) = stored.next(), if !stored.is_empty() => {
                let (batch, recorded): (Batch, milepost_store::Result<_>) = outcome;
                let recorded: milepost_store::CommittedPositions = recorded?;
                report.accepted += recorded.accepted as u64;
                report.duplicates += recorded.duplicates as u64;
                report.dropped += batch.dropped + recorded.unknown.len() as u64;
                since_note += batch.rows;
                bar.inc(batch.rows);
                if let Some(progress) = batch.progress.filter(|progress| since_note >= ROWS_OF_NOTE || progress.after.is_none()) {
                    store.set_import_progress(tenant, name, &written(&progress)).await?;
                    since_note = 0;
                }
            }
            batch = receiver.recv(), if is_open && stored.len() < IN_FLIGHT => match batch {
                Some(mut batch) => {
                    let positions = std::mem::take(&mut batch.positions);
                    let (tenant, thresholds, received_at) = (tenant.clone(), Arc::clone(&thresholds), clock.now());
                    let committer = committer.clone();
                    stored.push_back(async move {
                        if positions.is_empty() {
                            return (batch, Ok(milepost_store::CommittedPositions::default()));
                        }
                        let recorded = committer.record(PositionBatch { tenant, positions, received_at, thresholds }).await;
                        (batch, recorded)
                    });
                }
                None => is_open = false,
            },
            else => break,
        }
    }
    bar.finish();
    let outcome = reader.await?;
    // Makes a server on the same database read the vehicles again.
    let changed: Vec<Fact> =
        vehicles.values().map(|vehicle| Fact::VehicleChanged { vehicle_id: vehicle.clone() }).collect();
    for facts in changed.chunks(FACTS_AT_ONCE) {
        store.append_facts(tenant, facts, clock.now(), &Once::unclaimed()).await?;
    }
    Ok(outcome.err())
}

fn bar(total: Option<u64>) -> Result<ProgressBar> {
    let bar = total.map_or_else(ProgressBar::new_spinner, ProgressBar::new);
    bar.set_style(ProgressStyle::with_template("positions {bar:30} {human_pos}/{human_len} {per_sec} {eta}")?);
    Ok(bar)
}

fn written(progress: &Progress) -> String {
    let Progress { done, until, device, after } = progress;
    json!({ "done": done, "until": until, "device": device, "after_ms": after.map(Timestamp::unix_ms) }).to_string()
}

fn read(text: &str) -> Progress {
    let json: Value = serde_json::from_str(text).unwrap_or_default();
    let number = |name: &str| json[name].as_i64().unwrap_or(0);
    Progress {
        done: number("done"),
        until: number("until"),
        device: number("device"),
        after: json["after_ms"].as_i64().and_then(Timestamp::from_unix_ms),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn progress_is_read_as_it_was_written() {
        let progress =
            Progress { done: 1, until: 2, device: 3, after: Some(Timestamp::from_unix_ms(1_795_982_783_000).unwrap()) };
        assert_eq!(read(&written(&progress)), progress);
        assert_eq!(read(&written(&Progress::default())), Progress::default());
        assert_eq!(read("nonsense"), Progress::default());
    }
}
