//! The command line and its commands.

mod audit;
mod backup;
mod check_config;
mod completions;
mod demo;
mod export;
mod healthcheck;
mod import;
mod migrate;
mod read_args;
mod simulate;
mod token;
mod user;

use crate::config::{Config, ConfigError, Resolved, SETTINGS_HEADING, SettingFlags, resolve};
use crate::data_folder::keep_new_files_private;
use crate::logging::start_logging;
use crate::serve;
use crate::service_manager::{notify, watchdog_period};
use anyhow::{Context, Result, bail};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};
use milepost_clock::Clock;
use std::convert::Infallible;
use std::process::ExitCode;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// How long the reason of a failure may take to be printed.
const LAST_WORDS_WAIT: Duration = Duration::from_secs(1);
/// How long the drain may take after a fault.
const FAULT_DEADLINE: Duration = Duration::from_secs(15);

/// Real-time tracking server: positions and record changes in, durable, and out at once to those who may see them.
#[derive(Parser)]
#[command(name = "milepost", version, propagate_version = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the server.
    Serve {
        #[command(flatten)]
        settings: SettingFlags,
    },
    /// Runs the server on a throw-away folder, with sample tenants and simulated vehicles.
    Demo(demo::DemoArgs),
    /// Prints a JWT signed with the secret that `serve` uses.
    Token(token::TokenArgs),
    /// Manages users.
    User(user::UserArgs),
    /// Drives simulated devices over the public API.
    Simulate(simulate::SimulateArgs),
    Import(import::ImportArgs),
    /// Writes a vehicle's history: GPX, CSV, GeoJSON, KML.
    Export(export::ExportArgs),
    /// Asks a server whether it is ready: 0 if it is, 1 if not.
    Healthcheck(healthcheck::HealthcheckArgs),
    /// Checks the audit.
    Audit(audit::AuditArgs),
    /// Copies the SQLite database to a file, also while a server runs.
    Backup(backup::BackupArgs),
    /// Puts a backup in the place of the SQLite database, and keeps the old one beside it.
    Restore(backup::RestoreArgs),
    /// Brings the database's tables up to date; `serve` does it too.
    Migrate(migrate::MigrateArgs),
    /// Prints the completions of a shell: bash, zsh, fish, elvish, powershell.
    Completions(completions::CompletionsArgs),
    /// Writes the manual pages into a folder.
    Man(completions::ManArgs),
    /// Prints the effective configuration with secrets hidden.
    CheckConfig {
        #[command(flatten)]
        settings: SettingFlags,
    },
}

/// The command line. Commands that only use the server's data don't list its ninety settings in their help.
fn command() -> clap::Command {
    Cli::command().mut_subcommands(|command| {
        let lists_settings = matches!(command.get_name(), "serve" | "demo" | "check-config");
        if lists_settings { command } else { without_settings_in_help(command) }
    })
}

fn without_settings_in_help(command: clap::Command) -> clap::Command {
    let is_setting = |arg: &clap::Arg| arg.get_help_heading() == Some(SETTINGS_HEADING);
    let has_settings = command.get_arguments().any(is_setting);
    let command = command.mut_args(|arg| if is_setting(&arg) { arg.hide(true) } else { arg });
    let command = command.mut_subcommands(without_settings_in_help);
    if has_settings {
        command.after_help("The settings of `milepost serve --help` are taken too, by flag, variable or --config.")
    } else {
        command
    }
}

