//! One of the two servers: who it is, its administrator, its devices.

use crate::http::{first_response, header, json_request};
use crate::milepost::{Milepost, address_of};
use crate::stamp::heading_of;
use crate::watcher::Handshake;
use anyhow::{Context as _, Result, bail, ensure};
use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Of the administrator whom this program makes where there is none.
const EMAIL: &str = "load@example.org";
const PASSWORD: &str = "measures positions 7";

/// A Traccar that runs already, on this machine.
#[derive(Debug, Clone, Args, Serialize)]
pub(crate) struct RealTraccar {
    /// Measure this Traccar too, such as http://127.0.0.1:8082
    #[arg(long, requires = "traccar_pid")]
    traccar_url: Option<String>,
    /// Its port for OsmAnd
    #[arg(long, default_value = "127.0.0.1:5055", value_name = "HOST:PORT")]
    traccar_osmand: String,
    /// Its process id
    #[arg(long)]
    traccar_pid: Option<u32>,
}

/// A server under measurement.
#[derive(Debug)]
pub(crate) struct Side {
    pub(crate) name: &'static str,
    api: SocketAddr,
    pub(crate) osmand: SocketAddr,
    osmand_path: &'static str,
    pub(crate) pid: u32,
    cookie: String,
    devices: Vec<String>,
}

impl Side {
    /// Milepost, with an administrator and devices.
    pub(crate) fn of_milepost(milepost: &Milepost, devices: &[String]) -> Result<Self> {
        let user = json!({ "username": EMAIL, "email": EMAIL, "password": PASSWORD, "role": "admin" });
        let (status, answer) = milepost.client()?.call("POST", "/api/v1/users", &user)?;
        ensure!(matches!(status, 201 | 409), "the administrator was refused: {status} {answer}");
        let (api, osmand) = (milepost.address, milepost.address);
        Self { name: "Milepost", api, osmand, osmand_path: "/devices/osmand", pid: milepost.pid, ..Self::new(api) }
            .with(devices)
    }

    /// A real Traccar, if one was given. A new one takes the first user for its administrator.
    pub(crate) fn of_traccar(options: &RealTraccar, devices: &[String]) -> Result<Option<Self>> {
        let (Some(url), Some(pid)) = (&options.traccar_url, options.traccar_pid) else { return Ok(None) };
        let (api, osmand) = (address_of(url)?, address_of(&options.traccar_osmand)?);
        let user = json!({ "name": "load", "email": EMAIL, "password": PASSWORD }).to_string();
        // One that has users refuses another: then it is to be the one of an earlier run.
        drop(ask(api, &json_request("POST", "/api/users", "accept: */*", user.as_bytes()))?);
        let side = Self { name: "Traccar", api, osmand, osmand_path: "/", pid, ..Self::new(api) };
        side.with(devices).map(Some)
    }

    fn new(api: SocketAddr) -> Self {
        let (cookie, devices) = (String::new(), Vec::new());
        Self { name: "", api, osmand: api, osmand_path: "/", pid: 0, cookie, devices }
    }

    /// Logs in, and adds the devices.
    fn with(mut self, devices: &[String]) -> Result<Self> {
        let form = format!("email={}&password={}", EMAIL.replace('@', "%40"), PASSWORD.replace(' ', "+"));
        let head = "content-type: application/x-www-form-urlencoded";
        let request = format!(
            "POST /api/session HTTP/1.1\r\nhost: {}\r\n{head}\r\ncontent-length: {}\r\n\r\n{form}",
            self.api,
            form.len()
        );
        let (status, cookie, body) = ask(self.api, request.as_bytes())?;
        ensure!(status == 200, "{}: the login was answered {status}: {body}", self.name);
        let cookie = cookie.context("a login has a cookie")?;
        self.cookie = format!("cookie: {}", cookie.split(';').next().unwrap_or_default());
        for id in devices {
            let device = json!({ "name": id, "uniqueId": id }).to_string();
            let (status, _, body) =
                ask(self.api, &json_request("POST", "/api/devices", &self.cookie, device.as_bytes()))?;
            ensure!(status == 200, "{}: a device was refused: {status} {body}", self.name);
        }
        self.devices = devices.to_vec();
        Ok(self)
    }

    /// The handshake of the socket, as the administrator.
    pub(crate) fn socket(&self) -> Handshake {
        let (path, credential) = ("/api/socket".to_owned(), self.cookie.clone());
        Handshake { address: self.api, path, credential, deflate: false }
    }

    /// A report of a device in OsmAnd's form, with its time of sending as its course.
    pub(crate) fn report(&self, number: u64, at_ms: i64, stamp_us: u64) -> Vec<u8> {
        let count = self.devices.len() as u64;
        let (id, round) = (&self.devices[(number % count) as usize], number / count);
        // Standing, as a receiver shows it: steps of a metre at most, which no server takes for a jump, whatever the time between them.
        let latitude = 40.0 + (number % count) as f64 * 0.01 + (round % 10) as f64 * 1e-6;
        format!(
            "GET {}?id={id}&lat={latitude:.6}&lon=-74.000000&timestamp={at_ms}&speed=12.5&altitude=10&bearing={:.6} HTTP/1.1\r\n\
             host: {}\r\n\r\n",
            self.osmand_path,
            heading_of(stamp_us),
            self.osmand
        )
        .into_bytes()
    }
}

/// Sends a request on a connection of its own. Returns the status, the cookie that was set, and the body.
fn ask(address: SocketAddr, request: &[u8]) -> Result<(u16, Option<String>, Value)> {
    let mut stream = TcpStream::connect(address).with_context(|| format!("can't reach {address}"))?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    stream.write_all(request)?;
    let mut received = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let count = stream.read(&mut chunk).context("no answer to a call of the API")?;
        if count == 0 {
            bail!("{address} closed the connection at a call of the API");
        }
        received.extend_from_slice(&chunk[..count]);
        if let Some(response) = first_response(&received)? {
            let cookie = header(response.head, "set-cookie").map(str::to_owned);
            let text = String::from_utf8_lossy(response.body);
            let body = serde_json::from_str(&text).unwrap_or_else(|_| text.into_owned().into());
            return Ok((response.status, cookie, body));
        }
    }
}
