//! The address of a broker: `mqtt://` or `mqtts://`.

use std::fmt;
use url::Url;

const TAKES: &str =
    "must be mqtt://user:password@host:port/ or mqtts://…, with ?client_id=… if it must be a certain one";

/// Where a broker is, and who this server is there.
#[derive(Clone, PartialEq, Eq)]
pub struct BrokerUrl {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) is_tls: bool,
    pub(crate) login: Option<(String, String)>,
    pub(crate) client_id: Option<String>,
}

// Written by hand, so that the password never reaches a log line.
impl fmt::Debug for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BrokerUrl").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

impl BrokerUrl {
    /// Reads a URL.
    ///
    /// # Errors
    /// What it takes.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let url = Url::parse(text).map_err(|_| TAKES)?;
        let (is_tls, usual_port) = match url.scheme() {
            "mqtt" | "tcp" => (false, 1883),
            "mqtts" | "ssl" => (true, 8883),
            _ => return Err(TAKES),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(TAKES)?;
        let has_path = !matches!(url.path(), "" | "/");
        let mut client_id = None;
        for (name, value) in url.query_pairs() {
            match &*name {
                "client_id" if !value.is_empty() => client_id = Some(value.into_owned()),
                _ => return Err(TAKES),
            }
        }
        if has_path || url.fragment().is_some() {
            return Err(TAKES);
        }
        let login =
            (!url.username().is_empty()).then(|| (decode(url.username()), decode(url.password().unwrap_or_default())));
        // An IPv6 address stands in brackets.
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { host, port: url.port().unwrap_or(usual_port), is_tls, login, client_id })
    }
}

/// Decodes `%40`. A plus stays one.
fn decode(text: &str) -> String {
    let escaped = format!("x={}", text.replace('+', "%2B").replace('&', "%26"));
    url::form_urlencoded::parse(escaped.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::BrokerUrl;

    #[test]
    fn a_broker_is_named_by_a_url() {
        let read = BrokerUrl::parse("mqtts://jane%40x:p%26w+1@broker.example.org/?client_id=node-1").unwrap();
        assert_eq!((read.host.as_str(), read.port, read.is_tls), ("broker.example.org", 8883, true));
        assert_eq!(read.login, Some(("jane@x".to_owned(), "p&w+1".to_owned())));
        assert_eq!(read.client_id.as_deref(), Some("node-1"));
        assert!(!format!("{read:?}").contains("p&w"));
        let read = BrokerUrl::parse("mqtt://[::1]:2883").unwrap();
        assert_eq!((read.host.as_str(), read.port, read.is_tls, read.login), ("::1", 2883, false, None));
        for text in
            ["", "broker", "http://x/", "mqtt://", "mqtt://x/topic", "mqtt://x/?clean=1", "mqtt://x/#a", "mqtt://x:0x/"]
        {
            assert!(BrokerUrl::parse(text).is_err(), "{text}");
        }
    }
}
