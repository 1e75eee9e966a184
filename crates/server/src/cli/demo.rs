//! `milepost demo`: a server with sample tenants and simulated vehicles, on a temporary folder.

mod sample_delivery;

use super::{read_config, say, stop_signal};
use crate::config::SettingFlags;
use crate::logging::start_logging;
use crate::serve::{self, Running};
use anyhow::{Context, Result};
use clap::Args;
use milepost_access::{Claims, random_secret};
use milepost_clock::Clock;
use milepost_domain::{Contact, Label, Role, Tenant, TenantId, Username};
use milepost_service::users::{NewUser, create_user};
use milepost_simulate::{Credential, Motion, ProgressMode, SimulateOptions, Via};
use std::path::PathBuf;
use tokio::sync::watch;

/// Lifetime of the token that drives the demo's vehicles, in milliseconds.
const DRIVER_TOKEN_MS: i64 = 60 * 60 * 1000;

#[derive(Args)]
pub(super) struct DemoArgs {
    /// Vehicles of each fleet.
    #[arg(long, default_value_t = 12)]
    vehicles: usize,
    /// Password of the demo logins; a random one if absent.
    #[arg(long)]
    password: Option<String>,
    #[command(flatten)]
    settings: SettingFlags,
}

/// A sample tenant for one of the five applications.
struct Sample {
    tenant: &'static str,
    name: &'static str,
    login: &'static str,
    role: Role,
    /// The kind of its vehicles, if it has any.
    kind: Option<&'static str>,
}

const SAMPLES: [Sample; 5] = [
    Sample { tenant: "school", name: "Lakeside School", login: "school", role: Role::Admin, kind: Some("bus") },
    Sample { tenant: "parcels", name: "Swift Parcels", login: "parcels", role: Role::Admin, kind: Some("van") },
    Sample { tenant: "kitchen", name: "Kitchen Express", login: "kitchen", role: Role::Admin, kind: Some("bike") },
    Sample { tenant: "haulage", name: "Hill Haulage", login: "haulage", role: Role::Manager, kind: Some("truck") },
    Sample { tenant: "academy", name: "Harbour Academy", login: "academy", role: Role::Admin, kind: None },
];

/// A folder that is removed when the process ends, except after kill -9.
struct ThrowAway(PathBuf);

impl Drop for ThrowAway {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(super) async fn run(mut args: DemoArgs, clock: &Clock) -> Result<()> {
    let folder = std::env::temp_dir().join(format!("milepost-demo-{}", random_secret("").replace(['-', '_'], "x")));
    let _folder = ThrowAway(folder.clone());
    args.settings.values.insert("MILEPOST_DATA", folder.display().to_string());
    // A demo must not write into a database that the environment names.
    args.settings.values.entry("DATABASE_URL").or_insert_with(|| format!("sqlite://{}/milepost.db", folder.display()));
    if std::env::var_os("MILEPOST_LOG").is_none() {
        // Sixty lines about added vehicles would hide the lines for the user.
        args.settings.values.entry("MILEPOST_LOG").or_insert_with(|| "warn".to_owned());
    }
    let (_, config) = read_config(&args.settings)?;
    let log = start_logging(&config.log, config.log_json);
    let stop = stop_signal()?;
    tokio::pin!(stop);

    let running = tokio::select! {
        running = serve::start(&config, clock.clone(), log.stats(), |_| {}) => running?,
        () = &mut stop => return Ok(()),
    };
    let password = args.password.take().unwrap_or_else(|| random_secret("").chars().take(12).collect());
    add_samples(&running, &password).await?;
    let (ended, end) = watch::channel(false);
    let mut fleets = drive_fleets(&running, args.vehicles, &end);

    say(&format!("Milepost is listening on http://{}", running.address));
    say("Demo logins (the data is thrown away at the end):");
    for sample in &SAMPLES {
        say(&format!("  {:<10} password {password}   {} ({})", sample.login, sample.name, sample.role.as_str()));
    }
    // Behind the #, so that the password is sent to no server and is in no log.
    say(&format!("One click each: http://{}/demo#{password}", running.address));
    fleets.push(sample_delivery::drive_rider(&running, TenantId::new("kitchen")?, &end));
    stop.await;
    let _ = ended.send(true);
    for fleet in fleets {
        let _ = fleet.await;
    }
    running.drain().await;
    Ok(())
}

async fn add_samples(running: &Running, password: &str) -> Result<()> {
    let assembly = &running.assembly;
    for sample in &SAMPLES {
        let tenant = TenantId::new(sample.tenant)?;
        assembly.store.ensure_tenant(&Tenant { id: tenant.clone(), name: Label::new(sample.name)? }).await?;
        let user = NewUser {
            username: Username::new(sample.login)?,
            password: Some(password.to_owned()),
            role: sample.role,
            tenant,
            approved: true,
            active: true,
            cadet_id: None,
            vehicle_ids: Vec::new(),
            contact: Contact::default(),
        };
        create_user(&assembly.use_cases.users, user, assembly.clock.now())
            .await
            .with_context(|| format!("demo user {}", sample.login))?;
    }
    Ok(())
}

/// Starts the demo's vehicles, which report over the public API.
fn drive_fleets(running: &Running, vehicles: usize, end: &watch::Receiver<bool>) -> Vec<tokio::task::JoinHandle<()>> {
    let assembly = &running.assembly;
    let fleets = SAMPLES.iter().enumerate().filter_map(|(number, sample)| Some((number, sample, sample.kind?)));
    fleets
        .map(|(number, sample, kind)| {
            let token = assembly.access.tokens().sign(&Claims {
                subject: "demo".to_owned(),
                tenant: TenantId::new(sample.tenant).ok(),
                role: Some(Role::Admin),
                cadet_id: None,
                vehicle_ids: Vec::new(),
                expires_at: assembly.clock.now().plus_ms(DRIVER_TOKEN_MS),
                issued_at: None,
                is_refresh: false,
                is_account: false,
                password_fingerprint: None,
                session: None,
            });
            let options = SimulateOptions {
                url: format!("http://{}", running.address),
                credential: Credential::Bearer(token),
                vehicles,
                prefix: format!("{kind}-"),
                kind: kind.to_owned(),
                motion: Motion::Drive { routes: None, rate_hz: 1.0 },
                via: Via::Kiosk,
                connections: 4,
                seed: number as u64 + 1,
                keep_devices: true,
                progress: ProgressMode::Off,
                ..SimulateOptions::default()
            };
            let mut end = end.clone();
            tokio::spawn(async move {
                let ended = async move {
                    let _ = end.wait_for(|ended| *ended).await;
                };
                if let Err(error) = milepost_simulate::simulate(options, ended).await {
                    tracing::warn!(%error, "the vehicles of a demo fleet have stopped");
                }
            })
        })
        .collect()
}
