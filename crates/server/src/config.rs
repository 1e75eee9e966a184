//! The configuration. Flags win over the environment, the environment over the file, and the file over the defaults.

mod database_url;
mod device_ports;
mod duration;
mod listen_address;
mod load;
mod oidc;
mod proof_store;
mod setting;
mod transit_feeds;

pub use device_ports::DevicePort;
pub use duration::parse_duration;
pub use load::{ConfigError, Resolved, Source, resolve};
pub use proof_store::ProofStore;
pub use setting::{SETTINGS, SETTINGS_HEADING, Setting, SettingFlags};

use milepost_cache::CacheBudget;
use milepost_domain::TenantId;
use milepost_http::TenantHosts;
use milepost_mqtt::BrokerUrl;
use milepost_oidc::OidcSettings;
use milepost_outbox::{AddressRule, MailFrom, ServiceUrl, SmtpUrl};
use milepost_phone_formats::DeviceSecrets;
use milepost_relay::RedisUrl;
use milepost_transit_feeds::FeedSource;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

/// The server's configuration. [`SETTINGS`] has each field's variable, default and unit.
#[derive(Clone)]
#[allow(missing_docs, reason = "each field is described in SETTINGS")]
pub struct Config {
    pub listen: SocketAddr,
    pub data: PathBuf,
    pub database_url: Option<String>,
    pub redis_url: Option<RedisUrl>,
    pub jwt_secret: Option<String>,
    pub jwt_secret_file: Option<PathBuf>,
    pub jwt_public_key_file: Option<PathBuf>,
    pub jwks_file: Option<PathBuf>,
    /// What `iss` must be in tokens of other issuers.
    pub jwt_issuer: Option<String>,
    /// What `aud` must name in tokens of other issuers.
    pub jwt_audience: Option<String>,
    pub allowed_origins: Vec<String>,
    pub tenant_hosts: TenantHosts,
    pub ws_read_buffer_bytes: usize,
    pub ws_write_buffer_bytes: usize,
    pub ws_ping_period: Duration,
    pub ws_pong_wait: Duration,
    pub ws_write_wait: Duration,
    pub ws_max_message_bytes: Option<usize>,
    pub cache_budget: CacheBudget,
    pub max_connections_per_tenant: usize,
    pub max_connections_per_address: usize,
    pub alert_expiry: Duration,
    pub alert_cleanup: Duration,
    pub event_retention: Duration,
    pub position_retention: Duration,
    /// How long rows of the audit are kept.
    pub audit_retention: Duration,
    /// How long the erasure of a person can be taken back.
    pub erasure_delay: Duration,
    /// Where proofs are kept.
    pub proof_store: ProofStore,
    pub replay_window: Duration,
    pub parcel_zone_m: u32,
    pub tracking_ttl: Duration,
    pub echo: bool,
    pub dashboard_interval: Duration,
    /// Fleet sockets may be opened without a credential.
    pub fleet_anonymous_access: bool,
    /// Phones and apps must show their device's key.
    pub device_keys_required: bool,
    /// The port of phones and apps.
    pub device_http_listen: Option<SocketAddr>,
    /// `TRACCAR_API`, default 0: the routes of Traccar's clients on the main port.
    pub traccar_api: bool,
    /// `TRACCAR_LISTEN`, unset by default: a port for Traccar's clients alone.
    pub traccar_listen: Option<SocketAddr>,
    /// `TRACCAR_WEB`, unset by default: the folder that this port serves at `/`.
    pub traccar_web: Option<PathBuf>,
    pub device_secrets: DeviceSecrets,
    /// OwnTracks apps are told where the others of their tenant are.
    pub owntracks_friends: bool,
    pub mqtt_broker: Option<BrokerUrl>,
    pub mqtt_topics: Vec<String>,
    /// The tenant whose admins add unknown devices.
    pub device_tenant: Option<TenantId>,
    /// The protocols of trackers that are served.
    pub device_ports: Vec<DevicePort>,
    pub device_bind: IpAddr,
    pub device_max_per_address: usize,
    pub device_idle: Duration,
    /// Transit feeds of others that are polled.
    pub transit_feeds: Vec<FeedSource>,
    /// Everybody may read the transit feeds.
    pub transit_public: bool,
    /// The archive with the map of streets.
    pub basemap: Option<PathBuf>,
    pub tile_url: Option<String>,
    pub tile_attribution: Option<String>,
    pub log: String,
    pub log_json: bool,
    /// How long the server goes on after the signal to stop, with a red `/ready`.
    pub drain_delay: Duration,
    pub drain_window: Duration,
    /// Proxies that are trusted to report the client's address, such as `192.0.2.1` or `10.0.0.0/8`.
    pub trusted_proxies: Vec<String>,
    pub order_service: Option<ServiceUrl>,
    /// `PUBLIC_URL` without a trailing slash; empty if unset.
    pub public_url: String,
    pub notification_service: Option<ServiceUrl>,
    pub oidc: Option<OidcSettings>,
    /// Nobody logs in by password but the first user.
    pub oidc_only: bool,
    pub smtp: Option<SmtpUrl>,
    /// The sender of mails. It is set where `smtp` is.
    pub mail_from: Option<MailFrom>,
    pub outgoing_give_up: Duration,
    /// Private addresses that webhooks and push services may use.
    pub webhook_allow: AddressRule,
    pub vapid_private_key: Option<String>,
    pub vapid_subject: Option<String>,
}

