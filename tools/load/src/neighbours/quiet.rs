//! The quiet tenant: one call after the other, each on a connection of its own that stays open.

use super::receivers::WebhookReceiver;
use crate::http::Client;
use crate::milepost::Milepost;
use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// What is measured: a position by a device's key, lists, figures, readiness, and from a parcel to its webhook's call.
pub(super) const CALLS: [&str; 5] = ["position", "vehicles", "dashboard", "ready", "webhook"];
/// Vehicles of the quiet tenant.
const VEHICLES: usize = 50;
/// The pause after each round of calls.
const PAUSE: Duration = Duration::from_millis(10);
/// The time between two parcels.
const PARCEL_EVERY: Duration = Duration::from_millis(500);
/// A webhook's call that has not come after this time has failed.
const WEBHOOK_WAIT: Duration = Duration::from_secs(20);

/// The calls of one kind.
#[derive(Debug, Default)]
pub(super) struct Calls {
    pub(super) took_ms: Vec<f64>,
    /// Answers of 503.
    pub(super) unavailable: usize,
    /// Other answers than 2xx, and broken connections.
    pub(super) failed: usize,
}

/// By the names of [`CALLS`].
pub(super) type Measured = HashMap<&'static str, Calls>;

/// A tenant that does little.
pub(super) struct Quiet {
    address: SocketAddr,
    admin: String,
    device: String,
    receiver: WebhookReceiver,
    connections: HashMap<&'static str, Client>,
    reported: u32,
}

impl Quiet {
    pub(super) fn set_up(milepost: &Milepost, tenant: &str) -> Result<Self> {
        let superadmin = milepost.bearer_of("superadmin", "default", &[])?;
        post(milepost, &superadmin, "/api/v1/tenants", &json!({"id": tenant, "name": tenant}))?;
        let admin = milepost.bearer_of("admin", tenant, &[])?;
        for number in 0..VEHICLES {
            let vehicle = json!({"id": format!("van-{number}"), "kind": "van", "label": format!("Van {number}")});
            post(milepost, &admin, "/api/v1/vehicles", &vehicle)?;
        }
        let device = post(milepost, &admin, "/api/v1/devices", &json!({"vehicle_id": "van-0"}))?;
        let key = device["key"].as_str().context("a device has a key")?;
        let receiver = WebhookReceiver::start(Duration::ZERO)?;
        let webhook = json!({"url": receiver.url(1), "events": ["parcel.added"]});
        post(milepost, &admin, "/api/v1/webhooks", &webhook)?;
        let device = format!("x-device-key: {key}");
        Ok(Self { address: milepost.address, admin, device, receiver, connections: HashMap::new(), reported: 0 })
    }

    /// Calls for so many seconds.
    pub(super) fn measure(&mut self, seconds: f64) -> Result<Measured> {
        let mut measured: Measured = CALLS.into_iter().map(|call| (call, Calls::default())).collect();
        let begun = Instant::now();
        let mut next_parcel = begun;
        while begun.elapsed().as_secs_f64() < seconds {
            self.reported += 1;
            let position = json!({"latitude": 22.5, "longitude": 88.3 + f64::from(self.reported % 1_000) * 1e-5});
            self.call("position", ("POST", "/api/v1/positions"), &position, &mut measured);
            self.call("vehicles", ("GET", "/api/v1/vehicles?limit=100"), &Value::Null, &mut measured);
            self.call("dashboard", ("GET", "/api/v1/dashboard"), &Value::Null, &mut measured);
            self.call("ready", ("GET", "/ready"), &Value::Null, &mut measured);
            if Instant::now() >= next_parcel {
                next_parcel = Instant::now() + PARCEL_EVERY;
                self.call_webhook(&mut measured);
            }
            std::thread::sleep(PAUSE);
        }
        Ok(measured)
    }

    /// Enters a parcel and waits for its webhook's call.
    fn call_webhook(&mut self, measured: &mut Measured) {
        let place = json!({"lat": 22.5, "lng": 88.3});
        let parcel = json!({"client_id": 900_000_001, "pickup": place, "destination": place});
        // Calls that came too late.
        while self.receiver.calls.try_recv().is_ok() {}
        let begun = Instant::now();
        if self.try_call("parcel", ("POST", "/api/v1/parcels"), &parcel).is_none_or(|status| status != 201) {
            calls(measured, "webhook").failed += 1;
            return;
        }
        match self.receiver.calls.recv_timeout(WEBHOOK_WAIT) {
            Ok(at) => calls(measured, "webhook").took_ms.push(ms(at.saturating_duration_since(begun))),
            Err(_) => calls(measured, "webhook").failed += 1,
        }
    }

    fn call(&mut self, name: &'static str, what: (&str, &str), body: &Value, measured: &mut Measured) {
        let begun = Instant::now();
        let status = self.try_call(name, what, body);
        let took_ms = ms(begun.elapsed());
        let calls = calls(measured, name);
        match status {
            Some(200..300) => calls.took_ms.push(took_ms),
            Some(503) => calls.unavailable += 1,
            _ => calls.failed += 1,
        }
    }

    /// The status of an answer, or `None` for a connection that broke and is opened anew for the next call.
    fn try_call(&mut self, name: &'static str, (method, path): (&str, &str), body: &Value) -> Option<u16> {
        let credential = if name == "position" { &self.device } else { &self.admin };
        let mut connection = match self.connections.remove(name) {
            Some(connection) => connection,
            None => Client::connect(self.address, credential).ok()?,
        };
        let (status, _) = connection.call(method, path, body).ok()?;
        self.connections.insert(name, connection);
        Some(status)
    }
}

fn calls<'m>(measured: &'m mut Measured, name: &'static str) -> &'m mut Calls {
    measured.entry(name).or_default()
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Enters something, and returns it.
pub(super) fn post(milepost: &Milepost, credential: &str, path: &str, body: &Value) -> Result<Value> {
    let (status, answer) = Client::connect(milepost.address, credential)?.call("POST", path, body)?;
    ensure!(status == 201, "POST {path} was answered {status}: {answer}");
    Ok(answer)
}
