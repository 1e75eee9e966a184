//! Reads and prunes positions by their arrival, along the index of arrival.

use super::sql::transaction::Transaction;
use super::{Db, Writers};
use crate::Result;

/// Positions of the tenant $1 that arrived at $2 or later and come after ($2, $3, $4) in the order of arrival; at most
/// $5. The index can use the first comparison of `received_ms`.
pub(super) const RECENT_POSITIONS: &str = concat!(
    "select ",
    position_columns!("p."),
    ", p.received_ms, p.vehicle_no, v.id, p.attributes
     from positions p join vehicles v on v.vehicle_no = p.vehicle_no
     where p.tenant_no = (select tenant_no from tenants where id = $1) and p.received_ms >= $2
     and (p.received_ms, p.vehicle_no, p.at_ms) > ($2, $3, $4)
     and not exists (select 1 from outliers o where o.vehicle_no = p.vehicle_no and o.at_ms = p.at_ms and o.reason in ",
    wrong_reasons!(),
    ")
     order by p.received_ms, p.vehicle_no, p.at_ms limit $5"
);

/// The same of the vehicles $6, a JSON array of numbers, read along the primary key: a vehicle's positions after the newest that
/// arrived before $2. Older ones that arrived later were late, and are left out. `offset 0` keeps PostgreSQL from reading the
/// whole track of a vehicle first.
pub(super) const RECENT_POSITIONS_OF: &str = concat!(
    "with seen as materialized (select w.vehicle_no, coalesce((select q.at_ms from positions q
        where q.vehicle_no = w.vehicle_no and q.received_ms < $2 order by q.at_ms desc limit 1), -1) as floor_ms
        from (select jsonb_array_elements_text($6::jsonb)::bigint as vehicle_no) w)
     select ",
    position_columns!("p."),
    ", p.received_ms, p.vehicle_no, v.id, p.attributes
     from seen s cross join lateral
        (select * from positions q where q.vehicle_no = s.vehicle_no and q.at_ms > s.floor_ms offset 0) p
     join vehicles v on v.vehicle_no = p.vehicle_no
     where p.tenant_no = (select tenant_no from tenants where id = $1) and p.received_ms >= $2
     and (p.received_ms, p.vehicle_no, p.at_ms) > ($2, $3, $4)
     and not exists (select 1 from outliers o where o.vehicle_no = p.vehicle_no and o.at_ms = p.at_ms and o.reason in ",
    wrong_reasons!(),
    ")
     order by p.received_ms, p.vehicle_no, p.at_ms limit $5"
);

/// A position arrives before its time by minutes at most. Two days leave room for wrong clocks, and spare a look into each
/// of the younger partitions.
const DELETE: &str = "delete from positions where at_ms < $2 + 172800000 and (vehicle_no, at_ms) in
    (select vehicle_no, at_ms from positions where tenant_no = $1 and received_ms < $2 and at_ms < $2 + 172800000
     order by received_ms limit $3)";

/// Deletes positions of a tenant that arrived before `cutoff_ms`, the earliest first, in at most `steps` steps of at
/// most `step_rows` rows. Returns true if there are more.
pub(super) async fn prune(
    writers: &Writers,
    tenant_no: i64,
    cutoff_ms: i64,
    (steps, step_rows): (usize, i64),
    count: &mut u64,
) -> Result<bool> {
    for _ in 0..steps {
        let mut transaction = Transaction::begin(writers, None).await?;
        let delete = sqlx::query::<Db>(DELETE).bind(tenant_no).bind(cutoff_ms).bind(step_rows);
        let deleted = delete.execute(transaction.connection()).await;
        let deleted = transaction.finish(deleted.map_err(Into::into)).await?.rows_affected();
        *count += deleted;
        if i64::try_from(deleted).is_ok_and(|deleted| deleted < step_rows) {
            return Ok(false);
        }
    }
    Ok(true)
}
