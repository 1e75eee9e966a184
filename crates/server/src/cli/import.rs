//! `milepost import`: reads recorded tracks into a vehicle's history.

mod gtfs;
mod traccar;

use super::read_args::ReadArgs;
use super::{read_config, say, warn};
use crate::config::SettingFlags;
use crate::serve::open_store;
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use milepost_clock::Clock;
use milepost_domain::{Fact, Label, Position, Tenant, TenantId, Timestamp, Vehicle, VehicleId, VehicleKind};
use milepost_follow::read_thresholds;
use milepost_formats::{Format, ReadOptions, RowFilter, Survey};
use milepost_service::Thresholds;
use milepost_store::{Committer, Once, PositionBatch, Store, StoreError};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Positions in one transaction.
const BATCH: usize = 5_000;
/// How much of a file is looked at to find its format.
const HEAD_BYTES: u64 = 8 * 1024;
/// The exit code when a file was cut off or damaged, or more than half of its rows were refused.
const READ_IN_PART: u8 = 3;

/// Reads tracks into a vehicle's history: GPX, CSV, NMEA, GeoJSON, KML.
///
/// All files are read once before anything is stored; a file that can't be used leaves nothing behind. Exits with 0 if all
/// was read (single rows may be refused; they are counted, and the first are shown), 1 if nothing was stored, 2 for a command
/// line that can't be read, 3 if a file was read in part: it was cut off or damaged, or more than half of its rows were
/// refused.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct ImportArgs {
    #[command(subcommand)]
    other: Option<Other>,
    #[command(flatten)]
    tracks: TrackArgs,
}

/// What is imported beside tracks.
#[derive(Subcommand)]
enum Other {
    Gtfs(gtfs::GtfsArgs),
    Traccar(traccar::TraccarArgs),
}

#[derive(Args)]
struct TrackArgs {
    /// Files to read.
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Vehicle of the tracks; it is added if it does not exist.
    // An option, because another import has none.
    #[arg(long, required = true)]
    vehicle: Option<String>,
    /// Tenant of the vehicle.
    #[arg(long, default_value = "default")]
    tenant: String,
    /// gpx, csv, nmea, geojson or kml; by the file's content and name if absent.
    #[arg(long)]
    format: Option<Format>,
    /// Only rows of this vehicle, for a file that names vehicles.
    #[arg(long)]
    only: Option<String>,
    /// Shows the first rows as they are understood, counts and reasons, and stores nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    read: ReadArgs,
    #[command(flatten)]
    settings: SettingFlags,
}

/// One file and what is in it.
struct Surveyed<'a> {
    path: &'a Path,
    format: Format,
    survey: Survey,
}

/// Where positions are stored.
struct Destination<'a> {
    tenant: &'a TenantId,
    vehicle: &'a VehicleId,
    committer: Committer,
    /// The tenant's thresholds, by which positions are judged.
    thresholds: Arc<Thresholds>,
}

#[derive(Default)]
struct Tally {
    accepted: usize,
    duplicates: usize,
}

pub(super) async fn run(args: ImportArgs, clock: &Clock) -> Result<ExitCode> {
    match args.other {
        Some(Other::Gtfs(args)) => gtfs::run(&args, clock).await,
        Some(Other::Traccar(args)) => traccar::run(&args, clock).await,
        None => import_tracks(args.tracks, clock).await,
    }
}

async fn import_tracks(args: TrackArgs, clock: &Clock) -> Result<ExitCode> {
    let (_, config) = read_config(&args.settings)?;
    let tenant = TenantId::new(&args.tenant)?;
    let vehicle = VehicleId::new(args.vehicle.as_deref().context("--vehicle is missing")?)?;
    let options = args.read.options();
    // All files are read once before anything is stored, so that a wrong file leaves nothing behind.
    let filter = RowFilter { only: args.only.as_deref(), now: clock.now() };
    let files: Vec<Surveyed<'_>> = args
        .files
        .iter()
        .map(|path| survey_file(path, args.format, &options, &filter).with_context(|| path.display().to_string()))
        .collect::<Result<_>>()?;
    for file in &files {
        show(file, &args, &options);
    }
    let refusal =
        |file: &Surveyed<'_>| file.survey.refusal.as_ref().map(|why| format!("{}: {why}", file.path.display()));
    let refusals: Vec<String> = files.iter().filter_map(refusal).collect();
    if !refusals.is_empty() {
        bail!("nothing was stored. {}", refusals.join("\n"));
    }
    if args.dry_run {
        say("Nothing was stored: this was a dry run.");
        return Ok(finish(&files));
    }
    let store = open_store(&config).await?;
    make_vehicle(&*store, &tenant, &vehicle, clock.now()).await?;
    let destination = Destination {
        tenant: &tenant,
        vehicle: &vehicle,
        committer: Committer::start(Arc::clone(&store), None),
        thresholds: Arc::new(read_thresholds(store.get_rules(&tenant).await?.as_ref())),
    };
    let mut tally = Tally::default();
    for file in &files {
        let path = file.path;
        import_file(file, &options, &filter, &destination, clock, &mut tally)
            .await
            .with_context(|| path.display().to_string())?;
    }
    // Makes a server on the same database read the vehicle again.
    let changed = Fact::VehicleChanged { vehicle_id: vehicle.clone() };
    store.append_facts(&tenant, &[changed], clock.now(), &Once::unclaimed()).await?;
    store.close().await;
    let Tally { accepted, duplicates } = tally;
    let unreadable: u64 = files.iter().map(|file| file.survey.refused).sum();
    say(&format!(
        "Imported {accepted} positions of {vehicle}; {duplicates} were there already, {unreadable} rows could not be read."
    ));
    Ok(finish(&files))
}

