//! A track point of a GPX file while its elements are read.

use crate::SpeedUnit;
use crate::attributes_json::read_value;
use crate::track_point::{RawPoint, means_no_fix};
use crate::xml_elements::local;
use milepost_domain::{AttributeValue, MAX_ATTRIBUTES};

/// The point that is being read.
pub(crate) struct OpenPoint {
    /// Of its element.
    pub(crate) depth: usize,
    pub(crate) line: u64,
    pub(crate) time: Option<String>,
    /// The name of the attribute that is being read.
    pub(crate) attribute: Option<String>,
    pub(crate) values: RawPoint,
}

impl OpenPoint {
    /// Takes the text of an element inside the point.
    pub(crate) fn take_value(&mut self, name: &str, depth: usize, text: &str) {
        let values = &mut self.values;
        let number = || text.parse::<f64>().ok();
        match name {
            // Milepost's own, for what GPX has no word for.
            "milepost:odometer" => values.odometer_km = number(),
            "milepost:fuelLevel" => values.fuel_level_l = number(),
            "milepost:ignition" => values.ignition = text.parse().ok(),
            "milepost:attribute" => {
                if let Some(name) = self.attribute.take()
                    && values.attributes.len() <= MAX_ATTRIBUTES
                {
                    values.attributes.extend(attribute_value(text).map(|value| (name, value)));
                }
            }
            _ => {}
        }
        match local(name) {
            "time" if depth == self.depth + 1 => self.time = Some(text.to_owned()),
            "ele" if depth == self.depth + 1 => values.altitude_m = number(),
            "speed" => values.speed_kmh = number().map(kmh_of_ms),
            "course" | "heading" => values.heading_deg = number(),
            // Where a file has both, the course is the direction of travel.
            "bearing" if values.heading_deg.is_none() => values.heading_deg = number(),
            "accuracy" => values.accuracy_m = number(),
            "fix" => values.no_fix = means_no_fix(text),
            _ => {}
        }
    }
}

/// A number or boolean as it stands, a text that could be taken for one in quotes.
fn attribute_value(text: &str) -> Option<AttributeValue> {
    read_value(text).or_else(|| AttributeValue::text(text).ok())
}

/// Rounds to a millionth of a km/h: 50 km/h, written as 13.888888888888889 m/s, are read as 50.
fn kmh_of_ms(speed_ms: f64) -> f64 {
    (speed_ms * SpeedUnit::Ms.kmh() * 1e6).round() / 1e6
}
