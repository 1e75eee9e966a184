//! Section 4.2 of the contract: who may follow a parcel, which messages a follower gets, and how the socket ends.

use crate::parcel::people::{client, driver};
use crate::support::signing::{claims_token, now_ms, token_for};
use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn every_refusal_is_announced_before_closing() {
    let server = TestServer::start().await;
    let id = server.add_parcel(Some(5)).await;
    let check = async |query: String, code: u16, message: &str| {
        for slash in ["", "/"] {
            let refused = server.refused(&format!("{slash}{query}")).await;
            assert_eq!(refused, (message.to_owned(), code, message.to_owned()), "{query}");
        }
    };
    let none = "authentication credentials were not provided";
    // The checks are made in this order: token, number, existence of the parcel, right to it.
    check(String::new(), 4001, none).await;
    check(format!("?parcel_id={id}"), 4001, none).await;
    check(format!("?parcel_id={id}&token="), 4001, none).await;
    check(format!("?parcel_id={id}&token=nonsense"), 4001, "invalid token").await;
    check("?parcel_id=x&token=nonsense".to_owned(), 4001, "invalid token").await;
    let expired = token_for("7", "client", "default", -120);
    check(format!("?parcel_id={id}&token={expired}"), 4001, "token expired").await;
    let no_number = "parcel_id must be a number: ?parcel_id=12";
    for query in ["", "parcel_id=&", "parcel_id=twelve&", "parcel_id=1.5&", "parcel=1&"] {
        check(format!("?{query}token={}", client(7)), 4400, no_number).await;
    }
    for number in ["999", "0", "-1", "99999999999999999999"] {
        check(format!("?parcel_id={number}&token={}", client(7)), 4004, "no such parcel").await;
    }
    let not_yours = "you are neither this parcel's client nor its assigned driver";
    let strangers =
        [("8", "client"), ("6", "driver"), ("5", "client"), ("7", "driver"), ("5", "rider"), ("7", "parent")];
    for (subject, role) in strangers {
        check(format!("?parcel_id={id}&token={}", claims_token(subject, role, "default")), 4003, not_yours).await;
    }
    // A token with a name instead of a number belongs to no client.
    check(format!("?parcel_id={id}&token={}", claims_token("seven", "client", "default")), 4003, not_yours).await;
}

#[tokio::test]
async fn a_lock_out_is_announced_before_closing() {
    let server = TestServer::start().await;
    let id = server.add_parcel(None).await;
    let (user, token) = server.add_user(json!({"username": "mia", "role": "manager"})).await;
    let mut watcher = server.track_parcel(id, &token).await;
    watcher.settle().await;
    server.call(Method::PATCH, &format!("/api/v1/users/{user}"), &server.admin, Some(json!({"active": false}))).await;
    assert_eq!(watcher.next_error().await, "access was withdrawn");
    assert_eq!(watcher.close_code().await, 4001);
}

#[tokio::test]
async fn every_credential_admits_a_user_that_may_follow() {
    let server = TestServer::start().await;
    let id = server.add_parcel(Some(5)).await;
    let root = claims_token("1000", "superadmin", "acme");
    for (token, tenant) in [
        (client(7), ""),
        (driver(5), ""),
        (claims_token("9", "manager", "default"), ""),
        (claims_token("9", "admin", "default"), "&tenant=default"),
        (root, "&tenant=default"),
    ] {
        let mut watcher =
            server.try_watch(&format!("/ws/tracking/?parcel_id={id}{tenant}&token={token}"), &[]).await.unwrap();
        watcher.settle().await;
        let bearer = format!("Bearer {token}");
        let path = format!("/ws/tracking?parcel_id={id}{tenant}");
        server.try_watch(&path, &[("Authorization", &bearer)]).await.unwrap().settle().await;
    }
}

