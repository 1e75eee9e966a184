//! Measures how many positions a second the committer makes durable.
//!
//! `cargo run --release -p milepost-store --example ingest -- sqlite:///var/tmp/ingest.db [seconds] [callers] [batch] [vehicles]`
//!
//! A batch has the next position of one vehicle after another. With as many vehicles as positions in a batch, each
//! batch changes every vehicle's page. With one vehicle, a batch is like a device that uploads its backlog.

#![allow(clippy::print_stdout, reason = "a program that prints its figures")]

use milepost_domain::{
    AccuracyM, HeadingDeg, Label, Latitude, Longitude, Position, SpeedKmh, TenantId, Timestamp, Vehicle, VehicleId,
    VehicleKind,
};
use milepost_store::{CommitObserver, CommitSample, Committer, Once, OpenOptions, PositionBatch, Store, Unsent, open};
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// CPU time of this process in seconds. On every Linux the counter ticks 100 times a second.
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    // The name in brackets may contain spaces. After it, utime and stime are the twelfth and thirteenth fields.
    let fields = stat.rsplit_once(')').ok_or("an unknown form of /proc/self/stat")?.1;
    let ticks: Result<Vec<u64>, _> = fields.split_whitespace().skip(11).take(2).map(str::parse).collect();
    Ok(ticks?.iter().sum::<u64>() as f64 / 100.0)
}

#[derive(Default)]
struct Counts {
    transactions: AtomicU64,
    busy_us: AtomicU64,
}

impl CommitObserver for Counts {
    fn ended(&self, sample: &CommitSample) {
        self.transactions.fetch_add(1, Ordering::Relaxed);
        self.busy_us.fetch_add(u64::try_from(sample.took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("which database? sqlite://PATH or postgres://…")?;
    let mut number = |default: u64| arguments.next().map_or(Ok(default), |text| text.parse());
    let (seconds, callers, batch) = (number(10)?, number(4)?, usize::try_from(number(1_000)?)?);
    let vehicles = usize::try_from(number(1_000)?)?;

    let store = open(&url, &OpenOptions::default(), Arc::new(Unsent)).await?;
    let tenant = TenantId::default_tenant();
    let started = now();
    let vehicles = add_vehicles(&*store, &tenant, vehicles, started).await?;
    let counts = Arc::new(Counts::default());
    let committer = Committer::start(store.clone(), Some(counts.clone()));

    let (begun, cpu_before_s) = (Instant::now(), cpu_seconds()?);
    let end = begun + Duration::from_secs(seconds);
    // The callers share one sequence of positions: every vehicle in order, and one second later in the next round.
    let round = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (committer, tenant, vehicles, round) =
                (committer.clone(), tenant.clone(), vehicles.clone(), round.clone());
            tokio::spawn(async move {
                let mut accepted = 0;
                while Instant::now() < end {
                    let first = round.fetch_add(batch as u64, Ordering::Relaxed);
                    let positions = (first..).take(batch).map(|step| position(&vehicles, started, step)).collect();
                    let batch = PositionBatch {
                        tenant: tenant.clone(),
                        positions,
                        received_at: now(),
                        thresholds: Arc::default(),
                    };
                    accepted += committer.record(batch).await?.accepted;
                }
                Ok::<_, milepost_store::StoreError>(accepted)
            })
        })
        .collect();
    let mut accepted = 0;
    for task in tasks {
        accepted += task.await??;
    }
    let (took, transactions) = (begun.elapsed().as_secs_f64(), counts.transactions.load(Ordering::Relaxed));
    println!(
        "{} {accepted} positions in {took:.2} s: {:.0}/s, {transactions} transactions of {:.0}, {:.2} ms each",
        store.backend(),
        accepted as f64 / took,
        accepted as f64 / transactions as f64,
        counts.busy_us.load(Ordering::Relaxed) as f64 / transactions as f64 / 1e3,
    );
    let cpu_s = cpu_seconds()? - cpu_before_s;
    println!("{:.2} µs of CPU a position", cpu_s * 1e6 / accepted as f64);
    store.close().await;
    Ok(())
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is after 1970");
    i64::try_from(since.as_millis()).ok().and_then(Timestamp::from_unix_ms).expect("the clock is before 10000")
}

async fn add_vehicles(
    store: &dyn Store,
    tenant: &TenantId,
    count: usize,
    now: Timestamp,
) -> Result<Arc<Vec<VehicleId>>, Box<dyn Error>> {
    let mut ids = Vec::with_capacity(count);
    for number in 0..count {
        let vehicle = Vehicle::new(
            VehicleId::new(&format!("bus-{number}-{}", now.unix_ms()))?,
            VehicleKind::new("bus")?,
            Label::new("Bus")?,
        );
        store.add_vehicle(tenant, &vehicle, now, &Once::unclaimed()).await?;
        ids.push(vehicle.id);
    }
    Ok(Arc::new(ids))
}

fn position(vehicles: &[VehicleId], started: Timestamp, step: u64) -> Position {
    let number = usize::try_from(step).expect("64 bits") % vehicles.len();
    let seconds = i64::try_from(step).expect("below 2^63") / i64::try_from(vehicles.len()).expect("few");
    let drift = (seconds % 1_000) as f64 / 1e5;
    Position {
        speed: SpeedKmh::new(42.5).ok(),
        heading: HeadingDeg::new(181.0).ok(),
        accuracy: AccuracyM::new(4.2).ok(),
        ..Position::new(
            vehicles[number].clone(),
            started.plus_ms(seconds * 1_000),
            Latitude::new(30.25 + drift).expect("in range"),
            Longitude::new(-97.75 - drift).expect("in range"),
        )
    }
}
