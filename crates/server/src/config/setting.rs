//! The table of settings, which defines flags, environment variables, file keys and check-config.

use super::database_url::check_database_url;
use super::device_ports::device_ports;
use super::duration::parse_duration;
use super::listen_address::listen_address;
use super::proof_store;
use super::transit_feeds::transit_feeds;
use clap::{Arg, ArgMatches, Command, FromArgMatches};
use milepost_domain::TenantId;
use milepost_http::{TenantHosts, TrustedProxies};
use milepost_mqtt::{BrokerUrl, is_topic_filter};
use milepost_oidc::{Issuer, RoleMap};
use milepost_outbox::{AddressRule, MailFrom, ServiceUrl, SmtpUrl, Vapid, check_push_subject};
use milepost_phone_formats::DeviceSecrets;
use milepost_relay::RedisUrl;
use std::collections::BTreeMap;
use std::fmt;

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// The environment variable.
    pub variable: &'static str,
    /// The default as text; empty means unset.
    pub default: &'static str,
    /// The purpose and the unit.
    pub help: &'static str,
    /// Whether the value is a secret, which is never printed.
    pub secret: bool,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Text,
    Address,
    Flag,
    OneOf(&'static [&'static str]),
    /// A whole number within these bounds.
    Number(u64, u64),
    /// A duration within these bounds, in milliseconds.
    Duration(u64, u64),
    Database,
    /// Addresses and networks, separated by commas.
    Networks,
    Redis,
    /// `host=tenant`, separated by commas.
    TenantHosts,
    Tenant,
    /// `unique-id=secret`, separated by commas.
    DeviceSecrets,
    Broker,
    /// Filters of MQTT topics, separated by commas.
    Topics,
    /// Host names, addresses and networks, separated by commas.
    Hosts,
    HttpUrl,
    /// Names of protocols, some with `=port`, separated by commas.
    DevicePorts,
    /// An address without a port.
    Ip,
    /// `URL|tenant|interval`, separated by blanks. The URLs may hold keys.
    TransitFeeds,
    Smtp,
    Mailbox,
    Secret,
    /// A secret that somebody else chose.
    ClientSecret,
    /// A folder, or `s3://bucket/prefix`.
    ProofStore,
    Issuer,
    /// `group=role`, separated by commas.
    Roles,
    VapidKey,
    PushSubject,
    LogFilter,
}

/// The variables of settings that had another name before, which is still read.
pub(super) const OLD_VARIABLES: &[(&str, &str)] = &[("PUBLIC_URL", "MILEPOST_PUBLIC_URL")];

/// The heading of the settings in `--help`.
pub const SETTINGS_HEADING: &str = "Settings";
const DAY_MS: u64 = 86_400_000;

const fn setting(variable: &'static str, default: &'static str, kind: Kind, help: &'static str) -> Setting {
    Setting {
        variable,
        default,
        help,
        secret: matches!(
            kind,
            Kind::Secret | Kind::ClientSecret | Kind::VapidKey | Kind::DeviceSecrets | Kind::TransitFeeds
        ),
        kind,
    }
}

