//! One connection of a tracker.

use super::DeviceContext;
use super::answer::{Outcome, take_found};
use super::commands::CommandLine;
use crate::connection_table::Place;
use crate::http_server::{Stage, reaches};
use milepost_device_protocols::{Found, Protocol, Session};
use milepost_dialect_traccar::Heard;
use milepost_domain::{Device, DeviceCommand};
use milepost_service::devices::WaitingCommand;
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
    let session = Session::new(protocol);
    let mut connection = Connection { stream, address, protocol, context, place, session, line: None };
    loop {
        let command = tokio::select! {
            ready = connection.stream.readable() => match ready {
                Ok(()) => None,
                Err(_) => return,
            },
            command = next_command(connection.line.as_deref()) => Some(command),
            () = abort.wait() => return,
            () = reaches(&mut stage, Stage::Draining) => return,
            () = clock.sleep_until(deadline) => return,
        };
        if let Some(command) = command {
            if Box::pin(connection.write_command(command)).await.is_err() {
                return;
            }
            continue;
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
    /// What its device can be told by. Boxed: a connection of an unknown device has none.
    line: Option<Box<CommandLine>>,
}

/// The next command for the device; never for one that is not known yet.
async fn next_command(line: Option<&CommandLine>) -> WaitingCommand {
    match line {
        Some(line) => line.next().await,
        None => std::future::pending().await,
    }
}

/// What one read gave.
struct Read {
    found: Vec<Found>,
    /// The bytes, if somebody looks at what trackers send.
    raw: Vec<u8>,
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
                let raw = if self.context.log.is_read() { buffer[..count].to_vec() } else { Vec::new() };
                Some(Read { found, raw, is_end: taken.is_err() })
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Some(Read { found, raw: Vec::new(), is_end: false }),
            Err(_) => None,
        }
    }

    /// Stores what was read, and then answers it. Frames that arrive meanwhile wait in the connection, so that their order stays.
    async fn answer(&mut self, read: Read) -> Next {
        let Outcome { answers, known, device, is_refused, has_failed } =
            take_found(&self.context, self.protocol, self.address, read.found).await;
        if let Some(known) = known {
            self.place.authenticated(known);
        }
        if let Some((device, _)) = device.as_ref().filter(|_| !read.raw.is_empty()) {
            let heard = Heard { protocol: self.protocol.name(), address: self.address, bytes: &read.raw };
            self.context.log.note(&device.tenant, &device.vehicle_id, heard);
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
            self.line = None;
            self.context.clock.sleep(UNKNOWN_PAUSE).await;
        }
        if let Some((device, called)) = device
            && self.take_queued_commands(&device, called).await.is_err()
        {
            return Next::End;
        }
        Next::Go { is_known: known.is_some() }
    }

    /// Lets commands be sent to this device, and sends those that waited for it.
    async fn take_queued_commands(&mut self, device: &Device, called: String) -> Result<(), Gone> {
        let kinds = self.session.commands();
        if kinds.is_empty() {
            return Ok(());
        }
        if self.line.as_ref().is_none_or(|line| !line.is_of(device)) {
            self.line = Some(Box::new(CommandLine::open(&self.context, device, called, kinds)));
        }
        for command in CommandLine::queued(&self.context, device, kinds).await {
            if !self.write(&command).await? {
                tracing::warn!(device.id = %device.id, kind = ?command.kind, "a queued command is too long for its device: dropped");
            }
        }
        Ok(())
    }

    async fn write_command(&mut self, waiting: WaitingCommand) -> Result<(), Gone> {
        let written = self.write(&waiting.command).await;
        waiting.answer(matches!(written, Ok(true)));
        written.map(|_| ())
    }

    /// False if the protocol has no frame for it.
    async fn write(&mut self, command: &DeviceCommand) -> Result<bool, Gone> {
        let Some(line) = &self.line else { return Ok(false) };
        let frame = self.session.write_command(line.called(), command, self.context.clock.now());
        let Some(frame) = frame else { return Ok(false) };
        let written = tokio::time::timeout(DEVICE_ANSWER_WAIT, self.stream.write_all(&frame)).await;
        if matches!(written, Ok(Ok(()))) { Ok(true) } else { Err(Gone) }
    }
}

/// The connection can't be written to.
struct Gone;
