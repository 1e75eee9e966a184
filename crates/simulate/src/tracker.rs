//! Sends one vehicle's fixes as a hardware tracker does: over TCP, in its protocol, again until they are acknowledged.

mod gt06;
mod h02;
mod jt808;
mod teltonika;

use crate::SimulateError;
use crate::backoff::wait_after;
use crate::report::{Report, ReportQueue};
use crate::sender::Shared;
use std::io::{Error, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;

/// Fixes that wait for one acknowledgement. A packet of Teltonika holds some twenty.
const BATCH: usize = 20;
/// What is not acknowledged within this time is sent again on a new connection.
const ANSWER_WAIT: Duration = Duration::from_secs(30);
/// The longest answer.
const MAX_ANSWER_BYTES: usize = 256;

/// A protocol that simulated trackers speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrackerProtocol {
    /// Teltonika, codec 8.
    Teltonika,
    /// GT06. Its positions are not acknowledged: a heartbeat behind them is.
    Gt06,
    /// H02, text.
    H02,
    /// JT/T 808 of 2013.
    Jt808,
}

/// Where trackers send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrackerTarget {
    /// What they speak.
    pub protocol: TrackerProtocol,
    /// The server's port for it.
    pub port: u16,
}

/// What came of waiting for an answer with these bytes so far.
enum Answered {
    /// It is not whole yet.
    Wait,
    /// The fixes are taken.
    Taken,
    /// The device or the fixes are not taken.
    Refused,
}

impl TrackerProtocol {
    /// The port that such trackers are usually told to call.
    pub const fn usual_port(self) -> u16 {
        match self {
            Self::Teltonika => 5027,
            Self::Gt06 => 5023,
            Self::H02 => 5013,
            Self::Jt808 => 5015,
        }
    }

    /// The name in `DEVICE_PORTS`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Teltonika => "teltonika",
            Self::Gt06 => "gt06",
            Self::H02 => "h02",
            Self::Jt808 => "jt808",
        }
    }

    /// What a tracker sends first, and waits for the answer to.
    fn login(self, id: &str) -> Option<Vec<u8>> {
        match self {
            Self::Teltonika => Some(teltonika::login(id)),
            Self::Gt06 => Some(gt06::login(id)),
            Self::H02 => None,
            Self::Jt808 => Some(jt808::authenticate(id)),
        }
    }

    fn reports(self, id: &str, reports: &[Report]) -> Vec<u8> {
        match self {
            Self::Teltonika => teltonika::packet(reports),
            Self::Gt06 => gt06::frames(reports),
            Self::H02 => h02::frames(id, reports),
            Self::Jt808 => jt808::batch(id, reports),
        }
    }

    fn login_answered(self, bytes: &[u8]) -> Answered {
        match self {
            Self::Teltonika => teltonika::login_answered(bytes),
            Self::Gt06 => gt06::answered(bytes),
            Self::H02 => Answered::Taken,
            Self::Jt808 => jt808::answered(bytes),
        }
    }

    fn answered(self, bytes: &[u8], count: usize) -> Answered {
        match self {
            Self::Teltonika => teltonika::answered(bytes, count),
            Self::Gt06 => gt06::answered(bytes),
            Self::H02 => h02::answered(bytes, count),
            Self::Jt808 => jt808::answered(bytes),
        }
    }
}

/// The name of a simulated tracker: as many digits as an IMEI has, the same for the same vehicle.
pub(crate) fn tracker_id(protocol: TrackerProtocol, vehicle_id: &str) -> String {
    // FNV-1a, by which vehicles of several prefixes get different numbers.
    let hash = vehicle_id
        .bytes()
        .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
    match protocol {
        TrackerProtocol::Teltonika | TrackerProtocol::Gt06 => format!("86{:013}", hash % 10_u64.pow(13)),
        TrackerProtocol::H02 => format!("9{:09}", hash % 10_u64.pow(9)),
        TrackerProtocol::Jt808 => format!("1{:010}", hash % 10_u64.pow(10)),
    }
}

/// The host of the server's URL.
pub(crate) fn host_of(url: &str) -> Result<String, SimulateError> {
    let host = url.split_once("://").map_or(url, |(_, rest)| rest).split(['/', '?']).next().unwrap_or_default();
    let host = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    if host.is_empty() { Err(SimulateError::Option(format!("{url} has no host"))) } else { Ok(host.to_owned()) }
}

/// Runs until `closing` is true and the queue is empty.
pub(crate) async fn send_as_tracker(
    shared: Arc<Shared>,
    (id, host, target): (String, String, TrackerTarget),
    queue: Arc<ReportQueue>,
    mut closing: watch::Receiver<bool>,
    seed: u64,
) {
    let mut rng = fastrand::Rng::with_seed(seed);
    let mut connection: Option<TcpStream> = None;
    let mut failures = 0;
    loop {
        let reports = queue.take(BATCH);
        if reports.is_empty() {
            if *closing.borrow_and_update() {
                return;
            }
            tokio::select! {
                () = queue.filled() => {}
                // An error means that the run is gone.
                changed = closing.changed() => if changed.is_err() { return },
            }
            continue;
        }
        let count = reports.len() as u64;
        let tally = &shared.tally;
        let begun = Instant::now();
        let sent = tokio::time::timeout(ANSWER_WAIT, send(&mut connection, &id, &host, &target, &reports)).await;
        match sent.unwrap_or_else(|_| Err(ErrorKind::TimedOut.into())) {
            Ok(()) => {
                failures = 0;
                tally.add_latency(begun.elapsed());
                tally.sent.fetch_add(count, Relaxed);
                tally.accepted.fetch_add(count, Relaxed);
            }
            Err(error) => {
                connection = None;
                failures += 1;
                tally.errors.fetch_add(1, Relaxed);
                tracing::debug!(device.id = id, "fixes have to be sent again: {error}");
                let dropped = queue.put_back(reports);
                tally.dropped.fetch_add(dropped as u64, Relaxed);
                tokio::time::sleep(wait_after(failures, None, &mut rng)).await;
            }
        }
    }
}