/// Every setting, in the order in which it is shown.
#[rustfmt::skip]
pub const SETTINGS: &[Setting] = &[
    setting("MILEPOST_LISTEN", "127.0.0.1:8080", Kind::Address, "address and port, such as 0.0.0.0:8080, localhost:8080 or :8080 (every address); port 0 lets the system choose"),
    setting("MILEPOST_DATA", "./milepost-data", Kind::Text, "data folder of the embedded default"),
    setting("DATABASE_URL", "", Kind::Database, "sqlite://… or postgres://…; SQLite in the data folder if unset"),
    setting("REDIS_URL", "", Kind::Redis, "the relay between nodes: redis://…, rediss://…, redis+sentinel://host,host/master or redis+cluster://host,host; none if unset"),
    setting("JWT_SECRET", "", Kind::Secret, "HS256 secret, at least 32 bytes; generated in the data folder if unset"),
    setting("JWT_SECRET_FILE", "", Kind::Text, "file with the HS256 secret, such as a credential of systemd or a secret of Docker"),
    setting("JWT_PUBLIC_KEY_FILE", "", Kind::Text, "PEM file: also trust this issuer (RS256, ES256 or EdDSA)"),
    setting("JWKS_FILE", "", Kind::Text, "JSON Web Key Set file: also trust these keys; read again when it changes"),
    setting("JWT_ISSUER", "", Kind::Text, "what iss must be in tokens that another issuer signed; anything if unset"),
    setting("JWT_AUDIENCE", "", Kind::Text, "what aud must name in tokens that another issuer signed; anything if unset"),
    setting("OIDC_ISSUER", "", Kind::Issuer, "identity provider at which people log in, such as https://login.example.org; none if unset"),
    setting("OIDC_CLIENT_ID", "", Kind::Text, "this server's name at the provider"),
    setting("OIDC_CLIENT_SECRET", "", Kind::ClientSecret, "this server's secret at the provider, if it has one"),
    setting("OIDC_CLIENT_SECRET_FILE", "", Kind::Text, "file with that secret"),
    setting("OIDC_SCOPES", "openid profile email", Kind::Text, "what the provider is asked for, separated by spaces"),
    setting("OIDC_ROLES_CLAIM", "groups", Kind::Text, "the claim with a user's groups"),
    setting("OIDC_ROLES", "", Kind::Roles, "roles by groups, such as fleet-admins=admin,drivers=driver: nobody without one of them gets in; roles are given here if unset"),
    setting("OIDC_TENANT", "", Kind::Text, "the tenant of all who log in there; default if neither it nor OIDC_TENANT_CLAIM is set"),
    setting("OIDC_TENANT_CLAIM", "", Kind::Text, "the claim that names a user's tenant"),
    setting("OIDC_LINK_EMAIL", "never", Kind::OneOf(&["never", "verified"]), "verified links a new identity to the account of its tenant that has its verified address"),
    setting("OIDC_ONLY", "0", Kind::Flag, "1 takes no passwords but the first user's"),
    setting("ALLOWED_ORIGINS", "", Kind::Text, "origins, separated by commas, that may open sockets and use cookies; same host only if unset"),
    setting("TENANT_HOSTS", "", Kind::TenantHosts, "tenants by host name, such as school.example.org=school,bus.example.org=acme: a login at the host that names no tenant is of that tenant"),
    setting("WS_READ_BUFFER_SIZE", "1024", Kind::Number(256, 1 << 20), "bytes read from a socket at once"),
    setting("WS_WRITE_BUFFER_SIZE", "1024", Kind::Number(256, 1 << 20), "bytes; the backlog of a slow reader is gathered into writes of at most 16 times this size"),
    setting("WS_PING_PERIOD", "54s", Kind::Duration(10, DAY_MS), "how often a socket is pinged"),
    setting("WS_PONG_WAIT", "60s", Kind::Duration(20, DAY_MS), "a socket that is silent for this long is closed"),
    setting("WS_WRITE_WAIT", "10s", Kind::Duration(10, DAY_MS), "how long the last writes of a closing socket may take"),
    setting("WS_MAX_MESSAGE_SIZE", "", Kind::Number(1, 64 << 20), "bytes of an inbound message; 512 on the fleet socket, 65536 on /ws and 4096 on the others if unset"),
    setting("MILEPOST_CACHE_MIB", "768", Kind::Number(16, 1 << 20), "memory for what is read again when it is forgotten: vehicles, tracks, geofences, users and devices; mebibytes"),
    setting("MAX_CONNECTIONS_PER_TENANT", "10000", Kind::Number(1, 10_000_000), "open sockets and streams of one tenant"),
    setting("MAX_CONNECTIONS_PER_ADDRESS", "500", Kind::Number(1, 10_000_000), "connections of one address that have shown no credential, and of one caller; trusted proxies are not counted"),
    setting("ALERT_EXPIRY_DURATION", "24h", Kind::Duration(1_000, 36_500 * DAY_MS), "how long an alert is listed"),
    setting("ALERT_CLEANUP_INTERVAL", "1h", Kind::Duration(1_000, 365 * DAY_MS), "expired alerts, which are not listed any more, are removed at least this often"),
    setting("DASHBOARD_INTERVAL", "30s", Kind::Duration(100, DAY_MS), "how often a fleet's statistics are sent to its viewers"),
    setting("TRACKING_TTL_SECONDS", "86400", Kind::Number(1, 31_536_000), "life of a delivery session, seconds"),
    setting("EVENT_RETENTION", "7d", Kind::Duration(1_000, 36_500 * DAY_MS), "how long events are kept"),
    setting("POSITION_RETENTION", "90d", Kind::Duration(1_000, 36_500 * DAY_MS), "how long positions are kept, from their arrival"),
    setting("AUDIT_RETENTION", "730d", Kind::Duration(DAY_MS, 36_500 * DAY_MS), "how long the audit is kept"),
    setting("ERASURE_DELAY", "7d", Kind::Duration(0, 365 * DAY_MS), "how long the erasure of a person can be taken back; 0 erases at once"),
    setting("PROOF_STORE", "", Kind::ProofStore, "folder of the pictures of proofs of delivery and of the results of jobs, or a bucket of S3 and its like, s3://bucket/prefix; proofs in the data folder if unset"),
    setting("AWS_ENDPOINT_URL", "", Kind::HttpUrl, "server of that bucket, such as https://minio.example.org:9000; Amazon's if unset"),
    setting("AWS_REGION", "us-east-1", Kind::Text, "region of that bucket"),
    setting("AWS_ACCESS_KEY_ID", "", Kind::Text, "key for that bucket; the role of the machine if unset"),
    setting("AWS_SECRET_ACCESS_KEY", "", Kind::ClientSecret, "secret of that key"),
    setting("AWS_SESSION_TOKEN", "", Kind::ClientSecret, "token of a temporary key"),
    setting("REPLAY_WINDOW", "10m", Kind::Duration(1_000, 30 * DAY_MS), "how far back a viewer may request positions"),
    setting("MILEPOST_PARCEL_ZONE_M", "150", Kind::Number(20, 5_000), "radius of the zones around a parcel's pickup and destination, metres"),
    setting("ORDER_SERVICE_URL", "", Kind::HttpUrl, "order service of the delivery dialect: POST {url}/orders/{id}/status; not called if unset"),
    setting("NOTIFICATION_SERVICE_URL", "", Kind::HttpUrl, "notification service of the delivery dialect: POST {url}/notify/sms; not called if unset"),
    setting("PUBLIC_URL", "", Kind::HttpUrl, "where people reach this server, such as https://track.example.org: the beginning of every link that it gives out"),
    setting("SMTP_URL", "", Kind::Smtp, "mail server, such as smtp://user:password@mail.example.org:587?starttls=required or smtps://…; no mails if unset"),
    setting("MAIL_FROM", "", Kind::Mailbox, "sender of mails, such as Milepost <track@example.org>"),
    setting("MILEPOST_OUTGOING_GIVE_UP", "24h", Kind::Duration(1_000, 365 * DAY_MS), "a call to a service or webhook that fails at this age is given up"),
    setting("MILEPOST_WEBHOOK_ALLOW", "", Kind::Hosts, "hosts, addresses and networks, such as hooks.internal,10.1.0.0/16, that webhooks and push services may use although they are private; none if unset"),
    setting("VAPID_PRIVATE_KEY", "", Kind::VapidKey, "key of Web Push, 32 bytes in base64url; generated in the data folder if unset"),
    setting("VAPID_SUBJECT", "", Kind::PushSubject, "contact for push services: mailto:… or https://…; PUBLIC_URL if that is https"),
    setting("FLEET_WS_AUTH", "required", Kind::OneOf(&["required", "optional"]), "optional allows anonymous access to the fleet socket"),
    setting("DEVICE_KEYS", "optional", Kind::OneOf(&["optional", "required"]), "required refuses phones and apps that report without their device's key; trackers that have no place for one are not asked"),
    setting("DEVICE_HTTP_LISTEN", "", Kind::Address, "address and port of a port for phones and apps alone, such as 0.0.0.0:5055; none if unset"),
    setting("DEVICE_SECRETS", "", Kind::DeviceSecrets, "secrets of OwnTracks apps that encrypt: unique-id=secret, separated by commas"),
    setting("OWNTRACKS_FRIENDS", "0", Kind::Flag, "1 tells OwnTracks apps that show their device's key where the other OwnTracks phones of their tenant are"),
    setting("MQTT_URL", "", Kind::Broker, "an MQTT broker to take positions from, mqtt://user:password@host/ or mqtts://…; none if unset"),
    setting("MQTT_TOPICS", "owntracks/+/+,milepost/+", Kind::Topics, "topics of the broker, separated by commas"),
    setting("DEVICE_TENANT", "", Kind::Tenant, "tenant whose admins see and add unknown devices; superadmins alone if unset"),
    setting("DEVICE_PORTS", "", Kind::DevicePorts, "protocols of trackers that are served over TCP and UDP, such as teltonika,gt06=6023; a name alone has its usual port; none if unset"),
    setting("DEVICE_BIND", "0.0.0.0", Kind::Ip, "address on which they are served; :: is every one of IPv6 and IPv4"),
    setting("DEVICE_MAX_PER_ADDRESS", "1000", Kind::Number(1, 10_000_000), "connections of one address to these ports that are of no known device"),
    setting("DEVICE_IDLE", "15m", Kind::Duration(1_000, DAY_MS), "how long a tracker's connection may be silent"),
    setting("TRACCAR_API", "0", Kind::Flag, "1 serves the API of Traccar's clients under /api/… beside our own"),
    setting("TRACCAR_LISTEN", "", Kind::Address, "address and port of a port for Traccar's clients alone, such as 0.0.0.0:8082; none if unset"),
    setting("TRACCAR_WEB", "", Kind::Text, "folder with a built traccar-web, or any page, that this port serves at /; none if unset"),
    setting("TRANSIT_PUBLIC", "0", Kind::Flag, "1 lets everybody read the feeds /gtfs-rt/… and /siri/vm.xml of every tenant"),
    setting("TRANSIT_FEEDS", "", Kind::TransitFeeds, "transit feeds of others to poll, GTFS-Realtime or SIRI-VM: URL|tenant|interval, several separated by blanks; none if unset"),
    setting("MILEPOST_TRUSTED_PROXIES", "", Kind::Networks, "proxies, such as 127.0.0.1,10.0.0.0/8, whose X-Forwarded-For is trusted; none if unset"),
    setting("MILEPOST_ECHO", "0", Kind::Flag, "1 opens /ws/echo and /echo/kiosks/… for conformance suites and measurements"),
    setting("MILEPOST_BASEMAP", "", Kind::Text, "a PMTiles archive with the streets of a region, such as /srv/city.pmtiles; none if unset"),
    setting("MILEPOST_TILE_URL", "", Kind::Text, "map tiles, such as https://tiles.example.org/{z}/{x}/{y}.png; none if unset"),
    setting("MILEPOST_TILE_ATTRIBUTION", "", Kind::Text, "credit shown with the tiles"),
    setting("MILEPOST_LOG", "info", Kind::LogFilter, "log filter: error, warn, info, debug, trace, or target=level,…"),
    setting("MILEPOST_LOG_FORMAT", "text", Kind::OneOf(&["text", "json"]), "form of the log lines"),
    setting("MILEPOST_DRAIN_DELAY", "0s", Kind::Duration(0, 3_600_000), "how long a server that was told to stop goes on as before with a red `/ready`, so that balancers turn to others"),
    setting("MILEPOST_DRAIN_WINDOW", "5s", Kind::Duration(0, 3_600_000), "the time over which clients are asked to spread their reconnects after a restart"),
];

