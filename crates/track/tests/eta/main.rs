//! The documented arrival time against values computed apart, and the rules of the better one.
#![allow(clippy::unwrap_used)]

use milepost_domain::Timestamp;
use milepost_geo::{Point, destination, distance_m};
use milepost_track::{
    ArrivalModel, Basis, ETA_FRESH_FOR, Estimate, Eta, Fix, History, HistoryParts, Leg, Pace, estimate_eta,
    straight_line_eta_s,
};
use proptest::prelude::*;

const START_MS: i64 = 1_704_067_800_000;

fn point(latitude: f64, longitude: f64) -> Point {
    Point::from_degrees(latitude, longitude).unwrap()
}

fn at(seconds: f64) -> Timestamp {
    Timestamp::from_unix_ms(START_MS + (seconds * 1000.0) as i64).unwrap()
}

/// A place `metres` north of Accra's harbour.
fn north(metres: f64) -> Point {
    destination(point(5.5, 0.0), milepost_domain::HeadingDeg::new(0.0).unwrap(), metres)
}

fn fix(seconds: f64, metres: f64) -> Fix {
    Fix::new(north(metres), at(seconds))
}

/// A rider that starts at 0 m and keeps its speed, a fix every five seconds.
fn driven(speed_mps: f64, seconds: u32) -> Pace {
    let mut pace = Pace::start(fix(0.0, 0.0));
    for time in (5..=seconds).step_by(5).map(f64::from) {
        pace.note(fix(time, time * speed_mps));
    }
    pace
}

fn fresh(pace: &Pace, history: &History, to: Point) -> Estimate {
    estimate_eta(pace, history, &ArrivalModel::default(), to, pace.last_fix().at()).estimate().unwrap()
}

#[test]
fn the_documented_formula_gives_what_python_gives() {
    // Computed apart: `int(max(60, haversine(R=6371) / (30 / 3600)))`.
    for (from, to, seconds) in [
        ((0.0, 0.0), (0.0, 0.0), 60),
        ((5.6037, -0.1869), (5.6045, -0.1875), 60),
        ((5.6037, -0.1869), (5.5560, -0.1969), 650),
        ((0.0, 0.0), (0.0, 1.0), 13_343),
        ((0.0, 179.5), (0.0, -179.5), 13_343),
        ((90.0, 0.0), (89.0, 77.0), 13_343),
        ((0.0, 0.0), (0.0, 180.0), 2_401_810),
        ((-90.0, 0.0), (90.0, 0.0), 2_401_810),
    ] {
        assert_eq!(straight_line_eta_s(point(from.0, from.1), point(to.0, to.1)), seconds, "{from:?} {to:?}");
    }
}

#[test]
fn no_estimate_a_moment_after_ninety_seconds() {
    let pace = Pace::start(fix(0.0, 0.0));
    let ask = |seconds| estimate_eta(&pace, &History::default(), &ArrivalModel::default(), north(3000.0), at(seconds));
    assert_eq!(ETA_FRESH_FOR.as_secs(), 90);
    assert!(ask(90.0).estimate().is_some());
    assert_eq!(ask(90.001), Eta::Stale);
    assert!(ask(90.001).is_stale() && ask(1e9).estimate().is_none());
    assert!(!ask(-60.0).is_stale(), "a device's clock ahead of ours is no silence");
}

#[test]
fn between_fixes_the_estimate_counts_down() {
    let pace = driven(10.0, 600);
    let model = ArrivalModel::default();
    let ask =
        |age| estimate_eta(&pace, &History::default(), &model, north(20_000.0), at(600.0 + age)).estimate().unwrap();
    assert_eq!(ask(0.0).seconds - ask(40.0).seconds, 40);
    assert_eq!(ask(-40.0), ask(0.0));
}

#[test]
fn an_unknown_rider_has_an_average_pace_and_detour() {
    let estimate = fresh(&Pace::start(fix(0.0, 0.0)), &History::default(), north(3500.0));
    // 3500 m · 1.3 at 7 m/s are 650 s. Shown is 20 + 0.56 · 225 + 1.1 · 375 + 50.
    assert_eq!((estimate.seconds, estimate.basis), (608, Basis::Default));
    assert!(estimate.low_s < 500 && estimate.high_s > 850, "{estimate:?}");
}

