//! Two companies with the same vehicle id on the same ride, each with its own rules: neither sees anything of the other.

use crate::fleet::history_support::turn_until;
use crate::fleet::recording::recorded;
use crate::fleet::socket_support::manager;
use crate::support::databases::{Database, on_both};
use crate::support::signing::{claims_token, now_ms};
use crate::support::{TestServer, json_of};
use milepost_test_support::Receiver;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

on_both! {
    the_same_ride_in_two_companies_has_two_histories,
}

/// A company's settings. Its name is part of every text for people.
struct Company {
    id: &'static str,
    limit_kmh: f64,
    fuel_l_per_100km: f64,
    /// The centre of its geofence.
    fence: [f64; 2],
}

const COMPANIES: [Company; 2] = [
    Company { id: "red", limit_kmh: 90.0, fuel_l_per_100km: 30.0, fence: [-97.786_415, 30.480_85] },
    Company { id: "blue", limit_kmh: 65.0, fuel_l_per_100km: 10.0, fence: [-97.719_6, 30.338_4] },
];

impl Company {
    async fn set_up(&self, server: &TestServer, receiver: &Receiver) {
        let of = |what: &str| format!("{what} of {}", self.id);
        json_of(server.post("/api/v1/tenants", &server.admin, json!({"id": self.id, "name": of("name")})).await, 201)
            .await;
        let admin = claims_token("101", "admin", self.id);
        let train = json!({"id": "train", "kind": "train", "label": of("train"), "driver_id": 42,
            "speed_limit_kmh": self.limit_kmh, "fuel_l_per_100km": self.fuel_l_per_100km, "fuel_price_per_l": 2});
        json_of(server.post("/api/v1/vehicles", &admin, train).await, 201).await;
        let geometry = json!({"type": "Point", "coordinates": self.fence});
        if self.id == "blue" {
            // So that its geofence and its webhook have numbers that the other company does not have.
            let fence = json!({"name": "gone", "geometry": geometry, "radius_m": 250});
            for (path, body) in [("geofences", fence), ("webhooks", json!({"url": receiver.url}))] {
                let added = json_of(server.post(&format!("/api/v1/{path}"), &admin, body).await, 201).await;
                let path = format!("/api/v1/{path}/{}", added["id"]);
                assert_eq!(server.call(Method::DELETE, &path, &admin, None).await.status(), 204);
            }
        }
        let fence = json!({"name": of("station"), "geometry": geometry, "radius_m": 250});
        json_of(server.post("/api/v1/geofences", &admin, fence).await, 201).await;
        json_of(server.post("/api/v1/webhooks", &admin, json!({"url": receiver.url})).await, 201).await;
        let body = json!({"type": "system_error", "title": of("title"), "message": of("message")});
        json_of(server.post("/api/v1/alerts", &admin, body).await, 201).await;
    }

    async fn list(&self, server: &TestServer, what: &str) -> Vec<Value> {
        let page = server.get_json(&format!("/api/v1/{what}?limit=200"), &manager(101, self.id)).await;
        assert!(page["next"].is_null(), "{page}");
        page["items"].as_array().unwrap().clone()
    }

    async fn has_finished(&self, server: &TestServer) -> bool {
        let trips = self.list(server, "trips").await;
        trips.len() == 1 && trips[0]["status"] == "completed"
    }

    /// The messages are about its own geofence and speed limit, and nothing of the other company's.
    async fn got_only_its_own(&self, server: &TestServer, other: &Self, messages: &[Value]) {
        for message in messages {
            let text = message.to_string();
            assert!(
                !text.contains(&format!(" of {}", other.id)) && !text.contains(&format!("\"{}\"", other.id)),
                "{text}"
            );
        }
        let alerts = self.list(server, "alerts").await;
        let ids = |alerts: &[Value]| alerts.iter().map(|alert| alert["id"].to_string()).collect::<BTreeSet<_>>();
        let received_alerts: Vec<Value> =
            messages.iter().filter(|one| one["type"] == "alert").map(|one| one["data"].clone()).collect();
        assert_eq!(ids(&received_alerts), ids(&alerts));
        let limits: BTreeSet<String> = alerts
            .iter()
            .filter(|alert| alert["type"] == "speed_violation")
            .map(|alert| alert["data"]["limit"].to_string())
            .collect();
        assert_eq!(limits, BTreeSet::from([json!(self.limit_kmh).to_string()]));
        let crossings = messages.iter().filter(|one| one["type"] == "geofence_violation_update");
        let crossings: Vec<&Value> = crossings.map(|one| &one["data"]["geofence_name"]).collect();
        assert_eq!(crossings, [&json!(format!("station of {}", self.id)); 2]);
    }

