//! Queues calls by host and limits the tries that run at once, so that a host that hangs does not hold up the others.

use std::collections::{HashMap, VecDeque};

/// Tries that run at once. Further calls wait in their host's queue.
const MAX_RUNNING: usize = 64;
/// Tries that run at once to one host. Further calls wait in its queue.
pub(crate) const MAX_PER_HOST: usize = 4;
/// The same for a push service: a few of them serve all browsers, and are built for it.
pub(crate) const MAX_PER_PUSH_SERVICE: usize = 16;
/// Tries that run at once to failing hosts, so that hosts that answer always find a place.
const MAX_FAILING_RUNNING: usize = MAX_RUNNING / 2;
/// While this many calls wait for one host, no scan is made before its time: it would bring more calls for that host.
const LONG_QUEUE: usize = 16;
/// Calls in flight, running or waiting. Above this no more are taken from the store.
pub(crate) const MAX_IN_FLIGHT: usize = 256;
/// Hosts that are remembered as failing although nothing waits for them. Above this they are forgotten and learnt again.
const MAX_FAILING_HOSTS: usize = 1_024;

/// The calls in flight, by host.
pub(crate) struct HostQueues<T> {
    queues: HashMap<String, HostQueue<T>>,
    running: usize,
    waiting: usize,
    failing_running: usize,
}

struct HostQueue<T> {
    /// Tries that run at once while the host answers.
    limit: usize,
    waiting: VecDeque<T>,
    running: usize,
    /// How many of the running tries began while the host was failing.
    failing_running: usize,
    /// The last try got no answer, or an answer that asks for less. Such a host gets one try at a time, and nothing waits
    /// for it.
    is_failing: bool,
}

impl<T> HostQueue<T> {
    fn limit(&self) -> usize {
        if self.is_failing { 1 } else { self.limit }
    }
}

impl<T> HostQueues<T> {
    pub(crate) fn new() -> Self {
        Self { queues: HashMap::new(), running: 0, waiting: 0, failing_running: 0 }
    }

    /// Calls that were taken from the store and have not ended.
    pub(crate) fn in_flight(&self) -> usize {
        self.running + self.waiting
    }

    /// How many more may be taken from the store.
    pub(crate) fn room(&self) -> usize {
        MAX_IN_FLIGHT - self.in_flight().min(MAX_IN_FLIGHT)
    }

    /// Whether many calls wait for one host.
    pub(crate) fn has_long_queue(&self) -> bool {
        self.waiting >= LONG_QUEUE && self.queues.values().any(|queue| queue.waiting.len() >= LONG_QUEUE)
    }

    /// Puts a call into its host's queue, of which `limit` are tried at once. False when that host is failing and busy: the
    /// call is left to the end of its lease, so that it does not take the place of a call whose host answers.
    pub(crate) fn add(&mut self, host: &str, limit: usize, call: T) -> bool {
        if self.queues.len() >= MAX_FAILING_HOSTS && !self.queues.contains_key(host) {
            self.queues.retain(|_, queue| queue.running > 0 || !queue.waiting.is_empty());
        }
        let queue = self.queues.entry(host.to_owned()).or_insert_with(|| HostQueue {
            limit,
            waiting: VecDeque::new(),
            running: 0,
            failing_running: 0,
            is_failing: false,
        });
        if queue.is_failing && queue.running + queue.waiting.len() >= queue.limit() {
            return false;
        }
        queue.waiting.push_back(call);
        self.waiting += 1;
        true
    }

    /// The next call that may be tried now. It counts as running until [`Self::ended`].
    pub(crate) fn next(&mut self) -> Option<(String, T)> {
        if self.running >= MAX_RUNNING || self.waiting == 0 {
            return None;
        }
        let failing_are_full = self.failing_running >= MAX_FAILING_RUNNING;
        // Hosts that answer come first, and of them the one with the fewest running tries, so that none waits for long.
        let open =
            self.queues.iter_mut().filter(|(_, queue)| !queue.waiting.is_empty() && queue.running < queue.limit());
        let open = open.filter(|(_, queue)| !(queue.is_failing && failing_are_full));
        let (host, queue) = open.min_by_key(|(_, queue)| (queue.is_failing, queue.running))?;
        let call = queue.waiting.pop_front()?;
        queue.running += 1;
        if queue.is_failing {
            queue.failing_running += 1;
            self.failing_running += 1;
        }
        let host = host.clone();
        self.waiting -= 1;
        self.running += 1;
        Some((host, call))
    }

