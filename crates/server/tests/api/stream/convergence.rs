//! Clients of every kind, a fleet that changes at random, drops, slow phases and restarts, on one node and on three: in the end each client holds what the server has.

use super::support::{LiveClient, holds};
use crate::nodes::support::TwoNodes;
use crate::support::{PATIENCE, TestServer, json_of};
use milepost_test_support::RedisServer;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const T0: i64 = 1_750_000_000_000;
const ROUNDS: usize = 120;
const VEHICLES: usize = 12;
const ROUTES: [&str; 3] = ["12", "13", "14"];
/// Across the antimeridian.
const WITHIN: [f64; 4] = [179.2, -17.0, -178.9, -15.2];

/// What is done with the fleet.
struct Model {
    vehicles: BTreeSet<String>,
    rng: fastrand::Rng,
    t: i64,
    alerts: usize,
}

/// The servers, and what is between them.
struct Installation {
    nodes: Vec<TestServer>,
    /// Of each node.
    settings: Vec<(&'static str, String)>,
    _redis: Option<RedisServer>,
}

/// A client that comes back with what it wants, to any node.
struct Wanting {
    client: Option<LiveClient>,
    /// The node that it is connected to.
    node: usize,
    subs: Vec<Value>,
    edges: Option<[f64; 4]>,
    hello: Value,
    /// Titles of the alerts that it got, over all its connections.
    titles: Vec<String>,
    cursor: Option<String>,
}

impl Installation {
    /// One process on SQLite.
    async fn alone() -> Self {
        Self { nodes: vec![TestServer::start().await], settings: Vec::new(), _redis: None }
    }

    /// Three on PostgreSQL; `None` where a part is not installed.
    async fn of_three(with_redis: bool) -> Option<Self> {
        let TwoNodes { one, two, redis } = TwoNodes::start(with_redis).await?;
        let settings: Vec<_> = redis.iter().map(|redis| ("REDIS_URL", redis.url())).collect();
        let mut installation = Self { nodes: vec![one, two], settings, _redis: redis };
        let third = installation.nodes[0].start_beside(&installation.settings()).await;
        installation.nodes.push(third);
        Some(installation)
    }

