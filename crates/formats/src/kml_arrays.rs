//! The values of a KML track beside time and place, in arrays of its ExtendedData.

use crate::attributes_json::{push_attributes, read_attributes};
use crate::push::push;
use crate::track_point::RawPoint;
use crate::xml::push_escaped;
use milepost_domain::Position;

/// The name of the schema of our arrays. In a track of another program equal names may mean other units.
pub(crate) const SCHEMA: &str = "milepost";

/// A value that a track's arrays may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ArrayValue {
    Speed,
    Heading,
    Accuracy,
    /// Only where some altitudes are unknown: a place without one is written with 0.
    Altitude,
    Odometer,
    FuelLevel,
    Ignition,
    Attributes,
}

impl ArrayValue {
    pub(crate) const ALL: [Self; 8] = [
        Self::Speed,
        Self::Heading,
        Self::Accuracy,
        Self::Altitude,
        Self::Odometer,
        Self::FuelLevel,
        Self::Ignition,
        Self::Attributes,
    ];

    /// The array's name, its type in the schema, and its name for people.
    pub(crate) const fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Speed => ("speed_kmh", "double", "Speed (km/h)"),
            Self::Heading => ("heading_deg", "double", "Heading (degrees)"),
            Self::Accuracy => ("accuracy_m", "double", "Accuracy (m)"),
            Self::Altitude => ("altitude_m", "double", "Altitude (m)"),
            Self::Odometer => ("odometer_km", "double", "Odometer (km)"),
            Self::FuelLevel => ("fuel_level_l", "double", "Fuel (l)"),
            Self::Ignition => ("ignition", "bool", "Ignition"),
            // An object of JSON.
            Self::Attributes => ("attributes", "string", "Attributes"),
        }
    }

    /// Appends the value's element, empty where it is unknown. True if it is known.
    pub(crate) fn push(self, position: &Position, out: &mut Vec<u8>) -> bool {
        let number = match self {
            Self::Speed => position.speed.map(|value| value.get()),
            Self::Heading => position.heading.map(|value| value.get()),
            Self::Accuracy => position.accuracy.map(|value| value.get()),
            Self::Altitude => position.altitude.map(|value| value.get()),
            Self::Odometer => position.odometer.map(|value| value.get()),
            Self::FuelLevel => position.fuel_level.map(|value| value.get()),
            Self::Ignition => {
                match position.ignition {
                    Some(on) => push!(out, "<gx:value>{on}</gx:value>\n"),
                    None => out.extend_from_slice(b"<gx:value/>\n"),
                }
                return position.ignition.is_some();
            }
            Self::Attributes => {
                if position.attributes.is_empty() {
                    out.extend_from_slice(b"<gx:value/>\n");
                } else {
                    let mut json = Vec::new();
                    push_attributes(&mut json, &position.attributes);
                    out.extend_from_slice(b"<gx:value>");
                    push_escaped(out, &String::from_utf8_lossy(&json));
                    out.extend_from_slice(b"</gx:value>\n");
                }
                return !position.attributes.is_empty();
            }
        };
        match number {
            Some(value) => push!(out, "<gx:value>{value}</gx:value>\n"),
            None => out.extend_from_slice(b"<gx:value/>\n"),
        }
        number.is_some()
    }

    /// Takes the text of the value's element.
    pub(crate) fn take(self, text: &str, point: &mut RawPoint) {
        let number = text.parse().ok();
        match self {
            Self::Speed => point.speed_kmh = number,
            Self::Heading => point.heading_deg = number,
            Self::Accuracy => point.accuracy_m = number,
            Self::Altitude => point.altitude_m = number,
            Self::Odometer => point.odometer_km = number,
            Self::FuelLevel => point.fuel_level_l = number,
            Self::Ignition => point.ignition = text.parse().ok(),
            Self::Attributes if text.is_empty() => {}
            Self::Attributes => match read_attributes(text) {
                Some(entries) => point.attributes = entries,
                None => point.unread.push(format!("attributes {text}")),
            },
        }
    }
}
