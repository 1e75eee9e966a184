//! The screen of every watcher: the last received position of each bus.

use crate::client::Listener;
use crate::deliveries::Deliveries;
use crate::fleet::Fleet;
use crate::frame::Closing;
use crate::http::Response;
use serde::Deserialize;

/// One screen for each watcher.
#[derive(Debug)]
pub(crate) struct Screens<'a> {
    /// Counts and delays over all watchers.
    pub(crate) deliveries: Deliveries,
    fleet: &'a Fleet,
    /// For each watcher, the time of the last received position of each bus; 0 before the first.
    shown_ms: Vec<Vec<i64>>,
}

/// The fields of a `location_update` that a screen needs.
#[derive(Deserialize)]
struct Update<'a> {
    #[serde(borrow)]
    data: UpdateData<'a>,
}

#[derive(Deserialize)]
struct UpdateData<'a> {
    bus_id: &'a str,
    timestamp: &'a str,
}

impl<'a> Screens<'a> {
    /// Empty screens.
    pub(crate) fn new(watchers: usize, fleet: &'a Fleet) -> Self {
        let shown_ms = vec![vec![0; fleet.buses.len()]; watchers];
        Self { deliveries: Deliveries::new(true), fleet, shown_ms }
    }

    /// The number of positions on all screens that are not the newest published of their bus, given in `newest_ms`.
    pub(crate) fn stale(&self, newest_ms: &[i64]) -> usize {
        let stale = |shown: &Vec<i64>| shown.iter().zip(newest_ms).filter(|(shown, newest)| shown != newest).count();
        self.shown_ms.iter().map(stale).sum()
    }

    /// The same for one screen.
    pub(crate) fn stale_of(&self, watcher: usize, newest_ms: &[i64]) -> usize {
        self.shown_ms[watcher].iter().zip(newest_ms).filter(|(shown, newest)| shown != newest).count()
    }
}

impl Listener for Screens<'_> {
    fn message(&mut self, watcher: usize, payload: &[u8], at_us: u64) {
        self.deliveries.message(watcher, payload, at_us);
        if let Ok(Update { data }) = serde_json::from_slice(payload)
            && let Some(bus) = self.fleet.number_of(data.bus_id)
            && let Ok(at) = data.timestamp.parse::<jiff::Timestamp>()
        {
            // The last received position counts, not the newest: an old position that replaces a newer one is an error.
            self.shown_ms[watcher][bus] = at.as_millisecond();
        }
    }

    fn answer(&mut self, publisher: usize, response: &Response<'_>) {
        self.deliveries.answer(publisher, response);
    }

    fn closed(&mut self, watcher: usize, closing: &Closing) {
        self.deliveries.closed(watcher, closing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_old_position_received_after_the_newest_leaves_a_stale_screen() {
        let fleet = Fleet::of_ids(["bus-1".to_owned(), "bus-2".to_owned()]);
        let mut screens = Screens::new(2, &fleet);
        let mut receive = |watcher, bus, second| {
            let update = format!(
                r#"{{"type":"location_update","data":{{"bus_id":"{bus}","timestamp":"1970-01-01T00:00:0{second}.000Z"}}}}"#
            );
            screens.message(watcher, update.as_bytes(), 0);
        };
        receive(0, "bus-1", 1);
        receive(0, "bus-2", 2);
        receive(1, "bus-2", 2);
        receive(1, "bus-1", 1);
        receive(1, "bus-2", 1);
        receive(1, "bus-9", 9);
        assert_eq!((screens.stale_of(0, &[1000, 2000]), screens.stale_of(1, &[1000, 2000])), (0, 1));
        assert_eq!(screens.stale(&[1000, 2000]), 1);
    }
}
