//! `milepost demo`: a server with sample tenants and simulated vehicles, on a temporary folder.

mod parcel_driver;
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
use milepost_simulate::{Credential, Motion, Organisation, ProgressMode, SimulateOptions, Tour, Via};
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::watch;

/// Lifetime of the token with which the demo plays an organisation's admin, in milliseconds: as long as anybody looks.
const DEMO_TOKEN_MS: i64 = 7 * 24 * 60 * 60 * 1000;

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
    /// What its people do.
    organisation: Organisation,
}

const SAMPLES: [Sample; 5] = [
    Sample {
        tenant: "school",
        name: "Lakeside School",
        login: "school",
        role: Role::Admin,
        kind: Some("bus"),
        organisation: Organisation::School,
    },
    Sample {
        tenant: "parcels",
        name: "Swift Parcels",
        login: "parcels",
        role: Role::Admin,
        kind: Some("van"),
        organisation: Organisation::Parcels,
    },
    Sample {
        tenant: "kitchen",
        name: "Kitchen Express",
        login: "kitchen",
        role: Role::Admin,
        kind: Some("bike"),
        organisation: Organisation::Kitchen,
    },
    Sample {
        tenant: "haulage",
        name: "Hill Haulage",
        login: "haulage",
        role: Role::Manager,
        kind: Some("truck"),
        organisation: Organisation::Haulage,
    },
    Sample {
        tenant: "academy",
        name: "Harbour Academy",
        login: "academy",
        role: Role::Admin,
        kind: None,
        organisation: Organisation::Academy,
    },
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
    let mut fleets = play_samples(&running, args.vehicles, &password, &end);

    say(&format!("Milepost is listening on http://{}", running.address));
    say("Demo logins (the data is thrown away at the end):");
    for sample in &SAMPLES {
        say(&format!("  {:<10} password {password}   {} ({})", sample.login, sample.name, sample.role.as_str()));
    }
    // Behind the #, so that the password is sent to no server and is in no log.
    say(&format!("One click each: http://{}/demo#{password}", running.address));
    fleets.extend(sample_delivery::drive_riders(&running, &TenantId::new("kitchen")?, &end));
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

/// Enters each organisation's things and week, lets its vehicles drive and its people go on. All of it goes over the public API.
fn play_samples(
    running: &Running,
    vehicles: usize,
    password: &str,
    end: &watch::Receiver<bool>,
) -> Vec<tokio::task::JoinHandle<()>> {
    let mut tasks = Vec::new();
    // One after the other, so that whoever looks meanwhile does not wait for the disk.
    let filling = Arc::<tokio::sync::Mutex<()>>::default();
    for (number, sample) in SAMPLES.iter().enumerate() {
        let token = token_of(running, sample.tenant);
        let url = format!("http://{}", running.address);
        let tour = Tour::new(&url, token.clone(), password.to_owned(), sample.organisation, vehicles);
        let options = SimulateOptions {
            url,
            credential: Credential::Bearer(token),
            vehicles,
            prefix: sample.kind.map_or_else(String::new, |kind| format!("{kind}-")),
            kind: sample.kind.unwrap_or_default().to_owned(),
            motion: Motion::Drive { routes: None, rate_hz: 1.0 },
            via: Via::Kiosk,
            connections: 4,
            seed: number as u64 + 1,
            keep_devices: true,
            progress: ProgressMode::Off,
            ..SimulateOptions::default()
        };
        let parcels = (sample.organisation == Organisation::Parcels)
            .then(|| parcel_driver::ParcelDriver::new(running, sample.tenant));
        let now = running.assembly.clock.now();
        let (ended, filling) = (end.clone(), Arc::clone(&filling));
        tasks.push(tokio::spawn(async move {
            let until_end = || {
                let mut ended = ended.clone();
                async move {
                    let _ = ended.wait_for(|ended| *ended).await;
                }
            };
            let playing = async {
                let tour = tour?;
                tour.prepare().await?;
                {
                    let _turn = filling.lock().await;
                    tour.fill_week(now).await?;
                }
                let driving = async {
                    if sample.kind.is_some() {
                        milepost_simulate::simulate(options, until_end()).await?;
                    }
                    Ok(())
                };
                let bringing = async {
                    if let Some(parcels) = parcels {
                        parcels.drive().await;
                    }
                    Ok(())
                };
                tokio::try_join!(driving, tour.play(until_end()), bringing).map(drop)
            };
            tokio::select! {
                played = playing => {
                    if let Err(error) = played {
                        let error: milepost_simulate::SimulateError = error;
                        tracing::warn!(%error, tenant.id = sample.tenant, "a part of the demo has stopped");
                    }
                }
                () = until_end() => {}
            }
        }));
    }
    tasks
}

/// The token of an admin of a sample, whom the demo plays.
fn token_of(running: &Running, tenant: &str) -> String {
    let assembly = &running.assembly;
    assembly.access.tokens().sign(&Claims {
        subject: "demo".to_owned(),
        tenant: TenantId::new(tenant).ok(),
        role: Some(Role::Admin),
        cadet_id: None,
        vehicle_ids: Vec::new(),
        expires_at: assembly.clock.now().plus_ms(DEMO_TOKEN_MS),
        issued_at: None,
        is_refresh: false,
        is_account: false,
        password_fingerprint: None,
        session: None,
    })
}
