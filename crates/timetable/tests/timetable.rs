//! Reading a timetable, its days, and finding a vehicle's trip.
#![allow(clippy::unwrap_used, clippy::float_cmp, missing_docs, unreachable_pub, reason = "tests")]

#[path = "sample/archive.rs"]
mod sample;

use jiff::civil::date;
use milepost_domain::{HeadingDeg, Timestamp};
use milepost_geo::Point;
use milepost_timetable::{Match, NamedTrip, Observed, Previous, ServiceDay, Timetable, read_timetable};
use std::io::Cursor;

fn read(change: impl Fn(&str, &str) -> Option<String>) -> Result<Timetable, String> {
    read_timetable(Cursor::new(sample::archive(change))).map_err(|error| error.to_string())
}

fn timetable() -> Timetable {
    read(|_, text| Some(text.to_owned())).unwrap()
}

/// A moment in Berlin.
fn berlin(text: &str) -> Timestamp {
    let at: jiff::Zoned = format!("{text}[Europe/Berlin]").parse().unwrap();
    Timestamp::from_unix_ms(at.timestamp().as_millisecond()).unwrap()
}

fn seen(
    timetable: &Timetable,
    longitude: f64,
    heading: f64,
    at: &str,
    before: Option<Match>,
) -> Option<(String, Match)> {
    let observed = Observed {
        point: Point::from_degrees(52.5002, longitude).unwrap(),
        heading: Some(HeadingDeg::new(heading).unwrap()),
        at: berlin(at),
        route: Some("7"),
        trip: None,
    };
    let found = timetable.find_trip(&observed, before.map(Previous::from).as_ref())?;
    Some((timetable.trips[found.trip].id.clone(), found))
}

#[test]
fn times_that_are_left_out_lie_between_their_neighbours() {
    let timetable = timetable();
    let trip = timetable.trips.iter().find(|trip| trip.id == "east-1").unwrap();
    assert_eq!(trip.times, [(28_800, 28_800), (28_920, 28_920), (29_040, 29_100), (29_220, 29_220)]);
    let calls = &timetable.patterns[trip.pattern].calls;
    assert!((calls[2].along_m - 2_003.0).abs() < 5.0, "{calls:?}");
    assert_eq!(timetable.stops[calls[1].stop].name, "Market");
    assert_eq!(timetable.routes[0].id, "R7", "a byte order mark is no part of a column's name");
}

#[test]
fn services_run_on_their_weekdays_and_exceptions() {
    let timetable = timetable();
    let runs = |day| timetable.services[0].runs_on(day);
    assert!(runs(date(2026, 4, 3)), "a Friday");
    assert!(!runs(date(2026, 4, 4)), "a Saturday");
    assert!(!runs(date(2026, 4, 6)), "a Monday that is taken out");
    assert!(runs(date(2026, 4, 11)), "a Saturday that is put in");
    assert!(!runs(date(2027, 1, 1)), "after the end");
}

#[test]
fn a_days_times_are_counted_from_twelve_hours_before_noon() {
    let zone = timetable().zone;
    // The clocks of Berlin jump from two to three.
    let day = ServiceDay::new(date(2026, 3, 29), &zone).unwrap();
    assert_eq!(day.moment(8.0 * 3_600.0), berlin("2026-03-29T08:00:00"));
    assert_eq!(day.begin, berlin("2026-03-28T23:00:00"));
    assert_eq!(day.gtfs_date(), "20260329");
}

#[test]
fn a_vehicle_is_on_the_trip_of_its_place_direction_and_time() {
    let timetable = timetable();
    let (id, found) = seen(&timetable, 13.4222, 90.0, "2026-04-01T08:04:30", None).unwrap();
    assert_eq!(id, "east-1");
    // Half way between Market (8:02) and Park (8:04): a minute and a half late.
    assert!((found.delay_s - 90.0).abs() < 5.0, "{found:?}");
    assert!((found.along_m - 1_502.0).abs() < 5.0);
    assert_eq!(seen(&timetable, 13.4222, 270.0, "2026-04-01T08:14:00", None).unwrap().0, "west-1");
    assert_eq!(seen(&timetable, 13.4222, 90.0, "2026-04-01T08:33:00", None).unwrap().0, "east-2");
    // Waiting at the first stop it is not early.
    let (id, found) = seen(&timetable, 13.4001, 90.0, "2026-04-01T08:20:00", None).unwrap();
    assert_eq!((id.as_str(), found.delay_s), ("east-2", 0.0));
    // After midnight it is still the day before.
    let (id, found) = seen(&timetable, 13.4148, 90.0, "2026-04-02T00:32:00", None).unwrap();
    assert_eq!((id.as_str(), found.day.gtfs_date().as_str()), ("late", "20260401"));
    assert!(seen(&timetable, 13.4222, 90.0, "2026-04-04T08:04:30", None).is_none(), "no trip runs on a Saturday");
    assert!(seen(&timetable, 13.6, 90.0, "2026-04-01T08:04:30", None).is_none(), "it is elsewhere");
    assert!(seen(&timetable, 13.4222, 90.0, "2026-04-01T05:00:00", None).is_none(), "nothing runs so early");
}