impl Setting {
    /// The flag: `MILEPOST_LISTEN` is `--listen`, `WS_PONG_WAIT` is `--ws-pong-wait`.
    pub fn flag(&self) -> String {
        self.file_key().replace('_', "-")
    }

    /// The key in the file: `listen`, `ws_pong_wait`.
    pub fn file_key(&self) -> String {
        self.variable.trim_start_matches("MILEPOST_").to_ascii_lowercase()
    }

    /// Checks the text. The error describes the accepted values.
    pub(crate) fn check(&self, text: &str) -> Result<(), String> {
        let ok = |fits: bool, takes: &str| if fits { Ok(()) } else { Err(takes.to_owned()) };
        match self.kind {
            Kind::Text | Kind::ClientSecret => Ok(()),
            Kind::ProofStore => proof_store::check(text),
            Kind::Issuer => Issuer::parse(text).map(drop).map_err(str::to_owned),
            Kind::Roles => RoleMap::new(&list(text)).map(drop).map_err(|entry| {
                format!("must be groups with their roles, such as fleet-admins=admin, separated by commas; not {entry}")
            }),
            Kind::Address => listen_address(text).map(drop),
            Kind::Flag => ok(matches!(text, "0" | "1" | "true" | "false"), "must be 0 or 1"),
            Kind::OneOf(names) => ok(names.contains(&text), &format!("must be one of {}", names.join(", "))),
            Kind::Number(from, to) => ok(
                text.parse::<u64>().is_ok_and(|number| (from..=to).contains(&number)),
                &format!("must be a whole number from {from} to {to}"),
            ),
            Kind::Duration(from_ms, to_ms) => {
                let ms = parse_duration(text)?.as_millis();
                ok(
                    (u128::from(from_ms)..=u128::from(to_ms)).contains(&ms),
                    &format!("must be a duration from {from_ms} ms to {} s", to_ms / 1000),
                )
            }
            Kind::Database => check_database_url(text),
            Kind::Networks => ok(
                TrustedProxies::new(&list(text)).is_ok(),
                "must be addresses or networks, separated by commas, such as 127.0.0.1, 10.0.0.0/8",
            ),
            Kind::TenantHosts => TenantHosts::new(&list(text)).map(drop).map_err(|entry| {
                format!("must be hosts with their tenants, such as school.example.org=school, separated by commas; not {entry}")
            }),
            Kind::Tenant => TenantId::new(text).map(drop).map_err(|invalid| invalid.message.to_owned()),
            Kind::DeviceSecrets => DeviceSecrets::new(&list(text)).map(drop).map_err(|entry| {
                format!("must be unique-id=secret, separated by commas, with secrets of 1 to 32 bytes; entry {entry} is not")
            }),
            Kind::Broker => BrokerUrl::parse(text).map(drop).map_err(str::to_owned),
            Kind::Topics => ok(
                list(text).iter().all(|topic| is_topic_filter(topic)),
                "must be MQTT topics, separated by commas, such as owntracks/+/+, milepost/#",
            ),
            Kind::Redis => RedisUrl::parse(text).map(drop).map_err(|takes| takes.to_string()),
            Kind::Hosts => AddressRule::new(&list(text)).map(drop).map_err(|entry| {
                format!("must be host names, addresses or networks, separated by commas, which {entry} is not")
            }),
            Kind::HttpUrl => ServiceUrl::parse(text).map(drop).map_err(str::to_owned),
            Kind::DevicePorts => device_ports(&list(text)).map(drop),
            Kind::TransitFeeds => transit_feeds(text).map(drop),
            Kind::Ip => ok(text.parse::<std::net::IpAddr>().is_ok(), "must be an address such as 0.0.0.0 or ::"),
            Kind::Smtp => SmtpUrl::parse(text).map(drop).map_err(str::to_owned),
            Kind::Mailbox => MailFrom::parse(text).map(drop).map_err(str::to_owned),
            Kind::Secret => ok(text.len() >= 32, "must have at least 32 bytes"),
            Kind::VapidKey => Vapid::new(text, None).map(drop).map_err(str::to_owned),
            Kind::PushSubject => check_push_subject(text).map_err(str::to_owned),
            Kind::LogFilter => ok(
                tracing_subscriber::EnvFilter::try_new(text).is_ok(),
                "must be error, warn, info, debug, trace, or target=level,…",
            ),
        }
    }

