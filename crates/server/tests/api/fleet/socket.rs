//! Section 4.4 of the contract: who may watch a fleet, which messages a viewer gets, and how the socket ends.

use crate::fleet::socket_support::{alert, alert_deleted, alert_read, braking, crossing, manager, service_due, trip};
use crate::support::databases::{Database, on_both};
use crate::support::signing::{claims_token, token_for};
use crate::support::{PATIENCE, json_of};
use milepost_domain::{FenceEvent, Revision, TripStatus};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

on_both! {
    a_user_that_may_not_watch_is_refused_by_the_handshake,
    every_credential_admits_a_user_that_may_watch,
    anonymous_access_needs_no_credential_and_keeps_companies_apart,
    two_companies_get_only_their_own_messages,
    locations_come_as_a_snapshot_and_then_live,
    a_driver_sees_its_own_vehicle_what_it_did_and_its_own_alerts,
    an_alert_with_a_user_goes_to_that_user_alone,
    a_subscription_narrows_and_widens,
    stats_are_published_repeatedly_to_their_viewers,
    a_long_message_closes_with_1009_and_a_bad_one_is_answered,
    a_full_company_is_answered_429_and_others_are_not,
}

async fn a_user_that_may_not_watch_is_refused_by_the_handshake(database: Database) {
    let server = database.start().await;
    server.add_company("123").await;
    let check = async |query: &str, token: &str, status: u16| {
        let bearer = format!("Bearer {token}");
        let headers: &[_] = if token.is_empty() { &[] } else { &[("Authorization", bearer.as_str())] };
        for slash in ["", "/"] {
            let refused = server.try_watch(&format!("/ws/tracking{slash}{query}"), headers).await;
            assert_eq!(refused.err().map(|status| status.as_u16()), Some(status), "{slash}{query}");
        }
    };
    let own = manager(456, "123");
    check("", &own, 400).await;
    check("?user_id=456", &own, 400).await;
    check("?user_id=456", "", 400).await;
    check("?company_id=&user_id=456", &own, 400).await;
    check("?company_id=a/b", &own, 400).await;
    check("?company_id=123", "", 401).await;
    check("?company_id=123", "nonsense", 401).await;
    check("?company_id=123&token=nonsense", "", 401).await;
    check("?company_id=123", &token_for("456", "manager", "123", -120), 401).await;
    check("?company_id=123", &manager(456, "other"), 403).await;
    check("?company_id=123", &claims_token("456", "admin", "other"), 403).await;
    check("?company_id=123&user_id=457", &own, 403).await;
    check("?company_id=123&user_id=nobody", &own, 403).await;
    check("?company_id=nowhere", &server.admin, 404).await;
}

async fn every_credential_admits_a_user_that_may_watch(database: Database) {
    let server = database.start().await;
    server.add_company("123").await;
    let welcome = async |path: &str, token: &str| {
        let welcome = server.watch(path, token).await.next().await;
        assert_eq!((&welcome["type"], &welcome["company_id"]), (&json!("connection_established"), &json!("123")));
        welcome["data"]["user_id"].as_str().unwrap().to_owned()
    };
    assert_eq!(welcome("/ws/tracking/?company_id=123", &manager(456, "123")).await, "456");
    assert_eq!(welcome("/ws/tracking?company_id=123&user_id=456", &manager(456, "123")).await, "456");
    assert_eq!(welcome("/ws/tracking?company_id=123&user_id=", &manager(456, "123")).await, "456");
    // A user of another issuer has a name instead of a number.
    let named = claims_token("ann", "manager", "123");
    assert_eq!(welcome("/ws/tracking?company_id=123&user_id=ann", &named).await, "");
    // An admin may name any user of the company.
    assert_eq!(welcome("/ws/tracking?company_id=123&user_id=456", &claims_token("101", "admin", "123")).await, "456");
    assert_eq!(welcome("/ws/tracking?company_id=123&user_id=456", &server.admin).await, "456");
    assert_eq!(welcome("/ws/tracking?company_id=123", &server.admin).await, "");
    let path = format!("/ws/tracking?company_id=123&token={}", manager(456, "123"));
    assert_eq!(server.try_watch(&path, &[]).await.unwrap().next().await["data"]["user_id"], "456");
}

