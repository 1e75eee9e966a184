//! Starts and watches the tasks that the server can't do without. When one has ended by a fault, the server is not ready any more, and
//! `milepost serve` ends, so that its supervisor starts it again.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::task::{AbortHandle, JoinHandle};

/// A watched task.
struct Watched {
    name: &'static str,
    has_ended: Box<dyn Fn() -> bool + Send + Sync>,
    /// Of one that was started here.
    started: Option<AbortHandle>,
}

/// The watched tasks. Clones share them.
#[derive(Clone, Default)]
pub struct CoreTasks(Arc<Mutex<Vec<Watched>>>);

impl CoreTasks {
    /// Starts a task that ends only after the server began to drain, and watches it.
    pub fn start(&self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        let task = tokio::spawn(task);
        let (started, watched) = (task.abort_handle(), task.abort_handle());
        let has_ended = Box::new(move || watched.is_finished());
        self.lock().push(Watched { name, has_ended, started: Some(started) });
        task
    }

    /// Watches something that runs by itself, and ends only after the server began to drain.
    pub fn watch(&self, name: &'static str, has_ended: impl Fn() -> bool + Send + Sync + 'static) {
        self.lock().push(Watched { name, has_ended: Box::new(has_ended), started: None });
    }

    /// The name of a task that has ended.
    pub fn ended(&self) -> Option<&'static str> {
        self.lock().iter().find(|task| (task.has_ended)()).map(|task| task.name)
    }

    /// The names of those that were started here.
    pub fn started(&self) -> Vec<&'static str> {
        self.lock().iter().filter(|task| task.started.is_some()).map(|task| task.name).collect()
    }

    /// Ends a task that was started here. Without a drain that looks like a fault.
    pub fn end(&self, name: &str) {
        self.lock()
            .iter()
            .filter(|task| task.name == name)
            .filter_map(|task| task.started.as_ref())
            .for_each(AbortHandle::abort);
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Watched>> {
        self.0.lock().expect("nothing panics while holding it")
    }
}
