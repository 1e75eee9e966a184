//! What was answered 2xx, and whether writers may write.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

/// What the nodes promised to keep.
#[derive(Debug, Default)]
pub(crate) struct Answered {
    /// Bus and time, Unix milliseconds.
    pub(crate) positions: Vec<(String, i64)>,
    /// Numbers.
    pub(crate) events: Vec<u64>,
    /// The last latitude of each delivery.
    pub(crate) deliveries: HashMap<usize, f64>,
    /// Latitudes of deliveries without an answer. They carry no time: a node that was paused may store one after later ones.
    pub(crate) delayed: Vec<(usize, f64)>,
    /// The last latitude of each parcel's driver.
    pub(crate) parcels: HashMap<usize, f64>,
    /// How often a request got no 2xx, and what instead.
    pub(crate) refused: BTreeMap<String, u64>,
}

impl Answered {
    /// Counts a request without a 2xx.
    pub(crate) fn refuse(&mut self, instead: &str) {
        *self.refused.entry(instead.to_owned()).or_default() += 1;
    }
}

/// Shared by all writers.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    answered: Mutex<Answered>,
    is_quiet: AtomicBool,
    under_way: AtomicUsize,
    /// Clients stay connected, so that a new snapshot does not hide what was lost.
    pub(crate) is_calm: AtomicBool,
}

/// A write that is under way.
pub(crate) struct Write<'a>(&'a Ledger);

impl Ledger {
    /// What was answered so far.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Answered> {
        self.answered.lock().expect("nothing panics while holding it")
    }

    /// Waits until writing is allowed.
    pub(crate) async fn write(&self) -> Write<'_> {
        loop {
            self.under_way.fetch_add(1, Ordering::SeqCst);
            let write = Write(self);
            if !self.is_quiet.load(Ordering::SeqCst) {
                return write;
            }
            drop(write);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ends all writing, and waits for the answers that are under way.
    pub(crate) async fn quieten(&self) {
        self.is_quiet.store(true, Ordering::SeqCst);
        while self.under_way.load(Ordering::SeqCst) > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Allows writing again.
    pub(crate) fn go_on(&self) {
        self.is_quiet.store(false, Ordering::SeqCst);
    }
}

impl Drop for Write<'_> {
    fn drop(&mut self) {
        self.0.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}
