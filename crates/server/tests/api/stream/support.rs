//! A client of the live protocol that holds what it was told, as `docs/live-protocol.md` says.

use crate::support::{TestServer, Watcher};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A connection that was greeted.
pub struct LiveClient {
    pub socket: Watcher,
    pub welcome: Value,
    /// The vehicles that the client holds, by id.
    pub vehicles: BTreeMap<String, Value>,
    /// The facts that came, oldest first.
    pub facts: Vec<Value>,
    /// What to resume after.
    pub cursor: Option<String>,
    /// Messages about vehicles so far.
    pub told: usize,
}

impl LiveClient {
    /// Opens a socket without a credential in its headers, and says hello with this token.
    pub async fn open(server: &TestServer, token: &str) -> Self {
        Self::greet(server.try_watch("/ws", &[]).await.unwrap(), json!({ "op": "hello", "v": 1, "token": token })).await
    }

    pub async fn greet(mut socket: Watcher, hello: Value) -> Self {
        socket.send(hello).await;
        let welcome = socket.next().await;
        assert_eq!(welcome["op"], "welcome", "{welcome}");
        Self { socket, welcome, vehicles: BTreeMap::new(), facts: Vec::new(), cursor: None, told: 0 }
    }

    pub async fn send(&mut self, message: Value) {
        self.socket.send(message).await;
    }

    /// Subscribes, and reads until `ready`, which it returns.
    pub async fn sub(&mut self, sub: Value) -> Value {
        let s = sub["s"].clone();
        let mut message = sub;
        message["op"] = json!("sub");
        self.send(message).await;
        let answer = self.until(|message| message["s"] == s && message["op"] != "items").await;
        assert_eq!(answer["op"], "ready", "{answer}");
        answer
    }

    /// Subscribes to what is refused, and returns the error.
    pub async fn refused(&mut self, sub: Value) -> Value {
        let s = sub["s"].clone();
        let mut message = sub;
        message["op"] = json!("sub");
        self.send(message).await;
        let answer = self.until(|message| message["s"] == s).await;
        assert_eq!(answer["op"], "error", "{answer}");
        answer
    }

    /// Takes messages until one fits, and returns it.
    pub async fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.socket.next().await;
            self.take(&message);
            if fits(&message) {
                return message;
            }
        }
    }

    /// Reads everything that was sent before the server's answer to this.
    pub async fn settle(&mut self) {
        self.send(json!({ "op": "ping", "id": "settle" })).await;
        self.until(|message| message["op"] == "pong" && message["re"] == "settle").await;
    }

    /// Waits until the place of a vehicle has this time.
    pub async fn until_at(&mut self, id: &str, t: i64) {
        while self.vehicles.get(id).is_none_or(|vehicle| vehicle["place"]["t"] != t) {
            let message = self.socket.next().await;
            self.take(&message);
        }
    }

    pub fn ids(&self) -> Vec<&str> {
        self.vehicles.keys().map(String::as_str).collect()
    }

    /// The rules of a client.
    pub fn take(&mut self, message: &Value) {
        match message["op"].as_str().unwrap() {
            "vehicles" => {
                for vehicle in message["v"].as_array().unwrap() {
                    self.told += 1;
                    self.vehicles.insert(vehicle["id"].as_str().unwrap().to_owned(), vehicle.clone());
                }
            }
            "at" => {
                for place in message["p"].as_array().unwrap() {
                    self.told += 1;
                    let mut place = place.clone();
                    let id = place["id"].take();
                    place.as_object_mut().unwrap().remove("id");
                    if let Some(vehicle) = self.vehicles.get_mut(id.as_str().unwrap()) {
                        vehicle["place"] = place;
                    }
                }
            }
            "gone" => {
                for id in message["ids"].as_array().unwrap() {
                    self.told += 1;
                    self.vehicles.remove(id.as_str().unwrap());
                }
            }
            "fact" => {
                self.cursor = Some(message["e"].as_str().unwrap().to_owned());
                self.facts.push(message.clone());
            }
            "ready" | "mark" => {
                if let Some(cursor) = message["cursor"].as_str() {
                    self.cursor = Some(cursor.to_owned());
                }
            }
            _ => {}
        }
    }
}
