//! Tells the server which caller a connection belongs to. The server ends connections without a caller first when there
//! are too many.

use milepost_domain::{Caller, Principal};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::NonZeroU64;
use std::sync::Arc;

/// Told the caller of each of a connection's requests with a valid credential, as soon as it was found valid: the body may
/// take long. It is in the extensions of every request.
#[derive(Clone)]
pub struct ConnectionCaller(Arc<dyn Fn(NonZeroU64) + Send + Sync>);

impl ConnectionCaller {
    /// `known` gets a number that stands for the caller.
    pub fn new(known: impl Fn(NonZeroU64) + Send + Sync + 'static) -> Self {
        Self(Arc::new(known))
    }

    /// A request was found to be of this caller.
    pub fn note(&self, caller: &Caller) {
        let mut hasher = DefaultHasher::new();
        caller.tenant.as_str().hash(&mut hasher);
        let kind = match &caller.principal {
            Principal::User { .. } => "user",
            Principal::Device { .. } => "device",
            Principal::Program { .. } => "program",
            Principal::Guest { .. } => "guest",
        };
        (kind, &*caller.principal.name()).hash(&mut hasher);
        (self.0)(NonZeroU64::MIN | hasher.finish());
    }
}
