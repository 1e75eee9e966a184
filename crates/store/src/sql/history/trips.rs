//! Writes the trips that the fold found.

use super::super::{
    Connection, Db,
    fleet::trip_rows::{select_trips, trip},
    fleet::trips::{bind_trip, remove_version, write_version},
};
use crate::failure::taken;
use crate::{HistoryChange, HistoryWrite, Result, VehicleNo};
use milepost_domain::{Fact, Revision, SpeedKmh, TenantId, Timestamp, Trip, TripPlace, TripStatus, TripUpdate, UserId};
use std::collections::BTreeMap;

/// The trips of one write by their start, as they were before it and as they are after it.
pub(crate) struct TripRows {
    vehicle: VehicleNo,
    tenant_no: i64,
    before: BTreeMap<Timestamp, Trip>,
    since: BTreeMap<Timestamp, Trip>,
}

impl TripRows {
    /// Reads the trips before they change, because a corrected trip may take the start of another one.
    pub(crate) async fn load(connection: &mut Connection, write: &HistoryWrite) -> Result<Self> {
        let mut before = BTreeMap::new();
        for change in &write.changes {
            let (HistoryChange::Trip { key, .. } | HistoryChange::NoTrip { key }) = change else { continue };
            if !before.contains_key(key)
                && let Some(found) = find(connection, write.vehicle, &write.tenant, *key).await?
            {
                before.insert(*key, found);
            }
        }
        Ok(Self { vehicle: write.vehicle, tenant_no: write.tenant_no.0, before, since: BTreeMap::new() })
    }

    /// Removes the row with this start, which will get another start.
    fn take(&mut self, key: Timestamp, key_is_stored: bool) -> Option<Trip> {
        let lately = if key_is_stored { None } else { self.since.remove(&key) };
        lately.or_else(|| self.before.remove(&key))
    }

    /// Writes a trip. Returns the updates to publish: none if nothing changed, two if it was another driver's.
    pub(crate) async fn write(
        &mut self,
        connection: &mut Connection,
        key: Timestamp,
        key_is_stored: bool,
        found: &Trip,
        revision: Revision,
        now: Timestamp,
    ) -> Result<Vec<Fact>> {
        let Some(known) = self.take(key, key_is_stored) else {
            let trip = Trip { version: 1, ..found.clone() };
            insert_trip(connection, self.tenant_no, self.vehicle, &trip, now).await?;
            self.since.insert(trip.started_at, trip.clone());
            return Ok(vec![changed(trip, revision, false)]);
        };
        // The id and version are in the row, and the fold does not know them. A trip that began at another time has the driver
        // of that time.
        let driver_id = if found.started_at == known.started_at { known.driver_id } else { found.driver_id };
        let trip = Trip { id: known.id.clone(), driver_id, version: known.version, ..found.clone() };
        if trip == known {
            self.since.insert(trip.started_at, trip);
            return Ok(Vec::new());
        }
        let trip = Trip { version: known.version + 1, ..trip };
        write_version(connection, &trip).await?;
        self.since.insert(trip.started_at, trip.clone());
        if trip.status.has_ended()
            && trip == (Trip { followed_to: trip.followed_to, version: trip.version, ..known.clone() })
        {
            // Silence ended the trip before. A later position that confirms the end changes nothing.
            return Ok(Vec::new());
        }
        // The published end is wrong, and subscribers need a correction.
        let reopened = known.status == TripStatus::Completed
            && (trip.status != known.status || trip.ended_at != known.ended_at || trip.figures != known.figures);
        let is_progress = !reopened && trip.status == known.status && trip.started_at == known.started_at;
        let revision = if reopened { Revision::Corrected } else { revision };
        let was_anothers = known.driver_id.is_some() && known.driver_id != trip.driver_id;
        let reassigned = was_anothers.then(|| changed(known, Revision::Reassigned, false));
        Ok(reassigned.into_iter().chain([changed(trip, revision, is_progress)]).collect())
    }

    /// Removes a trip that did not take place. Returns the update to publish.
    pub(crate) async fn remove(&mut self, connection: &mut Connection, key: Timestamp) -> Result<Option<Fact>> {
        let Some(known) = self.take(key, true) else { return Ok(None) };
        let trip = Trip { version: known.version + 1, ..known };
        remove_version(connection, &trip).await?;
        Ok(Some(changed(trip, Revision::Withdrawn, false)))
    }
}

fn changed(trip: Trip, revision: Revision, is_progress: bool) -> Fact {
    Fact::TripChanged(Box::new(TripUpdate { trip, revision, is_progress }))
}

/// Reads the trip that was found in positions and began at this time.
async fn find(
    connection: &mut Connection,
    vehicle: VehicleNo,
    tenant: &TenantId,
    started_at: Timestamp,
) -> Result<Option<Trip>> {
    let row = sqlx::query::<Db>(select_trips!("where p.vehicle_no = $1 and p.started_ms = $2 and p.origin = 'auto'"))
        .bind(vehicle.0)
        .bind(started_at.unix_ms())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(|row| trip(row, tenant)).transpose()
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
