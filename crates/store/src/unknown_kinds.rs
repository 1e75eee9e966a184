//! Logs kinds of events that only a newer version knows, once for each kind.

use milepost_domain::{Event, Fact};
use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

/// Kinds that are remembered as logged. Further kinds are not logged, to keep the log short.
const MAX_KINDS: usize = 100;

/// Kinds that older versions stored and that nobody needs now: the amounts of running trips.
const RETIRED: [&str; 1] = ["trip_progressed"];

/// The kinds that this process has logged.
#[derive(Debug, Default)]
pub(crate) struct UnknownKinds(Mutex<BTreeSet<String>>);

impl UnknownKinds {
    /// Logs the kinds among these events that were not logged before.
    pub(crate) fn note(&self, events: &[Event]) {
        for event in events {
            let Fact::Unknown { kind, .. } = &event.fact else { continue };
            if !RETIRED.contains(&kind.as_str()) && self.is_new(kind) {
                tracing::warn!(
                    event.id,
                    event.kind = kind,
                    "an event has a kind or a value that this version does not know: this and further events of its kind are skipped"
                );
            }
        }
    }

    fn is_new(&self, kind: &str) -> bool {
        // A std mutex: held for one lookup, never across an await.
        let mut logged = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        logged.len() < MAX_KINDS && !logged.contains(kind) && logged.insert(kind.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_KINDS, UnknownKinds};

    #[test]
    fn a_kind_is_logged_once_up_to_a_number_of_kinds() {
        let kinds = UnknownKinds::default();
        assert!(kinds.is_new("moon.landed"));
        assert!(!kinds.is_new("moon.landed"));
        let logged = (0..2 * MAX_KINDS).filter(|number| kinds.is_new(&number.to_string())).count();
        assert_eq!(logged, MAX_KINDS - 1);
    }
}
