//! A recorded train ride in Austin on 16 December 2016 (`tools/evaluate/testdata`, see its credits), shifted to end now.

use serde_json::{Value, json};

const AUSTIN: &str = include_str!("../../../../../tools/evaluate/testdata/austin_2016_three_buses.csv");

/// One row of the recording.
#[derive(Debug, Clone, Copy)]
pub struct Fix {
    pub at_ms: i64,
    pub latitude: f64,
    pub longitude: f64,
    pub kmh: f64,
}

impl Fix {
    pub fn body(&self) -> Value {
        json!({"latitude": self.latitude, "longitude": self.longitude, "speed": self.kmh, "timestamp": self.at_ms})
    }
}

/// The recorded fixes of a vehicle, one for each instant, in order of time, shifted so that the last is at `end_ms`.
pub fn recorded(vehicle: &str, end_ms: i64) -> Vec<Fix> {
    let rows = AUSTIN.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    let mut fixes: Vec<Fix> = rows
        .filter(|row| row[0] == vehicle)
        .map(|row| {
            let number = |column: usize| row[column].parse::<f64>().unwrap();
            // The recording has metres a second.
            Fix { at_ms: day_ms(row[1]), latitude: number(5), longitude: number(6), kmh: number(2) * 3.6 }
        })
        .collect();
    fixes.sort_by_key(|fix| fix.at_ms);
    fixes.dedup_by_key(|fix| fix.at_ms);
    let shift_ms = end_ms - fixes[fixes.len() - 1].at_ms;
    fixes.iter_mut().for_each(|fix| fix.at_ms += shift_ms);
    fixes
}

/// Milliseconds since midnight of `2016-12-16T07:28:39-06:00`: all rows have the same date and offset.
fn day_ms(instant: &str) -> i64 {
    let clock = instant.strip_prefix("2016-12-16T").unwrap().strip_suffix("-06:00").unwrap();
    clock.split(':').fold(0, |sum, part| sum * 60 + part.parse::<i64>().unwrap()) * 1000
}

/// The sum of the distances between fixes, km, by the haversine formula on a sphere of 6371 km.
pub fn distance_km(fixes: &[Fix]) -> f64 {
    let half_chord = |two: &[Fix]| {
        let [from, to] = [two[0].latitude, two[1].latitude].map(f64::to_radians);
        let east = (two[1].longitude - two[0].longitude).to_radians();
        ((to - from) / 2.0).sin().powi(2) + from.cos() * to.cos() * (east / 2.0).sin().powi(2)
    };
    fixes.windows(2).map(|two| 2.0 * 6371.0 * half_chord(two).sqrt().asin()).sum()
}