    /// The value for printing: secrets are hidden, and passwords are cut out of URLs.
    pub fn shown(&self, value: &str) -> String {
        if value.is_empty() {
            return "(unset)".to_owned();
        }
        if self.secret {
            return "(hidden)".to_owned();
        }
        let Some((scheme, rest)) = value.split_once("://") else { return value.to_owned() };
        // Both the user part and the query can hold secrets.
        let (rest, query) = match rest.split_once('?') {
            Some((rest, _)) => (rest, "?(hidden)"),
            None => (rest, ""),
        };
        let (user, host) = match rest.rsplit_once('@') {
            Some((_, host)) => ("(hidden)@", host),
            None => ("", rest),
        };
        format!("{scheme}://{user}{host}{query}")
    }
}

/// Splits a list at its commas.
pub(super) fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(str::to_owned).collect()
}

/// The settings given as flags.
#[derive(Clone, Default)]
pub struct SettingFlags {
    /// The flags' values, by variable.
    pub values: BTreeMap<&'static str, String>,
    /// `--config FILE`.
    pub config: Option<std::path::PathBuf>,
}

// Written by hand to show only the names, because some values are secrets.
impl fmt::Debug for SettingFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SettingFlags").field("values", &self.values.keys()).field("config", &self.config).finish()
    }
}

impl clap::Args for SettingFlags {
    fn augment_args(mut command: Command) -> Command {
        command = command.arg(
            Arg::new("config")
                .long("config")
                .value_name("FILE")
                .help("TOML file with settings, keys like the flags' with _"),
        );
        for setting in SETTINGS {
            let default =
                if setting.default.is_empty() { String::new() } else { format!(" [default: {}]", setting.default) };
            command = command.arg(
                Arg::new(setting.variable)
                    .long(setting.flag())
                    .value_name("VALUE")
                    .help(format!("{}{default} [env: {}]", setting.help, setting.variable))
                    .help_heading(SETTINGS_HEADING),
            );
        }
        command
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for SettingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let values = SETTINGS
            .iter()
            .filter_map(|setting| Some((setting.variable, matches.get_one::<String>(setting.variable)?.clone())))
            .collect();
        Ok(Self { values, config: matches.get_one::<String>("config").map(Into::into) })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}
