//! What a writer wrote a reader finds again, whatever the label says.
#![allow(clippy::unwrap_used)]

use milepost_domain::{
    AccuracyM, AltitudeM, HeadingDeg, Latitude, Longitude, Position, SpeedKmh, Timestamp, VehicleId,
};
use milepost_formats::{Format, ReadOptions, TrackMeta, TrackPoint, TrackWriter, read};
use proptest::prelude::*;
use std::io::Cursor;

fn write(format: Format, meta: TrackMeta, positions: &[Position]) -> Vec<u8> {
    let mut writer = TrackWriter::new(format, meta).unwrap();
    let mut out = Vec::new();
    writer.start(&mut out);
    for position in positions {
        writer.position(position, &mut out);
    }
    writer.finish(&mut out);
    out
}

fn read_back(format: Format, bytes: Vec<u8>) -> Vec<TrackPoint> {
    read(format, Cursor::new(bytes), &ReadOptions::default()).unwrap().map(Result::unwrap).collect()
}

fn meta(label: &str) -> TrackMeta {
    TrackMeta { vehicle_id: "bus:7".to_owned(), label: Some(label.to_owned()) }
}

fn any_position() -> impl Strategy<Value = Position> {
    let numbers = (
        proptest::option::of(0.0..=1000.0),
        proptest::option::of(0.0..=360.0),
        proptest::option::of(0.0..1e6),
        proptest::option::of(-500.0..9000.0),
    );
    let place = prop_oneof![9 => (-90.0..=90.0, -180.0..=180.0), 1 => Just((0.0, 0.0))];
    (0i64..253_402_300_799_999, place, numbers).prop_map(
        |(at_ms, (latitude, longitude), (speed, heading, accuracy, altitude))| Position {
            speed: speed.map(|value: f64| SpeedKmh::new(value).unwrap()),
            heading: heading.map(|value: f64| HeadingDeg::new(value).unwrap()),
            accuracy: accuracy.map(|value: f64| AccuracyM::new(value).unwrap()),
            altitude: altitude.map(|value: f64| AltitudeM::new(value).unwrap()),
            ..Position::new(
                VehicleId::new("bus:7").unwrap(),
                Timestamp::from_unix_ms(at_ms).unwrap(),
                Latitude::new(latitude).unwrap(),
                Longitude::new(longitude).unwrap(),
            )
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn csv_keeps_every_bit(positions in prop::collection::vec(any_position(), 0..8)) {
        let back = read_back(Format::Csv, write(Format::Csv, meta("Bus 7"), &positions));
        prop_assert!(back.iter().all(|point| point.vehicle.as_deref() == Some("bus:7")));
        let id = VehicleId::new("bus:7").unwrap();
        let back: Vec<_> = back.into_iter().map(|point| point.into_position(id.clone())).collect();
        prop_assert_eq!(back, positions);
    }

    #[test]
    fn geojson_keeps_all_but_the_sixteenth_digit(positions in prop::collection::vec(any_position(), 0..8)) {
        let back = read_back(Format::GeoJson, write(Format::GeoJson, meta("Bus 7"), &positions));
        prop_assert_eq!(back.len(), positions.len());
        for (point, position) in back.into_iter().zip(&positions) {
            prop_assert_eq!((point.at, point.vehicle.as_deref()), (position.at, Some("bus:7")));
            let near = |a: f64, b: f64| (a - b).abs() <= b.abs() * 1e-14;
            prop_assert!(near(point.latitude.get(), position.latitude.get()));
            prop_assert!(near(point.longitude.get(), position.longitude.get()));
            prop_assert!(near(point.speed.map_or(-1.0, SpeedKmh::get), position.speed.map_or(-1.0, SpeedKmh::get)));
            prop_assert!(near(point.heading.map_or(-1.0, HeadingDeg::get), position.heading.map_or(-1.0, HeadingDeg::get)));
            prop_assert!(near(point.accuracy.map_or(-1.0, AccuracyM::get), position.accuracy.map_or(-1.0, AccuracyM::get)));
            prop_assert!(near(point.altitude.map_or(-1e9, AltitudeM::get), position.altitude.map_or(-1e9, AltitudeM::get)));
        }
    }

    #[test]
    fn gpx_keeps_all_but_accuracy_and_millionths_of_the_speed(
        positions in prop::collection::vec(any_position(), 0..8), label in ".*",
    ) {
        let back = read_back(Format::Gpx, write(Format::Gpx, meta(&label), &positions));
        prop_assert_eq!(back.len(), positions.len());
        for (point, position) in back.into_iter().zip(&positions) {
            prop_assert_eq!((point.at, point.latitude, point.longitude), (position.at, position.latitude, position.longitude));
            prop_assert_eq!((point.heading, point.altitude), (position.heading, position.altitude));
            let kmh = |speed: Option<SpeedKmh>| speed.map_or(-1.0, SpeedKmh::get);
            prop_assert!((kmh(point.speed) - kmh(position.speed)).abs() <= 0.500_001e-6);
            prop_assert_eq!(point.vehicle.as_deref(), Some("bus:7"));
        }
    }

    #[test]
    fn no_input_makes_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), text in "[\\[\\]{}\",:0-9a-z<>/&;$*\n ]{0,300}") {
        for format in [Format::Csv, Format::Gpx, Format::Nmea, Format::GeoJson] {
            for input in [bytes.clone(), text.clone().into_bytes()] {
                if let Ok(rows) = read(format, Cursor::new(input), &ReadOptions::default()) {
                    prop_assert!(rows.count() <= 1000);
                }
            }
        }
    }
}

