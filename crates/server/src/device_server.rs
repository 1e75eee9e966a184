//! Serves trackers over TCP and UDP: reads what they send by their protocols, hands it to the use case, and answers after the commit.

mod answer;
mod commands;
mod connection;
mod context;
mod datagrams;
mod senders;

pub(crate) use context::DeviceContext;

use crate::accepting::{accept_connections, bind};
use crate::config::DevicePort;
use crate::http_server::{Stage, reaches};
use anyhow::{Context as _, Result};
use connection::serve_connection;
use datagrams::serve_datagrams;
use milepost_device_protocols::Protocol;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, UdpSocket};
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

/// How long connections may take to finish what they are at when the server stops.
const FINISH_DEADLINE: Duration = Duration::from_secs(5);
/// Attempts to find a port that is free for TCP and for UDP, when the system chooses it.
const PORT_TRIES: usize = 16;

/// The sockets of all protocols. They are opened before the database, so that a port that is taken stops the start.
pub(crate) struct DeviceSockets(Vec<Sockets>);

struct Sockets {
    protocol: Protocol,
    tcp: TcpListener,
    udp: UdpSocket,
    address: SocketAddr,
}

impl DeviceSockets {
    /// Opens the sockets.
    ///
    /// # Errors
    /// When a port is taken.
    pub(crate) async fn open(host: IpAddr, ports: &[DevicePort]) -> Result<Self> {
        let mut all = Vec::new();
        for port in ports {
            let name = port.protocol.name();
            let sockets = open_port(host, *port).await;
            let sockets = sockets.with_context(|| {
                format!("can't listen on {} for {name}, see DEVICE_PORTS", SocketAddr::new(host, port.port))
            });
            all.push(sockets?);
        }
        Ok(Self(all))
    }

    /// Where each protocol is served, with the ports that the system chose.
    pub(crate) fn addresses(&self) -> Vec<(Protocol, SocketAddr)> {
        self.0.iter().map(|sockets| (sockets.protocol, sockets.address)).collect()
    }

    /// Serves all of them until the server drains, then lets each connection finish what it is at. `None` if there are none.
    pub(crate) fn serve(self, context: &Arc<DeviceContext>, stage: &watch::Receiver<Stage>) -> Option<JoinHandle<()>> {
        if self.0.is_empty() {
            return None;
        }
        let mut tasks = JoinSet::new();
        for Sockets { protocol, tcp, udp, .. } in self.0 {
            tasks.spawn(serve_connections(tcp, protocol, Arc::clone(context), stage.clone()));
            tasks.spawn(serve_datagrams(udp, protocol, Arc::clone(context), stage.clone()));
        }
        // A fault of one ends all: then the server is not whole any more.
        Some(tokio::spawn(async move { while tasks.join_next().await.is_some_and(|ended| ended.is_ok()) {} }))
    }
}

async fn open_port(host: IpAddr, port: DevicePort) -> std::io::Result<Sockets> {
    let mut tries = 0;
    loop {
        let tcp = bind(SocketAddr::new(host, port.port))?;
        let address = tcp.local_addr()?;
        tries += 1;
        match UdpSocket::bind(address).await {
            Ok(udp) => return Ok(Sockets { protocol: port.protocol, tcp, udp, address }),
            Err(error) if port.port != 0 || tries == PORT_TRIES => return Err(error),
            Err(_) => {}
        }
    }
}

async fn serve_connections(
    listener: TcpListener,
    protocol: Protocol,
    context: Arc<DeviceContext>,
    stage: watch::Receiver<Stage>,
) {
    // Each connection holds a sender; when all are gone, all connections have ended.
    let (open, mut ended) = mpsc::channel::<()>(1);
    let mut draining = stage.clone();
    let serve = |stream, peer| {
        let connection = serve_connection(stream, peer, protocol, Arc::clone(&context), stage.clone());
        let open = open.clone();
        tokio::spawn(async move {
            connection.await;
            drop(open);
        });
    };
    accept_connections(&listener, serve, reaches(&mut draining, Stage::Draining)).await;
    drop((listener, open));
    let _ = tokio::time::timeout(FINISH_DEADLINE, ended.recv()).await;
}
