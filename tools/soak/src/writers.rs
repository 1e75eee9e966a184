//! Writers: buses, events, riders of deliveries and drivers of parcels, each write through a node that is drawn anew.

use crate::cluster::Reach;
use crate::ledger::Ledger;
use crate::network::NODES;
use crate::socket::Socket;
use anyhow::{Context as _, Result};
use fastrand::Rng;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::task::JoinSet;

/// The type of the run's events.
pub(crate) const EVENT_TYPE: &str = "soak";
/// The number of buses.
const BUSES: usize = 20;
/// Writers of positions. Each has its buses, so that their times rise.
const BUS_WRITERS: usize = 4;
/// Writers of events, so that a key that is in progress on a dead node stops one of them only.
const EVENT_WRITERS: usize = 6;
/// The numbers of deliveries and of parcels.
const FOLLOWED: usize = 4;
/// The pause between two writes of one writer.
const PAUSE: Duration = Duration::from_millis(150);
/// The way between two fixes, degrees: about five metres.
const STEP_DEG: f64 = 0.000_05;
/// The longest wait for a driver's own location.
const ECHO_PATIENCE: Duration = Duration::from_secs(5);
/// The client of all parcels.
const CLIENT: i64 = 7;

/// What is written and followed.
#[derive(Debug)]
pub(crate) struct World {
    /// An admin's token.
    pub(crate) admin: String,
    /// The token of the parcels' client.
    pub(crate) client: String,
    rider: String,
    drivers: Vec<String>,
    buses: Vec<String>,
    /// The public ids.
    pub(crate) deliveries: Vec<String>,
    /// The numbers, as text.
    pub(crate) parcels: Vec<String>,
}

impl World {
    /// Makes it, through the first node.
    pub(crate) async fn make(reach: &Reach) -> Result<Self> {
        let admin = reach.token("milepost-soak", "admin")?;
        let rider = reach.token("rider-1", "rider")?;
        let client = reach.token(&CLIENT.to_string(), "client")?;
        let buses: Vec<String> = (0..BUSES).map(|bus| format!("bus-{bus:02}")).collect();
        for bus in &buses {
            reach.post("/api/v1/vehicles", &admin, &json!({"id": bus, "kind": "bus", "label": bus})).await?;
        }
        let (mut deliveries, mut parcels, mut drivers) = (Vec::new(), Vec::new(), Vec::new());
        for index in 0..FOLLOWED {
            let body = json!({"order_id": format!("order-{index}"), "rider_id": "rider-1", "dropoff_lat": 60.0, "dropoff_lng": 10.0});
            let delivery = reach.post("/tracking/start", &rider, &body).await?;
            deliveries.push(delivery["tracking_id"].as_str().context("no tracking_id")?.to_owned());
            let driver = 100 + index;
            let place = |lat: f64| json!({"lat": lat, "lng": 10.0, "address": ""});
            let body =
                json!({"client_id": CLIENT, "driver_id": driver, "pickup": place(50.0), "destination": place(60.0)});
            let parcel = reach.post("/api/v1/parcels", &admin, &body).await?;
            parcels.push(parcel["id"].to_string());
            drivers.push(reach.token(&driver.to_string(), "driver")?);
        }
        Ok(Self { admin, client, rider, drivers, buses, deliveries, parcels })
    }
}

/// Starts all writers. They end when the set is dropped.
pub(crate) fn start_writers(
    tasks: &mut JoinSet<()>,
    reach: &Arc<Reach>,
    world: &Arc<World>,
    ledger: &Arc<Ledger>,
    rng: &mut Rng,
) {
    let mut writer =
        || Writer { reach: Arc::clone(reach), world: Arc::clone(world), ledger: Arc::clone(ledger), rng: rng.fork() };
    for part in 0..BUS_WRITERS {
        tasks.spawn(writer().drive_buses(part));
    }
    for part in 0..EVENT_WRITERS {
        tasks.spawn(writer().publish_events(part));
    }
    for index in 0..FOLLOWED {
        tasks.spawn(writer().ride(index));
        tasks.spawn(writer().change_parcel(index));
        tasks.spawn(writer().drive_parcel(index));
    }
}

struct Writer {
    reach: Arc<Reach>,
    world: Arc<World>,
    ledger: Arc<Ledger>,
    rng: Rng,
}

impl Writer {
    fn node(&mut self) -> usize {
        self.rng.usize(0..NODES)
    }

    /// Writes once. The answer, if it is 2xx.
    async fn write(&mut self, method: Method, path: &str, token: &str, body: (&Value, Option<&str>)) -> Option<Value> {
        let node = self.node();
        match self.reach.call(node, (method, path), token, body).await {
            Some((status, answer)) if status.is_success() => Some(answer),
            other => {
                let status = other.map_or_else(|| "no answer".to_owned(), |(status, _)| status.as_u16().to_string());
                self.ledger.lock().refuse(&status);
                None
            }
        }
    }