#[test]
fn speeds_with_few_digits_come_back_from_gpx_as_they_were() {
    let at = |seconds: i64| Timestamp::from_unix_ms(1_736_937_045_000 + seconds * 1000).unwrap();
    let speeds: Vec<f64> =
        (0..2_000).map(|n| f64::from(n) / 10.0).chain([33.333_333, 0.000_001, 999.999_999]).collect();
    let positions: Vec<_> = (0i64..)
        .zip(&speeds)
        .map(|(n, kmh)| Position {
            speed: Some(SpeedKmh::new(*kmh).unwrap()),
            heading: Some(HeadingDeg::new(kmh / 3.0).unwrap()),
            ..Position::new(
                VehicleId::new("bus:7").unwrap(),
                at(n),
                Latitude::new(22.572_645_1).unwrap(),
                Longitude::new(-88.363_895_7).unwrap(),
            )
        })
        .collect();
    let back = read_back(Format::Gpx, write(Format::Gpx, meta("Bus 7"), &positions));
    let id = VehicleId::new("bus:7").unwrap();
    let back: Vec<_> = back.into_iter().map(|point| point.into_position(id.clone())).collect();
    assert_eq!(back, positions);
}

#[test]
fn a_hostile_label_stays_text() {
    let label = "</name><script>alert(\"1\")</script> & ]]> \u{1} 'é";
    for format in [Format::Gpx, Format::Kml] {
        let text = String::from_utf8(write(format, meta(label), &[])).unwrap();
        assert!(!text.contains("<script") && !text.contains(" & ") && !text.contains('\u{1}'), "{text}");
        assert!(text.contains("&lt;script&gt;alert(&quot;1&quot;)"), "{text}");
    }
}

#[test]
fn kml_pairs_each_time_with_its_place() {
    let at = Timestamp::from_unix_ms(1_736_937_045_123).unwrap();
    let position = Position::new(
        VehicleId::new("7").unwrap(),
        at,
        Latitude::new(22.5726).unwrap(),
        Longitude::new(88.3639).unwrap(),
    );
    let text = String::from_utf8(write(Format::Kml, meta("Bus 7"), &[position.clone(), position])).unwrap();
    let pair = "<when>2025-01-15T10:30:45.123Z</when><gx:coord>88.3639 22.5726 0</gx:coord>\n";
    assert!(text.contains(&format!("{pair}{pair}</gx:Track>")), "{text}");
}
