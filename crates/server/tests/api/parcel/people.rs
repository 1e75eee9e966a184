//! Parcels and their users, for the tests of the parcel dialect.

use crate::support::signing::claims_token;
use crate::support::{TestServer, Watcher, json_of};
use reqwest::Method;
use serde_json::{Value, json};

pub fn driver(id: i64) -> String {
    claims_token(&id.to_string(), "driver", "default")
}

pub fn client(id: i64) -> String {
    claims_token(&id.to_string(), "client", "default")
}

/// A place on the equator.
pub fn place(lng: f64) -> Value {
    json!({"lat": 0, "lng": lng, "address": format!("at {lng}")})
}

impl TestServer {
    /// Client 7's parcel from 0,0 to 0,1.
    pub async fn add_parcel(&self, driver_id: Option<i64>) -> i64 {
        let body = json!({"client_id": 7, "driver_id": driver_id, "pickup": place(0.0), "destination": place(1.0)});
        json_of(self.post("/api/v1/parcels", &self.admin, body).await, 201).await["id"].as_i64().unwrap()
    }

    pub async fn patch_parcel(&self, id: i64, token: &str, change: Value) -> reqwest::Response {
        self.call(Method::PATCH, &format!("/api/v1/parcels/{id}"), token, Some(change)).await
    }

    pub async fn change_parcel(&self, id: i64, change: Value) -> Value {
        json_of(self.patch_parcel(id, &self.admin, change).await, 200).await
    }

    pub async fn track_parcel(&self, id: i64, token: &str) -> Watcher {
        self.try_watch(&format!("/ws/tracking/?parcel_id={id}&token={token}"), &[]).await.unwrap()
    }

    /// Opens a socket that is refused after opening. Returns the error's message, and the close frame's code and reason.
    pub async fn refused(&self, query: &str) -> (String, u16, String) {
        let mut watcher = self.try_watch(&format!("/ws/tracking{query}"), &[]).await.unwrap();
        let error = watcher.next().await;
        assert_eq!(error["type"], "error", "{error}");
        let frame = watcher.closed().await.expect("a close frame");
        (error["message"].as_str().unwrap().to_owned(), frame.code.into(), frame.reason.to_string())
    }
}

impl Watcher {
    pub async fn send_location(&mut self, lat: f64, lng: f64) {
        self.send(json!({"type": "location_update", "lat": lat, "lng": lng})).await;
    }

    /// The parcel and coordinates of the next location.
    pub async fn next_location(&mut self) -> (i64, f64, f64) {
        let message = self.next().await;
        assert_eq!(message["type"], "location_update", "{message}");
        let place = &message["location"];
        (message["parcel_id"].as_i64().unwrap(), place["lat"].as_f64().unwrap(), place["lng"].as_f64().unwrap())
    }

    pub async fn next_error(&mut self) -> String {
        let message = self.next().await;
        assert_eq!(message["type"], "error", "{message}");
        message["message"].as_str().unwrap().to_owned()
    }
}
