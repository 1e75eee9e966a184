//! What a writer wrote a reader finds again, whatever the label says.
#![allow(clippy::unwrap_used)]

use milepost_domain::{
    AccuracyM, AltitudeM, AttributeValue, Attributes, FuelLevelL, HeadingDeg, Latitude, Longitude, OdometerKm,
    Position, SpeedKmh, Timestamp, VehicleId,
};
use milepost_formats::limits::MAX_KML_TRACK;
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

/// Numbers of a range, and its two ends more often than chance would have them.
fn between(least: f64, most: f64) -> impl Strategy<Value = f64> {
    prop_oneof![8 => least..=most, 1 => Just(least), 1 => Just(most)]
}

/// Attributes as devices send them, and texts that look like other values.
fn any_attributes() -> impl Strategy<Value = Attributes> {
    let text = prop_oneof![
        4 => "[ -~äß°]{0,20}",
        1 => Just("true".to_owned()),
        1 => Just("12.50".to_owned()),
        1 => Just("null".to_owned()),
        1 => Just(" at its ends ".to_owned()),
        1 => Just("a\nb\t\u{1}".to_owned()),
        1 => Just("\"quoted\"".to_owned()),
    ];
    let value = prop_oneof![
        any::<bool>().prop_map(AttributeValue::Flag),
        prop_oneof![between(-1e6, 1e6), between(-1e300, 1e300)]
            .prop_map(|number| AttributeValue::number(number).unwrap()),
        text.prop_map(|text| AttributeValue::text(&text).unwrap()),
    ];
    let entries = prop::collection::btree_map("[a-z_&<>\"'é]{1,12}", value, 0..5);
    entries.prop_map(|entries| Attributes::new(entries).unwrap())
}

/// A value of everything that a position may hold, whatever is allowed.
fn any_position() -> impl Strategy<Value = Position> {
    let numbers = (
        proptest::option::of(between(0.0, 1000.0)),
        proptest::option::of(between(0.0, 360.0)),
        proptest::option::of(between(0.0, f64::MAX)),
        proptest::option::of(between(-20_000.0, 100_000.0)),
        proptest::option::of(between(0.0, 100_000_000.0)),
        proptest::option::of(between(0.0, 1_000_000.0)),
        proptest::option::of(any::<bool>()),
    );
    let place = prop_oneof![9 => (between(-90.0, 90.0), between(-180.0, 180.0)), 1 => Just((0.0, 0.0))];
    let at_ms = prop_oneof![8 => 0i64..=253_402_300_799_999, 1 => Just(0), 1 => Just(253_402_300_799_999)];
    (at_ms, place, numbers, any_attributes()).prop_map(
        |(
            at_ms,
            (latitude, longitude),
            (speed, heading, accuracy, altitude, odometer, fuel_level, ignition),
            attributes,
        )| {
            Position {
                attributes,
                speed: speed.map(|value| SpeedKmh::new(value).unwrap()),
                heading: heading.map(|value| HeadingDeg::new(value).unwrap()),
                accuracy: accuracy.map(|value| AccuracyM::new(value).unwrap()),
                altitude: altitude.map(|value| AltitudeM::new(value).unwrap()),
                odometer: odometer.map(|value| OdometerKm::new(value).unwrap()),
                fuel_level: fuel_level.map(|value| FuelLevelL::new(value).unwrap()),
                ignition,
                ..Position::new(
                    VehicleId::new("bus:7").unwrap(),
                    Timestamp::from_unix_ms(at_ms).unwrap(),
                    Latitude::new(latitude).unwrap(),
                    Longitude::new(longitude).unwrap(),
                )
            }
        },
    )
}