#[test]
fn a_slow_rider_arrives_later_than_a_fast_one() {
    let to = north(30_000.0);
    let (slow, fast) = (driven(4.0, 900), driven(14.0, 900));
    let seconds = |pace: &Pace| f64::from(fresh(pace, &History::default(), to).seconds);
    let ratio = |pace: &Pace| seconds(pace) / (distance_m(pace.last_fix().point(), to) * 1.3);
    assert!((1.0 / ratio(&slow) - 5.7).abs() < 0.5, "{}", 1.0 / ratio(&slow));
    assert!((1.0 / ratio(&fast) - 10.1).abs() < 0.5, "{}", 1.0 / ratio(&fast));
    assert_eq!(fresh(&slow, &History::default(), to).basis, Basis::Speed);
}

#[test]
fn a_delivery_on_the_way_does_not_slow_the_pace_but_a_minute_of_standing_does() {
    let to = north(20_000.0);
    let moving = driven(10.0, 600);
    let stood_for = |seconds: u32| {
        let mut pace = moving;
        for time in (5..=seconds).step_by(5) {
            pace.note(fix(600.0 + f64::from(time), 6000.0));
        }
        fresh(&pace, &History::default(), to).seconds
    };
    let before = fresh(&moving, &History::default(), to).seconds;
    assert!(stood_for(60) > before + 100, "{before} {}", stood_for(60));
    // A longer stop only lets the pace fade towards the average and never below it: 14 km · 1.3 at 7 m/s.
    assert!(stood_for(600) < 2600 && stood_for(7200) <= 2601, "{} {}", stood_for(600), stood_for(7200));
}

/// Noise of about this many metres (standard deviation), the same in every run: a sum of twelve dice of a congruential
/// generator (D. Knuth's MMIX constants), less its mean.
fn noise_m(seed: &mut u64, sigma_m: f64) -> f64 {
    let mut die = || {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 11) as f64 / (1_u64 << 53) as f64
    };
    ((0..12).map(|_| die()).sum::<f64>() - 6.0) * sigma_m
}

#[test]
fn jitter_of_a_parked_vehicle_drives_hardly_anywhere() {
    let mut seed = 7;
    let mut place = |seconds: u32| {
        let (north_m, east_m) = (noise_m(&mut seed, 15.0), noise_m(&mut seed, 15.0));
        let place = point(5.5 + north_m / 111_132.0, east_m / 110_800.0);
        Fix::new(place, at(f64::from(seconds)))
    };
    let mut pace = Pace::start(place(0));
    let mut fastest = u32::MAX;
    for seconds in (5..=43_200).step_by(5) {
        pace.note(place(seconds));
        fastest = fastest.min(fresh(&pace, &History::default(), north(10_000.0)).seconds);
    }
    assert!(pace.driven_m() < 500.0, "{}", pace.driven_m());
    assert!(fastest > 1750, "an unknown rider needs 1857 s: {fastest}");
}

#[test]
fn a_jump_changes_nothing_and_the_third_in_a_row_is_accepted() {
    let before = driven(10.0, 600);
    let mut pace = before;
    let elsewhere = |seconds| Fix::new(point(0.0, 0.0), at(seconds));
    pace.note(elsewhere(605.0));
    assert_eq!((pace.last_fix(), pace.driven_m()), (before.last_fix(), before.driven_m()));
    pace.note(fix(610.0, 6100.0));
    assert_eq!(pace.last_fix(), fix(610.0, 6100.0));
    for seconds in [615.0, 620.0, 625.0] {
        pace.note(elsewhere(seconds));
    }
    assert_eq!(pace.last_fix(), elsewhere(625.0));
    assert!(pace.driven_m() < 6200.0, "{}", pace.driven_m());
}

#[test]
fn late_and_repeated_fixes_change_nothing() {
    let mut pace = driven(10.0, 600);
    let before = pace;
    pace.note(fix(300.0, 3000.0));
    pace.note(fix(600.0, 5900.0));
    assert_eq!(pace, before);
}

#[test]
fn a_near_rider_is_expected_within_seconds_and_rather_too_early() {
    let pace = driven(10.0, 900);
    let seconds = |metres| fresh(&pace, &History::default(), north(9000.0 + metres)).seconds;
    assert!((20..30).contains(&seconds(60.0)), "{}", seconds(60.0));
    assert!((50..80).contains(&seconds(500.0)), "{}", seconds(500.0));
}

/// A ride of `speed_mps` to the place 3 km to the north, a fix every five seconds.
fn ride(speed_mps: f64, start_s: f64) -> Vec<Fix> {
    let steps = (3000.0 / speed_mps / 5.0) as u32;
    (0..=steps).map(|step| fix(start_s + f64::from(step) * 5.0, f64::from(step) * 5.0 * speed_mps)).collect()
}

