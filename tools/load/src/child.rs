//! A program under test: started on its CPUs, watched until it is ready, killed with its owner.

use crate::process::{allowed_cpus, pin_to};
use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

/// Lines of output kept for a waiting caller. Later ones are dropped, because only the first few are read.
const MAX_LINES: usize = 64;
/// The longest start: migrations on a cold disk take seconds.
const MAX_START: Duration = Duration::from_secs(30);

/// A running program; dropping it kills it.
#[derive(Debug)]
pub(crate) struct Child {
    process: std::process::Child,
    lines: Receiver<String>,
}

impl Child {
    /// Starts `command` on `cpus` (all that are allowed, if empty).
    pub(crate) fn start(mut command: Command, cpus: &[usize]) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let name = command.get_program().to_string_lossy().into_owned();
        let before = allowed_cpus()?;
        if !cpus.is_empty() {
            // A child inherits the CPUs of the thread that starts it.
            pin_to(cpus)?;
        }
        let started = command.spawn().with_context(|| format!("can't start {name}: build it first, or name it"));
        pin_to(&before)?;
        let mut process = started?;
        let stdout = process.stdout.take().context("standard output was asked for above")?;
        let (sender, lines) = sync_channel(MAX_LINES);
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                drop(sender.try_send(line));
            }
        });
        Ok(Self { process, lines })
    }

    /// Waits for a line of output in which `find` finds something.
    pub(crate) fn wait_for<T>(&self, what: &str, find: impl Fn(&str) -> Option<T>) -> Result<T> {
        let end = Instant::now() + MAX_START;
        let mut printed = String::new();
        while let Ok(line) = self.lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            if let Some(found) = find(&line) {
                return Ok(found);
            }
            printed += &line;
            printed.push('\n');
        }
        bail!("the program under test did not print {what}; it printed:\n{printed}")
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) -> Result<()> {
        let pid = Pid::from_raw(self.pid().cast_signed()).context("a process has a positive id")?;
        Ok(kill_process(pid, Signal::TERM)?)
    }

    /// Whether it has ended. Does not wait.
    pub(crate) fn has_ended(&mut self) -> Result<bool> {
        Ok(self.process.try_wait()?.is_some())
    }

    /// Its process id.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}
