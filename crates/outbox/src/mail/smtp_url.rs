//! The URL of the operator's mail server.

use reqwest::Url;
use std::fmt;
use std::net::IpAddr;

/// How the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encryption {
    /// From the first byte: `smtps://`.
    Always,
    /// After STARTTLS, or nothing is sent: `?starttls=required`.
    Required,
    /// After STARTTLS if the server offers it.
    IfOffered,
}

/// Where mails are handed over, and with which login.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpUrl {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) encryption: Encryption,
    pub(crate) login: Option<(String, String)>,
}

impl SmtpUrl {
    /// Reads `smtp://user:password@host:587?starttls=required` or `smtps://…`. A login without encryption is only for a server on this
    /// machine.
    ///
    /// # Errors
    /// The values that the field accepts.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const TAKES: &str = "must be a URL such as smtp://user:password@mail.example.org:587?starttls=required or smtps://mail.example.org";
        let url = Url::parse(text).map_err(|_| TAKES)?;
        let is_starttls_required = match url.query() {
            None => false,
            Some("starttls=required") => true,
            Some(_) => return Err(TAKES),
        };
        let (encryption, usual_port) = match (url.scheme(), is_starttls_required) {
            ("smtps", false) => (Encryption::Always, 465),
            ("smtp", true) => (Encryption::Required, 587),
            ("smtp", false) => (Encryption::IfOffered, 25),
            _ => return Err(TAKES),
        };
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(TAKES)?.trim_matches(['[', ']']).to_owned();
        if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
            return Err(TAKES);
        }
        let decoded = |text: &str| percent_decode(text).ok_or(TAKES);
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => Some((decoded(user)?, decoded(password.unwrap_or_default())?)),
        };
        let is_local = host == "localhost" || host.parse().is_ok_and(|address: IpAddr| address.is_loopback());
        if login.is_some() && encryption == Encryption::IfOffered && !is_local {
            return Err("must have ?starttls=required, or begin with smtps://: a password is not sent in the clear");
        }
        Ok(Self { host, port: url.port().unwrap_or(usual_port), encryption, login })
    }
}

/// Shows no login.
impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SmtpUrl").field("host", &self.host).field("port", &self.port).finish_non_exhaustive()
    }
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let (byte, after) = match (*first, after) {
            (b'%', [high, low, after @ ..]) => {
                let digits = std::str::from_utf8(&[*high, *low]).ok().map(str::to_owned)?;
                (u8::from_str_radix(&digits, 16).ok()?, after)
            }
            (b'%', _) => return None,
            (byte, after) => (byte, after),
        };
        bytes.push(byte);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{Encryption, SmtpUrl};

    #[test]
    fn a_mail_server_is_read_with_its_encryption_and_login() {
        for (text, host, port, encryption, login) in [
            ("smtp://127.0.0.1:2525", "127.0.0.1", 2525, Encryption::IfOffered, None),
            ("smtp://ann:p@127.0.0.1", "127.0.0.1", 25, Encryption::IfOffered, Some(("ann", "p"))),
            (
                "smtp://u%40x:p%2Fw@mail.example.org?starttls=required",
                "mail.example.org",
                587,
                Encryption::Required,
                Some(("u@x", "p/w")),
            ),
            ("smtps://mail.example.org/", "mail.example.org", 465, Encryption::Always, None),
        ] {
            let url = SmtpUrl::parse(text).unwrap();
            let read = url.login.as_ref().map(|(user, password)| (user.as_str(), password.as_str()));
            assert_eq!((url.host.as_str(), url.port, url.encryption, read), (host, port, encryption, login), "{text}");
            assert!(!format!("{url:?}").contains("p/w"));
        }
    }

    #[test]
    fn other_urls_and_passwords_in_the_clear_are_refused() {
        for text in [
            "",
            "mail.example.org",
            "http://mail.example.org",
            "smtp://",
            "smtp://mail.example.org/x",
            "smtp://mail.example.org?starttls=maybe",
            "smtps://mail.example.org?starttls=required",
            "smtp://ann:secret@mail.example.org",
        ] {
            assert!(SmtpUrl::parse(text).is_err(), "{text}");
        }
    }
}
