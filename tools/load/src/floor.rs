//! The floor: a program that writes prepared frames to N upgraded sockets in a bare loop.
//!
//! No server that fans out over WebSockets can be cheaper than this, so its cost is what others are measured against.
//! It listens on one port for sockets and on the next for control lines: `conns` and `run {json}`.

use crate::frame::text_frame;
use crate::stamp::{heading_of, now_us};
use anyhow::{Context as _, Result};
use rustix::event::{PollFd, PollFlags, poll};
use serde::{Deserialize, Serialize};
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// The answer to the one key that this crate's client sends, so that the floor needs no hashing.
const ACCEPT: &str = "HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
                      sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

/// An order to write frames.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Order {
    /// Frames in a burst. They are written to each socket by one write, or one after the other.
    pub(crate) frames_per_burst: usize,
    /// One write for a whole burst instead of one for each frame.
    pub(crate) gathered: bool,
    /// Bursts a second; 0 means as fast as the sockets accept them.
    pub(crate) bursts_per_second: f64,
    /// Duration in seconds.
    pub(crate) seconds: f64,
    /// Length of each message.
    pub(crate) payload_bytes: usize,
}

type Sockets = Arc<Mutex<Vec<TcpStream>>>;

/// Listens until it is killed. Prints the two addresses on one line each.
pub(crate) fn run_floor(port: u16) -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    let control = TcpListener::bind(("127.0.0.1", if port == 0 { 0 } else { port + 1 }))?;
    let mut stdout = std::io::stdout();
    writeln!(stdout, "sockets {}\ncontrol {}", listener.local_addr()?, control.local_addr()?)?;
    stdout.flush()?;
    serve_floor(&listener, control)
}

fn serve_floor(listener: &TcpListener, control: TcpListener) -> Result<()> {
    let sockets = Sockets::default();
    let ordered = Arc::clone(&sockets);
    thread::spawn(move || {
        for stream in control.incoming().flatten() {
            // A controller that disconnects ends its orders, not the floor.
            drop(obey(stream, &ordered));
        }
    });
    for stream in listener.incoming() {
        let mut stream = stream?;
        stream.set_nodelay(true)?;
        read_request(&mut stream)?;
        stream.write_all(ACCEPT.as_bytes())?;
        stream.set_nonblocking(true)?;
        lock(&sockets).push(stream);
    }
    Ok(())
}

fn read_request(stream: &mut TcpStream) -> Result<()> {
    let mut request = Vec::new();
    let mut chunk = [0; 1024];
    while !request.ends_with(b"\r\n\r\n") {
        let length_bytes = stream.read(&mut chunk)?;
        anyhow::ensure!(length_bytes > 0, "a client disconnected during its handshake");
        request.extend_from_slice(&chunk[..length_bytes]);
    }
    Ok(())
}

fn obey(stream: TcpStream, sockets: &Sockets) -> Result<()> {
    let mut answers = stream.try_clone()?;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        let answer = match line.split_once(' ') {
            None if line == "conns" => lock(sockets).len(),
            Some(("run", order)) => write_frames(&serde_json::from_str(order)?, &mut lock(sockets)),
            _ => anyhow::bail!("unknown order {line:?}"),
        };
        writeln!(answers, "{answer}")?;
    }
    Ok(())
}

/// Carries out an order and returns the number of bursts.
fn write_frames(order: &Order, sockets: &mut Vec<TcpStream>) -> usize {
    let start = Instant::now();
    let mut bursts = 0;
    while start.elapsed().as_secs_f64() < order.seconds {
        if order.bursts_per_second > 0.0 {
            let due = start + Duration::from_secs_f64(bursts as f64 / order.bursts_per_second);
            thread::sleep(due.saturating_duration_since(Instant::now()));
        }
        let stamp_us = now_us();
        let frames: Vec<Vec<u8>> =
            (0..order.frames_per_burst).map(|bus| text_frame(&payload(bus, stamp_us, order.payload_bytes))).collect();
        let joined = frames.concat();
        if order.gathered {
            sockets.retain(|socket| write_all(socket, &joined));
        } else {
            for frame in &frames {
                sockets.retain(|socket| write_all(socket, frame));
            }
        }
        bursts += 1;
    }
    bursts
}

