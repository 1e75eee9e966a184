//! Drives and replays without a clock.
#![allow(clippy::unwrap_used)]

use milepost_domain::Timestamp;
use milepost_geo::{Point, distance_m};
use milepost_simulate::{DEMO_ROUTES_GEOJSON, Timeline, Times, Walker, demo_routes, read_routes};
use std::sync::Arc;

#[test]
fn the_shipped_routes_are_long_have_stops_and_say_whose_they_are() {
    let routes = demo_routes();
    assert_eq!(routes.len(), 12);
    for route in routes {
        assert!(route.path.length_m() > 5_000.0, "{}", route.name);
        assert!(route.stops_m.len() >= 10, "{}: {}", route.name, route.stops_m.len());
        assert!(route.stops_m.is_sorted());
    }
    let document: serde_json::Value = serde_json::from_str(DEMO_ROUTES_GEOJSON).unwrap();
    assert!(document["attribution"].as_str().unwrap().contains("Capital Metro"));
}

#[test]
fn the_same_seed_drives_the_same_way() {
    let route = Arc::new(demo_routes().remove(0));
    let drive = |seed| {
        let mut walker = Walker::new(route.clone(), seed);
        (0..100).map(|_| walker.step(1.0)).collect::<Vec<_>>()
    };
    assert_eq!(drive(7), drive(7));
    assert_ne!(drive(7), drive(8));
}

#[test]
fn a_drive_is_smooth_stops_at_stops_and_turns_at_the_ends() {
    let route = Arc::new(demo_routes().remove(10));
    let mut walker = Walker::new(route.clone(), 3);
    let (mut stands, mut was_standing, mut low_m, mut high_m) = (0, false, f64::MAX, 0.0_f64);
    let mut fix = walker.step(1.0);
    for _ in 0..4 * 3600 {
        let (before_ms, before_m) = (walker.speed_ms(), walker.at_m());
        let next = walker.step(1.0);

        // A kilometre and a half an hour more than the physics, for the last creep into a stop.
        assert!(walker.speed_ms() - before_ms <= 0.91, "{} after {before_ms}", walker.speed_ms());
        assert!(before_ms - walker.speed_ms() <= 1.11 + 0.5, "{} after {before_ms}", walker.speed_ms());
        assert!((walker.at_m() - before_m).abs() <= 15.1);
        let place = |fix: &milepost_simulate::Fix| Point::new(fix.latitude, fix.longitude);
        assert!(distance_m(place(&fix), place(&next)) < 15.1 + 20.0, "noise is bounded");
        assert!(route.path.nearest(place(&next)).distance_m <= 10.2);
        if walker.speed_ms() > 1.0 {
            assert!(next.speed.unwrap().get() > 0.0 && next.heading.is_some());
        }
        let standing = walker.speed_ms() == 0.0;
        stands += usize::from(standing && !was_standing);
        was_standing = standing;
        low_m = low_m.min(walker.at_m());
        high_m = high_m.max(walker.at_m());
        fix = next;
    }
    assert!(stands > 100, "{stands} stops in four hours");
    assert_eq!((low_m, high_m), (0.0, route.path.length_m()), "it came to both ends");
}

#[test]
fn shapes_without_stops_get_one_every_400_metres() {
    let line =
        r#"{"features":[{"properties":null,"geometry":{"type":"LineString","coordinates":[[0,0],[0,0.0180]]}}]}"#;
    let route = read_routes(line, "x").unwrap().remove(0);
    assert_eq!(route.stops_m, [400.0, 800.0, 1200.0, 1600.0]);
    assert!(read_routes(r#"{"features":[]}"#, "x").unwrap_err().to_string().contains("no LineString"));
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(ms).unwrap()
}

#[test]
fn a_shifted_replay_never_sends_future_times_and_keeps_its_spans() {
    let start = at(2_000_000_000_000);
    for factor in [0.5, 1.0, 60.0] {
        let timeline = Timeline::new(at(1_000), at(601_000), factor, Times::Shifted, false);
        let reported: Vec<_> = [1_000, 301_000, 601_000].map(|ms| timeline.reported_time(at(ms), 0, start)).to_vec();
        let due: Vec<_> = [1_000, 301_000, 601_000].map(|ms| timeline.due_ms(at(ms), 0)).to_vec();

        assert_eq!(due[2], (600_000.0 / factor) as i64);
        assert_eq!((reported[1].ms_since(reported[0]), reported[2].ms_since(reported[1])), (300_000, 300_000));
        for (reported, due) in reported.iter().zip(&due) {
            assert!(reported.ms_since(start) <= *due, "{factor}: {} ms ahead", reported.ms_since(start) - due);
        }
        if factor >= 1.0 {
            assert_eq!(reported[2].ms_since(start), due[2], "the newest says the moment it is sent");
        }
    }
}

#[test]
fn repeated_rounds_follow_one_another() {
    let start = at(2_000_000_000_000);
    for (factor, times) in
        [(1.0, Times::Shifted), (60.0, Times::Shifted), (0.5, Times::Shifted), (60.0, Times::Present)]
    {
        let timeline = Timeline::new(at(0), at(60_000), factor, times, true);
        let last_of_first = timeline.reported_time(at(60_000), 0, start);
        let first_of_second = timeline.reported_time(at(0), 1, start);
        assert!(first_of_second > last_of_first, "{factor} {times:?}");
        assert!(timeline.due_ms(at(0), 1) > timeline.due_ms(at(60_000), 0));
    }
}
