//! Raises the limit of open files. Each socket counts as one.

/// Raises the soft limit as far as the hard limit allows, and logs it.
pub(crate) fn raise_open_files_limit() {
    match rlimit::increase_nofile_limit(u64::MAX) {
        Ok(limit) => tracing::info!(limit, "limit of open files, and about the largest number of sockets"),
        Err(error) => tracing::warn!(%error, "the limit of open files could not be raised"),
    }
}
