//! Shows the progress of a run: a live line on a terminal, plain lines elsewhere.

use crate::{ProgressMode, Summary};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{IsTerminal, Write, stderr};
use std::time::Duration;

/// Where progress goes.
pub(crate) enum Progress {
    Live(ProgressBar),
    Plain,
    Off,
}

impl Progress {
    pub(crate) fn new(mode: ProgressMode) -> Self {
        match mode {
            ProgressMode::Off => Self::Off,
            ProgressMode::Auto if stderr().is_terminal() => {
                let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
                bar.set_style(ProgressStyle::with_template("{spinner} {msg}").expect("the template is a constant"));
                Self::Live(bar)
            }
            ProgressMode::Auto | ProgressMode::Plain => Self::Plain,
        }
    }

    /// How often to show something.
    pub(crate) fn interval(&self) -> Duration {
        match self {
            Self::Live(_) => Duration::from_millis(500),
            Self::Plain => Duration::from_secs(5),
            Self::Off => Duration::from_secs(3600),
        }
    }

    pub(crate) fn say(&self, text: &str) {
        match self {
            Self::Live(bar) => {
                bar.set_message(text.to_owned());
                bar.tick();
            }
            Self::Plain => {
                // A closed stderr must not end the run.
                let _ = writeln!(stderr(), "{text}");
            }
            Self::Off => {}
        }
    }

    /// `waiting` is the number of fixes in backlogs, `recent_rate` the rate of the last interval.
    pub(crate) fn show(&self, summary: &Summary, waiting: usize, recent_rate: f64) {
        if !matches!(self, Self::Off) {
            self.say(&format!("{summary}, waiting {waiting}, now {recent_rate:.1}/s"));
        }
    }

    pub(crate) fn finish(&self) {
        if let Self::Live(bar) = self {
            bar.finish_and_clear();
        }
    }
}