// Written by hand, so that secrets and URLs with passwords never reach a log line. `check-config` shows the rest.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("listen", &self.listen).field("data", &self.data).finish_non_exhaustive()
    }
}

impl Config {
    /// Reads the resolved texts, each of which was checked, and checks that they fit together.
    ///
    /// # Errors
    /// The settings that contradict each other.
    pub fn from_resolved(resolved: &Resolved) -> Result<Self, ConfigError> {
        let config = Self {
            listen: listen_address::listen_address(resolved.text("MILEPOST_LISTEN"))
                .map_err(|takes| ConfigError::new("MILEPOST_LISTEN", takes))?,
            data: resolved.text("MILEPOST_DATA").into(),
            database_url: resolved.optional("DATABASE_URL"),
            redis_url: redis_url(resolved)?,
            jwt_secret: resolved.optional("JWT_SECRET"),
            jwt_secret_file: resolved.optional("JWT_SECRET_FILE").map(Into::into),
            jwt_public_key_file: resolved.optional("JWT_PUBLIC_KEY_FILE").map(Into::into),
            jwks_file: resolved.optional("JWKS_FILE").map(Into::into),
            jwt_issuer: resolved.optional("JWT_ISSUER"),
            jwt_audience: resolved.optional("JWT_AUDIENCE"),
            allowed_origins: resolved.list("ALLOWED_ORIGINS"),
            tenant_hosts: TenantHosts::new(&resolved.list("TENANT_HOSTS"))
                .map_err(|entry| ConfigError::new("TENANT_HOSTS", format!("does not take {entry}")))?,
            ws_read_buffer_bytes: resolved.parsed("WS_READ_BUFFER_SIZE")?,
            ws_write_buffer_bytes: resolved.parsed("WS_WRITE_BUFFER_SIZE")?,
            ws_ping_period: resolved.duration("WS_PING_PERIOD")?,
            ws_pong_wait: resolved.duration("WS_PONG_WAIT")?,
            ws_write_wait: resolved.duration("WS_WRITE_WAIT")?,
            ws_max_message_bytes: match resolved.optional("WS_MAX_MESSAGE_SIZE") {
                Some(_) => Some(resolved.parsed("WS_MAX_MESSAGE_SIZE")?),
                None => None,
            },
            cache_budget: CacheBudget::of_mib(resolved.parsed("MILEPOST_CACHE_MIB")?),
            max_connections_per_tenant: resolved.parsed("MAX_CONNECTIONS_PER_TENANT")?,
            max_connections_per_address: resolved.parsed("MAX_CONNECTIONS_PER_ADDRESS")?,
            alert_expiry: resolved.duration("ALERT_EXPIRY_DURATION")?,
            alert_cleanup: resolved.duration("ALERT_CLEANUP_INTERVAL")?,
            event_retention: resolved.duration("EVENT_RETENTION")?,
            position_retention: resolved.duration("POSITION_RETENTION")?,
            audit_retention: resolved.duration("AUDIT_RETENTION")?,
            erasure_delay: resolved.duration("ERASURE_DELAY")?,
            proof_store: proof_store::from_resolved(resolved)?,
            replay_window: resolved.duration("REPLAY_WINDOW")?,
            parcel_zone_m: resolved.parsed("MILEPOST_PARCEL_ZONE_M")?,
            tracking_ttl: Duration::from_secs(resolved.parsed("TRACKING_TTL_SECONDS")?),
            echo: resolved.flag("MILEPOST_ECHO"),
            dashboard_interval: resolved.duration("DASHBOARD_INTERVAL")?,
            transit_public: resolved.flag("TRANSIT_PUBLIC"),
            transit_feeds: transit_feeds::transit_feeds(resolved.text("TRANSIT_FEEDS"))
                .map_err(|takes| ConfigError::new("TRANSIT_FEEDS", takes))?,
            fleet_anonymous_access: resolved.text("FLEET_WS_AUTH") == "optional",
            device_keys_required: resolved.text("DEVICE_KEYS") == "required",
            traccar_api: resolved.flag("TRACCAR_API"),
            traccar_listen: resolved
                .optional("TRACCAR_LISTEN")
                .map(|text| listen_address::listen_address(&text))
                .transpose()
                .map_err(|takes| ConfigError::new("TRACCAR_LISTEN", takes))?,
            traccar_web: resolved.optional("TRACCAR_WEB").map(PathBuf::from),
            device_http_listen: resolved
                .optional("DEVICE_HTTP_LISTEN")
                .map(|text| listen_address::listen_address(&text))
                .transpose()
                .map_err(|takes| ConfigError::new("DEVICE_HTTP_LISTEN", takes))?,
            device_secrets: DeviceSecrets::new(&resolved.list("DEVICE_SECRETS"))
                .map_err(|entry| ConfigError::new("DEVICE_SECRETS", format!("does not take entry {entry}")))?,
            owntracks_friends: resolved.flag("OWNTRACKS_FRIENDS"),
            mqtt_broker: resolved
                .optional("MQTT_URL")
                .map(|url| BrokerUrl::parse(&url))
                .transpose()
                .map_err(|takes| ConfigError::new("MQTT_URL", takes))?,
            mqtt_topics: resolved.list("MQTT_TOPICS"),
            device_tenant: resolved
                .optional("DEVICE_TENANT")
                .map(|id| TenantId::new(&id))
                .transpose()
                .map_err(|invalid| ConfigError::new("DEVICE_TENANT", invalid.message))?,
            device_ports: device_ports::device_ports(&resolved.list("DEVICE_PORTS"))
                .map_err(|takes| ConfigError::new("DEVICE_PORTS", takes))?,
            device_bind: resolved.parsed("DEVICE_BIND")?,
            device_max_per_address: resolved.parsed("DEVICE_MAX_PER_ADDRESS")?,
            device_idle: resolved.duration("DEVICE_IDLE")?,
            basemap: resolved.optional("MILEPOST_BASEMAP").map(Into::into),
            tile_url: resolved.optional("MILEPOST_TILE_URL"),
            tile_attribution: resolved.optional("MILEPOST_TILE_ATTRIBUTION"),
            log: resolved.text("MILEPOST_LOG").to_owned(),
            log_json: resolved.text("MILEPOST_LOG_FORMAT") == "json",
            drain_delay: resolved.duration("MILEPOST_DRAIN_DELAY")?,
            drain_window: resolved.duration("MILEPOST_DRAIN_WINDOW")?,
            trusted_proxies: resolved.list("MILEPOST_TRUSTED_PROXIES"),
            public_url: public_url(resolved)?,
            order_service: service_url(resolved, "ORDER_SERVICE_URL")?,
            notification_service: service_url(resolved, "NOTIFICATION_SERVICE_URL")?,
            oidc: oidc::oidc_settings(resolved, &public_url(resolved)?)?,
            oidc_only: resolved.flag("OIDC_ONLY"),
            smtp: parsed_setting(resolved, "SMTP_URL", SmtpUrl::parse)?,
            mail_from: parsed_setting(resolved, "MAIL_FROM", MailFrom::parse)?,
            outgoing_give_up: resolved.duration("MILEPOST_OUTGOING_GIVE_UP")?,
            webhook_allow: AddressRule::new(&resolved.list("MILEPOST_WEBHOOK_ALLOW"))
                .map_err(|entry| ConfigError::new("MILEPOST_WEBHOOK_ALLOW", format!("does not take {entry}")))?,
            vapid_private_key: resolved.optional("VAPID_PRIVATE_KEY"),
            vapid_subject: resolved.optional("VAPID_SUBJECT"),
        };
        if config.jwt_secret.is_some() && config.jwt_secret_file.is_some() {
            return Err(ConfigError::new("JWT_SECRET_FILE", "must not be set beside JWT_SECRET"));
        }
        if config.oidc_only && config.oidc.is_none() {
            return Err(ConfigError::new("OIDC_ONLY", "needs OIDC_ISSUER: nobody else could log in"));
        }
        if config.smtp.is_some() {
            if config.mail_from.is_none() {
                return Err(ConfigError::new("MAIL_FROM", "must be set beside SMTP_URL: the sender of mails"));
            }
            if config.public_url.is_empty() {
                return Err(ConfigError::new(
                    "PUBLIC_URL",
                    "must be set beside SMTP_URL: the beginning of links in mails",
                ));
            }
        }
        if config.ws_ping_period >= config.ws_pong_wait {
            return Err(ConfigError::new(
                "WS_PING_PERIOD",
                "must be shorter than WS_PONG_WAIT, or every quiet socket is taken for dead",
            ));
        }
        Ok(config)
    }