/// Runs the command. Returns 0 on success, 1 on failure, 2 for a command line or configuration that can't be used, and 3 for an
/// import that was read in part.
pub fn run(clock: &Clock) -> ExitCode {
    let cli = Cli::from_arg_matches(&command().get_matches()).unwrap_or_else(|error| error.exit());
    if !matches!(cli.command, Command::Export(_)) {
        keep_new_files_private();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&anyhow::Error::new(error).context("can't start")),
    };
    match runtime.block_on(dispatch(cli.command, clock)) {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

async fn dispatch(command: Command, clock: &Clock) -> Result<ExitCode> {
    let done = match command {
        Command::Serve { settings } => run_server(&settings, clock).await,
        Command::Demo(args) => demo::run(args, clock).await,
        Command::Token(args) => token::run(&args, clock),
        Command::User(args) => user::run(args, clock).await,
        Command::Simulate(args) => simulate::run(args, clock).await,
        Command::Import(args) => return import::run(args, clock).await,
        Command::Export(args) => export::run(args).await,
        Command::Healthcheck(args) => healthcheck::run(&args).await,
        Command::Audit(args) => return audit::run(args).await,
        Command::Backup(args) => backup::back_up(&args),
        Command::Restore(args) => backup::restore(&args, clock),
        Command::Migrate(args) => migrate::run(&args).await,
        Command::Completions(args) => completions::print_completions(&args),
        Command::Man(args) => completions::write_pages(&args),
        Command::CheckConfig { settings } => check_config::run(&settings),
    };
    done.map(|()| ExitCode::SUCCESS)
}

async fn run_server(settings: &SettingFlags, clock: &Clock) -> Result<()> {
    let (_, config) = read_config(settings)?;
    let log = start_logging(&config.log, config.log_json);
    let stop = stop_signal()?;
    tokio::pin!(stop);
    let running = tokio::select! {
        running = serve::start(&config, clock.clone(), log.stats(), say) => running?,
        () = &mut stop => return Ok(()),
    };
    notify("READY=1");
    let ended = tokio::select! {
        () = stop => None,
        name = running.task_ended() => Some(name),
        never = keep_watchdog(&running) => match never {},
    };
    notify("STOPPING=1");
    let ended = match ended {
        Some(name) => Some(name),
        // A second signal ends the delay.
        None => tokio::select! {
            () = running.announce_drain() => None,
            () = stop_signal()? => None,
            name = running.task_ended() => Some(name),
            never = keep_watchdog(&running) => match never {},
        },
    };
    let Some(name) = ended else {
        running.drain().await;
        return Ok(());
    };
    tracing::error!("{name} has ended by a fault: the server stops, so that it can be started again");
    // What still works ends in order. What does not must not keep the process.
    let _ = tokio::time::timeout(FAULT_DEADLINE, running.drain()).await;
    bail!("{name} has ended by a fault")
}

/// Tells the service manager that the server runs, if it watches: it restarts one that is silent for longer than it allows.
async fn keep_watchdog(running: &serve::Running) -> Infallible {
    let Some(period) = watchdog_period() else { return std::future::pending().await };
    loop {
        tokio::time::sleep(period / 2).await;
        if running.is_whole() {
            notify("WATCHDOG=1");
        }
    }
}

/// Reads the configuration, and the texts that it was made of.
fn read_config(settings: &SettingFlags) -> Result<(Resolved, Config)> {
    let file = match &settings.config {
        Some(path) => {
            let read = std::fs::read_to_string(path);
            Some(read.map_err(|error| ConfigError::whole(format!("can't read {}: {error}", path.display())))?)
        }
        None => None,
    };
    let read = || -> Result<_, ConfigError> {
        let resolved = resolve(settings, |name| std::env::var(name).ok(), file.as_deref())?;
        let config = Config::from_resolved(&resolved)?;
        Ok((resolved, config))
    };
    read().context("configuration")
}

/// Resolves when Ctrl-C, SIGTERM or SIGHUP arrives. SIGHUP is what a terminal sends when it is closed.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    // Under nohup the signal is ignored, and stays so.
    let mut hangup = if ignores_hangup() { None } else { Some(signal(SignalKind::hangup())?) };
    Ok(async move {
        let hung_up = async {
            match &mut hangup {
                Some(hangup) => hangup.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hung_up => {}
        }
    })
}

/// Whether the process was started with SIGHUP ignored. Elsewhere than on Linux this is unknown.
fn ignores_hangup() -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return false };
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // The signals are the bits from 1 on, and SIGHUP is signal 1.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

/// Prints a line for the person who started the command.
#[allow(clippy::print_stdout, reason = "this is the command line's answer")]
fn say(line: &str) {
    use std::io::Write;
    let mut out = std::io::stdout().lock();
    // A closed pipe must not stop the server.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Prints a line beside the command's answer, on standard error.
fn warn(line: &str) {
    use std::io::Write;
    // A closed pipe must not stop the command.
    let _ = writeln!(std::io::stderr(), "{line}");
}

fn fail(error: &anyhow::Error) -> ExitCode {
    let line = format!("milepost: {error:#}");
    // A full pipe that nobody reads must not keep the process.
    let (done, printed) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        warn(&line);
        let _ = done.send(());
    });
    let _ = printed.recv_timeout(LAST_WORDS_WAIT);
    let is_configuration = error.chain().any(|cause| cause.is::<ConfigError>());
    if is_configuration { ExitCode::from(2) } else { ExitCode::FAILURE }
}
