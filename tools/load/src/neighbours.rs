//! `neighbours`: what one tenant notices of what another one does to the server.
//!
//! A quiet tenant stores positions, reads, and has a webhook, one call after the other. Beside it another tenant, or a
//! stranger, does one of five things as greedily as it can. Both phases are measured in turn in the same run.

mod greedy;
mod quiet;
mod receivers;

use crate::milepost::{Milepost, ServerOptions};
use crate::process::{pin_to, raise_open_files};
use crate::publishing::now_ms;
use anyhow::{Context as _, Result, anyhow};
use clap::{Args, ValueEnum};
use greedy::{Greedy, run_attack};
use milepost_report::{Goal, Report, Table, figure_text, median, rounded};
use quiet::{CALLS, Measured, Quiet};
use serde::Serialize;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Open files that are left for the quiet tenant and this program.
const SPARE_FILES: u64 = 600;

/// Options of `neighbours`.
#[derive(Debug, Args, Serialize)]
pub(crate) struct NeighboursOptions {
    #[command(flatten)]
    server: ServerOptions,
    /// Seconds of each phase: quiet, then beside the greedy one
    #[arg(long, default_value_t = 20.0)]
    seconds: f64,
    /// What the greedy one does [default: each of them, then all at once]
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Attack>,
    /// Silent and half-sent connections; fewer if the limit of open files is lower
    #[arg(long, default_value_t = 5_000)]
    connections: u64,
    /// Positions of the greedy tenant in the last ten minutes, which replays and exports read
    #[arg(long, default_value_t = 60_000)]
    positions: usize,
}

/// What the greedy one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
pub(crate) enum Attack {
    /// 40 sockets that ask for 8 replays each, again and again
    Replays,
    /// 49 webhooks whose receivers answer after 9 s, and 4 parcels a second
    Webhooks,
    /// Connections that send nothing, half a head or half a body, without a credential
    Connections,
    /// 200 files of a track that nobody reads
    Exports,
    /// Refused positions with an Idempotency-Key each, by one device
    Answers,
}

impl Attack {
    const ALL: [Self; 5] = [Self::Replays, Self::Webhooks, Self::Connections, Self::Exports, Self::Answers];
}

/// Measures each attack in turn, and prints the report.
pub(crate) fn run_neighbours(options: &NeighboursOptions) -> Result<()> {
    let files = raise_open_files()?;
    let milepost = Milepost::start(&options.server)?;
    if !options.server.client_cpus.is_empty() {
        pin_to(&options.server.client_cpus)?;
    }
    let connections = options.connections.min(files.saturating_sub(SPARE_FILES));
    let run = now_ms();
    let mut quiet = Quiet::set_up(&milepost, &format!("quiet-{run}"))?;
    let greedy = Greedy::set_up(&milepost, &format!("greedy-{run}"), options.positions, connections)?;

    let mut phases: Vec<(String, Vec<Attack>)> =
        if options.only.is_empty() { Attack::ALL.to_vec() } else { options.only.clone() }
            .into_iter()
            .map(|attack| (name_of(attack), vec![attack]))
            .collect();
    if options.only.is_empty() {
        phases.push(("all at once".to_owned(), Attack::ALL.to_vec()));
    }
    let mut table = Table::new(["beside", "call", "calls", "quiet ms", "median ms", "p99 ms", "ratio", "503", "other"]);
    let (mut worst, mut refused, mut failed) = (0.0_f64, 0, 0);
    for (name, attacks) in &phases {
        eprintln!("{name}: {} s quiet, {} s beside it", options.seconds, options.seconds);
        let before = quiet.measure(options.seconds)?;
        let beside = beside(&mut quiet, &greedy, attacks, options.seconds)?;
        for call in CALLS {
            let (before, beside) = (&before[call], &beside[call]);
            let ratio = median_ms(beside) / median_ms(before);
            worst = worst.max(ratio);
            refused += beside.unavailable;
            failed += beside.failed;
            table.row([
                name.clone(),
                call.to_owned(),
                beside.took_ms.len().to_string(),
                figure_text(median_ms(before)),
                figure_text(median_ms(beside)),
                figure_text(p99_ms(beside)),
                figure_text(ratio),
                beside.unavailable.to_string(),
                beside.failed.to_string(),
            ]);
        }
    }
    let mut report = Report::new("neighbours", options)?;
    report.table(table);
    report.figure("silent_and_half_sent_connections", connections);
    report.figure("worst_quiet_median_ratio", rounded(worst));
    report.against_goal("worst_ratio", worst, Goal::AtMost(2.0));
    report.against_goal("answers_503", refused as f64, Goal::AtMost(0.0));
    report.against_goal("other_failures", failed as f64, Goal::AtMost(0.0));
    report.print()
}

/// Measures the quiet tenant while the attacks run. They have a few seconds to begin.
fn beside(quiet: &mut Quiet, greedy: &Greedy, attacks: &[Attack], seconds: f64) -> Result<Measured> {
    const BEGINNING: Duration = Duration::from_secs(3);
    let is_over = &AtomicBool::new(false);
    std::thread::scope(|scope| {
        let running: Vec<_> =
            attacks.iter().map(|&attack| scope.spawn(move || run_attack(greedy, attack, is_over))).collect();
        std::thread::sleep(BEGINNING);
        let measured = quiet.measure(seconds);
        is_over.store(true, Ordering::Relaxed);
        for (attack, thread) in attacks.iter().zip(running) {
            let ended = thread.join().map_err(|_| anyhow!("a thread panicked"))?;
            let done = ended.with_context(|| format!("{} could not be carried out", name_of(*attack)))?;
            eprintln!("  {}: {done}", name_of(*attack));
        }
        measured
    })
}

fn name_of(attack: Attack) -> String {
    attack.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

fn median_ms(calls: &quiet::Calls) -> f64 {
    median(calls.took_ms.clone())
}

fn p99_ms(calls: &quiet::Calls) -> f64 {
    let mut sorted = calls.took_ms.clone();
    sorted.sort_by(f64::total_cmp);
    let place = (sorted.len() * 99).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or(f64::NAN)
}
