//! Reports: computed of what was found in real tracks, by the days of a zone, and harmless in an office program.

use crate::accounts::people::ended;
use crate::fleet::history_support::{Ride, fix, report, trips, turn_until};
use crate::support::databases::{Database, on_both};
use crate::support::{TestServer, json_of};
use milepost_domain::Trip;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Read as _;

on_both!(
    a_report_says_what_the_trips_say,
    what_is_not_known_is_blank_and_no_zero,
    a_day_begins_when_the_zones_clocks_say_so_and_may_have_23_hours,
    what_looks_like_a_formula_is_a_text_in_csv_and_in_a_workbook,
    only_who_sees_vehicles_makes_reports_and_old_ones_give_way,
    parents_and_drivers_make_reports_of_what_is_theirs_alone,
    what_can_not_be_reported_is_refused_by_its_field,
);

/// 25 minutes before a midnight of Kolkata: one trip ends before it, the other one begins after it.
fn before_midnight_ms() -> i64 {
    let (day_ms, minute_ms) = (24 * 60 * 60_000, 60_000);
    let now_ms = milepost_clock::Clock::system().now().unix_ms() - 6 * 60 * minute_ms;
    let to_kolkata_ms = 330 * minute_ms;
    (now_ms + to_kolkata_ms) / day_ms * day_ms - to_kolkata_ms - 25 * minute_ms
}

async fn drive(server: &TestServer, vehicle: &str, positions: &[Value]) -> Vec<Trip> {
    report(&server.http, &server.url, &server.admin, vehicle, positions).await;
    let store = &server.running.assembly.store;
    let ended = async || trips(&**store, vehicle).await.iter().filter(|trip| trip.status.has_ended()).count();
    turn_until(&server.clock, &2, ended).await;
    trips(&**store, vehicle).await
}

/// The answer of a job that makes a report.
async fn made(server: &TestServer, token: &str, body: Value) -> (Value, reqwest::Response) {
    let added = json_of(server.post("/api/v1/reports", token, body).await, 202).await;
    let job = ended(server, token, added["job"].as_str().unwrap()).await;
    assert_eq!((&job["status"], &job["kind"]), (&json!("done"), &json!("report")), "{job}");
    let answer = server.get(job["result_url"].as_str().unwrap(), token).await;
    (job, answer)
}

async fn shown(server: &TestServer, body: Value) -> Value {
    json_of(made(server, &server.admin, body).await.1, 200).await
}

/// The value in a row, by the name of its column.
fn cell<'a>(report: &'a Value, row: usize, key: &str) -> &'a Value {
    let columns = report["columns"].as_array().unwrap();
    let place = columns.iter().position(|column| column["key"] == key).unwrap_or_else(|| panic!("{key}: {report}"));
    &report["rows"][row][place]
}

fn day_of(ms: i64, minutes_ahead: i64) -> String {
    let at = milepost_domain::Timestamp::from_unix_ms(ms + minutes_ahead * 60_000).unwrap();
    at.to_string()[..10].to_owned()
}

