//! What is remembered of the senders of datagrams: some protocols say once who they are.

use milepost_device_protocols::{Protocol, Session};
use std::collections::HashMap;
use std::net::SocketAddr;

/// Senders that are remembered. When there are more, those that said nothing for longest are forgotten; a device says again who it is.
const MAX_SENDERS: usize = 10_000;

/// Sessions by address, the recent ones and those before them. When the recent ones are half of what is remembered, they become those
/// before, and whoever said nothing since is forgotten.
pub(super) struct Senders {
    protocol: Protocol,
    recent: HashMap<SocketAddr, Session>,
    before: HashMap<SocketAddr, Session>,
}

impl Senders {
    pub(super) fn new(protocol: Protocol) -> Self {
        Self { protocol, recent: HashMap::new(), before: HashMap::new() }
    }

    /// The session of this sender, taken out. Put it back unless it broke.
    pub(super) fn take(&mut self, from: SocketAddr) -> Session {
        let known = self.recent.remove(&from).or_else(|| self.before.remove(&from));
        known.unwrap_or_else(|| Session::new(self.protocol))
    }

    pub(super) fn put_back(&mut self, from: SocketAddr, session: Session) {
        if self.recent.len() >= MAX_SENDERS / 2 {
            self.before = std::mem::take(&mut self.recent);
        }
        self.recent.insert(from, session);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn senders_that_say_nothing_are_forgotten_first() {
        let mut senders = Senders::new(Protocol::Gt06);
        let address = |number: usize| SocketAddr::new([10, 0, (number >> 8) as u8, number as u8].into(), 1);
        for number in 0..4 * MAX_SENDERS {
            let session = senders.take(address(number));
            senders.put_back(address(number), session);
            let talking = senders.take(address(0));
            senders.put_back(address(0), talking);
            assert!(senders.recent.len() + senders.before.len() <= MAX_SENDERS);
        }
        assert!(senders.recent.contains_key(&address(0)));
        assert!(!senders.recent.contains_key(&address(1)) && !senders.before.contains_key(&address(1)));
    }
}
