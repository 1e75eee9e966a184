//! Trips here beside those that Traccar reported: the recorded drive, and the report that the real server made of it.

use super::moving::{command, data, import};
use super::support::Traccar;
use crate::support::fresh_postgres;
use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use milepost_test_support::{remove_postgres, run_on_postgres};
use serde_json::{Value, json};

/// The positions that were sent to the real server.
const DRIVE: &str = include_str!("../../../../dialects/traccar/exchanges/drive.json");
const REPORTS: &str = include_str!("../../../../dialects/traccar/exchanges/reports.json");

/// The report of trips of the real server.
fn recorded_trips() -> Value {
    let reports: Value = serde_json::from_str(REPORTS).unwrap();
    let exchanges = reports["exchanges"].as_array().unwrap();
    exchanges.iter().find(|one| one["name"] == "trips JSON").unwrap()["response"]["body"].clone()
}

fn drive() -> Vec<Value> {
    serde_json::from_str(DRIVE).unwrap()
}

/// A Traccar that has the recorded drive of one device, and the report of it, or an error.
async fn recorded_server(refuses_reports: bool) -> String {
    let answer = move |uri: Uri| async move { recorded_answer(&uri, refuses_reports) };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    url
}

fn recorded_answer(uri: &Uri, refuses_reports: bool) -> Response {
    let bounds: Vec<&str> =
        uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split('=').nth(1)).collect();
    let json = |value: Value| ([("content-type", "application/json")], value.to_string()).into_response();
    match uri.path() {
        "/api/devices" => json(json!([{ "id": 1, "name": "Truck 1", "uniqueId": "truck-1", "attributes": {} }])),
        "/api/positions" => {
            let is_within = |fix: &Value| {
                let at = fix["time"].as_str().unwrap();
                at[..19] >= bounds[1][..19] && at[..19] <= bounds[2][..19]
            };
            let positions = drive().into_iter().filter(is_within).map(|fix| {
                json!({
                    "deviceId": 1, "fixTime": fix["time"], "valid": true, "latitude": fix["latitude"],
                    "longitude": fix["longitude"], "altitude": 150, "speed": fix["speed_knots"], "course": 0,
                    "accuracy": 5, "attributes": { "ignition": fix["ignition"] },
                })
            });
            json(positions.collect())
        }
        "/api/reports/trips" if !refuses_reports => json(recorded_trips()),
        "/api/reports/trips" => (StatusCode::BAD_REQUEST, "java.lang.IllegalArgumentException: no").into_response(),
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

// The command waits for a server of this process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trips_are_compared_with_the_report_of_the_real_server() {
    let traccar = Traccar::start().await;
    let folder = data(&traccar);
    let file = folder.join("differences.csv");
    let url = recorded_server(false).await;
    let args = ["--from", url.as_str(), "--token", "t", "--differences", file.to_str().unwrap()];
    let said = import(&folder, &args);
    assert!(said.contains("40 positions were stored"), "{said}");
    for line in [
        "Trips of each device's last 30 days: 3 there, 3 here; 0 are the same",
        "because it stood between the two times",
        "Truck 1 2026-11-29 18:39 UTC ends 3.3 min earlier here",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    // All three lengths are within one percent, and each difference has its reason.
    assert!(!said.contains("m there") && !said.contains("not known"), "{said}");
    let written = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = written.lines().collect();
    assert!(lines[0].starts_with("device,name,what,there_started_at,"), "{written}");
    assert!(lines[1..].iter().all(|line| line.starts_with("\"truck-1\",\"Truck 1\",end,2026-11-29T1")), "{written}");
    assert_eq!(lines.len(), 4, "{written}");

    let said = import(&folder, &[&args[..4], &["--compare-days", "0"]].concat());
    assert!(!said.contains("Trips of each"), "{said}");
    let refusing = recorded_server(true).await;
    let said = import(&folder, &["--from", &refusing, "--token", "t"]);
    assert!(said.contains("not compared (Traccar's API answers reports/trips"), "{said}");
    let too_many = command(&folder, &[&args[..4], &["--compare-days", "1000"]].concat()).output().unwrap();
    assert_eq!(too_many.status.code(), Some(2));
}

// The command waits for a server of this process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trips_of_a_database_are_those_of_its_events() {
    let Some(url) = fresh_postgres().await else { return };
    run_on_postgres(&url, super::moving::DATABASE).await;
    let mut rows = "delete from tc_events; delete from tc_positions;".to_owned();
    for (number, fix) in drive().iter().enumerate() {
        let time = fix["time"].as_str().unwrap().trim_end_matches('Z').replace('T', " ");
        rows.push_str(&format!(
            "insert into tc_positions (id, deviceid, devicetime, fixtime, valid, latitude, longitude, altitude, speed, course, attributes)
             values ({number}, 1, '{time}', '{time}', true, {}, {}, 0, {}, 0, '{{\"ignition\":{},\"totalDistance\":{}}}');",
            fix["latitude"], fix["longitude"], fix["speed_knots"], fix["ignition"], number * 100
        ));
        let kind = match number {
            2 => "deviceMoving",
            13 => "deviceStopped",
            _ => continue,
        };
        rows.push_str(&format!(
            "insert into tc_events values ({number}, '{kind}', '{time}', 1, {number}, null, '{{}}', null);"
        ));
    }
    run_on_postgres(&url, &rows).await;
    let traccar = Traccar::start().await;
    let said = import(&data(&traccar), &["--from", &url]);
    for line in [
        "1 there, 3 here; 0 are the same",
        "Truck 1 2026-11-29 18:39 UTC ends 3.3 min earlier here",
        // The sum of the events' positions, which has nothing to do with the way.
        "is 1678 m longer here than the 1100 m there",
        "is only here",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    remove_postgres(&url).await;
}
