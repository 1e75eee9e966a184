//! URLs that calls go to: the operator's services, tenants' webhooks, browsers' push services.

use crate::AddressRule;
use crate::addresses::is_host_name;
use reqwest::Url;
use std::net::IpAddr;

/// The longest URL. URLs are stored and shown in lists.
const MAX_URL_BYTES: usize = 2_048;

/// A service's base URL.
#[derive(Clone, PartialEq, Eq)]
pub struct ServiceUrl(Url);

impl ServiceUrl {
    /// Reads `http://…` or `https://…`; a path is put before the calls' paths.
    ///
    /// # Errors
    /// The values that the field accepts.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const TAKES: &str = "must be a URL that begins with http:// or https://, such as http://orders.internal:8000";
        let url = parse_http(text).ok_or(TAKES)?;
        if url.fragment().is_some() { Err(TAKES) } else { Ok(Self(url)) }
    }

    /// The URL of a call; `None` when its path leaves the base URL (`/orders/../admin`).
    pub(crate) fn of_call(&self, path: &str) -> Option<Url> {
        let whole = format!("{}{path}", self.0.path().trim_end_matches('/'));
        let mut url = self.0.clone();
        url.set_path(&whole);
        (url.path() == whole).then_some(url)
    }
}

/// Shows neither path nor query nor password: they may be secrets.
impl std::fmt::Debug for ServiceUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ServiceUrl").field(&host_of(&self.0)).finish()
    }
}

/// Checks a webhook's URL without resolving its host, which is done for each call.
///
/// # Errors
/// The values that the field accepts, as a text after its name.
pub fn check_webhook_url(text: &str, rule: &AddressRule) -> Result<(), &'static str> {
    webhook_url(text, rule).map(drop)
}

pub(crate) const ADDRESS_REFUSED: &str =
    "must not lead to a private or reserved address; the operator can allow it by MILEPOST_WEBHOOK_ALLOW";

pub(crate) fn webhook_url(text: &str, rule: &AddressRule) -> Result<Url, &'static str> {
    if text.len() > MAX_URL_BYTES {
        return Err("must have at most 2048 bytes");
    }
    let url = parse_http(text).ok_or("must be a URL that begins with http:// or https://")?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must have no user name and password; calls are signed");
    }
    if url.fragment().is_some() {
        return Err("must have no fragment (#…), which is never sent");
    }
    let host = url.host_str().unwrap_or_default();
    let address = host_address(host);
    if address.is_none() && !is_host_name(host) {
        return Err("must have a host that is a name or an address");
    }
    let allowed = match address {
        // A literal address is not resolved: this is its only check.
        Some(address) => rule.takes(address),
        None => rule.names_host(host) || !is_local_name(host),
    };
    if allowed { Ok(url) } else { Err(ADDRESS_REFUSED) }
}

/// Checks a browser's endpoint like a webhook's URL, but requires https unless the operator allows the host.
pub(crate) fn push_url(text: &str, rule: &AddressRule) -> Result<Url, &'static str> {
    let url = webhook_url(text, rule)?;
    let host = url.host_str().unwrap_or_default();
    let allowed = match host_address(host) {
        Some(address) => rule.names_address(address),
        None => rule.names_host(host),
    };
    if url.scheme() == "https" || allowed { Ok(url) } else { Err("must be a URL that begins with https://") }
}

/// Checks the contact that push services get: `mailto:…` or `https://…`.
///
/// # Errors
/// The values that the field accepts.
pub fn check_push_subject(text: &str) -> Result<(), &'static str> {
    let plain = text.len() <= MAX_URL_BYTES && !text.chars().any(|c| c.is_control() || c.is_whitespace());
    let mail = text.strip_prefix("mailto:").and_then(|address| address.split_once('@'));
    let mail = mail.is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    let page = text.starts_with("https://") && parse_http(text).is_some();
    if plain && (mail || page) { Ok(()) } else { Err("must be mailto:… or https://…, whom a push service can ask") }
}

fn host_address(host: &str) -> Option<IpAddr> {
    host.trim_start_matches('[').trim_end_matches(']').parse().ok()
}

/// Host and port, by which calls are queued.
pub(crate) fn host_of(url: &Url) -> String {
    format!("{}:{}", url.host_str().unwrap_or_default(), url.port_or_known_default().unwrap_or_default())
}

/// [`host_of`] a stored URL, or an empty name: the try finds out what is wrong with the URL.
pub(crate) fn host_of_text(url: &str) -> String {
    Url::parse(url).ok().as_ref().map(host_of).unwrap_or_default()
}