/// Sends fixes and waits until they are acknowledged. On an error the connection must not be used again.
async fn send(
    connection: &mut Option<TcpStream>,
    id: &str,
    host: &str,
    target: &TrackerTarget,
    reports: &[Report],
) -> Result<(), Error> {
    let protocol = target.protocol;
    let mut stream = match connection.take() {
        Some(stream) => stream,
        None => {
            let mut stream = TcpStream::connect((host, target.port)).await?;
            stream.set_nodelay(true)?;
            if let Some(login) = protocol.login(id) {
                stream.write_all(&login).await?;
                read_answer(&mut stream, |bytes| protocol.login_answered(bytes)).await?;
            }
            stream
        }
    };
    stream.write_all(&protocol.reports(id, reports)).await?;
    read_answer(&mut stream, |bytes| protocol.answered(bytes, reports.len())).await?;
    *connection = Some(stream);
    Ok(())
}

async fn read_answer(stream: &mut TcpStream, answered: impl Fn(&[u8]) -> Answered) -> Result<(), Error> {
    let mut bytes = Vec::new();
    loop {
        match answered(&bytes) {
            Answered::Taken => return Ok(()),
            Answered::Refused => return Err(Error::other("the server refused them")),
            Answered::Wait if bytes.len() > MAX_ANSWER_BYTES * BATCH => return Err(Error::other("no such answer")),
            Answered::Wait => {}
        }
        let mut buffer = [0; MAX_ANSWER_BYTES];
        match stream.read(&mut buffer).await? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => bytes.extend_from_slice(&buffer[..count]),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::Fix;
    use milepost_device_protocols::{Found, Protocol, Session};
    use milepost_domain::{HeadingDeg, Latitude, Longitude, SpeedKmh, Timestamp};

    fn reports() -> Vec<Report> {
        let fix = |latitude, longitude| Fix {
            latitude: Latitude::new(latitude).unwrap(),
            longitude: Longitude::new(longitude).unwrap(),
            speed: Some(SpeedKmh::new(43.0).unwrap()),
            heading: Some(HeadingDeg::new(271.0).unwrap()),
            accuracy: None,
            altitude: None,
        };
        let at = |s: i64| Timestamp::from_unix_ms(1_790_000_000_000 + s * 1_000).unwrap();
        vec![Report { fix: fix(52.5, 13.4), at: at(0) }, Report { fix: fix(-34.6, -58.38), at: at(1) }]
    }

    #[test]
    fn the_decoders_read_what_simulated_trackers_send_and_their_answers_are_understood() {
        let protocols = [
            (TrackerProtocol::Teltonika, Protocol::Teltonika),
            (TrackerProtocol::Gt06, Protocol::Gt06),
            (TrackerProtocol::H02, Protocol::H02),
            (TrackerProtocol::Jt808, Protocol::Jt808),
        ];
        for (tracker, protocol) in protocols {
            assert_eq!((tracker.name(), tracker.usual_port()), (protocol.name(), protocol.usual_port()));
            let id = tracker_id(tracker, "bus-1");
            let mut session = Session::new(protocol);
            let mut fixes = Vec::new();
            let mut take = |bytes: &[u8]| {
                let mut answers = Vec::new();
                let at = Timestamp::from_unix_ms(1_790_000_009_000).unwrap();
                let taken = session.take(bytes, at, |found| {
                    let Found::Message(message) = found else { panic!("{found:?}") };
                    assert_eq!(message.device_id.as_deref(), Some(id.as_str()));
                    answers.extend(message.answer.taken);
                    fixes.extend(
                        message.fixes.into_iter().map(|fix| fix.report(None)).filter(|fix| fix.place.is_some()),
                    );
                });
                assert_eq!(taken, Ok(()));
                answers
            };
            if let Some(login) = tracker.login(&id) {
                let answer = take(&login);
                assert!(matches!(tracker.login_answered(&answer), Answered::Taken), "{}", tracker.name());
            }
            let answer = take(&tracker.reports(&id, &reports()));
            assert!(matches!(tracker.answered(&answer, 2), Answered::Taken), "{} {answer:x?}", tracker.name());
            assert!(matches!(tracker.answered(&answer[..answer.len() - 1], 2), Answered::Wait), "{}", tracker.name());
            assert_eq!(fixes.len(), 2, "{}", tracker.name());
            for (fix, report) in fixes.iter().zip(reports()) {
                let place = fix.place.unwrap();
                assert!((place.latitude - report.fix.latitude.get()).abs() < 2e-6, "{}", tracker.name());
                assert!((place.longitude - report.fix.longitude.get()).abs() < 2e-6, "{}", tracker.name());
                assert!((fix.speed_kmh.unwrap() - 43.0).abs() < 0.1 && fix.heading_deg == Some(271.0));
                assert_eq!(fix.time.own(report.at), Some(report.at), "{}", tracker.name());
                assert!(fix.is_valid);
            }
        }
    }

    #[test]
    fn the_host_is_that_of_the_url() {
        for (url, host) in [
            ("http://127.0.0.1:8080", "127.0.0.1"),
            ("https://track.example.org/", "track.example.org"),
            ("http://[::1]:80", "[::1]"),
        ] {
            assert_eq!(host_of(url).unwrap(), host);
        }
        assert!(host_of("http://").is_err());
    }
}
