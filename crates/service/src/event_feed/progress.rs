//! How far the event feed has followed each tenant, and which tenants have new events.

use crate::wakers::DueEvents;
use milepost_domain::TenantId;
use std::collections::HashMap;
use tokio::time::Instant;

#[derive(Default)]
pub(super) struct Progress {
    /// The last followed event of each tenant. `None` before the first poll.
    seen: Option<HashMap<TenantId, i64>>,
    /// The sum of `seen`. Ids count up by one, so that it is a number of events.
    followed_events: i64,
    /// Tenants that may have new events, each once.
    due: HashMap<TenantId, Due>,
    /// The oldest poll of which events are not followed yet.
    open_poll: Option<OpenPoll>,
}

#[derive(Default, Clone, Copy)]
struct Due {
    /// The newest event that is known to be stored; 0 if only the store knows.
    newest: i64,
    /// This node stored events.
    is_own: bool,
}

struct OpenPoll {
    polled_at: Instant,
    /// The newest events that it found of tenants that are not followed so far.
    newest: Vec<(TenantId, i64)>,
}

/// A tenant's turn to be read: its events after `last`.
pub(super) struct Turn {
    pub(super) tenant: TenantId,
    pub(super) last: i64,
    /// This node stored events: others are to be told.
    pub(super) is_own: bool,
    newest: i64,
}

/// The events that a turn has published.
pub(super) struct Page {
    /// The last one; `None` if there was none.
    pub(super) last: Option<i64>,
    /// There may be more.
    pub(super) is_full: bool,
}

/// Whether events are missing between what was followed and the newest.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Gap {
    None,
    /// They were removed because of their age before they were followed.
    Removed,
}

impl Progress {
    /// How many events were followed or were there before the first poll; `None` before it.
    pub(super) fn followed_events(&self) -> Option<i64> {
        self.seen.as_ref().map(|_| self.followed_events)
    }

    /// Follows everything after these events.
    pub(super) fn begin(&mut self, seen: HashMap<TenantId, i64>) {
        self.followed_events = seen.values().sum();
        self.seen = Some(seen);
    }

    /// Notes what other tasks told. Before the first poll that is not needed: the poll finds all.
    pub(super) fn note(&mut self, told: DueEvents) {
        if self.seen.is_none() {
            return;
        }
        for tenant in told.own {
            self.due.entry(tenant).or_default().is_own = true;
        }
        for tenant in told.folded_elsewhere {
            self.due.entry(tenant).or_default();
        }
        for (tenant, newest) in told.elsewhere {
            self.note_newest(tenant, newest);
        }
    }

    /// Notes what a poll found.
    pub(super) fn note_poll(&mut self, polled_at: Instant, newest: Vec<(TenantId, i64)>) {
        let newest: Vec<_> = newest.into_iter().filter(|(tenant, newest)| *newest > self.last(tenant)).collect();
        for (tenant, newest) in &newest {
            self.note_newest(tenant.clone(), *newest);
        }
        self.open_poll.get_or_insert(OpenPoll { polled_at, newest });
    }

    fn note_newest(&mut self, tenant: TenantId, newest: i64) {
        if newest > self.last(&tenant) {
            let due = self.due.entry(tenant).or_default();
            due.newest = newest.max(due.newest);
        }
    }

    pub(super) fn has_due(&self) -> bool {
        !self.due.is_empty()
    }

    /// One turn for each tenant that is due. A tenant whose turn fails is due again when a poll finds it.
    pub(super) fn take_turns(&mut self) -> Vec<Turn> {
        let due = std::mem::take(&mut self.due);
        let turn = |(tenant, due): (TenantId, Due)| {
            let last = self.last(&tenant);
            Turn { tenant, last, is_own: due.is_own, newest: due.newest }
        };
        due.into_iter().map(turn).collect()
    }

    /// Notes what a turn has published. A tenant with more events is due again.
    pub(super) fn note_page(&mut self, turn: Turn, page: Page) -> Gap {
        let Turn { tenant, last: before, is_own, newest } = turn;
        let (last, gap) = match page.last {
            Some(last) => (last, Gap::None),
            None if newest > before => (newest, Gap::Removed),
            None => return Gap::None,
        };
        if page.is_full || newest > last {
            let due = self.due.entry(tenant.clone()).or_default();
            *due = Due { newest: newest.max(due.newest), is_own: is_own || due.is_own };
        }
        // A tenant that was added after the first poll is followed from its first event.
        self.seen.get_or_insert_default().insert(tenant, last);
        self.followed_events += last - before;
        gap
    }