/// Names that always mean the machine itself. An allowed address does not allow them.
fn is_local_name(host: &str) -> bool {
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    host == "localhost" || host.ends_with(".localhost")
}

fn parse_http(text: &str) -> Option<Url> {
    // The parser drops tabs, line ends and outer spaces: the stored URL must be the one that is called.
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return None;
    }
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty())).then_some(url)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn only_webhooks_at_public_addresses_are_accepted() {
        let rule = AddressRule::default();
        for fine in [
            "https://example.org/hook?x=1",
            "http://example.org:8080",
            "https://93.184.215.14/",
            "https://[2606:4700::1111]/x",
            "https://b\u{fc}cher.example/",
            "https://example.org./",
            "https://my_hooks.example.org/",
        ] {
            assert_eq!(check_webhook_url(fine, &rule), Ok(()), "{fine}");
        }
        for refused in [
            "",
            "example.org",
            "ftp://example.org",
            "file:///etc/passwd",
            "https://",
            "https://a@example.org/",
            "https://a:b@example.org/",
            "https://example.org/#x",
            " https://example.org",
            "https://exa\tmple.org",
            "javascript:alert(1)",
            "unix:/run/x",
            "http://./",
            "http://../",
            "http://-/",
            "http://a-.example/",
            "http://example..org/",
            "http://example.org../",
            "http://127.0.0.1../",
        ] {
            assert!(check_webhook_url(refused, &rule).is_err(), "{refused}");
        }
        assert!(check_webhook_url(&format!("https://example.org/{}", "x".repeat(2_048)), &rule).is_err());
    }

    #[test]
    fn a_private_address_is_recognised_in_every_spelling() {
        let rule = AddressRule::default();
        for refused in [
            "http://127.0.0.1/",
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f.0.0.1/",
            "http://0177.0.0.1/",
            "http://0/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[::ffff:7f00:1]/",
            "http://169.254.169.254/latest",
            "http://localhost:80/",
            "http://LOCALHOST./",
            "http://x.localhost/",
            "http://10.0.0.8:9000/",
            "http://\u{ff11}\u{ff12}\u{ff17}.0.0.1/",
            "http://127.0.0.1./",
        ] {
            assert_eq!(check_webhook_url(refused, &rule), Err(ADDRESS_REFUSED), "{refused}");
        }
        let open = AddressRule::new(&["localhost".to_owned(), "127.0.0.0/8".to_owned()]).unwrap();
        assert_eq!(check_webhook_url("http://127.1:80/", &open), Ok(()));
        assert_eq!(check_webhook_url("http://localhost:80/", &open), Ok(()));
        assert!(check_webhook_url("http://10.0.0.8/", &open).is_err());
    }

    #[test]
    fn browsers_are_reached_by_https_unless_the_operator_names_their_host() {
        let rule = AddressRule::new(&["push.internal".to_owned(), "10.1.0.0/16".to_owned()]).unwrap();
        for fine in ["https://push.example/x", "http://push.internal/x", "http://10.1.2.3:80/x", "https://10.1.2.3/x"] {
            assert!(push_url(fine, &rule).is_ok(), "{fine}");
        }
        for refused in
            ["http://push.example/x", "http://8.8.8.8/", "https://10.2.0.1/", "https://localhost/", "mailto:x@y"]
        {
            assert!(push_url(refused, &rule).is_err(), "{refused}");
        }
    }

    #[test]
    fn a_subject_is_a_mail_address_or_a_page() {
        for fine in ["mailto:ops@example.org", "https://example.org/contact"] {
            assert_eq!(check_push_subject(fine), Ok(()), "{fine}");
        }
        for wrong in ["", "ops@example.org", "mailto:ops", "mailto:@x", "http://example.org", "mailto:a@b c"] {
            assert!(check_push_subject(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_services_path_stands_before_the_calls_and_its_query_stays() {
        let check = |base: &str, path: &str, expected: Option<&str>| {
            let url = ServiceUrl::parse(base).unwrap().of_call(path);
            assert_eq!(url.as_ref().map(Url::as_str), expected, "{base} {path}");
        };
        check("http://h:1", "/orders/1/status", Some("http://h:1/orders/1/status"));
        check("http://h:1/shop/", "/orders/a%2Fb/status", Some("http://h:1/shop/orders/a%2Fb/status"));
        check("https://h/x?key=1", "/notify/sms", Some("https://h/x/notify/sms?key=1"));
        check("http://h", "/orders/../admin", None);
        check("http://h", "/orders/%2e%2e/admin", None);
        for wrong in ["h:1", "http://", "ftp://h", "http://h/#x", "http:// h"] {
            assert!(ServiceUrl::parse(wrong).is_err(), "{wrong}");
        }
    }
}
