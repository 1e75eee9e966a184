//! Writes the moves of many deliveries into PostgreSQL by one statement.

use super::Connection;
use crate::{DeliveryMove, Result};
use milepost_domain::DeliveryFix;
use sqlx::Row;

/// Rows are locked in the order of their ids, so that two nodes can't wait for each other. If several fixes have the same
/// millisecond, the last one counts.
const MOVE: &str = "with moves as (
        select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::float8[], $5::float8[], $6::bigint[],
            $7::float8[], $8::float8[], $9::float8[], $10::bigint[], $11::bigint[], $12::float8[], $13::float8[])
        as m (tracking_id, version, first_ms, first_latitude, first_longitude, last_ms, last_latitude, last_longitude,
            driven_m, updated_ms, fix_ms, fix_latitude, fix_longitude)),
    held as (select tracking_id from deliveries where tracking_id = any($1::text[]) order by tracking_id for update),
    moved as (
        update deliveries d set version = m.version, first_ms = m.first_ms, first_latitude = m.first_latitude,
            first_longitude = m.first_longitude, last_ms = m.last_ms, last_latitude = m.last_latitude,
            last_longitude = m.last_longitude, driven_m = m.driven_m, updated_ms = m.updated_ms
        from moves m join held h using (tracking_id)
        where d.tracking_id = m.tracking_id and d.version = m.version - 1
        returning d.delivery_no, m.tracking_id, m.fix_ms, m.fix_latitude, m.fix_longitude),
    added as (
        insert into delivery_fixes (delivery_no, at_ms, latitude, longitude)
        select delivery_no, fix_ms, fix_latitude, fix_longitude from moved where fix_ms is not null
        on conflict (delivery_no, at_ms) do update set latitude = excluded.latitude, longitude = excluded.longitude)
    select exists (select 1 from moved where moved.tracking_id = w.tracking_id)
    from unnest($1::text[]) with ordinality as w (tracking_id, place) order by place";

/// Fixes column by column.
#[derive(Default)]
struct Fixes {
    at_ms: Vec<Option<i64>>,
    latitude: Vec<Option<f64>>,
    longitude: Vec<Option<f64>>,
}

impl Fixes {
    fn of(fixes: impl Iterator<Item = Option<DeliveryFix>>) -> Self {
        let mut columns = Self::default();
        for fix in fixes {
            columns.at_ms.push(fix.map(|fix| fix.at.unix_ms()));
            columns.latitude.push(fix.map(|fix| fix.latitude.get()));
            columns.longitude.push(fix.map(|fix| fix.longitude.get()));
        }
        columns
    }
}

/// Says of each move whether it was written.
pub(super) async fn write_moves(connection: &mut Connection, moves: &[DeliveryMove]) -> Result<Vec<bool>> {
    let first = Fixes::of(moves.iter().map(|one| one.delivery.first));
    let last = Fixes::of(moves.iter().map(|one| one.delivery.last));
    let fixes = Fixes::of(moves.iter().map(|one| one.fix));
    let rows = sqlx::query(MOVE)
        .bind(moves.iter().map(|one| one.delivery.tracking_id.as_str().to_owned()).collect::<Vec<_>>())
        .bind(moves.iter().map(|one| one.delivery.version).collect::<Vec<_>>())
        .bind(first.at_ms)
        .bind(first.latitude)
        .bind(first.longitude)
        .bind(last.at_ms)
        .bind(last.latitude)
        .bind(last.longitude)
        .bind(moves.iter().map(|one| one.delivery.driven_m).collect::<Vec<_>>())
        .bind(moves.iter().map(|one| one.delivery.updated_at.unix_ms()).collect::<Vec<_>>())
        .bind(fixes.at_ms)
        .bind(fixes.latitude)
        .bind(fixes.longitude)
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok(row.try_get(0)?)).collect()
}
