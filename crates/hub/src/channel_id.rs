//! Names a channel.

use std::sync::Arc;

/// One dialect's messages of one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChannelId {
    /// The dialect's name, such as `bus`.
    pub dialect: &'static str,
    /// The tenant's id.
    pub tenant: Arc<str>,
}

impl ChannelId {
    /// The channel of `dialect` for `tenant`.
    pub fn new(dialect: &'static str, tenant: impl Into<Arc<str>>) -> Self {
        Self { dialect, tenant: tenant.into() }
    }
}
