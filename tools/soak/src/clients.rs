//! Watching clients: each is on a node that is drawn anew, leaves after a while or when it hears nothing, and resumes.

use crate::cluster::{REQUEST_PATIENCE, Reach};
use crate::ledger::Ledger;
use crate::network::NODES;
use crate::socket::Socket;
use crate::view::{Kind, View};
use crate::writers::World;
use anyhow::{Context as _, Result, bail};
use fastrand::Rng;
use futures_util::StreamExt as _;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::task::JoinSet;

/// A client stays connected for up to this long.
const MAX_STAY_MS: u64 = 12_000;
/// The pause before another connection.
const PAUSE_MS: u64 = 300;
/// A stream has a comment every 15 seconds.
const STREAM_SILENCE: Duration = Duration::from_secs(20);

/// One client.
#[derive(Debug)]
pub(crate) struct Watcher {
    /// What it watches.
    pub(crate) kind: Kind,
    view: Mutex<View>,
}

impl Watcher {
    /// What it shows.
    pub(crate) fn view(&self) -> MutexGuard<'_, View> {
        self.view.lock().expect("nothing panics while holding it")
    }
}

/// Starts `count` clients, of all kinds in turn. They end when the set is dropped.
pub(crate) fn start_clients(
    tasks: &mut JoinSet<()>,
    count: usize,
    (reach, world, ledger): (&Arc<Reach>, &Arc<World>, &Arc<Ledger>),
    rng: &mut Rng,
) -> Vec<Arc<Watcher>> {
    let kind = |number: usize| match number % 5 {
        0 => Kind::Bus,
        1 => Kind::Records,
        2 => Kind::Stream,
        3 => Kind::Delivery(number / 5 % world.deliveries.len()),
        _ => Kind::Parcel(number / 5 % world.parcels.len()),
    };
    let watchers: Vec<_> =
        (0..count).map(|number| Arc::new(Watcher { kind: kind(number), view: Mutex::default() })).collect();
    for watcher in &watchers {
        let client = Client {
            watcher: Arc::clone(watcher),
            reach: Arc::clone(reach),
            world: Arc::clone(world),
            ledger: Arc::clone(ledger),
        };
        tasks.spawn(client.stay(rng.fork()));
    }
    watchers
}

struct Client {
    watcher: Arc<Watcher>,
    reach: Arc<Reach>,
    world: Arc<World>,
    ledger: Arc<Ledger>,
}

