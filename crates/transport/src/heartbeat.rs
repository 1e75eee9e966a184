//! One coarse timer wheel for all sockets, so that a socket has no timer of its own.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, Weak};
use std::time::Duration;

use crate::shared::Shared;

/// Slots of the wheel. What is due after a whole turn is served once before its time, and put in again.
const SLOTS: u64 = 512;

/// Entries served between yields.
const ENTRIES_PER_YIELD: usize = 64;

/// An entry of a wheel.
pub(crate) trait Timed {
    /// The tick that this entry waits for; its other places in the wheel are out of date.
    fn armed_tick(&self) -> &AtomicU64;

    /// Does what is due, and returns when the next thing will be. `None` is never.
    fn tick(&self, now_ms: u64) -> Option<u64>;
}

/// Entries by the tick at which they are served. An entry may stand in the wheel more than once: serving it again does
/// no harm.
pub(crate) struct Wheel<T> {
    tick_ms: u64,
    // Held for an insertion, never while an entry is served.
    slots: Mutex<Slots<T>>,
}

struct Slots<T> {
    slots: Box<[Vec<Weak<T>>]>,
    /// The last tick that was served.
    tick: u64,
}

impl<T: Timed> Wheel<T> {
    pub(crate) fn new(tick_ms: u64) -> Self {
        let slots = (0..SLOTS).map(|_| Vec::new()).collect();
        Self { tick_ms, slots: Mutex::new(Slots { slots, tick: 0 }) }
    }

    /// Has `entry` served once `at_ms` has come, unless it is served before anyway.
    pub(crate) fn schedule(&self, entry: &Arc<T>, at_ms: u64) {
        let mut slots = self.lock();
        let tick = at_ms.div_ceil(self.tick_ms).clamp(slots.tick + 1, slots.tick + SLOTS - 1);
        let armed = entry.armed_tick().load(Relaxed);
        if armed > slots.tick && armed <= tick {
            return;
        }
        entry.armed_tick().store(tick, Relaxed);
        slots.slots[(tick % SLOTS) as usize].push(Arc::downgrade(entry));
    }

    /// Every entry that still exists, some perhaps twice.
    pub(crate) fn entries(&self) -> Vec<Arc<T>> {
        self.lock().slots.iter().flatten().filter_map(Weak::upgrade).collect()
    }

    /// The entries of the next tick, if it has come by `now_ms`.
    fn advance(&self, now_ms: u64) -> Option<Vec<Weak<T>>> {
        let mut slots = self.lock();
        if (slots.tick + 1) * self.tick_ms > now_ms {
            return None;
        }
        slots.tick += 1;
        let at = (slots.tick % SLOTS) as usize;
        Some(std::mem::take(&mut slots.slots[at]))
    }

    fn lock(&self) -> MutexGuard<'_, Slots<T>> {
        self.slots.lock().expect("nothing panics while holding it")
    }
}

/// Turns the wheel for as long as it exists.
pub(crate) async fn run<T: Timed>(wheel: Weak<Wheel<T>>, shared: Arc<Shared>) {
    let tick = Duration::from_millis(shared.timing.tick_ms());
    loop {
        shared.timing.sleep(tick).await;
        let Some(wheel) = wheel.upgrade() else { return };
        while let Some(due) = wheel.advance(shared.timing.sync()) {
            for entries in due.chunks(ENTRIES_PER_YIELD) {
                for entry in entries.iter().filter_map(Weak::upgrade) {
                    if let Some(next_ms) = entry.tick(shared.timing.now_ms()) {
                        wheel.schedule(&entry, next_ms);
                    }
                }
                tokio::task::yield_now().await;
            }
        }
    }
}
