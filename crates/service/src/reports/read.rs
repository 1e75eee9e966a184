//! Reads what a report needs of one vehicle, a month at a time.

use crate::fair_reads::FairReads;
use milepost_domain::{
    GeofenceId, IncidentKind, ReportGroup, ReportKind, TenantId, Timestamp, Trip, TripOrigin, TripPlace, TripStatus,
    UserId, VehicleId, VehicleScope,
};
use milepost_fleet_reports::{Driver, FuelIncident, Quarter, Report, Stay, Streak, Visit};
use milepost_store::{Result, Store, TrackedVehicle, TripCursor, TripFilter};
use std::collections::HashMap;
use std::sync::Arc;

/// The time that is read at once, in milliseconds.
const WINDOW_MS: i64 = 31 * 24 * 60 * 60 * 1000;
/// Rows that are read at once. A window has at most 2,976 quarters of an hour.
const PAGE: u32 = 4_000;
/// Names of drivers that are kept. When there are more, all are read again.
const MAX_DRIVERS: usize = 10_000;

/// Reads vehicles into a report.
pub(super) struct VehicleReader<'a> {
    store: &'a dyn Store,
    reads: &'a FairReads,
    tenant: &'a TenantId,
    scope: VehicleScope,
    drivers: HashMap<UserId, Option<Driver>>,
    geofences: HashMap<GeofenceId, Arc<str>>,
}

impl<'a> VehicleReader<'a> {
    pub(super) async fn new(
        store: &'a dyn Store,
        reads: &'a FairReads,
        tenant: &'a TenantId,
        scope: VehicleScope,
        report: &Report,
    ) -> Result<Self> {
        let mut reader = Self { store, reads, tenant, scope, drivers: HashMap::new(), geofences: HashMap::new() };
        if report.plan().kind == ReportKind::Geofences {
            let mut after = None;
            loop {
                let page = store.list_geofences(tenant, after, PAGE).await?;
                after = page.last().map(|last| last.id);
                let is_last = page.len() < PAGE as usize;
                reader.geofences.extend(page.into_iter().map(|one| (one.id, one.description.name.as_str().into())));
                if is_last {
                    break;
                }
            }
        }
        Ok(reader)
    }

    /// Adds what the vehicle did in the report's time.
    pub(super) async fn read(&mut self, tracked: &TrackedVehicle, report: &mut Report) -> Result<()> {
        let (kind, group) = (report.plan().kind, report.plan().group);
        let (begin, end) = (report.plan().days.from(), report.plan().days.to());
        report.begin_vehicle(&tracked.vehicle, tracked.track.heard_at.is_some_and(|heard| heard >= begin));
        let mut standing: Option<(Timestamp, Option<TripPlace>)> = None;
        let mut from = begin;
        while from < end {
            let to = from.plus_ms(WINDOW_MS).min(end);
            let window = (from, to);
            match kind {
                ReportKind::Trips => self.read_trips(tracked, window, report).await?,
                ReportKind::Mileage => {
                    self.read_trips(tracked, window, report).await?;
                    // They are of all drivers, and a sum by driver does without them.
                    if group != ReportGroup::Driver {
                        self.read_quarters(tracked, window, report).await?;
                    }
                }
                ReportKind::Utilisation if group == ReportGroup::Driver => {
                    self.read_trips(tracked, window, report).await?;
                }
                ReportKind::Utilisation => self.read_quarters(tracked, window, report).await?,
                ReportKind::Fuel => {
                    self.read_trips(tracked, window, report).await?;
                    self.read_incidents(tracked, window, report).await?;
                }
                ReportKind::Stops => self.read_stays(tracked, window, &mut standing, report).await?,
                ReportKind::Geofences => self.read_visits(tracked, window, report).await?,
                ReportKind::Speeding => self.read_incidents(tracked, window, report).await?,
            }
            from = to;
        }
        if let Some((since, place)) = standing {
            let driver = self.driver(tracked.vehicle.driver_at(since)).await?;
            report.add_stay(&Stay { place, from: since, to: None }, driver.as_ref());
        }
        Ok(())
    }

