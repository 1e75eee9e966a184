//! Tells the server which caller a connection belongs to. The server ends connections without a caller first when there
//! are too many.

use milepost_domain::{Caller, Principal};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The caller of a connection's last request with a valid credential. It is in the extensions of every request, and its
/// clones share it.
#[derive(Debug, Clone, Default)]
pub struct ConnectionCaller(Arc<AtomicU64>);

impl ConnectionCaller {
    /// A number that stands for the caller; `None` before a credential was valid.
    pub fn number(&self) -> Option<NonZeroU64> {
        NonZeroU64::new(self.0.load(Ordering::Relaxed))
    }

    pub(crate) fn note(&self, caller: &Caller) {
        let mut hasher = DefaultHasher::new();
        caller.tenant.as_str().hash(&mut hasher);
        match &caller.principal {
            Principal::User { subject, .. } => ("user", subject.as_str()).hash(&mut hasher),
            Principal::Device { id, .. } => ("device", id.as_str()).hash(&mut hasher),
        }
        self.0.store(hasher.finish() | 1, Ordering::Relaxed);
    }
}
