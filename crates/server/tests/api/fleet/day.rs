//! A recorded day, sent shuffled, twice, and over four connections at once: the result is the same as when it is sent once
//! and in order.

use crate::fleet::history_support::turn_until;
use crate::fleet::recording::recorded;
use crate::fleet::socket_support::manager;
use crate::support::databases::{Database, on_both};
use crate::support::signing::{claims_token, now_ms};
use crate::support::{TestServer, Watcher, http_client, json_of};
use milepost_domain::{TenantId, Timestamp, VehicleId};
use milepost_store::{FenceVisit, Incident, IncidentKind};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};

on_both! {
    a_day_sent_shuffled_and_twice_over_four_connections_has_the_same_result,
}

const TRAINS: [&str; 3] = ["10103", "10104", "10105"];
/// Stations of the line. The arrivals and departures of each train are published.
const STATIONS: [(&str, f64, f64); 6] = [
    ("Downtown", -97.739_4, 30.265_0),
    ("Plaza Saltillo", -97.727_8, 30.262_3),
    ("Crestview", -97.719_6, 30.338_4),
    ("Kramer", -97.716_4, 30.392_8),
    ("Howard", -97.701_7, 30.440_0),
    ("Lakeline", -97.786_5, 30.481_0),
];

/// A company with the trains, its rules and geofences.
async fn add_line(server: &TestServer, company: &str) {
    json_of(server.post("/api/v1/tenants", &server.admin, json!({"id": company, "name": company})).await, 201).await;
    let token = manager(101, company);
    for train in TRAINS {
        let body = json!({"id": train, "kind": "train", "label": train, "fuel_l_per_100km": 30, "fuel_price_per_l": 2});
        json_of(server.post("/api/v1/vehicles", &token, body).await, 201).await;
    }
    for (name, longitude, latitude) in STATIONS {
        let geometry = json!({"type": "Point", "coordinates": [longitude, latitude]});
        let body = json!({"name": name, "geometry": geometry, "radius_m": 200, "dwell_s": 120});
        json_of(server.post("/api/v1/geofences", &token, body).await, 201).await;
    }
    let rules = json!({"speed_limit_kmh": 75});
    json_of(server.call(Method::PATCH, "/api/v1/fleet/rules", &token, Some(rules)).await, 200).await;
}

/// The trains' positions of one day as request bodies, in each train's order.
fn day(end_ms: i64) -> Vec<Value> {
    let of_train = |train: &'static str| {
        recorded(train, end_ms).into_iter().map(move |fix| {
            let mut body = fix.body();
            body["vehicle_id"] = json!(train);
            body
        })
    };
    TRAINS.into_iter().flat_map(of_train).collect()
}

/// A company's history after a day, without ids and alert times, which differ between companies.
#[derive(Debug, PartialEq)]
struct Outcome {
    trips: Vec<Value>,
    visits: Vec<Vec<FenceVisit>>,
    incidents: Vec<Vec<Incident>>,
    alerts: BTreeMap<String, usize>,
    figures: Value,
}

async fn outcome(server: &TestServer, company: &str) -> Outcome {
    let token = manager(101, company);
    let trips = server.get_json("/api/v1/trips?limit=1000", &token).await["items"].as_array().unwrap().clone();
    let mut trips: Vec<Value> = trips
        .into_iter()
        .map(|mut trip| {
            for own in ["id", "created_at", "changed_at"] {
                trip.as_object_mut().unwrap().remove(own);
            }
            trip
        })
        .collect();
    trips.sort_by_key(|trip| (trip["vehicle_id"].to_string(), trip["start_time"].to_string()));
    let store = &server.running.assembly.store;
    let tenant = TenantId::new(company).unwrap();
    let (from, to) = (Timestamp::from_unix_ms(0).unwrap(), Timestamp::from_unix_ms(now_ms()).unwrap());
    let first_fence = store.list_geofences(&tenant, None, 1).await.unwrap()[0].id.get();
    let (mut visits, mut incidents) = (Vec::new(), Vec::new());
    for train in TRAINS {
        let train = VehicleId::new(train).unwrap();
        let mut of_train = store.list_visits(&tenant, &train, from, to, 10_000).await.unwrap();
        for visit in &mut of_train {
            let number = visit.geofence_id.get() - first_fence + 1;
            visit.geofence_id = milepost_domain::GeofenceId::new(number).unwrap();
        }
        visits.push(of_train);
        let mut of_train = store.list_incidents(&tenant, &train, from, to, 10_000).await.unwrap();
        of_train.retain(|incident| incident.kind != IncidentKind::Offline);
        incidents.push(of_train);
    }
    let mut figures = server.get_json("/api/v1/dashboard", &token).await;
    figures["timestamp"] = Value::Null;
    Outcome { trips, visits, incidents, alerts: count(&alerts(server, company).await), figures }
}

/// A company's alerts without those about silence, which depend on the time of the test.
async fn alerts(server: &TestServer, company: &str) -> HashMap<String, Value> {
    let (token, mut alerts, mut cursor) = (manager(101, company), HashMap::new(), String::new());
    loop {
        let page = server.get_json(&format!("/api/v1/alerts?limit=200{cursor}"), &token).await;
        let items = page["items"].as_array().unwrap().iter().filter(|alert| alert["type"] != "vehicle_offline");
        alerts.extend(items.map(|alert| (alert["id"].as_str().unwrap().to_owned(), alert.clone())));
        let Some(next) = page["next"].as_str() else { return alerts };
        cursor = format!("&cursor={next}");
    }
}

