//! `milepost import gtfs`: replaces a tenant's timetable.

use super::super::{read_config, say};
use crate::config::SettingFlags;
use crate::serve::open_store;
use anyhow::{Context, Result, bail};
use clap::Args;
use milepost_clock::Clock;
use milepost_domain::{Label, Tenant, TenantId};
use milepost_store::MAX_TIMETABLE_BYTES;
use milepost_timetable::read_timetable;
use std::io::Cursor;
use std::path::PathBuf;
use std::process::ExitCode;

/// Reads a timetable (GTFS, a ZIP archive) and replaces the tenant's. Running servers use it within ten seconds.
///
/// A timetable that can't be read changes nothing.
#[derive(Args)]
pub(super) struct GtfsArgs {
    /// The archive.
    file: PathBuf,
    /// The tenant whose vehicles run by it.
    #[arg(long, default_value = "default")]
    tenant: String,
    /// Shows what is in it, and stores nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    settings: SettingFlags,
}

pub(super) async fn run(args: &GtfsArgs, clock: &Clock) -> Result<ExitCode> {
    let (_, config) = read_config(&args.settings)?;
    let tenant = TenantId::new(&args.tenant)?;
    let name = || args.file.display().to_string();
    let size = std::fs::metadata(&args.file).with_context(name)?.len();
    if size > MAX_TIMETABLE_BYTES as u64 {
        bail!("{}: larger than {} MiB", name(), MAX_TIMETABLE_BYTES >> 20);
    }
    let archive = std::fs::read(&args.file).with_context(name)?;
    let timetable = read_timetable(Cursor::new(archive.as_slice())).with_context(name)?;
    say(&format!(
        "{} routes, {} stops, {} trips, {} of them today.",
        timetable.routes.len(),
        timetable.stops.len(),
        timetable.trips.len(),
        timetable.trips_on_day_of(clock.now()),
    ));
    if args.dry_run {
        say("Nothing was stored: this was a dry run.");
        return Ok(ExitCode::SUCCESS);
    }
    let store = open_store(&config).await?;
    store.ensure_tenant(&Tenant { id: tenant.clone(), name: Label::new(tenant.as_str())? }).await?;
    store.set_timetable(&tenant, &archive, clock.now()).await?;
    store.close().await;
    say(&format!("The timetable of {tenant} was replaced."));
    Ok(ExitCode::SUCCESS)
}
