//! Writes the trips that the fold found.

use super::super::{
    Connection, Db,
    dialect::IS_NUMBER_IN_PARAMETER_1,
    fleet::trip_rows::{select_trips, trip},
    fleet::trips::{bind_trip, remove_version, write_version},
    history_rows,
};
use crate::failure::taken;
use crate::{HistoryChange, HistoryWrite, Result, VehicleNo};
use milepost_domain::{Fact, Revision, SpeedKmh, TenantId, Timestamp, Trip, TripPlace, TripStatus, TripUpdate, UserId};
use serde_json::json;
use sqlx::AssertSqlSafe;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What writing a trip has changed.
pub(crate) enum Written {
    /// The updates to publish: none if nothing changed, two if it was another driver's.
    Told(Vec<Fact>),
    /// The trip goes on: only its amounts have grown.
    Progressed(Trip),
}

/// The trips that a transaction changes, of all its vehicles.
pub(crate) struct TripRows {
    before: HashMap<VehicleNo, BTreeMap<Timestamp, Trip>>,
    later: Vec<Trip>,
}

impl TripRows {
    /// Reads the trips before they change, because a corrected trip may take the start of another one.
    pub(crate) async fn load(connection: &mut Connection, writes: &[&HistoryWrite]) -> Result<Self> {
        let keys = writes.iter().flat_map(|write| {
            let keys: BTreeSet<Timestamp> = trip_keys(write).collect();
            keys.into_iter().map(|key| (write.vehicle, &write.tenant, key))
        });
        let mut before = HashMap::<_, BTreeMap<_, _>>::new();
        for (vehicle, trip) in history_rows::find_trips(connection, &keys.collect::<Vec<_>>()).await? {
            before.entry(vehicle).or_default().insert(trip.started_at, trip);
        }
        Ok(Self { before, later: Vec::new() })
    }

    /// The trips of one vehicle, once.
    pub(crate) fn of(&mut self, write: &HistoryWrite) -> VehicleTrips<'_> {
        VehicleTrips {
            vehicle: write.vehicle,
            tenant_no: write.tenant_no.0,
            before: self.before.remove(&write.vehicle).unwrap_or_default(),
            since: BTreeMap::new(),
            later: (trip_keys(write).count() == 1).then_some(&mut self.later),
        }
    }

    /// Writes what could wait.
    pub(crate) async fn write_later(self, connection: &mut Connection) -> Result<()> {
        history_rows::change_trips(connection, &self.later).await
    }
}

fn trip_keys(write: &HistoryWrite) -> impl Iterator<Item = Timestamp> {
    write.changes.iter().filter_map(|change| match change {
        HistoryChange::Trip { key, .. } | HistoryChange::NoTrip { key } => Some(*key),
        _ => None,
    })
}

/// The trips of one vehicle by their start, as they were before its write and as they are after it.
pub(crate) struct VehicleTrips<'rows> {
    vehicle: VehicleNo,
    tenant_no: i64,
    before: BTreeMap<Timestamp, Trip>,
    since: BTreeMap<Timestamp, Trip>,
    /// Takes a change that nothing else of its vehicle depends on, to be written together with those of others.
    later: Option<&'rows mut Vec<Trip>>,
}