async fn a_report_says_what_the_trips_say(database: Database) {
    let server = database.start().await;
    let (driver, _) = server.add_user(json!({"username": "ann", "role": "driver"})).await;
    server
        .add_vehicle(json!({
            "id": "bus", "kind": "bus", "label": "Bus 1", "driver_id": driver, "fuel_l_per_100km": 30, "fuel_price_per_l": 2,
        }))
        .await;
    let depot = json!({"name": "Depot", "geometry": {"type": "Point", "coordinates": [0.5, 0]}, "radius_m": 200});
    json_of(server.post("/api/v1/geofences", &server.admin, depot).await, 201).await;
    let begin_ms = before_midnight_ms();
    let trips = drive(&server, "bus", &Ride::two_trips(begin_ms)).await;
    let km: Vec<f64> = trips.iter().map(Trip::distance_km).collect();
    let days = (day_of(begin_ms, 330), day_of(begin_ms + 60 * 60_000, 330));
    let of = |kind: &str, group: Option<&str>| json!({"kind": kind, "group_by": group, "from": days.0, "to": days.1, "timezone": "Asia/Kolkata"});

    let list = shown(&server, of("trips", None)).await;
    assert_eq!(
        (&list["row_count"], &list["is_cut"], &list["timezone"]),
        (&json!(2), &json!(false), &json!("Asia/Kolkata"))
    );
    for (row, trip) in trips.iter().enumerate() {
        assert_eq!(cell(&list, row, "vehicle"), "Bus 1");
        assert_eq!(cell(&list, row, "driver"), "ann");
        assert_eq!(cell(&list, row, "started_at"), &json!(trip.started_at.to_string()));
        assert_eq!(cell(&list, row, "ended_at"), &json!(trip.ended_at.unwrap().to_string()));
        assert!((cell(&list, row, "distance_km").as_f64().unwrap() - km[row]).abs() < 0.001, "{list}");
        let litres = trip.figures.fuel.unwrap().litres();
        assert!((cell(&list, row, "fuel_l").as_f64().unwrap() - litres).abs() < 0.01, "{list}");
        assert_eq!(cell(&list, row, "fuel_source"), "estimated");
    }
    assert!((list["totals"]["distance_km"].as_f64().unwrap() - km[0] - km[1]).abs() < 0.001, "{list}");
    assert_eq!(list["totals"]["trips"], 2);

    // Quarters of an hour and trips agree, whatever a row sums up.
    for (kind, group) in [
        ("mileage", "vehicle"),
        ("mileage", "day"),
        ("mileage", "vehicle_day"),
        ("mileage", "driver"),
        ("utilisation", "vehicle"),
        ("trips", "day"),
        ("trips", "driver"),
    ] {
        let sums = shown(&server, of(kind, Some(group))).await;
        let rows = sums["row_count"].as_u64().unwrap();
        assert_eq!(rows, if group.contains("day") { 2 } else { 1 }, "{kind} by {group}: {sums}");
        let distances: Vec<f64> =
            (0..rows as usize).map(|row| cell(&sums, row, "distance_km").as_f64().unwrap()).collect();
        assert!(
            (distances.iter().sum::<f64>() - km[0] - km[1]).abs() < 0.002,
            "{kind} by {group}: {distances:?} of {km:?}"
        );
        if group.contains("day") {
            assert!((distances[0] - km[0]).abs() < 0.001, "{kind} by {group}: {distances:?} of {km:?}");
            assert_eq!((cell(&sums, 0, "day"), cell(&sums, 1, "day")), (&json!(days.0), &json!(days.1)));
        }
        let points = &sums["chart"]["points"];
        assert_eq!((points[0]["day"].as_str().unwrap(), points.as_array().unwrap().len()), (&*days.0, 2));
    }
    let used = shown(&server, of("utilisation", Some("vehicle"))).await;
    let moving_ms: i64 = trips.iter().map(|trip| trip.figures.moving_ms).sum();
    assert_eq!(cell(&used, 0, "moving_s"), &json!((moving_ms + 500) / 1_000));

    let fuel = shown(&server, of("fuel", None)).await;
    let litres: f64 = trips.iter().map(|trip| trip.figures.fuel.unwrap().litres()).sum();
    assert!((cell(&fuel, 0, "fuel_l").as_f64().unwrap() - litres).abs() < 0.01, "{fuel}");
    assert!((cell(&fuel, 0, "fuel_cost").as_f64().unwrap() - 2.0 * litres).abs() < 0.01, "{fuel}");
    assert_eq!(cell(&fuel, 0, "fuel_l_per_100km"), 30.0);

    let stops = shown(&server, of("stops", None)).await;
    let (first, second) = (&trips[0], &trips[1]);
    assert_eq!(stops["row_count"], 2, "{stops}");
    assert_eq!(cell(&stops, 0, "started_at"), &json!(first.ended_at.unwrap().to_string()));
    assert_eq!(cell(&stops, 0, "ended_at"), &json!(second.started_at.to_string()));
    let stood_ms = second.started_at.ms_since(first.ended_at.unwrap());
    assert_eq!(cell(&stops, 0, "duration_s"), &json!((stood_ms + 500) / 1_000));
    assert_eq!(cell(&stops, 1, "ended_at"), &Value::Null, "it goes on");

    let speeding = shown(&server, of("speeding", None)).await;
    assert_eq!(speeding["row_count"], 1, "{speeding}");
    assert!(cell(&speeding, 0, "max_speed_kmh").as_f64().unwrap() > 110.0, "{speeding}");
    assert!(cell(&speeding, 0, "duration_s").as_i64().unwrap() > 20, "{speeding}");
    let visits = shown(&server, of("geofences", None)).await;
    assert_eq!((cell(&visits, 0, "geofence"), &visits["row_count"]), (&json!("Depot"), &json!(1)), "{visits}");
    assert_eq!(visits["totals"]["visits"], 1);

    // In another order of time nothing is left.
    let before = json!({"kind": "trips", "from": "2026-01-01", "to": "2026-01-31"});
    assert_eq!(shown(&server, before).await["row_count"], 0);
}

