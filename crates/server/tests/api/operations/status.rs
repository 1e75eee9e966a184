//! `/health`, `/ready`, `/metrics`, and stopping.

use crate::nodes::support::is_ready;
use crate::support::{PATIENCE, TestServer, json_of};
use serde_json::json;
use std::io::Read as _;
use std::time::Duration;

#[tokio::test]
async fn health_and_readiness_need_no_credential() {
    let server = TestServer::start().await;
    assert_eq!(server.get_json("/health", "").await["status"], "ok");
    assert_eq!(
        server.get_json("/ready", "").await,
        json!({"status": "ready", "database": "sqlite", "relay": "in-process", "nodes": 1})
    );
}

#[tokio::test]
async fn metrics_count_events_and_name_no_user_or_vehicle() {
    let server = TestServer::start().await;
    server.add_bus("secret-bus").await;
    let mut watcher = server.watch("/ws/bus-tracking/", &server.admin).await;
    server.report("secret-bus", 1.0, 2.0, "2025-01-15T10:30:45Z").await;
    watcher.next_bus().await;
    let request = server.http.get(format!("{}/metrics", server.url));
    let answer = request.header("Accept", "application/openmetrics-text;version=1.0.0").send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/openmetrics-text; version=1.0.0; charset=utf-8");
    let text = answer.text().await.unwrap();
    for line in ["milepost_websockets_open 1", "milepost_positions_committed_total 1", "milepost_hub_published_total 1"]
    {
        assert!(text.contains(line), "{line} is missing in {text}");
    }
    assert!(text.contains("milepost_commit_seconds_count 1") && text.ends_with("# EOF\n"));
    assert!(!text.contains("secret-bus") && !text.contains("admin"));
}

#[tokio::test]
async fn metrics_are_plain_text_unless_open_metrics_is_asked_for() {
    let server = TestServer::start().await;
    let answer = server.get("/metrics", "").await;
    assert_eq!(answer.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = answer.text().await.unwrap();
    assert!(!text.contains("# EOF"));
    // Every counter is described under the name of its samples.
    for kind in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.strip_suffix(" counter")) {
        assert!(kind.ends_with("_total"), "{kind}");
        assert!(text.contains(&format!("# HELP {kind} ")), "{kind}");
    }
    assert!(text.contains("# TYPE milepost_hub_published_total counter\nmilepost_hub_published_total 0\n"));
}

#[tokio::test]
async fn a_draining_server_advises_every_socket_when_to_reconnect() {
    let server = TestServer::start().await;
    let mut watchers = Vec::new();
    for _ in 0..20 {
        watchers.push(server.watch("/ws/bus-tracking/", &server.admin).await);
    }
    let (url, http) = (server.url.clone(), server.http.clone());
    let drained = tokio::spawn(server.running.drain());
    let mut advice = Vec::new();
    for watcher in &mut watchers {
        let frame = watcher.closed().await.expect("a close frame");
        assert_eq!(u16::from(frame.code), 1012);
        assert!(frame.reason.contains("reconnect in"), "{}", frame.reason);
        advice.push(frame.reason.to_string());
    }
    advice.sort();
    advice.dedup();
    assert!(advice.len() > 5, "the advice is spread: {advice:?}");
    drained.await.unwrap();
    assert!(http.get(format!("{url}/health")).send().await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn pages_have_a_security_policy_and_load_from_this_host_only() {
    let server = TestServer::start_with(&[("MILEPOST_TILE_URL", "https://tiles.example.org/{z}/{x}/{y}.png")]).await;
    let page = server.get("/", "").await;
    let policy = page.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("default-src 'self'") && policy.contains("https://tiles.example.org"));
    let config = json_of(server.get("/app/config.json", "").await, 200).await;
    assert_eq!(config["tile_url"], "https://tiles.example.org/{z}/{x}/{y}.png");
    let routes = server.get_json("/app/routes.geojson", "").await;
    assert!(!routes["features"].as_array().unwrap().is_empty() && routes["attribution"].is_string());
}

#[tokio::test]
async fn an_asset_comes_compressed_only_as_the_client_takes_it() {
    let server = TestServer::start().await;
    let page = server.get("/", "").await.text().await.unwrap();
    let script = page.split('"').find(|part| part.starts_with("/assets/") && part.ends_with(".js")).unwrap();
    let get = async |header: &'static str, value: &str| {
        server.http.get(format!("{}{script}", server.url)).header(header, value).send().await.unwrap()
    };
    let plain = get("accept-encoding", "br;q=0, gzip;q=0").await;
    assert!(!plain.headers().contains_key("content-encoding"));
    assert_eq!(plain.headers()["vary"], "accept-encoding");
    assert_eq!(plain.headers()["content-type"], "text/javascript");
    let plain = plain.bytes().await.unwrap();
    let smallest = get("accept-encoding", "gzip, br").await;
    assert_eq!(smallest.headers()["content-encoding"], "br");
    let smallest = smallest.bytes().await.unwrap();
    let taken = get("accept-encoding", "gzip").await;
    assert_eq!(taken.headers()["content-encoding"], "gzip");
    assert_eq!(taken.headers()["content-type"], "text/javascript");
    let tag = taken.headers()["etag"].to_str().unwrap().to_owned();
    let compressed = taken.bytes().await.unwrap();
    let mut inflated = Vec::new();
    flate2::read::GzDecoder::new(&compressed[..]).read_to_end(&mut inflated).unwrap();
    assert!(inflated == plain && compressed.len() < plain.len() && smallest.len() < compressed.len());
    assert_eq!(get("if-none-match", &tag).await.status(), 304);
}

