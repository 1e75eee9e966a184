//! One track, sent in many orders: the same trips, visits, alerts and sums, to the letter.

use crate::fleet::history_support::{facts, fix, id, past, report, sums, trips, turn_until};
use crate::support::databases::{Database, on_both};
use crate::support::signing::now_ms;
use crate::support::{TestServer, json_of};
use milepost_domain::{Fact, FenceCrossing, FenceEvent, GeofenceId, Revision, Timestamp, Trip};
use milepost_store::IncidentKind;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;

on_both! {
    any_order_of_arrival_ends_in_the_same_history_to_the_letter,
}

const DEGREE_M: f64 = 111_194.9;

/// Round fences, a strip that is crossed somewhere else whenever a corner of the way is missing, and a narrow corridor.
async fn add_fences(server: &TestServer) {
    let place = |(east_m, north_m): (f64, f64)| json!([0.5 + east_m / DEGREE_M, north_m / DEGREE_M]);
    let places = |corners: &[(f64, f64)]| corners.iter().map(|corner| place(*corner)).collect::<Vec<_>>();
    let strip = places(&[(1_000.0, -4_000.0), (2_200.0, -4_000.0), (2_200.0, 9_000.0), (1_000.0, 9_000.0)]);
    let fences = [
        json!({"name": "Strip", "geometry": {"type": "Polygon", "coordinates": [strip]}}),
        json!({"name": "Yard", "geometry": {"type": "Point", "coordinates": place((3_000.0, 2_000.0))}, "radius_m": 400,
            "dwell_s": 120, "speed_limit_kmh": 50}),
        json!({"name": "Road", "geometry": {"type": "LineString",
            "coordinates": places(&[(-2_000.0, 500.0), (6_000.0, 900.0)])}, "width_m": 20}),
        json!({"name": "Home", "geometry": {"type": "Point", "coordinates": place((0.0, 0.0))}, "radius_m": 150}),
    ];
    for fence in fences {
        json_of(server.post("/api/v1/geofences", &server.admin, fence).await, 201).await;
    }
}

/// A drive with many corners, a streak of speeding, a stop in the yard, a gap, and an end without a farewell.
fn track(end_ms: i64) -> Vec<Value> {
    let corners = [
        (0.0, 0.0, 40.0),
        (0.0, 1_500.0, 40.0),
        (1_500.0, 1_500.0, 70.0),
        (1_500.0, 300.0, 55.0),
        (3_000.0, 300.0, 97.0),
        (3_000.0, 2_000.0, 60.0),
        (3_000.0, 2_000.0, 0.0),
        (5_000.0, 2_500.0, 85.0),
        (5_000.0, -500.0, 60.0),
        (-800.0, 1_200.0, 50.0),
    ];
    let (mut told, mut ms) = (Vec::new(), 0);
    for second in 0..12 {
        told.push((0.0, 0.0, 0.0, second * 20_000));
        ms = (second + 1) * 20_000;
    }
    for two in corners.windows(2) {
        let ((from_east_m, from_north_m, _), (to_east_m, to_north_m, kmh)) = (two[0], two[1]);
        let length_m: f64 = f64::hypot(to_east_m - from_east_m, to_north_m - from_north_m);
        let steps = if length_m == 0.0 { 15 } else { (length_m / (kmh / 3.6 * 20.0)).ceil() as i64 };
        for step in 1..=steps {
            let part = step as f64 / steps as f64;
            let place =
                (from_east_m + part * (to_east_m - from_east_m), from_north_m + part * (to_north_m - from_north_m));
            told.push((place.0, place.1, kmh, ms));
            ms += 20_000;
        }
    }
    let last_ms = told[told.len() - 1].3;
    told.into_iter().map(|(east_m, north_m, kmh, ms)| fix(east_m, north_m, kmh, end_ms - last_ms + ms)).collect()
}

async fn add_vehicle(server: &TestServer, vehicle: &str) {
    let body = json!({"id": vehicle, "kind": "bus", "label": "Bus", "fuel_l_per_100km": 30, "fuel_price_per_l": 2});
    json_of(server.post("/api/v1/vehicles", &server.admin, body).await, 201).await;
}

/// A vehicle's alerts as REST shows them, without what each alert has of its own.
async fn alerts(server: &TestServer, vehicle: &str) -> Vec<Value> {
    let page = server.get_json("/api/v1/alerts?limit=1000", &server.admin).await;
    assert_eq!(page["next"], Value::Null);
    let mine = page["items"].as_array().unwrap().iter().filter(|alert| alert["vehicle_id"] == vehicle);
    let mut alerts: Vec<Value> = mine
        .filter(|alert| alert["type"] != "vehicle_offline")
        .map(|alert| {
            let mut alert = alert.clone();
            for own in ["id", "vehicle_id", "expires_at"] {
                alert.as_object_mut().unwrap().remove(own);
            }
            alert["subject"] = json!(alert["subject"].as_str().unwrap().replace(vehicle, "it"));
            alert
        })
        .collect();
    alerts.sort_by_key(Value::to_string);
    alerts
}

