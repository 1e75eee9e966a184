//! SQLite's file has one node: another process is refused by a lock.

use super::{Connection, Native};
use crate::{LivingNode, Result};
use milepost_domain::{NodeId, Timestamp};

impl Native {
    #[allow(clippy::unused_async, clippy::unused_self, reason = "PostgreSQL's is read")]
    pub(super) async fn installation(&self, _connection: &mut Connection) -> Result<Option<String>> {
        Ok(None)
    }

    #[allow(clippy::unused_async, clippy::unused_self, reason = "PostgreSQL's is written")]
    pub(super) async fn beat(&self, _connection: &mut Connection, node: &LivingNode) -> Result<Vec<LivingNode>> {
        Ok(vec![node.clone()])
    }

    #[allow(clippy::unused_async, clippy::unused_self, reason = "PostgreSQL has a clock of its own")]
    pub(super) async fn compare_clocks(
        &self,
        _connection: &mut Connection,
        _machine: &(dyn Fn() -> Timestamp + Send + Sync),
    ) -> Result<i64> {
        Ok(0)
    }

    #[allow(clippy::unused_self, reason = "PostgreSQL has a clock of its own")]
    pub(super) fn to_shared(&self, own: Timestamp) -> Timestamp {
        own
    }

    #[allow(clippy::unused_self, reason = "PostgreSQL has a clock of its own")]
    pub(super) fn to_own(&self, shared: Timestamp) -> Timestamp {
        shared
    }

    #[allow(clippy::unused_async, clippy::unused_self, reason = "PostgreSQL's is written")]
    pub(super) async fn leave(&self, _connection: &mut Connection, _node: NodeId) -> Result<()> {
        Ok(())
    }
}