#[tokio::test]
async fn all_active_parcels_of_the_driver_get_its_location() {
    let server = TestServer::start().await;
    let ids = [server.add_parcel(Some(5)).await, server.add_parcel(Some(5)).await, server.add_parcel(Some(5)).await];
    let other = server.add_parcel(Some(6)).await;
    server.change_parcel(ids[2], json!({"status": "cancelled"})).await;
    let mut watchers = Vec::new();
    for id in &ids[..2] {
        watchers.push((*id, server.track_parcel(*id, &client(7)).await));
    }
    let mut unconcerned = server.track_parcel(other, &client(7)).await;
    let mut own = server.track_parcel(ids[1], &driver(5)).await;
    own.send(
        json!({"type": "location_update", "lat": 28.6139, "lng": 77.2090, "address": "New Delhi", "parcel_id": ids[0]}),
    )
    .await;
    watchers.push((ids[1], own));
    for (id, watcher) in &mut watchers {
        let message = watcher.next().await;
        assert_eq!(message["parcel_id"], *id);
        assert_eq!(message["driver_id"], "5");
        assert_eq!(message["location"], json!({"lat": 28.6139, "lng": 77.209, "address": "New Delhi"}));
        assert!(message["eta_seconds"].as_i64().unwrap() >= 60);
        watcher.settle().await;
    }
    unconcerned.settle().await;
}

#[tokio::test]
async fn only_the_assigned_driver_may_send_and_everyone_else_stays_connected() {
    let server = TestServer::start().await;
    let (id, other) = (server.add_parcel(Some(5)).await, server.add_parcel(Some(6)).await);
    let refused = "only the assigned driver may send a location";
    for token in [client(7), claims_token("9", "admin", "default"), claims_token("5", "manager", "default")] {
        let mut watcher = server.track_parcel(id, &token).await;
        watcher.send_location(1.0, 1.0).await;
        assert_eq!(watcher.next_error().await, refused);
        watcher.settle().await;
    }
    let mut watcher = server.track_parcel(id, &driver(5)).await;
    for (parcel, message) in [(json!(other), refused), (json!(999), refused)] {
        watcher.send(json!({"type": "location_update", "lat": 1, "lng": 1, "parcel_id": parcel})).await;
        assert_eq!(watcher.next_error().await, message);
    }
    let ahead = now_ms() + 400_000;
    watcher.send(json!({"type": "location_update", "lat": 1, "lng": 1, "timestamp": ahead})).await;
    assert_eq!(watcher.next_error().await, "timestamp must not be more than 5 minutes ahead of the server's clock");
    server.change_parcel(id, json!({"status": "delivered"})).await;
    assert_eq!(watcher.next().await["type"], "tracking_ended");
    watcher.send(json!({"type": "location_update", "lat": 1, "lng": 1, "parcel_id": id})).await;
    assert_eq!(watcher.next_error().await, "the parcel has ended: it is delivered");
    watcher.send_location(1.0, 1.0).await;
    assert_eq!(watcher.next_error().await, "you bring no parcel now: a location is taken from its driver only");
    watcher.settle().await;
}

#[tokio::test]
async fn the_last_location_comes_first() {
    let server = TestServer::start().await;
    let id = server.add_parcel(Some(5)).await;
    let mut own = server.track_parcel(id, &driver(5)).await;
    own.settle().await;
    for lng in [0.1, 0.2] {
        own.send_location(0.0, lng).await;
        assert_eq!(own.next_location().await, (id, 0.0, lng));
    }
    let mut late = server.track_parcel(id, &client(7)).await;
    assert_eq!(late.next_location().await, (id, 0.0, 0.2));
    late.settle().await;
    // A parcel that its driver is assigned later shows the driver's location too.
    let next = server.add_parcel(Some(5)).await;
    assert_eq!(server.track_parcel(next, &client(7)).await.next_location().await, (next, 0.0, 0.2));
    // The location of the driver of an ended parcel is not shown any more.
    server.change_parcel(id, json!({"status": "delivered"})).await;
    own.send(json!({"type": "location_update", "lat": 5, "lng": 5, "parcel_id": next})).await;
    let mut after = server.track_parcel(id, &client(7)).await;
    let ended = after.next().await;
    assert_eq!((&ended["type"], &ended["parcel_id"]), (&json!("tracking_ended"), &json!(id)));
    after.settle().await;
}

