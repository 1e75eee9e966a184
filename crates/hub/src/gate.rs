//! Stands between the hub and one client, so that what is read from the store and what comes live form one sequence.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::batch::Batch;
use crate::message::{Form, Message};
use crate::outlet::Outlet;

/// Live messages, in bytes, that wait while the last events before them are read from the store. Past it the client is
/// told to come back and resume.
const HELD_BYTES: usize = 256 * 1024;

/// An outlet that can leave live messages out for as long as the store is read: what comes meanwhile is there too. No
/// event passes twice or after one with a higher id.
pub struct Gate {
    outlet: Arc<dyn Outlet>,
    /// A std mutex: held while a message is handed on, which never waits, and never across an await. Taken before
    /// the outlet's own.
    state: Mutex<State>,
}

struct State {
    mode: Mode,
    /// Everything up to this id that the client may see has been sent to it.
    told: i64,
}

enum Mode {
    Open,
    /// Live messages are left out.
    Shut,
    /// Live messages wait.
    Holding {
        held: Vec<Message>,
        bytes: usize,
    },
}

impl Gate {
    /// A gate that is shut, before a client that has been told everything up to `told`, or wants to know no more.
    pub fn new(outlet: Arc<dyn Outlet>, told: i64) -> Arc<Self> {
        Arc::new(Self { outlet, state: Mutex::new(State { mode: Mode::Shut, told }) })
    }

    /// From now on live messages are left out: up to which event everything was sent.
    pub fn shut(&self) -> i64 {
        let mut state = self.lock();
        state.mode = Mode::Shut;
        state.told
    }

    /// From now on live messages wait. Those left out before are older than the newest event in the store.
    pub fn hold(&self) {
        self.lock().mode = Mode::Holding { held: Vec::new(), bytes: 0 };
    }

    /// Everything up to `told` was sent: lets go what waited, and lets pass what comes.
    pub fn open(&self, told: i64) {
        let mut state = self.lock();
        state.told = state.told.max(told);
        if let Mode::Holding { held, .. } = std::mem::replace(&mut state.mode, Mode::Open) {
            for message in &held {
                self.pass(&mut state, message);
            }
        }
    }

    fn pass(&self, state: &mut State, message: &Message) {
        match message.number() {
            Some(number) if number <= state.told => return,
            Some(number) => state.told = number,
            None => {}
        }
        self.outlet.offer_if_absent(message);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("nothing panics while holding it")
    }
}

impl Outlet for Gate {
    fn form(&self) -> Form {
        self.outlet.form()
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
                    self.outlet.overrun();
                }
            }
            Mode::Open => {
                let numbers = || batch.messages().iter().filter_map(Message::number);
                if numbers().next().is_some_and(|first| first <= state.told) {
                    for message in batch.messages() {
                        self.pass(state, message);
                    }
                } else {
                    state.told = numbers().next_back().unwrap_or(state.told);
                    // As it is: its bytes are shared with all others.
                    self.outlet.offer(batch);
                }
            }
        }
    }

    fn offer_if_absent(&self, message: &Message) {
        self.outlet.offer_if_absent(message);
    }

    fn cork(&self) {
        self.outlet.cork();
    }

    fn uncork(&self) {
        self.outlet.uncork();
    }

    fn overrun(&self) {
        self.outlet.overrun();
    }

    fn is_closed(&self) -> bool {
        self.outlet.is_closed()
    }
}
