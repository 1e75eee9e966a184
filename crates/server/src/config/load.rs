//! Merges flags, environment, file and defaults, and refuses invalid values.

use super::duration::parse_duration;
use super::setting::{OLD_VARIABLES, SETTINGS, SettingFlags, list};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// A setting that prevents the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    key: String,
    message: String,
}

impl ConfigError {
    /// An error whose text says everything.
    pub fn whole(message: impl Into<String>) -> Self {
        Self { key: String::new(), message: message.into() }
    }

    /// `key` as the operator wrote it, and the values that it accepts.
    pub fn new(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { key: key.into(), message: message.into() }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let space = if self.key.is_empty() { "" } else { " " };
        write!(f, "{}{space}{}", self.key, self.message)
    }
}

impl std::error::Error for ConfigError {}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum Source {
    Flag,
    Environment,
    File,
    Default,
}

/// Every setting as a text with its source. Each text was checked by itself.
#[derive(Clone)]
pub struct Resolved(BTreeMap<&'static str, (String, Source)>);

// Written by hand to show only the sources, because some values are secrets.
impl fmt::Debug for Resolved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.0.iter().map(|(variable, (_, source))| (variable, source))).finish()
    }
}

/// Resolves every setting. `environment` returns a variable's value, `file` is the TOML file's text.
///
/// # Errors
/// The unknown key, or the key of a value that does not fit.
pub fn resolve(
    flags: &SettingFlags,
    environment: impl Fn(&str) -> Option<String>,
    file: Option<&str>,
) -> Result<Resolved, ConfigError> {
    let file = file.map(read_file).transpose()?.unwrap_or_default();
    let mut values = BTreeMap::new();
    for setting in SETTINGS {
        let flag = flags.values.get(setting.variable).cloned().map(|value| (value, Source::Flag));
        // An empty variable counts as unset, because compose files write unset variables that way.
        let old = OLD_VARIABLES.iter().find(|(new, _)| *new == setting.variable).map(|(_, old)| *old);
        let variables = || std::iter::once(setting.variable).chain(old);
        let variable = || {
            let set = |name: &str| environment(name).filter(|value| !value.is_empty());
            variables().find_map(set).map(|value| (value, Source::Environment))
        };
        let from_file = || file.get(setting.variable).cloned().map(|value| (value, Source::File));
        let (value, source) =
            flag.or_else(variable).or_else(from_file).unwrap_or_else(|| (setting.default.to_owned(), Source::Default));
        if !value.is_empty() {
            let key = match source {
                Source::Flag => format!("--{}", setting.flag()),
                Source::File => setting.file_key(),
                Source::Environment | Source::Default => setting.variable.to_owned(),
            };
            setting.check(&value).map_err(|takes| ConfigError::new(key, takes))?;
        }
        values.insert(setting.variable, (value, source));
    }
    Ok(Resolved(values))
}

fn read_file(text: &str) -> Result<BTreeMap<&'static str, String>, ConfigError> {
    let table: toml::Table =
        text.parse().map_err(|error: toml::de::Error| ConfigError::new("the file", format!("is not TOML: {error}")))?;
    let mut values = BTreeMap::new();
    for (key, value) in table {
        let setting = SETTINGS.iter().find(|setting| setting.file_key() == key).ok_or_else(|| {
            let keys: Vec<_> = SETTINGS.iter().map(super::Setting::file_key).collect();
            ConfigError::new(&key, format!("is no setting; there are {}", keys.join(", ")))
        })?;
        let value = match value {
            toml::Value::String(text) => text,
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(flag) => u8::from(flag).to_string(),
            toml::Value::Array(items) if items.iter().all(toml::Value::is_str) => {
                items.iter().filter_map(toml::Value::as_str).collect::<Vec<_>>().join(",")
            }
            _ => return Err(ConfigError::new(key, "must be text, a whole number, true or false")),
        };
        values.insert(setting.variable, value);
    }
    Ok(values)
}

impl Resolved {
    /// Every setting's variable, value and source, in the table's order.
    pub fn all(&self) -> impl Iterator<Item = (&'static super::Setting, &str, Source)> {
        SETTINGS.iter().map(|setting| {
            let (value, source) = &self.0[setting.variable];
            (setting, value.as_str(), *source)
        })
    }

    pub(super) fn text(&self, variable: &str) -> &str {
        &self.0[variable].0
    }

    pub(super) fn optional(&self, variable: &str) -> Option<String> {
        Some(self.text(variable).to_owned()).filter(|text| !text.is_empty())
    }