#[tokio::test]
async fn a_queue_of_fixes_is_published_in_order_without_late_ones() {
    let server = TestServer::start().await;
    let id = server.add_parcel(Some(5)).await;
    let mut watcher = server.track_parcel(id, &client(7)).await;
    let mut own = server.track_parcel(id, &driver(5)).await;
    // Before both follow, only the newest location would be kept for them.
    watcher.settle().await;
    own.settle().await;
    let begun_ms = now_ms();
    // In order, then one out of order, one duplicate, in all three formats of a time, and one without a time.
    for (lng, at) in [(11.0, 1), (12.0, 2), (14.0, 4), (13.0, 3), (14.5, 4), (15.0, 5)] {
        let timestamp = begun_ms + at * 100;
        own.send(json!({"type": "location_update", "lat": 0, "lng": lng, "timestamp": timestamp})).await;
    }
    own.send_location(0.0, 16.0).await;
    own.send_location(0.0, 17.0).await;
    for lng in [11.0, 12.0, 14.0, 15.0, 16.0, 17.0] {
        assert_eq!(watcher.next_location().await, (id, 0.0, lng));
        assert_eq!(own.next_location().await, (id, 0.0, lng));
    }
    watcher.settle().await;
    let path = server.get_json(&format!("/api/v1/parcels/{id}/path"), &client(7)).await;
    let lngs: Vec<_> = path["items"].as_array().unwrap().iter().map(|point| point["lng"].as_f64().unwrap()).collect();
    assert_eq!(lngs, [11.0, 12.0, 13.0, 14.0, 15.0, 16.0, 17.0]);
}

#[tokio::test]
async fn an_old_fix_has_no_estimate() {
    let server = TestServer::start().await;
    let id = server.add_parcel(Some(5)).await;
    let mut own = server.track_parcel(id, &driver(5)).await;
    own.send(json!({"type": "location_update", "lat": 0, "lng": 0.5, "timestamp": now_ms() - 91_000})).await;
    let message = own.next().await;
    assert_eq!((&message["type"], &message["eta_seconds"]), (&json!("location_update"), &Value::Null));
    own.send_location(0.0, 0.1).await;
    // 11.119 km at 30 km/h to the pickup. After that the estimate is for the destination.
    assert_eq!(own.next().await["eta_seconds"], 1334);
    server.change_parcel(id, json!({"status": "in_transit"})).await;
    assert_eq!(own.next().await["type"], "status_update");
    own.send_location(0.0, 0.1).await;
    assert_eq!(own.next().await["eta_seconds"], 12_009);
}

#[tokio::test]
async fn many_parcels_on_one_socket() {
    let server = TestServer::start().await;
    let (a, b, stranger) = (server.add_parcel(Some(5)).await, server.add_parcel(Some(6)).await, 999);
    let mut second = server.track_parcel(b, &driver(6)).await;
    second.send_location(2.0, 2.0).await;
    assert_eq!(second.next_location().await.0, b);
    let mut watcher = server.track_parcel(a, &client(7)).await;
    watcher.send(json!({"type": "subscribe_parcel", "parcel_id": b})).await;
    assert_eq!(watcher.next().await, json!({"type": "subscribed", "parcel_id": b}));
    assert_eq!(watcher.next_location().await, (b, 2.0, 2.0));
    second.send_location(3.0, 3.0).await;
    assert_eq!(watcher.next_location().await, (b, 3.0, 3.0));
    watcher.send(json!({"type": "unsubscribe_parcel", "parcel_id": b})).await;
    assert_eq!(watcher.next().await, json!({"type": "unsubscribed", "parcel_id": b}));
    assert_eq!(second.next_location().await, (b, 3.0, 3.0));
    second.send_location(4.0, 4.0).await;
    assert_eq!(second.next_location().await, (b, 4.0, 4.0));
    watcher.settle().await;
    // The same right is needed as on connecting, and the connection stays open.
    second.send(json!({"type": "subscribe_parcel", "parcel_id": a})).await;
    assert_eq!(second.next_error().await, "you are neither this parcel's client nor its assigned driver");
    second.send(json!({"type": "subscribe_parcel", "parcel_id": stranger})).await;
    assert_eq!(second.next_error().await, "no such parcel");
    second.send(json!({"type": "subscribe_parcel", "parcel_id": "x"})).await;
    assert_eq!(second.next_error().await, "parcel_id must be a whole number from 1");
    second.settle().await;
}

#[tokio::test]
async fn one_socket_follows_at_most_a_hundred_parcels() {
    let server = TestServer::start().await;
    let first = server.add_parcel(None).await;
    let mut watcher = server.track_parcel(first, &client(7)).await;
    for _ in 0..99 {
        let id = server.add_parcel(None).await;
        watcher.send(json!({"type": "subscribe_parcel", "parcel_id": id})).await;
        assert_eq!(watcher.next().await["type"], "subscribed");
    }
    let id = server.add_parcel(None).await;
    watcher.send(json!({"type": "subscribe_parcel", "parcel_id": id})).await;
    assert_eq!(watcher.next_error().await, "at most 100 parcels on one socket");
    watcher.send(json!({"type": "subscribe_parcel", "parcel_id": first})).await;
    assert_eq!(watcher.next().await["type"], "subscribed");
}