async fn what_is_not_known_is_blank_and_no_zero(database: Database) {
    let server = database.start().await;
    for vehicle in ["driven", "parked", "mute"] {
        server.add_bus(vehicle).await;
    }
    let begin_ms = before_midnight_ms();
    drive(&server, "driven", &Ride::two_trips(begin_ms)).await;
    report(&server.http, &server.url, &server.admin, "parked", &[fix(0.0, 0.0, 0.0, begin_ms)]).await;
    let body = |kind: &str| json!({"kind": kind, "group_by": "vehicle", "from": day_of(begin_ms, 0), "to": day_of(begin_ms, 24 * 60)});
    let mileage = shown(&server, body("mileage")).await;
    let of = |report: &Value, key: &str| -> Vec<Value> { (0..3).map(|row| cell(report, row, key).clone()).collect() };
    assert_eq!(of(&mileage, "vehicle_id"), ["driven", "mute", "parked"]);
    let distances = of(&mileage, "distance_km");
    assert!(distances[0].as_f64().unwrap() > 11.0, "{mileage}");
    assert_eq!(
        (&distances[1], &distances[2]),
        (&Value::Null, &json!(0.0)),
        "nothing is known of one that was never heard"
    );
    let used = shown(&server, body("utilisation")).await;
    assert_eq!(of(&used, "utilisation_percent")[1..], [Value::Null, json!(0.0)]);
    // Without levels of a tank and litres for 100 km nobody knows.
    let fuel = shown(&server, body("fuel")).await;
    for key in ["fuel_l", "fuel_source", "fuel_l_per_100km", "fuel_cost", "refuelled_l", "fuel_thefts"] {
        assert_eq!(of(&fuel, key), [Value::Null, Value::Null, Value::Null], "{key}");
        assert_eq!(fuel["totals"][key], Value::Null, "{key}");
    }
}

async fn a_day_begins_when_the_zones_clocks_say_so_and_may_have_23_hours(database: Database) {
    let server = database.start_with(&[("POSITION_RETENTION", "3650d")]).await;
    server.add_bus("bus").await;
    // 2026-03-29T10:00:00Z, the day on which the clocks of Berlin went forward.
    let trips = drive(&server, "bus", &Ride::two_trips(1_774_778_400_000)).await;
    let moving_s: f64 = trips.iter().map(|trip| trip.figures.moving_ms as f64 / 1_000.0).sum();
    for (zone, hours) in [("Europe/Berlin", 23.0), ("Asia/Jakarta", 24.0)] {
        let body = json!({"kind": "utilisation", "group_by": "day", "from": "2026-03-29", "to": "2026-03-29", "timezone": zone});
        let used = shown(&server, body).await;
        let expected = (moving_s / (hours * 3_600.0) * 1_000.0).round() / 10.0;
        assert_eq!(cell(&used, 0, "utilisation_percent"), &json!(expected), "{zone}: {used}");
        assert_eq!(used["row_count"], 1);
    }
    let body = json!({"kind": "trips", "from": "2026-03-29", "to": "2026-03-29", "timezone": "Europe/Berlin", "format": "csv"});
    let csv = made(&server, &server.admin, body).await.1.text().await.unwrap();
    assert!(csv.contains(",2026-03-29T12:") && csv.contains("+02:00,") && csv.contains(",Europe/Berlin\r\n"), "{csv}");
}

async fn what_looks_like_a_formula_is_a_text_in_csv_and_in_a_workbook(database: Database) {
    let server = database.start().await;
    let evil = "=HYPERLINK(\"http://evil.example\",\"x\")";
    let (driver, _) = server.add_user(json!({"username": "+1234", "role": "driver"})).await;
    server.add_vehicle(json!({"id": "bus", "kind": "bus", "label": evil, "driver_id": driver})).await;
    let begin_ms = before_midnight_ms();
    let trips = drive(&server, "bus", &Ride::two_trips(begin_ms)).await;
    let body = |format: &str| json!({"kind": "trips", "from": day_of(begin_ms, 0), "to": day_of(begin_ms, 24 * 60), "format": format, "language": "id"});
    let (_, answer) = made(&server, &server.admin, body("csv")).await;
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    let disposition = answer.headers()["content-disposition"].to_str().unwrap().to_owned();
    assert!(
        disposition.starts_with("attachment; filename=\"trips-") && disposition.ends_with(".csv\""),
        "{disposition}"
    );
    let csv = answer.text().await.unwrap();
    let lines: Vec<&str> = csv.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 3, "{csv}");
    assert!(lines[0].starts_with("vehicle_id,vehicle,driver,started_at,") && lines[0].ends_with(",timezone"), "{csv}");
    let expected = "bus,\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"x\"\")\",'+1234,";
    assert!(lines[1].starts_with(expected) && lines[1].ends_with(",UTC"), "{csv}");
    assert!(lines[1].contains(&format!("{:.3}", trips[0].distance_km())), "{csv}");

    let (_, answer) = made(&server, &server.admin, body("xlsx")).await;
    let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    assert_eq!(answer.headers()["content-type"], kind);
    let mut zip = zip::ZipArchive::new(std::io::Cursor::new(answer.bytes().await.unwrap())).unwrap();
    let mut sheet = String::new();
    zip.by_name("xl/worksheets/sheet1.xml").unwrap().read_to_string(&mut sheet).unwrap();
    assert!(sheet.contains("=HYPERLINK(") && !sheet.contains("<f>"), "{sheet}");
    assert!(sheet.contains("Pengemudi") && sheet.contains(">UTC<"), "labels in the asked language, and the zone");
    assert_eq!(sheet.matches("=HYPERLINK(").count(), 2, "one for each trip");
}

