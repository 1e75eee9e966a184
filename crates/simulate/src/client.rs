//! The server's public API, as far as a simulation needs it.

use crate::fleet::Member;
use crate::sender::Report;
use crate::{Credential, SimulateError, SimulateOptions, Via};
use milepost_formats::format_rfc3339;
use reqwest::header::{AUTHORIZATION, RETRY_AFTER};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// A server that takes longer than this to answer counts as gone; the call is made again.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// No more of an error's text than this reaches a message.
const MAX_DETAIL_CHARS: usize = 300;

/// Keeps its connections alive and shares them between all vehicles.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    via: Via,
}

/// What became of a call with fixes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Posted {
    /// Answered for every fix.
    Taken { accepted: u64, duplicates: u64, rejected: u64 },
    /// The server will not have them, now or later.
    Refused { detail: String },
    /// Not now: to be tried again, after the time that the server asked for.
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
pub(crate) struct DeviceAnswer {
    pub(crate) id: String,
    pub(crate) key: String,
}

impl Client {
    pub(crate) fn new(options: &SimulateOptions) -> Result<Self, SimulateError> {
        let url = options.url.trim_end_matches('/').to_owned();
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(SimulateError::Option(format!("url {url:?} must begin with http:// or https://")));
        }
        // The one library of cryptography of this process; somebody may have chosen it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder()
            .pool_max_idle_per_host(options.connections)
            .timeout(CALL_TIMEOUT)
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            // Straight to the server: a proxy's latency is not what is looked at.
            .no_proxy()
            .build()
            .map_err(|error| {
                SimulateError::Option(format!("the HTTP client cannot be made: {}", root_cause(&error)))
            })?;
        Ok(Self { http, url, via: options.via })
    }

    /// The bearer token to make vehicles and devices with; `None` when they exist.
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

    /// Adds a vehicle; one that exists already is fine.
    pub(crate) async fn add_vehicle(&self, token: &str, body: &Value) -> Result<(), SimulateError> {
        let response = self.send(self.call(Method::POST, "/api/v1/vehicles", Some(token)).json(body)).await?;
        if response.status().is_success() || response.status() == StatusCode::CONFLICT {
            return Ok(());
        }
        Err(refused("POST /api/v1/vehicles", response).await)
    }

    /// Adds a device with an id of the server's choice.
    pub(crate) async fn add_device(&self, token: &str, body: &Value) -> Result<DeviceAnswer, SimulateError> {
        let response = self.send(self.call(Method::POST, "/api/v1/devices", Some(token)).json(body)).await?;
        if !response.status().is_success() {
            return Err(refused("POST /api/v1/devices", response).await);
        }
        response.json().await.map_err(|error| self.unreachable(&error))
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

    /// Most fixes that one call takes.
    pub(crate) fn batch_limit(&self, options: &SimulateOptions) -> usize {
        if self.via == Via::Kiosk { 1 } else { options.batch_size }
    }

    /// Sends fixes of one vehicle, oldest first, no more than [`Self::batch_limit`].
    pub(crate) async fn post_reports(&self, member: &Member, reports: &[Report]) -> Posted {
        let (path, body) = match (self.via, reports) {
            (Via::Kiosk, [report]) => {
                (format!("/api/v1/kiosks/{}/location/", path_segment(&member.device_id)), to_json(report))
            }
            _ => ("/api/v1/positions".to_owned(), Value::Array(reports.iter().map(to_json).collect())),
        };
        let call = self.http.post(format!("{}{path}", self.url)).header("X-Device-Key", &member.key).json(&body);
        let response = match call.send().await {
            Ok(response) => response,
            Err(error) => return Posted::Later { asked: None, reason: root_cause(&error) },
        };
        let status = response.status();
        let asked = retry_after(&response);
        // The body is read to its end in any case: only then is the connection free for the next call.
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
            Ok(answer) if self.via == Via::Positions => Posted::Taken {
                accepted: answer.accepted,
                duplicates: answer.duplicates,
                rejected: answer.rejected.len() as u64,
            },
            // A kiosk is answered its own fields.
            _ => Posted::Taken { accepted: all, duplicates: 0, rejected: 0 },
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

fn to_json(report: &Report) -> Value {
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
    body.insert("timestamp".to_owned(), json!(format_rfc3339(report.at)));
    Value::Object(body)
}

async fn refused(call: &str, response: Response) -> SimulateError {
    let status = response.status().as_u16();
    let detail = detail_of(&response.text().await.unwrap_or_default());
    SimulateError::Refused { call: call.to_owned(), status, detail }
}

/// The sentence of a problem+json or of the bus dialect's errors, else the text itself.
fn detail_of(text: &str) -> String {
    let problem: Option<Value> = serde_json::from_str(text).ok();
    let sentence = problem.as_ref().and_then(|problem| problem.get("detail")).and_then(Value::as_str);
    sentence.unwrap_or(text).chars().filter(|c| !c.is_control()).take(MAX_DETAIL_CHARS).collect()
}

fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// `connection refused` says more than the sentences around it.
fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// What TLS said, if it was TLS that failed; it travels inside I/O errors, which don't name it as their source.
fn tls_failure<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    if let Some(failure) = error.downcast_ref() {
        return Some(failure);
    }
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(inner) => tls_failure(inner),
        None => error.source().and_then(tls_failure),
    }
}

/// Escapes what a path segment can't hold; ids may have blanks and letters of any script.
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