async fn anonymous_access_needs_no_credential_and_keeps_companies_apart(database: Database) {
    let server = database.start_with(&[("FLEET_WS_AUTH", "optional")]).await;
    server.add_company("123").await;
    server.add_company("124").await;
    let refused = async |query: &str, headers: &[(&'static str, &str)]| {
        server.try_watch(&format!("/ws/tracking{query}"), headers).await.err().map(|status| status.as_u16())
    };
    assert_eq!(refused("", &[]).await, Some(400));
    assert_eq!(refused("?user_id=1", &[]).await, Some(400));
    assert_eq!(refused("?company_id=nowhere", &[]).await, Some(404));
    let bearer = format!("Bearer {}", manager(101, "124"));
    assert_eq!(refused("?company_id=123", &[("Authorization", &bearer)]).await, Some(403));
    // Opens the socket as a client of the replaced system does.
    let mut watcher = server.try_watch("/ws/tracking?company_id=123&user_id=456", &[]).await.unwrap();
    assert_eq!(watcher.next().await["data"]["user_id"], "456");
    server.store_facts("124", &[alert("124", "other", None, None)]).await;
    let facts = [alert("123", "own", Some(456), None), alert("123", "all", None, None)];
    server.store_facts("123", &facts).await;
    assert_eq!(watcher.next_event().await["data"]["id"], "own");
    assert_eq!(watcher.next_event().await["data"]["id"], "all");
}

async fn two_companies_get_only_their_own_messages(database: Database) {
    let server = database.start().await;
    let mut watchers = Vec::new();
    for company in ["123", "124"] {
        server.add_company(company).await;
        let mut watcher = server.watch_fleet(company, &manager(101, company)).await;
        watcher.next_of("fleet_dashboard_update").await;
        watchers.push((company, watcher));
    }
    for (company, latitude) in [("123", 1.0), ("124", 2.0)] {
        server.place(company, "7", latitude).await;
        server.store_facts(company, &[alert(company, company, None, Some("7"))]).await;
    }
    for ((company, watcher), latitude) in watchers.iter_mut().zip([1.0, 2.0]) {
        let place = watcher.next_of("vehicle_location_update").await;
        assert_eq!((&place["company_id"], &place["data"]["latitude"]), (&json!(company), &json!(latitude)));
        assert_eq!(watcher.next_event().await["data"]["id"], *company);
        for message in watcher.until_pong().await {
            assert_eq!(message["company_id"], *company, "{message}");
        }
    }
}

async fn locations_come_as_a_snapshot_and_then_live(database: Database) {
    let server = database.start().await;
    server.add_company("123").await;
    server.place("123", "8", 1.0).await;
    let mut watcher = server.watch_fleet("123", &manager(101, "123")).await;
    let place = watcher.next_of("vehicle_location_update").await;
    assert_eq!((&place["data"]["vehicle_id"], &place["data"]["driver_id"]), (&json!("8"), &json!("")));
    watcher.next_of("fleet_dashboard_update").await;
    server.place("123", "7", 3.0).await;
    let place = watcher.next_of("vehicle_location_update").await["data"].clone();
    assert_eq!((&place["vehicle_id"], &place["driver_id"]), (&json!("7"), &json!("42")));
    assert_eq!((&place["speed"], &place["heading"], place.get("event_id")), (&json!(60.0), &json!(90.0), None));
    // A new driver is published with the last position.
    let change = json!({"driver_id": 43});
    json_of(server.call(Method::PATCH, "/api/v1/vehicles/7", &manager(101, "123"), Some(change)).await, 200).await;
    assert_eq!(watcher.next_of("vehicle_location_update").await["data"]["driver_id"], "43");
}

async fn a_driver_sees_its_own_vehicle_what_it_did_and_its_own_alerts(database: Database) {
    let server = database.start().await;
    server.add_company("123").await;
    for vehicle in ["7", "8"] {
        server.place("123", vehicle, 1.0).await;
    }
    let mut driver = server.watch_fleet("123", &claims_token("42", "driver", "123")).await;
    assert_eq!(driver.next().await["type"], "connection_established");
    assert_eq!(driver.next().await["data"]["vehicle_id"], "7");
    server.place("123", "8", 2.0).await;
    server.place("123", "7", 2.0).await;
    assert_eq!(driver.next().await["data"]["latitude"], 2.0);
    let facts = [
        alert("123", "company", None, Some("7")),
        alert("123", "another", Some(41), None),
        // An event without a known driver.
        crossing("7", FenceEvent::Exit, Revision::New),
        braking("7", Revision::New),
        service_due("7"),
        alert("123", "own", Some(42), None),
        alert_read("own", Some(42)),
        alert_deleted("another", Some(41)),
        alert_deleted("own", Some(42)),
        trip("123", "7", TripStatus::Completed, Revision::New),
    ];
    server.store_facts("123", &facts).await;
    let kinds = ["driver_event_update", "alert", "alert_read", "alert_deleted", "trip_update"];
    for kind in kinds {
        let message = driver.next().await;
        assert_eq!(message["type"], kind);
        let user = if kind.starts_with("alert") { json!("42") } else { Value::Null };
        assert_eq!(message["user_id"], user, "{message}");
    }
    // A driver gets no statistics either: nothing else came.
    assert_eq!(driver.until_pong().await, Vec::<Value>::new());
    // A replay of everything brings them neither.
    driver.send(json!({"type": "replay_request", "last_event_id": 0})).await;
    for kind in kinds {
        assert_eq!(driver.next().await["type"], kind);
    }
    assert_eq!(driver.next().await["data"]["count"], kinds.len());
    // Events of another driver do not reach it, and a user that drives no more gets none.
    for (user, role) in [("43", "driver"), ("42", "client")] {
        let mut other = server.watch_fleet("123", &claims_token(user, role, "123")).await;
        other.send(json!({"type": "replay_request", "last_event_id": 0})).await;
        let complete = other.next_of("replay_complete").await;
        assert_eq!(complete["data"]["count"], if user == "42" { 3 } else { 0 }, "{user} {role}");
    }
}

async fn an_alert_with_a_user_goes_to_that_user_alone(database: Database) {
    let server = database.start().await;
    server.add_company("123").await;
    let mut own = server.watch_fleet("123", &manager(456, "123")).await;
    let mut other = server.watch_fleet("123", &manager(457, "123")).await;
    let mut admin = server.watch_fleet("123", &claims_token("101", "admin", "123")).await;
    server.store_facts("123", &[alert("123", "one", Some(456), None), alert("123", "all", None, None)]).await;
    let first = own.next_event().await;
    assert_eq!((&first["data"]["id"], &first["data"]["user_id"]), (&json!("one"), &json!("456")));
    for watcher in [&mut own, &mut other, &mut admin] {
        let all = watcher.next_event().await;
        assert_eq!((&all["data"]["id"], all.get("user_id")), (&json!("all"), None));
    }
}

async fn a_subscription_narrows_and_widens(database: Database) {
    let server = database.start().await;
    server.add_company("123").await;
    server.place("123", "7", 1.0).await;
    server.place("123", "8", 1.0).await;
    let mut watcher = server.watch_fleet("123", &manager(101, "123")).await;
    watcher.next_of("fleet_dashboard_update").await;
    let facts = || {
        [
            braking("7", Revision::New),
            braking("8", Revision::New),
            crossing("8", FenceEvent::Enter, Revision::New),
            trip("123", "7", TripStatus::Started, Revision::New),
            // An alert without a vehicle.
            alert("123", "invoice", None, None),
            alert_deleted("invoice", None),
        ]
    };
    let narrow = async |watcher: &mut crate::support::Watcher, events: Value, vehicles: Value| {
        watcher.send(json!({"type": "subscribe", "events": events, "vehicle_ids": vehicles})).await;
        let mut shown = Vec::new();
        loop {
            let message = watcher.next().await;
            if message["type"] == "subscribed" {
                return shown;
            }
            shown.push((message["type"].clone(), message["data"]["vehicle_id"].clone()));
        }
    };
    let none: Vec<(Value, Value)> = Vec::new();
    assert_eq!(narrow(&mut watcher, json!([]), json!(["8"])).await, none);
    server.place("123", "7", 2.0).await;
    server.place("123", "8", 2.0).await;
    assert_eq!(watcher.next().await["data"]["vehicle_id"], "8");
    server.store_facts("123", &facts()).await;
    for kind in ["driver_event_update", "geofence_violation_update", "alert", "alert_deleted"] {
        let message = watcher.next().await;
        assert_eq!(message["type"], kind);
        assert_ne!(message["data"]["vehicle_id"], "7");
    }
    let types = json!(["trip_update", "driver_event_update"]);
    assert_eq!(narrow(&mut watcher, types, json!(["7"])).await, none);
    server.place("123", "7", 3.0).await;
    let last = server.store_facts("123", &facts()).await;
    assert_eq!(watcher.next().await["type"], "driver_event_update");
    assert_eq!(watcher.next().await["data"]["trip_id"], "trip-7");
    // A replay is narrowed in the same way as live messages.
    watcher.send(json!({"type": "replay_request", "last_event_id": last - 6})).await;
    assert_eq!(watcher.next().await["type"], "driver_event_update");
    assert_eq!(watcher.next().await["replayed"], true);
    assert_eq!(watcher.next().await["data"]["count"], 2);
    // A refused subscription changes nothing.
    watcher.send(json!({"type": "subscribe", "events": ["everything"]})).await;
    assert_eq!(watcher.next().await["type"], "error");
    server.store_facts("123", &[braking("8", Revision::New), braking("7", Revision::New)]).await;
    assert_eq!(watcher.next().await["data"]["vehicle_id"], "7");
    // Vehicles that come into view are sent with their present state.
    let shown = narrow(&mut watcher, json!([]), json!([])).await;
    let place = |id: &str| (json!("vehicle_location_update"), json!(id));
    let figures = (json!("fleet_dashboard_update"), Value::Null);
    assert_eq!(shown.len(), 3, "{shown:?}");
    assert!([place("7"), place("8"), figures].iter().all(|expected| shown.contains(expected)), "{shown:?}");
}

async fn stats_are_published_repeatedly_to_their_viewers(database: Database) {
    let interval = Duration::from_secs(1);
    let server = database.start_with(&[("DASHBOARD_INTERVAL", "1s")]).await;
    server.add_company("123").await;
    let mut first = server.watch_fleet("123", &manager(101, "123")).await;
    let mut second = server.watch_fleet("123", &manager(102, "123")).await;
    for watcher in [&mut first, &mut second] {
        assert_eq!(watcher.next_of("fleet_dashboard_update").await["data"]["active_vehicles"], 0);
    }
    server.place("123", "7", 1.0).await;
    for watcher in [&mut first, &mut second] {
        let begun = Instant::now();
        let figures = loop {
            server.clock.turn(interval);
            let figures = watcher.next_of("fleet_dashboard_update").await;
            if figures["data"]["active_vehicles"] == 1 {
                break figures;
            }
            assert!(begun.elapsed() < PATIENCE, "{figures}");
        };
        let data = figures["data"].as_object().unwrap();
        for field in ["total_trips", "distance_traveled", "fuel_consumed", "utilization_rate", "cost_per_km"] {
            assert!(data[field].is_number(), "{field}");
        }
        assert_eq!((&data["type"], &data["company_id"]), (&json!("fleet_dashboard_update"), &json!("123")));
    }
    // A viewer that deselects statistics gets no more; the other one still gets them.
    second.send(json!({"type": "subscribe", "events": ["alert"]})).await;
    second.next_of("subscribed").await;
    for _ in 0..3 {
        server.clock.turn(interval);
        first.next_of("fleet_dashboard_update").await;
    }
    assert_eq!(second.until_pong().await, Vec::<Value>::new());
    // The second one selects them again, alone after the other has left.
    drop(first);
    second.send(json!({"type": "subscribe"})).await;
    for _ in 0..3 {
        server.clock.turn(interval);
        second.next_of("fleet_dashboard_update").await;
    }
}

async fn a_long_message_closes_with_1009_and_a_bad_one_is_answered(database: Database) {
    let server = database.start().await;
    server.add_company("123").await;
    let mut watcher = server.watch_fleet("123", &manager(101, "123")).await;
    watcher.next_of("fleet_dashboard_update").await;
    watcher.send_text("nonsense").await;
    assert_eq!(watcher.next().await["data"]["message"], "Invalid JSON format");
    let ping = |bytes: usize| {
        let text = json!({"type": "ping", "timestamp": ""}).to_string();
        text.replace("\"\"", &format!("\"{}\"", "x".repeat(bytes - text.len())))
    };
    assert_eq!(ping(512).len(), 512);
    watcher.send_text(&ping(512)).await;
    assert_eq!(watcher.next().await["type"], "pong");
    watcher.send_text(&ping(513)).await;
    assert_eq!(u16::from(watcher.closed().await.unwrap().code), 1009);
    // A setting changes the limit.
    let server = database.start_with(&[("WS_MAX_MESSAGE_SIZE", "1000")]).await;
    server.add_company("123").await;
    let mut watcher = server.watch_fleet("123", &manager(101, "123")).await;
    watcher.next_of("fleet_dashboard_update").await;
    watcher.send_text(&ping(1000)).await;
    assert_eq!(watcher.next().await["type"], "pong");
    watcher.send_text(&ping(1001)).await;
    assert_eq!(u16::from(watcher.closed().await.unwrap().code), 1009);
}

async fn a_full_company_is_answered_429_and_others_are_not(database: Database) {
    let server = database.start_with(&[("MAX_CONNECTIONS_PER_TENANT", "2")]).await;
    server.add_company("123").await;
    server.add_company("124").await;
    let _first = server.watch_fleet("123", &manager(101, "123")).await;
    // A superadmin takes a place under the limit of the company that it watches.
    let _second = server.watch_fleet("123", &server.admin).await;
    let bearer = format!("Bearer {}", manager(101, "123"));
    let full = server.try_watch("/ws/tracking?company_id=123", &[("Authorization", &bearer)]).await;
    assert_eq!(full.err().unwrap(), 429);
    server.watch_fleet("124", &manager(101, "124")).await.next().await;
}
