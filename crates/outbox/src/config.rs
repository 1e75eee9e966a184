//! The outbox's configuration.

use crate::{AddressRule, MailSettings, ServiceUrl, Vapid};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// Receivers, allowed addresses and times.
#[derive(Clone)]
pub struct OutboxConfig {
    /// The order service; its calls wait while it is unset.
    pub orders: Option<ServiceUrl>,
    /// The notification service; its calls wait while it is unset.
    pub notifications: Option<ServiceUrl>,
    /// The key that signs calls to push services. Pushes wait while it is unset.
    pub vapid: Option<Arc<Vapid>>,
    /// What mails are sent with. They wait while it is unset.
    pub mail: Option<MailSettings>,
    /// The addresses that webhooks and push services may have.
    pub webhook_addresses: AddressRule,
    /// A call that fails at this age is given up.
    pub give_up_after: Duration,
    /// Periods and time limits. Tests shorten them.
    pub timing: Timing,
    /// Spreads the retries: returns a random number from 0 to the given one, both included.
    pub random: Arc<dyn Fn(u64) -> u64 + Send + Sync>,
}

impl Default for OutboxConfig {
    fn default() -> Self {
        Self {
            orders: None,
            notifications: None,
            vapid: None,
            mail: None,
            webhook_addresses: AddressRule::default(),
            give_up_after: Duration::from_secs(24 * 3600),
            timing: Timing::default(),
            random: Arc::new(|most| fastrand::u64(0..=most)),
        }
    }
}

impl fmt::Debug for OutboxConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboxConfig").field("timing", &self.timing).finish_non_exhaustive()
    }
}

/// Periods and time limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long a taken call belongs to its node. The calls of a node that died are sent after it.
    pub lease: Duration,
    /// How long a try may take from the connection to the end of the answer.
    pub try_timeout: Duration,
    /// How long resolving the host and connecting may take within that.
    pub connect_timeout: Duration,
    /// How long a receiver may take to answer before it counts as slow.
    pub slow_after: Duration,
    /// The longest pause after the first failure; it doubles with each.
    pub first_delay: Duration,
    /// The longest pause.
    pub max_delay: Duration,
    /// How often the store is scanned without a wake-up: other nodes store calls too, and leases end.
    pub scan_every: Duration,
    /// How long running tries may take when the sender is stopped.
    pub stop_deadline: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(60),
            try_timeout: Duration::from_secs(10),
            connect_timeout: Duration::from_secs(5),
            slow_after: Duration::from_secs(2),
            first_delay: Duration::from_secs(1),
            max_delay: Duration::from_secs(600),
            scan_every: Duration::from_secs(5),
            stop_deadline: Duration::from_secs(10),
        }
    }
}
