//! Writes the results of folding in one transaction.

use super::super::dialect::{IS_NUMBER_IN_PARAMETER_2, SHARE_VEHICLE};
use super::super::{
    Connection, Db, events, fleet::activity, fleet::alerts::insert_alert, fleet::checkpoints, push::alert_calls,
};
use super::{
    alerts::{correct_alert, move_alerts, take_back_alert},
    incidents, outliers, trips, visits,
};
use crate::{HistoryChange, HistoryWrite, Renderer, Result, SavedFold, VehicleNo};
use milepost_domain::{AlertId, Fact, TenantId, Timestamp};
use serde_json::json;
use sqlx::AssertSqlSafe;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Writes vehicle by vehicle in ascending order, so that two nodes can't deadlock, then the push calls of all vehicles,
/// and events last. A vehicle whose fold another node wrote in the meantime is skipped.
pub(crate) async fn write_history(
    connection: &mut Connection,
    writes: &[HistoryWrite],
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Vec<VehicleNo>> {
    let mut ascending: Vec<&HistoryWrite> = writes.iter().collect();
    ascending.sort_unstable_by_key(|write| write.vehicle);
    let mut stale = Vec::new();
    let mut facts: BTreeMap<&TenantId, Vec<Fact>> = BTreeMap::new();
    let mut alerts = AlertChanges::default();
    for write in ascending {
        if claim(connection, write).await? {
            let events = write_vehicle(connection, write, &mut alerts, now).await?;
            if !events.is_empty() {
                facts.entry(&write.tenant).or_default().extend(events);
            }
        } else {
            stale.push(write.vehicle);
        }
    }
    alerts.store_pushes(connection, &facts.keys().copied().collect(), now, renderer).await?;
    for (tenant, facts) in facts {
        events::append_facts(connection, tenant, &facts, now, renderer).await?;
    }
    Ok(stale)
}

/// The alerts that a transaction raised and took back.
#[derive(Default)]
struct AlertChanges<'a> {
    raised: Vec<alert_calls::Raised<'a>>,
    taken_back: Vec<AlertId>,
}

impl AlertChanges<'_> {
    async fn store_pushes(
        self,
        connection: &mut Connection,
        tenants: &BTreeSet<&TenantId>,
        now: Timestamp,
        renderer: &dyn Renderer,
    ) -> Result<()> {
        let taken_back: HashSet<&AlertId> = self.taken_back.iter().collect();
        let stands = |raised: &alert_calls::Raised<'_>| !taken_back.contains(&raised.alert.id);
        let raised: Vec<_> = self.raised.iter().copied().filter(stands).collect();
        // Subscriptions are locked before calls, in the same order as when a subscription is removed with its calls.
        alert_calls::call_browsers(connection, &raised, tenants, now, renderer).await?;
        alert_calls::take_back_calls(connection, &self.taken_back).await
    }
}

/// Writes the next version of the fold. Returns false if it is not the next one or the vehicle was removed. The vehicle
/// is locked first, as when it is removed.
async fn claim(connection: &mut Connection, write: &HistoryWrite) -> Result<bool> {
    let sql = format!("select 1 from vehicles v where v.vehicle_no = $1 {SHARE_VEHICLE}");
    let locked = sqlx::query::<Db>(AssertSqlSafe(sql)).bind(write.vehicle.0).fetch_optional(&mut *connection).await?;
    if locked.is_none() {
        return Ok(false);
    }
    // Parameters are listed in the order of their numbers, because SQLite numbers them in that order whatever their
    // names are.
    let statement = if write.known_version == 0 {
        "insert into track_folds (folded_ms, code_version, state, silence, silent_after_ms, version, vehicle_no)
         values ($1, $2, $3, $4, $5, $6 + 1, $7) on conflict do nothing"
    } else {
        "update track_folds set folded_ms = $1, code_version = $2, state = $3, silence = $4, silent_after_ms = $5,
         version = $6 + 1 where version = $6 and vehicle_no = $7"
    };
    let SavedFold { folded_at, code_version, state, silence, silent_after_ms } = &write.fold;
    let written = sqlx::query::<Db>(statement)
        .bind(folded_at.unix_ms())
        .bind(i64::from(*code_version))
        .bind(state.as_slice())
        .bind(silence.as_slice())
        .bind(silent_after_ms)
        .bind(write.known_version)
        .bind(write.vehicle.0)
        .execute(connection)
        .await?;
    Ok(written.rows_affected() > 0)
}