    /// The trips that began in a window, and before it if they went on in it; in the order of time.
    async fn trips(
        &self,
        vehicle: &VehicleId,
        (from, to): (Timestamp, Timestamp),
        begun_before: bool,
    ) -> Result<Vec<Trip>> {
        let filter = TripFilter {
            scope: self.scope.clone(),
            vehicle: Some(vehicle.clone()),
            from,
            begun_before,
            to,
            status: None,
        };
        let mut trips: Vec<Trip> = Vec::new();
        loop {
            let before = trips.last().map(|last| TripCursor { started_at: last.started_at, id: last.id.clone() });
            let _permit = self.reads.permit(self.tenant, None).await;
            let page = self.store.list_trips(self.tenant, &filter, before.as_ref(), PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            trips.extend(page);
            if is_last {
                trips.reverse();
                return Ok(trips);
            }
        }
    }

    async fn read_trips(
        &mut self,
        tracked: &TrackedVehicle,
        window: (Timestamp, Timestamp),
        report: &mut Report,
    ) -> Result<()> {
        for trip in self.trips(&tracked.vehicle.id, window, false).await? {
            let driver = self.driver(trip.driver_id).await?;
            report.add_trip(&trip, driver.as_ref());
        }
        Ok(())
    }

    /// A stay begins with the end of a trip, and ends with the next one's beginning.
    async fn read_stays(
        &mut self,
        tracked: &TrackedVehicle,
        window: (Timestamp, Timestamp),
        standing: &mut Option<(Timestamp, Option<TripPlace>)>,
        report: &mut Report,
    ) -> Result<()> {
        let is_first = window.0 == report.plan().days.from();
        let trips = self.trips(&tracked.vehicle.id, window, is_first).await?;
        let found = |trip: &&Trip| trip.origin == TripOrigin::Auto && trip.status != TripStatus::Cancelled;
        for trip in trips.iter().filter(found) {
            if let Some((since, place)) = standing.take()
                && since < trip.started_at
            {
                let driver = self.driver(tracked.vehicle.driver_at(since)).await?;
                report.add_stay(&Stay { place, from: since, to: Some(trip.started_at) }, driver.as_ref());
            }
            let end = report.plan().days.to();
            *standing = trip.ended_at.filter(|ended_at| *ended_at < end).map(|ended_at| (ended_at, trip.end));
        }
        Ok(())
    }

    async fn read_quarters(
        &self,
        tracked: &TrackedVehicle,
        (from, to): (Timestamp, Timestamp),
        report: &mut Report,
    ) -> Result<()> {
        let _permit = self.reads.permit(self.tenant, None).await;
        for quarter in self.store.list_activity(self.tenant, &tracked.vehicle.id, from, to, PAGE).await? {
            report.add_quarter(&Quarter {
                at: quarter.bucket,
                distance_mm: quarter.distance_mm,
                moving_ms: quarter.moving_ms,
                idle_ms: quarter.idle_ms,
            });
        }
        Ok(())
    }

    async fn read_visits(
        &mut self,
        tracked: &TrackedVehicle,
        (mut from, to): (Timestamp, Timestamp),
        report: &mut Report,
    ) -> Result<()> {
        loop {
            let page = {
                let _permit = self.reads.permit(self.tenant, None).await;
                self.store.list_visits(self.tenant, &tracked.vehicle.id, from, to, PAGE).await?
            };
            let next = next_page(&page, |visit| visit.entered_at);
            for visit in page.iter().take_while(|visit| next.is_none_or(|next| visit.entered_at < next)) {
                let driver = self.driver(tracked.vehicle.driver_at(visit.entered_at)).await?;
                let geofence = self.geofences.get(&visit.geofence_id).cloned();
                let visit = Visit { geofence, from: visit.entered_at, to: visit.left_at, max_speed: visit.max_speed };
                report.add_visit(&visit, driver.as_ref());
            }
            match next {
                Some(next) => from = next,
                None => return Ok(()),
            }
        }
    }

    async fn read_incidents(
        &mut self,
        tracked: &TrackedVehicle,
        (mut from, to): (Timestamp, Timestamp),
        report: &mut Report,
    ) -> Result<()> {
        let is_fuel = report.plan().kind == ReportKind::Fuel;
        loop {
            let page = {
                let _permit = self.reads.permit(self.tenant, None).await;
                self.store.list_incidents(self.tenant, &tracked.vehicle.id, from, to, PAGE).await?
            };
            let next = next_page(&page, |incident| incident.started_at);
            for incident in page.iter().take_while(|one| next.is_none_or(|next| one.started_at < next)) {
                let is_theft = incident.kind == IncidentKind::FuelTheft;
                let is_wanted = match incident.kind {
                    IncidentKind::Speeding => !is_fuel,
                    IncidentKind::FuelTheft | IncidentKind::Refuelling => is_fuel,
                    _ => false,
                };
                if !is_wanted {
                    continue;
                }
                let driver = self.driver(tracked.vehicle.driver_at(incident.started_at)).await?;
                if is_fuel {
                    let incident = FuelIncident { at: incident.started_at, litres: incident.value, is_theft };
                    report.add_fuel_incident(&incident, driver.as_ref());
                } else {
                    let streak = Streak {
                        from: incident.started_at,
                        to: incident.ended_at,
                        place: incident.place,
                        speed_kmh: incident.value,
                        limit_kmh: incident.limit,
                    };
                    report.add_streak(&streak, driver.as_ref());
                }
            }
            match next {
                Some(next) => from = next,
                None => return Ok(()),
            }
        }
    }

    /// A user of the tenant by its name. Others, such as people of another issuer, are called by their numbers.
    async fn driver(&mut self, id: Option<UserId>) -> Result<Option<Driver>> {
        let Some(id) = id else { return Ok(None) };
        if let Some(known) = self.drivers.get(&id) {
            return Ok(known.clone());
        }
        if self.drivers.len() >= MAX_DRIVERS {
            self.drivers.clear();
        }
        let user = match &self.scope {
            // Who does not see the whole fleet lists no users, and knows their numbers.
            VehicleScope::Some { driven_by, .. } if *driven_by != Some(id) => None,
            _ => self.store.get_user(id).await?.filter(|user| user.tenant == *self.tenant),
        };
        let name = user.map_or_else(|| id.to_string(), |user| user.username.to_string());
        let driver = Some(Driver { name: name.into(), id });
        self.drivers.insert(id, driver.clone());
        Ok(driver)
    }
}

/// Where the next page begins, if there is one: with the last time of this one, whose rows may go on in the next and are left to it. A page
/// of one time alone is whole: a vehicle enters fewer geofences at once.
fn next_page<T>(page: &[T], at: impl Fn(&T) -> Timestamp) -> Option<Timestamp> {
    let is_full = page.len() >= PAGE as usize;
    let (first, last) = (page.first().map(&at)?, page.last().map(&at)?);
    if !is_full {
        None
    } else if first < last {
        Some(last)
    } else {
        Some(last.plus_ms(1))
    }
}
