//! `milepost export`: writes a vehicle's history to a file.

use super::read_config;
use crate::config::SettingFlags;
use crate::serve::open_existing_store;
use anyhow::{Context, Result, bail};
use clap::Args;
use indicatif::ProgressBar;
use milepost_domain::{TenantId, Timestamp, VehicleId};
use milepost_formats::{Format, TrackMeta, TrackWriter};
use milepost_store::WrongPositions;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

/// Positions in one read of the store.
const PAGE: u32 = 5_000;

#[derive(Args)]
pub(super) struct ExportArgs {
    /// Vehicle whose track is exported.
    #[arg(long)]
    vehicle: String,
    /// Tenant of the vehicle.
    #[arg(long, default_value = "default")]
    tenant: String,
    /// gpx, csv, geojson or kml.
    #[arg(long)]
    format: Format,
    /// From this instant (RFC 3339).
    #[arg(long)]
    from: Option<jiff::Timestamp>,
    /// To before this instant (RFC 3339).
    #[arg(long)]
    to: Option<jiff::Timestamp>,
    /// File to write; standard output if absent.
    #[arg(long, short)]
    output: Option<PathBuf>,
    #[command(flatten)]
    settings: SettingFlags,
}

pub(super) async fn run(args: ExportArgs) -> Result<()> {
    if !args.format.is_written() {
        bail!("--format takes gpx, csv, geojson or kml");
    }
    let (_, config) = read_config(&args.settings)?;
    let tenant = TenantId::new(&args.tenant)?;
    let id = VehicleId::new(&args.vehicle)?;
    let instant = |given: Option<jiff::Timestamp>, default: i64| {
        Timestamp::from_unix_ms(given.map_or(default, jiff::Timestamp::as_millisecond))
            .context("--from and --to must lie between 1970 and 9999")
    };
    let (from, to) = (instant(args.from, 0)?, instant(args.to, 253_402_300_799_999)?);

    let store = open_existing_store(&config).await?;
    let Some(tracked) = store.get_vehicle(&tenant, &id).await? else {
        bail!("there is no vehicle {id} in tenant {tenant}");
    };
    let label = Some(tracked.vehicle.label.as_str().to_owned());
    let mut writer = TrackWriter::new(args.format, TrackMeta { vehicle_id: id.to_string(), label })?;
    let mut out: Box<dyn Write + Send> = match &args.output {
        Some(path) => {
            let file = std::fs::File::create(path).with_context(|| format!("can't write {}", path.display()))?;
            Box::new(std::io::BufWriter::new(file))
        }
        None => Box::new(std::io::stdout()),
    };
    // On a terminal the progress bar would mix with the track.
    let is_shown = args.output.is_some() || !std::io::stdout().is_terminal();
    let bar = if is_shown { ProgressBar::new_spinner() } else { ProgressBar::hidden() };
    let mut bytes = Vec::new();
    writer.start(&mut bytes);
    let mut after = None;
    loop {
        let page = store.positions(&tenant, &id, from, to, after, WrongPositions::LeftOut, PAGE).await?;
        for stored in &page {
            writer.position(&stored.position, &mut bytes);
        }
        out.write_all(&bytes)?;
        bytes.clear();
        bar.inc(page.len() as u64);
        bar.set_message(format!("{} positions", bar.position()));
        after = page.last().map(|last| last.position.at);
        if page.len() < PAGE as usize {
            break;
        }
    }
    writer.finish(&mut bytes);
    out.write_all(&bytes)?;
    out.flush()?;
    bar.finish();
    store.close().await;
    Ok(())
}
