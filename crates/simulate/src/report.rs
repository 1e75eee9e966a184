//! A vehicle's reports, and the queue in which they wait for their sender.

use crate::Fix;
use crate::backlog::Backlog;
use milepost_domain::Timestamp;
use std::sync::{Mutex, MutexGuard};
use tokio::sync::Notify;

/// A fix with the time that it carries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Report {
    pub(crate) fix: Fix,
    pub(crate) at: Timestamp,
}

/// Carries a vehicle's reports from their source to their sender.
#[derive(Default)]
pub(crate) struct ReportQueue {
    // Held for microseconds, never across an await.
    backlog: Mutex<Backlog<Report>>,
    filled: Notify,
}

impl ReportQueue {
    /// Appends a report. True when the oldest one was dropped for it.
    pub(crate) fn push(&self, report: Report) -> bool {
        let dropped = self.lock().push(report);
        self.filled.notify_one();
        dropped
    }

    pub(crate) fn waiting(&self) -> usize {
        self.lock().len()
    }

    pub(crate) fn take(&self, most: usize) -> Vec<Report> {
        self.lock().take(most)
    }

    /// Puts back unsent reports before the newer ones. Returns the number of the oldest that were dropped.
    pub(crate) fn put_back(&self, reports: Vec<Report>) -> usize {
        self.lock().put_back(reports)
    }

    /// Waits for a report.
    pub(crate) async fn filled(&self) {
        self.filled.notified().await;
    }

    fn lock(&self) -> MutexGuard<'_, Backlog<Report>> {
        self.backlog.lock().expect("nothing panics while holding it")
    }
}
