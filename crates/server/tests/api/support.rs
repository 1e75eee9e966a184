//! A server for each test, and the calls that most tests make.

pub mod databases;
pub mod signing;

use crate::support::signing::{sign, token_for};
use futures_util::{SinkExt, StreamExt};
use milepost::LogStats;
use milepost::config::{Config, SettingFlags, resolve};
use milepost::serve::{self, Running};
use milepost_clock::TurnableClock;
pub use milepost_test_support::{PATIENCE, fresh_postgres, has_postgres};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

pub const SECRET: &str = "a secret for tests, longer than 32 bytes";

/// A running server with a data folder of its own.
pub struct TestServer {
    pub running: Running,
    pub url: String,
    /// The server's clock, ahead of the machine's by the time that a test added.
    pub clock: TurnableClock,
    pub http: Client,
    /// Token of the first superadmin.
    pub admin: String,
    pub password: String,
    folder: tempfile::TempDir,
    /// `DATABASE_URL`, if it was set.
    database: Option<String>,
}

impl TestServer {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(settings: &[(&'static str, &str)]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), settings).await
    }

    /// Drains the server and starts it again on the same data. The first superadmin's token stays valid.
    pub async fn restart(self, settings: &[(&'static str, &str)]) -> Self {
        self.restart_after(settings, async {}).await
    }

    /// The same, while nobody serves meanwhile.
    pub async fn restart_after(self, settings: &[(&'static str, &str)], meanwhile: impl Future<Output = ()>) -> Self {
        let Self { running, admin, password, folder, http, clock, database, .. } = self;
        running.drain().await;
        meanwhile.await;
        let kept: Vec<_> = database.as_deref().map(|url| ("DATABASE_URL", url)).into_iter().collect();
        let config = config_in(folder.path(), &[&kept, settings].concat());
        let running = serve::start(&config, clock.clock(), LogStats::default(), |_| {}).await.unwrap();
        let url = format!("http://{}", running.address);
        Self { running, url, clock, http, admin, password, folder, database }
    }

    /// Starts another server on this one's PostgreSQL.
    pub async fn start_beside(&self, settings: &[(&'static str, &str)]) -> Self {
        self.start_beside_at(settings, TurnableClock::new()).await
    }

    /// The same with this clock.
    pub async fn start_beside_at(&self, settings: &[(&'static str, &str)], clock: TurnableClock) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = self.database.clone();
        let url = database.as_deref().expect("PostgreSQL: SQLite has one process");
        let config = config_in(folder.path(), &[settings, &[("DATABASE_URL", url)]].concat());
        let running = serve::start(&config, clock.clock(), LogStats::default(), |_| {}).await.unwrap();
        let url = format!("http://{}", running.address);
        let (http, admin, password) = (http_client(), self.admin.clone(), self.password.clone());
        Self { running, url, clock, http, admin, password, folder, database }
    }

    async fn start_in(folder: tempfile::TempDir, settings: &[(&'static str, &str)]) -> Self {
        let said = Mutex::new(Vec::new());
        let config = config_in(folder.path(), settings);
        let clock = TurnableClock::new();
        let say = |line: &str| said.lock().unwrap().push(line.to_owned());
        let running = serve::start(&config, clock.clock(), LogStats::default(), say).await.unwrap();
        let url = format!("http://{}", running.address);
        let said = said.into_inner().unwrap();
        let password = said.iter().find_map(|line| line.strip_prefix("  password: ")).unwrap().to_owned();
        let http = http_client();
        let database = settings.iter().find(|(name, _)| *name == "DATABASE_URL").map(|(_, url)| (*url).to_owned());
        let mut server = Self { running, url, clock, http, admin: String::new(), password, folder, database };
        // The token is signed here, because checking a password would be the slowest part of most tests.
        server.admin = sign(&json!({"sub": "1", "role": "superadmin", "exp": 4_102_444_800_i64}));
        server
    }

    /// Drains the server, and leaves its folder.
    pub async fn drain(self) -> tempfile::TempDir {
        self.running.drain().await;
        self.folder
    }

    /// `DATABASE_URL`, if it was set.
    pub fn database_url(&self) -> Option<&str> {
        self.database.as_deref()
    }

    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    pub async fn call(&self, method: Method, path: &str, token: &str, body: Option<Value>) -> Response {
        let mut request = self.http.request(method, format!("{}{path}", self.url));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    pub async fn post(&self, path: &str, token: &str, body: Value) -> Response {
        self.call(Method::POST, path, token, Some(body)).await
    }

    pub async fn get(&self, path: &str, token: &str) -> Response {
        self.call(Method::GET, path, token, None).await
    }

    /// The answer's JSON, after checking its status.
    pub async fn get_json(&self, path: &str, token: &str) -> Value {
        json_of(self.get(path, token).await, 200).await
    }

    pub async fn log_in(&self, username: &str, password: &str) -> String {
        let body = json!({ "username": username, "password": password });
        let pair = json_of(self.post("/api/token", "", body).await, 200).await;
        pair["access"].as_str().unwrap().to_owned()
    }

    /// Adds a user as superadmin and logs it in. Returns its number and token.
    pub async fn add_user(&self, user: Value) -> (i64, String) {
        let mut user = user;
        user["password"] = json!("open sesame");
        let added = json_of(self.post("/api/v1/users", &self.admin, user).await, 201).await;
        // Other tenants may have the name too.
        let name = format!("{}/{}", added["tenant"].as_str().unwrap(), added["username"].as_str().unwrap());
        let token = self.log_in(&name, "open sesame").await;
        (added["id"].as_i64().unwrap(), token)
    }

    /// Waits until the event feed has published everything that was committed in the default tenant: locks out a user in the
    /// store, and waits for the end of that user's socket.
    pub async fn event_feed_caught_up(&self) {
        let store = &self.running.assembly.store;
        let name = milepost_access::random_secret("marker").replace(['-', '_'], "x");
        let user = json!({ "username": name, "role": "manager" });
        let id = json_of(self.post("/api/v1/users", &self.admin, user).await, 201).await["id"].as_i64().unwrap();
        let mut watcher = self.watch("/ws/bus-tracking/", &token_for(&id.to_string(), "manager", "default", 60)).await;
        watcher.settle().await;
        let id = milepost_domain::UserId::new(id).unwrap();
        assert!(store.remove_user(id, None, self.clock.clock().now()).await.unwrap());
        self.clock.turn(Duration::from_millis(500));
        assert_eq!(watcher.close_code().await, 1008);
    }

    pub async fn add_bus(&self, id: &str) {
        self.add_vehicle(json!({ "id": id, "kind": "bus", "label": id, "license_plate": format!("P-{id}") })).await;
    }

    pub async fn add_vehicle(&self, vehicle: Value) {
        json_of(self.post("/api/v1/vehicles", &self.admin, vehicle).await, 201).await;
    }

    /// Adds a device for a vehicle of the default tenant, and returns its key.
    pub async fn add_device(&self, id: &str, vehicle: &str) -> String {
        let body = json!({ "id": id, "vehicle_id": vehicle });
        let device = json_of(self.post("/api/v1/devices", &self.admin, body).await, 201).await;
        device["key"].as_str().unwrap().to_owned()
    }

    pub async fn ping(&self, device: &str, key: &str, body: Value) -> Response {
        let url = format!("{}/api/v1/kiosks/{device}/location/", self.url);
        self.http.post(url).header("X-Device-Key", key).json(&body).send().await.unwrap()
    }

    /// Reports a position of a vehicle as superadmin.
    pub async fn report(&self, vehicle: &str, latitude: f64, longitude: f64, timestamp: &str) {
        let body =
            json!({ "vehicle_id": vehicle, "latitude": latitude, "longitude": longitude, "timestamp": timestamp });
        json_of(self.post("/api/v1/positions", &self.admin, body).await, 201).await;
    }

    pub async fn watch(&self, path: &str, token: &str) -> Watcher {
        self.try_watch(path, &[("Authorization", &format!("Bearer {token}"))]).await.unwrap()
    }

    /// Opens a socket, or returns the status of the refused handshake.
    pub async fn try_watch(&self, path: &str, headers: &[(&'static str, &str)]) -> Result<Watcher, StatusCode> {
        let url = format!("{}{path}", self.url.replace("http://", "ws://"));
        let mut request = url.into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((stream, _)) => Ok(Watcher(stream)),
            Err(tungstenite::Error::Http(response)) => Err(StatusCode::from_u16(response.status().as_u16()).unwrap()),
            Err(error) => panic!("{error}"),
        }
    }
}

/// A client that ignores proxy settings.
pub fn http_client() -> Client {
    // A client can't be built before a TLS provider is chosen, not even for plain HTTP.
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder().no_proxy().timeout(PATIENCE).build().unwrap()
}

/// The configuration of a server in `folder`.
pub fn config_in(folder: &std::path::Path, settings: &[(&'static str, &str)]) -> Config {
    let mut flags = SettingFlags::default();
    flags.values.insert("MILEPOST_LISTEN", "127.0.0.1:0".to_owned());
    flags.values.insert("MILEPOST_DATA", folder.display().to_string());
    flags.values.insert("JWT_SECRET", SECRET.to_owned());
    flags.values.insert("MILEPOST_DRAIN_WINDOW", "1s".to_owned());
    for (name, value) in settings {
        flags.values.insert(name, (*value).to_owned());
    }
    let resolved = resolve(&flags, |_| None, None).unwrap();
    Config::from_resolved(&resolved).unwrap()
}

pub async fn json_of(response: Response, status: u16) -> Value {
    let actual = response.status().as_u16();
    let text = response.text().await.unwrap();
    assert_eq!(actual, status, "{text}");
    serde_json::from_str(&text).unwrap()
}

/// An open socket.
pub struct Watcher(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Watcher {
    /// The next message as JSON. Pings and pongs are skipped.
    pub async fn next(&mut self) -> Value {
        serde_json::from_str(&self.next_text().await).unwrap()
    }

    pub async fn next_text(&mut self) -> String {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("a message in time");
            match message.expect("an open socket").unwrap() {
                Message::Text(text) => return text.to_string(),
                Message::Ping(_) | Message::Pong(_) => {}
                other => panic!("unexpected {other:?}"),
            }
        }
    }

    /// The next binary message. Others are skipped.
    pub async fn next_binary(&mut self) -> Vec<u8> {
        loop {
            if let Message::Binary(bytes) = self.0.next().await.expect("an open socket").unwrap() {
                return bytes.to_vec();
            }
        }
    }

    /// The id of the bus that the next message is about.
    pub async fn next_bus(&mut self) -> String {
        let message = self.next().await;
        assert_eq!(message["type"], "location_update", "{message}");
        message["data"]["bus_id"].as_str().unwrap().to_owned()
    }

    pub async fn send(&mut self, message: Value) {
        self.send_text(&message.to_string()).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    /// Waits until the server has handled everything that was sent before now.
    pub async fn settle(&mut self) {
        self.send(json!({ "type": "ping" })).await;
        assert_eq!(self.next().await, json!({ "type": "pong" }));
    }

    /// The server's close frame. Messages before it are skipped.
    pub async fn closed(&mut self) -> Option<CloseFrame> {
        loop {
            match tokio::time::timeout(PATIENCE, self.0.next()).await.expect("a close in time") {
                Some(Ok(Message::Close(frame))) => {
                    // Reading on sends the answer to the close frame, as every browser does.
                    let _ = tokio::time::timeout(PATIENCE, self.0.next()).await;
                    return frame;
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    pub async fn close_code(&mut self) -> u16 {
        self.closed().await.expect("a close frame").code.into()
    }
}
