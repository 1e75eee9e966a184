//! Watches the tasks that the server can't do without. When one has ended by a fault, the server is not ready any more, and
//! `milepost serve` ends, so that its supervisor starts it again.

use std::sync::{Arc, Mutex};

/// A task's name, and whether it has ended.
type Watched = (&'static str, Box<dyn Fn() -> bool + Send + Sync>);

/// The watched tasks. Clones share them.
#[derive(Clone, Default)]
pub struct CoreTasks(Arc<Mutex<Vec<Watched>>>);

impl CoreTasks {
    /// Watches a task, which ends only after the server began to drain.
    pub fn watch(&self, name: &'static str, has_ended: impl Fn() -> bool + Send + Sync + 'static) {
        self.0.lock().expect("nothing panics while holding it").push((name, Box::new(has_ended)));
    }

    /// The name of a task that has ended.
    pub fn ended(&self) -> Option<&'static str> {
        let watched = self.0.lock().expect("nothing panics while holding it");
        watched.iter().find(|(_, has_ended)| has_ended()).map(|(name, _)| *name)
    }
}