/// Writes everything except push calls and events, and returns the events.
async fn write_vehicle<'a>(
    connection: &mut Connection,
    write: &'a HistoryWrite,
    alerts: &mut AlertChanges<'a>,
    now: Timestamp,
) -> Result<Vec<Fact>> {
    let vehicle = write.vehicle;
    if !write.late_folded.is_empty() {
        let times: Vec<i64> = write.late_folded.iter().map(|at| at.unix_ms()).collect();
        let folded = format!("delete from late_positions where vehicle_no = $1 and at_ms {IS_NUMBER_IN_PARAMETER_2}");
        sqlx::query::<Db>(AssertSqlSafe(folded))
            .bind(vehicle.0)
            .bind(json!(times).to_string())
            .execute(&mut *connection)
            .await?;
    }
    if let Some((from, saved)) = &write.checkpoints {
        checkpoints::save_checkpoints(connection, vehicle, *from, saved).await?;
    }
    activity::add_activity(connection, write.tenant_no, vehicle, &write.activity).await?;
    let mut trips = trips::TripRows::load(connection, write).await?;
    let mut facts = Vec::new();
    for change in &write.changes {
        match change {
            HistoryChange::Trip { key, key_is_stored, trip, revision } => {
                facts.extend(trips.write(connection, *key, *key_is_stored, trip, *revision, now).await?);
            }
            HistoryChange::NoTrip { key } => facts.extend(trips.remove(connection, *key).await?),
            HistoryChange::Visit(visit) => visits::write_visit(connection, vehicle, visit, now).await?,
            HistoryChange::NoVisit { geofence_id, entered_at } => {
                visits::remove_visit(connection, vehicle, *geofence_id, *entered_at).await?;
            }
            HistoryChange::Incident(incident) => {
                incidents::write_incident(connection, vehicle, incident, now).await?;
            }
            HistoryChange::NoIncident { kind, started_at } => {
                incidents::remove_incident(connection, vehicle, *kind, *started_at).await?;
            }
            HistoryChange::Outlier { at, reason } => {
                outliers::write_outlier(connection, vehicle, *at, reason, now).await?;
            }
            HistoryChange::NoOutliers { from, until, reason } => {
                outliers::remove_outliers(connection, vehicle, *from, *until, *reason).await?;
            }
            HistoryChange::Alert { alert, known_at } => {
                let tenant = write.tenant_no;
                if insert_alert(connection, tenant, alert, now).await? {
                    alerts.raised.push(alert_calls::Raised { tenant, alert, known_at: *known_at });
                    facts.push(Fact::AlertRaised(alert.clone()));
                }
            }
            HistoryChange::CorrectedAlert(alert) => correct_alert(connection, write.tenant_no, alert, now).await?,
            HistoryChange::NoAlert { subject } => {
                if let Some((id, fact)) = take_back_alert(connection, write.tenant_no, subject, now).await? {
                    alerts.taken_back.push(id);
                    facts.push(fact);
                }
            }
            HistoryChange::MovedAlerts(moves) => {
                for (id, fact) in move_alerts(connection, write.tenant_no, moves, now).await? {
                    alerts.taken_back.push(id);
                    facts.push(fact);
                }
            }
            HistoryChange::Publish(fact) => facts.push((**fact).clone()),
        }
    }
    Ok(facts)
}
