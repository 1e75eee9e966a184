//! `REDIS_URL`: one server, a Sentinel group, or a cluster.

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion};
use url::Url;

/// The port of Sentinel, if none is given.
const SENTINEL_PORT: u16 = 26_379;
/// The port of Redis, if none is given.
const REDIS_PORT: u16 = 6_379;

/// Where Redis is. Shown without the password.
#[derive(Debug, Clone)]
pub struct RedisUrl(pub(super) Target);

/// What a URL names.
#[derive(Debug, Clone)]
pub(super) enum Target {
    One(Box<ConnectionInfo>),
    Sentinel { sentinels: Vec<ConnectionAddr>, master: String, login: Login, tls: bool },
    Cluster(Vec<ConnectionInfo>),
}

/// Who logs in. Empty texts are none.
#[derive(Clone, Default)]
pub(super) struct Login {
    pub(super) username: String,
    pub(super) password: String,
    pub(super) database: i64,
}

// By hand, so that no password reaches a log line.
impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login")
            .field("username", &self.username)
            .field("database", &self.database)
            .finish_non_exhaustive()
    }
}

/// What `REDIS_URL` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be redis://[user:password@]host[:port], rediss:// with TLS, redis+unix:///path, \
     redis+sentinel://[user:password@]host[:port],host…/master or redis+cluster://[user:password@]host[:port],host…"
)]
pub struct UrlError;

impl RedisUrl {
    /// Reads a URL. `valkey` stands for `redis` in every scheme.
    ///
    /// # Errors
    /// [`UrlError`], which says what is taken and repeats nothing of the URL.
    pub fn parse(text: &str) -> Result<Self, UrlError> {
        let (scheme, rest) = text.split_once("://").ok_or(UrlError)?;
        let scheme = scheme.replace("valkey", "redis");
        let target = match scheme.as_str() {
            "redis" | "rediss" | "redis+unix" => Target::One(Box::new(connection_info(&format!("{scheme}://{rest}"))?)),
            "redis+sentinel" | "rediss+sentinel" => sentinel(rest, scheme.starts_with("rediss"))?,
            "redis+cluster" | "rediss+cluster" => cluster(rest, scheme.starts_with("rediss"))?,
            _ => return Err(UrlError),
        };
        Ok(Self(target))
    }
}

/// Pushes need the third version of the protocol.
fn connection_info(url: &str) -> Result<ConnectionInfo, UrlError> {
    let info = url.into_connection_info().map_err(|_| UrlError)?;
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    Ok(info.set_redis_settings(settings))
}

/// The login, the hosts and the path of `[user:password@]host,host/path`. Every part is read by the same rules as a whole URL.
fn parts(rest: &str) -> Result<(Login, Vec<Url>, String), UrlError> {
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (login, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));
    let mut urls = Vec::new();
    for host in hosts.split(',') {
        let url = Url::parse(&format!("redis://{host}")).map_err(|_| UrlError)?;
        urls.push(url);
    }
    if urls.iter().any(|url| url.host_str().is_none_or(str::is_empty)) {
        return Err(UrlError);
    }
    let mut whole = Login::default();
    if !login.is_empty() {
        // The library decodes what is percent-encoded.
        let info = connection_info(&format!("redis://{login}@host/"))?;
        let settings = info.redis_settings();
        whole.username = settings.username().unwrap_or_default().to_owned();
        whole.password = settings.password().unwrap_or_default().to_owned();
    }
    Ok((whole, urls, path.trim_end_matches('/').to_owned()))
}

fn sentinel(rest: &str, tls: bool) -> Result<Target, UrlError> {
    let (mut login, hosts, path) = parts(rest)?;
    let (master, database) = path.split_once('/').unwrap_or((&path, ""));
    if master.is_empty() {
        return Err(UrlError);
    }
    login.database = if database.is_empty() { 0 } else { database.parse().map_err(|_| UrlError)? };
    let address = |url: &Url| {
        let (host, port) = (url.host_str().unwrap_or_default().to_owned(), url.port().unwrap_or(SENTINEL_PORT));
        ConnectionAddr::Tcp(host, port)
    };
    Ok(Target::Sentinel { sentinels: hosts.iter().map(address).collect(), master: master.to_owned(), login, tls })
}

fn cluster(rest: &str, tls: bool) -> Result<Target, UrlError> {
    let (_, hosts, path) = parts(rest)?;
    if !path.is_empty() {
        return Err(UrlError);
    }
    let login = rest.rsplit_once('@').map(|(login, _)| format!("{login}@")).unwrap_or_default();
    let scheme = if tls { "rediss" } else { "redis" };
    let info = |url: &Url| {
        let (host, port) = (url.host_str().unwrap_or_default(), url.port().unwrap_or(REDIS_PORT));
        connection_info(&format!("{scheme}://{login}{host}:{port}"))
    };
    Ok(Target::Cluster(hosts.iter().map(info).collect::<Result<_, _>>()?))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn one_server_with_and_without_tls_and_through_a_socket() {
        for url in [
            "redis://localhost",
            "valkey://user:p%40ss@10.0.0.1:7000/2",
            "rediss://r.example.org",
            "redis+unix:///run/r.sock",
        ] {
            let Target::One(info) = RedisUrl::parse(url).unwrap().0 else { panic!("{url}") };
            assert_eq!(info.redis_settings().protocol(), ProtocolVersion::RESP3, "{url}");
        }
    }

    #[test]
    fn a_sentinel_group_has_its_masters_name_and_database() {
        let parsed = RedisUrl::parse("redis+sentinel://ann:s%3Acret@a,b:7000/mymaster/3").unwrap();
        assert!(!format!("{parsed:?}").contains("s:cret"));
        let Target::Sentinel { sentinels, master, login, tls } = parsed.0 else { panic!("not a group") };
        let expected = [ConnectionAddr::Tcp("a".to_owned(), 26_379), ConnectionAddr::Tcp("b".to_owned(), 7_000)];
        assert_eq!((sentinels, master.as_str(), tls), (expected.to_vec(), "mymaster", false));
        assert_eq!((login.username.as_str(), login.password.as_str(), login.database), ("ann", "s:cret", 3));
    }

    #[test]
    fn a_cluster_has_its_first_servers() {
        let Target::Cluster(servers) = RedisUrl::parse("rediss+cluster://:secret@a:1,[::1]:2").unwrap().0 else {
            panic!("not a cluster")
        };
        assert_eq!(servers.len(), 2);
        assert_eq!(servers[0].redis_settings().password(), Some("secret"));
    }

    #[test]
    fn what_is_no_such_url_is_refused_without_repeating_it() {
        for url in [
            "",
            "localhost",
            "http://a",
            "redis+sentinel://a",
            "redis+sentinel://a/m/x",
            "redis+cluster://a/1",
            "redis+cluster://,",
            "redis://u:p@:x",
        ] {
            let refused = RedisUrl::parse(url).unwrap_err().to_string();
            assert!(refused.starts_with("must be redis://"), "{url}: {refused}");
        }
    }
}
