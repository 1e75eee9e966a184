//! Tenants' own thresholds.

use super::super::{Connection, Db, accounts::tenants, events, positions::timestamp};
use crate::{Renderer, Result};
use milepost_domain::{Fact, FleetRules, JsonObject, TenantId, Timestamp};
use sqlx::Row;

pub(crate) async fn get_rules(connection: &mut Connection, tenant: &TenantId) -> Result<Option<FleetRules>> {
    let row = sqlx::query::<Db>(
        "select rules, version, changed_ms from fleet_rules
         where tenant_no = (select tenant_no from tenants where id = $1)",
    )
    .bind(tenant.as_str())
    .fetch_optional(connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(FleetRules {
        values: JsonObject::of_parsed(row.try_get("rules")?, "rules")?,
        version: row.try_get("version")?,
        changed_at: timestamp(row.try_get("changed_ms")?)?,
    }))
}

pub(crate) async fn set_rules(
    connection: &mut Connection,
    tenant: &TenantId,
    values: &JsonObject,
    known: i64,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Option<FleetRules>> {
    let tenant_no = tenants::tenant_no(connection, tenant).await?;
    // Parameters are listed in the order of their numbers, because SQLite numbers them in that order whatever their
    // names are.
    let statement = if known == 0 {
        "insert into fleet_rules (rules, changed_ms, version, tenant_no) values ($1, $2, $3 + 1, $4)
         on conflict do nothing"
    } else {
        "update fleet_rules set rules = $1, changed_ms = $2, version = $3 + 1 where version = $3 and tenant_no = $4"
    };
    let set = sqlx::query::<Db>(statement)
        .bind(values.as_str())
        .bind(now.unix_ms())
        .bind(known)
        .bind(tenant_no)
        .execute(&mut *connection)
        .await?;
    if set.rows_affected() == 0 {
        return Ok(None);
    }
    let version = known + 1;
    events::append_facts(connection, tenant, &[Fact::RulesChanged { version }], now, renderer).await?;
    Ok(Some(FleetRules { values: values.clone(), version, changed_at: now }))
}
