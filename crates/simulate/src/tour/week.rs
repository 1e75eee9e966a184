//! A week of drives: which vehicle drove when, by the clocks of the routes' city.

use crate::report::Report;
use crate::{Route, Walker};
use milepost_domain::Timestamp;
use std::sync::Arc;

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 24 * 60 * MINUTE_MS;
/// The clocks of Austin, Texas, in winter.
const ZONE_MS: i64 = -6 * 60 * MINUTE_MS;
/// Days before today.
const DAYS: i64 = 7;
/// Between two fixes of a moving vehicle, in seconds.
const STEP_S: i64 = 24;
/// How long a vehicle reports after it has parked, in minutes.
const PARKED_MIN: i64 = 4;

/// From when until when, in minutes of the day.
pub(super) type Shift = (i64, i64);

/// What a vehicle reported in the shifts of the week before `now`, oldest first.
pub(super) fn week_of(
    route: &Arc<Route>,
    seed: u64,
    shifts: &[Shift],
    works_on_sunday: bool,
    now: Timestamp,
) -> Vec<Report> {
    let midnight_ms = (now.unix_ms() + ZONE_MS).div_euclid(DAY_MS) * DAY_MS - ZONE_MS;
    let mut walker = Walker::new(Arc::clone(route), seed);
    let mut dice = fastrand::Rng::with_seed(seed);
    let mut reports = Vec::new();
    for day in -DAYS..=0 {
        let day_ms = midnight_ms + day * DAY_MS;
        // 1970-01-01 was a Thursday.
        let is_sunday = ((day_ms + ZONE_MS).div_euclid(DAY_MS) + 4).rem_euclid(7) == 0;
        if is_sunday && !works_on_sunday {
            continue;
        }
        for (from_min, to_min) in shifts {
            let late_min = dice.i64(0..12);
            let (from_ms, to_ms) =
                (day_ms + (from_min + late_min) * MINUTE_MS, day_ms + (to_min + late_min) * MINUTE_MS);
            let parked_ms = to_ms + PARKED_MIN * MINUTE_MS;
            // A shift that is not over would run into what the vehicle reports now.
            if parked_ms + 10 * MINUTE_MS > now.unix_ms() {
                continue;
            }
            let mut last = None;
            for ms in (from_ms..to_ms).step_by((STEP_S * 1_000) as usize) {
                let fix = walker.step(STEP_S as f64);
                reports.extend(Timestamp::from_unix_ms(ms).map(|at| Report { fix, at }));
                last = Some(fix);
            }
            let parked = last.map(|fix| crate::Fix { speed: milepost_domain::SpeedKmh::new(0.0).ok(), ..fix });
            for ms in (to_ms..parked_ms).step_by(MINUTE_MS as usize) {
                reports.extend(parked.zip(Timestamp::from_unix_ms(ms)).map(|(fix, at)| Report { fix, at }));
            }
        }
    }
    reports
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::demo_routes;

    #[test]
    fn a_week_is_in_order_and_over_before_now() {
        let route = Arc::new(demo_routes().remove(0));
        // A Monday at 12:00 in Austin.
        let now = Timestamp::from_unix_ms(1_796_061_600_000).unwrap();
        let shifts = [(8 * 60, 10 * 60), (14 * 60, 16 * 60)];
        let reports = week_of(&route, 3, &shifts, false, now);
        assert!(reports.is_sorted_by_key(|report| report.at));
        assert!(reports.last().unwrap().at < now);
        // Six working days of two shifts, and this morning's.
        let per_shift = 2 * 60 * 60 / STEP_S + PARKED_MIN;
        assert_eq!(reports.len() as i64, (6 * 2 + 1) * per_shift);
    }
}