fn survey_file<'a>(
    path: &'a Path,
    format: Option<Format>,
    options: &ReadOptions,
    filter: &RowFilter<'_>,
) -> Result<Surveyed<'a>> {
    let format = match format {
        Some(format) => format,
        None => {
            let mut head = Vec::new();
            File::open(path)?.take(HEAD_BYTES).read_to_end(&mut head)?;
            Format::of_content(&head, path)?
        }
    };
    let reader = milepost_formats::read(format, BufReader::new(File::open(path)?), options)?;
    Ok(Surveyed { path, format, survey: Survey::of(reader, options, filter) })
}

/// Prints what a person must know of a file: all of it before a dry run, else what is unusual.
fn show(file: &Surveyed<'_>, args: &TrackArgs, options: &ReadOptions) {
    let survey = &file.survey;
    let several = args.files.len() > 1;
    let prefix = if several { format!("{}: ", file.path.display()) } else { String::new() };
    if args.dry_run {
        say(&format!("{}: {}", file.path.display(), survey.preview(options.zone.as_ref())));
    } else {
        for note in &survey.understanding.notes {
            say(&format!("{prefix}{note}"));
        }
    }
    for refused in &survey.refusals {
        warn(&format!("{prefix}{refused}"));
    }
}

/// The exit code, after the word that a file was read in part.
fn finish(files: &[Surveyed<'_>]) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    for Surveyed { path, survey, .. } in files.iter().filter(|file| !file.survey.is_whole()) {
        let why = match &survey.broke_off {
            Some(error) => error.to_string(),
            None => format!("{} of {} rows were refused", survey.refused, survey.refused + survey.taken),
        };
        warn(&format!("{} was read in part: {why}", path.display()));
        code = ExitCode::from(READ_IN_PART);
    }
    code
}

async fn make_vehicle(store: &dyn Store, tenant: &TenantId, id: &VehicleId, now: Timestamp) -> Result<()> {
    store.ensure_tenant(&Tenant { id: tenant.clone(), name: Label::new(tenant.as_str())? }).await?;
    let vehicle = Vehicle::new(id.clone(), VehicleKind::new("vehicle")?, Label::new(id.as_str())?);
    match store.add_vehicle(tenant, &vehicle, now, &Once::unclaimed()).await {
        Ok(_) => {
            say(&format!("Made vehicle {id} in tenant {tenant}."));
            Ok(())
        }
        Err(StoreError::Conflict(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn import_file(
    file: &Surveyed<'_>,
    options: &ReadOptions,
    filter: &RowFilter<'_>,
    destination: &Destination<'_>,
    clock: &Clock,
    tally: &mut Tally,
) -> Result<()> {
    let input = File::open(file.path)?;
    let bar = ProgressBar::new(input.metadata()?.len());
    bar.set_style(ProgressStyle::with_template("{msg} {bar:30} {bytes}/{total_bytes} {eta}")?);
    bar.set_message(file.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default());
    let reader = milepost_formats::read(file.format, BufReader::new(bar.wrap_read(input)), options)?;
    let mut batch = Vec::with_capacity(BATCH);
    // The refused rows were shown before.
    for point in reader.filter_map(|row| filter.select(row)).flatten() {
        batch.push(point.into_position(destination.vehicle.clone()));
        if batch.len() == BATCH {
            store_batch(std::mem::take(&mut batch), destination, clock.now(), tally).await?;
        }
    }
    store_batch(batch, destination, clock.now(), tally).await?;
    bar.finish();
    Ok(())
}

async fn store_batch(
    positions: Vec<Position>,
    destination: &Destination<'_>,
    received_at: Timestamp,
    tally: &mut Tally,
) -> Result<()> {
    if positions.is_empty() {
        return Ok(());
    }
    let Destination { tenant, committer, thresholds, .. } = destination;
    let thresholds = Arc::clone(thresholds);
    let recorded = committer.record(PositionBatch { tenant: (*tenant).clone(), positions, received_at, thresholds });
    let recorded = recorded.await?;
    tally.accepted += recorded.accepted;
    tally.duplicates += recorded.duplicates;
    Ok(())
}
