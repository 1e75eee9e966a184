//! Writes the results of folding in one transaction.

use super::super::dialect::IS_NUMBER_IN_PARAMETER_2;
use super::super::{
    Connection, Db, events, fleet::activity, fleet::alerts::insert_alert, history_rows, push::alert_calls,
};
use super::{
    alerts::{correct_alert, move_alerts, take_back_alert},
    incidents, outliers,
    trips::{TripRows, Written},
    visits,
};
use crate::{HistoryChange, HistoryOutcome, HistoryWrite, Renderer, Result, VehicleNo};
use milepost_domain::{AlertId, Fact, TenantId, Timestamp, Trip};
use serde_json::json;
use sqlx::AssertSqlSafe;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Writes what every fold has of all vehicles at once, and the rest vehicle by vehicle; in ascending order, so that two nodes can't
/// deadlock. Then come the push calls of all vehicles, and events last. A vehicle whose fold another node wrote in the meantime is skipped.
pub(crate) async fn write_history(
    connection: &mut Connection,
    writes: &[HistoryWrite],
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<HistoryOutcome> {
    let mut ascending: Vec<&HistoryWrite> = writes.iter().collect();
    ascending.sort_unstable_by_key(|write| write.vehicle);
    let mut outcome = HistoryOutcome::default();
    let mut facts: BTreeMap<&TenantId, Vec<Fact>> = BTreeMap::new();
    let mut alerts = AlertChanges::default();
    let mut claimed = history_rows::claim(connection, &ascending).await?;
    let (writes, stale): (Vec<_>, Vec<_>) = ascending.into_iter().partition(|write| claimed.remove(&write.vehicle));
    outcome.stale = stale.into_iter().map(|write| write.vehicle).collect();
    history_rows::save_checkpoints(connection, &writes).await?;
    let activities: Vec<_> =
        writes.iter().map(|write| (write.tenant_no, write.vehicle, write.activity.as_slice())).collect();
    activity::add_activities(connection, &activities).await?;
    let mut rows = TripRows::load(connection, &writes).await?;
    for write in writes {
        let events = write_vehicle(connection, write, &mut rows, &mut alerts, &mut outcome.progressed, now).await?;
        if !events.is_empty() {
            facts.entry(&write.tenant).or_default().extend(events);
        }
    }
    rows.write_later(connection).await?;
    alerts.store_pushes(connection, &facts.keys().copied().collect(), now, renderer).await?;
    for (tenant, facts) in facts {
        events::append_facts(connection, tenant, &facts, now, renderer).await?;
        outcome.told.push(tenant.clone());
    }
    Ok(outcome)
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

/// Writes everything except push calls and events, and returns the events.
async fn write_vehicle<'a>(
    connection: &mut Connection,
    write: &'a HistoryWrite,
    rows: &mut TripRows,
    alerts: &mut AlertChanges<'a>,
    progressed: &mut Vec<(VehicleNo, Trip)>,
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
    let mut trips = rows.of(write);
    let mut facts = Vec::new();
    for change in &write.changes {
        match change {
            HistoryChange::Trip { key, key_is_stored, trip, revision } => {
                match trips.write(connection, *key, *key_is_stored, trip, *revision, now).await? {
                    Written::Told(updates) => facts.extend(updates),
                    Written::Progressed(trip) => progressed.push((vehicle, trip)),
                }
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
