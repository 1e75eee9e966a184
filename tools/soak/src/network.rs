//! The network between the hosts, and how it is broken.

mod namespaces;
mod proxies;

use crate::Placement;
use anyhow::Result;
use namespaces::Namespaces;
use proxies::Proxies;
use std::net::SocketAddr;
use std::process::Command;

/// The number of nodes.
pub(crate) const NODES: usize = 3;

/// Where a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Host {
    /// The node of this number, from 0.
    Node(usize),
    /// The database.
    Postgres,
    /// The relay.
    Redis,
}

impl Host {
    /// All of them.
    pub(crate) const ALL: [Self; NODES + 2] =
        [Self::Node(0), Self::Node(1), Self::Node(2), Self::Postgres, Self::Redis];

    fn number(self) -> usize {
        match self {
            Self::Node(number) => number,
            Self::Postgres => NODES,
            Self::Redis => NODES + 1,
        }
    }
}

/// The network.
#[derive(Debug)]
pub(crate) enum Network {
    /// Namespaces on a bridge.
    Namespaces(Namespaces),
    /// Proxies on the loopback interface.
    Proxies(Proxies),
}

impl Network {
    /// Makes the network.
    pub(crate) async fn make(placement: Placement) -> Result<Self> {
        match placement {
            Placement::Namespaces => Ok(Self::Namespaces(Namespaces::make()?)),
            Placement::Proxies => Ok(Self::Proxies(Proxies::make().await?)),
            Placement::Auto => match Namespaces::make() {
                Ok(namespaces) => Ok(Self::Namespaces(namespaces)),
                Err(error) => {
                    eprintln!("No network namespaces, proxies instead: {error:#}");
                    Ok(Self::Proxies(Proxies::make().await?))
                }
            },
        }
    }

    /// How it is made, for the report.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Namespaces(_) => "network namespaces",
            Self::Proxies(_) => "proxies",
        }
    }

    /// A command that runs `program` on `host`.
    pub(crate) fn command(&self, host: Host, program: &str) -> Command {
        match self {
            Self::Namespaces(namespaces) => namespaces.command(host, program),
            Self::Proxies(_) => Command::new(program),
        }
    }

    /// Where `host` listens, and where this program reaches it.
    pub(crate) fn address(&self, host: Host) -> SocketAddr {
        match self {
            Self::Namespaces(namespaces) => namespaces.address(host),
            Self::Proxies(proxies) => proxies.address(host),
        }
    }

    /// Where a node reaches `host`.
    pub(crate) fn address_for(&self, node: usize, host: Host) -> SocketAddr {
        match self {
            Self::Namespaces(namespaces) => namespaces.address(host),
            Self::Proxies(proxies) => proxies.address_for(node, host),
        }
    }

    /// Between a node and `host` nothing passes any more, and no connection is closed.
    pub(crate) fn part(&self, node: usize, host: Host) -> Result<()> {
        match self {
            Self::Namespaces(namespaces) => namespaces.part(node, host),
            Self::Proxies(proxies) => proxies.set(node, host, proxies::Mode::Parted),
        }
    }

    /// Undoes [`Self::part`].
    pub(crate) fn join(&self, node: usize, host: Host) -> Result<()> {
        match self {
            Self::Namespaces(namespaces) => namespaces.join(node, host),
            Self::Proxies(proxies) => proxies.set(node, host, proxies::Mode::Open),
        }
    }

    /// What a node sends and receives is slow and partly lost.
    pub(crate) fn slow(&self, node: usize) -> Result<()> {
        match self {
            Self::Namespaces(namespaces) => namespaces.slow(node),
            Self::Proxies(proxies) => proxies.set_all(node, proxies::Mode::Slow),
        }
    }

    /// Undoes [`Self::slow`].
    pub(crate) fn quicken(&self, node: usize) -> Result<()> {
        match self {
            Self::Namespaces(namespaces) => namespaces.quicken(node),
            Self::Proxies(proxies) => proxies.set_all(node, proxies::Mode::Open),
        }
    }
}
