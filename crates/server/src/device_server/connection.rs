//! One connection of a tracker.

use super::DeviceContext;
use super::answer::{Outcome, take_found};
use crate::connection_table::Place;
use crate::http_server::{Stage, reaches};
use milepost_device_protocols::{Found, Protocol, Session};
use milepost_transport::Abort;
use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::sync::watch;

/// Bytes that are read at once, on the stack: a quiet connection has no buffer.
const READ_BYTES: usize = 4 * 1024;
/// The time within which a device that is known here must have said who it is.
const FIRST_FRAME_WAIT: Duration = Duration::from_secs(30);
/// How long a connection is not read after something of an unknown device, so that guessing ids takes long.
const UNKNOWN_PAUSE: Duration = Duration::from_secs(1);
/// How long a device may take to read its answer.
const DEVICE_ANSWER_WAIT: Duration = Duration::from_secs(10);

/// Serves a connection until the device is quiet for too long, sends what is no protocol, or the server drains.
pub(super) async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    protocol: Protocol,
    context: Arc<DeviceContext>,
    mut stage: watch::Receiver<Stage>,
) {
    // Answers are small, and the device waits for them.
    let _ = stream.set_nodelay(true);
    let abort = Abort::default();
    let address = peer.ip();
    let place = context.table.enter(address, &abort);
    let _open = context.metrics.device_connected(protocol.name());
    let clock = context.clock.clone();
    let mut deadline = clock.instant() + FIRST_FRAME_WAIT;
    let mut is_known = false;
    let mut connection = Connection { stream, address, protocol, context, place, session: Session::new(protocol) };
    loop {
        tokio::select! {
            ready = connection.stream.readable() => if ready.is_err() { return },
            () = abort.wait() => return,
            () = reaches(&mut stage, Stage::Draining) => return,
            () = clock.sleep_until(deadline) => return,
        }
        let Some(read) = connection.read() else { return };
        if is_known {
            deadline = clock.instant() + connection.context.idle;
        }
        if read.found.is_empty() {
            if read.is_end {
                return;
            }
            continue;
        }
        // Boxed: the connection is quiet most of the time, and does not need the memory of this.
        match Box::pin(connection.answer(read)).await {
            Next::End => return,
            Next::Go { is_known: true } => {
                is_known = true;
                deadline = clock.instant() + connection.context.idle;
            }
            Next::Go { is_known: false } => {}
        }
    }
}

struct Connection {
    stream: TcpStream,
    address: IpAddr,
    protocol: Protocol,
    context: Arc<DeviceContext>,
    place: Place,
    session: Session,
}

/// What one read gave.
struct Read {
    found: Vec<Found>,
    /// No frame can be found after it.
    is_end: bool,
}

enum Next {
    Go { is_known: bool },
    End,
}

impl Connection {
    /// What has arrived. `None` if the device has closed the connection.
    fn read(&mut self) -> Option<Read> {
        let mut buffer = [0; READ_BYTES];
        let mut found = Vec::new();
        match self.stream.try_read(&mut buffer) {
            Ok(0) => None,
            Ok(count) => {
                let taken = self.session.take(&buffer[..count], self.context.clock.now(), |one| found.push(one));
                if let Err(closed) = taken {
                    let (protocol, address) = (self.protocol.name(), self.address);
                    tracing::debug!(protocol, %address, reason = closed.0, "a device's connection was ended");
                }
                Some(Read { found, is_end: taken.is_err() })
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Some(Read { found, is_end: false }),
            Err(_) => None,
        }
    }

    /// Stores what was read, and then answers it. Frames that arrive meanwhile wait in the connection, so that their order stays.
    async fn answer(&mut self, read: Read) -> Next {
        let Outcome { answers, known, is_refused, has_failed } =
            take_found(&self.context, self.protocol, self.address, read.found).await;
        if let Some(known) = known {
            self.place.authenticated(known);
        }
        let answers = answers.concat();
        if !answers.is_empty() {
            let written = tokio::time::timeout(DEVICE_ANSWER_WAIT, self.stream.write_all(&answers)).await;
            if !matches!(written, Ok(Ok(()))) {
                return Next::End;
            }
        }
        if has_failed || read.is_end {
            return Next::End;
        }
        if is_refused {
            self.context.clock.sleep(UNKNOWN_PAUSE).await;
        }
        Next::Go { is_known: known.is_some() }
    }
}
