//! Runs three nodes of Milepost on one PostgreSQL and one Redis, breaks these and the network between them again and again while
//! clients write and watch, and checks that every client ends up with what the database holds.
//!
//! It speaks HTTP and WebSocket, and knows no crate of the product.

#![forbid(unsafe_code)]

mod clients;
mod cluster;
mod databases;
mod faults;
mod ledger;
mod network;
mod process;
mod ready;
mod run;
mod socket;
mod truth;
mod view;
mod writers;

use anyhow::{Result, bail};
use clap::{Parser, ValueEnum};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// Breaks the parts of an installation of three nodes while clients write and watch, and looks for what is lost.
#[derive(Debug, Clone, Parser, Serialize)]
#[command(version, about)]
struct Options {
    /// The milepost binary [default: the one beside this program]
    #[arg(long, env = "MILEPOST_BIN", value_name = "PATH")]
    server: Option<PathBuf>,
    /// An older milepost binary, which all nodes run at first: they are replaced one after the other, while clients write and watch
    #[arg(long, value_name = "PATH")]
    upgrade_from: Option<PathBuf>,
    /// How long the two versions run side by side after each replacement, seconds
    #[arg(long, default_value_t = 10, requires = "upgrade_from")]
    upgrade_seconds: u64,
    /// Faults are made for at least this long, and each at least --rounds times
    #[arg(long, default_value_t = 300)]
    seconds: u64,
    /// How often each fault is made at least
    #[arg(long, default_value_t = 1)]
    rounds: usize,
    /// The same seed makes the same faults in the same order [default: another one each time]
    #[arg(long)]
    seed: Option<u64>,
    /// Watching clients, over all dialects
    #[arg(long, default_value_t = 50)]
    clients: usize,
    /// How long a node is paused, seconds
    #[arg(long, default_value_t = 7)]
    pause_seconds: u64,
    /// Where the nodes run
    #[arg(long, value_enum, default_value_t = Placement::Auto)]
    placement: Placement,
    /// Only these faults, by their names in the table
    #[arg(long, value_delimiter = ',', value_name = "FAULTS")]
    only: Vec<String>,
    /// Keep the logs of all processes in this folder
    #[arg(long, value_name = "FOLDER")]
    logs: Option<PathBuf>,
}

/// Where the processes run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
enum Placement {
    /// In network namespaces where they can be made, which needs root; else behind proxies
    Auto,
    /// Each in a network namespace of its own: a partition drops packets
    Namespaces,
    /// All on the loopback interface, with proxies between them: a partition stops forwarding
    Proxies,
}

/// The longest wait for what has to be removed.
const MAX_END: Duration = Duration::from_secs(30);

fn main() -> Result<()> {
    let options = Options::parse();
    // Whoever builds an HTTP client installs the cryptography first, also where there is no TLS.
    drop(rustls::crypto::ring::default_provider().install_default());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let outcome = runtime.block_on(async {
        let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        // Dropping the run ends its processes and removes its namespaces.
        tokio::select! {
            outcome = run::run(&options) => outcome,
            _ = tokio::signal::ctrl_c() => bail!("interrupted"),
            _ = terminated.recv() => bail!("terminated"),
        }
    });
    // Waits for the tasks: the last one that knows the network removes it.
    runtime.shutdown_timeout(MAX_END);
    outcome
}