    /// The configured database, or SQLite in the data folder.
    pub fn database(&self) -> String {
        self.database_url.clone().unwrap_or_else(|| format!("sqlite://{}", self.data.join("milepost.db").display()))
    }
}

fn redis_url(resolved: &Resolved) -> Result<Option<RedisUrl>, ConfigError> {
    let url = resolved.optional("REDIS_URL").map(|text| RedisUrl::parse(&text));
    url.transpose().map_err(|takes| ConfigError::new("REDIS_URL", takes.to_string()))
}

fn public_url(resolved: &Resolved) -> Result<String, ConfigError> {
    const VARIABLE: &str = "PUBLIC_URL";
    service_url(resolved, VARIABLE)?;
    let url = resolved.optional(VARIABLE).unwrap_or_default();
    Ok(url.trim_end_matches('/').to_owned())
}

/// Reads a setting that may be unset.
fn parsed_setting<T>(
    resolved: &Resolved,
    variable: &str,
    parse: fn(&str) -> Result<T, &'static str>,
) -> Result<Option<T>, ConfigError> {
    resolved.optional(variable).map(|text| parse(&text)).transpose().map_err(|takes| ConfigError::new(variable, takes))
}

fn service_url(resolved: &Resolved, variable: &str) -> Result<Option<ServiceUrl>, ConfigError> {
    let url = resolved.optional(variable).map(|text| ServiceUrl::parse(&text));
    url.transpose().map_err(|takes| ConfigError::new(variable, takes))
}
