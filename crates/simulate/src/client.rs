//! The calls of the server's public API that a simulation makes.

mod failure;

use crate::client::failure::{detail_of, refused, retry_after, root_cause, tls_failure};
use crate::device::Device;
use crate::report::Report;
use crate::{Credential, SimulateError, SimulateOptions, Via};
use reqwest::header::AUTHORIZATION;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// A call without an answer for this long is made again.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Calls the server. All vehicles share its connections.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    via: Via,
}

/// The outcome of a call with fixes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Posted {
    /// The server answered for every fix.
    Accepted { accepted: u64, duplicates: u64, rejected: u64 },
    /// The server refuses them for good.
    Refused { detail: String },
    /// To be tried again, after the time that the server asked for.
    Later { asked: Option<Duration>, reason: String },
}

#[derive(Deserialize)]
struct BatchAnswer {
    accepted: u64,
    #[serde(default)]
    duplicates: u64,
    #[serde(default)]
    rejected: Vec<Value>,
}

#[derive(Deserialize)]
struct TokenAnswer {
    access: String,
}

#[derive(Deserialize)]
struct DeviceAnswer {
    id: String,
    key: String,
}

impl Client {
    pub(crate) fn new(options: &SimulateOptions) -> Result<Self, SimulateError> {
        let url = options.url.trim_end_matches('/').to_owned();
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(SimulateError::Option(format!("url {url:?} must begin with http:// or https://")));
        }
        // The process has one library of cryptography. An error means that it was chosen before.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .pool_max_idle_per_host(options.connections)
            .timeout(CALL_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            // A proxy's latency must not be measured.
            .no_proxy()
            .build()
            .map_err(|error| {
                SimulateError::Option(format!("the HTTP client cannot be made: {}", root_cause(&error)))
            })?;
        Ok(Self { http, url, via: options.via })
    }

    /// The bearer token for making vehicles and devices; `None` when devices are given.
    pub(crate) async fn log_in(&self, credential: &Credential) -> Result<Option<String>, SimulateError> {
        match credential {
            Credential::Devices(_) => Ok(None),
            Credential::Bearer(token) => Ok(Some(token.clone())),
            Credential::Password { username, password } => {
                let call = self.call(Method::POST, "/api/token", None);
                let response = self.send(call.json(&json!({"username": username, "password": password}))).await?;
                if !response.status().is_success() {
                    return Err(refused("POST /api/token", response).await);
                }
                let answer: TokenAnswer = response.json().await.map_err(|error| self.unreachable(&error))?;
                Ok(Some(answer.access))
            }
        }
    }

    /// Adds a vehicle, unless it exists already.
    pub(crate) async fn add_vehicle(&self, token: &str, body: &Value) -> Result<(), SimulateError> {
        let response = self.send(self.call(Method::POST, "/api/v1/vehicles", Some(token)).json(body)).await?;
        if response.status().is_success() || response.status() == StatusCode::CONFLICT {
            return Ok(());
        }
        Err(refused("POST /api/v1/vehicles", response).await)
    }

