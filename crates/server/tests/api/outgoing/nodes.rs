//! Outgoing calls of several servers on one database, and over TLS.

use crate::native::kill_nine;
use crate::outgoing::calls::start_delivery;
use crate::support::signing::operator_token;
use crate::support::{PATIENCE, TestServer, config_in, fresh_postgres, http_client, json_of};
use base64::Engine;
use milepost::LogStats;
use milepost::serve;
use milepost_clock::{Clock, TurnableClock};
use milepost_test_support::Receiver;
use serde_json::json;
use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

#[tokio::test]
async fn two_servers_on_one_database_send_each_call_once() {
    let Some(database) = fresh_postgres().await else { return };
    let receiver = Receiver::start(|_| 200).await;
    let settings = [("DATABASE_URL", database.as_str()), ("MILEPOST_WEBHOOK_ALLOW", "127.0.0.1")];
    let server = TestServer::start_with(&settings).await;
    let folder = tempfile::tempdir().unwrap();
    let other =
        serve::start(&config_in(folder.path(), &settings), Clock::system(), LogStats::default(), |_| {}).await.unwrap();
    for hook in 0..3 {
        let body = json!({"url": format!("{}/{hook}", receiver.url)});
        json_of(server.post("/api/v1/webhooks", &server.admin, body).await, 201).await;
    }
    for order in 0..20 {
        start_delivery(&server, &format!("ORD-{order}")).await;
        other.assembly.outbox.wake();
    }
    let sent = || other.assembly.outbox.stats().delivered + server.running.assembly.outbox.stats().delivered;
    tokio::time::timeout(PATIENCE, async {
        while sent() < 60 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("all calls in time");
    let calls = receiver.calls();
    let ids: HashSet<&str> = calls.iter().map(|call| call.header("webhook-id")).collect();
    assert_eq!((calls.len(), ids.len()), (60, 60));
    other.drain().await;
}

#[tokio::test]
async fn a_call_is_not_late_when_the_clock_of_the_server_that_stored_it_is_ahead() {
    let Some(database) = fresh_postgres().await else { return };
    let receiver = Receiver::start(|_| 200).await;
    let settings = [("DATABASE_URL", database.as_str()), ("MILEPOST_WEBHOOK_ALLOW", "127.0.0.1")];
    let server = TestServer::start_with(&settings).await;
    let hook = json!({"url": receiver.url});
    json_of(server.post("/api/v1/webhooks", &server.admin, hook).await, 201).await;
    for (expected, ahead_ms) in [(1, 60_000), (2, -60_000)] {
        let other = server.start_beside_at(&settings, TurnableClock::on_wrong_machine(ahead_ms)).await;
        // It stores the call, and does not send it. A minute would be longer than this test waits.
        other.running.assembly.outbox.stop().await;
        start_delivery(&other, &format!("ORD-{expected}")).await;
        assert_eq!(receiver.until(expected).await.len(), expected);
        other.drain().await;
    }
}

/// A TLS receiver that answers everything with 204. Returns its port, the bodies it got and its certificate.
async fn tls_receiver() -> (u16, Arc<Mutex<Vec<String>>>, String) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let signed = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = rustls::pki_types::PrivateKeyDer::Pkcs8(signed.signing_key.serialize_der().into());
    let config = rustls::ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![signed.cert.der().clone()], key).unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let calls: Arc<Mutex<Vec<String>>> = Arc::default();
    let noted = Arc::clone(&calls);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let mut head = vec![0; 16 * 1024];
            let length = stream.read(&mut head).await.unwrap_or(0);
            noted.lock().unwrap().push(String::from_utf8_lossy(&head[..length]).into_owned());
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n").await;
            let _ = stream.shutdown().await;
        }
    });
    let lines = base64::engine::general_purpose::STANDARD.encode(signed.cert.der());
    let lines = lines.as_bytes().chunks(64).map(String::from_utf8_lossy).collect::<Vec<_>>().join("\n");
    (port, calls, format!("-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"))
}

#[tokio::test]
async fn a_tls_receiver_is_called_without_proxies_and_only_with_a_valid_certificate() {
    let (port, calls, certificate) = tls_receiver().await;
    let (folder, http) = (tempfile::tempdir().unwrap(), http_client());
    let trusted = folder.path().join("trusted.pem");
    std::fs::write(&trusted, certificate).unwrap();
    let trusted = trusted.display().to_string();
    let proxies = [("HTTPS_PROXY", "http://127.0.0.1:1"), ("ALL_PROXY", "http://127.0.0.1:1")];
    let allow = [("MILEPOST_WEBHOOK_ALLOW", "localhost")];
    for (trust, expected) in
        [(None, "certificate"), (Some(("SSL_CERT_FILE", trusted.as_str())), "\"status\":\"delivered\"")]
    {
        let data = tempfile::tempdir().unwrap();
        let settings: Vec<_> = proxies.iter().chain(&allow).copied().chain(trust).collect();
        let (_server, url) = kill_nine::start_with(data.path(), &settings);
        let post = |path: &str, body: serde_json::Value| {
            http.post(format!("{url}{path}")).bearer_auth(operator_token()).json(&body).send()
        };
        let hook = json!({"url": format!("https://localhost:{port}/hook")});
        json_of(post("/api/v1/webhooks", hook).await.unwrap(), 201).await;
        let order = json!({"order_id": "ORD-1", "rider_id": "r1", "dropoff_lat": 5.6, "dropoff_lng": -0.1});
        json_of(post("/tracking/start", order).await.unwrap(), 200).await;
        tokio::time::timeout(PATIENCE, async {
            loop {
                let listed = http.get(format!("{url}/api/v1/outgoing")).bearer_auth(operator_token()).send().await;
                let call = json_of(listed.unwrap(), 200).await["items"][0].to_string();
                if call.contains(expected) {
                    return;
                }
                assert!(!call.contains("127.0.0.1:1"), "{call}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await
        .unwrap_or_else(|_| panic!("no {expected}"));
    }
    let calls = calls.lock().unwrap();
    assert_eq!(calls.len(), 1);
    assert!(
        calls[0].starts_with("POST /hook HTTP/1.1\r\n") && calls[0].contains("webhook-signature: v1,"),
        "{calls:?}"
    );
}

#[tokio::test]
async fn a_machine_without_certificates_still_calls_receivers_that_need_none() {
    let receiver = Receiver::start(|_| 200).await;
    let data = tempfile::tempdir().unwrap();
    let settings = [
        ("NOTIFICATION_SERVICE_URL", receiver.url.as_str()),
        ("SSL_CERT_FILE", "/nowhere/certificates.pem"),
        ("SSL_CERT_DIR", "/nowhere"),
    ];
    let (_server, url) = kill_nine::start_with(data.path(), &settings);
    let order =
        json!({"order_id": "O", "rider_id": "r1", "dropoff_lat": 5.6, "dropoff_lng": -0.1, "phone": "+233501234567"});
    let post = http_client().post(format!("{url}/tracking/start")).bearer_auth(operator_token()).json(&order);
    json_of(post.send().await.unwrap(), 200).await;
    let call = receiver.until(1).await.remove(0);
    assert_eq!((call.path.as_str(), &call.json()["phone"]), ("/notify/sms", &json!("+233501234567")));
}
