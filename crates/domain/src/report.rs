//! Reports: what a fleet did in a time, as a table.

use crate::names::named_values;

/// What a report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportKind {
    /// Trips that began in the time.
    Trips,
    /// Stays between trips that began in the time.
    Stops,
    /// How far vehicles went.
    Mileage,
    /// Which share of the time vehicles moved.
    Utilisation,
    /// What vehicles burnt, were filled with and lost.
    Fuel,
    /// Visits of geofences that began in the time.
    Geofences,
    /// Streaks of speeding that began in the time.
    Speeding,
}

named_values!(ReportKind, "kind", "must be trips, stops, mileage, utilisation, fuel, geofences or speeding", {
    Trips => "trips",
    Stops => "stops",
    Mileage => "mileage",
    Utilisation => "utilisation",
    Fuel => "fuel",
    Geofences => "geofences",
    Speeding => "speeding",
});

/// What a row of a report sums up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportGroup {
    /// Nothing: each trip, stop, visit or streak has its own row.
    None,
    /// What one vehicle did.
    Vehicle,
    /// What one driver did.
    Driver,
    /// What all vehicles did on one day.
    Day,
    /// What one vehicle did on one day.
    VehicleDay,
}

named_values!(ReportGroup, "group_by", "must be none, vehicle, driver, day or vehicle_day", {
    None => "none",
    Vehicle => "vehicle",
    Driver => "driver",
    Day => "day",
    VehicleDay => "vehicle_day",
});

/// The form of a report's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReportFormat {
    /// For programs, with sums and figures for each day. It has the first rows alone.
    Json,
    /// All rows, as text.
    Csv,
    /// All rows, as a workbook.
    Xlsx,
}

named_values!(ReportFormat, "format", "must be json, csv or xlsx", {
    Json => "json",
    Csv => "csv",
    Xlsx => "xlsx",
});

impl ReportKind {
    /// Whether it lists single things, and need not sum them up.
    pub const fn lists(self) -> bool {
        matches!(self, Self::Trips | Self::Stops | Self::Geofences | Self::Speeding)
    }
}