#[tokio::test]
async fn a_server_of_which_a_part_has_ended_is_not_ready_and_says_so() {
    let server = TestServer::start().await;
    assert_eq!(server.get("/ready", "").await.status(), 200);
    server.running.assembly.tasks.watch("juggling", || true);
    let problem = json_of(server.get("/ready", "").await, 503).await;
    assert_eq!(problem["detail"], "a part of the server has ended: juggling; restart it");
    let ended = tokio::time::timeout(PATIENCE, server.running.task_ended()).await;
    assert_eq!(ended.expect("it is noticed"), "juggling");
}

#[tokio::test]
async fn whichever_task_ends_the_server_is_not_ready_and_says_so() {
    let names = TestServer::start().await.running.tasks().started();
    assert!(names.len() >= 14, "{names:?}");
    for name in names {
        let server = TestServer::start().await;
        assert!(server.running.is_whole(), "{name}");
        server.running.tasks().end(name);
        let ended = tokio::time::timeout(PATIENCE, server.running.task_ended()).await;
        assert_eq!(ended.expect("it is noticed"), name);
        // Whoever accepts connections can't say so any more.
        if name != "accepting connections" {
            let problem = json_of(server.get("/ready", "").await, 503).await;
            assert_eq!(problem["detail"], format!("a part of the server has ended: {name}; restart it"));
        }
    }
}

#[tokio::test]
async fn a_server_that_is_about_to_drain_is_not_ready_and_goes_on_for_the_delay() {
    let server = TestServer::start_with(&[("MILEPOST_DRAIN_DELAY", "1h")]).await;
    server.add_bus("b1").await;
    let mut watcher = server.watch("/ws/bus-tracking/", &server.admin).await;
    let announced = server.running.announce_drain();
    let meanwhile = async {
        is_ready(&server, |ready| ready["status"] == 503 && ready["detail"] == "the server is shutting down").await;
        assert_eq!(server.get("/health", "").await.status(), 200);
        // What comes is taken as before, and new sockets are opened.
        server.report("b1", 1.0, 2.0, "2025-01-15T10:00:00Z").await;
        assert_eq!(watcher.next_bus().await, "b1");
        let mut late = server.watch("/ws/bus-tracking/", &server.admin).await;
        assert_eq!(late.next_bus().await, "b1");
        server.clock.turn(Duration::from_secs(3_600));
        late
    };
    let both = async { tokio::join!(announced, meanwhile) };
    let ((), mut late) = tokio::time::timeout(PATIENCE, both).await.expect("the delay ends");
    let (_, first, second) = tokio::join!(server.drain(), watcher.close_code(), late.close_code());
    assert_eq!((first, second), (1012, 1012));
}
