//! Encounters of vehicles. Every node that knows both vehicles stores what they do; the first one does, and the others find it done.

use super::super::fleet::alerts;
use super::super::{Connection, Db, DbRow, positions::timestamp};
use crate::{EncounterChange, EncounterCursor, EncounterStep, OpenEncounter, Renderer, Result, VehicleNo};
use milepost_domain::{Encounter, RoamingFenceId, TenantId, Timestamp, VehicleId};
use sqlx::Row;

/// The open encounter of a fence and two vehicles that began before a change.
macro_rules! open_one {
    ($statement:literal, $condition:literal) => {
        concat!(
            $statement,
            " where began_ms <= $1 and roaming_fence_no = (select f.roaming_fence_no from roaming_fences f
             join tenants t on t.tenant_no = f.tenant_no where t.id = $2 and f.id = $3)
             and a_no = $4 and b_no = $5 and parted_ms is null and ",
            $condition
        )
    };
}

pub(crate) async fn open_encounters(connection: &mut Connection, tenant: &TenantId) -> Result<Vec<OpenEncounter>> {
    let rows = sqlx::query::<Db>(
        "select f.id, e.a_no, e.b_no, e.began_ms, e.met_ms from encounters e
         join roaming_fences f on f.roaming_fence_no = e.roaming_fence_no join tenants t on t.tenant_no = f.tenant_no
         where t.id = $1 and e.parted_ms is null",
    )
    .bind(tenant.as_str())
    .fetch_all(connection)
    .await?;
    let open = |row: &DbRow| {
        Ok(OpenEncounter {
            fence: RoamingFenceId::new(row.try_get("id")?)?,
            a: VehicleNo::new(row.try_get("a_no")?),
            b: VehicleNo::new(row.try_get("b_no")?),
            began_at: timestamp(row.try_get("began_ms")?)?,
            met: row.try_get::<Option<i64>, _>("met_ms")?.is_some(),
        })
    };
    rows.iter().map(open).collect()
}

pub(crate) async fn change_encounter(
    connection: &mut Connection,
    tenant: &TenantId,
    change: &EncounterChange,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let is_new = match change.step {
        EncounterStep::Began | EncounterStep::BegunAndMet => begin(connection, tenant, change, now).await?,
        EncounterStep::Met => {
            run(
                connection,
                open_one!("update encounters set met_ms = $1, noted_ms = $6", "met_ms is null"),
                tenant,
                change,
                Some(now),
            )
            .await?
        }
        EncounterStep::Parted | EncounterStep::Dropped => {
            // Whether they met may have been decided by the clock, after the time of the places by which they part.
            let parted = open_one!(
                "update encounters set parted_ms = case when met_ms > $1 then met_ms else $1 end, noted_ms = $6",
                "met_ms is not null"
            );
            let dropped = open_one!(
                "update encounters set parted_ms = $1, is_dropped = true, noted_ms = $6",
                "met_ms is not null"
            );
            let passed = open_one!("delete from encounters", "met_ms is null");
            let ended = if change.step == EncounterStep::Parted { parted } else { dropped };
            if !run(connection, ended, tenant, change, Some(now)).await? {
                // They never met, and nobody is told.
                return run(connection, passed, tenant, change, None).await;
            }
            true
        }
    };
    if is_new && let Some(alert) = &change.alert {
        alerts::raise_alert(connection, alert, now, renderer).await?;
    }
    Ok(is_new)
}

async fn run(
    connection: &mut Connection,
    statement: &'static str,
    tenant: &TenantId,
    change: &EncounterChange,
    noted_at: Option<Timestamp>,
) -> Result<bool> {
    let query = sqlx::query::<Db>(statement)
        .bind(change.at.unix_ms())
        .bind(tenant.as_str())
        .bind(change.fence.get())
        .bind(change.a.get())
        .bind(change.b.get());
    let query = match noted_at {
        Some(noted_at) => query.bind(noted_at.unix_ms()),
        None => query,
    };
    let done = query.execute(connection).await?;
    Ok(done.rows_affected() > 0)
}

/// A node that lags behind may see again what has ended already: such an encounter began before the last parting. One that was dropped
/// has not parted, and begins anew where it is when a fence concerns its vehicles again.
async fn begin(
    connection: &mut Connection,
    tenant: &TenantId,
    change: &EncounterChange,
    now: Timestamp,
) -> Result<bool> {
    let met_ms = (change.step == EncounterStep::BegunAndMet).then(|| change.at.unix_ms());
    let begun = sqlx::query::<Db>(
        "insert into encounters (roaming_fence_no, a_no, b_no, began_ms, met_ms, noted_ms)
         select f.roaming_fence_no, a.vehicle_no, b.vehicle_no, $1, $2, $7 from roaming_fences f
         join tenants t on t.tenant_no = f.tenant_no
         join vehicles a on a.tenant_no = t.tenant_no and a.vehicle_no = $3
         join vehicles b on b.tenant_no = t.tenant_no and b.vehicle_no = $4
         where t.id = $5 and f.id = $6 and not exists (select 1 from encounters e
             where e.roaming_fence_no = f.roaming_fence_no and e.a_no = $3 and e.b_no = $4
             and (e.parted_ms is null or e.parted_ms >= $1 and not e.is_dropped))
         on conflict do nothing",
    )
    .bind(change.at.unix_ms())
    .bind(met_ms)
    .bind(change.a.get())
    .bind(change.b.get())
    .bind(tenant.as_str())
    .bind(change.fence.get())
    .bind(now.unix_ms())
    .execute(connection)
    .await?;
    Ok(begun.rows_affected() > 0)
}

pub(crate) async fn list_encounters(
    connection: &mut Connection,
    tenant: &TenantId,
    id: RoamingFenceId,
    before: Option<EncounterCursor>,
    limit: u32,
) -> Result<Vec<(EncounterCursor, Encounter)>> {
    let rows = sqlx::query::<Db>(
        "select e.encounter_no, a.id as a, b.id as b, e.began_ms, e.met_ms, e.parted_ms from encounters e
         join roaming_fences f on f.roaming_fence_no = e.roaming_fence_no join tenants t on t.tenant_no = f.tenant_no
         join vehicles a on a.vehicle_no = e.a_no join vehicles b on b.vehicle_no = e.b_no
         where t.id = $1 and f.id = $2 and e.met_ms is not null
         and (e.began_ms < $3 or e.began_ms = $3 and e.encounter_no < $4)
         order by e.began_ms desc, e.encounter_no desc limit $5",
    )
    .bind(tenant.as_str())
    .bind(id.get())
    .bind(before.map_or(i64::MAX, |before| before.began_at.unix_ms()))
    .bind(before.map_or(i64::MAX, |before| before.no))
    .bind(i64::from(limit))
    .fetch_all(connection)
    .await?;
    let listed = |row: &DbRow| {
        let time =
            |column| -> Result<Option<Timestamp>> { row.try_get::<Option<i64>, _>(column)?.map(timestamp).transpose() };
        let began_at = timestamp(row.try_get("began_ms")?)?;
        let encounter = Encounter {
            vehicle: VehicleId::stored(row.try_get("a")?)?,
            other: VehicleId::stored(row.try_get("b")?)?,
            began_at,
            met_at: time("met_ms")?,
            parted_at: time("parted_ms")?,
        };
        Ok((EncounterCursor { began_at, no: row.try_get("encounter_no")? }, encounter))
    };
    rows.iter().map(listed).collect()
}