    fn settings(&self) -> Vec<(&'static str, &str)> {
        self.settings.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    async fn restart(&mut self, node: usize) {
        let server = self.nodes.remove(node);
        let restarted = server.restart(&self.settings()).await;
        self.nodes.insert(node, restarted);
    }

    /// What all nodes have, once all have the same.
    async fn truth(&self) -> Vec<Value> {
        let begun = Instant::now();
        loop {
            let mut truths = Vec::new();
            for node in &self.nodes {
                let page = node.get_json("/api/v1/vehicles?limit=100", &node.admin).await;
                truths.push(page["items"].as_array().unwrap().iter().map(shown).collect::<Vec<_>>());
            }
            if truths.windows(2).all(|two| two[0] == two[1]) {
                return truths.remove(0);
            }
            assert!(begun.elapsed() < PATIENCE, "{truths:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

impl Model {
    fn new(seed: u64) -> Self {
        Self { vehicles: BTreeSet::new(), rng: fastrand::Rng::with_seed(seed), t: T0, alerts: 0 }
    }

    fn place(&mut self) -> (f64, f64) {
        // Around the antimeridian, in a few views' width.
        let lon = 178.0 + self.rng.f64() * 4.0;
        (-18.0 + self.rng.f64() * 4.0, if lon > 180.0 { lon - 360.0 } else { lon })
    }

    /// Does one thing with the fleet.
    async fn step(&mut self, server: &TestServer) {
        let id = format!("v{}", self.rng.usize(0..VEHICLES));
        let known = self.vehicles.contains(&id);
        match self.rng.u32(0..20) {
            _ if !known => {
                let route = self.rng.choice(ROUTES).unwrap();
                let vehicle = json!({ "id": id, "kind": "bus", "label": id, "route": route });
                json_of(server.post("/api/v1/vehicles", &server.admin, vehicle).await, 201).await;
                self.vehicles.insert(id);
            }
            0 => {
                let removed = server.call(Method::DELETE, &format!("/api/v1/vehicles/{id}"), &server.admin, None).await;
                assert_eq!(removed.status(), 204);
                self.vehicles.remove(&id);
            }
            1..=2 => {
                let change = json!({ "label": format!("{id} {}", self.t), "route": self.rng.choice(ROUTES).unwrap() });
                let path = format!("/api/v1/vehicles/{id}");
                json_of(server.call(Method::PATCH, &path, &server.admin, Some(change)).await, 200).await;
            }
            3 => {
                let alert = json!({ "type": "system_error", "title": self.alerts.to_string(), "message": "m" });
                json_of(server.post("/api/v1/alerts", &server.admin, alert).await, 201).await;
                self.alerts += 1;
            }
            _ => {
                // Hours, so that no jump is held to be wrong.
                self.t += 6 * 3_600_000;
                let (lat, lon) = self.place();
                let fix = json!({ "vehicle_id": id, "latitude": lat, "longitude": lon, "timestamp": self.t });
                // A vehicle that was added on another node is known here once its event was read.
                let begun = Instant::now();
                while server.post("/api/v1/positions", &server.admin, fix.clone()).await.status() != 201 {
                    assert!(begun.elapsed() < PATIENCE, "{fix}");
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }
}

impl Wanting {
    fn new(hello: Value, subs: Vec<Value>, edges: Option<[f64; 4]>) -> Self {
        Self { client: None, node: 0, subs, edges, hello, titles: Vec::new(), cursor: None }
    }

    async fn connect(&mut self, nodes: &[TestServer], node: usize) {
        self.node = node;
        let server = &nodes[node];
        let mut hello = self.hello.clone();
        hello["token"] = json!(server.admin);
        let mut client = LiveClient::greet(server.try_watch("/ws", &[]).await.unwrap(), hello).await;
        for sub in &self.subs {
            let mut sub = sub.clone();
            if sub["to"] == "alerts" {
                sub["after"] = json!(self.cursor);
            }
            let ready = client.sub(sub.clone()).await;
            if sub["to"] == "alerts" && self.cursor.is_some() {
                assert_eq!(ready["complete"], true);
            }
        }
        if let Some(edges) = self.edges {
            client.sub(json!({ "s": 9, "to": "view", "box": edges, "batch_ms": 0 })).await;
        }
        self.client = Some(client);
    }

    /// Keeps what outlives the connection.
    fn disconnect(&mut self) {
        if let Some(client) = self.client.take() {
            self.keep(&client);
        }
    }

    fn keep(&mut self, client: &LiveClient) {
        self.titles.extend(titles_of(client));
        if client.cursor.is_some() {
            self.cursor.clone_from(&client.cursor);
        }
    }

    /// Whether it is to be held. `nearest` are the ids of those that `near` selects.
    fn selects(&self, vehicle: &Value, covers: Option<&[f64; 4]>, nearest: &[String]) -> bool {
        let place = &vehicle["place"];
        let in_view = covers.is_some_and(|edges| {
            place["lat"].as_f64().zip(place["lon"].as_f64()).is_some_and(|(lat, lon)| holds(edges, lat, lon))
        });
        let of_routes = |sub: &Value| sub["routes"].as_array().is_none_or(|routes| routes.contains(&vehicle["route"]));
        let in_region = |edges: &[f64; 4]| {
            place["lat"].as_f64().zip(place["lon"].as_f64()).is_some_and(|(lat, lon)| holds(edges, lat, lon))
        };
        let is_near = || nearest.iter().any(|id| vehicle["id"] == id.as_str());
        in_view
            || self.subs.iter().any(|sub| match sub["to"].as_str() {
                Some("vehicles") => of_routes(sub),
                Some("within") => in_region(&WITHIN),
                Some("near") => is_near(),
                _ => false,
            })
    }
}

async fn run(mut installation: Installation, seed: u64) {
    let count = installation.nodes.len();
    let mut model = Model::new(seed);
    let alerts = json!({ "s": 1, "to": "alerts" });
    let of_12 = json!({ "s": 2, "to": "vehicles", "routes": ["12"] });
    let all = json!({ "s": 2, "to": "vehicles" });
    let edges = [179.0, -17.5, -179.2, -15.0];
    let near = json!({ "s": 3, "to": "near", "lat": -16.0, "lon": 180.0, "limit": 4, "kinds": ["bus"] });
    let within = json!({ "s": 4, "to": "within", "box": WITHIN });
    let plain = json!({ "op": "hello" });
    let mut wanting = vec![
        Wanting::new(plain.clone(), vec![alerts.clone(), all], None),
        Wanting::new(plain.clone(), vec![alerts.clone(), of_12.clone()], None),
        Wanting::new(plain.clone(), vec![alerts.clone()], Some(edges)),
        Wanting::new(plain.clone(), vec![alerts.clone(), of_12.clone()], Some(edges)),
        Wanting::new(plain.clone(), vec![alerts.clone(), near.clone(), within.clone()], None),
        Wanting::new(plain, vec![alerts, of_12, near, within], Some(edges)),
    ];
    for one in &mut wanting {
        one.connect(&installation.nodes, model.rng.usize(0..count)).await;
    }
    for _ in 0..ROUNDS {
        let node = model.rng.usize(0..count);
        if model.rng.u32(0..50) == 0 {
            // Its clients lose their connections, and come back later.
            wanting.iter_mut().filter(|one| one.node == node).for_each(Wanting::disconnect);
            installation.restart(node).await;
        }
        model.step(&installation.nodes[node]).await;
        let at = model.rng.usize(0..wanting.len());
        let one = &mut wanting[at];
        match model.rng.u32(0..12) {
            // It drops, and comes back later.
            0 => one.disconnect(),
            1..=2 if one.client.is_none() => one.connect(&installation.nodes, node).await,
            // It reads what has come; until then it is slow.
            3..=6 => {
                if let Some(client) = &mut one.client {
                    client.settle().await;
                }
            }
            7 => {
                let west = 178.5 + model.rng.f64() * 2.0;
                let around = |lon: f64| if lon > 180.0 { lon - 360.0 } else { lon };
                if let (Some(client), Some(edges)) = (&mut one.client, &mut one.edges) {
                    *edges = [around(west), -17.0, around(west + 1.5), -15.0];
                    client.send(json!({ "op": "view", "s": 9, "box": edges })).await;
                }
            }
            _ => {}
        }
    }
    let truth = installation.truth().await;
    let server = &installation.nodes[0];
    let titles: Vec<_> = (0..model.alerts).map(|number| number.to_string()).collect();
    for one in &mut wanting {
        if one.client.is_none() {
            one.connect(&installation.nodes, model.rng.usize(0..count)).await;
        }
        let mut client = one.client.take().unwrap();
        client.settle().await;
        loop {
            let covers = client.covers.get(&9).copied();
            let nearest = server.get_json("/api/v1/vehicles?near=-16,180&limit=4", &server.admin).await;
            let nearest = nearest["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap().to_owned());
            let nearest: Vec<String> = nearest.collect();
            let expected: Vec<_> =
                truth.iter().filter(|vehicle| one.selects(vehicle, covers.as_ref(), &nearest)).collect();
            let held: Vec<Value> = client.vehicles.values().map(known).collect();
            let got = one.titles.len() + titles_of(&client).len();
            if held.iter().collect::<Vec<_>>() == expected && got >= titles.len() {
                break;
            }
            // What was published last may be on its way.
            let next = tokio::time::timeout(PATIENCE, client.until(|message| message["op"] != "pong")).await;
            assert!(next.is_ok(), "seed {seed}, {:?}\nheld {held:?}\nhas {expected:?}, {got} facts", one.subs);
        }
        one.keep(&client);
        assert_eq!(one.titles, titles, "seed {seed}: each fact once, in order");
    }
}

/// The alerts that the test has raised. The fold of the positions may raise others.
fn titles_of(client: &LiveClient) -> Vec<String> {
    let is_ours = |fact: &&Value| fact["type"] == "alert.raised" && fact["data"]["type"] == "system_error";
    client.facts.iter().filter(is_ours).map(|fact| fact["data"]["title"].as_str().unwrap().to_owned()).collect()
}

/// A vehicle as REST shows it, with what a client of the live protocol knows.
fn shown(vehicle: &Value) -> Value {
    let rounded = |value: &Value| (value.as_f64().unwrap() * 1e6).round() / 1e6;
    let place = vehicle["position"]
        .as_object()
        .map(|position| json!({ "lat": rounded(&position["latitude"]), "lon": rounded(&position["longitude"]) }));
    json!({ "id": vehicle["id"], "label": vehicle["label"], "route": vehicle["route"], "place": place })
}

fn known(vehicle: &Value) -> Value {
    let place = vehicle["place"].as_object().map(|place| json!({ "lat": place["lat"], "lon": place["lon"] }));
    json!({ "id": vehicle["id"], "label": vehicle["label"], "route": vehicle["route"], "place": place })
}

fn seeds(few: &[u64]) -> Vec<u64> {
    match std::env::var("MILEPOST_CONVERGENCE_SEEDS") {
        Ok(seeds) => seeds.split(',').map(|seed| seed.parse().unwrap()).collect(),
        Err(_) => few.to_vec(),
    }
}

#[tokio::test]
async fn every_client_holds_what_the_server_has() {
    for seed in seeds(&[1, 2, 3]) {
        run(Installation::alone().await, seed).await;
    }
}

#[tokio::test]
async fn every_client_of_three_nodes_holds_what_they_have() {
    for seed in seeds(&[4]) {
        let Some(installation) = Installation::of_three(true).await else { return };
        run(installation, seed).await;
    }
}

#[tokio::test]
async fn every_client_of_three_nodes_without_redis_holds_what_they_have() {
    for seed in seeds(&[5]) {
        let Some(installation) = Installation::of_three(false).await else { return };
        run(installation, seed).await;
    }
}
