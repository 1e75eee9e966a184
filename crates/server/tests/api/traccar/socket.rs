//! `/api/socket`: what comes first, what follows, who gets it, and when it ends.

use super::support::Traccar;
use crate::support::{PATIENCE, Watcher};
use reqwest::Method;
use serde_json::{Value, json};

async fn watch(traccar: &Traccar, cookie: &str) -> Watcher {
    traccar.server.try_watch("/api/socket", &[("Cookie", cookie)]).await.unwrap()
}

/// The next frame that has this key. Frames with one of the others come in between.
async fn next_of(watcher: &mut Watcher, key: &str) -> Value {
    loop {
        let frame = tokio::time::timeout(PATIENCE, watcher.next()).await.unwrap();
        assert!(frame.as_object().unwrap().len() <= 1, "{frame}");
        if let Some([first, ..]) = frame[key].as_array().map(Vec::as_slice) {
            return first.clone();
        }
    }
}

fn now(traccar: &Traccar) -> i64 {
    traccar.server.clock.clock().now().unix_ms() / 1000
}

#[tokio::test]
async fn positions_come_first_then_devices_and_positions_one_key_a_frame() {
    let traccar = Traccar::start().await;
    let (truck, car) = (traccar.device("truck-1").await, traccar.device("car-2").await);
    let (uma, cookie) = traccar.plain_user("uma@example.org").await;
    let link = json!({ "userId": uma, "deviceId": truck });
    assert_eq!(traccar.call(Method::POST, "/api/permissions", &traccar.ada, Some(link)).await.status(), 204);
    let cookie = if traccar.get("/api/devices", &cookie).await.status() == 200 {
        cookie
    } else {
        traccar.log_in("uma@example.org").await
    };
    let at = now(&traccar);
    traccar.report(&format!("id=truck-1&timestamp={}&lat=30.267&lon=-97.743&speed=20", at - 60)).await;
    let (mut ada, mut uma) = (watch(&traccar, &traccar.ada).await, watch(&traccar, &cookie).await);
    for watcher in [&mut ada, &mut uma] {
        let first = watcher.next().await;
        assert_eq!(first.as_object().unwrap().keys().collect::<Vec<_>>(), ["positions"]);
        assert_eq!(first["positions"].as_array().unwrap().len(), 1);
        assert_eq!(
            (&first["positions"][0]["deviceId"], &first["positions"][0]["speed"]),
            (&json!(truck), &json!(20.0))
        );
    }
    traccar.report(&format!("id=car-2&timestamp={at}&lat=30.1&lon=-97.7")).await;
    traccar.report(&format!("id=truck-1&timestamp={at}&lat=30.27&lon=-97.743&speed=24&ignition=true")).await;
    let device = next_of(&mut ada, "devices").await;
    assert_eq!((&device["id"], &device["status"]), (&json!(car), &json!("online")));
    assert_eq!(next_of(&mut ada, "positions").await["deviceId"], car);
    // Uma never hears of the car.
    assert_eq!(next_of(&mut uma, "devices").await["id"], truck);
    let position = next_of(&mut uma, "positions").await;
    assert_eq!((&position["deviceId"], &position["attributes"]["ignition"]), (&json!(truck), &json!(true)));
    let listed = traccar.json(Method::GET, &format!("/api/positions?id={}", position["id"]), None).await;
    assert_eq!(listed[0]["id"], position["id"]);
}

#[tokio::test]
async fn a_device_that_is_renamed_or_added_is_told_at_once() {
    let traccar = Traccar::start().await;
    let truck = traccar.device("truck-1").await;
    let mut ada = watch(&traccar, &traccar.ada).await;
    assert_eq!(ada.next().await, json!({ "positions": [] }));
    let named = json!({ "id": truck, "name": "Truck One", "uniqueId": "truck-1" });
    traccar.json(Method::PUT, &format!("/api/devices/{truck}"), Some(named)).await;
    while next_of(&mut ada, "devices").await["name"] != "Truck One" {}
    let car = traccar.device("car-2").await;
    while next_of(&mut ada, "devices").await["id"] != car {}
}

