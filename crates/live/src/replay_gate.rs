//! Joins stored and live events into one sequence for one client.

use milepost_hub::{Batch, Form, Message, Sink};
use std::sync::{Arc, Mutex, MutexGuard};

/// Bytes of live messages that wait while the last stored events are read. When they are exceeded, the client is
/// disconnected and has to resume.
const HELD_BYTES: usize = 256 * 1024;

/// A sink that drops live messages while older events are read from the store, which holds those events too. No event
/// passes twice or after one with a higher id.
pub(crate) struct ReplayGate {
    sink: Arc<dyn Sink>,
    /// A std mutex: held while a message is offered to the sink, which never waits, and never across an await. Lock
    /// order: this one before the sink's own.
    state: Mutex<State>,
}

struct State {
    mode: Mode,
    /// All events up to this id that the client may see have been sent.
    sent: i64,
}

enum Mode {
    Open,
    /// Live messages are dropped.
    Shut,
    /// Live messages wait in memory.
    Holding {
        held: Vec<Message>,
        bytes: usize,
    },
}

impl ReplayGate {
    /// A shut gate for a client that has all events up to `sent`.
    pub(crate) fn new(sink: Arc<dyn Sink>, sent: i64) -> Arc<Self> {
        Arc::new(Self { sink, state: Mutex::new(State { mode: Mode::Shut, sent }) })
    }

    /// Drops live messages from here on. Returns the id up to which all events were sent.
    pub(crate) fn shut(&self) -> i64 {
        let mut state = self.lock();
        state.mode = Mode::Shut;
        state.sent
    }

    /// Keeps live messages from here on. The dropped ones are in the store.
    pub(crate) fn hold(&self) {
        self.lock().mode = Mode::Holding { held: Vec::new(), bytes: 0 };
    }

    /// Passes on the messages that waited, then live ones. All events up to `sent` must have been sent.
    pub(crate) fn open(&self, sent: i64) {
        let mut state = self.lock();
        state.sent = state.sent.max(sent);
        if let Mode::Holding { held, .. } = std::mem::replace(&mut state.mode, Mode::Open) {
            for message in &held {
                self.pass(&mut state, message);
            }
        }
    }

    fn pass(&self, state: &mut State, message: &Message) {
        match message.number() {
            Some(number) if number < state.sent => return,
            Some(number) if number == state.sent && !message.is_mark() => return,
            Some(number) => state.sent = number,
            None => {}
        }
        self.sink.offer_one(message);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while holding it")
    }
}

impl Sink for ReplayGate {
    fn form(&self) -> Form {
        self.sink.form()
    }

    fn offer(&self, batch: &Batch) {
        let mut guard = self.lock();
        let state = &mut *guard;
        match &mut state.mode {
            Mode::Shut => {}
            Mode::Holding { held, bytes } => {
                for message in batch.messages() {
                    *bytes += message.payload().len();
                    held.push(message.clone());
                }
                if *bytes > HELD_BYTES {
                    state.mode = Mode::Shut;
                    self.sink.overrun();
                }
            }
            Mode::Open => {
                let numbers = || batch.messages().iter().filter_map(Message::number);
                if numbers().next().is_some_and(|first| first <= state.sent) {
                    for message in batch.messages() {
                        self.pass(state, message);
                    }
                } else {
                    state.sent = numbers().next_back().unwrap_or(state.sent);
                    // Passed on unchanged: the bytes are shared with all other clients.
                    self.sink.offer(batch);
                }
            }
        }
    }

    fn offer_one(&self, message: &Message) {
        self.sink.offer_one(message);
    }

    fn cork(&self) {
        self.sink.cork();
    }

    fn uncork(&self) {
        self.sink.uncork();
    }

    fn overrun(&self) {
        self.sink.overrun();
    }

    fn is_closed(&self) -> bool {
        self.sink.is_closed()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use milepost_hub::{Channel, ChannelId, Hub, HubLimits, Interest, Recipients, Subscription};
    use milepost_transport::WsEncoder;
    use std::time::Duration;

    /// Records the numbers of the messages that it is offered.
    #[derive(Default)]
    struct Recorder(Mutex<Vec<i64>>);

    impl Recorder {
        fn push(&self, message: &Message) {
            self.0.lock().unwrap().push(message.number().unwrap());
        }

        fn numbers(&self) -> Vec<i64> {
            self.0.lock().unwrap().clone()
        }
    }

    impl Sink for Recorder {
        fn form(&self) -> Form {
            Form::WsPlain
        }

        fn offer(&self, batch: &Batch) {
            batch.messages().iter().for_each(|message| self.push(message));
        }

        fn offer_one(&self, message: &Message) {
            self.push(message);
        }

        fn cork(&self) {}

        fn uncork(&self) {}

        /// Recorded as a number that no event has.
        fn overrun(&self) {
            self.0.lock().unwrap().push(-1);
        }

        fn is_closed(&self) -> bool {
            false
        }
    }

    struct Fixture {
        hub: Hub,
        channel: Arc<Channel>,
        recorder: Arc<Recorder>,
        gate: Arc<ReplayGate>,
        _subscription: Subscription,
    }

    impl Fixture {
        /// A shut gate for a client that has all events up to 10.
        fn new() -> Self {
            let hub = Hub::new(Arc::new(WsEncoder), HubLimits::default());
            let channel = hub.channel(&ChannelId::new("test", "acme"));
            let recorder = Arc::new(Recorder::default());
            let gate = ReplayGate::new(Arc::clone(&recorder) as Arc<dyn Sink>, 10);
            let _subscription = channel.subscribe(Arc::clone(&gate) as Arc<dyn Sink>, Interest::all());
            Self { hub, channel, recorder, gate, _subscription }
        }

        /// Publishes messages, and waits until the gate has been offered them.
        async fn publish(&self, numbers: std::ops::Range<i64>, bytes: usize) {
            let deliveries = self.hub.stats().deliveries + numbers.clone().count() as u64;
            let message = |number| Message::numbered(vec![b'x'; bytes], Recipients::everyone(), number);
            self.channel.publish_all(numbers.map(message));
            while self.hub.stats().deliveries < deliveries {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
    }

    #[tokio::test]
    async fn live_and_stored_events_form_one_sequence() {
        let fixture = Fixture::new();
        fixture.publish(11..13, 1).await;
        assert!(fixture.recorder.numbers().is_empty(), "shut: they are in the store");
        fixture.gate.hold();
        fixture.publish(13..16, 1).await;
        assert!(fixture.recorder.numbers().is_empty(), "they wait");
        // The events up to 14 were read from the store.
        fixture.gate.open(14);
        fixture.publish(15..17, 1).await;
        fixture.publish(17..18, 1).await;
        assert_eq!(fixture.recorder.numbers(), [15, 16, 17]);
        assert_eq!(fixture.gate.shut(), 17);
    }

    #[tokio::test]
    async fn a_client_with_too_many_held_messages_has_to_reconnect() {
        let fixture = Fixture::new();
        fixture.gate.hold();
        fixture.publish(11..14, HELD_BYTES / 2).await;
        assert_eq!(fixture.recorder.numbers(), [-1]);
        fixture.gate.open(10);
        assert_eq!(fixture.recorder.numbers(), [-1], "what waited is gone");
    }
}