#[test]
fn rides_teach_the_pace_of_a_place_and_how_sure_an_estimate_is() {
    let (mut slow, mut fast) = (ArrivalModel::default(), ArrivalModel::default());
    for day in 0..60 {
        let start_s = f64::from(day) * 86_400.0;
        slow.learn(&ride(3.0, start_s), north(3000.0), &History::default());
        fast.learn(&ride(12.0, start_s), north(3000.0), &History::default());
    }
    let estimate = |model: &ArrivalModel, to_m: f64| {
        let pace = Pace::start(fix(0.0, 0.0));
        estimate_eta(&pace, &History::default(), model, north(to_m), at(0.0)).estimate().unwrap()
    };
    let (unknown, slow_s, fast_s) =
        (estimate(&ArrivalModel::default(), 2500.0), estimate(&slow, 2500.0), estimate(&fast, 2500.0));
    assert!(
        slow_s.seconds > unknown.seconds + 60 && fast_s.seconds + 60 < unknown.seconds,
        "{slow_s:?} {unknown:?} {fast_s:?}"
    );
    // The rides went this far in 833 s, all alike.
    let width = |estimate: Estimate| estimate.high_s - estimate.low_s;
    assert!(width(slow_s) < width(unknown) / 2 && slow_s.low_s < 875 && slow_s.high_s > 790, "{slow_s:?} {unknown:?}");
}

#[test]
fn a_ride_that_ends_elsewhere_teaches_no_arrival() {
    let (mut there, mut elsewhere) = (ArrivalModel::default(), ArrivalModel::default());
    for day in 0..60 {
        let ride = ride(3.0, f64::from(day) * 86_400.0);
        there.learn(&ride, north(3000.0), &History::default());
        elsewhere.learn(&ride, north(9000.0), &History::default());
    }
    let width = |model: &ArrivalModel| {
        let pace = Pace::start(fix(0.0, 0.0));
        let estimate = estimate_eta(&pace, &History::default(), model, north(2500.0), at(0.0)).estimate().unwrap();
        f64::from(estimate.high_s - estimate.low_s) / f64::from(estimate.seconds)
    };
    assert!(width(&there) < width(&elsewhere));
}

#[test]
fn finished_legs_teach_detour_and_pace() {
    let (mut history, mut pace) = (History::default(), Pace::start(fix(0.0, 0.0)));
    let mut time = 0.0;
    for trip in 0..20 {
        let leg = Leg::start(&pace);
        // East, then as far north: √2 times the straight line.
        for step in 1..=100 {
            time += 10.0;
            let (along, aside) = if step <= 50 { (0, step) } else { (step - 50, 50) };
            let place = point(5.5 + 0.0005 * f64::from(trip * 50 + along), 0.0005 * f64::from(trip * 50 + aside));
            pace.note(Fix::new(place, at(time)));
        }
        assert!(history.learn(&leg, &pace));
    }
    assert!((history.detour() - std::f64::consts::SQRT_2).abs() < 0.02, "{}", history.detour());
    assert!((history.pace_mps() - 5.55).abs() < 0.2, "{}", history.pace_mps());
    assert_eq!(fresh(&pace, &history, north(90_000.0)).basis, Basis::History);
}

#[test]
fn a_round_trip_and_a_leg_without_driving_teach_nothing() {
    let mut history = History::default();
    let mut pace = driven(10.0, 600);
    let leg = Leg::start(&pace);
    assert!(!history.learn(&leg, &pace));
    for step in 1..=60 {
        let out = if step <= 30 { step } else { 60 - step };
        pace.note(fix(600.0 + f64::from(step) * 5.0, 6000.0 + f64::from(out) * 50.0));
    }
    assert!(!history.learn(&leg, &pace) && history.is_empty());
}

#[test]
fn old_legs_fade() {
    let parts = HistoryParts { driven_m: 8e6, straight_m: 2e6, seconds: 1e6 };
    let mut history = History::from_parts(parts).unwrap();
    for _ in 0..60 {
        let leg = Leg::start(&Pace::start(fix(0.0, 0.0)));
        history.learn(&leg, &driven(10.0, 1800));
    }
    assert!(history.to_parts().seconds <= 8.0 * 3600.0);
    assert!(history.detour() < 1.2, "{}", history.detour());
}

