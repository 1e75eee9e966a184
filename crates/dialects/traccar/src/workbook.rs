//! Reports as workbooks: a sheet for each device, or one for all.

use crate::events::speed_text;
use crate::fleet::FleetView;
use crate::handlers::report_handlers::Kind;
use crate::refusal::Refusal;
use crate::shape::{Object, text, whole};
use crate::time::{read_time, write_local};
use jiff::tz::TimeZone;
use milepost_domain::Timestamp;
use milepost_fleet_reports::{PlainSheet, write_plain_workbook};
use serde_json::Value;

/// The kind of content.
pub(crate) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// A table for one device, or for all.
pub(crate) struct Sheet {
    /// Its name; a device's, of a sheet for one.
    pub(crate) name: String,
    /// The group of the device.
    pub(crate) group: Option<String>,
    /// The rows of the report.
    pub(crate) rows: Vec<Object>,
}

/// How values become texts.
pub(crate) struct Style<'a> {
    pub(crate) fleet: &'a FleetView,
    pub(crate) zone: TimeZone,
}

impl Style<'_> {
    fn time(&self, row: &Object, name: &str) -> String {
        text(row, name).and_then(read_time).map(|at| write_local(at, &self.zone)).unwrap_or_default()
    }

    fn speed(&self, row: &Object, name: &str) -> String {
        let knots = row.get(name).and_then(Value::as_f64).unwrap_or(0.0);
        if knots > 0.0 || name == "speed" { speed_text(knots, self.fleet.speed_unit()) } else { String::new() }
    }
}

fn number(row: &Object, name: &str) -> f64 {
    row.get(name).and_then(Value::as_f64).unwrap_or(0.0)
}

fn kilometres(row: &Object, name: &str) -> String {
    format!("{:.1} km", number(row, name) / 1000.0)
}

fn litres(row: &Object) -> String {
    let litres = number(row, "spentFuel");
    if litres > 0.0 { format!("{litres:.1} l") } else { String::new() }
}

