//! The audit from outside: what is noted, who reads it, and the check beside a running server.

use crate::operations::backup::sql;
use crate::support::databases::{Database, on_both};
use crate::support::{PATIENCE, TestServer, json_of};
use milepost_test_support::run_on_postgres;
use reqwest::Method;
use serde_json::{Value, json};
use std::process::{Command, Output};

const AUDIT: &str = "/api/v1/audit";

async fn rows(server: &TestServer, token: &str, query: &str) -> Vec<Value> {
    let page = server.get_json(&format!("{AUDIT}?{query}"), token).await;
    page["items"].as_array().unwrap().clone()
}

/// Waits for a row that is written beside its answer.
async fn rows_once_there(server: &TestServer, query: &str) -> Vec<Value> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        let found = rows(server, &server.admin, query).await;
        if !found.is_empty() || tokio::time::Instant::now() > deadline {
            return found;
        }
        tokio::task::yield_now().await;
    }
}

on_both!(
    a_change_is_audited_with_who_what_and_from_where,
    logins_exports_and_looks_at_a_persons_history_are_audited,
    the_check_names_the_row_that_somebody_touched,
);

async fn a_change_is_audited_with_who_what_and_from_where(database: Database) {
    let server = database.start().await;
    let point = json!({"type": "Point", "coordinates": [1, 1]});
    let fence = json!({"name": "Depot", "geometry": point, "radius_m": 100});
    let fence = json_of(server.post("/api/v1/geofences", &server.admin, fence).await, 201).await["id"].clone();
    let path = format!("/api/v1/geofences/{fence}");
    json_of(server.call(Method::PATCH, &path, &server.admin, Some(json!({"name": "Yard"}))).await, 200).await;
    let found = rows(&server, &server.admin, &format!("subject=geofence:{fence}")).await;
    assert_eq!(found.len(), 2, "{found:?}");
    let row = &found[0];
    assert_eq!(
        (&row["action"], &row["actor"], &row["address"]),
        (&json!("geofence.update"), &json!(1), &json!("127.0.0.1"))
    );
    assert_eq!((&row["before"]["name"], &row["after"]["name"]), (&json!("Depot"), &json!("Yard")));
    assert_eq!((&found[1]["action"], &found[1]["before"]), (&json!("geofence.create"), &Value::Null));
    // A program is named by its token, and no secret is shown.
    let token = json!({"name": "p", "scopes": ["manage"]});
    let token = json_of(server.post("/api/v1/access-tokens", &server.admin, token).await, 201).await;
    let secret = token["token"].as_str().unwrap();
    let hook = json!({"url": "https://example.org/hook"});
    let hook = json_of(server.post("/api/v1/webhooks", secret, hook).await, 201).await;
    let found = rows(&server, &server.admin, "action=webhook.create").await;
    assert_eq!((&found[0]["actor"], &found[0]["access_token"]), (&Value::Null, &token["id"]));
    let all = server.get(&format!("{AUDIT}?limit=1000"), &server.admin).await.text().await.unwrap();
    for hidden in [secret, hook["secret"].as_str().unwrap(), "argon2", &server.password] {
        assert!(!all.contains(hidden), "{hidden} in {all}");
    }
}

async fn logins_exports_and_looks_at_a_persons_history_are_audited(database: Database) {
    let server = database.start().await;
    let (ann, token) = server.add_user(json!({"username": "ann", "role": "driver"})).await;
    assert_eq!(rows(&server, &server.admin, &format!("action=login.succeeded&actor={ann}")).await.len(), 1);
    let wrong = json!({"username": "ann", "password": "wrong"});
    assert_eq!(server.post("/api/token", "", wrong).await.status(), 401);
    let failed = rows_once_there(&server, "action=login.failed").await;
    assert_eq!(failed.len(), 1);
    assert_eq!((&failed[0]["actor"], &failed[0]["subject"]), (&Value::Null, &json!(format!("user:{ann}"))));
    server.add_vehicle(json!({"id": "b1", "kind": "bus", "label": "b1", "driver_id": ann})).await;
    server.add_bus("b2").await;
    for path in ["b1/positions", "b1/positions?limit=1", "b2/positions"] {
        server.get_json(&format!("/api/v1/vehicles/{path}"), &server.admin).await;
    }
    server.get_json("/api/v1/vehicles/b1/positions", &token).await;
    let looks = rows(&server, &server.admin, "action=vehicle.view_history").await;
    assert_eq!(looks.len(), 1, "once an hour, not the person itself, and not of a bus that nobody drives: {looks:?}");
    assert_eq!((&looks[0]["actor"], &looks[0]["subject"]), (&json!(1), &json!("vehicle:b1")));
    assert_eq!(server.get("/api/v1/vehicles/b2/positions?format=gpx", &server.admin).await.status(), 200);
    assert_eq!(rows(&server, &server.admin, "action=vehicle.export&subject=vehicle:b2").await.len(), 1);
}

