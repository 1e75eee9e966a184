//! Compares the trips of each device with those that Traccar itself reports, once the positions are here.

mod compare;
mod differences;
#[cfg(test)]
mod tests;
mod why;

use anyhow::{Context as _, Result};
use compare::compare;
use differences::Differences;
use milepost_clock::Clock;
use milepost_domain::{TenantId, Timestamp, VehicleId};
use milepost_follow::{PreviewRange, preview_trips, read_thresholds};
use milepost_store::Store;
use milepost_traccar_source::{ForeignTrip, Source, SourceError, Vehicles};
use milepost_track::{Thresholds, Trip};
use std::path::Path;
use why::Ground;

const DAY_MS: i64 = 86_400_000;
/// Before the time that is compared so much is folded too, so that a trip is under way as it was.
const LEAD_MS: i64 = 2 * DAY_MS;
/// Positions of one device that are folded, 48 bytes each. The time of a device with more is compared in part.
const MAX_POSITIONS: usize = 1_000_000;
/// Devices in a row whose report can't be read, after which the others' are not asked for: each may take as long as a timeout.
const FAILURES_IN_A_ROW: usize = 3;

/// What is compared.
pub(super) struct TripComparison<'a> {
    pub(super) store: &'a dyn Store,
    pub(super) tenant: &'a TenantId,
    pub(super) vehicles: &'a Vehicles,
    /// Days before each device's newest position.
    pub(super) days: u32,
    /// A file that gets all differences.
    pub(super) file: Option<&'a Path>,
}

impl TripComparison<'_> {
    /// Returns what the operator reads, line by line.
    pub(super) async fn run(&self, mut source: Source, clock: &Clock) -> Result<Vec<String>> {
        let thresholds = read_thresholds(self.store.get_rules(self.tenant).await?.as_ref());
        let mut differences = Differences::open(self.file).context("the file of differences can't be written")?;
        let mut failures = 0;
        for (device, vehicle) in self.vehicles {
            match self.compare_device(&mut source, *device, vehicle, &thresholds, clock, &mut differences).await? {
                Ok(true) => failures = 0,
                Ok(false) => return Ok(vec!["Trips were not compared: the source has no report of them.".to_owned()]),
                Err(error) => {
                    differences.note_unread(vehicle, &error);
                    failures += 1;
                }
            }
            if failures == FAILURES_IN_A_ROW {
                differences.note_given_up();
                break;
            }
        }
        differences.lines(self.days).context("the file of differences can't be written")
    }

    /// False if the source has no trips.
    async fn compare_device(
        &self,
        source: &mut Source,
        device: i64,
        id: &VehicleId,
        thresholds: &Thresholds,
        clock: &Clock,
        differences: &mut Differences,
    ) -> Result<std::result::Result<bool, SourceError>> {
        let Some(tracked) = self.store.get_vehicle(self.tenant, id).await? else { return Ok(Ok(true)) };
        let Some(newest) = tracked.track.heard_at else { return Ok(Ok(true)) };
        let (from, to) = (newest.plus_ms(-i64::from(self.days) * DAY_MS), newest.plus_ms(1));
        let theirs = match source.list_trips(device, from, to).await {
            Ok(Some(theirs)) => theirs,
            Ok(None) => return Ok(Ok(false)),
            Err(error) => return Ok(Err(error)),
        };
        let range = PreviewRange { from: from.plus_ms(-LEAD_MS), to, most_positions: MAX_POSITIONS };
        let found = preview_trips(self.store, self.tenant, &tracked.vehicle, thresholds, range, clock.now()).await?;
        let known_to = found.positions.last().map_or(from, |last| last.at);
        let (theirs, ours) = (within(&theirs, from, known_to), ended_within(&found.trips, from, known_to));
        let ground = Ground { positions: &found.positions, thresholds };
        differences.take(id, tracked.vehicle.label.as_str(), compare(&theirs, &ours, &ground))?;
        Ok(Ok(true))
    }
}

/// Trips that neither the beginning of the time nor its end has cut.
fn within(trips: &[ForeignTrip], from: Timestamp, to: Timestamp) -> Vec<ForeignTrip> {
    trips.iter().filter(|trip| trip.started_at > from && trip.ended_at < to).copied().collect()
}

/// The same of trips here. One that still runs is none yet.
fn ended_within(trips: &[Trip], from: Timestamp, to: Timestamp) -> Vec<Trip> {
    let is_within = |trip: &&Trip| trip.started_at > from && trip.ended_at.is_some_and(|ended_at| ended_at < to);
    trips.iter().filter(is_within).copied().collect()
}
