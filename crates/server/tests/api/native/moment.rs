//! Where the vehicles were at a moment of the past.

use crate::support::databases::{Database, on_both};
use crate::support::signing::token_for;
use crate::support::{TestServer, json_of};
use serde_json::{Value, json};

on_both! {
    each_vehicle_is_where_its_last_position_before_the_moment_was,
    one_sees_those_that_one_may_see_and_a_look_is_noted,
}

const MORNING_S: i64 = 1_736_935_200;

async fn then(server: &TestServer, token: &str, query: &str) -> Vec<(String, f64)> {
    let page = server.get_json(&format!("/api/v1/positions?at={query}"), token).await;
    let place = |one: &Value| (one["vehicle_id"].as_str().unwrap().to_owned(), one["latitude"].as_f64().unwrap());
    page["items"].as_array().unwrap().iter().map(place).collect()
}

fn fix(vehicle: &str, latitude: f64, after_s: i64) -> Value {
    json!({"vehicle_id": vehicle, "latitude": latitude, "longitude": 11.0, "timestamp": MORNING_S + after_s})
}

fn places(expected: &[(&str, f64)]) -> Vec<(String, f64)> {
    expected.iter().map(|(id, latitude)| ((*id).to_owned(), *latitude)).collect()
}

async fn each_vehicle_is_where_its_last_position_before_the_moment_was(database: Database) {
    let server = database.start().await;
    for id in ["a", "b", "c", "never"] {
        server.add_bus(id).await;
    }
    // In an order that is not that of time. 0, 0 and a jump are held to be wrong.
    let fixes = [
        fix("a", 48.1, 100),
        fix("b", 48.2, -3_000),
        fix("c", 48.3, 4_000),
        fix("a", 48.0, 0),
        json!({"vehicle_id": "a", "latitude": 0.0, "longitude": 0.0, "timestamp": MORNING_S + 150}),
        fix("a", 48.2, 200),
    ];
    for fix in fixes {
        json_of(server.post("/api/v1/positions", &server.admin, fix).await, 201).await;
    }
    let at = |after_s: i64| (MORNING_S + after_s).to_string();
    assert_eq!(then(&server, &server.admin, &at(160)).await, places(&[("a", 48.1), ("b", 48.2)]));
    assert_eq!(
        then(&server, &server.admin, &at(100)).await,
        places(&[("a", 48.1), ("b", 48.2)]),
        "at the moment itself"
    );
    assert_eq!(then(&server, &server.admin, &at(99)).await, places(&[("a", 48.0), ("b", 48.2)]));
    assert_eq!(then(&server, &server.admin, &at(700)).await, places(&[("a", 48.2)]), "b is too old by then");
    let longer = format!("{}&max_age=86400", at(5_000));
    assert_eq!(then(&server, &server.admin, &longer).await, places(&[("a", 48.2), ("b", 48.2), ("c", 48.3)]));

    // Page by page: a page looks at two vehicles, and the last one may hold nobody.
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/v1/positions?at={}&limit=2{cursor}", at(160));
        let page = server.get_json(&path, &server.admin).await;
        found
            .extend(page["items"].as_array().unwrap().iter().map(|one| one["vehicle_id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(found, ["a", "b"]);
    for wrong in ["", "at=soon", "at=1736935200&max_age=0", "at=1736935200&max_age=86401"] {
        let status = server.get(&format!("/api/v1/positions?{wrong}"), &server.admin).await.status().as_u16();
        assert!([400, 422].contains(&status), "{wrong}: {status}");
    }
}

async fn one_sees_those_that_one_may_see_and_a_look_is_noted(database: Database) {
    let server = database.start().await;
    let vehicle = |id: &str, driver| json!({"id": id, "kind": "van", "label": id, "driver_id": driver});
    server.add_vehicle(vehicle("mine", Some(7))).await;
    server.add_vehicle(vehicle("other", None)).await;
    for id in ["mine", "other"] {
        json_of(server.post("/api/v1/positions", &server.admin, fix(id, 48.0, 0)).await, 201).await;
    }
    let looks = async || {
        let audit = server.get_json("/api/v1/audit?action=fleet.view_history", &server.admin).await;
        audit["items"].as_array().unwrap().len()
    };
    let driver = token_for("7", "driver", "default", 600);
    assert_eq!(then(&server, &driver, &MORNING_S.to_string()).await, places(&[("mine", 48.0)]));
    assert_eq!(looks().await, 0, "its own");
    for _ in 0..2 {
        let all = then(&server, &server.admin, &MORNING_S.to_string()).await;
        assert_eq!(all, places(&[("mine", 48.0), ("other", 48.0)]));
    }
    assert_eq!(looks().await, 1, "once within an hour");
    let stranger = token_for("99", "admin", "elsewhere", 600);
    assert_eq!(then(&server, &stranger, &MORNING_S.to_string()).await, []);
}
