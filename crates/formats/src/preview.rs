//! Shows a survey as text.

use crate::{Survey, TrackPoint, Zone};
use std::fmt::Write as _;

impl Survey {
    /// The file as it is understood: its columns, its counts, its first rows. Times are shown as the clocks of `zone`
    /// showed them.
    pub fn preview(&self, zone: Option<&Zone>) -> String {
        let mut text = self.understanding.to_string();
        for note in &self.understanding.notes {
            let _ = write!(text, "\n  {note}");
        }
        let _ = write!(text, "\n  {} rows can be stored", self.taken);
        if let Some((earliest, latest)) = self.span {
            let _ = write!(text, ", from {earliest} to {latest}");
        }
        let _ = write!(text, "; {} refused", self.refused);
        if self.left_out > 0 {
            let _ = write!(text, "; {} of other vehicles", self.left_out);
        }
        for point in &self.first {
            let _ = write!(text, "\n  line {}: {}", point.line, describe(point, zone));
        }
        text
    }
}

/// `2025-06-01T10:00:00+02:00, 52.52° N 13.405° E, 31.4 km/h`.
fn describe(point: &TrackPoint, zone: Option<&Zone>) -> String {
    let at = match zone.filter(|zone| !zone.is_utc()) {
        Some(zone) => zone.show(point.at),
        None => point.at.to_string(),
    };
    let (latitude, longitude) = (point.latitude.get(), point.longitude.get());
    let (north, east) = (if latitude < 0.0 { 'S' } else { 'N' }, if longitude < 0.0 { 'W' } else { 'E' });
    let mut text = format!("{at}, {}° {north} {}° {east}", latitude.abs(), longitude.abs());
    let numbers = [
        (point.speed.map(|value| value.get()), "", "km/h"),
        (point.heading.map(|value| value.get()), "heading ", "°"),
        (point.altitude.map(|value| value.get()), "altitude ", "m"),
        (point.accuracy.map(|value| value.get()), "accuracy ", "m"),
        (point.odometer.map(|value| value.get()), "odometer ", "km"),
        (point.fuel_level.map(|value| value.get()), "fuel ", "l"),
    ];
    for (value, name, unit) in numbers {
        if let Some(value) = value {
            let rounded = (value * 1000.0).round() / 1000.0;
            let space = if unit == "°" { "" } else { " " };
            let _ = write!(text, ", {name}{rounded}{space}{unit}");
        }
    }
    if let Some(on) = point.ignition {
        text.push_str(if on { ", ignition on" } else { ", ignition off" });
    }
    if let Some(vehicle) = &point.vehicle {
        let _ = write!(text, ", of {vehicle:?}");
    }
    text
}
