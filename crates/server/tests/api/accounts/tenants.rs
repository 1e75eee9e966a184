//! Usernames belong to a tenant: which user a login means, and what it tells of other tenants.

use crate::support::{TestServer, json_of};
use milepost_domain::{Contact, Role, TenantId, Username};
use milepost_store::{NewLogin, Once};
use reqwest::Method;
use serde_json::{Value, json};

const PASSWORDS: [(&str, &str); 2] = [("acme", "correct horse acme"), ("bolt", "correct horse bolt")];

/// A server on which two tenants have a user `dispatch`, and `acme` alone has `ann`.
async fn start(settings: &[(&'static str, &str)]) -> TestServer {
    let server = TestServer::start_with(settings).await;
    for (tenant, password) in PASSWORDS {
        add(&server, tenant, "dispatch", password).await;
    }
    add(&server, "acme", "ann", PASSWORDS[0].1).await;
    server
}

async fn add(server: &TestServer, tenant: &str, username: &str, password: &str) -> i64 {
    let user = json!({"username": username, "password": password, "role": "manager", "tenant": tenant});
    json_of(server.post("/api/v1/users", &server.admin, user).await, 201).await["id"].as_i64().unwrap()
}

/// The tenant that a login opens, or the refusal's status.
async fn log_in(server: &TestServer, host: Option<&str>, login: Value) -> Result<String, u16> {
    let mut request = server.http.post(format!("{}/api/token", server.url)).json(&login);
    if let Some(host) = host {
        request = request.header("Host", host);
    }
    let response = request.send().await.unwrap();
    if response.status() != 200 {
        return Err(response.status().as_u16());
    }
    let token = response.json::<Value>().await.unwrap()["access"].as_str().unwrap().to_owned();
    Ok(server.get_json("/auth/me", &token).await["tenant"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn two_tenants_may_have_the_same_name_and_each_password_opens_its_own() {
    let server = start(&[]).await;
    for (tenant, password) in PASSWORDS {
        let beside = json!({"username": "dispatch", "tenant": tenant, "password": password});
        assert_eq!(log_in(&server, None, beside.clone()).await, Ok(tenant.to_owned()));
        assert_eq!(server.post("/auth/login", "", beside).await.status(), 204);
        for name in [format!("{tenant}/dispatch"), format!("{tenant}\u{ff0f}dispatch")] {
            let login = json!({"username": name, "password": password});
            assert_eq!(log_in(&server, None, login).await, Ok(tenant.to_owned()), "{name}");
        }
        let both = json!({"username": format!("{tenant}/dispatch"), "tenant": tenant, "password": password});
        assert_eq!(log_in(&server, None, both).await, Ok(tenant.to_owned()));
        let without = json!({"username": "dispatch", "tenant": null, "password": password});
        assert_eq!(log_in(&server, None, without).await, Err(401), "two tenants have the name");
    }
    let only = json!({"username": "ann", "password": PASSWORDS[0].1});
    assert_eq!(log_in(&server, None, only).await, Ok("acme".to_owned()));
    assert!(log_in(&server, None, json!({"username": "admin", "password": server.password})).await.is_ok());
    let of_default = json!({"username": "default/admin", "password": server.password});
    assert_eq!(log_in(&server, None, of_default).await, Ok("default".to_owned()));
}

#[tokio::test]
async fn every_wrong_login_is_answered_alike() {
    let server = start(&[]).await;
    let mut answers = Vec::new();
    for (tenant, username, password) in [
        (json!(null), "ann", "wrong password"),
        (json!(null), "nobody", "wrong password"),
        (json!(null), "dispatch", PASSWORDS[0].1),
        (json!(null), "bolt/dispatch", PASSWORDS[0].1),
        (json!(null), "bolt/ann", PASSWORDS[0].1),
        (json!(null), "nowhere/dispatch", PASSWORDS[0].1),
        (json!(null), "/dispatch", PASSWORDS[0].1),
        (json!(null), "acme/", PASSWORDS[0].1),
        (json!("bolt"), "ann", PASSWORDS[0].1),
        (json!("bolt"), "acme/ann", PASSWORDS[0].1),
        (json!("nowhere"), "ann", PASSWORDS[0].1),
        (json!(""), "ann", PASSWORDS[0].1),
        (json!("a\u{0}"), "ann", PASSWORDS[0].1),
        (json!(null), "a\u{0}/ann", PASSWORDS[0].1),
    ] {
        let login = json!({"username": username, "password": password, "tenant": tenant});
        let response = server.post("/api/token", "", login).await;
        assert_eq!(response.status(), 401, "{tenant} {username}");
        answers.push(response.text().await.unwrap());
    }
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:?}");
}

#[tokio::test]
async fn the_host_names_the_tenant_of_a_login_that_names_none() {
    let server = start(&[("TENANT_HOSTS", "dispatch.acme.example=acme,bolt.example=bolt")]).await;
    for (host, (tenant, password)) in [("Dispatch.ACME.example:8443", PASSWORDS[0]), ("bolt.example", PASSWORDS[1])] {
        let login = json!({"username": "dispatch", "password": password});
        assert_eq!(log_in(&server, Some(host), login.clone()).await, Ok(tenant.to_owned()));
        assert_eq!(log_in(&server, None, login).await, Err(401));
    }
    let ann = json!({"username": "ann", "password": PASSWORDS[0].1});
    assert_eq!(log_in(&server, Some("bolt.example"), ann.clone()).await, Err(401), "she is not bolt's");
    assert_eq!(log_in(&server, Some("elsewhere.example"), ann).await, Ok("acme".to_owned()));
    // Whoever names a tenant means it.
    for named in [
        json!({"username": "acme/ann", "password": PASSWORDS[0].1}),
        json!({"username": "ann", "tenant": "acme", "password": PASSWORDS[0].1}),
    ] {
        assert_eq!(log_in(&server, Some("bolt.example"), named).await, Ok("acme".to_owned()));
    }
}

#[tokio::test]
async fn a_name_is_taken_in_its_own_tenant_only() {
    let server = start(&[]).await;
    let admin = |tenant: &str| crate::support::signing::token_for("ops", "admin", tenant, 60);
    let user = |name: &str| json!({"username": name, "role": "driver"});
    let taken = json_of(server.post("/api/v1/users", &admin("acme"), user("dispatch")).await, 409).await;
    assert_eq!(taken["detail"], "username exists already");
    let bob = json_of(server.post("/api/v1/users", &admin("bolt"), user("ann")).await, 201).await["id"].clone();
    let path = format!("/api/v1/users/{bob}");
    let rename = async |name: &str| {
        let change = json!({"username": name});
        server.call(Method::PATCH, &path, &admin("bolt"), Some(change)).await.status().as_u16()
    };
    assert_eq!((rename("admin").await, rename("dispatch").await, rename("ann").await), (200, 409, 200));
}

#[tokio::test]
async fn a_new_name_has_no_slash_and_an_old_one_still_opens() {
    let server = start(&[]).await;
    for name in ["acme/dispatch", "a/b", "/", "a\u{ff0f}b"] {
        let user = json!({"username": name, "role": "driver"});
        let refused = json_of(server.post("/api/v1/users", &server.admin, user).await, 422).await;
        assert_eq!(refused["errors"][0]["field"], "username", "{name}");
    }
    // As an older version stored it.
    let assembly = &server.running.assembly;
    let old = NewLogin {
        username: Username::stored("acme/ops").unwrap(),
        password_hash: Some(assembly.access.hash_password("an old password".to_owned()).await.unwrap()),
        role: Role::Manager,
        tenant: TenantId::new("bolt").unwrap(),
        approved: true,
        active: true,
        cadet_id: None,
        vehicle_ids: Vec::new(),
        contact: Contact::default(),
    };
    assembly.store.add_user(&old, assembly.clock.now(), &Once::unclaimed()).await.unwrap();
    for login in [
        json!({"username": "acme/ops"}),
        json!({"username": "acme/ops", "tenant": "bolt"}),
        json!({"username": "bolt/acme/ops"}),
    ] {
        let mut login = login;
        login["password"] = json!("an old password");
        assert_eq!(log_in(&server, None, login.clone()).await, Ok("bolt".to_owned()), "{login}");
    }
}

#[tokio::test]
async fn failures_from_one_address_keep_nobody_at_another_out() {
    let server = TestServer::start_with(&[("MILEPOST_TRUSTED_PROXIES", "127.0.0.0/8, ::1")]).await;
    let guess = async |address: &str, name: &str, password: &str| {
        let login = json!({"username": name, "password": password});
        let request = server.http.post(format!("{}/api/token", server.url)).header("X-Forwarded-For", address);
        request.json(&login).send().await.unwrap().status().as_u16()
    };
    let mut statuses = Vec::new();
    for _ in 0..12 {
        statuses.push(guess("203.0.113.9", "admin", "guess").await);
    }
    assert_eq!(statuses[10..], [429, 429]);
    assert_eq!(guess("203.0.113.9", "admin", &server.password).await, 429);
    assert_eq!(guess("203.0.113.10", "admin", &server.password).await, 200);
    assert_eq!(guess("203.0.113.9", "default/admin", "guess").await, 401, "counted with its tenant");
    server.clock.turn(std::time::Duration::from_secs(12));
    assert_eq!(guess("203.0.113.9", "admin", &server.password).await, 200);
}

#[tokio::test]
async fn a_new_password_has_eight_characters_at_least() {
    let server = TestServer::start().await;
    let (id, _) = server.add_user(json!({"username": "ann", "role": "driver"})).await;
    for (number, (password, is_taken)) in
        [("", false), ("1234567", false), ("123456e\u{301}", false), ("12345678", true), ("ününtüüü", true)]
            .into_iter()
            .enumerate()
    {
        let user = json!({"username": format!("u{number}"), "password": password, "role": "driver"});
        let added = server.post("/api/v1/users", &server.admin, user).await;
        assert_eq!(added.status(), if is_taken { 201 } else { 422 }, "{password}");
        let change = Some(json!({"password": password}));
        let changed = server.call(Method::PATCH, &format!("/api/v1/users/{id}"), &server.admin, change).await;
        if is_taken {
            assert_eq!(changed.status(), 200, "{password}");
        } else {
            assert_eq!(json_of(changed, 422).await["errors"][0]["field"], "password", "{password}");
        }
    }
}

#[tokio::test]
async fn another_tenants_users_are_answered_like_numbers_that_nobody_has() {
    let server = start(&[]).await;
    let foreign = add(&server, "acme", "driver", PASSWORDS[0].1).await;
    let vehicle = json!({"id": "v1", "kind": "van", "label": "v1"});
    let admin = crate::support::signing::token_for("ops", "admin", "bolt", 60);
    json_of(server.post("/api/v1/vehicles", &admin, vehicle).await, 201).await;
    let place = json!({"lat": 1, "lng": 2, "address": "x"});
    let answers = async |user: i64| {
        let mut answers = Vec::new();
        for (path, body) in [
            ("/api/v1/alerts", json!({"type": "system_error", "title": "x", "message": "x", "user_id": user})),
            ("/api/v1/alerts", json!({"type": "system_error", "title": "x", "message": "x", "driver_id": user})),
            ("/api/v1/trips", json!({"vehicle_id": "v1", "driver_id": user})),
            ("/api/v1/parcels", json!({"client_id": user, "pickup": place, "destination": place})),
            ("/api/v1/parcels", json!({"client_id": 1, "driver_id": user, "pickup": place, "destination": place})),
            ("/api/v1/notifications", json!({"user_ids": [user], "message": "x"})),
            ("/api/v1/messages", json!({"user_ids": [user], "text": "x"})),
            ("/api/v1/vehicles", json!({"kind": "van", "label": "x", "driver_id": user})),
        ] {
            let response = server.post(path, &admin, body).await;
            let status = response.status().as_u16();
            let answer: Value = response.json().await.unwrap();
            if path.ends_with("/trips") {
                let path = format!("/api/v1/trips/{}/cancel", answer["id"].as_str().unwrap());
                assert_eq!(server.post(&path, &admin, json!({})).await.status(), 200);
            }
            if path.ends_with("/parcels") {
                let path = format!("/api/v1/parcels/{}", answer["id"]);
                let change = Some(json!({"driver_id": user}));
                answers.push(server.call(Method::PATCH, &path, &admin, change).await.status().as_u16());
            }
            answers.push(status);
        }
        answers
    };
    let (of_foreign, of_nobody) = (answers(foreign).await, answers(987_654).await);
    assert_eq!(of_foreign, of_nobody);
    assert_eq!(of_foreign.len(), 10);
    assert!(of_foreign.iter().all(|status| [200, 201].contains(status)), "{of_foreign:?}");
}