#[test]
fn a_late_vehicle_stays_on_its_trip() {
    let timetable = timetable();
    let (_, before) = seen(&timetable, 13.4148, 90.0, "2026-04-01T08:16:00", None).unwrap();
    assert_eq!(timetable.trips[before.trip].id, "east-1");
    // By its place and time alone, the next trip would fit better.
    assert_eq!(seen(&timetable, 13.4222, 90.0, "2026-04-01T08:29:00", None).unwrap().0, "east-2");
    assert_eq!(seen(&timetable, 13.4222, 90.0, "2026-04-01T08:29:00", Some(before)).unwrap().0, "east-1");
}

#[test]
fn a_trip_that_is_named_counts_more_than_times() {
    let timetable = timetable();
    let seen = |trip, longitude, at: &str| {
        let observed = Observed {
            point: Point::from_degrees(52.5002, longitude).unwrap(),
            heading: None,
            at: berlin(at),
            route: None,
            trip: Some(trip),
        };
        timetable
            .find_trip(&observed, None)
            .map(|found| (timetable.trips[found.trip].id.as_str(), found.delay_s.round()))
    };
    let named = |id| NamedTrip { id, date: None };
    assert_eq!(seen(named("east-1"), 13.4222, "2026-04-01T10:03:00"), Some(("east-1", 7_200.0)), "two hours late");
    assert_eq!(seen(named("no such trip"), 13.4222, "2026-04-01T08:04:00").unwrap().0, "east-1", "by its times");
    let of_day = |date| NamedTrip { id: "late", date: Some(date) };
    assert_eq!(seen(of_day("20260401"), 13.4148, "2026-04-02T00:32:00").unwrap().0, "late");
    assert_eq!(seen(of_day("20260402"), 13.4148, "2026-04-02T00:32:00").unwrap().0, "late", "by its times");
    assert_eq!(seen(named("east-1"), 13.6, "2026-04-01T08:04:00"), None, "far from its way");
}

#[test]
fn a_bad_feed_is_refused_with_its_place() {
    let without = |wanted: &'static str| read(move |name, text| (name != wanted).then(|| text.to_owned())).unwrap_err();
    assert_eq!(without("stop_times.txt"), "stop_times.txt is missing");
    let with = |wanted: &'static str, from: &'static str, to: &'static str| {
        let changed = move |name: &str, text: &str| {
            Some(if name == wanted { text.replacen(from, to, 1) } else { text.to_owned() })
        };
        read(changed).unwrap_err()
    };
    assert_eq!(with("stop_times.txt", "8:00:00", "8 am"), "stop_times.txt line 2: no time: 8 am");
    assert_eq!(with("stops.txt", "52.5,13.40", "52.5,east"), "stops.txt line 2: a coordinate is no number");
    assert_eq!(with("stops.txt", "52.5,13.40", "99,13.40").split(':').next(), Some("stops.txt line 2"));
    assert_eq!(with("trips.txt", "R7", "R9"), "trips.txt line 2: no such route: R9");
    assert_eq!(with("trips.txt", "trip_id", "id"), "trips.txt: the column trip_id is missing");
    assert_eq!(with("agency.txt", "Europe/Berlin", "Mars/Crater"), "agency.txt line 2: no such zone: Mars/Crater");
    assert!(read_timetable(Cursor::new(b"no archive")).unwrap_err().to_string().starts_with("it is no ZIP archive"));
}

#[test]
fn trips_at_intervals_are_repeated() {
    let archive = sample::archive(|_, text| Some(text.to_owned()));
    let mut zip = zip::ZipWriter::new_append(Cursor::new(archive)).unwrap();
    zip.start_file("frequencies.txt", zip::write::SimpleFileOptions::default()).unwrap();
    let rows = b"trip_id,start_time,end_time,headway_secs\nsouth-1,06:00:00,07:00:00,600\n";
    std::io::Write::write_all(&mut zip, rows).unwrap();
    let timetable = read_timetable(zip.finish().unwrap()).unwrap();
    let starts: Vec<_> =
        timetable.trips.iter().filter(|trip| trip.id == "south-1").map(|trip| trip.start_s()).collect();
    assert_eq!(starts, [21_600, 22_200, 22_800, 23_400, 24_000, 24_600]);
}
