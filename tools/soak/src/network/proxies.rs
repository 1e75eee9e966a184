//! All processes on the loopback interface, with a proxy between each node and each server that it needs.

use super::{Host, NODES};
use anyhow::Result;
use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The delay of each piece in a slow proxy.
const DELAY: Duration = Duration::from_millis(150);
/// A proxy reads at most this much at once.
const PIECE_BYTES: usize = 64 * 1024;

/// What a proxy does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// It forwards.
    Open,
    /// It accepts, keeps every connection, and forwards nothing.
    Parted,
    /// It forwards with a delay.
    Slow,
}

/// The proxies. They end with the runtime.
#[derive(Debug)]
pub(crate) struct Proxies {
    hosts: HashMap<Host, SocketAddr>,
    proxies: HashMap<(usize, Host), (SocketAddr, watch::Sender<Mode>)>,
}

impl Proxies {
    pub(crate) async fn make() -> Result<Self> {
        let mut hosts = HashMap::new();
        // All are bound until each has its port, so that no two get the same.
        let mut bound = Vec::new();
        for host in Host::ALL {
            let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            hosts.insert(host, listener.local_addr()?);
            bound.push(listener);
        }
        let mut proxies = HashMap::new();
        for node in 0..NODES {
            for host in [Host::Postgres, Host::Redis] {
                let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
                let mode = watch::channel(Mode::Open).0;
                proxies.insert((node, host), (listener.local_addr()?, mode.clone()));
                tokio::spawn(serve(listener, hosts[&host], mode));
            }
        }
        drop(bound);
        Ok(Self { hosts, proxies })
    }

    pub(crate) fn address(&self, host: Host) -> SocketAddr {
        self.hosts[&host]
    }

    pub(crate) fn address_for(&self, node: usize, host: Host) -> SocketAddr {
        self.proxies[&(node, host)].0
    }

    pub(crate) fn set(&self, node: usize, host: Host, mode: Mode) -> Result<()> {
        self.proxies[&(node, host)].1.send_replace(mode);
        Ok(())
    }

    pub(crate) fn set_all(&self, node: usize, mode: Mode) -> Result<()> {
        [Host::Postgres, Host::Redis].into_iter().try_for_each(|host| self.set(node, host, mode))
    }
}

async fn serve(listener: TcpListener, target: SocketAddr, mode: watch::Sender<Mode>) {
    while let Ok((client, _)) = listener.accept().await {
        let mode = mode.subscribe();
        tokio::spawn(async move {
            let mut passes = mode.clone();
            if passes.wait_for(|mode| *mode != Mode::Parted).await.is_err() {
                return;
            }
            let Ok(server) = TcpStream::connect(target).await else { return };
            let (client_reads, client_writes) = client.into_split();
            let (server_reads, server_writes) = server.into_split();
            // When one side closes, both do, as with a connection without a proxy.
            tokio::select! {
                () = forward(client_reads, server_writes, mode.clone()) => {}
                () = forward(server_reads, client_writes, mode) => {}
            }
        });
    }
}

async fn forward(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut mode: watch::Receiver<Mode>,
) {
    let mut piece = vec![0; PIECE_BYTES];
    loop {
        let Ok(length_bytes @ 1..) = from.read(&mut piece).await else { return };
        if *mode.borrow() == Mode::Slow {
            tokio::time::sleep(DELAY).await;
        }
        if mode.wait_for(|mode| *mode != Mode::Parted).await.is_err() {
            return;
        }
        if to.write_all(&piece[..length_bytes]).await.is_err() {
            return;
        }
    }
}