#[tokio::test]
async fn a_driver_loses_a_parcel_that_another_one_gets_and_the_client_keeps_watching() {
    let server = TestServer::start().await;
    let (a, b) = (server.add_parcel(Some(5)).await, server.add_parcel(Some(5)).await);
    let elsewhere = server.add_parcel(Some(6)).await;
    let mut second = server.track_parcel(elsewhere, &driver(6)).await;
    second.send_location(6.0, 6.0).await;
    assert_eq!(second.next_location().await.0, elsewhere);
    let mut watcher = server.track_parcel(a, &client(7)).await;
    let mut both = server.track_parcel(a, &driver(5)).await;
    both.send(json!({"type": "subscribe_parcel", "parcel_id": b})).await;
    assert_eq!(both.next().await["type"], "subscribed");
    let mut only = server.track_parcel(a, &driver(5)).await;
    only.settle().await;

    server.change_parcel(a, json!({"driver_id": 6})).await;
    let lost = both.next().await;
    assert_eq!((&lost["type"], &lost["parcel_id"]), (&json!("unsubscribed"), &json!(a)));
    assert_eq!(only.next_error().await, "you are neither this parcel's client nor its assigned driver");
    assert_eq!(only.close_code().await, 4003);
    // The client sees where the new driver is, and follows that one.
    assert_eq!(watcher.next_location().await, (a, 6.0, 6.0));
    both.send_location(5.0, 5.0).await;
    assert_eq!(both.next_location().await, (b, 5.0, 5.0));
    second.send_location(6.5, 6.5).await;
    assert_eq!(watcher.next_location().await, (a, 6.5, 6.5));
    both.send(json!({"type": "location_update", "lat": 1, "lng": 1, "parcel_id": a})).await;
    assert_eq!(both.next_error().await, "only the assigned driver may send a location");
}

#[tokio::test]
async fn every_place_on_earth_is_accepted() {
    let server = TestServer::start().await;
    let id = server.add_parcel(Some(5)).await;
    let mut watcher = server.track_parcel(id, &client(7)).await;
    let mut own = server.track_parcel(id, &driver(5)).await;
    for (lat, lng) in [(10.0, 10.0), (90.0, 0.0), (-90.0, 180.0), (10.0, 180.0), (10.0, -180.0), (10.0, -179.9)] {
        own.send_location(lat, lng).await;
        assert_eq!(watcher.next_location().await, (id, lat, lng));
    }
    own.send_location(0.0, 0.0).await;
    assert_eq!(watcher.next_location().await, (id, 0.0, 0.0));
    let pickup = watcher.next().await;
    assert_eq!((&pickup["zone"], &pickup["event"]), (&json!("pickup"), &json!("enter")));
}

#[tokio::test]
async fn a_change_of_another_process_is_published_once() {
    let server = TestServer::start().await;
    let id = server.add_parcel(Some(5)).await;
    let mut watcher = server.track_parcel(id, &client(7)).await;
    watcher.settle().await;
    server.change_parcel(id, json!({"status": "picked_up"})).await;
    assert_eq!(watcher.next().await["status"], "picked_up");
    // This node reads its own event again.
    server.event_feed_caught_up().await;
    watcher.settle().await;
    // Written without this node's use cases, as another process does.
    let store = &server.running.assembly.store;
    let before = store
        .get_parcel(&milepost_domain::TenantId::default_tenant(), milepost_domain::ParcelId::new(id).unwrap())
        .await
        .unwrap()
        .unwrap();
    let status = milepost_domain::ParcelStatus::Delivered;
    let after = milepost_domain::Parcel { status, version: before.version + 1, ..before };
    let fact = milepost_domain::Fact::ParcelChanged { parcel_id: after.id, status, driver_id: after.driver_id };
    assert!(store.change_parcel(&after, &[fact], &[], after.updated_at).await.unwrap());
    assert_eq!(watcher.next().await["type"], "tracking_ended");
    server.event_feed_caught_up().await;
    watcher.settle().await;
}