/// The number of alerts of each kind and vehicle.
fn count(alerts: &HashMap<String, Value>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for alert in alerts.values() {
        *counts.entry(format!("{} {} {}", alert["vehicle_id"], alert["type"], alert["title"])).or_default() += 1;
    }
    counts
}

/// Sends batches over four connections at once, and returns how many positions were new.
async fn send(server: &TestServer, company: &str, batches: &[&[Value]]) -> i64 {
    let token = claims_token("101", "admin", company);
    let url = format!("{}/api/v1/positions", server.url);
    let senders = (0..4).map(|sender| {
        let mine: Vec<Vec<Value>> = batches.iter().skip(sender).step_by(4).map(|batch| batch.to_vec()).collect();
        let (http, url, token) = (http_client(), url.clone(), token.clone());
        tokio::spawn(async move {
            let mut accepted = 0;
            for batch in mine {
                let sent = http.post(&url).bearer_auth(&token).json(&batch).send().await.unwrap();
                let answer = json_of(sent, 201).await;
                assert_eq!(answer["rejected"], json!([]), "{answer}");
                let taken = answer["accepted"].as_i64().unwrap();
                assert_eq!(taken + answer["duplicates"].as_i64().unwrap(), batch.len() as i64, "{answer}");
                accepted += taken;
            }
            accepted
        })
    });
    let mut accepted = 0;
    for sender in senders.collect::<Vec<_>>() {
        accepted += sender.await.unwrap();
    }
    accepted
}

/// The state of a client that applies every message: trips by id, alerts by id.
#[derive(Default)]
struct Client {
    trips: HashMap<String, Value>,
    alerts: HashMap<String, Value>,
    corrected: usize,
}

impl Client {
    async fn listen(&mut self, watcher: &mut Watcher) {
        for message in watcher.until_pong().await {
            let data = &message["data"];
            let text = |field: &str| data[field].as_str().unwrap().to_owned();
            self.corrected += usize::from(data["telling"] == "corrected" || data["telling"] == "withdrawn");
            match message["type"].as_str().unwrap() {
                "trip_update" if data["status"] == "cancelled" => {
                    assert!(self.trips.remove(&text("trip_id")).is_some(), "{message}");
                }
                "trip_update" => {
                    self.trips.insert(text("trip_id"), data.clone());
                }
                "alert" if data["type"] != "vehicle_offline" => {
                    assert!(self.alerts.insert(text("id"), data.clone()).is_none(), "published twice: {message}");
                }
                "alert_deleted" => {
                    assert!(self.alerts.remove(&text("alert_id")).is_some(), "{message}");
                }
                _ => {}
            }
        }
    }
}

async fn a_day_sent_shuffled_and_twice_over_four_connections_has_the_same_result(database: Database) {
    let server = database.start().await;
    let positions = day(now_ms());
    for company in ["plain", "mixed"] {
        add_line(&server, company).await;
    }
    let mut watcher = server.watch_fleet("mixed", &manager(101, "mixed")).await;
    let batches: Vec<&[Value]> = positions.chunks(40).collect();
    for batch in &batches {
        assert_eq!(send(&server, "plain", &[batch]).await, batch.len() as i64);
    }
    let all_folded = async || {
        let stats = server.running.assembly.tracks.stats();
        stats.waiting == 0 && stats.behind == 0
    };
    turn_until(&server.clock, &true, all_folded).await;
    let mut twice = [positions.clone(), positions.clone()].concat();
    fastrand::Rng::with_seed(7).shuffle(&mut twice);
    let batches: Vec<&[Value]> = twice.chunks(13).collect();
    let (mut client, mut accepted) = (Client::default(), 0);
    for some in batches.chunks(batches.len().div_ceil(13)) {
        accepted += send(&server, "mixed", some).await;
        // The trips are published before the late positions come, so that much has to be corrected.
        turn_until(&server.clock, &true, all_folded).await;
        client.listen(&mut watcher).await;
    }
    assert_eq!(accepted, positions.len() as i64);
    let expected = outcome(&server, "plain").await;
    assert!(expected.trips.len() >= 6 && expected.alerts.values().sum::<usize>() > 60, "{expected:#?}");
    turn_until(&server.clock, &expected, async || outcome(&server, "mixed").await).await;

    // A client that applied every message has the same state.
    turn_until(
        &server.clock,
        &alerts(&server, "mixed").await.into_keys().collect::<std::collections::BTreeSet<_>>(),
        async || {
            client.listen(&mut watcher).await;
            client.alerts.keys().cloned().collect()
        },
    )
    .await;
    let mut trips: Vec<Value> = client.trips.into_values().collect();
    trips.sort_by_key(|trip| (trip["vehicle_id"].to_string(), trip["start_time"].to_string()));
    assert_eq!(trips.len(), expected.trips.len());
    for (shown, stored) in trips.iter().zip(&expected.trips) {
        for field in ["vehicle_id", "status", "start_time", "end_time", "distance", "duration"] {
            assert_eq!(shown.get(field).unwrap_or(&Value::Null), &stored[field], "{field}");
        }
    }
    assert!(client.corrected > 0);
}
