//! The handle of the running sender: starting, waking, stopping.

use crate::dispatcher::Dispatcher;
use crate::stats::Counters;
use crate::{OutboxConfig, OutboxStats};
use milepost_clock::Clock;
use milepost_store::OutgoingStore;
use std::sync::{Arc, Mutex};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// The running sender.
pub struct Outbox {
    wake: Arc<Notify>,
    counters: Arc<Counters>,
    stop: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Outbox {
    /// Starts to send what the store holds. `clock` says when calls are due; connections and answers are waited for in
    /// the machine's time. Needs a Tokio runtime, and rustls's default provider of cryptography.
    pub fn start(store: Arc<dyn OutgoingStore>, config: OutboxConfig, clock: Clock) -> Self {
        let (wake, counters) = (Arc::new(Notify::new()), Arc::new(Counters::default()));
        let (stop, stopping) = watch::channel(false);
        let dispatcher = Dispatcher::new(store, config, clock, Arc::clone(&counters));
        let task = tokio::spawn(dispatcher.run(Arc::clone(&wake), stopping));
        Self { wake, counters, stop, task: Mutex::new(Some(task)) }
    }

    /// Calls may have been stored. Cheap; to be called after the commit.
    pub fn wake(&self) {
        self.wake.notify_one();
    }

    /// [`Self::wake`] as a function, for crates that do not know the outbox.
    pub fn waker(&self) -> Arc<dyn Fn() + Send + Sync> {
        let wake = Arc::clone(&self.wake);
        Arc::new(move || wake.notify_one())
    }

    /// The counters so far.
    pub fn stats(&self) -> OutboxStats {
        self.counters.read()
    }

    /// Whether its task has ended, which it does only after [`Self::stop`].
    pub fn has_ended(&self) -> bool {
        self.task.lock().expect("nothing panics while holding it").as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Takes no more calls, and waits for the running tries as long as the configuration says. A call that was cut off or
    /// still waits in memory is sent again by the next process, after its lease.
    pub async fn stop(&self) {
        let _ = self.stop.send(true);
        let task = self.task.lock().expect("nothing panics while holding it").take();
        if let Some(task) = task {
            let _ = task.await;
        }
    }
}
