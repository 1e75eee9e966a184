//! One coarse timer wheel for all sockets: pings, silence, expiry and the end of close handshakes.

use std::sync::{Arc, PoisonError, Weak};
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use crate::link::Link;
use crate::transport::Transport;

/// Slots of the wheel. What is due further ahead is looked at when the wheel has turned that far.
const SLOTS: u64 = 512;

/// Links served between yields.
const LINKS_PER_YIELD: usize = 64;

/// The length of a tick: an eighth of the shortest time to keep, but never more than this.
const MAX_TICK: Duration = Duration::from_millis(250);
const MIN_TICK: Duration = Duration::from_millis(5);

/// How long a tick is for these times.
pub(crate) fn tick_ms(times: [Duration; 3]) -> u64 {
    let shortest = times.into_iter().min().unwrap_or(MAX_TICK);
    (shortest / 8).clamp(MIN_TICK, MAX_TICK).as_millis() as u64
}

/// Links by the tick at which they are to be looked at. A link may stand in it more than once; looking at it again
/// does no harm and adds no entry.
pub(crate) struct Wheel {
    slots: Box<[Vec<Weak<Link>>]>,
    /// The last tick that was served.
    tick: u64,
}

impl Wheel {
    pub(crate) fn new() -> Self {
        Self { slots: (0..SLOTS).map(|_| Vec::new()).collect(), tick: 0 }
    }

    /// Puts `link` in unless it already stands at `tick` or before.
    pub(crate) fn insert(&mut self, link: &Arc<Link>, tick: u64) {
        use std::sync::atomic::Ordering::Relaxed;
        let tick = tick.clamp(self.tick + 1, self.tick + SLOTS - 1);
        let armed = link.armed_tick.load(Relaxed);
        if armed > self.tick && armed <= tick {
            return;
        }
        link.armed_tick.store(tick, Relaxed);
        self.slots[(tick % SLOTS) as usize].push(Arc::downgrade(link));
    }

    /// Every link in the wheel that still exists, some perhaps twice.
    pub(crate) fn links(&self) -> Vec<Arc<Link>> {
        self.slots.iter().flatten().filter_map(Weak::upgrade).collect()
    }

    fn advance(&mut self) -> Vec<Weak<Link>> {
        self.tick += 1;
        std::mem::take(&mut self.slots[(self.tick % SLOTS) as usize])
    }
}

/// Turns the wheel for as long as the transport exists.
pub(crate) async fn run(transport: Weak<Transport>, tick_ms: u64) {
    let mut interval = tokio::time::interval(Duration::from_millis(tick_ms));
    interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        interval.tick().await;
        let Some(transport) = transport.upgrade() else { return };
        loop {
            let now_ms = transport.now_ms();
            let due = {
                let mut wheel = transport.wheel.lock().unwrap_or_else(PoisonError::into_inner);
                if (wheel.tick + 1) * tick_ms > now_ms {
                    break;
                }
                wheel.advance()
            };
            for links in due.chunks(LINKS_PER_YIELD) {
                for link in links.iter().filter_map(Weak::upgrade) {
                    if let Some(next_ms) = link.beat(now_ms) {
                        transport.schedule(&link, next_ms);
                    }
                }
                tokio::task::yield_now().await;
            }
        }
    }
}
