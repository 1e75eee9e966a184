//! Finds the fixes of drivers that are held to be wrong.

use super::point_of_fix;
use milepost_domain::{DriverFix, UserId};
use milepost_track::{Fix, Pace, is_null_island};

/// A fix is judged by those of this time before it.
pub(super) const TRACK_WINDOW_MS: i64 = 10 * 60 * 1000;

/// The track of one driver after the other, in the order of time.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct DriverTrack(Option<(UserId, Pace)>);

impl DriverTrack {
    pub(super) fn start(first: &DriverFix) -> Self {
        Self(Some((first.driver_id, Pace::start(fix_of(first)))))
    }

    /// Takes the next fix, and answers whether its driver may have been there.
    pub(super) fn takes(&mut self, fix: &DriverFix) -> bool {
        match &mut self.0 {
            Some((driver, pace)) if *driver == fix.driver_id => pace.note(fix_of(fix)),
            _ if is_null_island(point_of_fix(fix)) => false,
            _ => {
                *self = Self::start(fix);
                true
            }
        }
    }
}

fn fix_of(fix: &DriverFix) -> Fix {
    Fix::new(point_of_fix(fix), fix.at)
}
