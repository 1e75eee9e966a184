//! Replays recorded drives through `geo` and `track`: how right are arrival times, trips and stops, and how fast is the fold?
//!
//! Every command prints a table for people and, as its last line, one JSON object for programs.

#![forbid(unsafe_code)]

mod csv;
mod detection;
mod eta;
mod fold;
mod recordings;
mod transit;

use clap::{Parser, Subcommand};

/// Compares arrival times, trips and stops with recorded drives.
#[derive(Debug, Parser)]
#[command(version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// How accurate trips, stops, distances and speed violations are on recorded drives
    Detection(detection::DetectionOptions),
    /// How accurate arrival times are on recorded drives: the documented formula beside the better estimate
    Eta(eta::EtaOptions),
    /// Positions a second that one core folds, with and without fences
    Fold(fold::FoldOptions),
    /// How often a recorded bus is matched to its trip, and how right its arrivals at stops are
    Transit(transit::TransitOptions),
}

fn main() -> anyhow::Result<()> {
    match Cli::parse().command {
        Command::Detection(options) => detection::run_detection(&options),
        Command::Eta(options) => eta::run_eta(&options),
        Command::Fold(options) => fold::run_fold(&options),
        Command::Transit(options) => transit::run_transit(&options),
    }
}
