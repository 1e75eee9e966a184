//! `milepost simulate`: drives simulated vehicles over the public API.

use super::read_args::ReadArgs;
use super::{read_config, say, stop_signal};
use crate::config::SettingFlags;
use crate::data_folder::can_sign;
use crate::token_keys::token_keys;
use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use milepost_access::Claims;
use milepost_clock::Clock;
use milepost_domain::{Role, TenantId};
use milepost_simulate::{
    Credential, DeviceKey, Motion, ProgressMode, Replay, SimulateOptions, Times, TrackerProtocol, TrackerTarget, Via,
};
use std::path::PathBuf;
use std::time::Duration;

/// Lifetime of the token in milliseconds, long enough to make vehicles and devices. Afterwards the devices' keys are
/// used.
const OWN_TOKEN_MS: i64 = 60 * 60 * 1000;

#[derive(Args)]
pub(super) struct SimulateArgs {
    /// Where the server is.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    /// Vehicles to drive; a replay has as many as its files.
    #[arg(long, default_value_t = 10)]
    vehicles: usize,
    /// Fixes a second of each vehicle.
    #[arg(long, default_value_t = 1.0)]
    rate: f64,
    /// How long, such as 90s; until Ctrl-C if absent.
    #[arg(long, value_parser = crate::config::parse_duration)]
    duration: Option<Duration>,
    /// GeoJSON file of LineStrings to drive along; the built-in routes if absent.
    #[arg(long, conflicts_with = "replay")]
    routes: Option<PathBuf>,
    /// Recorded files to replay: CSV, GPX, NMEA, GeoJSON, KML.
    #[arg(long, num_args = 1..)]
    replay: Vec<PathBuf>,
    /// How many times faster than recorded.
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Which time a replayed fix carries.
    #[arg(long, value_enum, default_value_t = TimesArg::Shifted)]
    times: TimesArg,
    /// Begins the replay anew at its end.
    #[arg(long)]
    repeat: bool,
    #[command(flatten)]
    read: ReadArgs,
    /// An admin's or manager's login, also as tenant/name; its password comes from MILEPOST_PASSWORD.
    #[arg(long, default_value = "admin")]
    user: String,
    /// Password of --user; better in the environment, where other users don't see it.
    #[arg(long, env = "MILEPOST_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    /// A token instead of a login.
    #[arg(long, env = "MILEPOST_TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// DEVICE=KEY of devices that exist, instead of a login; repeat it.
    #[arg(long, value_name = "DEVICE=KEY")]
    device: Vec<String>,
    /// Tenant of the vehicles, for a superadmin.
    #[arg(long)]
    tenant: Option<String>,
    /// First part of the vehicles' ids.
    #[arg(long, default_value = "sim-")]
    prefix: String,
    /// Kind of the vehicles.
    #[arg(long, default_value = "bus")]
    kind: String,
    /// Sends batches to /api/v1/positions instead of single pings to the kiosk route.
    #[arg(long)]
    batch: bool,
    /// Reports over TCP as trackers of this protocol do; the server serves it with DEVICE_PORTS.
    #[arg(long, value_enum, conflicts_with_all = ["batch", "device"])]
    protocol: Option<ProtocolArg>,
    /// The server's port for this protocol; its usual one if absent.
    #[arg(long, requires = "protocol")]
    port: Option<u16>,
    /// Requests at the same time.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Seed of the random numbers; the same one makes the same drive.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum ProtocolArg {
    Teltonika,
    Gt06,
    H02,
    Jt808,
}

impl From<ProtocolArg> for TrackerProtocol {
    fn from(protocol: ProtocolArg) -> Self {
        match protocol {
            ProtocolArg::Teltonika => Self::Teltonika,
            ProtocolArg::Gt06 => Self::Gt06,
            ProtocolArg::H02 => Self::H02,
            ProtocolArg::Jt808 => Self::Jt808,
        }
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum TimesArg {
    /// Recorded times, shifted so that the first fix is of now.
    Shifted,
    /// The time of sending.
    Present,
    /// As recorded.
    Recorded,
}

pub(super) async fn run(args: SimulateArgs, clock: &Clock) -> Result<()> {
    let stop = stop_signal()?;
    let options = options_from(args, clock)?;
    let summary = milepost_simulate::simulate(options, stop).await?;
    say(&summary.to_string());
    Ok(())
}

fn options_from(args: SimulateArgs, clock: &Clock) -> Result<SimulateOptions> {
    let credential = credential_from(&args, clock)?;
    let motion = if args.replay.is_empty() {
        Motion::Drive { routes: args.routes, rate_hz: args.rate }
    } else {
        Motion::Replay(Replay {
            files: args.replay,
            read: args.read.options(),
            speed_factor: args.speed,
            times: match args.times {
                TimesArg::Shifted => Times::Shifted,
                TimesArg::Present => Times::Present,
                TimesArg::Recorded => Times::Recorded,
            },
            repeat: args.repeat,
        })
    };
    let tracker = args.protocol.map(|protocol| {
        let protocol = TrackerProtocol::from(protocol);
        TrackerTarget { protocol, port: args.port.unwrap_or(protocol.usual_port()) }
    });
    Ok(SimulateOptions {
        url: args.url,
        credential,
        tenant: args.tenant,
        vehicles: args.vehicles,
        prefix: args.prefix,
        kind: args.kind,
        motion,
        duration: args.duration,
        tracker,
        via: if args.batch { Via::Positions } else { Via::Kiosk },
        connections: args.connections,
        seed: args.seed,
        progress: ProgressMode::Auto,
        ..SimulateOptions::default()
    })
}

fn credential_from(args: &SimulateArgs, clock: &Clock) -> Result<Credential> {
    if !args.device.is_empty() {
        let keys = args.device.iter().map(|pair| {
            let (device_id, key) = pair.split_once('=').context("--device takes DEVICE=KEY")?;
            Ok(DeviceKey { device_id: device_id.to_owned(), key: key.to_owned() })
        });
        return Ok(Credential::Devices(keys.collect::<Result<_>>()?));
    }
    if let Some(token) = &args.token {
        return Ok(Credential::Bearer(token.clone()));
    }
    if let Some(password) = &args.password {
        return Ok(Credential::Password { username: args.user.clone(), password: password.clone() });
    }
    own_token(args, clock)?.map(Credential::Bearer).context(
        "needs a credential: --token, --device, or the password of --user in MILEPOST_PASSWORD \
         (on the server's own machine, its JWT_SECRET or MILEPOST_DATA is enough)",
    )
}

/// A token signed with the server's secret, as `milepost token` makes it, if the secret can be read.
fn own_token(args: &SimulateArgs, clock: &Clock) -> Result<Option<String>> {
    let (_, config) = read_config(&SettingFlags::default())?;
    if !can_sign(&config) {
        return Ok(None);
    }
    let keys = token_keys(&config, clock)?;
    let tenant = args.tenant.as_deref().map_or_else(|| Ok(TenantId::default_tenant()), TenantId::new)?;
    Ok(Some(keys.sign(&Claims {
        subject: "simulate".to_owned(),
        tenant: Some(tenant),
        role: Some(Role::Admin),
        cadet_id: None,
        vehicle_ids: Vec::new(),
        expires_at: clock.now().plus_ms(OWN_TOKEN_MS),
        issued_at: None,
        is_refresh: false,
        is_account: false,
        password_fingerprint: None,
        session: None,
    })))
}