impl Client {
    async fn stay(self, mut rng: Rng) {
        loop {
            let node = rng.usize(0..NODES);
            let stay = Duration::from_millis(rng.u64(500..MAX_STAY_MS));
            let leave = async {
                tokio::time::sleep(stay).await;
                while self.ledger.is_calm.load(Ordering::SeqCst) {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            };
            // However a connection ends, another one follows.
            tokio::select! {
                _ = self.watch(node) => {}
                () = leave => {}
            }
            tokio::time::sleep(Duration::from_millis(rng.u64(0..PAUSE_MS))).await;
        }
    }

    async fn watch(&self, node: usize) -> Result<()> {
        let world = &self.world;
        match self.watcher.kind {
            Kind::Bus => self.watch_buses(node).await,
            Kind::Records => self.watch_records(node).await,
            Kind::Stream => self.watch_stream(node).await,
            Kind::Delivery(index) => self.watch_delivery(node, &world.deliveries[index]).await,
            Kind::Parcel(index) => self.watch_parcel(node, &world.parcels[index]).await,
        }
    }

    async fn open(&self, node: usize, path: &str, token: &str) -> Result<Socket> {
        let socket = Socket::open(&self.reach, node, path, token).await?;
        self.watcher.view().connections += 1;
        Ok(socket)
    }

    async fn watch_buses(&self, node: usize) -> Result<()> {
        let mut socket = self.open(node, "/ws/bus-tracking/", &self.world.admin).await?;
        loop {
            let message = socket.next().await?;
            if message["type"] == "location_update" {
                let (bus, at) = (message["data"]["bus_id"].as_str(), message["data"]["timestamp"].as_str());
                let at: jiff::Timestamp = at.context("a place without a time")?.parse()?;
                // What came last is shown, also if it is older.
                self.watcher.view().buses.insert(bus.context("a place without a bus")?.to_owned(), at.as_millisecond());
            }
        }
    }

    async fn watch_records(&self, node: usize) -> Result<()> {
        let path = format!("/ws/updates/?last_event_id={}", self.watcher.view().last_event);
        let mut socket = self.open(node, &path, &self.world.admin).await?;
        loop {
            let message = socket.next().await?;
            self.watcher.view().take_event(&message);
        }
    }

    async fn watch_stream(&self, node: usize) -> Result<()> {
        let last = self.watcher.view().last_event.to_string();
        let request = self.reach.http.get(self.reach.url("http", node, "/api/events")).header("last-event-id", last);
        let sent = request.bearer_auth(&self.world.admin).send();
        let response = tokio::time::timeout(REQUEST_PATIENCE, sent).await.context("no answer")??;
        if response.status() != 200 {
            bail!("refused");
        }
        self.watcher.view().connections += 1;
        let (mut pieces, mut text) = (response.bytes_stream(), Vec::new());
        loop {
            let piece = tokio::time::timeout(STREAM_SILENCE, pieces.next()).await.context("the node is silent")?;
            text.extend_from_slice(&piece.context("the stream ended")??);
            while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = text.drain(..=end).collect();
                if let Some(data) = line.strip_prefix(b"data: ") {
                    let message: Value = serde_json::from_slice(data)?;
                    self.watcher.view().take_event(&message);
                }
            }
        }
    }

    async fn watch_delivery(&self, node: usize, id: &str) -> Result<()> {
        let mut socket = self.open(node, &format!("/ws/tracking/{id}"), "").await?;
        loop {
            let message = socket.next().await?;
            let (data, mut view) = (&message["data"], self.watcher.view());
            let place =
                if data["current_location"].is_object() { &data["current_location"] } else { &data["location"] };
            if let Some(latitude) = place["lat"].as_f64() {
                view.latitude = Some(latitude);
            }
            if let Some(status) = data["status"].as_str() {
                view.status = Some(status.to_owned());
            }
        }
    }

    async fn watch_parcel(&self, node: usize, id: &str) -> Result<()> {
        let mut socket = self.open(node, &format!("/ws/tracking/?parcel_id={id}"), &self.world.client).await?;
        // The socket tells changes of the status; the status before them is read, once the changes arrive. What comes meanwhile
        // waits in the socket.
        let number: i64 = id.parse()?;
        socket.send(&json!({"type": "subscribe_parcel", "parcel_id": number})).await?;
        loop {
            let message = socket.next().await?;
            match message["type"].as_str() {
                Some("subscribed") => break,
                // While the database is away. The socket stays open, and tells nothing more about it.
                Some("error") => bail!("not subscribed"),
                // It follows the parcel already, and a location comes once.
                Some("location_update") => self.watcher.view().latitude = message["location"]["lat"].as_f64(),
                _ => {}
            }
        }
        let path = format!("/api/v1/parcels/{id}");
        let answer = self.reach.call(node, (Method::GET, &path), &self.world.client, (&Value::Null, None)).await;
        let (_, parcel) = answer.context("no answer")?;
        self.watcher.view().status = Some(parcel["status"].as_str().context("a parcel without status")?.to_owned());
        loop {
            let message = socket.next().await?;
            let mut view = self.watcher.view();
            match message["type"].as_str() {
                Some("location_update") => view.latitude = message["location"]["lat"].as_f64(),
                Some("status_update") => view.status = message["status"].as_str().map(str::to_owned),
                _ => {}
            }
        }
    }
}
