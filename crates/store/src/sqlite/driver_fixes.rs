//! Writes the fixes of many drivers into SQLite by one transaction.

use crate::{DriverFixWrite, FixOutcome, Result, StoreError};
use milepost_domain::MAX_AHEAD_MS;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

const TENANT_NO: &str = "select tenant_no from tenants where id = ?";

const ADD: &str = "insert into driver_fixes (tenant_no, driver_id, at_ms, latitude, longitude, address, received_ms)
    values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing";

/// One that lies ahead gives way: the server's clock did when it was stored.
const ADVANCE: &str = "insert into driver_states (tenant_no, driver_id, at_ms, latitude, longitude, address)
    values (?1, ?2, ?3, ?4, ?5, ?6)
    on conflict (tenant_no, driver_id) do update set at_ms = excluded.at_ms, latitude = excluded.latitude,
    longitude = excluded.longitude, address = excluded.address
    where driver_states.at_ms < excluded.at_ms or driver_states.at_ms > ?7";

pub(super) fn write_fixes(connection: &mut Connection, fixes: &[DriverFixWrite]) -> Result<Vec<FixOutcome>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut outcomes = Vec::with_capacity(fixes.len());
    {
        let mut tenant_no = transaction.prepare_cached(TENANT_NO)?;
        let mut add = transaction.prepare_cached(ADD)?;
        let mut advance = transaction.prepare_cached(ADVANCE)?;
        for DriverFixWrite { tenant, fix, now } in fixes {
            let tenant_no: Option<i64> = tenant_no.query_row([tenant.as_str()], |row| row.get(0)).optional()?;
            let tenant_no = tenant_no.ok_or(StoreError::NotFound("tenant"))?;
            let (driver, at_ms, address) = (fix.driver_id.get(), fix.at.unix_ms(), fix.address.as_str());
            let (latitude, longitude) = (fix.latitude.get(), fix.longitude.get());
            if add.execute(params![tenant_no, driver, at_ms, latitude, longitude, address, now.unix_ms()])? == 0 {
                outcomes.push(FixOutcome::Duplicate);
                continue;
            }
            let ahead_ms = now.plus_ms(MAX_AHEAD_MS).unix_ms();
            let advanced =
                advance.execute(params![tenant_no, driver, at_ms, latitude, longitude, address, ahead_ms])?;
            outcomes.push(if advanced == 0 { FixOutcome::Late } else { FixOutcome::Newest });
        }
    }
    transaction.commit()?;
    Ok(outcomes)
}
