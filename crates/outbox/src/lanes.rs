//! Shares the tries out among hosts, so that one that hangs does not hold up the others.

use std::collections::{HashMap, VecDeque};

/// Tries under way at once; what is above waits in its lane.
const MAX_UNDER_WAY: usize = 64;
/// Tries under way at once to one host; what is above waits in its lane.
pub(crate) const MAX_PER_HOST: usize = 4;
/// The same to one push service: few of them serve everybody's browsers, and are made for it.
pub(crate) const MAX_PER_PUSH_SERVICE: usize = 16;
/// Tries under way at once to hosts in trouble, so that hosts that answer always find a place.
const MAX_TROUBLED_UNDER_WAY: usize = MAX_UNDER_WAY / 2;
/// While so many wait for one host, no more are taken from the store on one's own accord: they would fill the hand.
const CROWDED: usize = 16;
/// Calls in hand, under way or waiting; no more are taken from the store above it.
pub(crate) const MAX_IN_HAND: usize = 256;
/// Hosts remembered as troubled while nothing goes to them; above, they are forgotten and learnt again.
const MAX_TROUBLED: usize = 1_024;

/// Calls in hand, by host.
pub(crate) struct Lanes<T> {
    lanes: HashMap<String, Lane<T>>,
    under_way: usize,
    waiting: usize,
    troubled_under_way: usize,
}

struct Lane<T> {
    /// Tries under way at once while it answers.
    most: usize,
    waiting: VecDeque<T>,
    under_way: usize,
    /// How many of these were begun in trouble.
    troubled_under_way: usize,
    /// The last try got no answer, or one that asks for less: one at a time from now on, and nothing waits.
    troubled: bool,
}

impl<T> Lane<T> {
    fn limit(&self) -> usize {
        if self.troubled { 1 } else { self.most }
    }
}

impl<T> Lanes<T> {
    pub(crate) fn new() -> Self {
        Self { lanes: HashMap::new(), under_way: 0, waiting: 0, troubled_under_way: 0 }
    }

    /// Calls in hand.
    pub(crate) fn in_hand(&self) -> usize {
        self.under_way + self.waiting
    }

    /// How many more may be taken in hand.
    pub(crate) fn room(&self) -> usize {
        MAX_IN_HAND - self.in_hand().min(MAX_IN_HAND)
    }

    /// Do many wait for one host?
    pub(crate) fn crowded(&self) -> bool {
        self.waiting >= CROWDED && self.lanes.values().any(|lane| lane.waiting.len() >= CROWDED)
    }

    /// Puts a call into its host's lane, of which `most` are tried at once. False when that host is troubled and busy: the call is left to the end of its
    /// lease, so that it does not take the place of one whose host answers.
    pub(crate) fn add(&mut self, host: &str, most: usize, call: T) -> bool {
        if self.lanes.len() >= MAX_TROUBLED && !self.lanes.contains_key(host) {
            self.lanes.retain(|_, lane| lane.under_way > 0 || !lane.waiting.is_empty());
        }
        let lane = self.lanes.entry(host.to_owned()).or_insert_with(|| Lane {
            most,
            waiting: VecDeque::new(),
            under_way: 0,
            troubled_under_way: 0,
            troubled: false,
        });
        if lane.troubled && lane.under_way + lane.waiting.len() >= lane.limit() {
            return false;
        }
        lane.waiting.push_back(call);
        self.waiting += 1;
        true
    }

    /// The next call that may be tried now; it is under way from here to [`Self::ended`].
    pub(crate) fn next(&mut self) -> Option<(String, T)> {
        if self.under_way >= MAX_UNDER_WAY || self.waiting == 0 {
            return None;
        }
        let full_of_trouble = self.troubled_under_way >= MAX_TROUBLED_UNDER_WAY;
        // Hosts that answer first, and of them the one with the fewest tries under way: none is passed over for long.
        let open = self.lanes.iter_mut().filter(|(_, lane)| !lane.waiting.is_empty() && lane.under_way < lane.limit());
        let open = open.filter(|(_, lane)| !(lane.troubled && full_of_trouble));
        let (host, lane) = open.min_by_key(|(_, lane)| (lane.troubled, lane.under_way))?;
        let call = lane.waiting.pop_front()?;
        lane.under_way += 1;
        if lane.troubled {
            lane.troubled_under_way += 1;
            self.troubled_under_way += 1;
        }
        let host = host.clone();
        self.waiting -= 1;
        self.under_way += 1;
        Some((host, call))
    }