/// Runs the check. Not on the thread that the server runs on.
async fn verify(server: &TestServer, database: Option<&str>) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_milepost"));
    command.args(["audit", "verify"]).env_clear().env("MILEPOST_DATA", server.folder());
    command.env("JWT_SECRET", crate::support::SECRET);
    if let Some(url) = database {
        command.env("DATABASE_URL", url);
    }
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

async fn the_check_names_the_row_that_somebody_touched(database: Database) {
    let server = database.start().await;
    for bus in ["b1", "b2", "b3"] {
        server.add_bus(bus).await;
    }
    let found = rows(&server, &server.admin, "action=vehicle.create").await;
    let touched = found[1]["id"].as_i64().unwrap();
    let url = server.database_url().map(str::to_owned);
    let whole = verify(&server, url.as_deref()).await;
    assert_eq!(whole.status.code(), Some(0), "{}", String::from_utf8_lossy(&whole.stderr));
    assert!(String::from_utf8_lossy(&whole.stdout).contains("default: "), "{whole:?}");
    let touch = format!("update audit set actor = 77 where id = {touched}");
    match &url {
        Some(url) => run_on_postgres(url, &format!("alter table audit disable trigger all; {touch}")).await,
        None => {
            let file = server.folder().join("milepost.db");
            let touching = move || ["drop trigger audit_rows_stay", &touch].map(|statement| sql(&file, statement));
            tokio::task::spawn_blocking(touching).await.unwrap();
        }
    }
    let spoilt = verify(&server, url.as_deref()).await;
    let said = String::from_utf8_lossy(&spoilt.stdout).into_owned();
    assert_eq!(spoilt.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("row {touched} is bad")), "{said}");
}

#[tokio::test]
async fn only_admins_of_the_tenant_read_it_and_programs_do_not() {
    let server = TestServer::start().await;
    json_of(server.post("/api/v1/tenants", &server.admin, json!({"id": "acme", "name": "Acme"})).await, 201).await;
    let (_, admin) = server.add_user(json!({"username": "a", "role": "admin", "tenant": "acme"})).await;
    let (_, manager) = server.add_user(json!({"username": "m", "role": "manager", "tenant": "acme"})).await;
    let token = json!({"name": "p", "scopes": ["read", "manage"]});
    let token = json_of(server.post("/api/v1/access-tokens", &admin, token).await, 201).await;
    for refused in [&manager, token["token"].as_str().unwrap()] {
        assert_eq!(server.get(AUDIT, refused).await.status(), 403);
        assert_eq!(server.get(&format!("{AUDIT}?format=csv"), refused).await.status(), 403);
    }
    assert_eq!(server.get(&format!("{AUDIT}?tenant=default"), &admin).await.status(), 403);
    server.add_bus("of-default").await;
    let own = server.get(&format!("{AUDIT}?limit=1000"), &admin).await.text().await.unwrap();
    assert!(own.contains("tenant.create") && !own.contains("of-default"), "{own}");
    assert_eq!(rows(&server, &server.admin, "tenant=acme&action=tenant.create").await.len(), 1);
    for bad in ["actor=x", "actor=0", "from=soon", "format=xml", "limit=0", &format!("subject={}", "x".repeat(201))] {
        let status = server.get(&format!("{AUDIT}?{bad}"), &admin).await.status();
        assert!([400, 422].contains(&status.as_u16()), "{bad}: {status}");
    }
}

#[tokio::test]
async fn the_file_is_whole_and_its_leaving_is_audited() {
    let server = TestServer::start().await;
    for number in 0..5 {
        server.add_bus(&format!("b{number}")).await;
    }
    let answer = server.get(&format!("{AUDIT}?format=csv&action=vehicle.create&limit=2"), &server.admin).await;
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    let file = answer.text().await.unwrap();
    assert_eq!(file.lines().count(), 6, "{file}");
    assert!(file.starts_with("id,at,actor,"), "{file}");
    assert_eq!(rows(&server, &server.admin, "action=audit.export").await.len(), 1);
    // Pages of two come to the same rows.
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = server.get_json(&format!("{AUDIT}?action=vehicle.create&limit=2{cursor}"), &server.admin).await;
        found.extend(page["items"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(found.len(), 5);
}
