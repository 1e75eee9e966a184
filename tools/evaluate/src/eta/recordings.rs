//! The recordings that arrival times are compared with.

use super::buses::{AUSTIN, BusLeg, Columns, NEW_YORK, WASHINGTON, read_buses};
use super::moment::{Moment, replay_riders};
use super::rider::{Rider, Stop, rider_of_van};
use crate::recordings::{Part, new_york_traces, read_text, read_vans};
use anyhow::Result;
use std::path::Path;

/// Riders recorded together.
pub(super) struct Recording {
    pub(super) name: &'static str,
    riders: Vec<Rider>,
    /// Constants were fitted to every rider with this distance from the first on; to none for 0.
    fitted_every: usize,
}

impl Recording {
    fn riders(&self, part: Part) -> impl Iterator<Item = &Rider> {
        let riders = self.riders.iter().enumerate();
        riders.filter(move |(index, _)| part.has(*index, self.fitted_every)).map(|(_, rider)| rider)
    }

    /// Riders with legs, and their legs.
    pub(super) fn count(&self, part: Part) -> (usize, usize) {
        self.riders(part)
            .filter(|rider| !rider.legs.is_empty())
            .fold((0, 0), |(riders, legs), rider| (riders + 1, legs + rider.legs.len()))
    }

    /// Asks for an estimate at every fix of every leg. All riders belong to one tenant, which learns from finished legs.
    pub(super) fn replay(&self, part: Part) -> Vec<Moment> {
        let riders: Vec<&Rider> = self.riders(part).filter(|rider| !rider.fixes.is_empty()).collect();
        replay_riders(&riders)
    }
}

/// Reads the recordings that are in the folder `data`.
pub(super) fn read_recordings(data: &Path) -> Result<Vec<Recording>> {
    let mut recordings = Vec::new();
    let drivers = data.join("goal-delivery-activity/trajectories.zip");
    if drivers.exists() {
        let vans = read_vans(&read_text(&drivers)?)?;
        for (name, stop) in [("delivery van, next stop", Stop::Next), ("delivery van, last stop", Stop::Last)] {
            let riders = vans.iter().map(|van| rider_of_van(van, stop)).collect();
            recordings.push(Recording { name, riders, fitted_every: 2 });
        }
    }
    let mut add_buses = |name, path: &str, columns: &Columns, leg, fitted_every| -> Result<()> {
        let path = data.join(path);
        let files = if path.is_dir() { new_york_traces(&path)? } else { vec![path] };
        if files.first().is_some_and(|file| file.exists()) {
            let texts = files.iter().map(|file| read_text(file)).collect::<Result<Vec<String>>>()?;
            recordings.push(Recording { name, riders: read_buses(&texts, columns, leg)?, fitted_every });
        }
        Ok(())
    };
    let austin = "austin-capmetro-fleet/positions_2016-12-16.csv";
    add_buses("New York bus, 2 km", "nyc-bus-traces-labelled/traces", &NEW_YORK, BusLeg::TwoKilometres, 2)?;
    add_buses("Austin bus 2016, 2 km", austin, &AUSTIN, BusLeg::TwoKilometres, 6)?;
    add_buses("Austin bus 2016, trip", austin, &AUSTIN, BusLeg::WholeTrip, 6)?;
    let austin = "austin-capmetro-fleet/positions_2015-03-07_0800-1059_mph.csv";
    add_buses("Austin bus 2015, 2 km", austin, &AUSTIN, BusLeg::TwoKilometres, 0)?;
    let washington = "wmata-bus-gtfsrt/wmata_gtfsrt_2026-02-16.csv";
    add_buses("Washington bus, stop", washington, &WASHINGTON, BusLeg::TwoKilometresToStop, 0)?;
    Ok(recordings)
}
