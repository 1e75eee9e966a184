//! Finds the fixes of drivers that are held to be wrong.

use super::{point_of, point_of_fix};
use milepost_domain::{DriverFix, Parcel, UserId};
use milepost_track::{Fix, Pace, is_near_null_island, is_null_island};

/// A fix is judged by those of this time before it.
pub(super) const TRACK_WINDOW_MS: i64 = 10 * 60 * 1000;

/// The track of one driver after the other, in the order of time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct DriverTrack {
    current: Option<(UserId, Pace)>,
    /// The drivers may be at 0° north, 0° east.
    expects_null_island: bool,
}

impl DriverTrack {
    /// The track of a parcel's drivers, before its first fix.
    pub(super) fn of_parcel(parcel: &Parcel) -> Self {
        Self { current: None, expects_null_island: goes_near_null_island(parcel) }
    }

    /// Takes the next fix, and answers whether its driver may have been there.
    pub(super) fn takes(&mut self, fix: &DriverFix) -> bool {
        let is_null = is_null_island(point_of_fix(fix));
        match &mut self.current {
            Some((driver, pace)) if *driver == fix.driver_id => {
                pace.note(fix_of(fix)) || is_null && self.expects_null_island
            }
            _ if is_null && !self.expects_null_island => false,
            _ => {
                self.current = Some((fix.driver_id, Pace::start(fix_of(fix))));
                true
            }
        }
    }
}

/// Does a parcel come from, or go to, a place so near to 0° north, 0° east that its driver may be at it?
pub(super) fn goes_near_null_island(parcel: &Parcel) -> bool {
    is_near_null_island(point_of(&parcel.pickup)) || is_near_null_island(point_of(&parcel.destination))
}

fn fix_of(fix: &DriverFix) -> Fix {
    Fix::new(point_of_fix(fix), fix.at)
}
