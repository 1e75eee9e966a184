//! Both servers, with as many sockets each, and the client program that both share.

use super::meter::{Meter, Sample};
use super::{FanoutOptions, Followed, Mode};
use crate::child::Child;
use crate::client::{Client, Waiting};
use crate::deliveries::Deliveries;
use crate::fleet::Fleet;
use crate::floor::{Control, Order};
use crate::http::json_request;
use crate::milepost::Milepost;
use crate::native::Form;
use crate::process::{cpu_seconds, pin_to};
use crate::publishing::{even_pace, now_ms, publish_flood, publish_on_time};
use crate::watcher::Handshake;
use anyhow::{Result, ensure};
use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

/// The number of publishing connections: a slow commit must not delay the next publication.
const PUBLISHERS: usize = 8;
/// A run has ended after this long without a message.
const QUIET: Duration = Duration::from_millis(300);

/// The measurement begins so long after connecting.
const SETTLE: Duration = Duration::from_secs(6);

/// Both servers and the client's connections to them.
pub(super) struct Bench<'a> {
    options: &'a FanoutOptions,
    milepost: Milepost,
    floor: Child,
    control: Control,
    floor_address: SocketAddr,
    milepost_client: Client,
    floor_client: Client,
    fleet: Fleet,
}

impl<'a> Bench<'a> {
    pub(super) fn start(options: &'a FanoutOptions) -> Result<Self> {
        let milepost = Milepost::start(&options.server)?;
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("floor");
        let floor = Child::start(command, &options.server.server_cpus)?;
        let address = |key: &'static str| floor.wait_for(key, move |line| line.strip_prefix(key)?.trim().parse().ok());
        let (floor_address, control) = (address("sockets")?, Control::connect(address("control")?)?);
        pin_to(&options.server.client_cpus)?;
        let prefix = format!("fan-{}", now_ms());
        let fleet = Fleet::set_up(&mut milepost.client()?, Fleet::numbered(&prefix, options.burst), false)?;
        let mut milepost_client = Client::new(Waiting::Spin)?;
        milepost_client.open_publishers(PUBLISHERS, milepost.address)?;
        let floor_client = Client::new(Waiting::Spin)?;
        Ok(Self { options, milepost, floor, control, floor_address, milepost_client, floor_client, fleet })
    }

    /// Opens the sockets of both servers and reads the snapshots that new sockets get.
    pub(super) fn connect(&mut self) -> Result<()> {
        let form = match self.options.follow {
            Followed::Bus => None,
            Followed::Json => Some(Form::JSON),
            Followed::Rows => Some(Form::ROWS),
        };
        let socket = match form {
            None => self.milepost.bus_socket(false),
            Some(_) => self.milepost.live_socket(false),
        };
        self.milepost_client.open_watchers(self.options.sockets, &socket)?;
        if let Some(greeting) = form.map(|form| form.greeting(&[r#"{"op":"sub","s":1,"to":"vehicles"}"#])) {
            (0..self.options.sockets).try_for_each(|socket| self.milepost_client.send(socket, &greeting))?;
        }
        let floor_socket = Handshake {
            address: self.floor_address,
            path: "/".to_owned(),
            credential: "x-no: credential".to_owned(),
            deflate: false,
        };
        self.floor_client.open_watchers(self.options.sockets, &floor_socket)?;
        while self.control.connections()? < self.options.sockets {
            std::thread::sleep(Duration::from_millis(10));
        }
        self.milepost_client.poll_until_quiet(QUIET, &mut Deliveries::new(false))?;
        std::thread::sleep(SETTLE);
        Ok(())
    }

    /// CPU seconds of one burst without any watcher. It is 0 for a flood, whose bursts share commits and wake-ups, so that a
    /// flood's cost includes ingest.
    pub(super) fn measure_ingest(&mut self, mode: &Mode) -> Result<f64> {
        if mode.bursts_per_second == 0.0 {
            return Ok(0.0);
        }
        let (sample, bursts) = self.publish(mode, 0)?;
        Ok(sample.0 / bursts as f64)
    }

    pub(super) fn measure_milepost(&mut self, mode: &Mode, ingest_cost_s: f64) -> Result<Sample> {
        let meter = Meter::start(self.milepost.pid, self.floor.pid())?;
        let ((_, deliveries), bursts) = self.publish(mode, self.options.sockets as u64)?;
        let published = bursts * (mode.frames_per_burst * self.options.sockets) as u64;
        meter.sample(&deliveries, published, ingest_cost_s * bursts as f64)
    }

    /// Publishes to Milepost. Returns its CPU seconds, the received messages, and the number of bursts.
    fn publish(&mut self, mode: &Mode, sockets: u64) -> Result<((f64, Deliveries), u64)> {
        let flood = mode.bursts_per_second == 0.0;
        let mut deliveries = Deliveries::new(!flood && self.options.follow == Followed::Bus);
        let buses = self.fleet.buses.len();
        let credential = self.milepost.credential.clone();
        let (fleet, frames) = (&mut self.fleet, mode.frames_per_burst);
        let make = |number: u64, stamp_us| {
            let numbers = (0..frames).map(|frame| (number as usize * frames + frame) % buses);
            let body = fleet.batch(numbers, now_ms(), stamp_us);
            json_request("POST", "/api/v1/positions", &credential, body.as_bytes())
        };
        let before_s = cpu_seconds(self.milepost.pid)?;
        let (client, seconds) = (&mut self.milepost_client, self.options.seconds);
        let published = if flood {
            let shape = (sockets, frames as u64, self.options.flood_window);
            publish_flood(client, shape, seconds, make, &mut deliveries)?
        } else {
            publish_on_time(client, even_pace(mode.bursts_per_second, seconds), make, &mut deliveries)?
        };
        client.poll_until_quiet(QUIET, &mut deliveries)?;
        deliveries.check()?;
        ensure!(
            published.max_late_us < 1_000_000,
            "the server can't take the positions in at this pace: publish slower"
        );
        Ok(((cpu_seconds(self.milepost.pid)? - before_s, deliveries), published.requests))
    }

    /// Has the floor send messages of the same size, and as many.
    pub(super) fn measure_floor(&mut self, mode: &Mode, milepost: &Sample) -> Result<Sample> {
        let payload_bytes = milepost.payload_bytes.round() as usize;
        let frames_per_burst = match self.options.follow {
            // Those of a burst come in one message.
            Followed::Rows => 1,
            Followed::Bus | Followed::Json => mode.frames_per_burst,
        };
        let order = Order {
            frames_per_burst,
            gathered: frames_per_burst > 1,
            bursts_per_second: mode.bursts_per_second,
            seconds: self.options.seconds,
            payload_bytes,
        };
        let meter = Meter::start(self.floor.pid(), self.milepost.pid)?;
        let mut deliveries = Deliveries::new(mode.bursts_per_second > 0.0 && self.options.follow == Followed::Bus);
        self.control.give(&order)?;
        self.floor_client.poll_for(Duration::from_secs_f64(order.seconds), &mut deliveries)?;
        self.floor_client.poll_until_quiet(QUIET, &mut deliveries)?;
        deliveries.check()?;
        let bursts = self.control.answer()?;
        meter.sample(&deliveries, (bursts * frames_per_burst * self.options.sockets) as u64, 0.0)
    }
}
