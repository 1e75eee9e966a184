//! `milepost healthcheck`: asks a server whether it is ready, for containers that have no other program to ask with.

use super::{read_config, say};
use crate::config::{ConfigError, SettingFlags};
use anyhow::{Context, Result, bail};
use axum::body::Body;
use axum::http::{Request, StatusCode, Uri, header};
use clap::Args;
use http_body_util::{BodyExt, Limited};
use hyper_util::rt::TokioIo;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::net::TcpStream;

/// How long the server may take to answer.
const HEALTHCHECK_WAIT: Duration = Duration::from_secs(5);
/// Bytes of an answer that are read. The server's own answers are far shorter.
const MAX_ANSWER_BYTES: usize = 64 * 1024;
const DEFAULT_PATH: &str = "/ready";

#[derive(Args)]
pub(super) struct HealthcheckArgs {
    /// What to ask, such as http://127.0.0.1:8080/health; `/ready` of the address in the settings if it is left out.
    url: Option<String>,
    #[command(flatten)]
    settings: SettingFlags,
}

pub(super) async fn run(args: &HealthcheckArgs) -> Result<()> {
    let uri = match &args.url {
        Some(url) => read_url(url)?,
        None => own_url(read_config(&args.settings)?.1.listen)?,
    };
    let asked = tokio::time::timeout(HEALTHCHECK_WAIT, ask(&uri)).await;
    let (status, body) = asked
        .unwrap_or_else(|_| bail!("no answer within {} s", HEALTHCHECK_WAIT.as_secs()))
        .with_context(|| format!("{uri} is not healthy"))?;
    if !status.is_success() {
        bail!("{uri} is not healthy: {status}: {body}");
    }
    say(&body);
    Ok(())
}

/// Reads an `http://` URL. One without a path is asked for `/ready`.
fn read_url(text: &str) -> Result<Uri, ConfigError> {
    let refused = || ConfigError::whole(format!("{text} must be a URL such as http://127.0.0.1:8080/ready"));
    let uri: Uri = text.parse().map_err(|_| refused())?;
    let authority = uri.authority().ok_or_else(refused)?;
    if uri.scheme_str() != Some("http") || authority.as_str().contains('@') {
        return Err(refused());
    }
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let path = if path == "/" { DEFAULT_PATH } else { path };
    format!("http://{authority}{path}").parse().map_err(|_| refused())
}

/// The URL at which this machine reaches a server that listens on the address.
fn own_url(listen: SocketAddr) -> Result<Uri, ConfigError> {
    let ip = match listen.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    if listen.port() == 0 {
        return Err(ConfigError::whole("MILEPOST_LISTEN leaves the port open: give the URL".to_owned()));
    }
    read_url(&format!("http://{}", SocketAddr::new(ip, listen.port())))
}

async fn ask(uri: &Uri) -> Result<(StatusCode, String)> {
    let authority = uri.authority().context("the URL has no host")?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let stream = TcpStream::connect((host, authority.port_u16().unwrap_or(80))).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let path = uri.path_and_query().map_or(DEFAULT_PATH, |path| path.as_str());
    let request = Request::get(path)
        .header(header::HOST, authority.as_str())
        .header(header::CONNECTION, "close")
        .body(Body::empty())?;
    let exchange = async {
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), MAX_ANSWER_BYTES).collect().await;
        let body = body.map_err(|error| anyhow::anyhow!("the answer can't be read: {error}"))?.to_bytes();
        Ok((status, String::from_utf8_lossy(&body).trim().to_owned()))
    };
    // The connection works only while it is polled, and ends after its one answer.
    let (answer, _) = tokio::join!(exchange, connection);
    answer
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{own_url, read_url};

    #[test]
    fn a_server_on_every_address_is_asked_on_this_machine() {
        for (listen, url) in [
            ("0.0.0.0:8080", "http://127.0.0.1:8080/ready"),
            ("[::]:80", "http://[::1]:80/ready"),
            ("10.1.2.3:8080", "http://10.1.2.3:8080/ready"),
        ] {
            assert_eq!(own_url(listen.parse().unwrap()).unwrap().to_string(), url);
        }
        assert!(own_url("0.0.0.0:0".parse().unwrap()).unwrap_err().to_string().contains("give the URL"));
    }

    #[test]
    fn a_url_without_a_path_asks_whether_the_server_is_ready() {
        for (text, url) in [
            ("http://localhost:8080", "http://localhost:8080/ready"),
            ("http://localhost:8080/", "http://localhost:8080/ready"),
            ("http://localhost/health", "http://localhost/health"),
        ] {
            assert_eq!(read_url(text).unwrap().to_string(), url);
        }
        for text in ["", "/ready", "localhost:8080", "https://localhost/", "http://user@localhost/", "ftp://x/"] {
            assert!(read_url(text).unwrap_err().to_string().contains("must be a URL"), "{text}");
        }
    }
}
