//! What several nodes have to count together: connections and failed logins.

use crate::{Access, ConnectionCount};
use std::net::IpAddr;
use std::sync::Mutex;
use tokio::sync::Notify;

/// Failed logins that wait to be told to other nodes. Further ones count on this node only.
const WAITING: usize = 1_000;

/// The counted name of a failed login, and its address.
pub type FailedLogin = (String, Option<IpAddr>);

/// Failed logins since they were last taken. A std mutex: held for a look-up.
#[derive(Default)]
pub(crate) struct FailedLogins {
    waiting: Mutex<Vec<FailedLogin>>,
    woken: Notify,
}

impl FailedLogins {
    pub(crate) fn note(&self, name: &str, address: Option<IpAddr>) {
        let mut waiting = self.waiting.lock().expect("nothing panics while holding it");
        if waiting.len() < WAITING {
            waiting.push((name.to_owned(), address));
        }
        drop(waiting);
        self.woken.notify_one();
    }
}

impl Access {
    /// Returns when something changed that other nodes count too. It may return too early.
    pub async fn shared_state_changed(&self) {
        tokio::select! {
            () = self.connections.changed() => {}
            () = self.failed_logins.woken.notified() => {}
        }
    }

    /// The numbers of this node's connections that changed since the last call.
    pub fn take_changed_counts(&self) -> Vec<ConnectionCount> {
        self.connections.take_changed()
    }

    /// The numbers of all connections of this node.
    pub fn all_counts(&self) -> Vec<ConnectionCount> {
        self.connections.all()
    }

    /// Sets how many connections a tenant has on other nodes.
    pub fn set_connections_elsewhere(&self, count: ConnectionCount) {
        self.connections.set_elsewhere(count);
    }

    /// The failed logins on this node since the last call.
    pub fn take_failed_logins(&self) -> Vec<FailedLogin> {
        std::mem::take(&mut *self.failed_logins.waiting.lock().expect("nothing panics while holding it"))
    }

    /// Counts a login that failed on another node.
    pub fn login_failed_elsewhere(&self, name: &str, address: Option<IpAddr>) {
        self.login_limit.note_failure(name, address, self.clock.now());
    }
}