    /// A try ended. If its host is in trouble, what waited for it is dropped: its leases end and it comes again.
    pub(crate) fn ended(&mut self, host: &str, troubled: bool) {
        self.under_way -= 1;
        let Some(lane) = self.lanes.get_mut(host) else { return };
        lane.under_way -= 1;
        if lane.troubled_under_way > lane.under_way {
            lane.troubled_under_way -= 1;
            self.troubled_under_way -= 1;
        }
        lane.troubled = troubled;
        if troubled {
            self.waiting -= lane.waiting.len();
            lane.waiting.clear();
        } else if lane.under_way == 0 && lane.waiting.is_empty() {
            self.lanes.remove(host);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn started(lanes: &mut Lanes<u32>) -> Vec<String> {
        std::iter::from_fn(|| lanes.next().map(|(host, _)| host)).collect()
    }

    #[test]
    fn no_host_gets_more_than_four_at_once_and_all_together_64() {
        let mut lanes = Lanes::new();
        for call in 0..10 {
            assert!(lanes.add("a", MAX_PER_HOST, call));
        }
        assert_eq!(started(&mut lanes).len(), 4);
        lanes.ended("a", false);
        assert_eq!(started(&mut lanes).len(), 1);
        for host in 0..40 {
            for call in 0..5 {
                assert!(lanes.add(&host.to_string(), MAX_PER_HOST, call));
            }
        }
        assert_eq!(started(&mut lanes).len(), 60);
        assert_eq!(lanes.in_hand(), 9 + 200);
    }

    #[test]
    fn a_push_service_gets_sixteen_at_once_and_one_when_it_asks_for_less() {
        let mut lanes = Lanes::new();
        for call in 0..20 {
            assert!(lanes.add("push", MAX_PER_PUSH_SERVICE, call));
        }
        assert_eq!(started(&mut lanes).len(), 16);
        for _ in 0..16 {
            lanes.ended("push", true);
        }
        assert!(lanes.add("push", MAX_PER_PUSH_SERVICE, 20));
        assert!(!lanes.add("push", MAX_PER_PUSH_SERVICE, 21));
        assert_eq!(started(&mut lanes).len(), 1);
    }

    #[test]
    fn a_host_in_trouble_holds_one_place_until_it_answers() {
        let mut lanes = Lanes::new();
        for call in 0..10 {
            lanes.add("slow", MAX_PER_HOST, call);
        }
        assert_eq!(started(&mut lanes).len(), 4);
        lanes.ended("slow", true);
        assert_eq!(lanes.in_hand(), 3, "what waited is left to its lease");
        assert!(!lanes.add("slow", MAX_PER_HOST, 11), "three are under way still");
        for _ in 0..3 {
            lanes.ended("slow", true);
        }
        assert!(lanes.add("slow", MAX_PER_HOST, 12));
        assert!(!lanes.add("slow", MAX_PER_HOST, 13));
        assert_eq!(started(&mut lanes), ["slow"]);
        lanes.ended("slow", false);
        for call in 0..4 {
            assert!(lanes.add("slow", MAX_PER_HOST, call));
        }
        assert_eq!(started(&mut lanes).len(), 4);
    }

    #[test]
    fn many_hosts_in_trouble_leave_half_of_the_places_to_the_others() {
        let mut lanes = Lanes::new();
        let hosts: Vec<String> = (0..60).map(|host| format!("slow{host}")).collect();
        for round in 0..2 {
            for host in &hosts {
                assert!(lanes.add(host, MAX_PER_HOST, 0));
            }
            if round == 0 {
                assert_eq!(started(&mut lanes).len(), 60);
                hosts.iter().for_each(|host| lanes.ended(host, true));
            }
        }
        lanes.add("fine", MAX_PER_HOST, 0);
        let started = started(&mut lanes);
        assert_eq!((started.len(), started[0].as_str()), (33, "fine"));
        for host in &started {
            lanes.ended(host, false);
        }
        assert_eq!(lanes.troubled_under_way, 0);
    }

    #[test]
    fn a_lane_is_crowded_from_sixteen_on() {
        let mut lanes = Lanes::new();
        for call in 0..15 {
            lanes.add("a", MAX_PER_HOST, call);
            lanes.add("b", MAX_PER_HOST, call);
        }
        assert!(!lanes.crowded());
        lanes.add("a", MAX_PER_HOST, 15);
        assert!(lanes.crowded());
    }

    #[test]
    fn hosts_take_turns() {
        let mut lanes = Lanes::new();
        for call in 0..4 {
            lanes.add("a", MAX_PER_HOST, call);
        }
        lanes.add("b", MAX_PER_HOST, 9);
        assert!(started(&mut lanes)[..2].contains(&"b".to_owned()));
    }

    #[test]
    fn nothing_is_kept_of_hosts_that_answer() {
        let mut lanes = Lanes::new();
        for host in 0..3_000 {
            assert!(lanes.add(&host.to_string(), MAX_PER_HOST, 0));
            let (host, _) = lanes.next().unwrap();
            lanes.ended(&host, host.ends_with('7'));
        }
        assert!(lanes.lanes.len() < 1_024 && lanes.in_hand() == 0 && lanes.room() == MAX_IN_HAND);
    }
}
