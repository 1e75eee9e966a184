//! Roaming fences and their descriptions.

use super::super::numbers::{Numbered, take_number};
use super::super::{Connection, Db, DbRow, accounts::tenants, events, positions::timestamp};
use crate::audit_form::selection;
use crate::{Renderer, Result, StoreError};
use milepost_domain::{
    DwellTime, EncounterTriggers, Fact, Label, MAX_ROAMING_FENCES, RadiusM, RoamingFence, RoamingFenceDescription,
    RoamingFenceId, TenantId, Timestamp, VehicleId, VehicleKind, VehicleList, VehicleSelection,
};
use serde_json::Value;
use sqlx::Row;

/// Selects the columns that [`roaming_fence`] reads.
macro_rules! select_fences {
    ($rest:literal) => {
        concat!(
            "select f.id, t.id as tenant, f.name, f.radius_m, f.dwell_s, f.on_meet, f.on_part, f.vehicles, f.others, \
             f.created_ms, f.changed_ms, f.version from roaming_fences f join tenants t on t.tenant_no = f.tenant_no ",
            $rest
        )
    };
}

fn roaming_fence(row: &DbRow) -> Result<RoamingFence> {
    let dwell = |seconds: i64| DwellTime::from_seconds(u32::try_from(seconds).unwrap_or(0));
    Ok(RoamingFence {
        id: RoamingFenceId::new(row.try_get("id")?)?,
        tenant: TenantId::stored(row.try_get("tenant")?)?,
        description: RoamingFenceDescription {
            name: Label::stored(row.try_get("name")?)?,
            radius: RadiusM::new(row.try_get("radius_m")?)?,
            dwell: row.try_get::<Option<i64>, _>("dwell_s")?.map(dwell).transpose()?,
            on: EncounterTriggers { meet: row.try_get("on_meet")?, part: row.try_get("on_part")? },
            vehicles: decode(row.try_get("vehicles")?)?,
            others: row.try_get::<Option<&str>, _>("others")?.map(decode).transpose()?,
        },
        created_at: timestamp(row.try_get("created_ms")?)?,
        changed_at: timestamp(row.try_get("changed_ms")?)?,
        version: row.try_get("version")?,
    })
}

fn decode(text: &str) -> Result<VehicleSelection> {
    let corrupt = || StoreError::Corrupt("vehicles of a roaming fence".to_owned());
    let json: Value = serde_json::from_str(text).map_err(|_| corrupt())?;
    let names =
        |field: &str| -> Result<Vec<String>> { serde_json::from_value(json[field].clone()).map_err(|_| corrupt()) };
    let list = |ids: Vec<String>| -> Result<VehicleList> {
        let ids = ids.iter().map(|id| VehicleId::stored(id)).collect::<Result<_, _>>()?;
        Ok(VehicleList::stored(ids)?)
    };
    let vehicles = if json["vehicle_ids"].is_null() { None } else { Some(list(names("vehicle_ids")?)?) };
    let kinds = names("kinds")?.iter().map(|kind| VehicleKind::stored(kind)).collect::<Result<_, _>>()?;
    let routes = names("routes")?.iter().map(|route| Label::stored(route)).collect::<Result<_, _>>()?;
    Ok(VehicleSelection::new(vehicles, kinds, routes)?)
}

/// Binds the fields of a description, in the order of its columns.
macro_rules! bind_description {
    ($query:expr, $description:ident) => {
        $query
            .bind($description.name.as_str())
            .bind($description.radius.get())
            .bind($description.dwell.map(|dwell| i64::from(dwell.seconds())))
            .bind($description.on.meet)
            .bind($description.on.part)
            .bind(selection(&$description.vehicles).to_string())
            .bind($description.others.as_ref().map(|others| selection(others).to_string()))
    };
}

pub(crate) async fn add_roaming_fence(
    connection: &mut Connection,
    tenant: &TenantId,
    description: &RoamingFenceDescription,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Option<RoamingFence>> {
    let tenant_no = tenants::tenant_no(connection, tenant).await?;
    // This locks the tenant's numbers, so that many at once can't pass the bound.
    let id = RoamingFenceId::new(take_number(connection, tenant_no, Numbered::RoamingFence).await?)?;
    let count = sqlx::query_scalar::<Db, i64>("select count(*) from roaming_fences where tenant_no = $1")
        .bind(tenant_no)
        .fetch_one(&mut *connection)
        .await?;
    if usize::try_from(count).is_ok_and(|count| count >= MAX_ROAMING_FENCES) {
        return Ok(None);
    }
    let insert = sqlx::query::<Db>(
        "insert into roaming_fences (tenant_no, id, created_ms, changed_ms, version, name, radius_m, dwell_s, on_meet, on_part,
         vehicles, others) values ($1, $2, $3, $3, 1, $4, $5, $6, $7, $8, $9, $10)",
    )
    .bind(tenant_no)
    .bind(id.get())
    .bind(now.unix_ms());
    bind_description!(insert, description).execute(&mut *connection).await?;
    changed(connection, tenant, id, now, renderer).await?;
    let (tenant, description) = (tenant.clone(), description.clone());
    Ok(Some(RoamingFence { id, tenant, description, created_at: now, changed_at: now, version: 1 }))
}