/// Writes everything, and waits for a full socket. Returns `false` if the socket is closed.
fn write_all(mut socket: &TcpStream, mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        match socket.write(bytes) {
            Ok(written_bytes) => bytes = &bytes[written_bytes..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                // The next write reports an error again.
                let _ = poll(&mut [PollFd::new(socket, PollFlags::OUT)], None);
            }
            Err(_) => return false,
        }
    }
    true
}

/// A `location_update` of exactly `length_bytes` (or a little more, if that is too short for one).
fn payload(bus: usize, stamp_us: u64, length_bytes: usize) -> Vec<u8> {
    let text = |plate: &str| {
        format!(
            r#"{{"type":"location_update","data":{{"bus_id":"bus-{bus:04}","license_plate":"{plate}","latitude":30.267153,"longitude":-97.743061,"speed":32.5,"heading":{:.6},"status":"active","timestamp":"2026-01-15T10:30:45.123Z"}}}}"#,
            heading_of(stamp_us)
        )
    };
    let missing = length_bytes.saturating_sub(text("").len());
    text(&"x".repeat(missing)).into_bytes()
}

/// A poisoned lock means that another thread panicked. The list of sockets is still valid.
fn lock(sockets: &Sockets) -> std::sync::MutexGuard<'_, Vec<TcpStream>> {
    sockets.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A controller's side of the control port.
#[derive(Debug)]
pub(crate) struct Control {
    stream: BufReader<TcpStream>,
}

impl Control {
    /// Connects to a control port.
    pub(crate) fn connect(address: std::net::SocketAddr) -> Result<Self> {
        Ok(Self { stream: BufReader::new(TcpStream::connect(address)?) })
    }

    /// How many sockets the floor has.
    pub(crate) fn connections(&mut self) -> Result<usize> {
        self.stream.get_mut().write_all(b"conns\n")?;
        self.answer()
    }

    /// Sends an order without waiting for its end.
    pub(crate) fn give(&mut self, order: &Order) -> Result<()> {
        let line = format!("run {}\n", serde_json::to_string(order)?);
        Ok(self.stream.get_mut().write_all(line.as_bytes())?)
    }

    /// Waits for the end of the order and returns the number of bursts.
    pub(crate) fn answer(&mut self) -> Result<usize> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        line.trim().parse().context("the floor gave no number")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;
    use crate::client::{Client, Waiting};
    use crate::deliveries::Deliveries;
    use crate::stamp::stamp_in;
    use crate::watcher::Handshake;

    #[test]
    fn the_floor_sends_real_updates_of_the_length_asked_for() {
        for length_bytes in [210, 220, 260] {
            let payload = payload(3, 12_345_678, length_bytes);
            let update: serde_json::Value = serde_json::from_slice(&payload).unwrap();
            assert_eq!(update["data"]["bus_id"], "bus-0003");
            assert_eq!(stamp_in(&payload), Some(12_345_678));
            assert_eq!(payload.len(), length_bytes);
        }
    }

    #[test]
    fn every_watcher_receives_every_frame_of_the_floor() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let control = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, control_address) = (listener.local_addr().unwrap(), control.local_addr().unwrap());
        thread::spawn(move || serve_floor(&listener, control));
        let mut client = Client::new(Waiting::Sleep).unwrap();
        let credential = "x-no: credential".to_owned();
        let socket = Handshake { address, path: "/".into(), credential, deflate: false };
        client.open_watchers(3, &socket).unwrap();
        let mut control = Control::connect(control_address).unwrap();
        while control.connections().unwrap() < 3 {
            thread::yield_now();
        }
        for gathered in [false, true] {
            let order =
                Order { frames_per_burst: 40, gathered, bursts_per_second: 50.0, seconds: 0.1, payload_bytes: 220 };
            let mut deliveries = Deliveries::new(true);
            control.give(&order).unwrap();
            client.poll_for(Duration::from_millis(100), &mut deliveries).unwrap();
            client.poll_until_quiet(Duration::from_millis(50), &mut deliveries).unwrap();
            let bursts = control.answer().unwrap() as u64;
            assert!(bursts >= 4);
            assert_eq!((deliveries.messages, deliveries.payload_bytes), (bursts * 120, bursts * 120 * 220));
            assert_eq!(deliveries.latency.len(), deliveries.messages);
            assert!(deliveries.check().is_ok());
        }
    }
}
