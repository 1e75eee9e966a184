//! Recorded files, read as a whole and sorted by time over all vehicles.

use crate::device::VehicleSpec;
use crate::report::Report;
use crate::{Fix, Replay, SimulateError, Timeline};
use milepost_domain::{Timestamp, VehicleId};
use milepost_formats::{Format, TrackPoint, read};
use std::collections::HashMap;
use std::fs::File;
use std::io::BufReader;
use std::path::Path;

/// Most characters of a vehicle id that come from a file.
const MAX_NAME_CHARS: usize = 40;

/// All fixes of the files.
pub(crate) struct Recording {
    /// Ascending in time; equal times in the order of the files.
    fixes: Vec<Recorded>,
    /// Names that are valid as ids, by vehicle index.
    pub(crate) vehicles: Vec<String>,
    pub(crate) unread_rows: u64,
}

struct Recorded {
    at: Timestamp,
    vehicle: usize,
    fix: Fix,
}

impl Recording {
    /// Blocks while it reads.
    ///
    /// # Errors
    /// [`SimulateError::File`] for a file that can't be read, is of no known format, or for files without one fix.
    pub(crate) fn read_files(replay: &Replay) -> Result<Self, SimulateError> {
        let mut recording = Self { fixes: Vec::new(), vehicles: Vec::new(), unread_rows: 0 };
        let mut indices = HashMap::new();
        let mut first_fault = None;
        for path in &replay.files {
            let fail = |reason: String| SimulateError::File { file: path.display().to_string(), reason };
            let format = Format::of_path(path)
                .ok_or_else(|| fail("its name must end in .csv, .gpx, .nmea, .geojson or .kml".to_owned()))?;
            let file = File::open(path).map_err(|error| fail(error.to_string()))?;
            let rows = read(format, BufReader::new(file), &replay.read).map_err(|error| fail(error.to_string()))?;
            for row in rows {
                match row {
                    Ok(point) => recording.add(path, point, &mut indices),
                    Err(error) if error.ends_reading() => return Err(fail(error.to_string())),
                    Err(error) => {
                        recording.unread_rows += 1;
                        first_fault.get_or_insert_with(|| fail(error.to_string()));
                    }
                }
                if recording.fixes.len() > Replay::MAX_FIXES {
                    return Err(fail(format!("more than {} fixes are too many for one replay", Replay::MAX_FIXES)));
                }
            }
        }
        if recording.fixes.is_empty() {
            let nothing = || SimulateError::Option("the files to replay hold no position".to_owned());
            return Err(first_fault.unwrap_or_else(nothing));
        }
        // Stable, so that fixes of the same instant stay as the file has them.
        recording.fixes.sort_by_key(|recorded| recorded.at);
        Ok(recording)
    }

    fn add(&mut self, path: &Path, point: TrackPoint, indices: &mut HashMap<String, usize>) {
        let stem = || path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
        let name = to_id_part(&point.vehicle.unwrap_or_else(stem));
        let vehicle = *indices.entry(name).or_insert_with_key(|name| {
            self.vehicles.push(name.clone());
            self.vehicles.len() - 1
        });
        let fix = Fix {
            latitude: point.latitude,
            longitude: point.longitude,
            speed: point.speed,
            heading: point.heading,
            accuracy: point.accuracy,
            altitude: point.altitude,
        };
        self.fixes.push(Recorded { at: point.at, vehicle, fix });
    }

    pub(crate) fn vehicle_specs(&self, prefix: &str) -> Vec<VehicleSpec> {
        let wanted =
            |name: &String| VehicleSpec { vehicle_id: format!("{prefix}{name}"), label: name.clone(), route: None };
        self.vehicles.iter().map(wanted).collect()
    }
}

/// A recording that is being replayed.
pub(crate) struct Playback {
    recording: Recording,
    timeline: Timeline,
    repeat: bool,
    index: usize,
    round: u32,
    /// Each vehicle's newest fix: its recorded time and the time that it carried when it was sent.
    newest: Vec<Option<(Timestamp, Timestamp)>>,
}

impl Playback {
    pub(crate) fn new(recording: Recording, replay: &Replay) -> Self {
        let at = |recorded: Option<&Recorded>| recorded.expect("a recording holds at least one fix").at;
        let (first, last) = (at(recording.fixes.first()), at(recording.fixes.last()));
        let timeline = Timeline::new(first, last, replay.speed_factor, replay.times, replay.repeat);
        let newest = vec![None; recording.vehicles.len()];
        Self { recording, timeline, repeat: replay.repeat, index: 0, round: 0, newest }
    }

    /// As [`crate::drive::Drive::next`]; `None` when the recording is over.
    pub(crate) fn next(&mut self, start: Timestamp) -> Option<(i64, usize, Report)> {
        if self.index == self.recording.fixes.len() {
            if !self.repeat {
                return None;
            }
            self.index = 0;
            self.round += 1;
        }
        let recorded = &self.recording.fixes[self.index];
        self.index += 1;
        let due_ms = self.timeline.due_ms(recorded.at, self.round);
        let mut at = self.timeline.reported_time(recorded.at, self.round, start);
        // Compressed times may fall on the same millisecond: the server would take the second place for a duplicate.
        let newest = &mut self.newest[recorded.vehicle];
        if let Some((recorded_at, last_at)) = *newest
            && at <= last_at
            && recorded_at < recorded.at
        {
            at = last_at.plus_ms(1);
        }
        *newest = Some((recorded.at, at));
        Some((due_ms, recorded.vehicle, Report { fix: recorded.fix, at }))
    }
}

/// A name as a vehicle id: characters that ids can't have become `-`.
fn to_id_part(name: &str) -> String {
    let kept: String = name
        .trim()
        .chars()
        .take(MAX_NAME_CHARS)
        .map(|c| if c.is_alphanumeric() || matches!(c, '.' | '_' | ':' | '@' | '-' | ' ') { c } else { '-' })
        .collect();
    let kept = kept.trim().to_owned();
    if VehicleId::new(&kept).is_ok() { kept } else { "unnamed".to_owned() }
}