async fn parents_and_drivers_make_reports_of_what_is_theirs_alone(database: Database) {
    let server = database.start().await;
    let (ann, ann_token) = server.add_user(json!({"username": "ann", "role": "driver"})).await;
    let (ben, ben_token) = server.add_user(json!({"username": "ben", "role": "driver"})).await;
    let begin_ms = before_midnight_ms();
    let mut km = Vec::new();
    for (id, driver) in [("bus-1", ann), ("bus-2", ben)] {
        server.add_vehicle(json!({"id": id, "kind": "bus", "label": id, "driver_id": driver})).await;
        let trips = drive(&server, id, &Ride::two_trips(begin_ms)).await;
        km.push(trips.iter().map(Trip::distance_km).sum::<f64>());
    }
    let parent = json!({"username": "pat", "role": "parent", "vehicle_ids": ["bus-2"]});
    let (_, parent) = server.add_user(parent).await;
    // Who drove them stays who drove them.
    let moved =
        server.call(Method::PATCH, "/api/v1/vehicles/bus-1", &server.admin, Some(json!({"driver_id": ben}))).await;
    assert_eq!(moved.status(), 200);
    let days = (day_of(begin_ms, 330), day_of(begin_ms + 60 * 60_000, 330));
    let of = |kind: &str, group: Option<&str>, ids: Option<Value>| json!({"kind": kind, "group_by": group, "from": days.0, "to": days.1, "timezone": "Asia/Kolkata", "vehicle_ids": ids});
    let shown_to = async |token: &str, body: Value| json_of(made(&server, token, body).await.1, 200).await;
    let vehicles = |report: &Value| {
        let rows = report["rows"].as_array().unwrap().len();
        (0..rows).map(|row| cell(report, row, "vehicle").as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };

    for (token, bus, name, distance) in [(&ann_token, "bus-1", "ann", km[0]), (&ben_token, "bus-2", "ben", km[1])] {
        let trips = shown_to(token, of("trips", None, None)).await;
        assert_eq!(vehicles(&trips), [bus, bus], "{name}: {trips}");
        assert_eq!(cell(&trips, 0, "driver"), name);
        for kind in ["mileage", "utilisation"] {
            let sums = shown_to(token, of(kind, None, None)).await;
            assert_eq!((&sums["group_by"], &sums["row_count"]), (&json!("driver"), &json!(1)), "{name}: {sums}");
            assert!((cell(&sums, 0, "distance_km").as_f64().unwrap() - distance).abs() < 0.002, "{name}: {sums}");
        }
    }
    let others = shown_to(&ann_token, of("trips", None, Some(json!(["bus-2", "bus-9"])))).await;
    assert_eq!(others["row_count"], 0, "a vehicle of which she drove no trip adds nothing: {others}");

    let trips = shown_to(&parent, of("trips", None, None)).await;
    assert_eq!(vehicles(&trips), ["bus-2", "bus-2"], "{trips}");
    assert_eq!(cell(&trips, 0, "driver"), &json!(ben.to_string()), "names are for those who see users: {trips}");
    let sums = shown_to(&parent, of("mileage", Some("vehicle"), Some(json!(["bus-2"])))).await;
    assert!((cell(&sums, 0, "distance_km").as_f64().unwrap() - km[1]).abs() < 0.002, "{sums}");
    assert_eq!(shown_to(&parent, of("stops", None, None)).await["row_count"], 2);

    for (token, body, status) in [
        (&parent, of("mileage", None, Some(json!(["bus-1"]))), 404),
        (&parent, of("mileage", None, Some(json!(["bus-2", "bus-9"]))), 404),
        (&parent, of("fuel", None, None), 403),
        (&parent, of("geofences", None, None), 403),
        (&ann_token, of("speeding", None, None), 403),
        (&ann_token, of("stops", None, None), 422),
        (&ann_token, of("mileage", Some("vehicle"), None), 422),
    ] {
        let refused = server.post("/api/v1/reports", token, body.clone()).await;
        assert_eq!(refused.status(), status, "{body}");
    }
    let (job, _) = made(&server, &ann_token, of("trips", None, None)).await;
    let job = format!("/api/v1/jobs/{}", job["id"].as_str().unwrap());
    for (token, status) in [(&ann_token, 200), (&server.admin, 200), (&ben_token, 404), (&parent, 404)] {
        assert_eq!(server.get(&job, token).await.status(), status);
        assert_eq!(server.get(&format!("{job}/result"), token).await.status(), status);
    }
}

async fn only_who_sees_vehicles_makes_reports_and_old_ones_give_way(database: Database) {
    let server = database.start().await;
    let body = || json!({"kind": "mileage", "from": "2026-11-01", "to": "2026-11-30"});
    for role in ["parent", "client", "merchant", "training_staff"] {
        let (_, token) = server.add_user(json!({"username": role, "role": role})).await;
        assert_eq!(server.post("/api/v1/reports", &token, body()).await.status(), 403, "{role}");
    }
    let (_, manager) = server.add_user(json!({"username": "mia", "role": "manager"})).await;
    let key = async || {
        let request = server.http.post(format!("{}/api/v1/reports", server.url)).bearer_auth(&manager).json(&body());
        json_of(request.header("Idempotency-Key", "once").send().await.unwrap(), 202).await
    };
    let first = key().await;
    assert_eq!(key().await, first, "asked again it is the same job");
    let first = first["job"].as_str().unwrap().to_owned();
    ended(&server, &manager, &first).await;
    // A program of the tenant may, too, and what it made is the tenant's.
    let program = json!({"name": "nightly", "scopes": ["read", "manage"]});
    let program = json_of(server.post("/api/v1/access-tokens", &server.admin, program).await, 201).await;
    let (job, _) = made(&server, program["token"].as_str().unwrap(), body()).await;
    server.get_json(&format!("/api/v1/jobs/{}", job["id"].as_str().unwrap()), &manager).await;
    for _ in 0..10 {
        made(&server, &manager, body()).await;
    }
    assert_eq!(server.get(&format!("/api/v1/jobs/{first}"), &manager).await.status(), 404, "it gave way");
    let audit = server.get_json("/api/v1/audit?action=report.make", &server.admin).await;
    assert_eq!(audit["items"].as_array().unwrap().len(), 12, "{audit}");
    // Others of another tenant see neither.
    json_of(server.post("/api/v1/tenants", &server.admin, json!({"id": "acme", "name": "Acme"})).await, 201).await;
    let (_, other) = server.add_user(json!({"username": "eve", "role": "admin", "tenant": "acme"})).await;
    let id = job["id"].as_str().unwrap();
    assert_eq!(server.get(&format!("/api/v1/jobs/{id}"), &other).await.status(), 404);
    assert_eq!(server.get(&format!("/api/v1/jobs/{id}/result"), &other).await.status(), 404);
    let elsewhere = json!({"kind": "trips", "from": "2026-11-01", "to": "2026-11-02", "tenant": "default"});
    assert_eq!(server.post("/api/v1/reports", &other, elsewhere).await.status(), 403);
}

async fn what_can_not_be_reported_is_refused_by_its_field(database: Database) {
    let server = database.start().await;
    server.add_bus("bus").await;
    let body = json!({"kind": "trips", "from": "2026-11-01", "to": "2026-11-30"});
    for (field, value) in [
        ("kind", json!("gossip")),
        ("group_by", json!("colour")),
        ("format", json!("pdf")),
        ("language", json!("xx")),
        ("timezone", json!("Mars/Olympus")),
        ("from", json!("yesterday")),
        ("to", json!("2026-10-31")),
        ("to", json!("2028-01-01")),
        ("vehicle_ids", json!([])),
    ] {
        let mut wrong = body.clone();
        wrong[field] = value;
        let problem = json_of(server.post("/api/v1/reports", &server.admin, wrong).await, 422).await;
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
    let unlisted = json!({"kind": "mileage", "group_by": "none", "from": "2026-11-01", "to": "2026-11-30"});
    assert_eq!(server.post("/api/v1/reports", &server.admin, unlisted).await.status(), 422);
    let mut unknown = body;
    unknown["vehicle_ids"] = json!(["bus", "nobody"]);
    assert_eq!(server.post("/api/v1/reports", &server.admin, unknown).await.status(), 404);
}
