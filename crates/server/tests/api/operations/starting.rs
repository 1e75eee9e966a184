//! A start that has to wait, a start that must be refused, and two servers on one database.

use crate::support::signing::operator_token;
use crate::support::{PATIENCE, SECRET, TestServer, config_in, fresh_postgres, http_client};
use milepost::LogStats;
use milepost::serve;
use milepost_clock::Clock;
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn no_two_servers_share_a_sqlite_file_under_any_path() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let server = TestServer::start_with(&[("MILEPOST_DATA", &one.path().display().to_string())]).await;
    let file = one.path().join("milepost.db");
    let link = two.path().join("link.db");
    std::os::unix::fs::symlink(&file, &link).unwrap();
    let refused = async |url: String| {
        let config = config_in(two.path(), &[("DATABASE_URL", &url)]);
        let error = serve::start(&config, Clock::system(), LogStats::default(), |_| {})
            .await
            .err()
            .map(|error| format!("{error:#}"))
            .unwrap_or_default();
        assert!(error.contains("another server uses the database"), "{url}: {error}");
    };
    refused(format!("sqlite://{}", file.display())).await;
    refused(format!("sqlite:{}?mode=rwc", file.display())).await;
    refused(format!("sqlite://{}", link.display())).await;
    refused(format!("sqlite://{}/../{}/milepost.db", one.path().display(), one.path().file_name().unwrap().display()))
        .await;
    // Another database beside it may be opened, and the first one's lock is free after its server has stopped.
    let other = format!("sqlite://{}/other.db", one.path().display());
    let other =
        serve::start(&config_in(two.path(), &[("DATABASE_URL", &other)]), Clock::system(), LogStats::default(), |_| {})
            .await
            .unwrap();
    server.running.drain().await;
    let url = format!("sqlite://{}", link.display());
    let next =
        serve::start(&config_in(two.path(), &[("DATABASE_URL", &url)]), Clock::system(), LogStats::default(), |_| {})
            .await
            .unwrap();
    // The log lies beside the file and not beside the link. A position is answered when it is on disk.
    let report = json!({"vehicle_id": "b", "latitude": 1, "longitude": 2});
    for (path, body) in [("vehicles", json!({"id": "b", "kind": "bus", "label": "b"})), ("positions", report)] {
        let request =
            http_client().post(format!("http://{}/api/v1/{path}", next.address)).bearer_auth(operator_token());
        assert_eq!(request.json(&body).send().await.unwrap().status(), 201, "{path}");
    }
    tokio::join!(next.drain(), other.drain());
}

/// Runs `serve` as a process. Returns its exit code, if it ends by itself, and its standard error.
fn serve_until_it_ends(database: &str) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_milepost"))
        .args(["serve", "--listen", "127.0.0.1:0", "--database-url", database])
        .env_clear()
        .env("MILEPOST_DATA", folder.path())
        .env("JWT_SECRET", SECRET)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    let code = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status.code(),
            None if begun.elapsed() > PATIENCE => {
                child.kill().unwrap();
                break None;
            }
            None => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let said = std::io::read_to_string(child.stderr.take().unwrap()).unwrap();
    child.wait().unwrap();
    (code, said)
}

#[tokio::test]
async fn an_error_that_waiting_cannot_fix_stops_the_start() {
    let check = |database: String, expected: &str| {
        let (code, said) = serve_until_it_ends(&database);
        // A URL that can't be used is a wrong configuration.
        let expected_code = if expected.contains("sslmod,") { 2 } else { 1 };
        assert_eq!(code, Some(expected_code), "{database}: {said}");
        assert!(said.contains(expected), "{database}: {said}");
    };
    check("postgres://127.0.0.1:1/x?sslmod=require".to_owned(), "has the parameter sslmod, which is unknown");
    let Some(database) = fresh_postgres().await else { return };
    let with = |parameter: &str| {
        let separator = if database.contains('?') { '&' } else { '?' };
        format!("{database}{separator}{parameter}")
    };
    check(with("dbname=no_such_database"), "no_such_database");
    check(with("user=nobody_like_this"), "nobody_like_this");
    check(with("sslmode=require"), "does not support TLS");
    check(with("options[no_such_setting]=1"), "no_such_setting");
}

/// The address of a server that accepts a TLS request like PostgreSQL, and has a self-signed certificate.
async fn self_signed_postgres() -> std::net::SocketAddr {
    let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivatePkcs8KeyDer::from(signed.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![signed.cert.der().clone()], key.into())
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut ssl_request = [0; 8];
            stream.read_exact(&mut ssl_request).await.unwrap();
            stream.write_all(b"S").await.unwrap();
            let _ = acceptor.accept(stream).await;
        }
    });
    address
}

#[tokio::test]
async fn a_database_whose_certificate_is_not_trusted_stops_the_start() {
    let port = self_signed_postgres().await.port();
    for (parameters, expected) in [
        ("sslmode=verify-full", "invalid peer certificate"),
        ("sslmode=verify-ca", "invalid peer certificate"),
        ("sslmode=verify-full&sslrootcert=/no/such.pem", "can't read sslrootcert"),
    ] {
        let database = format!("postgres://localhost:{port}/x?{parameters}");
        let (code, said) = tokio::task::spawn_blocking(move || serve_until_it_ends(&database)).await.unwrap();
        assert_eq!(code, Some(1), "{parameters}: {said}");
        assert!(said.contains(expected), "{parameters}: {said}");
    }
}

#[tokio::test]
async fn a_server_that_waits_for_its_database_is_healthy_and_not_ready() {
    let folder = tempfile::tempdir().unwrap();
    let listen = format!("127.0.0.1:{}", free_port());
    let mut child = Command::new(env!("CARGO_BIN_EXE_milepost"))
        .args(["serve", "--database-url", "postgres://127.0.0.1:1/x", "--log-format", "json"])
        // With port 0 the address would be known only once the server is ready.
        .args(["--listen", &listen])
        .env_clear()
        .env("MILEPOST_DATA", folder.path())
        .env("JWT_SECRET", SECRET)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(log.any(|line| line.contains("trying again in 2 s")), "it says what it waits for");
    let http = http_client();
    let status = async |path: &str| http.get(format!("http://{listen}{path}")).send().await.unwrap().status().as_u16();
    assert_eq!(status("/health").await, 200);
    assert_eq!(status("/ready").await, 503);
    assert_eq!(status("/api/v1/vehicles").await, 503);
    let terminated = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(terminated.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