    async fn drive_buses(mut self, part: usize) {
        let (ledger, world) = (Arc::clone(&self.ledger), Arc::clone(&self.world));
        let own: Vec<usize> = (part..BUSES).step_by(BUS_WRITERS).collect();
        let mut driven = [(0_i64, 50.0_f64); BUSES];
        loop {
            tokio::time::sleep(PAUSE / 3).await;
            let bus = own[self.rng.usize(0..own.len())];
            let (at_ms, latitude) = &mut driven[bus];
            let writing = ledger.write().await;
            // Of this program's clock, not of the node's; and never the same twice.
            *at_ms = now_ms().max(*at_ms + 1);
            *latitude += STEP_DEG / 10.0;
            let (at_ms, id) = (*at_ms, &world.buses[bus]);
            let body =
                json!({"vehicle_id": id, "latitude": *latitude, "longitude": 10.0 + bus as f64, "timestamp": at_ms});
            if self.write(Method::POST, "/api/v1/positions", &world.admin, (&body, None)).await.is_some() {
                ledger.lock().positions.push((id.clone(), at_ms));
            }
            drop(writing);
        }
    }

    /// Each event is sent until it is answered, with one key: it must be stored once. While a node that died or is paused has the key
    /// in progress, others answer 409.
    async fn publish_events(mut self, part: usize) {
        let (ledger, world) = (Arc::clone(&self.ledger), Arc::clone(&self.world));
        for number in (part as u64..).step_by(EVENT_WRITERS) {
            let body = json!({"event_type": EVENT_TYPE, "payload": {"number": number}});
            let key = format!("soak-{number}");
            loop {
                tokio::time::sleep(PAUSE).await;
                let writing = ledger.write().await;
                let answer = self.write(Method::POST, "/api/v1/sync-events", &world.admin, (&body, Some(&key))).await;
                drop(writing);
                if answer.is_some() {
                    ledger.lock().events.push(number);
                    break;
                }
            }
        }
    }

    async fn ride(mut self, index: usize) {
        let (ledger, world) = (Arc::clone(&self.ledger), Arc::clone(&self.world));
        let path = format!("/tracking/update/{}", world.deliveries[index]);
        let mut statuses = ["PICKED_UP", "IN_TRANSIT"].into_iter();
        let mut latitude = 50.0;
        loop {
            tokio::time::sleep(PAUSE * 2).await;
            let writing = ledger.write().await;
            latitude += STEP_DEG;
            let mut body = json!({"lat": latitude, "lng": 10.0});
            if self.rng.u8(..) < 4
                && let Some(status) = statuses.next()
            {
                body["status"] = json!(status);
            }
            let is_answered = self.write(Method::POST, &path, &world.rider, (&body, None)).await.is_some();
            let mut answered = ledger.lock();
            if is_answered {
                answered.deliveries.insert(index, latitude);
            } else {
                answered.delayed.push((index, latitude));
            }
            drop(answered);
            drop(writing);
        }
    }

    async fn change_parcel(mut self, index: usize) {
        let (ledger, world) = (Arc::clone(&self.ledger), Arc::clone(&self.world));
        let path = format!("/api/v1/parcels/{}", world.parcels[index]);
        // Never the end.
        for status in ["picked_up", "in_transit", "out_for_delivery"].into_iter().cycle() {
            tokio::time::sleep(PAUSE * self.rng.u32(5..20)).await;
            let writing = ledger.write().await;
            self.write(Method::PATCH, &path, &world.admin, (&json!({"status": status}), None)).await;
            drop(writing);
        }
    }

    /// A driver's own location comes back to it when it is on disk. Each has its time: one that a paused node takes later is late.
    async fn drive_parcel(mut self, index: usize) {
        let (ledger, world) = (Arc::clone(&self.ledger), Arc::clone(&self.world));
        let path = format!("/ws/tracking/?parcel_id={}", world.parcels[index]);
        let mut latitude = 50.0;
        loop {
            tokio::time::sleep(PAUSE).await;
            let node = self.node();
            let Ok(mut socket) = Socket::open(&self.reach, node, &path, &world.drivers[index]).await else { continue };
            for _ in 0..self.rng.u32(5..40) {
                tokio::time::sleep(PAUSE).await;
                let writing = ledger.write().await;
                latitude += STEP_DEG;
                let sent = async {
                    socket
                        .send(&json!({"type": "location_update", "lat": latitude, "lng": 10.0, "timestamp": now_ms()}))
                        .await?;
                    while socket.next().await?["location"]["lat"] != latitude {}
                    anyhow::Ok(())
                };
                if !matches!(tokio::time::timeout(ECHO_PATIENCE, sent).await, Ok(Ok(()))) {
                    ledger.lock().refuse("no echo");
                    break;
                }
                ledger.lock().parcels.insert(index, latitude);
                drop(writing);
            }
        }
    }
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("this machine's clock is after 1970");
    since.as_millis() as i64
}