    async fn is_refused_things_of(&self, server: &TestServer, other: &Self) {
        let (token, admin) = (manager(101, self.id), claims_token("101", "admin", self.id));
        let id = |item: &Value| item["id"].to_string().trim_matches('"').to_owned();
        let trip = id(&other.list(server, "trips").await[0]);
        let fence = id(&other.list(server, "geofences").await[0]);
        let alert = id(&other.list(server, "alerts").await[0]);
        let hooks = server.get_json("/api/v1/webhooks", &claims_token("101", "admin", other.id)).await;
        let hook = id(&hooks["items"][0]);
        for (method, path, body) in [
            (Method::GET, format!("trips/{trip}"), None),
            (Method::GET, format!("trips/{trip}?format=gpx"), None),
            (Method::GET, format!("trips/{trip}/path"), None),
            (Method::POST, format!("trips/{trip}/complete"), None),
            (Method::POST, format!("trips/{trip}/cancel"), None),
            (Method::GET, format!("geofences/{fence}"), None),
            (Method::PATCH, format!("geofences/{fence}"), Some(json!({"name": "mine"}))),
            (Method::DELETE, format!("geofences/{fence}"), None),
            (Method::POST, format!("alerts/{alert}/read"), None),
            (Method::DELETE, format!("alerts/{alert}"), None),
            (Method::GET, format!("webhooks/{hook}/deliveries"), None),
        ] {
            let answer = server.call(method.clone(), &format!("/api/v1/{path}"), &admin, body).await;
            assert_eq!(answer.status(), 404, "{method} {path}");
        }
        for list in ["trips", "alerts", "geofences", "dashboard", "fleet/rules", "vehicles"] {
            let path = format!("/api/v1/{list}?tenant={}", other.id);
            assert_eq!(server.get(&path, &token).await.status(), 403, "{path}");
        }
        let bearer = format!("Bearer {token}");
        let path = format!("/ws/tracking?company_id={}", other.id);
        assert_eq!(server.try_watch(&path, &[("Authorization", &bearer)]).await.err().unwrap(), 403);
    }
}

async fn the_same_ride_in_two_companies_has_two_histories(database: Database) {
    let settings = [("DASHBOARD_INTERVAL", "300ms"), ("MILEPOST_WEBHOOK_ALLOW", "127.0.0.1")];
    let server = database.start_with(&settings).await;
    let [red, blue] = &COMPANIES;
    let (receivers, mut watchers) = ([Receiver::start(|_| 200).await, Receiver::start(|_| 200).await], Vec::new());
    for (company, receiver) in COMPANIES.iter().zip(&receivers) {
        company.set_up(&server, receiver).await;
        watchers.push(server.watch_fleet(company.id, &manager(101, company.id)).await);
    }
    let fixes = recorded("10103", now_ms());
    for some in fixes.chunks(9) {
        for company in &COMPANIES {
            let body: Vec<Value> = some
                .iter()
                .map(|fix| {
                    let mut body = fix.body();
                    body["vehicle_id"] = json!("train");
                    body
                })
                .collect();
            let token = claims_token("101", "admin", company.id);
            json_of(server.post("/api/v1/positions", &token, json!(body)).await, 201).await;
        }
    }
    for (index, (company, other)) in [(red, blue), (blue, red)].into_iter().enumerate() {
        turn_until(&server.clock, &true, async || company.has_finished(&server).await).await;
        let (watcher, receiver) = (&mut watchers[index], &receivers[index]);
        let mut live = watcher.until_pong().await;
        live.push(watcher.next_of("fleet_dashboard_update").await);
        assert!(live.iter().all(|message| message["company_id"] == company.id));
        watcher.send(json!({"type": "replay_request", "last_event_id": 0})).await;
        let mut replayed = Vec::new();
        while replayed.last().is_none_or(|last: &Value| last["type"] != "replay_complete") {
            replayed.push(watcher.next().await);
        }
        company.got_only_its_own(&server, other, &replayed).await;
        assert!(!live.iter().any(|message| message.to_string().contains(&format!(" of {}", other.id))));

        let figures = server.get_json("/api/v1/dashboard", &manager(101, company.id)).await;
        assert_eq!((&figures["active_vehicles"], &figures["total_trips"]), (&json!(1), &json!(1)));
        let (km, fuel_l) = (figures["distance_traveled"].as_f64().unwrap(), figures["fuel_consumed"].as_f64().unwrap());
        assert!((fuel_l - km * company.fuel_l_per_100km / 100.0).abs() < 0.01, "{figures}");
        company.is_refused_things_of(&server, other).await;

        // The alert raised by hand, the trip's start and end, two crossings, and an alert for each crossing and streak.
        let alerts = company.list(&server, "alerts").await.len();
        let streaks = alerts - 3;
        let calls = receiver.until(alerts + 2 + 2 + streaks).await;
        for call in &calls {
            assert!(!call.text().contains(&format!(" of {}", other.id)), "{}", call.text());
        }
        let ids: BTreeSet<_> = calls.iter().map(|call| call.json()["data"]["event_id"].as_i64()).collect();
        assert_eq!(ids.len(), calls.len(), "each is sent once");
    }
}
