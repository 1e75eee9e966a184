//! A rider's recorded drive and its legs: from a known start to a place with a known arrival.

use crate::recordings::VanFix;
use milepost_track::Fix;

/// A recorded drive of one person.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Rider {
    /// In order of time, each instant once.
    pub(super) fixes: Vec<Fix>,
    /// First and last fix of each leg, in order, without overlap.
    pub(super) legs: Vec<(usize, usize)>,
}

/// The end of a delivery driver's leg.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stop {
    /// The next place where the driver gets out.
    Next,
    /// The last such place of the recording, with others on the way.
    Last,
}

/// The driver of a delivery van.
pub(super) fn rider_of_van(van: &[VanFix], stop: Stop) -> Rider {
    let drives: Vec<bool> = van.iter().map(|fix| fix.driving).collect();
    Rider { fixes: van.iter().map(|fix| fix.fix).collect(), legs: legs_of_driver(&drives, stop) }
}

/// From the first fix of driving to the first on foot.
fn legs_of_driver(drives: &[bool], stop: Stop) -> Vec<(usize, usize)> {
    let mut legs = Vec::new();
    let mut start = None;
    for (index, &driving) in drives.iter().enumerate() {
        match (driving, start) {
            (true, None) => start = Some(index),
            (false, Some(first)) => {
                legs.push((first, index));
                start = None;
            }
            _ => {}
        }
    }
    match stop {
        Stop::Next => legs,
        Stop::Last => legs.last().map(|&(_, end)| (0, end)).into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;
    use crate::recordings::read_vans;
    use milepost_geo::distance_m;

    const VAN: &str = "timestamp,x,y,groundtruth\n\
                       1964-01-12 00:00:00.000000000,0.0,0.0,OnFoot\n\
                       1964-01-12 00:00:05.013000011,30.0,-40.0,Driving\n\
                       1964-01-12 00:00:10.021000147,60.0,-80.0,Driving\n\
                       1964-01-12 00:00:15.000000000,90.0,-120.0,OnFoot\n\
                       1964-01-12 00:00:20.000000000,90.0,-120.0,Driving\n";

    #[test]
    fn a_van_arrives_when_its_driver_is_on_foot_and_an_unfinished_drive_is_no_leg() {
        let vans = read_vans(&VAN.repeat(2)).unwrap();
        let next: Vec<Rider> = vans.iter().map(|van| rider_of_van(van, Stop::Next)).collect();
        assert_eq!(next.len(), 2);
        assert_eq!(next[0], next[1]);
        assert_eq!(next[0].legs, [(1, 3)]);
        assert_eq!(rider_of_van(&vans[0], Stop::Last).legs, [(0, 3)]);
        let fixes = &next[0].fixes;
        assert!((distance_m(fixes[0].point(), fixes[1].point()) - 50.0).abs() < 0.01);
        assert_eq!(fixes[1].at().ms_since(fixes[0].at()), 5013);
    }
}