    /// Calls the API with JSON, and returns the JSON of the answer; null for an empty one.
    pub(crate) async fn ask(
        &self,
        method: Method,
        path: &str,
        token: &str,
        body: &Value,
    ) -> Result<Value, SimulateError> {
        let response = self.send(self.call(method, path, Some(token)).json(body)).await?;
        if !response.status().is_success() {
            return Err(refused(path, response).await);
        }
        let text = response.text().await.map_err(|error| self.unreachable(&error))?;
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// Adds a device with an id of the server's choice.
    pub(crate) async fn add_device(&self, token: &str, body: &Value) -> Result<Device, SimulateError> {
        let response = self.send(self.call(Method::POST, "/api/v1/devices", Some(token)).json(body)).await?;
        if !response.status().is_success() {
            return Err(refused("POST /api/v1/devices", response).await);
        }
        let made: DeviceAnswer = response.json().await.map_err(|error| self.unreachable(&error))?;
        Ok(Device { id: made.id, key: made.key })
    }

    /// Removes a device that this run made.
    pub(crate) async fn remove_device(
        &self,
        token: &str,
        device_id: &str,
        tenant: Option<&str>,
    ) -> Result<(), SimulateError> {
        let tenant = tenant.map_or_else(String::new, |tenant| format!("?tenant={}", path_segment(tenant)));
        let path = format!("/api/v1/devices/{}{tenant}", path_segment(device_id));
        let response = self.send(self.call(Method::DELETE, &path, Some(token))).await?;
        if response.status().is_success() {
            Ok(())
        } else {
            Err(refused("DELETE /api/v1/devices/{id}", response).await)
        }
    }

    /// The most fixes in one call.
    pub(crate) fn batch_limit(&self, options: &SimulateOptions) -> usize {
        if self.via == Via::Kiosk { 1 } else { options.batch_size }
    }

    /// Sends fixes of one vehicle, oldest first, no more than [`Self::batch_limit`].
    pub(crate) async fn post_reports(&self, device: &Device, reports: &[Report]) -> Posted {
        let (path, body) = match (self.via, reports) {
            (Via::Kiosk, [report]) => {
                (format!("/api/v1/kiosks/{}/location/", path_segment(&device.id)), to_json(report))
            }
            _ => ("/api/v1/positions".to_owned(), Value::Array(reports.iter().map(to_json).collect())),
        };
        let call = self.http.post(format!("{}{path}", self.url)).header("X-Device-Key", &device.key).json(&body);
        let response = match call.send().await {
            Ok(response) => response,
            Err(error) => return Posted::Later { asked: None, reason: root_cause(&error) },
        };
        let status = response.status();
        let asked = retry_after(&response);
        // The connection is free for the next call only after the body was read to its end.
        let text = match response.text().await {
            Ok(text) => text,
            Err(error) => return Posted::Later { asked, reason: root_cause(&error) },
        };
        let again = [StatusCode::TOO_MANY_REQUESTS, StatusCode::REQUEST_TIMEOUT].contains(&status);
        if again || status.is_server_error() {
            return Posted::Later { asked, reason: format!("{status}") };
        }
        if !status.is_success() {
            return Posted::Refused { detail: format!("{status} {}", detail_of(&text)) };
        }
        let all = reports.len() as u64;
        match serde_json::from_str::<BatchAnswer>(&text) {
            Ok(answer) if self.via == Via::Positions => Posted::Accepted {
                accepted: answer.accepted,
                duplicates: answer.duplicates,
                rejected: answer.rejected.len() as u64,
            },
            // The answer to a kiosk has other fields.
            _ => Posted::Accepted { accepted: all, duplicates: 0, rejected: 0 },
        }
    }

    fn call(&self, method: Method, path: &str, token: Option<&str>) -> RequestBuilder {
        let call = self.http.request(method, format!("{}{path}", self.url));
        match token {
            Some(token) => call.header(AUTHORIZATION, format!("Bearer {token}")),
            None => call,
        }
    }

    async fn send(&self, call: RequestBuilder) -> Result<Response, SimulateError> {
        call.send().await.map_err(|error| self.unreachable(&error))
    }

    fn unreachable(&self, error: &reqwest::Error) -> SimulateError {
        let url = self.url.clone();
        match tls_failure(error) {
            Some(failure) => SimulateError::Tls { url, reason: failure.to_string() },
            None => SimulateError::Unreachable { url, reason: root_cause(error) },
        }
    }
}

pub(crate) fn to_json(report: &Report) -> Value {
    let fix = &report.fix;
    let mut body = Map::new();
    let mut put = |name: &str, value: Option<f64>| {
        if let Some(value) = value {
            body.insert(name.to_owned(), json!(value));
        }
    };
    put("latitude", Some(fix.latitude.get()));
    put("longitude", Some(fix.longitude.get()));
    put("accuracy", fix.accuracy.map(|accuracy| accuracy.get()));
    put("speed", fix.speed.map(|speed| speed.get()));
    put("heading", fix.heading.map(|heading| heading.get()));
    put("altitude", fix.altitude.map(|altitude| altitude.get()));
    body.insert("timestamp".to_owned(), json!(report.at.to_string()));
    Value::Object(body)
}

/// Escapes an id for a path. Ids may have blanks and letters of any script.
fn path_segment(id: &str) -> String {
    let mut segment = String::with_capacity(id.len());
    for byte in id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:@".contains(&byte) {
            segment.push(char::from(byte));
        } else {
            segment.push_str(&format!("%{byte:02X}"));
        }
    }
    segment
}