    /// The time of the poll up to which everything is followed now. Each is returned once.
    pub(super) fn take_followed_poll(&mut self) -> Option<Instant> {
        let mut poll = self.open_poll.take()?;
        poll.newest.retain(|(tenant, newest)| self.last(tenant) < *newest);
        if poll.newest.is_empty() {
            return Some(poll.polled_at);
        }
        self.open_poll = Some(poll);
        None
    }

    fn last(&self, tenant: &TenantId) -> i64 {
        self.seen.as_ref().and_then(|seen| seen.get(tenant)).copied().unwrap_or(0)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn tenant(id: &str) -> TenantId {
        TenantId::new(id).unwrap()
    }

    fn begun() -> Progress {
        let mut progress = Progress::default();
        progress.begin([(tenant("a"), 10), (tenant("b"), 5)].into());
        progress
    }

    fn turn_of(progress: &mut Progress, id: &str) -> Turn {
        let turns = progress.take_turns();
        turns.into_iter().find(|turn| turn.tenant == tenant(id)).unwrap()
    }

    #[test]
    fn a_poll_is_followed_when_all_that_it_found_is() {
        let (mut progress, polled_at) = (begun(), Instant::now());
        progress.note_poll(polled_at, vec![(tenant("a"), 12), (tenant("b"), 5)]);
        assert_eq!(progress.take_followed_poll(), None, "two events of a are new");
        let turn = turn_of(&mut progress, "a");
        progress.note_page(turn, Page { last: Some(11), is_full: false });
        assert_eq!(progress.take_followed_poll(), None, "one is left");
        assert!(progress.has_due());
        // A later poll does not count before the open one.
        progress.note_poll(Instant::now(), vec![(tenant("a"), 14)]);
        let turn = turn_of(&mut progress, "a");
        assert_eq!(turn.last, 11);
        progress.note_page(turn, Page { last: Some(12), is_full: false });
        assert_eq!(progress.take_followed_poll(), Some(polled_at));
        assert_eq!((progress.take_followed_poll(), progress.followed_events()), (None, Some(17)));
    }

    #[test]
    fn a_tenant_that_fails_leaves_the_poll_open_until_it_is_followed() {
        let mut progress = begun();
        progress.note_poll(Instant::now(), vec![(tenant("a"), 11)]);
        drop(progress.take_turns());
        assert_eq!(progress.take_followed_poll(), None);
        assert!(!progress.has_due(), "it is not tried again before the next poll");
        progress.note_poll(Instant::now(), vec![(tenant("a"), 11)]);
        let turn = turn_of(&mut progress, "a");
        progress.note_page(turn, Page { last: Some(11), is_full: false });
        assert!(progress.take_followed_poll().is_some());
    }

    #[test]
    fn events_that_were_removed_unread_are_a_gap() {
        let mut progress = begun();
        progress.note_poll(Instant::now(), vec![(tenant("b"), 9)]);
        let turn = turn_of(&mut progress, "b");
        assert_eq!(progress.note_page(turn, Page { last: None, is_full: false }), Gap::Removed);
        assert_eq!((progress.followed_events(), progress.has_due()), (Some(19), false));
        assert!(progress.take_followed_poll().is_some());
    }

    #[test]
    fn what_this_node_stored_is_read_without_knowing_its_newest_event() {
        let mut progress = begun();
        let told = |own: &[&str]| DueEvents { own: own.iter().map(|id| tenant(id)).collect(), ..DueEvents::default() };
        progress.note(told(&["new", "b"]));
        let turns = progress.take_turns();
        assert_eq!(turns.len(), 2);
        for turn in turns {
            assert!(turn.is_own);
            let page = if turn.tenant == tenant("new") {
                Page { last: Some(100), is_full: true }
            } else {
                Page { last: None, is_full: false }
            };
            assert_eq!(progress.note_page(turn, page), Gap::None);
        }
        let turn = turn_of(&mut progress, "new");
        assert!(turn.is_own && turn.last == 100, "a full page is followed by another");
        // Before the first poll nobody needs to tell.
        let mut first = Progress::default();
        first.note(told(&["a"]));
        assert!(!first.has_due() && first.followed_events().is_none());
    }
}
