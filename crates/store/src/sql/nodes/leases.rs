//! Work that one node at a time does.

use super::super::{Connection, Db};
use crate::Result;
use milepost_domain::{NodeId, Timestamp};

/// Leases that ended this long ago are of work that nobody does any more, milliseconds.
const FORGOTTEN_MS: i64 = 7 * 86_400_000;

pub(crate) async fn hold_lease(
    connection: &mut Connection,
    name: &str,
    node: NodeId,
    now: Timestamp,
    until: Timestamp,
) -> Result<bool> {
    let held = sqlx::query::<Db>(
        "insert into leases (name, node, until_ms) values ($1, $2, $3)
         on conflict (name) do update set node = excluded.node, until_ms = excluded.until_ms
            where leases.node = excluded.node or leases.until_ms <= $4",
    )
    .bind(name)
    .bind(node.to_string())
    .bind(until.unix_ms())
    .bind(now.unix_ms())
    .execute(&mut *connection)
    .await?;
    if held.rows_affected() == 0 {
        return Ok(false);
    }
    sqlx::query::<Db>("delete from leases where until_ms < $1")
        .bind(now.plus_ms(-FORGOTTEN_MS).unix_ms())
        .execute(connection)
        .await?;
    Ok(true)
}
