//! `milepost import traccar`: a server moves over from its database, from a dump of it, and from its API.

use super::support::{PASSWORD, Traccar};
use crate::support::{SECRET, fresh_postgres};
use milepost_domain::TenantId;
use milepost_test_support::{remove_postgres, run_on_postgres};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

/// A database of Traccar.
pub const DATABASE: &str = include_str!("moving.sql");
const WINDOW: &str = "from=2026-11-01T00:00:00Z&to=2026-11-29T00:00:00Z";

pub fn command(data: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_milepost"));
    command.args(["import", "traccar"]).args(args);
    command.env_clear().env("MILEPOST_DATA", data).env("JWT_SECRET", SECRET).current_dir(data);
    command
}

/// What the command says. It must succeed.
pub fn import(data: &Path, args: &[&str]) -> String {
    let output: Output = command(data, args).output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

pub fn data(traccar: &Traccar) -> std::path::PathBuf {
    traccar.server.folder().to_owned()
}

/// Waits until the server has read what another process wrote.
async fn devices(traccar: &Traccar, count: usize) -> Vec<Value> {
    loop {
        let list = traccar.json(Method::GET, "/api/devices", None).await;
        if list.as_array().unwrap().len() == count {
            return list.as_array().unwrap().clone();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Everything that the API lists, to compare.
async fn everything(traccar: &Traccar) -> Value {
    let mut all = serde_json::Map::new();
    for path in [
        "server",
        "users",
        "groups",
        "geofences",
        "drivers",
        "maintenance",
        "calendars",
        "commands",
        "notifications?all=true",
        "attributes/computed",
        "orders",
    ] {
        all.insert(path.to_owned(), traccar.json(Method::GET, &format!("/api/{path}"), None).await);
    }
    for (owner, member) in [
        ("userId", "deviceId"),
        ("userId", "groupId"),
        ("userId", "geofenceId"),
        ("userId", "notificationId"),
        ("userId", "managedUserId"),
        ("deviceId", "geofenceId"),
        ("groupId", "geofenceId"),
        ("deviceId", "driverId"),
        ("groupId", "maintenanceId"),
    ] {
        let path = format!("/api/permissions?{owner}=0&{member}=0");
        all.insert(format!("{owner} {member}"), traccar.json(Method::GET, &path, None).await);
    }
    for device in traccar.json(Method::GET, "/api/devices", None).await.as_array().unwrap() {
        let path = format!("/api/positions?deviceId={}&{WINDOW}", device["id"]);
        let mut positions = traccar.json(Method::GET, &path, None).await;
        // The number of another server.
        for position in positions.as_array_mut().unwrap() {
            position["protocol"] = Value::Null;
        }
        all.insert(format!("positions of {}", device["uniqueId"]), positions);
    }
    Value::Object(all)
}

async fn moves_over(from: &str, zone: &[&str]) {
    let traccar = Traccar::start().await;
    let folder = data(&traccar);
    let said = import(&folder, &[&["--from", from][..], zone].concat());
    for line in [
        "devices: 3 added",
        "users: 4 added, 1 left out",
        "groups: 3 added",
        "geofences: 3 added",
        "settings of the server: 1 added",
        "3 positions were stored; 1 were there already or have the time of another, 1 have no place",
        "guests of shared links: share again here: user 5 (Guest)",
        "users that had expired are locked out: user 4 (Gone)",
        "users whose second factor has to be set up again: user 3 (Sam)",
        "users that add devices or users there change none here: user 3 (Sam)",
        "devices that are disabled there may report here: vehicle 3 (Spare)",
        "notifications by mail: nothing is sent: notification 1",
        "areas that can't be read: nothing enters them: geofence 6 (Bad)",
        "1 rows of tc_events: events: they are computed anew",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    let listed = devices(&traccar, 3).await;
    let by_name = |name: &str| listed.iter().find(|device| device["name"] == name).unwrap().clone();
    let (truck, van) = (by_name("Truck 1"), by_name("Van 2"));
    assert_eq!((&truck["uniqueId"], &van["uniqueId"]), (&json!("t-1"), &json!("352 093/084")));
    assert_eq!(
        (&truck["category"], &truck["phone"], &truck["model"]),
        (&json!("truck"), &json!("+15125550111"), &json!("M1"))
    );
    assert_eq!(truck["attributes"], json!({ "speedLimit": 50.0, "note": "a \"quoted\" text" }));
    let groups = traccar.json(Method::GET, "/api/groups", None).await;
    let group = |name: &str| groups.as_array().unwrap().iter().find(|group| group["name"] == name).unwrap().clone();
    assert_eq!((&truck["groupId"], &group("West")["groupId"]), (&group("West")["id"], &group("All")["id"]));
    assert_eq!(group("All")["attributes"], json!({ "k": "v" }));

    // Passwords of both kinds, and what each sees: the administrator all, Uma her device, Sam those of a group within his.
    let names = async |cookie: String| -> Vec<String> {
        let list: Value = traccar.get("/api/devices", &cookie).await.json().await.unwrap();
        list.as_array().unwrap().iter().map(|device| device["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(traccar.log_in("root@old.example").await).await, ["Spare", "Truck 1", "Van 2"]);
    assert_eq!(names(traccar.log_in("uma@old.example").await).await, ["Truck 1"]);
    assert_eq!(names(traccar.log_in("sam").await).await, ["Truck 1"]);
    let gone = traccar.form("/api/session", "", &[("email", "gone@old.example"), ("password", PASSWORD)]).await;
    assert_eq!(gone.status(), 401);
    let wrong = traccar.form("/api/session", "", &[("email", "uma@old.example"), ("password", "wrong password")]).await;
    assert_eq!(wrong.status(), 401);
    // The hash is ours from the first login on, and the second login is checked by it.
    let store = &traccar.server.running.assembly.store;
    let tenant = TenantId::default_tenant();
    let hash = async |name: &str| {
        store.find_logins(Some(&tenant), [name, name]).await.unwrap()[0].password_hash.clone().unwrap()
    };
    assert!(hash("uma@old.example").await.starts_with("$argon2id$"));
    assert!(hash("gone@old.example").await.starts_with("$pbkdf2-sha1$"));
    traccar.log_in("uma@old.example").await;

    let of = |id: &Value| format!("/api/positions?deviceId={id}&{WINDOW}");
    let positions = traccar.json(Method::GET, &of(&truck["id"]), None).await;
    let (first, second) = (&positions[0], &positions[1]);
    assert_eq!(positions.as_array().unwrap().len(), 2);
    let hour = if zone.is_empty() { "08" } else { "14" };
    assert_eq!(first["fixTime"], format!("2026-11-01T{hour}:00:00.000+00:00"));
    assert_eq!(second["fixTime"], format!("2026-11-01T{hour}:00:10.250+00:00"));
    assert_eq!((&first["speed"], &first["course"], &first["accuracy"]), (&json!(10.0), &json!(90.0), &json!(5.0)));
    let own = &first["attributes"];
    assert_eq!(
        (&own["batteryLevel"], &own["ignition"], &own["custom"]),
        (&json!(80.0), &json!(true), &json!("x \"y\""))
    );
    assert_eq!(own["odometer"], json!(12000.0));
    // A fix that the device itself calls invalid is kept, and is no place.
    let vehicles = traccar.server.get_json("/api/v1/vehicles", &traccar.server.admin).await;
    let vehicle = vehicles["items"].as_array().unwrap().iter().find(|one| one["label"] == "Van 2").unwrap();
    let path = format!("/api/v1/vehicles/{}/positions?outliers=1", vehicle["id"].as_str().unwrap());
    let of_van = traccar.server.get_json(&path, &traccar.server.admin).await;
    assert_eq!(of_van["items"][0]["attributes"]["alarm"], "power_cut", "{of_van}");

    // Geofences are for those that have them, by themselves or by their group.
    let geofences = traccar.json(Method::GET, &format!("/api/geofences?deviceId={}", truck["id"]), None).await;
    assert_eq!(geofences[0]["name"], "West side");
    assert_eq!((&geofences[0]["attributes"], geofences.as_array().unwrap().len()), (&json!({ "color": "#f00" }), 1));

    // What was changed and removed here since stays so.
    let depot = traccar.json(Method::GET, "/api/geofences?keyword=depot", None).await[0]["id"].clone();
    assert_eq!(
        traccar.call(Method::DELETE, &format!("/api/geofences/{depot}"), &traccar.ada, None).await.status(),
        204
    );
    let mut renamed = truck.clone();
    renamed["name"] = json!("Truck One");
    traccar.json(Method::PUT, &format!("/api/devices/{}", truck["id"]), Some(renamed)).await;
    let before = everything(&traccar).await;
    let said = import(&folder, &[&["--from", from][..], zone].concat());
    for line in [
        "devices: 0 added, 3 there already",
        "geofences: 0 added, 2 there already, 1 removed here since",
        "0 positions were stored",
    ] {
        assert!(said.contains(line), "{line}\n{said}");
    }
    assert_eq!(everything(&traccar).await, before);
    assert_eq!(devices(&traccar, 3).await.iter().filter(|device| device["name"] == "Truck One").count(), 1);
}

// The command waits for servers of this process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_moves_over_from_a_dump() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("traccar.sql");
    std::fs::write(&file, DATABASE).unwrap();
    moves_over(file.to_str().unwrap(), &[]).await;
}

// The command waits for servers of this process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_moves_over_from_its_database() {
    let Some(url) = fresh_postgres().await else { return };
    run_on_postgres(&url, DATABASE).await;
    moves_over(&url, &["--zone", "America/Chicago"]).await;
    remove_postgres(&url).await;
}

// The command waits for servers of this process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_moves_over_from_its_api() {
    let old = Traccar::start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("traccar.sql");
    std::fs::write(&file, DATABASE).unwrap();
    import(&data(&old), &["--from", file.to_str().unwrap()]);
    devices(&old, 3).await;
    let token = old.form("/api/session/token", &old.ada, &[]).await.text().await.unwrap();

    let new = Traccar::start().await;
    let mut args = vec!["--from", old.url.as_str(), "--token", token.as_str()];
    let shown = import(&data(&new), &[&args[..], &["--dry-run"]].concat());
    assert!(shown.contains("3 devices") && shown.contains("Nothing was stored"), "{shown}");
    assert!(!shown.contains(&token), "{shown}");
    let said = import(&data(&new), &args);
    assert!(said.contains("devices: 3 added") && said.contains("2 positions were stored"), "{said}");
    assert!(said.contains("users without a password: invite them, or set one: user"), "{said}");
    devices(&new, 3).await;
    let (there, here) = (everything(&old).await, everything(&new).await);
    // Both have administrators of their own, whose numbers are the same.
    for (key, value) in there.as_object().unwrap() {
        assert_eq!(&here[key], value, "{key}");
    }
    let said = import(&data(&new), &args);
    assert!(said.contains("devices: 0 added, 3 there already") && said.contains("0 positions were stored"), "{said}");
    assert_eq!(everything(&new).await, here);

    args[3] = "no-token";
    let refused = command(&data(&new), &args).output().unwrap();
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{why}");
}

// The command waits for servers of this process.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_that_was_killed_goes_on_where_it_was() {
    const ROWS: usize = 3_000;
    let Some(url) = fresh_postgres().await else { return };
    run_on_postgres(&url, DATABASE).await;
    let rows = format!(
        "delete from tc_positions; insert into tc_positions (id, deviceid, devicetime, fixtime, valid, latitude, longitude, altitude, speed, course, attributes)
         select n * 3 + d, d, t, t, true, 30.25 + n / 100000.0, -97.75, 0, 5, 0, '{{\"n\":' || n || '}}'
         from generate_series(1, {ROWS}) n, generate_series(1, 3) d, lateral (select timestamp '2026-11-01 08:00:00' + n * interval '10 seconds' as t) x"
    );
    run_on_postgres(&url, &rows).await;
    let traccar = Traccar::start().await;
    let store = &traccar.server.running.assembly.store;
    let tenant = TenantId::default_tenant();
    let args = ["--from", url.as_str(), "--name", "old"];
    // Once in the middle of the objects, once in the middle of the positions: when the first device is done.
    for is_far_enough in [false, true] {
        let mut killed = command(&data(&traccar), &args).spawn().unwrap();
        loop {
            let has_begun = match is_far_enough {
                false => !store.list_imported(&tenant, "old").await.unwrap().is_empty(),
                true => store.import_progress(&tenant, "old").await.unwrap().is_some(),
            };
            if has_begun || killed.try_wait().unwrap().is_some() {
                break;
            }
            tokio::task::yield_now().await;
        }
        killed.kill().unwrap();
        killed.wait().unwrap();
    }
    import(&data(&traccar), &args);
    let said = import(&data(&traccar), &args);
    assert!(said.contains("devices: 0 added, 3 there already") && said.contains("0 positions were stored"), "{said}");
    for device in devices(&traccar, 3).await {
        let path = format!("/api/positions?deviceId={}&{WINDOW}", device["id"]);
        let positions = traccar.json(Method::GET, &path, None).await;
        let numbers: Vec<f64> = positions
            .as_array()
            .unwrap()
            .iter()
            .map(|position| position["attributes"]["n"].as_f64().unwrap())
            .collect();
        assert!(numbers.iter().copied().eq((1..=ROWS).map(|n| n as f64)), "{} {}", device["name"], numbers.len());
    }
    for (path, count) in
        [("users", 4 + 1), ("groups", 3), ("geofences", 3), ("calendars", 1), ("notifications?all=true", 2)]
    {
        let list = traccar.json(Method::GET, &format!("/api/{path}"), None).await;
        let own = list.as_array().unwrap().iter().filter(|one| one["name"] != "admin").count();
        assert_eq!(own, count, "{path} {list}");
    }

    // Others come, some of them late: a second import brings these alone.
    let more = "insert into tc_positions (id, deviceid, devicetime, fixtime, valid, latitude, longitude, altitude, speed, course, attributes)
        values (1000000, 1, '2026-11-01 07:00:00', '2026-11-01 07:00:00', true, 30, -97, 0, 0, 0, '{}'), (1000001, 2, '2026-11-02 07:00:00', '2026-11-02 07:00:00', true, 30, -97, 0, 0, 0, '{}')";
    run_on_postgres(&url, more).await;
    let said = import(&data(&traccar), &args);
    assert!(said.contains("2 positions were stored"), "{said}");
    remove_postgres(&url).await;
}