async fn changed(
    connection: &mut Connection,
    tenant: &TenantId,
    roaming_fence_id: RoamingFenceId,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<()> {
    events::append_facts(connection, tenant, &[Fact::RoamingFenceChanged { roaming_fence_id }], now, renderer).await?;
    Ok(())
}

pub(crate) async fn get_roaming_fence(
    connection: &mut Connection,
    tenant: &TenantId,
    id: RoamingFenceId,
) -> Result<Option<RoamingFence>> {
    let row = sqlx::query::<Db>(select_fences!("where f.id = $1 and t.id = $2"))
        .bind(id.get())
        .bind(tenant.as_str())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(roaming_fence).transpose()
}

pub(crate) async fn list_roaming_fences(
    connection: &mut Connection,
    tenant: &TenantId,
    after: Option<RoamingFenceId>,
    limit: u32,
) -> Result<Vec<RoamingFence>> {
    sqlx::query::<Db>(select_fences!("where t.id = $1 and f.id > $2 order by f.id limit $3"))
        .bind(tenant.as_str())
        .bind(after.map_or(0, RoamingFenceId::get))
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?
        .iter()
        .map(roaming_fence)
        .collect()
}

pub(crate) async fn update_roaming_fence(
    connection: &mut Connection,
    tenant: &TenantId,
    id: RoamingFenceId,
    version: i64,
    description: &RoamingFenceDescription,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Option<RoamingFence>> {
    let Some(created_ms) = write_description(connection, tenant, id, version, description, now).await? else {
        return Ok(None);
    };
    changed(connection, tenant, id, now, renderer).await?;
    let (tenant, description, created_at) = (tenant.clone(), description.clone(), timestamp(created_ms)?);
    Ok(Some(RoamingFence { id, tenant, description, created_at, changed_at: now, version: version + 1 }))
}

/// Returns when it was added; `None` if it has another version.
async fn write_description(
    connection: &mut Connection,
    tenant: &TenantId,
    id: RoamingFenceId,
    version: i64,
    description: &RoamingFenceDescription,
    now: Timestamp,
) -> Result<Option<i64>> {
    let update = sqlx::query_scalar::<Db, i64>(
        "update roaming_fences set changed_ms = $1, name = $2, radius_m = $3, dwell_s = $4, on_meet = $5, on_part = $6,
         vehicles = $7, others = $8, version = $9 + 1
         where version = $9 and id = $10 and tenant_no = (select tenant_no from tenants where id = $11)
         returning created_ms",
    )
    .bind(now.unix_ms());
    Ok(bind_description!(update, description)
        .bind(version)
        .bind(id.get())
        .bind(tenant.as_str())
        .fetch_optional(connection)
        .await?)
}

pub(crate) async fn remove_roaming_fence(
    connection: &mut Connection,
    tenant: &TenantId,
    id: RoamingFenceId,
    version: Option<i64>,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let removed = sqlx::query::<Db>(
        "delete from roaming_fences where id = $1 and tenant_no = (select tenant_no from tenants where id = $2)
         and version = coalesce($3, version)",
    )
    .bind(id.get())
    .bind(tenant.as_str())
    .bind(version)
    .execute(&mut *connection)
    .await?;
    if removed.rows_affected() == 0 {
        return Ok(false);
    }
    changed(connection, tenant, id, now, renderer).await?;
    Ok(true)
}

pub(crate) async fn roaming_tenants(connection: &mut Connection) -> Result<Vec<TenantId>> {
    let ids = sqlx::query_scalar::<Db, String>(
        "select t.id from tenants t where exists (select 1 from roaming_fences f where f.tenant_no = t.tenant_no)",
    )
    .fetch_all(connection)
    .await?;
    ids.iter().map(|id| Ok(TenantId::stored(id)?)).collect()
}

/// Takes a removed vehicle off the lists of a tenant's roaming fences. Returns those that were changed.
pub(crate) async fn forget_vehicle(
    connection: &mut Connection,
    tenant: &TenantId,
    vehicle: &VehicleId,
    now: Timestamp,
) -> Result<Vec<RoamingFenceId>> {
    let all = u32::try_from(MAX_ROAMING_FENCES).expect("a small number");
    let mut changed = Vec::new();
    for RoamingFence { id, description, version, .. } in list_roaming_fences(connection, tenant, None, all).await? {
        let vehicles = description.vehicles.without(vehicle);
        let others = description.others.as_ref().and_then(|others| others.without(vehicle));
        if vehicles.is_none() && others.is_none() {
            continue;
        }
        let after = RoamingFenceDescription {
            vehicles: vehicles.unwrap_or(description.vehicles),
            others: others.or(description.others),
            ..description
        };
        let written = write_description(connection, tenant, id, version, &after, now).await?;
        written.ok_or_else(|| StoreError::Contended("a roaming fence was changed".to_owned()))?;
        changed.push(id);
    }
    Ok(changed)
}
