//! SQLite's file has one node: another process is refused by a lock.

use super::{Connection, Native};
use crate::{LivingNode, Result};
use milepost_domain::NodeId;

impl Native {
    #[allow(clippy::unused_async, clippy::unused_self, reason = "PostgreSQL's is read")]
    pub(super) async fn installation(&self, _connection: &mut Connection) -> Result<Option<String>> {
        Ok(None)
    }

    #[allow(clippy::unused_async, clippy::unused_self, reason = "PostgreSQL's is written")]
    pub(super) async fn beat(&self, _connection: &mut Connection, node: &LivingNode) -> Result<Vec<LivingNode>> {
        Ok(vec![node.clone()])
    }

    #[allow(clippy::unused_async, clippy::unused_self, reason = "PostgreSQL's is written")]
    pub(super) async fn leave(&self, _connection: &mut Connection, _node: NodeId) -> Result<()> {
        Ok(())
    }
}