fn as_positions(points: Vec<TrackPoint>) -> Vec<Position> {
    let id = VehicleId::new("bus:7").unwrap();
    points.into_iter().map(|point| point.into_position(id.clone())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn csv_keeps_every_bit(positions in prop::collection::vec(any_position(), 0..8)) {
        let back = read_back(Format::Csv, write(Format::Csv, meta("Bus 7"), &positions));
        prop_assert!(back.iter().all(|point| point.vehicle.as_deref() == Some("bus:7")));
        prop_assert_eq!(as_positions(back), positions);
    }

    #[test]
    fn geojson_keeps_every_bit(positions in prop::collection::vec(any_position(), 0..8)) {
        let back = read_back(Format::GeoJson, write(Format::GeoJson, meta("Bus 7"), &positions));
        prop_assert!(back.iter().all(|point| point.vehicle.as_deref() == Some("bus:7")));
        prop_assert_eq!(as_positions(back), positions);
    }

    #[test]
    fn kml_keeps_every_bit(positions in prop::collection::vec(any_position(), 0..8), label in ".*") {
        let back = read_back(Format::Kml, write(Format::Kml, meta(&label), &positions));
        prop_assert!(back.iter().all(|point| point.vehicle.as_deref() == Some("bus:7")));
        prop_assert_eq!(as_positions(back), positions);
    }

    #[test]
    fn gpx_keeps_all_but_millionths_of_the_speed(
        positions in prop::collection::vec(any_position(), 0..8), label in ".*",
    ) {
        let text = write(Format::Gpx, meta(&label), &positions);
        let back = as_positions(read_back(Format::Gpx, text));
        prop_assert_eq!(back.len(), positions.len());
        for (read, position) in back.into_iter().zip(&positions) {
            let kmh = |speed: Option<SpeedKmh>| speed.map_or(-1.0, SpeedKmh::get);
            prop_assert!((kmh(read.speed) - kmh(position.speed)).abs() <= 0.500_001e-6);
            // GPX has no other name for these.
            let same = Position {
                speed: read.speed,
                longitude: if position.longitude.get() == 180.0 { Longitude::new(-180.0).unwrap() } else { position.longitude },
                heading: position.heading.map(|heading| HeadingDeg::new(heading.get() % 360.0).unwrap()),
                ..position.clone()
            };
            prop_assert_eq!(read, same);
        }
    }

    #[test]
    fn no_cell_makes_a_reader_panic(cell in ".{0,40}", header in ".{0,20}", number in "[-+0-9.,:/ TZNSEWapm°'\\[\\]]{0,30}") {
        for text in [cell, number] {
            let quoted = format!("\"{}\"", text.replace('"', "\"\""));
            for csv in [
                format!("time,lat,lon,speed\n{quoted},{quoted},{quoted},{quoted}\n"),
                format!("date,time,tz,lat,lon,n/s,e/w\n{quoted},{quoted},{quoted},1,2,{quoted},{quoted}\n"),
                format!("time,lat,lon,{header}\n2025-06-01T08:00:00Z,1,2,{quoted}\n"),
            ] {
                if let Ok(rows) = read(Format::Csv, Cursor::new(csv), &ReadOptions::default()) {
                    rows.count();
                }
            }
        }
    }

    #[test]
    fn no_input_makes_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..600), text in "[\\[\\]{}\",:0-9a-z<>/&;$*\n ]{0,300}") {
        for format in [Format::Csv, Format::Gpx, Format::Nmea, Format::GeoJson, Format::Kml] {
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

fn at_second(second: i64) -> Position {
    Position::new(
        VehicleId::new("7").unwrap(),
        Timestamp::from_unix_ms(1_736_937_045_123 + second * 1000).unwrap(),
        Latitude::new(22.5726).unwrap(),
        Longitude::new(88.3639).unwrap(),
    )
}

#[test]
fn kml_has_all_times_of_a_track_before_all_of_its_places() {
    let text = String::from_utf8(write(Format::Kml, meta("Bus 7"), &[at_second(0), at_second(1)])).unwrap();
    let track = "<gx:Track><altitudeMode>clampToGround</altitudeMode>\n\
        <when>2025-01-15T10:30:45.123Z</when>\n<when>2025-01-15T10:30:46.123Z</when>\n\
        <gx:coord>88.3639 22.5726 0</gx:coord>\n<gx:coord>88.3639 22.5726 0</gx:coord>\n\
        <ExtendedData><SchemaData schemaUrl=\"#milepost\">\n<gx:SimpleArrayData name=\"altitude_m\">\n\
        <gx:value/>\n<gx:value/>\n</gx:SimpleArrayData>\n</SchemaData></ExtendedData>\n</gx:Track>\n";
    assert!(text.contains(track) && !text.contains("MultiTrack"), "{text}");
}

#[test]
fn a_long_kml_is_one_path_of_several_tracks() {
    let positions: Vec<_> = (0..MAX_KML_TRACK as i64 * 2 + 1).map(at_second).collect();
    let text = String::from_utf8(write(Format::Kml, meta("Bus 7"), &positions)).unwrap();
    assert_eq!(text.matches("<gx:MultiTrack><gx:interpolate>1</gx:interpolate>").count(), 1);
    assert!(text.ends_with("</gx:Track>\n</gx:MultiTrack></Placemark></Document>\n</kml>\n"));
    let mut total = 0;
    for track in text.split("<gx:Track>").skip(1) {
        let (times, places) = (track.matches("<when>").count(), track.matches("<gx:coord>").count());
        assert!(times == places && times <= MAX_KML_TRACK);
        assert!(track.rfind("<when>") < track.find("<gx:coord>"));
        total += times;
    }
    assert_eq!(total, positions.len());
    let back = read_back(Format::Kml, text.into_bytes());
    assert_eq!(
        back.iter().map(|point| point.at).collect::<Vec<_>>(),
        positions.iter().map(|p| p.at).collect::<Vec<_>>()
    );
}

#[test]
fn gpx_stays_below_the_bounds_of_its_schema() {
    let edge = Position {
        longitude: Longitude::new(180.0).unwrap(),
        heading: Some(HeadingDeg::new(360.0).unwrap()),
        ..at_second(0)
    };
    let text = String::from_utf8(write(Format::Gpx, meta("Bus 7"), &[edge])).unwrap();
    assert!(text.contains("lon=\"-180\"") && text.contains("<gpxtpx:course>0</gpxtpx:course>"), "{text}");
}
