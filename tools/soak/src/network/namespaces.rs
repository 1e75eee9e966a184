//! Each host in a network namespace of its own, all on one bridge. A partition drops packets.

use super::{Host, NODES};
use anyhow::{Context as _, Result, bail};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Addresses that are for tests of networks (RFC 2544), so that nothing else has them.
const PREFIX: [u8; 2] = [198, 18];
/// No host has this address of hardware: the bridge drops what is sent to it.
const NOBODY: &str = "02:00:5e:10:00:01";
/// Without netem: how long packets are dropped, and how long they pass.
const FLAP: Duration = Duration::from_millis(150);

/// The namespaces and their bridge. Dropping them removes them.
#[derive(Debug)]
pub(crate) struct Namespaces {
    /// In the name of everything that is made.
    id: u32,
    flapping: [Arc<AtomicBool>; NODES],
}

impl Namespaces {
    /// Makes them all.
    pub(crate) fn make() -> Result<Self> {
        let made = Self { id: std::process::id(), flapping: Default::default() };
        let bridge = made.bridge();
        ip(&["link", "add", &bridge, "type", "bridge"])?;
        ip(&["addr", "add", &format!("{}/24", made.ip(0)), "dev", &bridge])?;
        ip(&["link", "set", &bridge, "up"])?;
        for host in Host::ALL {
            let (name, link) = (made.namespace(host), made.link(host));
            ip(&["netns", "add", &name])?;
            ip(&["link", "add", &link, "type", "veth", "peer", "name", "eth0", "netns", &name])?;
            ip(&["link", "set", &link, "master", &bridge, "up"])?;
            ip(&["-n", &name, "addr", "add", &format!("{}/24", made.address(host).ip()), "dev", "eth0"])?;
            ip(&["-n", &name, "link", "set", "eth0", "up"])?;
            ip(&["-n", &name, "link", "set", "lo", "up"])?;
        }
        Ok(made)
    }

    pub(crate) fn command(&self, host: Host, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace(host), program]);
        command
    }

    pub(crate) fn address(&self, host: Host) -> SocketAddr {
        let port = match host {
            Host::Node(_) => 8080,
            Host::Postgres => 5432,
            Host::Redis => 6379,
        };
        SocketAddr::new(IpAddr::V4(self.ip(host.number() as u8 + 11)), port)
    }

    pub(crate) fn part(&self, node: usize, host: Host) -> Result<()> {
        part(&self.namespace(Host::Node(node)), self.address(host).ip())?;
        part(&self.namespace(host), self.address(Host::Node(node)).ip())
    }

    pub(crate) fn join(&self, node: usize, host: Host) -> Result<()> {
        join(&self.namespace(Host::Node(node)), self.address(host).ip())?;
        join(&self.namespace(host), self.address(Host::Node(node)).ip())
    }

    pub(crate) fn slow(&self, node: usize) -> Result<()> {
        let netem = ["qdisc", "add", "dev", "eth0", "root", "netem", "delay", "150ms", "50ms", "loss", "5%"];
        let in_namespace = ["-n", &self.namespace(Host::Node(node))];
        if run("tc", &[&in_namespace[..], &netem].concat()).is_ok() {
            return Ok(());
        }
        // A kernel without netem: packets to the database and the relay are dropped for short times, and sent again by TCP.
        let flapping = Arc::clone(&self.flapping[node]);
        flapping.store(true, Ordering::Relaxed);
        let namespace = self.namespace(Host::Node(node));
        let peers = [Host::Postgres, Host::Redis].map(|host| self.address(host).ip());
        std::thread::spawn(move || {
            while flapping.load(Ordering::Relaxed) {
                for change in [part, join] {
                    for peer in peers {
                        // The namespace may be gone at the end of the run.
                        drop(change(&namespace, peer));
                    }
                    std::thread::sleep(FLAP);
                }
            }
        });
        Ok(())
    }

    pub(crate) fn quicken(&self, node: usize) -> Result<()> {
        if self.flapping[node].swap(false, Ordering::Relaxed) {
            // Its thread ends with open ways.
            std::thread::sleep(FLAP * 3);
            return Ok(());
        }
        run("tc", &["-n", &self.namespace(Host::Node(node)), "qdisc", "del", "dev", "eth0", "root"])
    }

    fn namespace(&self, host: Host) -> String {
        let id = self.id;
        match host {
            Host::Node(number) => format!("milepost-soak-{id}-node{number}"),
            Host::Postgres => format!("milepost-soak-{id}-postgres"),
            Host::Redis => format!("milepost-soak-{id}-redis"),
        }
    }

    /// Names of interfaces have at most 15 characters.
    fn bridge(&self) -> String {
        format!("mps{}b", self.id)
    }

    fn link(&self, host: Host) -> String {
        format!("mps{}h{}", self.id, host.number())
    }

    fn ip(&self, last: u8) -> Ipv4Addr {
        Ipv4Addr::new(PREFIX[0], PREFIX[1], (self.id % 256) as u8, last)
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        // What was not made can't be removed.
        for host in Host::ALL {
            drop(run("ip", &["netns", "del", &self.namespace(host)]));
            drop(run("ip", &["link", "del", &self.link(host)]));
        }
        drop(run("ip", &["link", "del", &self.bridge()]));
    }
}

fn part(namespace: &str, peer: IpAddr) -> Result<()> {
    let peer = peer.to_string();
    ip(&["-n", namespace, "neigh", "replace", &peer, "lladdr", NOBODY, "dev", "eth0", "nud", "permanent"])
}

fn join(namespace: &str, peer: IpAddr) -> Result<()> {
    ip(&["-n", namespace, "neigh", "del", &peer.to_string(), "dev", "eth0"])
}

fn ip(arguments: &[&str]) -> Result<()> {
    run("ip", arguments)
}

fn run(program: &str, arguments: &[&str]) -> Result<()> {
    let output = Command::new(program).args(arguments).output().with_context(|| format!("{program} can't be run"))?;
    if !output.status.success() {
        bail!("{program} {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
