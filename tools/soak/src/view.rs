//! What a client shows, and whether it is what the database holds.

use crate::truth::Truth;
use serde_json::Value;
use std::collections::HashMap;

/// Findings are reported up to this number for each client; more say the same.
const MAX_FAULTS: usize = 5;

/// What a client watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// All buses.
    Bus,
    /// Events, on a socket.
    Records,
    /// Events, on a stream.
    Stream,
    /// The delivery of this index.
    Delivery(usize),
    /// The parcel of this index.
    Parcel(usize),
}

/// What a client received, over all of its connections.
#[derive(Debug, Default)]
pub(crate) struct View {
    /// The time of each bus's place that came last, Unix milliseconds.
    pub(crate) buses: HashMap<String, i64>,
    /// The ids of the run's events, in the order of receipt.
    pub(crate) events: Vec<i64>,
    /// The last event's id, of any kind.
    pub(crate) last_event: i64,
    /// The latitude of what is followed.
    pub(crate) latitude: Option<f64>,
    /// The status of what is followed.
    pub(crate) status: Option<String>,
    /// What must never happen.
    pub(crate) faults: Vec<String>,
    /// Connections so far.
    pub(crate) connections: u64,
}

impl View {
    /// Takes a message with an event's id.
    pub(crate) fn take_event(&mut self, message: &Value) {
        let Some(id) = message["event_id"].as_i64() else {
            let is_incomplete = message["complete"] == false || message["type"] == "position_unknown";
            if is_incomplete {
                self.fault(format!("resuming from {} was incomplete", self.last_event));
            }
            return;
        };
        if id <= self.last_event {
            return self.fault(format!("event {id} came after {}", self.last_event));
        }
        self.last_event = id;
        if message["type"] == crate::writers::EVENT_TYPE {
            self.events.push(id);
        }
    }

    /// Notes what must never happen.
    pub(crate) fn fault(&mut self, fault: String) {
        if self.faults.len() < MAX_FAULTS {
            self.faults.push(fault);
        }
    }

    /// What differs from the database. `None` if nothing does.
    pub(crate) fn differs(&self, kind: Kind, truth: &Truth) -> Option<String> {
        match kind {
            Kind::Bus => {
                let stale = truth.buses.iter().find(|(bus, at_ms)| self.buses.get(*bus) != Some(at_ms));
                stale.map(|(bus, at_ms)| format!("{bus} is of {:?} instead of {at_ms}", self.buses.get(bus)))
            }
            Kind::Records | Kind::Stream => {
                let truth: Vec<i64> = truth.events.iter().map(|(id, _)| *id).collect();
                if self.events == truth {
                    return None;
                }
                let first = self.events.iter().zip(&truth).position(|(own, id)| own != id);
                let first = first.unwrap_or(self.events.len().min(truth.len()));
                let (own, id) = (self.events.get(first), truth.get(first));
                Some(format!("{} events instead of {}; {own:?} instead of {id:?}", self.events.len(), truth.len()))
            }
            Kind::Delivery(index) => self.differs_from(&truth.deliveries[index]),
            Kind::Parcel(index) => self.differs_from(&truth.parcels[index]),
        }
    }

    fn differs_from(&self, (status, latitude): &(String, Option<f64>)) -> Option<String> {
        let is_current = self.status.as_deref() == Some(status) && self.latitude == *latitude;
        (!is_current).then(|| format!("{:?} at {:?} instead of {status} at {latitude:?}", self.status, self.latitude))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(id: i64) -> Value {
        json!({"type": crate::writers::EVENT_TYPE, "event_id": id})
    }

    #[test]
    fn a_missed_a_doubled_and_a_late_event_are_seen() {
        let truth = Truth { events: vec![(1, 1), (2, 2), (4, 3)], ..Truth::default() };
        let seen = |ids: &[i64]| {
            let mut view = View::default();
            ids.iter().for_each(|id| view.take_event(&event(*id)));
            (view.differs(Kind::Records, &truth).is_none(), view.faults.len())
        };
        assert_eq!(seen(&[1, 2, 4]), (true, 0));
        assert_eq!(seen(&[1, 4]), (false, 0));
        assert_eq!(seen(&[1, 2]), (false, 0));
        assert_eq!(seen(&[1, 2, 2, 4]), (true, 1));
        assert_eq!(seen(&[1, 4, 2]), (false, 1));
    }

    #[test]
    fn other_events_count_for_resuming_only() {
        let mut view = View::default();
        view.take_event(&json!({"type": "notification", "event_id": 3}));
        view.take_event(&json!({"type": "replay_complete", "count": 0, "last_event_id": 3, "complete": false}));
        assert_eq!((view.last_event, view.events.len(), view.faults.len()), (3, 0, 1));
    }

    #[test]
    fn an_older_place_that_came_last_is_stale() {
        let truth = Truth { buses: HashMap::from([("b".to_owned(), 2)]), ..Truth::default() };
        let mut view = View::default();
        assert!(view.differs(Kind::Bus, &truth).is_some());
        view.buses.insert("b".to_owned(), 2);
        assert!(view.differs(Kind::Bus, &truth).is_none());
        view.buses.insert("b".to_owned(), 1);
        assert!(view.differs(Kind::Bus, &truth).is_some());
    }
}
