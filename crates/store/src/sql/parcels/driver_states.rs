//! Reads what many drivers bring and where they were last, by one query each.

use super::super::dialect::WANTED_DRIVERS;
use super::super::{Connection, Db};
use super::driver_fixes::driver_fix;
use super::rows::{parcel, parcel_columns};
use crate::{DriverAsked, DriverState, Result, StoreError};
use sqlx::{AssertSqlSafe, Row};

pub(crate) async fn driver_states(connection: &mut Connection, drivers: &[DriverAsked]) -> Result<Vec<DriverState>> {
    let mut states = vec![DriverState::default(); drivers.len()];
    let asked: Vec<_> = drivers.iter().map(|one| (one.tenant.as_str(), one.driver.get())).collect();
    let asked = serde_json::to_string(&asked).map_err(|error| StoreError::Corrupt(error.to_string()))?;
    let active = concat!(
        "select w.place, ",
        parcel_columns!(),
        " from wanted w join tenants t on t.id = w.tenant_id \
         join parcels p on p.tenant_no = t.tenant_no and p.driver_id = w.driver_id \
         where p.status not in ('delivered', 'cancelled') order by w.place, p.id"
    );
    let active = format!("with wanted as ({WANTED_DRIVERS}) {active}");
    for row in sqlx::query::<Db>(AssertSqlSafe(active)).bind(&asked).fetch_all(&mut *connection).await? {
        state_of(&mut states, row.try_get("place")?)?.active.push(parcel(&row)?);
    }
    let last = format!(
        "with wanted as ({WANTED_DRIVERS}) select w.place, s.driver_id, s.at_ms, s.latitude, s.longitude, s.address
         from wanted w join tenants t on t.id = w.tenant_id
         join driver_states s on s.tenant_no = t.tenant_no and s.driver_id = w.driver_id"
    );
    for row in sqlx::query::<Db>(AssertSqlSafe(last)).bind(&asked).fetch_all(&mut *connection).await? {
        state_of(&mut states, row.try_get("place")?)?.last = Some(driver_fix(&row)?);
    }
    Ok(states)
}

fn state_of(states: &mut [DriverState], place: i64) -> Result<&mut DriverState> {
    let state = usize::try_from(place).ok().and_then(|place| states.get_mut(place));
    state.ok_or_else(|| StoreError::Corrupt(format!("driver {place}")))
}
