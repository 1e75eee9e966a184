//! The table of nodes. All times are of the database's clock: those of the nodes may differ by a minute.

use super::{Connection, Native};
use crate::node_store::NODE_SILENCE;
use crate::{LivingNode, Result, StoreError};
use milepost_domain::NodeId;
use sqlx::Row;

impl Native {
    #[allow(clippy::unused_self, reason = "SQLite's has a name of its own")]
    pub(super) async fn installation(&self, connection: &mut Connection) -> Result<Option<String>> {
        Ok(sqlx::query_scalar("select id from installation").fetch_optional(connection).await?)
    }

    #[allow(clippy::unused_self, reason = "both databases' are called alike")]
    pub(super) async fn beat(&self, connection: &mut Connection, node: &LivingNode) -> Result<Vec<LivingNode>> {
        sqlx::query(
            "with gone as (delete from nodes where beat_at < clock_timestamp() - interval '1 minute' and id <> $1)
             insert into nodes (id, version, relay_up) values ($1, $2, $3)
             on conflict (id) do update set beat_at = clock_timestamp(), relay_up = excluded.relay_up",
        )
        .bind(node.id.to_string())
        .bind(&node.version)
        .bind(node.relay_up)
        .execute(&mut *connection)
        .await?;
        let rows = sqlx::query(
            "select id, version, relay_up from nodes
             where beat_at > clock_timestamp() - make_interval(secs => $1) order by id",
        )
        .bind(NODE_SILENCE.as_secs_f64())
        .fetch_all(connection)
        .await?;
        let living = rows.iter().map(|row| {
            let id =
                NodeId::from_hex(row.try_get(0)?).ok_or_else(|| StoreError::Corrupt("the id of a node".to_owned()))?;
            Ok(LivingNode { id, version: row.try_get(1)?, relay_up: row.try_get(2)? })
        });
        living.collect()
    }

    #[allow(clippy::unused_self, reason = "both databases' are called alike")]
    pub(super) async fn leave(&self, connection: &mut Connection, node: NodeId) -> Result<()> {
        sqlx::query("delete from nodes where id = $1").bind(node.to_string()).execute(connection).await?;
        Ok(())
    }
}
