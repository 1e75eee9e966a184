//! Log lines, as text or JSON. They go to standard error, because standard output is for the answers of commands.

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt;

/// Starts logging. An unreadable filter is reported and replaced by `info`.
pub(crate) fn start_logging(filter: &str, json: bool) {
    let (filter, wrong) = match EnvFilter::try_new(filter) {
        Ok(filter) => (filter, None),
        Err(error) => (EnvFilter::new("info"), Some(error)),
    };
    let lines = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // In tests a process may start twice. The logging of the first start stays.
    let _ = if json { lines.json().flatten_event(true).try_init() } else { lines.with_ansi(false).try_init() };
    if let Some(error) = wrong {
        tracing::warn!(%error, "MILEPOST_LOG can't be read, using info");
    }
}
