//! Positions of rows, and the batches that they are sent in.

use crate::{BATCH, Batch, Progress, SourceError, Vehicles, wall_clock};
use jiff::tz::TimeZone;
use milepost_device_report::{DeviceReport, Reading, ReportTime, ReportedPlace};
use milepost_domain::{Timestamp, VehicleId};
use milepost_phone_formats::forwarded_attributes;
use serde_json::{Map, Value};
use std::borrow::Cow;
use tokio::sync::mpsc;

/// Kilometres an hour of a knot.
const KNOT_KMH: f64 = 1.852;

/// The columns that are read, in the order in which [`PositionColumns::first`] has them.
pub(crate) const COLUMNS: &str =
    "deviceid, fixtime, valid, latitude, longitude, altitude, speed, course, accuracy, attributes";

/// One value of a row; `None` for null.
pub(crate) type Cell<'a> = Option<Cow<'a, str>>;

/// Where the values of a position are in a row.
#[derive(Debug, Clone)]
pub(crate) struct PositionColumns([usize; 10]);

impl PositionColumns {
    /// The first columns, in the order of [`COLUMNS`].
    pub(crate) const fn first() -> Self {
        Self([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    }

    /// The columns of these names; `None` if one is missing.
    pub(crate) fn named(names: &[String]) -> Option<Self> {
        let mut places = [0; 10];
        for (place, wanted) in places.iter_mut().zip(COLUMNS.split(", ")) {
            *place = names.iter().position(|name| name == wanted)?;
        }
        Some(Self(places))
    }

    fn cell<'a>(&self, cells: &'a [Cell<'_>], column: usize) -> Option<&'a str> {
        cells.get(self.0[column])?.as_deref()
    }

    /// The number of the device.
    pub(crate) fn device(&self, cells: &[Cell<'_>]) -> Option<i64> {
        self.cell(cells, 0)?.trim().parse().ok()
    }

    /// What a row says, without its device.
    pub(crate) fn report(&self, cells: &[Cell<'_>], zone: &TimeZone) -> DeviceReport {
        let number = |column| self.cell(cells, column).and_then(|text| text.trim().parse::<f64>().ok());
        let own: Map<String, Value> = match self.cell(cells, 9) {
            None | Some("" | "{}") => Map::new(),
            Some(text) => serde_json::from_str(text).unwrap_or_default(),
        };
        let place = match (number(3), number(4)) {
            (Some(latitude), Some(longitude)) => Some(ReportedPlace { latitude, longitude }),
            _ => None,
        };
        DeviceReport {
            time: self
                .cell(cells, 1)
                .and_then(|text| wall_clock::read(text, zone))
                .map_or_else(ReportTime::default, ReportTime::At),
            place,
            is_valid: self.cell(cells, 2).is_none_or(is_true),
            altitude_m: number(5),
            speed_kmh: number(6).map(|knots| knots * KNOT_KMH),
            heading_deg: number(7),
            accuracy_m: number(8),
            ..forwarded_attributes(&own)
        }
    }
}

/// True as databases write it.
pub(crate) fn is_true(text: &str) -> bool {
    matches!(text.trim(), "t" | "true" | "TRUE" | "1" | "\u{1}" | "\\x01")
}

/// Gathers positions into batches and sends them.
pub(crate) struct Batcher<'a> {
    batches: &'a mpsc::Sender<Batch>,
    batch: Batch,
    now: Timestamp,
}

impl<'a> Batcher<'a> {
    pub(crate) fn new(batches: &'a mpsc::Sender<Batch>, now: Timestamp) -> Self {
        Self { batches, batch: Batch::default(), now }
    }

    /// Takes a report. True if the batch is full, and is to be sent.
    pub(crate) fn take(&mut self, vehicle: &VehicleId, report: &DeviceReport) -> bool {
        self.batch.rows += 1;
        let reading = report.time.own(self.now).map(|at| report.read(vehicle.clone(), at));
        match reading {
            Some(Reading::Position(position)) => self.batch.positions.push(*position),
            Some(Reading::Heartbeat | Reading::Impossible) | None => self.batch.dropped += 1,
        }
        self.batch.rows >= BATCH as u64
    }

    /// The time of the newest row that was taken and is a position.
    pub(crate) fn newest(&self) -> Option<Timestamp> {
        self.batch.positions.last().map(|position| position.at)
    }

    fn filled(&mut self, progress: Option<Progress>) -> Batch {
        Batch { progress, ..std::mem::take(&mut self.batch) }
    }

    /// Sends what was gathered, also if it is nothing but progress.
    pub(crate) async fn send(&mut self, progress: Option<Progress>) -> Result<(), SourceError> {
        let batch = self.filled(progress);
        self.batches.send(batch).await.map_err(|_| SourceError::Stopped)
    }

    /// The same on a thread that may wait.
    pub(crate) fn send_blocking(&mut self, progress: Option<Progress>) -> Result<(), SourceError> {
        let batch = self.filled(progress);
        self.batches.blocking_send(batch).map_err(|_| SourceError::Stopped)
    }
}

/// The vehicle of a device, if it is wanted.
pub(crate) fn vehicle_of(vehicles: &Vehicles, device: Option<i64>) -> Option<&VehicleId> {
    vehicles.get(&device?)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use milepost_domain::AttributeValue;

    #[test]
    fn a_row_is_read_with_its_units_and_attributes() {
        let names: Vec<String> = "id,protocol,deviceid,servertime,devicetime,fixtime,valid,latitude,longitude,altitude,speed,course,address,attributes,accuracy,network"
            .split(',')
            .map(str::to_owned)
            .collect();
        let columns = PositionColumns::named(&names).unwrap();
        let attributes = r#"{"batteryLevel":80,"ignition":true,"totalDistance":5.5,"odometer":12000}"#;
        let cells: Vec<Cell<'_>> = [
            "7",
            "osmand",
            "3",
            "2026-11-29 20:06:24",
            "2026-11-29 20:06:23",
            "2026-11-29 20:06:23",
            "t",
            "30.25",
            "-97.5",
            "150",
            "10",
            "90",
            "\\N",
            attributes,
            "5",
            "null",
        ]
        .map(|text| Some(Cow::Borrowed(text)))
        .to_vec();
        assert_eq!(columns.device(&cells), Some(3));
        let report = columns.report(&cells, &TimeZone::UTC);
        assert_eq!(report.time, ReportTime::At(Timestamp::from_unix_ms(1_795_982_783_000).unwrap()));
        assert_eq!((report.speed_kmh, report.odometer_km, report.ignition), (Some(18.52), Some(12.0), Some(true)));
        assert_eq!(report.attributes.get("battery_percent"), Some(&AttributeValue::Number(80.0)));
        assert!(report.is_valid && report.attributes.get("totalDistance").is_none());
        assert!(PositionColumns::named(&names[..9]).is_none());
    }
}
