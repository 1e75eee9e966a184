//! Log lines: for people, or as JSON for machines. To standard error, so that standard output stays for answers.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// Starts logging; a filter that can't be read is said and `info` taken.
pub(crate) fn start_logging(filter: &str, json: bool) {
    let (filter, wrong) = match EnvFilter::try_new(filter) {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new("info"), Some(error)),
    };
    let lines = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second start in one process (tests) keeps the first one's.
    let _ = if json { lines.json().flatten_event(true).try_init() } else { lines.with_ansi(false).try_init() };
    if let Some(error) = wrong {
        tracing::warn!(%error, "MILEPOST_LOG can't be read, info is taken");
    }
}
