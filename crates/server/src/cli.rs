//! The command line and its commands.

mod check_config;
mod demo;
mod export;
mod import;
mod migrate;
mod read_args;
mod simulate;
mod token;
mod user;

use crate::config::{Config, ConfigError, Resolved, SettingFlags, resolve};
use crate::data_folder::keep_new_files_private;
use crate::logging::start_logging;
use crate::serve;
use anyhow::{Context, Result};
use clap::{Parser, Subcommand};
use milepost_clock::Clock;
use std::process::ExitCode;

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
    /// Brings the database's tables up to date; `serve` does it too.
    Migrate(migrate::MigrateArgs),
    /// Prints the effective configuration with secrets hidden.
    CheckConfig {
        #[command(flatten)]
        settings: SettingFlags,
    },
}

/// Runs the command. Returns 0 on success, 1 on failure, 2 for a command line that can't be read, and 3 for an import that
/// was read in part.
pub fn run(clock: &Clock) -> ExitCode {
    let cli = Cli::parse();
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
        Command::Migrate(args) => migrate::run(&args).await,
        Command::CheckConfig { settings } => check_config::run(&settings),
    };
    done.map(|()| ExitCode::SUCCESS)
}

async fn run_server(settings: &SettingFlags, clock: &Clock) -> Result<()> {
    let (_, config) = read_config(settings)?;
    start_logging(&config.log, config.log_json);
    let stop = stop_signal()?;
    tokio::pin!(stop);
    let running = tokio::select! {
        running = serve::start(&config, clock.clone(), say) => running?,
        () = &mut stop => return Ok(()),
    };
    stop.await;
    running.drain().await;
    Ok(())
}

/// Reads the configuration, and the texts that it was made of.
fn read_config(settings: &SettingFlags) -> Result<(Resolved, Config)> {
    let file = match &settings.config {
        Some(path) => Some(std::fs::read_to_string(path).with_context(|| format!("can't read {}", path.display()))?),
        None => None,
    };
    let read = || -> Result<_, ConfigError> {
        let resolved = resolve(settings, |name| std::env::var(name).ok(), file.as_deref())?;
        let config = Config::from_resolved(&resolved)?;
        Ok((resolved, config))
    };
    read().context("configuration")
}

/// Resolves when Ctrl-C or SIGTERM arrives.
fn stop_signal() -> Result<impl Future<Output = ()>> {
    let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    let mut interrupt = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
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
#[allow(clippy::print_stderr, reason = "this is where a command says what went wrong")]
fn warn(line: &str) {
    eprintln!("{line}");
}

#[allow(clippy::print_stderr, reason = "this is where a command says why it failed")]
fn fail(error: &anyhow::Error) -> ExitCode {
    eprintln!("milepost: {error:#}");
    ExitCode::FAILURE
}
