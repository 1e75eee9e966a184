//! `milepost import traccar`: brings over a Traccar server, from its API, its database or a dump of that.

mod objects;
mod positions;
mod report;
mod trips;

use super::super::{read_config, say};
use super::READ_IN_PART;
use crate::config::SettingFlags;
use crate::serve::open_store;
use anyhow::{Context, Result, bail};
use clap::Args;
use jiff::tz::TimeZone;
use milepost_clock::Clock;
use milepost_domain::{Author, Label, Tenant, TenantId};
use milepost_traccar_source::{Source, SourceOptions};
use objects::ObjectImport;
use report::Report;
use std::path::PathBuf;
use std::process::ExitCode;
use trips::TripComparison;

/// Brings over a Traccar server: users with their passwords, devices, groups, geofences, drivers, permissions, maintenance,
/// notifications, calendars, attributes, and positions.
///
/// It can be ended and repeated at any time: what is there already is not brought over twice, and what was changed or removed here
/// since stays so. Nothing is changed at the other server. Exits with 0 if all was read, 1 if nothing was stored, 3 if it broke off:
/// then the same command goes on from there.
#[derive(Args)]
pub(super) struct TraccarArgs {
    /// The address of its API (http://traccar:8082) or of its PostgreSQL database (postgres://user:password@host/traccar), or the file
    /// of a dump (mysqldump, pg_dump, SCRIPT of H2).
    #[arg(long)]
    from: String,
    /// An administrator's token, for its API.
    #[arg(long, env = "TRACCAR_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// The tenant that gets everything; made if there is none.
    #[arg(long, default_value = "default")]
    tenant: String,
    /// The time zone of the machine that Traccar ran on, in which its database has its times.
    #[arg(long, default_value = "UTC")]
    zone: String,
    /// What the other server is called in later imports; its address if absent. The same name says that it is the same server.
    #[arg(long)]
    name: Option<String>,
    /// Brings over everything but positions.
    #[arg(long)]
    no_positions: bool,
    /// Compares the trips of each device's last days with Traccar's own report of them; 0 for none.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(..=MAX_COMPARED_DAYS))]
    compare_days: u32,
    /// Writes every difference of trips into this file, as CSV.
    #[arg(long, value_name = "FILE")]
    differences: Option<PathBuf>,
    /// Shows what is there, and stores nothing.
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    settings: SettingFlags,
}

/// The longest name of a server.
const MAX_NAME_CHARS: usize = 200;
/// The most days whose trips are compared.
const MAX_COMPARED_DAYS: i64 = 366;

pub(super) async fn run(args: &TraccarArgs, clock: &Clock) -> Result<ExitCode> {
    let (_, config) = read_config(&args.settings)?;
    let tenant = TenantId::new(&args.tenant)?;
    let zone = TimeZone::get(&args.zone).with_context(|| format!("{} is no time zone", args.zone))?;
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = SourceOptions { token: args.token.clone(), zone: zone.clone() };
    let mut source = Source::open(&args.from, options.clone()).await?;
    let name = args.name.clone().unwrap_or_else(|| source.name());
    if name.is_empty() || name.chars().count() > MAX_NAME_CHARS || name.chars().any(char::is_control) {
        bail!("the name of the other server must have 1 to {MAX_NAME_CHARS} characters");
    }
    let objects = source.read_objects().await?;
    let mut report = Report::of(&objects);
    if args.dry_run {
        say(&format!("{name}:\n{}\nNothing was stored: this was a dry run.", report.found()));
        return Ok(ExitCode::SUCCESS);
    }
    let plain = open_store(&config).await?;
    let now = clock.now();
    plain.ensure_tenant(&Tenant { id: tenant.clone(), name: Label::new(tenant.as_str())? }).await?;
    let store = plain.by(Author::operator(now));
    let vehicles = ObjectImport::new(&*store, &tenant, &name, now, &mut report).await?.run(objects, &zone).await?;
    say(&format!("Brought over from {name} to the tenant {tenant}:\n{}", report.brought_over()));
    let broke_off = if args.no_positions {
        None
    } else {
        let total = report.positions();
        positions::import(&plain, &tenant, &name, source, &vehicles, total, clock, &mut report).await?
    };
    say(&report.left().join("\n"));
    if broke_off.is_none() && !args.no_positions && args.compare_days > 0 {
        let source = Source::open(&args.from, options).await?;
        let (days, file) = (args.compare_days, args.differences.as_deref());
        let comparison = TripComparison { store: &*plain, tenant: &tenant, vehicles: &vehicles, days, file };
        say(&comparison.run(source, clock).await?.join("\n"));
    }
    plain.close().await;
    if let Some(why) = broke_off {
        super::super::warn(&format!("It broke off: {why}. The same command goes on from there."));
        return Ok(ExitCode::from(READ_IN_PART));
    }
    Ok(ExitCode::SUCCESS)
}
