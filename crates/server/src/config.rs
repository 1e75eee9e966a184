//! The configuration: flags win over the environment, the environment over the file, the file over the defaults.

mod duration;
pub use duration::parse_duration;
mod load;
mod setting;

pub use load::{ConfigError, Resolved, Source, resolve};
pub use setting::{SETTINGS, Setting, SettingFlags};

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// What the server runs with. Each field's variable, default and unit stand in [`SETTINGS`].
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "each field is described in SETTINGS")]
pub struct Config {
    pub listen: SocketAddr,
    pub data: PathBuf,
    pub database_url: Option<String>,
    pub redis_url: Option<String>,
    pub jwt_secret: Option<String>,
    pub jwt_public_key_file: Option<PathBuf>,
    pub jwks_file: Option<PathBuf>,
    pub allowed_origins: Vec<String>,
    pub ws_read_buffer_bytes: usize,
    pub ws_write_buffer_bytes: usize,
    pub ws_ping_period: Duration,
    pub ws_pong_wait: Duration,
    pub ws_write_wait: Duration,
    pub ws_max_message_bytes: Option<usize>,
    pub max_connections_per_tenant: usize,
    pub event_retention: Duration,
    pub position_retention: Duration,
    pub replay_window: Duration,
    pub echo: bool,
    pub tile_url: Option<String>,
    pub tile_attribution: Option<String>,
    pub log: String,
    pub log_json: bool,
    pub drain_window: Duration,
}

impl Config {
    /// Reads the resolved texts, which were checked one by one, and checks what only holds between them.
    ///
    /// # Errors
    /// Names the settings that don't go together.
    pub fn from_resolved(resolved: &Resolved) -> Result<Self, ConfigError> {
        let config = Self {
            listen: resolved.parsed("MILEPOST_LISTEN")?,
            data: resolved.text("MILEPOST_DATA").into(),
            database_url: resolved.optional("DATABASE_URL"),
            redis_url: resolved.optional("REDIS_URL"),
            jwt_secret: resolved.optional("JWT_SECRET"),
            jwt_public_key_file: resolved.optional("JWT_PUBLIC_KEY_FILE").map(Into::into),
            jwks_file: resolved.optional("JWKS_FILE").map(Into::into),
            allowed_origins: resolved.list("ALLOWED_ORIGINS"),
            ws_read_buffer_bytes: resolved.parsed("WS_READ_BUFFER_SIZE")?,
            ws_write_buffer_bytes: resolved.parsed("WS_WRITE_BUFFER_SIZE")?,
            ws_ping_period: resolved.duration("WS_PING_PERIOD")?,
            ws_pong_wait: resolved.duration("WS_PONG_WAIT")?,
            ws_write_wait: resolved.duration("WS_WRITE_WAIT")?,
            ws_max_message_bytes: match resolved.optional("WS_MAX_MESSAGE_SIZE") {
                Some(_) => Some(resolved.parsed("WS_MAX_MESSAGE_SIZE")?),
                None => None,
            },
            max_connections_per_tenant: resolved.parsed("MAX_CONNECTIONS_PER_TENANT")?,
            event_retention: resolved.duration("EVENT_RETENTION")?,
            position_retention: resolved.duration("POSITION_RETENTION")?,
            replay_window: resolved.duration("REPLAY_WINDOW")?,
            echo: resolved.flag("MILEPOST_ECHO"),
            tile_url: resolved.optional("MILEPOST_TILE_URL"),
            tile_attribution: resolved.optional("MILEPOST_TILE_ATTRIBUTION"),
            log: resolved.text("MILEPOST_LOG").to_owned(),
            log_json: resolved.text("MILEPOST_LOG_FORMAT") == "json",
            drain_window: resolved.duration("MILEPOST_DRAIN_WINDOW")?,
        };
        if config.ws_ping_period >= config.ws_pong_wait {
            return Err(ConfigError::new(
                "WS_PING_PERIOD",
                "must be shorter than WS_PONG_WAIT, or every quiet socket is taken for dead",
            ));
        }
        Ok(config)
    }

    /// The database: as configured, or SQLite in the data folder.
    pub fn database(&self) -> String {
        self.database_url.clone().unwrap_or_else(|| format!("sqlite://{}", self.data.join("milepost.db").display()))
    }
}
