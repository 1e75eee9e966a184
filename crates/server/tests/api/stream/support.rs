//! A client of the live protocol that holds what it was told, as `docs/live-protocol.md` says.

use crate::support::{TestServer, Watcher};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

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
    /// What views cover, by their subscriptions.
    pub covers: BTreeMap<u64, [f64; 4]>,
    /// The clusters of views that hold too many vehicles, by their subscriptions and ids.
    pub clusters: BTreeMap<u64, BTreeMap<String, Value>>,
    /// The vehicles of questions to the map, by their subscriptions.
    pub members: BTreeMap<u64, BTreeSet<String>>,
    /// The other subscriptions to vehicles.
    filters: BTreeMap<u64, Value>,
}

impl LiveClient {
    /// Opens a socket without a credential in its headers, and says hello with this token.
    pub async fn open(server: &TestServer, token: &str) -> Self {
        Self::greet(server.try_watch("/ws", &[]).await.unwrap(), json!({ "op": "hello", "v": 1, "token": token })).await
    }

    pub async fn greet(mut socket: Watcher, hello: Value) -> Self {
        socket.send(hello).await;
        let welcome = socket.next().await;
        super::schema::check(&welcome);
        assert_eq!(welcome["op"], "welcome", "{welcome}");
        Self {
            socket,
            welcome,
            vehicles: BTreeMap::new(),
            facts: Vec::new(),
            cursor: None,
            told: 0,
            covers: BTreeMap::new(),
            members: BTreeMap::new(),
            clusters: BTreeMap::new(),
            filters: BTreeMap::new(),
        }
    }

    pub async fn send(&mut self, message: Value) {
        self.note_sent(&message);
        self.socket.send(message).await;
    }

    fn note_sent(&mut self, message: &Value) {
        let Some(s) = message["s"].as_u64() else { return };
        match (message["op"].as_str(), message["to"].as_str()) {
            (Some("sub"), Some("vehicles")) => {
                self.filters.insert(s, message.clone());
            }
            (Some("unsub"), _) => {
                self.filters.remove(&s);
                self.covers.remove(&s);
                self.members.remove(&s);
                self.clusters.remove(&s);
                self.drop_uncovered();
            }
            _ => {}
        }
    }

    /// Drops the vehicles that are in no view and that no other subscription selects.
    fn drop_uncovered(&mut self) {
        if self.covers.is_empty() && self.clusters.is_empty() {
            // Without views the server says what is gone.
            return;
        }
        let (covers, filters, members) = (&self.covers, &self.filters, &self.members);
        self.vehicles.retain(|id, vehicle| {
            let place = &vehicle["place"];
            let (lat, lon) = (place["lat"].as_f64(), place["lon"].as_f64());
            let in_view = lat.zip(lon).is_some_and(|(lat, lon)| covers.values().any(|edges| holds(edges, lat, lon)));
            in_view
                || members.values().any(|ids| ids.contains(id))
                || filters.values().any(|filter| selects(filter, vehicle))
        });
    }

    /// Subscribes, and reads until `ready`, which it returns.
    pub async fn sub(&mut self, sub: Value) -> Value {
        let s = sub["s"].clone();
        let mut message = sub;
        message["op"] = json!("sub");
        self.send(message).await;
        let between = ["items", "covers", "members", "clusters"];
        let answer = self
            .until(|message| message["s"] == s && !between.contains(&message["op"].as_str().unwrap_or_default()))
            .await;
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
        super::schema::check(message);
        match message["op"].as_str().unwrap() {
            "vehicles" => {
                for vehicle in message["v"].as_array().unwrap() {
                    self.told += 1;
                    self.vehicles.insert(vehicle["id"].as_str().unwrap().to_owned(), vehicle.clone());
                }
                self.drop_uncovered();
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
                self.drop_uncovered();
            }
            "covers" => {
                let edges: Vec<f64> = serde_json::from_value(message["box"].clone()).unwrap();
                let s = message["s"].as_u64().unwrap();
                self.clusters.remove(&s);
                self.covers.remove(&s);
                if message["mode"] == "clusters" {
                    self.clusters.insert(s, BTreeMap::new());
                } else {
                    self.covers.insert(s, edges.try_into().unwrap());
                }
                self.drop_uncovered();
            }
            "clusters" => {
                let clusters = self.clusters.get_mut(&message["s"].as_u64().unwrap()).expect("covers said so");
                for cluster in message["c"].as_array().unwrap() {
                    let id = cluster["id"].as_str().unwrap().to_owned();
                    if cluster["count"] == 0 {
                        assert!(clusters.remove(&id).is_some(), "{message}");
                    } else {
                        clusters.insert(id, cluster.clone());
                    }
                }
            }
            "members" => {
                let members = self.members.entry(message["s"].as_u64().unwrap()).or_default();
                let ids = |field: &str| serde_json::from_value::<BTreeSet<String>>(message[field].clone()).unwrap();
                assert!(members.is_disjoint(&ids("in")), "{message}");
                assert!(ids("out").is_subset(members), "{message}");
                members.extend(ids("in"));
                members.retain(|id| !ids("out").contains(id));
                self.drop_uncovered();
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

/// Whether a box holds a place. West lies east of east across the antimeridian.
pub fn holds(&[west, south, east, north]: &[f64; 4], lat: f64, lon: f64) -> bool {
    let across = if west <= east { west <= lon && lon <= east } else { west <= lon || lon <= east };
    across && south <= lat && lat <= north
}

/// Whether a subscription to vehicles selects one.
fn selects(filter: &Value, vehicle: &Value) -> bool {
    let names = |field: &str, of: &str| filter[field].as_array().is_some_and(|names| names.contains(&vehicle[of]));
    let is_all = ["ids", "routes", "kinds"].iter().all(|field| filter[*field].is_null());
    is_all || names("ids", "id") || names("routes", "route") || names("kinds", "kind")
}
