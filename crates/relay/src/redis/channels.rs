//! The names of the channels.

use milepost_domain::{NodeId, TenantId};

/// The channels of one installation.
pub(super) struct Channels {
    prefix: String,
}

impl Channels {
    pub(super) fn new(installation: &str) -> Self {
        Self { prefix: format!("milepost:{installation}:") }
    }

    pub(super) fn of_tenant(&self, tenant: &TenantId) -> String {
        format!("{}tenant:{tenant}", self.prefix)
    }

    /// The channel of one node, to which the others send what it folds.
    pub(super) fn of_node(&self, node: NodeId) -> String {
        format!("{}node:{node}", self.prefix)
    }

    /// The channel of all nodes.
    pub(super) fn of_nodes(&self) -> String {
        format!("{}nodes", self.prefix)
    }
}