    pub(super) fn list(&self, variable: &str) -> Vec<String> {
        list(self.text(variable))
    }

    pub(super) fn parsed<T: FromStr>(&self, variable: &str) -> Result<T, ConfigError> {
        self.text(variable).parse().map_err(|_| ConfigError::new(variable, "does not fit"))
    }

    pub(super) fn duration(&self, variable: &str) -> Result<Duration, ConfigError> {
        parse_duration(self.text(variable)).map_err(|takes| ConfigError::new(variable, takes))
    }

    pub(super) fn flag(&self, variable: &str) -> bool {
        matches!(self.text(variable), "1" | "true")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::config::Config;

    fn flags(values: &[(&'static str, &str)]) -> SettingFlags {
        SettingFlags { values: values.iter().map(|(k, v)| (*k, (*v).to_owned())).collect(), config: None }
    }

    #[test]
    fn flags_win_over_environment_over_file_over_defaults() {
        let environment = |name: &str| (name == "WS_PONG_WAIT" || name == "REPLAY_WINDOW").then(|| "90s".to_owned());
        let file = "ws_pong_wait = \"100s\"\nws_write_wait = \"7s\"\nreplay_window = \"3m\"";
        let resolved = resolve(&flags(&[("REPLAY_WINDOW", "2m")]), environment, Some(file)).unwrap();
        let config = Config::from_resolved(&resolved).unwrap();
        assert_eq!(config.replay_window, Duration::from_secs(120));
        assert_eq!(config.ws_pong_wait, Duration::from_secs(90));
        assert_eq!(config.ws_write_wait, Duration::from_secs(7));
        assert_eq!(config.ws_ping_period, Duration::from_secs(54));
    }

    #[test]
    fn an_invalid_setting_is_refused_by_name() {
        let check = |file: &str, expected: &str| {
            let error = resolve(&SettingFlags::default(), |_| None, Some(file)).unwrap_err().to_string();
            assert!(error.contains(expected), "{file}: {error}");
        };
        check("colour = \"red\"", "colour is no setting");
        check("ws_pong_wait = \"soon\"", "ws_pong_wait must be a duration");
        check("ws_read_buffer_size = 1", "ws_read_buffer_size must be a whole number from 256");
        check("database_url = \"mysql://x\"", "database_url must begin with sqlite:// or postgres://");
        check("jwt_secret = \"short\"", "jwt_secret must have at least 32 bytes");
        check("order_service_url = \"orders:8000\"", "order_service_url must be a URL that begins with http://");
        check("notification_service_url = \"http://\"", "notification_service_url must be a URL");
        check("webhook_allow = \"10.0.0.0/33\"", "webhook_allow must be host names, addresses or networks");
        check("outgoing_give_up = \"never\"", "outgoing_give_up must be a duration");
        check("vapid_private_key = \"t0ps3cret\"", "vapid_private_key must be a private key of P-256");
        check("vapid_subject = \"ops@example.org\"", "vapid_subject must be mailto:");
        check("not toml", "the file is not TOML");
    }

    #[test]
    fn a_ping_period_longer_than_the_pong_wait_is_refused() {
        let resolved = resolve(&flags(&[("WS_PING_PERIOD", "61s")]), |_| None, None).unwrap();
        assert!(Config::from_resolved(&resolved).is_err());
    }

    #[test]
    fn secrets_are_not_shown() {
        let given = flags(&[
            ("JWT_SECRET", "0123456789abcdef0123456789abcdef"),
            ("DATABASE_URL", "postgres://ann:p@ss@db.example/x"),
        ]);
        let resolved = resolve(&given, |_| None, None).unwrap();
        let shown: Vec<_> = resolved.all().map(|(setting, value, _)| setting.shown(value)).collect();
        assert!(!shown.iter().any(|text| text.contains("0123456789") || text.contains("ss@") || text.contains("ann")));
        assert!(shown.contains(&"postgres://(hidden)@db.example/x".to_owned()));
        let debugged = format!("{given:?} {resolved:?} {:?}", Config::from_resolved(&resolved).unwrap());
        assert!(debugged.contains("JWT_SECRET"), "{debugged}");
        assert!(!debugged.contains("0123456789") && !debugged.contains("db.example"), "{debugged}");
        let with_query =
            resolve(&flags(&[("ORDER_SERVICE_URL", "http://h/x?token=t0ps3cret")]), |_| None, None).unwrap();
        assert!(!with_query.all().any(|(setting, value, _)| setting.shown(value).contains("t0ps3cret")));
    }
}
