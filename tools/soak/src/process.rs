//! A process that the run started: signalled, and ended with its owner.

use anyhow::{Context as _, Result};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::{File, OpenOptions};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The longest wait for a process that was asked to end.
const MAX_END: Duration = Duration::from_secs(10);

/// A running process.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    /// Ends it with its children.
    last: Signal,
}

impl Process {
    /// Starts a command whose output goes to the end of the file `log`. It is ended with the signal `last`.
    pub(crate) fn start(mut command: Command, last: Signal, log: &Path) -> Result<Self> {
        let name = format!("{command:?}");
        let log: File = OpenOptions::new().create(true).append(true).open(log)?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| format!("can't start {name}"))?;
        Ok(Self { child, last })
    }

    /// Sends a signal to the process and, for a pause, to its children: PostgreSQL has one for each connection.
    pub(crate) fn signal(&self, signal: Signal) {
        // It may have ended already.
        let send = |id: u32| Pid::from_raw(id as i32).map(|pid| kill_process(pid, signal));
        send(self.child.id());
        if matches!(signal, Signal::STOP | Signal::CONT) {
            for id in self.children() {
                send(id);
            }
        }
    }

    /// Ends the process with a signal, and waits for it.
    pub(crate) fn end(&mut self, signal: Signal) {
        self.signal(signal);
        let begun = Instant::now();
        while begun.elapsed() < MAX_END {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// Whether it has ended by itself.
    pub(crate) fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }

    fn children(&self) -> Vec<u32> {
        let id = self.child.id();
        let text = std::fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap_or_default();
        text.split_whitespace().filter_map(|id| id.parse().ok()).collect()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.signal(Signal::CONT);
        self.end(self.last);
    }
}
