//! The values that a column or property can hold, and the usual names of such columns.

use crate::units::{Quantity, Unit, key};
use crate::zone::Zone;

/// The values that a column can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Field {
    Vehicle,
    Timestamp,
    Date,
    Time,
    Zone,
    Latitude,
    Longitude,
    NorthSouth,
    EastWest,
    Speed,
    Heading,
    Accuracy,
    Altitude,
    Odometer,
    FuelLevel,
    Ignition,
    Attributes,
    Fix,
}

/// What a column's name says about its values beside their kind.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Qualifier {
    Unit(Unit),
    Clock(ClockName),
}

/// How a column's name says its times are to be read.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ClockName {
    /// `Time (UTC)`, `Time (GMT+2)`.
    Zone(Zone),
    /// `local_time`: the zone must be given.
    Local,
    /// `epoch`: Unix seconds, milliseconds or finer, distinguished by their size.
    Unix,
    /// `time_ms`: Unix time, and how many milliseconds its unit has.
    UnixUnit(f64),
    /// `excel_time`: days since the end of 1899.
    Excel,
}

impl Field {
    pub(crate) const ALL: [Self; 18] = [
        Self::Vehicle,
        Self::Timestamp,
        Self::Date,
        Self::Time,
        Self::Zone,
        Self::Latitude,
        Self::Longitude,
        Self::NorthSouth,
        Self::EastWest,
        Self::Speed,
        Self::Heading,
        Self::Accuracy,
        Self::Altitude,
        Self::Odometer,
        Self::FuelLevel,
        Self::Ignition,
        Self::Attributes,
        Self::Fix,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Vehicle => "vehicle",
            Self::Timestamp => "timestamp",
            Self::Date => "date",
            Self::Time => "time",
            Self::Zone => "timezone",
            Self::Latitude => "latitude",
            Self::Longitude => "longitude",
            Self::NorthSouth => "north_south",
            Self::EastWest => "east_west",
            Self::Speed => "speed",
            Self::Heading => "heading",
            Self::Accuracy => "accuracy",
            Self::Altitude => "altitude",
            Self::Odometer => "odometer",
            Self::FuelLevel => "fuel_level",
            Self::Ignition => "ignition",
            Self::Attributes => "attributes",
            Self::Fix => "fix",
        }
    }

    pub(crate) const fn quantity(self) -> Option<Quantity> {
        match self {
            Self::Latitude | Self::Longitude | Self::Heading => Some(Quantity::Angle),
            Self::Speed => Some(Quantity::Speed),
            Self::Accuracy | Self::Altitude => Some(Quantity::Length),
            Self::Odometer => Some(Quantity::Distance),
            Self::FuelLevel => Some(Quantity::Volume),
            _ => None,
        }
    }

    pub(crate) const fn is_time(self) -> bool {
        matches!(self, Self::Timestamp | Self::Date | Self::Time)
    }

    /// Values of these columns can't be used unless the unit is known: some devices count metres, others kilometres or per
    /// cent.
    pub(crate) const fn needs_unit(self) -> bool {
        matches!(self, Self::Odometer | Self::FuelLevel)
    }

    /// Usual names as [`key`] gives them, the most likely first.
    pub(crate) const fn usual_names(self) -> &'static str {
        match self {
            Self::Vehicle => {
                "vehicleid vehicle vid busid bus deviceid device trackerid tracker imei unitid unit id name"
            }
            Self::Timestamp => "timestamp datetime timedate dateandtime recordedat unixtime unix epoch",
            Self::Date => "date day",
            Self::Time => "time timeofday fixtime utc gmt",
            Self::Zone => "timezone tz utcoffset gmtoffset tzoffset timezoneoffset",
            Self::Latitude => "latitude lat y latitudens",
            Self::Longitude => "longitude lon lng long x longitudeew",
            Self::NorthSouth => {
                "ns northsouth nsindicator nshemisphere latns latitudens lathemisphere latitudehemisphere lathemi latdir \
                 latdirection latitudedirection latref latituderef"
            }
            Self::EastWest => {
                "ew eastwest ewindicator ewhemisphere lonew longew lngew longitudeew lonhemisphere longitudehemisphere \
                 lonhemi londir lngdir longdir londirection longitudedirection lonref lngref longituderef"
            }
            Self::Speed => "speed velocity spd groundspeed sog speedoverground",
            Self::Heading => "heading bearing course direction azimuth track cog hdg courseoverground",
            Self::Accuracy => "accuracy horizontalaccuracy hacc haccuracy",
            Self::Altitude => "altitude alt elevation ele elev height",
            Self::Odometer => "odometer odo mileage totaldistance",
            Self::FuelLevel => "fuellevel fuel",
            Self::Ignition => "ignition ignitionon ign",
            Self::Attributes => "attributes",
            Self::Fix => "fix fixquality fixtype quality hasfix valid",
        }
    }

    /// Times that are not the fix's own if the file has a better one.
    pub(crate) const SECOND_RATE_TIMES: &str = "at devicetime eventtime timereceived receivedat servertime createdat";

    /// Names that as often number or describe the row as they name its vehicle.
    pub(crate) fn is_row_name(column: &str) -> bool {
        matches!(key(column).as_str(), "id" | "name")
    }

    /// How well `column` fits, 0 being best, with what its name says about the values. `None` if it doesn't fit.
    pub(crate) fn fit(self, column: &str, usual: &str) -> Option<(usize, Option<Qualifier>)> {
        let (base, inside) = split_brackets(column);
        let base = key(base);
        for (rank, usual) in usual.split(' ').enumerate() {
            for prefix in ["", "gps", "gnss", "position", "pos", "location", "loc", "recorded"] {
                let Some(rest) = base.strip_prefix(prefix).and_then(|rest| rest.strip_prefix(usual)) else { continue };
                let rank = rank * 2 + usize::from(!prefix.is_empty());
                match (rest, inside) {
                    ("", None) => return Some((rank, said_by(usual))),
                    ("", Some(inside)) => return self.qualifier(inside).map(|qualifier| (rank, Some(qualifier))),
                    (rest, None) => {
                        if let Some(qualifier) = self.qualifier(rest) {
                            return Some((rank, Some(qualifier)));
                        }
                    }
                    (_, Some(_)) => {}
                }
            }
            // `UTC time`, `local_date`.
            if self.is_time()
                && let Some(first) = base.strip_suffix(usual).filter(|first| first.len() >= 3)
                && let Some(qualifier) = self.qualifier(first)
            {
                return Some((rank * 2 + 1, Some(qualifier)));
            }
        }
        None
    }

    /// What the name of a column, which was given for this field, says about its values: `geschw_kmh`, `v (m/s)`.
    pub(crate) fn qualifier_of(self, column: &str) -> Option<Qualifier> {
        if let (_, Some(inside)) = split_brackets(column) {
            return self.qualifier(inside);
        }
        if let Some((_, qualifier)) = self.fit(column, self.usual_names()) {
            return qualifier;
        }
        let words: Vec<&str> = column.split([' ', '_', '-', ',', '.']).filter(|word| !word.is_empty()).collect();
        let last = |count: usize| {
            words.len().checked_sub(count).filter(|first| *first > 0).map(|first| words[first..].concat())
        };
        [1, 2].into_iter().filter_map(last).find_map(|word| self.qualifier(&word))
    }

    fn qualifier(self, text: &str) -> Option<Qualifier> {
        if self.is_time() {
            return clock_named(text).map(Qualifier::Clock);
        }
        self.quantity()?.unit_named(text).map(Qualifier::Unit)
    }
}