#[tokio::test]
async fn an_alarm_reaches_who_asked_for_it_and_nobody_else() {
    let traccar = Traccar::start().await;
    let truck = traccar.device("truck-1").await;
    let (uma, _) = traccar.plain_user("uma@example.org").await;
    let link = json!({ "userId": uma, "deviceId": truck });
    assert_eq!(traccar.call(Method::POST, "/api/permissions", &traccar.ada, Some(link)).await.status(), 204);
    let cookie = traccar.log_in("uma@example.org").await;
    let wish =
        json!({ "type": "alarm", "always": true, "notificators": "web", "attributes": { "alarms": "sos,powerCut" } });
    assert_eq!(traccar.call(Method::POST, "/api/notifications", &cookie, Some(wish)).await.status(), 200);
    assert_eq!(traccar.json(Method::GET, "/api/notifications", None).await, json!([]), "another's wishes");
    let (mut ada, mut uma) = (watch(&traccar, &traccar.ada).await, watch(&traccar, &cookie).await);
    ada.next().await;
    uma.next().await;
    let at = now(&traccar);
    traccar.report(&format!("id=truck-1&timestamp={at}&lat=30.267&lon=-97.743&alarm=sos")).await;
    let event = next_of(&mut uma, "events").await;
    assert_eq!((&event["type"], &event["attributes"]["alarm"]), (&json!("alarm"), &json!("sos")));
    assert!(event["attributes"]["message"].as_str().unwrap().starts_with("truck-1 alarm: sos at "));
    // Ada's next frames are the device and its position, without an event between.
    for key in ["devices", "positions"] {
        let frame = ada.next().await;
        assert!(frame.get(key).is_some(), "{frame}");
    }
}

#[tokio::test]
async fn a_logout_and_a_permission_taken_away_end_what_an_open_socket_sees() {
    let traccar = Traccar::start().await;
    let truck = traccar.device("truck-1").await;
    let (uma, _) = traccar.plain_user("uma@example.org").await;
    let link = json!({ "userId": uma, "deviceId": truck });
    traccar.call(Method::POST, "/api/permissions", &traccar.ada, Some(link.clone())).await;
    let cookie = traccar.log_in("uma@example.org").await;
    let mut watcher = watch(&traccar, &cookie).await;
    watcher.next().await;
    assert_eq!(traccar.call(Method::DELETE, "/api/permissions", &traccar.ada, Some(link)).await.status(), 204);
    let close = tokio::time::timeout(PATIENCE, watcher.closed()).await.unwrap().unwrap();
    assert_eq!(u16::from(close.code), 1012);
    let mut watcher = watch(&traccar, &cookie).await;
    assert_eq!(watcher.next().await, json!({ "positions": [] }));
    assert_eq!(traccar.call(Method::DELETE, "/api/session", &cookie, None).await.status(), 204);
    let close = tokio::time::timeout(PATIENCE, watcher.closed()).await.unwrap().unwrap();
    assert_eq!(u16::from(close.code), 1008);
    assert_eq!(traccar.get("/api/session", &cookie).await.status(), 404);
    assert_eq!(traccar.get("/api/devices", &cookie).await.status(), 401);
}

#[tokio::test]
async fn without_a_credential_the_handshake_is_answered_and_nothing_opens() {
    let traccar = Traccar::start().await;
    for headers in [&[][..], &[("Cookie", "JSESSIONID=nothing")], &[("Authorization", "Bearer x")]] {
        let refused = traccar.server.try_watch("/api/socket", headers).await;
        assert_eq!(refused.err().unwrap(), 200, "{headers:?}");
    }
    let foreign = [("Cookie", traccar.ada.as_str()), ("Origin", "https://evil.example")];
    assert_eq!(traccar.server.try_watch("/api/socket", &foreign).await.err().unwrap(), 200);
    let token = traccar.form("/api/session/token", &traccar.ada, &[]).await.text().await.unwrap();
    let mut watcher = traccar.server.try_watch(&format!("/api/socket?token={token}"), &[]).await.unwrap();
    assert_eq!(watcher.next().await, json!({ "positions": [] }));
    let revoked = traccar.form("/api/session/token/revoke", &traccar.ada, &[("token", &token)]).await;
    assert_eq!(revoked.status(), 204);
    tokio::time::timeout(PATIENCE, watcher.closed()).await.unwrap();
}
