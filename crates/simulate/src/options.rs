//! The options of a simulation.

use crate::error::SimulateError;
use crate::{Times, TrackerTarget};
use milepost_formats::ReadOptions;
use std::path::PathBuf;
use std::time::Duration;

/// Everything about one run. The default drives 10 vehicles along the demo routes at 1 Hz until it is stopped.
#[derive(Debug, Clone)]
pub struct SimulateOptions {
    /// The server's URL: `http://127.0.0.1:8080` or `https://…`. Certificates are checked against the system's.
    pub url: String,
    /// How the simulation authenticates.
    pub credential: Credential,
    /// The tenant of the vehicles, for a superadmin; otherwise it is the credential's own.
    pub tenant: Option<String>,
    /// The number of vehicles. A replay has as many as its files.
    pub vehicles: usize,
    /// The first part of each vehicle's id; its number or its recorded name follows.
    pub prefix: String,
    /// The kind of vehicles that are made: bus, car, …
    pub kind: String,
    /// Along routes, or from recordings.
    pub motion: Motion,
    /// The duration. `None`: until the simulation is cancelled or the replay is over.
    pub duration: Option<Duration>,
    /// The call that sends fixes.
    pub via: Via,
    /// Trackers that report over TCP instead. Their devices are made with a unique id.
    pub tracker: Option<TrackerTarget>,
    /// Most fixes in one call of [`Via::Positions`], 1 to 10,000.
    pub batch_size: usize,
    /// Most requests under way at once, from 1; as many connections are kept alive.
    pub connections: usize,
    /// The same seed gives the same drives and the same noise.
    pub seed: u64,
    /// Keep the devices that were made for this run. Otherwise they are removed at its end. Vehicles always stay.
    pub keep_devices: bool,
    /// How progress is shown, on stderr.
    pub progress: ProgressMode,
}

impl Default for SimulateOptions {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:8080".to_owned(),
            credential: Credential::Devices(Vec::new()),
            tenant: None,
            vehicles: 10,
            prefix: "sim-".to_owned(),
            kind: "bus".to_owned(),
            motion: Motion::Drive { routes: None, rate_hz: 1.0 },
            duration: None,
            via: Via::Kiosk,
            tracker: None,
            batch_size: 100,
            connections: 32,
            seed: 1,
            keep_devices: false,
            progress: ProgressMode::Auto,
        }
    }
}

/// How the simulation authenticates: as an admin or manager, who makes vehicles and devices, or as existing devices.
#[derive(Clone)]
pub enum Credential {
    /// A login.
    Password {
        /// The user's name.
        username: String,
        /// Its password.
        password: String,
    },
    /// A JWT. It must live as long as making the vehicles and devices takes.
    Bearer(String),
    /// Existing devices, one for each vehicle.
    Devices(Vec<DeviceKey>),
}

/// Secrets stay out of logs and panics.
impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Password { .. } => f.write_str("Password"),
            Self::Bearer(_) => f.write_str("Bearer"),
            Self::Devices(keys) => write!(f, "Devices({})", keys.len()),
        }
    }
}

/// An existing device.
#[derive(Clone)]
pub struct DeviceKey {
    /// Its id, part of the kiosk URL.
    pub device_id: String,
    /// Its secret.
    pub key: String,
}

impl std::fmt::Debug for DeviceKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DeviceKey({})", self.device_id)
    }
}

/// How the vehicles move.
#[derive(Debug, Clone)]
#[expect(clippy::large_enum_variant, reason = "there is one for each run")]
pub enum Motion {
    /// Along routes, stopping at stops, turning at the ends.
    Drive {
        /// A GeoJSON file of LineStrings; `None` for the demo routes.
        routes: Option<PathBuf>,
        /// Fixes a second of each vehicle, above 0 to 100.
        rate_hz: f64,
    },
    /// As in a recording.
    Replay(Replay),
}

/// Recorded files to replay, all together in the order of their times.
#[derive(Debug, Clone)]
pub struct Replay {
    /// CSV, GPX, NMEA, GeoJSON or KML files. They are held in memory, up to [`Self::MAX_FIXES`].
    pub files: Vec<PathBuf>,
    /// Their columns, units and zone.
    pub read: ReadOptions,
    /// 1 for real time, 60 for an hour a minute; above 0 to 100,000.
    pub speed_factor: f64,
    /// The times that the fixes carry when they are sent.
    pub times: Times,
    /// Start again at the end.
    pub repeat: bool,
}

impl Replay {
    /// Most fixes of one replay, about half a gigabyte. More is refused with a message.
    pub const MAX_FIXES: usize = 5_000_000;

    /// These files in real time, shifted to the present.
    pub fn of(files: Vec<PathBuf>) -> Self {
        Self { files, read: ReadOptions::default(), speed_factor: 1.0, times: Times::Shifted, repeat: false }
    }
}

/// The call that sends fixes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Via {
    /// `POST /api/v1/kiosks/{device_id}/location/`, one call a fix.
    #[default]
    Kiosk,
    /// `POST /api/v1/positions`, with the fixes since the last call.
    Positions,
}

/// How progress is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ProgressMode {
    /// A live line on a terminal, plain lines elsewhere.
    #[default]
    Auto,
    /// A plain line every five seconds.
    Plain,
    /// Nothing: the caller prints the summary.
    Off,
}

impl SimulateOptions {
    /// # Errors
    /// [`SimulateError::Option`] that names the option and what it takes.
    pub(crate) fn check(&self) -> Result<(), SimulateError> {
        let refuse = |text: &str| Err(SimulateError::Option(text.to_owned()));
        if !(1..=10_000).contains(&self.batch_size) {
            return refuse("batch size must be 1 to 10000");
        }
        if self.connections == 0 {
            return refuse("connections must be at least 1");
        }
        if let Credential::Devices(keys) = &self.credential
            && keys.is_empty()
        {
            return refuse("give a login, a token or device keys to simulate with");
        }
        if self.tracker.is_some() && matches!(self.credential, Credential::Devices(_)) {
            return refuse("trackers are made with a unique id: give a login or a token to simulate them with");
        }
        match &self.motion {
            Motion::Drive { .. } if self.vehicles == 0 => refuse("vehicles must be at least 1"),
            Motion::Drive { rate_hz, .. } if !(*rate_hz > 0.0 && *rate_hz <= 100.0) => {
                refuse("rate must be above 0 and at most 100 fixes a second")
            }
            Motion::Replay(replay) if replay.files.is_empty() => refuse("give at least one file to replay"),
            Motion::Replay(replay) if !(replay.speed_factor > 0.0 && replay.speed_factor <= 100_000.0) => {
                refuse("speed factor must be above 0 and at most 100000")
            }
            _ => Ok(()),
        }
    }
}
