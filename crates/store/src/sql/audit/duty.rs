//! Changes of off-duty time with their rows of the audit.

use super::super::{Connection, duty::rows};
use super::accounts::changed;
use super::rows::note;
use crate::{Renderer, Result};
use milepost_domain::{Author, OffDuty, OffDutyRule, TenantId, Timestamp, UserId};
use serde_json::json;

pub(crate) async fn set_off_duty_rule(
    connection: &mut Connection,
    tenant: &TenantId,
    rule: OffDutyRule,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<bool> {
    let before = rows::off_duty_rule(connection, tenant).await?;
    if !rows::set_off_duty_rule(connection, tenant, rule, now, renderer).await? {
        return Ok(false);
    }
    let shown = |rule: OffDutyRule| Some(json!({ "off_duty": rule.as_str() }));
    note(connection, author, tenant, || changed("tenant.update", "tenant", tenant, shown(before), shown(rule))).await?;
    Ok(true)
}

pub(crate) async fn change_duty(
    connection: &mut Connection,
    tenant: &TenantId,
    driver: UserId,
    is_off: bool,
    now: Timestamp,
    renderer: &dyn Renderer,
    author: Option<&Author>,
) -> Result<Option<OffDuty>> {
    let rows::DutyChange { time, is_new } =
        rows::change_duty(connection, tenant, driver, is_off, now, renderer).await?;
    if is_new {
        let shown = |is_off: bool| Some(json!({ "off_duty": is_off }));
        note(connection, author, tenant, || changed("duty.update", "user", driver, shown(!is_off), shown(is_off)))
            .await?;
    }
    Ok(time)
}
