//! What trackers send in datagrams.

use super::DeviceContext;
use super::answer::take_found;
use super::senders::Senders;
use crate::http_server::{Stage, reaches};
use futures_util::future::join_all;
use milepost_device_protocols::{Found, Protocol};
use std::collections::HashMap;
use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::net::UdpSocket;
use tokio::sync::watch;

/// Bytes of the longest datagram that is read whole. Devices send less than a network's packet has.
const DATAGRAM_BYTES: usize = 4 * 1024;
/// Datagrams that are stored at once. Others wait in the system's buffer, and what does not fit there is lost and sent again.
const DATAGRAMS_AT_ONCE: usize = 256;

/// Serves a socket until the server drains.
pub(super) async fn serve_datagrams(
    socket: UdpSocket,
    protocol: Protocol,
    context: Arc<DeviceContext>,
    mut stage: watch::Receiver<Stage>,
) {
    let mut senders = Senders::new(protocol);
    loop {
        tokio::select! {
            ready = socket.readable() => if let Err(error) = ready {
                tracing::warn!(%error, protocol = protocol.name(), "datagrams can't be read");
                return;
            },
            () = reaches(&mut stage, Stage::Draining) => return,
        }
        let arrived = receive(&socket, protocol, &mut senders, &context);
        // Those of one sender follow each other; senders do not wait for each other within a batch.
        let stored = arrived.into_iter().map(|(from, found)| {
            let context = &context;
            async move { (from, take_found(context, protocol, from.ip(), found).await) }
        });
        for (to, outcome) in join_all(stored).await {
            for answer in outcome.answers {
                // A lost answer is as good as a lost datagram: the device sends its own again.
                let _ = socket.send_to(&answer, to).await;
            }
        }
    }
}

/// Reads what has arrived, by its senders.
fn receive(
    socket: &UdpSocket,
    protocol: Protocol,
    senders: &mut Senders,
    context: &DeviceContext,
) -> HashMap<SocketAddr, Vec<Found>> {
    let mut buffer = [0; DATAGRAM_BYTES];
    let mut arrived: HashMap<SocketAddr, Vec<Found>> = HashMap::new();
    for _ in 0..DATAGRAMS_AT_ONCE {
        // An error is of one datagram, such as one that could not be delivered.
        let Ok((count, from)) = socket.try_recv_from(&mut buffer) else { break };
        let mut session = senders.take(from);
        let found = arrived.entry(from).or_default();
        // All senders share this task: one that finds a fault in a decoder must not end it.
        let reading = AssertUnwindSafe(|| {
            let taken = session.take_datagram(&buffer[..count], context.clock.now(), |one| found.push(one));
            (session, taken)
        });
        match catch_unwind(reading) {
            Ok((session, Ok(()))) => senders.put_back(from, session),
            Ok((_, Err(closed))) => {
                tracing::debug!(protocol = protocol.name(), %from, reason = closed.0, "a datagram was refused");
            }
            Err(_) => tracing::error!(protocol = protocol.name(), %from, "a datagram could not be read"),
        }
    }
    arrived
}
