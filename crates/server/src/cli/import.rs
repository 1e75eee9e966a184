//! `milepost import`: reads recorded tracks into a vehicle's history.

use super::{read_config, say, warn};
use crate::config::SettingFlags;
use crate::serve::open_store;
use anyhow::{Context, Result, bail};
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use milepost_clock::Clock;
use milepost_domain::{Fact, Label, Position, Tenant, TenantId, Timestamp, Vehicle, VehicleId, VehicleKind};
use milepost_formats::{ColumnMap, Format, ReadError, ReadOptions, Reader, SpeedUnit, TrackPoint, Zone};
use milepost_store::{Committer, Once, PositionBatch, Store, StoreError};
use std::fmt::Display;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Positions in one transaction.
const BATCH: usize = 5_000;
/// Unreadable rows that are printed. Further ones are only counted.
const SHOWN_ERRORS: u64 = 10;

#[derive(Args)]
pub(super) struct ImportArgs {
    /// Files to read.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Vehicle of the tracks; it is added if it does not exist.
    #[arg(long)]
    vehicle: String,
    /// Tenant of the vehicle.
    #[arg(long, default_value = "default")]
    tenant: String,
    /// gpx, csv, nmea or geojson; by the file's name if absent.
    #[arg(long)]
    format: Option<Format>,
    /// CSV columns, such as latitude=lat,timestamp=#3; guessed by their names if absent. A row at 0,0 is left out only
    /// if its column `fix` says that the receiver had none.
    #[arg(long)]
    columns: Option<ColumnMap>,
    /// Unit of recorded speeds: kmh, ms, mph or knots.
    #[arg(long)]
    speed_unit: Option<SpeedUnit>,
    /// Zone of recorded times that name none.
    #[arg(long)]
    zone: Option<Zone>,
    /// Only rows of this vehicle, for a file that names vehicles.
    #[arg(long)]
    only: Option<String>,
    #[command(flatten)]
    settings: SettingFlags,
}

#[derive(Default)]
struct Tally {
    accepted: usize,
    duplicates: usize,
    unreadable: u64,
}

impl Tally {
    /// Counts a row that can't be stored, and prints it if it is one of the first.
    fn refuse(&mut self, bar: &ProgressBar, why: &dyn Display) {
        self.unreadable += 1;
        if self.unreadable <= SHOWN_ERRORS {
            // Without a terminal the progress bar prints nothing.
            bar.suspend(|| warn(&why.to_string()));
        }
    }
}

pub(super) async fn run(args: ImportArgs, clock: &Clock) -> Result<()> {
    let (_, config) = read_config(&args.settings)?;
    let tenant = TenantId::new(&args.tenant)?;
    let vehicle = VehicleId::new(&args.vehicle)?;
    // All files are read once before anything is stored, so that a wrong file leaves nothing behind.
    for path in &args.files {
        check_file(path, &args).with_context(|| path.display().to_string())?;
    }
    if args.speed_unit.is_none() && args.files.iter().any(|path| format_of(path, &args).ok() == Some(Format::Csv)) {
        say("Speeds in CSV files are taken as km/h unless their header says otherwise; --speed-unit sets the unit.");
    }
    let store = open_store(&config).await?;
    make_vehicle(&*store, &tenant, &vehicle, clock.now()).await?;
    let committer = Committer::start(Arc::clone(&store), None);
    let mut tally = Tally::default();
    for path in &args.files {
        import_file(path, &args, (&tenant, &vehicle), &committer, clock, &mut tally)
            .await
            .with_context(|| path.display().to_string())?;
    }
    // Makes a server on the same database read the vehicle again.
    let changed = Fact::VehicleChanged { vehicle_id: vehicle.clone() };
    store.append_facts(&tenant, &[changed], clock.now(), &Once::unclaimed()).await?;
    store.close().await;
    let Tally { accepted, duplicates, unreadable } = tally;
    say(&format!(
        "Imported {accepted} positions of {vehicle}; {duplicates} were there already, {unreadable} rows could not be read."
    ));
    if accepted + duplicates == 0 {
        bail!("nothing was imported");
    }
    Ok(())
}

