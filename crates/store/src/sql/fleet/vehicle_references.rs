//! Removes what refers to a vehicle by its id, so that one that is made anew under that id inherits nothing.

use super::super::dialect::{VEHICLE_IDS_HOLD_PARAMETER_1, VEHICLE_IDS_WITHOUT_PARAMETER_1};
use super::super::{
    Connection, Db, access_tokens::rows as access_tokens, accounts::tenants, catalogue::rows as catalogue,
    push::alert_calls, reports::rows as reports, roaming::fences as roaming_fences, shares::rows as shares,
};
use super::alerts;
use crate::Result;
use milepost_domain::{AlertId, EntryKind, Fact, GeofenceId, TenantId, Timestamp, UserId, VehicleId};
use sqlx::{AssertSqlSafe, Row};

/// Takes a removed vehicle off the lists of users, access tokens, shares, report schedules, geofences and roaming fences, and deletes its alerts. Returns the facts to publish. To be called
/// after the vehicle's row was deleted: a fold that wrote its alerts at the same time has ended by then.
pub(crate) async fn remove(
    connection: &mut Connection,
    tenant: &TenantId,
    id: &VehicleId,
    now: Timestamp,
) -> Result<Vec<Fact>> {
    let tenant_no = tenants::tenant_no(connection, tenant).await?;
    for kind in [EntryKind::Vehicle, EntryKind::Picture] {
        catalogue::forget_named(connection, tenant_no, kind, id.as_str()).await?;
    }
    let mut facts = Vec::new();
    for user in take_off_lists(connection, "users", tenant_no, id).await? {
        facts.push(Fact::UserChanged { user_id: UserId::new(user)? });
    }
    for access_token_id in access_tokens::forget_vehicle(connection, tenant_no, id).await? {
        facts.push(Fact::AccessTokenChanged { access_token_id });
    }
    for share_id in shares::forget_removed(connection, tenant_no).await? {
        facts.push(Fact::ShareChanged { share_id });
    }
    reports::forget_removed(connection, tenant_no).await?;
    for geofence in take_off_lists(connection, "geofences", tenant_no, id).await? {
        facts.push(Fact::GeofenceChanged { geofence_id: GeofenceId::new(geofence)? });
    }
    for roaming_fence_id in roaming_fences::forget_vehicle(connection, tenant, id, now).await? {
        facts.push(Fact::RoamingFenceChanged { roaming_fence_id });
    }
    facts.extend(delete_alerts(connection, tenant_no, id, now).await?);
    Ok(facts)
}

/// Removes a vehicle from the lists of one table, and returns the numbers of the changed rows in ascending order. A geofence keeps its
/// list even if it is empty then: without one it would be for all vehicles.
async fn take_off_lists(
    connection: &mut Connection,
    table: &'static str,
    tenant_no: i64,
    vehicle: &VehicleId,
) -> Result<Vec<i64>> {
    let sql = format!(
        "update {table} set vehicle_ids = {VEHICLE_IDS_WITHOUT_PARAMETER_1}, version = version + 1
         where tenant_no = $2 and {VEHICLE_IDS_HOLD_PARAMETER_1} returning id"
    );
    let mut ids = sqlx::query_scalar::<Db, i64>(AssertSqlSafe(sql))
        .bind(vehicle.as_str())
        .bind(tenant_no)
        .fetch_all(connection)
        .await?;
    ids.sort_unstable();
    Ok(ids)
}

/// Deletes a vehicle's alerts, so that their subjects are free again. Returns a fact for each that somebody may see.
async fn delete_alerts(
    connection: &mut Connection,
    tenant_no: i64,
    vehicle: &VehicleId,
    now: Timestamp,
) -> Result<Vec<Fact>> {
    let deleted = sqlx::query::<Db>(
        "delete from alerts where tenant_no = $1 and vehicle_id = $2 returning id, for_user, expires_ms, deleted_ms",
    )
    .bind(tenant_no)
    .bind(vehicle.as_str())
    .fetch_all(&mut *connection)
    .await?;
    let (mut ids, mut facts) = (Vec::new(), Vec::new());
    for row in &deleted {
        let alert_id = AlertId::stored(row.try_get("id")?)?;
        let is_visible = row.try_get::<Option<i64>, _>("deleted_ms")?.is_none()
            && row.try_get::<i64, _>("expires_ms")? > now.unix_ms();
        if is_visible {
            facts.push(Fact::AlertDeleted { alert_id: alert_id.clone(), user_id: alerts::addressee(row)? });
        }
        ids.push(alert_id);
    }
    alert_calls::take_back_calls(connection, &ids).await?;
    Ok(facts)
}