fn period(ms: i64) -> String {
    if ms <= 0 {
        return String::new();
    }
    let seconds = ms / 1000;
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn place(row: &Object, latitude: &str, longitude: &str) -> String {
    format!("{:.6}°, {:.6}°", number(row, latitude), number(row, longitude))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn own(row: &Object) -> String {
    let own = row.get("attributes").and_then(Value::as_object);
    let pairs = own.into_iter().flatten().map(|(name, value)| format!("{name}={}", plain(value)));
    pairs.collect::<Vec<_>>().join("  ")
}

type Column = (&'static str, fn(&Style<'_>, &Object) -> String);

fn columns(kind: Kind) -> Vec<Column> {
    match kind {
        Kind::Route => vec![
            (
                "Valid",
                |_, row| if row.get("valid") == Some(&Value::Bool(true)) { "True".into() } else { "False".into() },
            ),
            ("Time", |style, row| style.time(row, "fixTime")),
            ("Latitude", |_, row| number(row, "latitude").to_string()),
            ("Longitude", |_, row| number(row, "longitude").to_string()),
            ("Altitude", |_, row| format!("{:?}", number(row, "altitude"))),
            ("Speed", |style, row| style.speed(row, "speed")),
            ("Address", |_, row| place(row, "latitude", "longitude")),
            ("Attributes", |_, row| own(row)),
        ],
        Kind::Events => vec![
            ("Time", |style, row| style.time(row, "eventTime")),
            ("Type", |_, row| text(row, "type").unwrap_or_default().to_owned()),
            ("Geofence Name", |style, row| {
                let area = style.fleet.area(whole(row, "geofenceId"));
                area.map(|area| area.description.name.as_str().to_owned()).unwrap_or_default()
            }),
            ("Maintenance Name", |_, _| String::new()),
            ("Address", |_, _| String::new()),
            ("Attributes", |_, row| own(row)),
        ],
        Kind::Trips => vec![
            ("Start", |style, row| style.time(row, "startTime")),
            ("Start Address", |_, row| place(row, "startLat", "startLon")),
            ("Start Odometer", |_, row| kilometres(row, "startOdometer")),
            ("End", |style, row| style.time(row, "endTime")),
            ("End Address", |_, row| place(row, "endLat", "endLon")),
            ("End Odometer", |_, row| kilometres(row, "endOdometer")),
            ("Duration", |_, row| period(whole(row, "duration"))),
            ("Length", |_, row| kilometres(row, "distance")),
            ("Top speed", |style, row| style.speed(row, "maxSpeed")),
            ("Average speed", |style, row| style.speed(row, "averageSpeed")),
            ("Spent Fuel", |_, row| litres(row)),
            ("Driver", |_, row| text(row, "driverName").or(text(row, "driverUniqueId")).unwrap_or_default().to_owned()),
        ],
        Kind::Stops => vec![
            ("Start", |style, row| style.time(row, "startTime")),
            ("Start Address", |_, row| place(row, "latitude", "longitude")),
            ("Odometer", |_, row| kilometres(row, "startOdometer")),
            ("End", |style, row| style.time(row, "endTime")),
            ("Duration", |_, row| period(whole(row, "duration"))),
            ("Engine Hours", |_, row| period(whole(row, "engineHours"))),
            ("Spent Fuel", |_, row| litres(row)),
        ],
        Kind::Devices => vec![
            ("Name", |_, row| text(row, "name").unwrap_or_default().to_owned()),
            ("Unique ID", |_, row| text(row, "uniqueId").unwrap_or_default().to_owned()),
            ("Phone", |_, row| text(row, "phone").unwrap_or_default().to_owned()),
            ("Model", |_, row| text(row, "model").unwrap_or_default().to_owned()),
            ("Contact", |_, row| text(row, "contact").unwrap_or_default().to_owned()),
            ("Status", |_, row| text(row, "status").unwrap_or_default().to_owned()),
            ("Last Update", |style, row| style.time(row, "lastUpdate")),
            ("Address", |_, _| String::new()),
        ],
        Kind::Summary | Kind::Combined | Kind::Geofences => vec![
            ("Device", |_, row| text(row, "deviceName").unwrap_or_default().to_owned()),
            ("Start Date", |style, row| style.time(row, "startTime").chars().take(10).collect()),
            ("Distance", |_, row| kilometres(row, "distance")),
            ("Start Odometer", |_, row| kilometres(row, "startOdometer")),
            ("End Odometer", |_, row| kilometres(row, "endOdometer")),
            ("Top speed", |style, row| style.speed(row, "maxSpeed")),
            ("Average speed", |style, row| style.speed(row, "averageSpeed")),
            ("Engine Hours", |_, row| period(whole(row, "engineHours"))),
            ("Spent Fuel", |_, row| litres(row)),
        ],
    }
}

/// The name of a kind in a workbook.
const fn title(kind: Kind) -> &'static str {
    match kind {
        Kind::Route => "Route",
        Kind::Events => "Events",
        Kind::Summary => "Summary",
        Kind::Trips => "Trips",
        Kind::Stops => "Stops",
        Kind::Combined => "Combined",
        Kind::Geofences => "Geofences",
        Kind::Devices => "Devices",
    }
}

/// Writes a report.
pub(crate) fn write(
    kind: Kind,
    style: &Style<'_>,
    window: Option<(Timestamp, Timestamp)>,
    sheets: &[Sheet],
) -> Result<Vec<u8>, Refusal> {
    let columns = columns(kind);
    let plain = |sheet: &Sheet| {
        let mut head = vec![("Report type:", title(kind).to_owned())];
        if let Some(group) = &sheet.group {
            head.push(("Device:", sheet.name.clone()));
            head.push(("Group:", group.clone()));
        }
        if let Some((from, to)) = window {
            head.push(("Period:", format!("{} - {}", write_local(from, &style.zone), write_local(to, &style.zone))));
        }
        let cells = |row: &Object| columns.iter().map(|(_, cell)| cell(style, row)).collect();
        PlainSheet {
            name: sheet.name.clone(),
            head,
            columns: columns.iter().map(|(label, _)| *label).collect(),
            rows: sheet.rows.iter().map(cells).collect(),
        }
    };
    let sheets: Vec<PlainSheet> = sheets.iter().map(plain).collect();
    write_plain_workbook(&sheets, title(kind)).map_err(|error| {
        tracing::error!(%error, "a workbook could not be written");
        Refusal::failed("java.io.IOException: the workbook could not be written")
    })
}