#[test]
fn sums_that_no_history_has_are_refused() {
    let history = HistoryParts { seconds: f64::NAN, ..HistoryParts::default() };
    assert_eq!(History::from_parts(history).unwrap_err().field, "seconds");
}

fn any_point() -> impl Strategy<Value = Point> {
    let latitude = prop_oneof![-90.0..=90.0, Just(0.0), Just(90.0), Just(-90.0)];
    let longitude = prop_oneof![-180.0..=180.0, Just(0.0), Just(180.0), Just(-180.0)];
    (latitude, longitude).prop_map(|(latitude, longitude)| point(latitude, longitude))
}

prop_compose! {
    fn any_fix()(point in any_point(), seconds in 0.0..4000.0) -> Fix { Fix::new(point, at(seconds)) }
}

fn any_amount() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), 0.0..1e4, 0.0..=1e12]
}

prop_compose! {
    fn any_history()(driven_m in any_amount(), straight_m in any_amount(), seconds in any_amount()) -> History {
        History::from_parts(HistoryParts { driven_m, straight_m, seconds }).unwrap()
    }
}

prop_compose! {
    /// Of a rider that drives, stands and jumps about.
    fn any_pace()(first in any_fix(), steps in prop::collection::vec((any_fix(), 0.0..1200.0, 0..4_u8), 0..40)) -> Pace {
        let mut pace = Pace::start(first);
        for (elsewhere, step_m, kind) in steps {
            let last = pace.last_fix();
            let later = last.at().plus_ms(60_000);
            let next = destination(last.point(), milepost_domain::HeadingDeg::new(45.0).unwrap(), step_m);
            pace.note(match kind {
                0 => elsewhere,
                1 => Fix::new(elsewhere.point(), later),
                _ => Fix::new(next, later),
            });
        }
        pace
    }
}

proptest! {
    #[test]
    fn every_estimate_is_within_its_interval(pace in any_pace(), history in any_history(), to in any_point()) {
        let estimate = fresh(&pace, &history, to);
        prop_assert!(estimate.seconds >= 20 && estimate.low_s <= estimate.seconds && estimate.seconds <= estimate.high_s);
        // Half the globe with the largest detour at the slowest pace, and the wide end of the interval.
        prop_assert!(estimate.high_s < 4 * 10_u32.pow(8), "{estimate:?}");
        prop_assert!((60..=2_401_810).contains(&straight_line_eta_s(pace.last_fix().point(), to)));
    }

    #[test]
    fn farther_is_never_sooner(pace in any_pace(), history in any_history(), a in any_point(), b in any_point()) {
        let from = pace.last_fix().point();
        let (near, far) = if distance_m(from, a) <= distance_m(from, b) { (a, b) } else { (b, a) };
        let (sooner, later) = (fresh(&pace, &history, near), fresh(&pace, &history, far));
        prop_assert!(sooner.seconds <= later.seconds && sooner.low_s <= later.low_s && sooner.high_s <= later.high_s);
        prop_assert!(straight_line_eta_s(from, near) <= straight_line_eta_s(from, far));
    }

    #[test]
    fn the_driven_distance_never_shrinks(mut pace in any_pace(), fixes in prop::collection::vec(any_fix(), 0..30)) {
        let mut driven_m = pace.driven_m();
        for fix in fixes {
            pace.note(fix);
            prop_assert!(pace.driven_m() >= driven_m);
            driven_m = pace.driven_m();
        }
    }

    #[test]
    fn the_history_after_any_leg_can_be_stored_and_read_back(mut history in any_history(), start in any_pace(), end in any_pace()) {
        history.learn(&Leg::start(&start), &end);
        prop_assert!((1.0..=4.0).contains(&history.detour()) && history.pace_mps().is_finite());
        prop_assert_eq!(History::from_parts(history.to_parts()), Ok(history));
    }

    #[test]
    fn a_rider_at_a_steady_pace_is_estimated_to_its_order_of_magnitude(speed_mps in 3.0..30.0, distance_m in 1000.0..50_000.0) {
        let pace = driven(speed_mps, 900);
        let from_m = 900.0 * speed_mps;
        let seconds = f64::from(fresh(&pace, &History::default(), north(from_m + distance_m)).seconds);
        let truth_s = distance_m / speed_mps;
        prop_assert!(seconds > truth_s / 2.0 - 1.0 && seconds < 3.0 * truth_s + 60.0, "{seconds} for {truth_s}");
    }
}