fn format_of(path: &Path, args: &ImportArgs) -> Result<Format> {
    args.format.or_else(|| Format::of_path(path)).context("its format is unknown, use --format")
}

fn open_reader(path: &Path, args: &ImportArgs, input: impl BufRead + Send + 'static) -> Result<Reader> {
    let options = ReadOptions {
        columns: args.columns.clone().unwrap_or_default(),
        speed_unit: args.speed_unit,
        zone: args.zone.clone().unwrap_or_default(),
        ..ReadOptions::default()
    };
    Ok(milepost_formats::read(format_of(path, args)?, input, &options)?)
}

/// Refuses a file without positions, and a file of several vehicles if none was chosen.
fn check_file(path: &Path, args: &ImportArgs) -> Result<()> {
    let mut named: Option<Option<String>> = None;
    for point in open_reader(path, args, BufReader::new(File::open(path)?))?.flatten() {
        match &named {
            Some(first) if *first != point.vehicle && args.only.is_none() => bail!(
                "it holds several vehicles ({} and {}): choose one with --only",
                first.as_deref().unwrap_or("one without a name"),
                point.vehicle.as_deref().unwrap_or("one without a name"),
            ),
            Some(_) => {}
            None => named = Some(point.vehicle),
        }
    }
    if named.is_none() {
        bail!("it holds no position that can be read");
    }
    Ok(())
}

async fn make_vehicle(store: &dyn Store, tenant: &TenantId, id: &VehicleId, now: Timestamp) -> Result<()> {
    store.ensure_tenant(&Tenant { id: tenant.clone(), name: Label::new(tenant.as_str())? }).await?;
    let vehicle = Vehicle::new(id.clone(), VehicleKind::new("vehicle")?, Label::new(id.as_str())?);
    match store.add_vehicle(tenant, &vehicle, now, &Once::unclaimed()).await {
        Ok(()) => {
            say(&format!("Made vehicle {id} in tenant {tenant}."));
            Ok(())
        }
        Err(StoreError::Conflict(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn import_file(
    path: &Path,
    args: &ImportArgs,
    (tenant, vehicle): (&TenantId, &VehicleId),
    committer: &Committer,
    clock: &Clock,
    tally: &mut Tally,
) -> Result<()> {
    let file = File::open(path)?;
    let bar = ProgressBar::new(file.metadata()?.len());
    bar.set_style(ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes} {eta}")?);
    bar.set_message(path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default());
    let reader = open_reader(path, args, BufReader::new(bar.wrap_read(file)))?;
    let mut batch = Vec::with_capacity(BATCH);
    for row in reader {
        if let Some(position) = position_of(row, args.only.as_deref(), vehicle, clock.now(), &bar, tally) {
            batch.push(position);
        }
        if batch.len() == BATCH {
            store_batch(std::mem::take(&mut batch), tenant, committer, clock.now(), tally).await?;
        }
    }
    store_batch(batch, tenant, committer, clock.now(), tally).await?;
    bar.finish();
    Ok(())
}

fn position_of(
    row: Result<TrackPoint, ReadError>,
    only: Option<&str>,
    vehicle: &VehicleId,
    now: Timestamp,
    bar: &ProgressBar,
    tally: &mut Tally,
) -> Option<Position> {
    match row {
        Ok(point) if only.is_some_and(|only| point.vehicle.as_deref() != Some(only)) => None,
        Ok(point) => {
            let position = point.into_position(vehicle.clone());
            if let Err(invalid) = Position::check_time(position.at, now) {
                tally.refuse(bar, &invalid);
                return None;
            }
            Some(position)
        }
        Err(error) => {
            tally.refuse(bar, &error);
            None
        }
    }
}

async fn store_batch(
    positions: Vec<Position>,
    tenant: &TenantId,
    committer: &Committer,
    received_at: Timestamp,
    tally: &mut Tally,
) -> Result<()> {
    if positions.is_empty() {
        return Ok(());
    }
    let batch = PositionBatch { tenant: tenant.clone(), positions, received_at };
    let recorded = committer.record(batch).await?;
    tally.accepted += recorded.accepted;
    tally.duplicates += recorded.duplicates;
    Ok(())
}
