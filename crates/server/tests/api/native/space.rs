//! Questions of space over REST.

use crate::support::databases::{Database, on_both};
use crate::support::{TestServer, json_of};
use reqwest::Method;
use serde_json::{Value, json};

on_both! {
    the_nearest_vehicles_come_first_with_their_distances,
    a_region_is_a_box_a_polygon_or_a_geofence,
}

const MORNING: &str = "2026-01-15T08:00:00Z";

/// Vehicles on both sides of the antimeridian, at a pole and in a city, and one without a place.
async fn spread(server: &TestServer) {
    for (id, latitude, longitude) in [
        ("city-1", 48.85, 2.35),
        ("city-2", 48.86, 2.35),
        ("east", 0.0, 179.99),
        ("west", 0.0, -179.99),
        ("on-it", 0.0, 180.0),
        ("pole", 90.0, 33.0),
    ] {
        server.add_bus(id).await;
        server.report(id, latitude, longitude, MORNING).await;
    }
    server.add_bus("nowhere").await;
}

async fn ids(server: &TestServer, query: &str, token: &str) -> Vec<String> {
    let page = server.get_json(&format!("/api/v1/vehicles?{query}"), token).await;
    page["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect()
}

async fn the_nearest_vehicles_come_first_with_their_distances(database: Database) {
    let server = database.start().await;
    spread(&server).await;
    let admin = &server.admin;
    let page = server.get_json("/api/v1/vehicles?near=48.86,2.35&limit=2", admin).await;
    assert_eq!(page["next"], Value::Null);
    let found: Vec<_> = page["items"].as_array().unwrap().iter().map(|one| (&one["id"], &one["distance_m"])).collect();
    assert_eq!(found, [(&json!("city-2"), &json!(0.0)), (&json!("city-1"), &json!(1111.3))]);
    assert_eq!(page["items"][1]["position"]["latitude"], 48.85);
    // Two kilometres lie between the eastern and the western one.
    assert_eq!(ids(&server, "near=0,-179.99&radius=2300", admin).await, ["west", "on-it", "east"]);
    assert_eq!(ids(&server, "near=0,-179.99&radius=2000", admin).await, ["west", "on-it"]);
    // From the pole all longitudes are alike.
    assert_eq!(ids(&server, "near=90,-100&limit=2", admin).await, ["pole", "city-2"]);
    assert_eq!(ids(&server, "near=0,0&limit=1000", admin).await.len(), 6);

    // A later move counts, a late position, one that is held to be wrong and one without a place do not.
    server.report("city-1", 48.9, 2.35, "2026-01-15T08:10:00Z").await;
    server.report("city-1", 48.86, 2.35, "2026-01-15T08:05:00Z").await;
    server.report("city-1", 0.0, 0.0, "2026-01-15T08:10:10Z").await;
    assert_eq!(ids(&server, "near=48.86,2.35&radius=4000", admin).await, ["city-2"]);
    assert_eq!(ids(&server, "near=48.9,2.35&limit=1", admin).await, ["city-1"]);
    assert_eq!(server.call(Method::DELETE, "/api/v1/vehicles/city-1", admin, None).await.status(), 204);
    assert_eq!(ids(&server, "near=48.9,2.35&limit=1", admin).await, ["city-2"]);

    // A parent and a driver see their own.
    let (_, parent) =
        server.add_user(json!({"username": "p", "role": "parent", "vehicle_ids": ["east", "nowhere"]})).await;
    assert_eq!(ids(&server, "near=48.86,2.35", &parent).await, ["east"]);
    let (driver_id, driver) = server.add_user(json!({"username": "d", "role": "driver"})).await;
    assert!(ids(&server, "near=48.86,2.35", &driver).await.is_empty());
    let patch = json!({"driver_id": driver_id});
    json_of(server.call(Method::PATCH, "/api/v1/vehicles/pole", admin, Some(patch)).await, 200).await;
    assert_eq!(ids(&server, "near=48.86,2.35", &driver).await, ["pole"]);
    assert!(ids(&server, "near=48.86,2.35&radius=100", &driver).await.is_empty());

    for (query, field) in [
        ("near=91,0", "near"),
        ("near=48.85", "near"),
        ("near=", "near"),
        ("near=0,0&radius=-1", "radius"),
        ("near=0,0&radius=NaN", "radius"),
        ("near=0,0&radius=x", "radius"),
        ("radius=5", "radius"),
        ("near=0,0&within=0,0,1,1", "within"),
        ("near=0,0&limit=0", "limit"),
    ] {
        let problem = json_of(server.get(&format!("/api/v1/vehicles?{query}"), admin).await, 422).await;
        assert_eq!(problem["errors"][0]["field"], field, "{query} {problem}");
    }
    assert_eq!(server.get("/api/v1/vehicles?near=0,0", "").await.status(), 401);
}

async fn a_region_is_a_box_a_polygon_or_a_geofence(database: Database) {
    let server = database.start().await;
    spread(&server).await;
    let admin = &server.admin;
    assert_eq!(ids(&server, "within=2,48,3,49", admin).await, ["city-1", "city-2"]);
    assert_eq!(ids(&server, "within=179.9,-1,-179.9,1", admin).await, ["east", "on-it", "west"]);
    assert_eq!(ids(&server, "within=-180,-1,-179,1", admin).await, ["on-it", "west"]);
    assert_eq!(ids(&server, "within=-10,80,10,90", admin).await, ["pole"]);
    assert_eq!(ids(&server, "within=-180,-90,180,90", admin).await.len(), 6);
    // A triangle whose box holds both.
    let polygon =
        json!({"type": "Polygon", "coordinates": [[[2.34, 48.84], [2.36, 48.84], [2.36, 48.87], [2.34, 48.84]]]});
    let polygon = polygon.to_string().replace('"', "%22").replace('{', "%7B").replace('}', "%7D");
    assert_eq!(ids(&server, &format!("within={polygon}"), admin).await, ["city-1"]);

    // Pages in the order of ids.
    let page = server.get_json("/api/v1/vehicles?within=-180,-90,180,90&limit=4", admin).await;
    let next = page["next"].as_str().unwrap();
    assert_eq!(page["items"][3]["id"], "on-it");
    assert!(page["items"][0].get("distance_m").is_none());
    assert_eq!(ids(&server, &format!("within=-180,-90,180,90&limit=4&cursor={next}"), admin).await, ["pole", "west"]);

    let fence = json!({"name": "depot", "geometry": {"type": "Point", "coordinates": [2.35, 48.85]}, "radius_m": 500});
    let fence = json_of(server.post("/api/v1/geofences", admin, fence).await, 201).await["id"].clone();
    assert_eq!(ids(&server, &format!("within=geofence:{fence}"), admin).await, ["city-1"]);
    let wide = json!({"radius_m": 2000});
    let path = format!("/api/v1/geofences/{fence}");
    json_of(server.call(Method::PATCH, &path, admin, Some(wide)).await, 200).await;
    assert_eq!(ids(&server, &format!("within=geofence:{fence}"), admin).await, ["city-1", "city-2"]);

    let (_, parent) = server.add_user(json!({"username": "p", "role": "parent", "vehicle_ids": ["city-2"]})).await;
    assert_eq!(ids(&server, "within=2,48,3,49", &parent).await, ["city-2"]);
    let refused = server.get(&format!("/api/v1/vehicles?within=geofence:{fence}"), &parent).await;
    assert_eq!(refused.status(), 403);
    assert_eq!(server.get("/api/v1/vehicles?within=geofence:99", admin).await.status(), 404);
    for within in ["", "1,2,3", "0,10,1,9", "geofence:x", "%7B%22type%22:%22Point%22,%22coordinates%22:[0,0]%7D"] {
        let answer = server.get(&format!("/api/v1/vehicles?within={within}"), admin).await;
        assert_eq!(answer.status(), 422, "{within}");
    }
}
