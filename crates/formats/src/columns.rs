//! The columns or properties of a file, by the value that they hold.

use crate::options_error::OptionsError;
use std::str::FromStr;

/// Names of a CSV file's columns or of GeoJSON properties; for CSV also numbers from 1 (`#3`) when the file has no
/// header. `None` takes the first column with one of the usual names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnMap {
    /// The vehicle's id or name.
    pub vehicle: Option<String>,
    /// The time of the fix.
    pub timestamp: Option<String>,
    /// Degrees north.
    pub latitude: Option<String>,
    /// Degrees east.
    pub longitude: Option<String>,
    /// Speed, in [`ReadOptions::speed_unit`](crate::ReadOptions::speed_unit).
    pub speed: Option<String>,
    /// Degrees from north.
    pub heading: Option<String>,
    /// Accuracy in metres.
    pub accuracy: Option<String>,
    /// Altitude in metres.
    pub altitude: Option<String>,
    /// The quality of the fix: `0`, `none`, `false`, `invalid`, `V` and the like mean that the receiver had none.
    pub fix: Option<String>,
}

/// The values that a column can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Vehicle,
    Timestamp,
    Latitude,
    Longitude,
    Speed,
    Heading,
    Accuracy,
    Altitude,
    Fix,
}

impl Field {
    pub(crate) const ALL: [Self; 9] = [
        Self::Vehicle,
        Self::Timestamp,
        Self::Latitude,
        Self::Longitude,
        Self::Speed,
        Self::Heading,
        Self::Accuracy,
        Self::Altitude,
        Self::Fix,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Vehicle => "vehicle",
            Self::Timestamp => "timestamp",
            Self::Latitude => "latitude",
            Self::Longitude => "longitude",
            Self::Speed => "speed",
            Self::Heading => "heading",
            Self::Accuracy => "accuracy",
            Self::Altitude => "altitude",
            Self::Fix => "fix",
        }
    }

    /// Usual names in lower case, the most likely first.
    pub(crate) const fn usual_names(self) -> &'static [&'static str] {
        match self {
            Self::Vehicle => &[
                "vehicle_id",
                "vehicle",
                "vehicleid",
                "vid",
                "bus_id",
                "bus",
                "device_id",
                "deviceid",
                "device",
                "unit",
                "id",
                "name",
            ],
            Self::Timestamp => &[
                "timestamp",
                "time",
                "datetime",
                "date_time",
                "recorded_at",
                "at",
                "fix_time",
                "fixtime",
                "gps_time",
                "time_received",
                "utc",
                "date",
            ],
            Self::Latitude => &["latitude", "lat", "latitude_deg", "gps_lat", "y"],
            Self::Longitude => &["longitude", "lon", "lng", "long", "longitude_deg", "gps_lon", "gps_lng", "x"],
            Self::Speed => &[
                "speed",
                "speed_kmh",
                "speed_mph",
                "speed_ms",
                "speed_mps",
                "speed_knots",
                "speed_kph",
                "speed (km/h)",
                "speed (mph)",
                "speed (m/s)",
                "velocity",
                "gps_speed",
                "spd",
            ],
            Self::Heading => &[
                "heading",
                "heading_deg",
                "bearing",
                "course",
                "direction",
                "direction_deg",
                "azimuth",
                "track",
                "cog",
            ],
            Self::Accuracy => &["accuracy", "accuracy_m", "horizontal_accuracy", "hacc", "gps_accuracy"],
            Self::Altitude => &["altitude", "altitude_m", "alt", "elevation", "ele", "height"],
            Self::Fix => &[
                "fix",
                "fix_quality",
                "fixquality",
                "fix_type",
                "fixtype",
                "gps_fix",
                "gps_quality",
                "gps_valid",
                "has_fix",
                "valid",
            ],
        }
    }
}

impl ColumnMap {
    pub(crate) fn get(&self, field: Field) -> Option<&str> {
        match field {
            Field::Vehicle => &self.vehicle,
            Field::Timestamp => &self.timestamp,
            Field::Latitude => &self.latitude,
            Field::Longitude => &self.longitude,
            Field::Speed => &self.speed,
            Field::Heading => &self.heading,
            Field::Accuracy => &self.accuracy,
            Field::Altitude => &self.altitude,
            Field::Fix => &self.fix,
        }
        .as_deref()
    }

    fn set(&mut self, field: Field, column: String) {
        *match field {
            Field::Vehicle => &mut self.vehicle,
            Field::Timestamp => &mut self.timestamp,
            Field::Latitude => &mut self.latitude,
            Field::Longitude => &mut self.longitude,
            Field::Speed => &mut self.speed,
            Field::Heading => &mut self.heading,
            Field::Accuracy => &mut self.accuracy,
            Field::Altitude => &mut self.altitude,
            Field::Fix => &mut self.fix,
        } = Some(column);
    }

    /// Whether a column is given by its number: then the file has no header.
    pub(crate) fn is_numbered(&self) -> bool {
        Field::ALL.into_iter().any(|field| self.get(field).is_some_and(|column| column.starts_with('#')))
    }
}

/// `vehicle=vid,latitude=lat,longitude=lon,timestamp=#4`.
impl FromStr for ColumnMap {
    type Err = OptionsError;

    fn from_str(text: &str) -> Result<Self, OptionsError> {
        let mut map = Self::default();
        for pair in text.split(',').filter(|pair| !pair.trim().is_empty()) {
            let (name, column) = pair
                .split_once('=')
                .ok_or_else(|| OptionsError::new(format!("column mapping {pair:?} must have the form name=column")))?;
            let (name, column) = (name.trim().to_ascii_lowercase(), column.trim());
            let field = Field::ALL.into_iter().find(|field| field.name() == name).ok_or_else(|| {
                let known: Vec<_> = Field::ALL.iter().map(|field| field.name()).collect();
                OptionsError::new(format!("column mapping names {name:?}, but must name one of {}", known.join(", ")))
            })?;
            if column.is_empty() {
                return Err(OptionsError::new(format!("column mapping names no column for {name}")));
            }
            map.set(field, column.to_owned());
        }
        Ok(map)
    }
}
