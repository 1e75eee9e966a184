//! Cadets, their users, and the events of their tenant, for the tests of records over REST.

use crate::support::{TestServer, json_of};
use milepost_domain::{Event, TenantId};
use milepost_store::Store;
use reqwest::Method;
use serde_json::{Value, json};

/// All events of a tenant, oldest first. Checks that their ids are 1, 2, 3 …
pub async fn events_of(store: &dyn Store, tenant: &str) -> Vec<Event> {
    let tenant = TenantId::new(tenant).unwrap();
    let mut events: Vec<Event> = Vec::new();
    loop {
        let last = events.last().map_or(0, |event| event.id);
        let page = store.events_after(&tenant, last, 1000).await.unwrap();
        if page.is_empty() {
            break;
        }
        events.extend(page);
    }
    assert!(events.iter().map(|event| event.id).eq(1..=events.len() as i64), "event ids have gaps or doubles");
    assert_eq!(store.newest_event_id(&tenant).await.unwrap(), events.len() as i64);
    events
}

impl TestServer {
    /// Adds a cadet of the default tenant, and returns its number.
    pub async fn add_cadet(&self, name: &str) -> i64 {
        let added = json_of(self.post("/api/v1/cadets", &self.admin, json!({"name": name})).await, 201).await;
        added["id"].as_i64().unwrap()
    }

    /// Gives a grade, and returns its number.
    pub async fn grade(&self, cadet: i64, kind: &str, points: i64) -> i64 {
        let body = json!({"type": kind, "points": points, "reason": "because"});
        let path = format!("/api/v1/cadets/{cadet}/grades");
        json_of(self.post(&path, &self.admin, body).await, 201).await["id"].as_i64().unwrap()
    }

    pub async fn attend(&self, cadet: i64, day: i64, attendance: Value) -> Value {
        let path = format!("/api/v1/cadets/{cadet}/attendance/{day}");
        json_of(self.call(Method::PUT, &path, &self.admin, Some(attendance)).await, 200).await
    }

    pub async fn score(&self, cadet: i64, change: Value) -> Value {
        let path = format!("/api/v1/cadets/{cadet}/scores");
        json_of(self.call(Method::PATCH, &path, &self.admin, Some(change)).await, 200).await
    }

    /// All events of the default tenant.
    pub async fn events(&self) -> Vec<Event> {
        events_of(self.running.assembly.store.as_ref(), "default").await
    }
}