#[tokio::test]
async fn an_hour_of_queued_fixes_is_accepted_at_once() {
    let server = TestServer::start().await;
    let id = server.add_parcel(Some(5)).await;
    let mut own = server.track_parcel(id, &driver(5)).await;
    let begun_ms = now_ms();
    for at in 0..720 {
        let lng = at as f64 / 10.0;
        own.send(json!({"type": "location_update", "lat": 10, "lng": lng, "timestamp": begun_ms + at})).await;
    }
    for at in 0..720 {
        assert_eq!(own.next_location().await, (id, 10.0, at as f64 / 10.0));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_viewer_that_connects_while_the_driver_moves_misses_nothing_and_never_goes_back() {
    const FIXES: i64 = 200;
    let server = std::sync::Arc::new(TestServer::start().await);
    let id = server.add_parcel(Some(5)).await;
    let mut own = server.track_parcel(id, &driver(5)).await;
    own.send_location(10.0, 0.0).await;
    assert_eq!(own.next_location().await.0, id);
    let drive = tokio::spawn(async move {
        for step in 1..=FIXES {
            own.send_location(10.0, step as f64 / 10.0).await;
            own.next_location().await;
        }
    });
    let watch = |_| {
        let server = server.clone();
        tokio::spawn(async move {
            let mut watcher = server.track_parcel(id, &client(7)).await;
            let mut step = (watcher.next_location().await.2 * 10.0).round() as i64;
            while step < FIXES {
                let next = (watcher.next_location().await.2 * 10.0).round() as i64;
                // The first live location may be the same as the snapshot's.
                assert!(next == step + 1 || next == step, "{step} {next}");
                step = next;
            }
        })
    };
    let mut watchers = Vec::new();
    for at in 0..30 {
        watchers.push(watch(at));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    for task in watchers.into_iter().chain([drive]) {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_location_follows_the_end() {
    let server = std::sync::Arc::new(TestServer::start().await);
    for round in 0..5 {
        let id = server.add_parcel(Some(5)).await;
        let mut watcher = server.track_parcel(id, &client(7)).await;
        let mut own = server.track_parcel(id, &driver(5)).await;
        let drive = tokio::spawn(async move {
            for step in 0..60 {
                own.send_location(10.0, f64::from(step)).await;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        tokio::time::sleep(Duration::from_millis(10 + round * 7)).await;
        server.change_parcel(id, json!({"status": "delivered"})).await;
        while watcher.next().await["type"] != "tracking_ended" {}
        drive.await.unwrap();
        watcher.settle().await;
    }
}

#[tokio::test]
async fn parcels_and_drivers_with_the_same_number_in_two_tenants_are_different_ones() {
    let server = TestServer::start().await;
    let here = server.add_parcel(Some(5)).await;
    let body = json!({"tenant": "acme", "client_id": 7, "driver_id": 5, "pickup": {"lat": 1, "lng": 1},
        "destination": {"lat": 2, "lng": 2}});
    let add =
        async || json_of(server.post("/api/v1/parcels", &server.admin, body.clone()).await, 201).await["id"].clone();
    let (there, next) = (add().await.as_i64().unwrap(), add().await);
    assert_eq!(there, here);
    let mut own = server.track_parcel(here, &driver(5)).await;
    let mut other = server.track_parcel(there, &claims_token("5", "driver", "acme")).await;
    own.send_location(10.0, 10.0).await;
    assert_eq!(own.next_location().await, (here, 10.0, 10.0));
    other.settle().await;
    other.send_location(20.0, 20.0).await;
    assert_eq!(other.next_location().await, (there, 20.0, 20.0));
    own.settle().await;
    let mut late = server.track_parcel(here, &client(7)).await;
    assert_eq!(late.next_location().await, (here, 10.0, 10.0));
    late.send(json!({"type": "subscribe_parcel", "parcel_id": next})).await;
    assert_eq!(late.next_error().await, "no such parcel");
    // A superadmin's socket follows the parcels of the tenant that it names.
    let root = claims_token("99", "superadmin", "default");
    let mut own = server.track_parcel(here, &root).await;
    assert_eq!(own.next_location().await, (here, 10.0, 10.0));
    let mut other =
        server.try_watch(&format!("/ws/tracking/?parcel_id={there}&tenant=acme&token={root}"), &[]).await.unwrap();
    assert_eq!(other.next_location().await, (there, 20.0, 20.0));
    other.send(json!({"type": "subscribe_parcel", "parcel_id": next})).await;
    assert_eq!(other.next().await["type"], "subscribed");
    let (_, code, _) = server.refused(&format!("/?parcel_id={there}&tenant=acme&token={}", client(7))).await;
    assert_eq!(code, 4003);
}