fn clock_named(text: &str) -> Option<ClockName> {
    let key = key(text);
    Some(match key.as_str() {
        "local" | "lt" | "lmt" | "localtime" => ClockName::Local,
        "unix" | "epoch" | "posix" => ClockName::Unix,
        "s" | "sec" | "secs" | "seconds" | "unixs" | "epochs" => ClockName::UnixUnit(1000.0),
        "ms" | "millis" | "msec" | "milliseconds" | "unixms" | "epochms" => ClockName::UnixUnit(1.0),
        "us" | "micros" | "microseconds" => ClockName::UnixUnit(1e-3),
        "ns" | "nanos" | "nanoseconds" => ClockName::UnixUnit(1e-6),
        "excel" | "serial" | "excelserial" => ClockName::Excel,
        _ => return Zone::of_file(text.trim()).map(ClockName::Zone),
    })
}

/// What a usual name says itself.
fn said_by(usual: &str) -> Option<Qualifier> {
    match usual {
        "utc" | "gmt" => Some(Qualifier::Clock(ClockName::Zone(Zone::default()))),
        "unixtime" | "unix" | "epoch" => Some(Qualifier::Clock(ClockName::Unix)),
        _ => None,
    }
}

/// `speed (km/h)`: what stands before the brackets and what inside.
fn split_brackets(column: &str) -> (&str, Option<&str>) {
    match column.find(['(', '[', '{']) {
        Some(start) if start > 0 => {
            let inside = &column[start + 1..];
            (&column[..start], Some(inside.trim_end().trim_end_matches([')', ']', '}'])))
        }
        _ => (column, None),
    }
}
