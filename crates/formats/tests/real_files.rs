//! Files that real devices and feeds wrote; see `testdata/CREDITS.md`.
#![allow(clippy::unwrap_used)]

use milepost_formats::{Format, ReadError, ReadOptions, SpeedUnit, TrackPoint, read};
use std::fs::File;
use std::io::{BufReader, Cursor};

fn read_sample(format: Format, name: &str, options: &ReadOptions) -> (Vec<TrackPoint>, Vec<ReadError>) {
    let file = File::open(format!("{}/testdata/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let (points, errors): (Vec<_>, Vec<_>) =
        read(format, BufReader::new(file), options).unwrap().partition(Result::is_ok);
    (points.into_iter().map(Result::unwrap).collect(), errors.into_iter().map(Result::unwrap_err).collect())
}

#[test]
fn austin_of_2016_is_metres_a_second_with_an_offset() {
    let options = ReadOptions { speed_unit: Some(SpeedUnit::Ms), ..ReadOptions::default() };
    let (points, errors) = read_sample(Format::Csv, "austin_2016_ms.csv", &options);

    assert_eq!((points.len(), errors.len()), (200, 0));
    let second = &points[1];
    assert_eq!(second.vehicle.as_deref(), Some("8948"));
    assert_eq!(second.at.to_string(), "2016-12-16T11:35:59.000Z");
    assert_eq!((second.latitude.get(), second.longitude.get()), (30.423733, -97.66966));
    assert!((second.speed.unwrap().get() - 40.2336).abs() < 1e-9, "11.176 m/s are 25 mph");
    assert_eq!(second.heading, None);
}

#[test]
fn austin_of_2015_is_miles_an_hour_in_the_same_column() {
    let options = ReadOptions { speed_unit: Some(SpeedUnit::Mph), ..ReadOptions::default() };
    let (points, errors) = read_sample(Format::Csv, "austin_2015_mph.csv", &options);

    assert_eq!((points.len(), errors.len()), (200, 0));
    assert!(points.iter().all(|point| point.speed.is_some_and(|speed| speed.get() <= 130.0)));
}

#[test]
fn new_york_has_local_times_with_text_after_them() {
    let options = ReadOptions {
        speed_unit: Some(SpeedUnit::Mph),
        zone: Some("America/New_York".parse().unwrap()),
        ..Default::default()
    };
    let (points, errors) = read_sample(Format::Csv, "nyc_4222.csv", &options);

    let rows = 1 + errors.iter().map(|error| error.line).max().unwrap() as usize - 2;
    assert!(
        !errors.is_empty() && errors.iter().all(|error| !error.ends_reading() && error.reason.contains("timestamp"))
    );
    assert_eq!(errors[0].line, 2, "the first row already has it");
    assert!(points.len() + errors.len() >= rows);
}

#[test]
fn rows_at_0_0_are_kept_when_the_file_has_no_column_for_the_fix() {
    let options = ReadOptions {
        speed_unit: Some(SpeedUnit::Mph),
        zone: Some("America/New_York".parse().unwrap()),
        ..Default::default()
    };
    let (points, errors) = read_sample(Format::Csv, "nyc_6603.csv", &options);

    assert_eq!((points.len(), errors.len()), (60, 0));
    assert_eq!(points.iter().filter(|point| (point.latitude.get(), point.longitude.get()) == (0.0, 0.0)).count(), 12);
    // April is summer time: four hours behind UTC.
    assert_eq!(points[0].at.to_string(), "2014-04-15T05:38:09.000Z");
    assert!((points[1].speed.unwrap().get() - 33.0 * 1.609344).abs() < 1e-9);
    assert!((points[1].heading.unwrap().get() - 349.1).abs() < 1e-9);
}

#[test]
fn every_rmc_sentence_is_read_as_gpsd_reads_it() {
    let vectors = include_str!("../testdata/nmea_rmc_vectors.txt");
    let mut checked = 0;
    for vector in vectors.lines().skip(1) {
        let fields: Vec<&str> = vector.split(';').collect();
        let number = |index: usize| fields[index].parse::<f64>().ok();
        let sentence = Cursor::new(fields[0].to_owned());
        let points: Vec<_> = read(Format::Nmea, sentence, &ReadOptions::default()).unwrap().collect();
        let [Ok(point)] = &points[..] else { panic!("{vector}: {points:?}") };

        assert_eq!(point.at.to_string(), fields[1], "{vector}");
        assert!((point.latitude.get() - number(2).unwrap()).abs() < 2e-6, "{vector}");
        assert!((point.longitude.get() - number(3).unwrap()).abs() < 2e-6, "{vector}");
        if let Some(speed_ms) = number(4) {
            assert!((point.speed.unwrap().get() / 3.6 - speed_ms).abs() < 1e-3, "{vector}");
        }
        if let Some(track_deg) = number(5) {
            assert!((point.heading.unwrap().get() - track_deg).abs() < 1e-3, "{vector}");
        }
        checked += 1;
    }
    assert_eq!(checked, 159);
}

#[test]
fn no_sentence_without_a_fix_gives_a_position() {
    let (points, _) = read_sample(Format::Nmea, "nmea_void.nmea", &ReadOptions::default());
    assert_eq!(points, []);
}