    /// Notes that a try ended. When the host is failing, its waiting calls are dropped: they come again when their leases end.
    pub(crate) fn ended(&mut self, host: &str, failing: bool) {
        self.running -= 1;
        let Some(queue) = self.queues.get_mut(host) else { return };
        queue.running -= 1;
        if queue.failing_running > queue.running {
            queue.failing_running -= 1;
            self.failing_running -= 1;
        }
        queue.is_failing = failing;
        if failing {
            self.waiting -= queue.waiting.len();
            queue.waiting.clear();
        } else if queue.running == 0 && queue.waiting.is_empty() {
            self.queues.remove(host);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn started(queues: &mut HostQueues<u32>) -> Vec<String> {
        std::iter::from_fn(|| queues.next().map(|(host, _)| host)).collect()
    }

    #[test]
    fn no_host_gets_more_than_four_at_once_and_all_together_64() {
        let mut queues = HostQueues::new();
        for call in 0..10 {
            assert!(queues.add("a", MAX_PER_HOST, call));
        }
        assert_eq!(started(&mut queues).len(), 4);
        queues.ended("a", false);
        assert_eq!(started(&mut queues).len(), 1);
        for host in 0..40 {
            for call in 0..5 {
                assert!(queues.add(&host.to_string(), MAX_PER_HOST, call));
            }
        }
        assert_eq!(started(&mut queues).len(), 60);
        assert_eq!(queues.in_flight(), 9 + 200);
    }

    #[test]
    fn a_push_service_gets_sixteen_at_once_and_one_when_it_asks_for_less() {
        let mut queues = HostQueues::new();
        for call in 0..20 {
            assert!(queues.add("push", MAX_PER_PUSH_SERVICE, call));
        }
        assert_eq!(started(&mut queues).len(), 16);
        for _ in 0..16 {
            queues.ended("push", true);
        }
        assert!(queues.add("push", MAX_PER_PUSH_SERVICE, 20));
        assert!(!queues.add("push", MAX_PER_PUSH_SERVICE, 21));
        assert_eq!(started(&mut queues).len(), 1);
    }

    #[test]
    fn a_failing_host_holds_one_place_until_it_answers() {
        let mut queues = HostQueues::new();
        for call in 0..10 {
            queues.add("slow", MAX_PER_HOST, call);
        }
        assert_eq!(started(&mut queues).len(), 4);
        queues.ended("slow", true);
        assert_eq!(queues.in_flight(), 3, "what waited is left to its lease");
        assert!(!queues.add("slow", MAX_PER_HOST, 11), "three still run");
        for _ in 0..3 {
            queues.ended("slow", true);
        }
        assert!(queues.add("slow", MAX_PER_HOST, 12));
        assert!(!queues.add("slow", MAX_PER_HOST, 13));
        assert_eq!(started(&mut queues), ["slow"]);
        queues.ended("slow", false);
        for call in 0..4 {
            assert!(queues.add("slow", MAX_PER_HOST, call));
        }
        assert_eq!(started(&mut queues).len(), 4);
    }

    #[test]
    fn many_failing_hosts_leave_half_of_the_places_to_the_others() {
        let mut queues = HostQueues::new();
        let hosts: Vec<String> = (0..60).map(|host| format!("slow{host}")).collect();
        for round in 0..2 {
            for host in &hosts {
                assert!(queues.add(host, MAX_PER_HOST, 0));
            }
            if round == 0 {
                assert_eq!(started(&mut queues).len(), 60);
                hosts.iter().for_each(|host| queues.ended(host, true));
            }
        }
        queues.add("fine", MAX_PER_HOST, 0);
        let started = started(&mut queues);
        assert_eq!((started.len(), started[0].as_str()), (33, "fine"));
        for host in &started {
            queues.ended(host, false);
        }
        assert_eq!(queues.failing_running, 0);
    }

    #[test]
    fn a_queue_is_long_from_sixteen_on() {
        let mut queues = HostQueues::new();
        for call in 0..15 {
            queues.add("a", MAX_PER_HOST, call);
            queues.add("b", MAX_PER_HOST, call);
        }
        assert!(!queues.has_long_queue());
        queues.add("a", MAX_PER_HOST, 15);
        assert!(queues.has_long_queue());
    }

    #[test]
    fn hosts_take_turns() {
        let mut queues = HostQueues::new();
        for call in 0..4 {
            queues.add("a", MAX_PER_HOST, call);
        }
        queues.add("b", MAX_PER_HOST, 9);
        assert!(started(&mut queues)[..2].contains(&"b".to_owned()));
    }

    #[test]
    fn hosts_that_answer_are_not_remembered() {
        let mut queues = HostQueues::new();
        for host in 0..3_000 {
            assert!(queues.add(&host.to_string(), MAX_PER_HOST, 0));
            let (host, _) = queues.next().unwrap();
            queues.ended(&host, host.ends_with('7'));
        }
        assert!(queues.queues.len() < 1_024 && queues.in_flight() == 0 && queues.room() == MAX_IN_FLIGHT);
    }
}
