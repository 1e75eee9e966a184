//! Measures a Milepost server over its public protocol.
//!
//! Every figure is shown beside one that it can be compared with in the same run. Every command prints a table for people
//! and, as its last line, one JSON object for programs.

#![forbid(unsafe_code)]

mod child;
mod client;
mod closed_loop;
mod deliveries;
mod deploy;
mod fanout;
mod fleet;
mod floor;
mod frame;
mod growth;
mod histogram;
mod http;
mod idle;
mod ingest;
mod latency;
mod milepost;
mod native;
mod neighbours;
mod nodes;
mod postgres;
mod process;
mod publisher;
mod publishing;
mod replay;
mod screens;
mod slow_reader;
mod stamp;
mod traccar;
mod updates;
mod watcher;

use clap::{Parser, Subcommand};

/// Measures a Milepost server over its public protocol.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The minimal server that others are measured against: sockets on one port, orders on the next
    Floor {
        /// Port for sockets; 0 takes two free ones and prints them
        #[arg(long, default_value_t = 0)]
        port: u16,
    },
    /// CPU, delay and deliveries a second of fan-out, against the floor
    Fanout(fanout::FanoutOptions),
    /// A new version in the place of the running one, under many sockets
    Deploy(deploy::DeployOptions),
    /// CPU a position, memory a vehicle and the delay of history, with few and many vehicles and tenants at one rate
    Growth(growth::GrowthOptions),
    /// Memory of sockets that only wait, with and without permessage-deflate
    Idle(idle::IdleOptions),
    /// Positions a second, single and in batches, against a route that stores nothing and against a bare COPY
    Ingest(ingest::IngestOptions),
    /// From a kiosk to every watcher; also with a recorded fleet
    Latency(latency::LatencyOptions),
    /// Memory, readiness and bytes of connections on /ws
    Native(native::NativeOptions),
    /// What one tenant notices of a greedy one
    Neighbours(neighbours::NeighboursOptions),
    /// What a position costs that comes from another node
    Nodes(nodes::NodesOptions),
    /// One socket that stops reading, among many that get updates at full rate
    SlowReader(slow_reader::SlowReaderOptions),
    /// Intake, fan-out and delay on the API of Traccar, beside a real Traccar if one is given
    Traccar(traccar::TraccarOptions),
    /// Deliveries' updates a second, against a route that stores nothing and against durable positions
    Updates(updates::UpdatesOptions),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Floor { port } => floor::run_floor(port),
        Command::Fanout(options) => fanout::run_fanout(options),
        Command::Deploy(options) => deploy::run_deploy(&options),
        Command::Growth(options) => growth::run_growth(&options),
        Command::Idle(options) => idle::run_idle(&options),
        Command::Ingest(options) => ingest::run_ingest(&options),
        Command::Latency(options) => latency::run_latency(&options),
        Command::Native(options) => native::run_native(&options),
        Command::Neighbours(options) => neighbours::run_neighbours(&options),
        Command::Nodes(options) => nodes::run_nodes(&options),
        Command::SlowReader(options) => slow_reader::run_slow_reader(&options),
        Command::Traccar(options) => traccar::run_traccar(options),
        Command::Updates(options) => updates::run_updates(&options),
    }
}