/// The state of a client that applies every message about crossings: by visit and event, time and place.
async fn crossings(
    server: &TestServer,
    vehicle: &str,
) -> BTreeMap<(GeofenceId, Timestamp, &'static str), (i64, f64, f64)> {
    let mut known = BTreeMap::new();
    for fact in facts(&*server.running.assembly.store).await {
        let Fact::FenceCrossed(crossing) = fact else { continue };
        if crossing.vehicle_id != id(vehicle) {
            continue;
        }
        let FenceCrossing { geofence_id, event, at, latitude, longitude, revision, visit, corrects, .. } = *crossing;
        let key = |entered_at: Option<Timestamp>| (geofence_id, entered_at.unwrap(), FenceEvent::as_str(event));
        match revision {
            // The company does not get it.
            Revision::Reassigned => continue,
            Revision::New | Revision::Added => assert_eq!(corrects, None),
            Revision::Corrected | Revision::Withdrawn => {
                assert!(known.remove(&key(corrects)).is_some(), "{revision:?} of what was not published");
            }
        }
        if revision != Revision::Withdrawn {
            let place = (at.unix_ms(), latitude.get(), longitude.get());
            assert_eq!(known.insert(key(visit), place), None, "published twice");
        }
    }
    known
}

async fn any_order_of_arrival_ends_in_the_same_history_to_the_letter(database: Database) {
    let server = database.start().await;
    add_fences(&server).await;
    // A pause between two uploads is a silence already, and ends trips that go on.
    let rules = json!({"offline_after_s": 2});
    json_of(server.call(Method::PATCH, "/api/v1/fleet/rules", &server.admin, Some(rules)).await, 200).await;
    let positions = track(now_ms() - 3_000_000);
    let store = &server.running.assembly.store;
    let all_folded = async || {
        let stats = server.running.assembly.tracks.stats();
        stats.waiting == 0 && stats.behind == 0
    };
    add_vehicle(&server, "plain").await;
    report(&server.http, &server.url, &server.admin, "plain", &positions).await;
    turn_until(&server.clock, &true, async || {
        let trips = trips(&**store, "plain").await;
        trips.len() == 2 && trips.iter().all(|trip| trip.status.has_ended())
    })
    .await;
    let history = async |vehicle: &str| {
        let mut past = past(&**store, vehicle).await;
        past.incidents.retain(|incident| incident.kind != IncidentKind::Offline);
        (past, alerts(&server, vehicle).await, crossings(&server, vehicle).await)
    };
    let expected = history("plain").await;
    assert!(expected.1.len() >= 12 && expected.2.len() >= 10, "{expected:#?}");
    let plain_sums = sums(&**store).await;
    // What silence ended has the same figures everywhere.
    let of_trips = expected.0.trips.iter().fold([0; 4], |[way, moving, idle, fuel], Trip { figures, .. }| {
        let burnt_ml = figures.fuel.map_or(0, |fuel| fuel.burnt_ml);
        [way + figures.distance_mm, moving + figures.moving_ms, idle + figures.idle_ms, fuel + burnt_ml]
    });
    assert_eq!(plain_sums, of_trips);

    for (seed, reach) in (0_u64..).zip([2, 6, 20, 60, 1_000]) {
        let (vehicle, mut dice) = (format!("mixed{seed}"), fastrand::Rng::with_seed(seed));
        add_vehicle(&server, &vehicle).await;
        // From nearly in order to any order.
        let mut mixed: Vec<(usize, &Value)> = Vec::new();
        for (index, position) in positions.iter().enumerate() {
            mixed.push((index + dice.usize(0..=reach), position));
        }
        mixed.sort_by_key(|(key, _)| *key);
        let mixed: Vec<Value> = mixed.into_iter().map(|(_, position)| position.clone()).collect();
        for batch in mixed.chunks(dice.usize(8..30)) {
            report(&server.http, &server.url, &server.admin, &vehicle, batch).await;
            // Published before the late positions come, so that much has to be corrected.
            turn_until(&server.clock, &true, all_folded).await;
        }
        turn_until(&server.clock, &expected, async || history(&vehicle).await).await;
        turn_until(&server.clock, &plain_sums.map(|sum| (seed as i64 + 2) * sum), async || sums(&**store).await).await;
    }
}
