//! Devices with names of their own, and what positions carry besides.

use crate::support::databases::{Database, on_both};
use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};

on_both! {
    a_unique_id_is_taken_once_on_the_whole_server,
    attributes_come_back_as_they_were_sent,
}

async fn add_tenant(server: &TestServer, id: &str) -> String {
    json_of(server.post("/api/v1/tenants", &server.admin, json!({"id": id, "name": id})).await, 201).await;
    let user = json!({"username": format!("admin-{id}"), "role": "admin", "tenant": id});
    let (_, token) = server.add_user(user).await;
    let vehicle = json!({"id": "b1", "kind": "bus", "label": id});
    json_of(server.post("/api/v1/vehicles", &token, vehicle).await, 201).await;
    token
}

async fn a_unique_id_is_taken_once_on_the_whole_server(database: Database) {
    let server = database.start().await;
    let (red, blue) = (add_tenant(&server, "red").await, add_tenant(&server, "blue").await);
    let tracker = json!({
        "id": "t1", "vehicle_id": "b1", "unique_id": "356307042441013", "protocol": "gt06", "utc_offset_minutes": 480, "sack": true,
    });
    let added = json_of(server.post("/api/v1/devices", &red, tracker.clone()).await, 201).await;
    let shown = server.get_json("/api/v1/devices/t1", &red).await;
    let mut expected = tracker.clone();
    expected["name"] = Value::Null;
    assert_eq!(shown, expected);
    assert_eq!(server.get_json("/api/v1/devices", &red).await["items"], json!([expected]));
    assert_eq!(added["unique_id"], "356307042441013");
    for (token, status) in [(&red, 409), (&blue, 409)] {
        let other = json!({"id": "t2", "vehicle_id": "b1", "unique_id": "356307042441013"});
        assert_eq!(server.post("/api/v1/devices", token, other).await.status(), status);
    }
    json_of(server.post("/api/v1/devices", &blue, json!({"id": "t2", "vehicle_id": "b1"})).await, 201).await;
    let taken =
        server.call(Method::PATCH, "/api/v1/devices/t2", &blue, Some(json!({"unique_id": "356307042441013"}))).await;
    assert_eq!(taken.status(), 409);
    for (field, value) in [
        ("unique_id", json!("")),
        ("unique_id", json!("a\nb")),
        ("protocol", json!("carrier pigeon")),
        ("utc_offset_minutes", json!(900)),
        ("sack", json!("yes")),
    ] {
        let problem =
            json_of(server.call(Method::PATCH, "/api/v1/devices/t2", &blue, Some(json!({field: value}))).await, 422)
                .await;
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
        let mut new = json!({"vehicle_id": "b1"});
        new[field] = value;
        let problem = json_of(server.post("/api/v1/devices", &blue, new).await, 422).await;
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    // Free as soon as it is given up.
    let plain = json_of(
        server.call(Method::PATCH, "/api/v1/devices/t1", &red, Some(json!({"unique_id": null, "sack": false}))).await,
        200,
    )
    .await;
    assert_eq!(
        (&plain["unique_id"], &plain["sack"], &plain["protocol"]),
        (&Value::Null, &json!(false), &json!("gt06"))
    );
    json_of(
        server.call(Method::PATCH, "/api/v1/devices/t2", &blue, Some(json!({"unique_id": "356307042441013"}))).await,
        200,
    )
    .await;
    assert_eq!(server.call(Method::DELETE, "/api/v1/devices/t2", &blue, None).await.status(), 204);
    json_of(
        server.post("/api/v1/devices", &red, json!({"vehicle_id": "b1", "unique_id": "356307042441013"})).await,
        201,
    )
    .await;
}

async fn attributes_come_back_as_they_were_sent(database: Database) {
    let server = database.start().await;
    server.add_bus("b1").await;
    let attributes = json!({
        "battery_percent": 54, "battery_v": 4.1, "motion": false, "alarm": "low_battery", "Türe <2>": "a \"b\",c", "driver": -3,
    });
    let position = |s: i64, attributes: &Value| json!({"vehicle_id": "b1", "latitude": 52.5, "longitude": 13.4, "timestamp": 1_736_935_200 + s, "attributes": attributes});
    let sent = json!([
        position(0, &attributes),
        position(30, &Value::Null),
        position(60, &json!({})),
        position(90, &json!({"a": [1]})),
        position(120, &json!({"x": "y".repeat(257)})),
        position(150, &json!({"n": 18_446_744_073_709_551_615_u64})),
        position(180, &attributes),
    ]);
    let answer = json_of(server.post("/api/v1/positions", &server.admin, sent).await, 201).await;
    assert_eq!(answer["accepted"], 4, "{answer}");
    let rejected: Vec<_> =
        answer["rejected"].as_array().unwrap().iter().map(|one| one["index"].as_u64().unwrap()).collect();
    assert_eq!(rejected, [3, 4, 5]);
    let page = server.get_json("/api/v1/vehicles/b1/positions", &server.admin).await;
    let read: Vec<_> = page["items"].as_array().unwrap().iter().map(|one| one["attributes"].clone()).collect();
    assert_eq!(read, [attributes.clone(), Value::Null, Value::Null, attributes.clone()]);
    let vehicle = server.get_json("/api/v1/vehicles/b1", &server.admin).await;
    assert_eq!(vehicle["position"]["attributes"], attributes);
    let file = async |format: &str| {
        let path = format!("/api/v1/vehicles/b1/positions?format={format}");
        server.get(&path, &server.admin).await.text().await.unwrap()
    };
    let geojson: Value = serde_json::from_str(&file("geojson").await).unwrap();
    assert_eq!(geojson["features"][0]["properties"]["attributes"], attributes);
    assert_eq!(geojson["features"][1]["properties"]["attributes"], Value::Null);
    let gpx = file("gpx").await;
    assert!(
        gpx.contains(r#"<milepost:attribute name="Türe &lt;2&gt;">a &quot;b&quot;,c</milepost:attribute>"#),
        "{gpx}"
    );
    let csv = file("csv").await;
    assert!(csv.lines().next().unwrap().ends_with(",ignition,attributes"), "{csv}");
    assert!(csv.contains(r#"""battery_percent"":54,""battery_v"":4.1,"#), "{csv}");
    // They survive a restart, as the vehicle's place too.
    let server = server.restart(&[]).await;
    assert_eq!(server.get_json("/api/v1/vehicles/b1", &server.admin).await["position"]["attributes"], attributes);
}
