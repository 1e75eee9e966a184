//! The limit of open files. Each connection counts as one.

/// Assumed when the limit can't be read.
const ASSUMED: u64 = 1024;

/// Raises the soft limit as far as the hard limit allows, logs it, and returns it.
pub(crate) fn raise_open_files_limit() -> u64 {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => {
            tracing::info!(limit, "limit of open files, and about the largest number of sockets");
            limit
        }
        Err(error) => {
            tracing::warn!(%error, "the limit of open files could not be raised");
            ASSUMED
        }
    }
}