impl VehicleTrips<'_> {
    /// Removes the row with this start, which will get another start.
    fn take(&mut self, key: Timestamp, key_is_stored: bool) -> Option<Trip> {
        let lately = if key_is_stored { None } else { self.since.remove(&key) };
        lately.or_else(|| self.before.remove(&key))
    }

    /// Writes a trip.
    pub(crate) async fn write(
        &mut self,
        connection: &mut Connection,
        key: Timestamp,
        key_is_stored: bool,
        found: &Trip,
        revision: Revision,
        now: Timestamp,
    ) -> Result<Written> {
        let Some(known) = self.take(key, key_is_stored) else {
            let trip = Trip { version: 1, ..found.clone() };
            insert_trip(connection, self.tenant_no, self.vehicle, &trip, now).await?;
            self.since.insert(trip.started_at, trip.clone());
            return Ok(Written::Told(vec![changed(trip, revision)]));
        };
        // The id and version are in the row, and the fold does not know them. A trip that began at another time has the driver
        // of that time.
        let driver_id = if found.started_at == known.started_at { known.driver_id } else { found.driver_id };
        let trip = Trip { id: known.id.clone(), driver_id, version: known.version, ..found.clone() };
        if trip == known {
            self.since.insert(trip.started_at, trip);
            return Ok(Written::Told(Vec::new()));
        }
        let trip = Trip { version: known.version + 1, ..trip };
        match &mut self.later {
            Some(later) => later.push(trip.clone()),
            None => {
                write_version(connection, &trip).await?;
            }
        }
        self.since.insert(trip.started_at, trip.clone());
        if trip.status.has_ended()
            && trip == (Trip { followed_to: trip.followed_to, version: trip.version, ..known.clone() })
        {
            // Silence ended the trip before. A later position that confirms the end changes nothing.
            return Ok(Written::Told(Vec::new()));
        }
        // The published end is wrong, and subscribers need a correction.
        let reopened = known.status == TripStatus::Completed
            && (trip.status != known.status || trip.ended_at != known.ended_at || trip.figures != known.figures);
        let was_anothers = known.driver_id.is_some() && known.driver_id != trip.driver_id;
        if !was_anothers
            && trip.status == TripStatus::Started
            && known.status == TripStatus::Started
            && trip.started_at == known.started_at
        {
            return Ok(Written::Progressed(trip));
        }
        let revision = if reopened { Revision::Corrected } else { revision };
        let reassigned = was_anothers.then(|| changed(known, Revision::Reassigned));
        Ok(Written::Told(reassigned.into_iter().chain([changed(trip, revision)]).collect()))
    }

    /// Removes a trip that did not take place. Returns the update to publish.
    pub(crate) async fn remove(&mut self, connection: &mut Connection, key: Timestamp) -> Result<Option<Fact>> {
        let Some(known) = self.take(key, true) else { return Ok(None) };
        let trip = Trip { version: known.version + 1, ..known };
        remove_version(connection, &trip).await?;
        Ok(Some(changed(trip, Revision::Withdrawn)))
    }
}

fn changed(trip: Trip, revision: Revision) -> Fact {
    Fact::TripChanged(Box::new(TripUpdate { trip, revision }))
}

pub(crate) async fn trips_under_way(
    connection: &mut Connection,
    tenant: &TenantId,
    vehicles: &[VehicleNo],
) -> Result<Vec<Trip>> {
    let vehicles: Vec<i64> = vehicles.iter().map(|vehicle| vehicle.0).collect();
    let sql = format!(
        "{} where p.vehicle_no {IS_NUMBER_IN_PARAMETER_1} and p.status = 'started' and p.origin = 'auto'
         and p.tenant_no = (select tenant_no from tenants where id = $2)",
        select_trips!("")
    );
    let rows = sqlx::query::<Db>(AssertSqlSafe(sql))
        .bind(json!(vehicles).to_string())
        .bind(tenant.as_str())
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| trip(row, tenant)).collect()
}

async fn insert_trip(
    connection: &mut Connection,
    tenant_no: i64,
    vehicle: VehicleNo,
    trip: &Trip,
    now: Timestamp,
) -> Result<()> {
    let insert = sqlx::query::<Db>(
        "insert into trips (id, tenant_no, vehicle_no, origin, created_ms, version, driver_id, status, started_ms,
         ended_ms, followed_ms, start_latitude, start_longitude, end_latitude, end_longitude, distance_mm, moving_ms,
         idle_ms, max_speed_kmh, fuel_ml, fuel_source)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)",
    )
    .bind(trip.id.as_str())
    .bind(tenant_no)
    .bind(vehicle.0)
    .bind(trip.origin.as_str())
    .bind(now.unix_ms())
    .bind(trip.version);
    bind_trip!(insert, trip).execute(connection).await.map_err(taken("trip"))?;
    Ok(())
}
