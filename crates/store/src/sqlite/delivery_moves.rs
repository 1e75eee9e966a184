//! Writes the moves of many deliveries into SQLite by one transaction.

use crate::{DeliveryMove, Result};
use milepost_domain::DeliveryFix;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

const MOVE: &str = "update deliveries set version = ?2, first_ms = ?3, first_latitude = ?4, first_longitude = ?5,
    last_ms = ?6, last_latitude = ?7, last_longitude = ?8, driven_m = ?9, updated_ms = ?10
    where tracking_id = ?1 and version = ?2 - 1 returning delivery_no";

/// If several fixes have the same millisecond, the last one counts.
const ADD_FIX: &str = "insert into delivery_fixes (delivery_no, at_ms, latitude, longitude) values (?, ?, ?, ?)
    on conflict (delivery_no, at_ms) do update set latitude = excluded.latitude, longitude = excluded.longitude";

/// Says of each move whether it was written.
pub(super) fn write_moves(connection: &mut Connection, moves: &[DeliveryMove]) -> Result<Vec<bool>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut written = Vec::with_capacity(moves.len());
    {
        let mut change = transaction.prepare_cached(MOVE)?;
        let mut add_fix = transaction.prepare_cached(ADD_FIX)?;
        for DeliveryMove { delivery, fix } in moves {
            let place = |fix: Option<DeliveryFix>| {
                (fix.map(|fix| fix.at.unix_ms()), fix.map(|fix| fix.latitude.get()), fix.map(|fix| fix.longitude.get()))
            };
            let (first, last) = (place(delivery.first), place(delivery.last));
            let row = params![
                delivery.tracking_id.as_str(),
                delivery.version,
                first.0,
                first.1,
                first.2,
                last.0,
                last.1,
                last.2,
                delivery.driven_m,
                delivery.updated_at.unix_ms(),
            ];
            let delivery_no: Option<i64> = change.query_row(row, |row| row.get(0)).optional()?;
            if let (Some(delivery_no), Some(fix)) = (delivery_no, fix) {
                add_fix.execute((delivery_no, fix.at.unix_ms(), fix.latitude.get(), fix.longitude.get()))?;
            }
            written.push(delivery_no.is_some());
        }
    }
    transaction.commit()?;
    Ok(written)
}
