//! Broken and hostile files: each costs an error, never a panic or memory without bound.
#![allow(clippy::unwrap_used)]

use milepost_formats::limits::{MAX_FEATURE_BYTES, MAX_LINE_BYTES, MAX_XML_DEPTH, MAX_XML_TOKEN_BYTES};
use milepost_formats::{Extent, Format, ReadError, ReadOptions, TrackPoint, read};
use std::io::{BufReader, Cursor, Read};

fn rows(format: Format, text: &str) -> Vec<Result<TrackPoint, ReadError>> {
    read(format, Cursor::new(text.to_owned()), &ReadOptions::default()).unwrap().collect()
}

fn only_error(format: Format, text: &str) -> ReadError {
    let rows = rows(format, text);
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.into_iter().next().unwrap().unwrap_err()
}

const TRKPT: &str = r#"<trkpt lat="1" lon="2"><time>2020-01-01T00:00:00Z</time></trkpt>"#;

#[test]
fn a_line_without_end_is_skipped_and_the_next_is_read() {
    let text = format!("lat,lon,time\n1,2,{}\n1,2,1577836800\n", "9".repeat(3 * MAX_LINE_BYTES));
    let rows = rows(Format::Csv, &text);
    assert!(rows[0].as_ref().unwrap_err().reason.contains("longer"), "{rows:?}");
    assert_eq!(rows[1].as_ref().unwrap().at.to_string(), "2020-01-01T00:00:00.000Z");
}

#[test]
fn an_open_quote_drops_only_its_line() {
    let rows = rows(Format::Csv, "id,lat,lon,time\n\"a,1,2,1577836800\nb,1,2,1577836801\n\"c, d\",1,2,1577836802");
    assert!(rows[0].as_ref().unwrap_err().reason.contains("quote"), "{rows:?}");
    assert_eq!(rows[1].as_ref().unwrap().vehicle.as_deref(), Some("b"));
    assert_eq!(rows[2].as_ref().unwrap().vehicle.as_deref(), Some("c, d"));
}

#[test]
fn invalid_coordinates_are_refused() {
    for bad in ["NaN,2", "inf,2", "1e999,2", "91,2", "1,181", ",2", "x,2"] {
        let rows = rows(Format::Csv, &format!("lat,lon,time\n{bad},1577836800\n"));
        assert!(rows.len() == 1 && rows[0].is_err(), "{bad}: {rows:?}");
    }
}

#[test]
fn an_invalid_speed_drops_only_the_speed() {
    for unknown in ["-1", "NaN", "65535", "fast"] {
        let rows = rows(Format::Csv, &format!("lat,lon,time,speed\n1,2,1577836800,{unknown}\n"));
        assert_eq!(rows[0].as_ref().unwrap().speed, None, "{unknown}");
    }
}

#[test]
fn only_0_0_without_a_fix_is_refused() {
    let csv = "lat,lon,time,fix\n0,0,1577836800,0\n0,0,1577836801,1\n1,2,1577836802,0\n0,2,1577836803,none\n";
    let gpx = "<gpx><trk><trkseg>\
        <trkpt lat='0' lon='0'><time>2020-01-01T00:00:00Z</time><fix>none</fix></trkpt>\
        <trkpt lat='0' lon='0'><time>2020-01-01T00:00:01Z</time><fix>3d</fix></trkpt>\
        <trkpt lat='0' lon='0'><time>2020-01-01T00:00:02Z</time></trkpt></trkseg></trk></gpx>";
    let feature = |at: u32, fix: &str| {
        format!(
            r#"{{"type":"Feature","geometry":{{"type":"Point","coordinates":[0,0]}},"properties":{{"time":{at},"valid":{fix}}}}}"#
        )
    };
    let geojson = format!("{}\n{}\n", feature(1_577_836_800, "false"), feature(1_577_836_801, "true"));
    for (format, text) in [(Format::Csv, csv), (Format::Gpx, gpx), (Format::GeoJson, &geojson)] {
        let rows = rows(format, text);
        assert!(rows[0].as_ref().unwrap_err().reason.contains("no fix"), "{rows:?}");
        assert!(rows.len() >= 2 && rows[1..].iter().all(Result::is_ok), "{rows:?}");
    }
}

#[test]
fn columns_are_found_by_name_number_and_separator() {
    let cases = [
        (
            "fahrzeug;zeit;breite;laenge\n7;2020-01-01 00:00:00;1,5;2\n",
            "vehicle=fahrzeug,timestamp=zeit,latitude=breite,longitude=laenge",
        ),
        ("7,1577836800000,1.5,2\n", "vehicle=#1,timestamp=#2,latitude=#3,longitude=#4"),
        ("\u{feff}VID\tTime\tLAT\tLNG\r\n7\t2020-01-01T00:00:00Z\t1.5\t2\r\n", ""),
    ];
    for (text, columns) in cases {
        let options = ReadOptions { columns: columns.parse().unwrap(), ..ReadOptions::default() };
        let rows: Vec<_> = read(Format::Csv, Cursor::new(text), &options).unwrap().collect();
        let point = rows[0].as_ref().unwrap();
        assert_eq!((point.vehicle.as_deref(), point.latitude.get()), (Some("7"), 1.5), "{columns}");
        assert_eq!(point.at.to_string(), "2020-01-01T00:00:00.000Z", "{columns}");
    }
}

#[test]
fn a_column_that_is_not_there_is_named() {
    let options = ReadOptions { columns: "latitude=breite".parse().unwrap(), ..ReadOptions::default() };
    let error = read(Format::Csv, Cursor::new("lat,lon,time\n"), &options).err().unwrap();
    assert!(
        error.ends_reading() && error.reason.contains("breite") && error.reason.contains("lat, lon, time"),
        "{error}"
    );
}

#[test]
fn a_billion_laughs_are_not_expanded() {
    let bomb = r#"<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><gpx><trk><name>&b;</name></trk></gpx>"#;
    assert!(only_error(Format::Gpx, bomb).reason.contains("document type"));
    assert!(only_error(Format::Gpx, "<gpx><trk><name>&b;</name></trk></gpx>").reason.contains("entity"));
}

#[test]
fn deep_and_endless_xml_ends_the_reading() {
    let deep = format!("<gpx>{}", "<a>".repeat(MAX_XML_DEPTH + 1));
    assert!(only_error(Format::Gpx, &deep).ends_reading());
    // Never more than the limit and a buffer is read of a text that does not end.
    let endless = BufReader::new(Cursor::new("<gpx><trk><name>").chain(std::io::repeat(b'x')));
    let rows: Vec<_> = read(Format::Gpx, endless, &ReadOptions::default()).unwrap().collect();
    assert!(rows[0].as_ref().unwrap_err().reason.contains(&MAX_XML_TOKEN_BYTES.to_string()), "{rows:?}");
}

#[test]
fn a_truncated_file_gives_its_positions_and_an_error() {
    let gpx = rows(Format::Gpx, &format!("<gpx><trk><trkseg>{TRKPT}<trkpt lat=\"1\" "));
    assert!(gpx[0].is_ok() && gpx[1].as_ref().unwrap_err().ends_reading() && gpx.len() == 2, "{gpx:?}");
    let feature =
        r#"{"type":"Feature","geometry":{"type":"Point","coordinates":[2,1]},"properties":{"time":1577836800}}"#;
    let geojson =
        rows(Format::GeoJson, &format!("{{\"type\":\"FeatureCollection\",\"features\":[{feature},{{\"type\""));
    assert!(geojson[0].is_ok() && geojson[1].as_ref().unwrap_err().ends_reading() && geojson.len() == 2, "{geojson:?}");
}

#[test]
fn gpx_of_both_versions_has_speed_and_course() {
    let old = "<gpx version='1.0'><trk><name>7</name><trkseg><trkpt lat='1' lon='2'><ele>5</ele><time>2020-01-01T00:00:00Z</time><course>90</course><speed>10</speed></trkpt></trkseg></trk></gpx>";
    let new = "<gpx version='1.1' xmlns:t='x'><trk><name>7</name><trkseg><trkpt lat='1' lon='2'><ele>5</ele><time>2020-01-01T00:00:00Z</time><extensions><t:TrackPointExtension><t:speed>10</t:speed><t:course>90</t:course></t:TrackPointExtension></extensions></trkpt></trkseg></trk></gpx>";
    for text in [old, new] {
        let rows = rows(Format::Gpx, text);
        let point = rows[0].as_ref().unwrap();
        assert_eq!((point.speed.unwrap().get(), point.heading.unwrap().get()), (36.0, 90.0));
        assert_eq!((point.altitude.unwrap().get(), point.vehicle.as_deref()), (5.0, Some("7")));
    }
}

#[test]
fn gpx_points_without_time_are_reported_with_their_line() {
    let rows =
        rows(Format::Gpx, &format!("<gpx><trk><trkseg>\n<trkpt lat='1' lon='2'/>\n{TRKPT}</trkseg></trk></gpx>"));
    assert_eq!(
        rows[0].as_ref().unwrap_err(),
        &ReadError { line: 2, reason: "the point has no time".into(), extent: Extent::Row }
    );
    assert!(rows[1].is_ok());
}

#[test]
fn geojson_lines_take_their_times_from_coord_times() {
    let text = r#"{"type":"Feature","properties":{"vehicle":"7","coordTimes":["2020-01-01T00:00:00Z",1577836801]},"geometry":{"type":"LineString","coordinates":[[2,1,100],[2.1,1.1],[2.2,1.2]]}}"#;
    let rows = rows(Format::GeoJson, text);
    assert_eq!(rows[0].as_ref().unwrap().altitude.unwrap().get(), 100.0);
    assert_eq!(rows[1].as_ref().unwrap().at.to_string(), "2020-01-01T00:00:01.000Z");
    assert!(rows[2].as_ref().unwrap_err().reason.contains("no time"), "{rows:?}");
}

#[test]
fn geojson_features_are_cut_wherever_they_stand() {
    let feature = |name: &str| {
        format!(
            r#"{{"properties":{{"id":"{name}","features":[1],"time":1577836800}},"type":"Feature","geometry":{{"type":"Point","coordinates":[2,1]}}}}"#
        )
    };
    let (tricky, plain) = (feature(r#"a]}\""#), feature("b"));
    let collection = format!("{{\"name\":\"features\",\"x\":[{{}}],\n\"features\":[{tricky},\n{plain}],\"y\":{{}}}}");
    let sequence = format!("{tricky}\n\u{1e}{plain}\n");
    for text in [collection, sequence] {
        let rows = rows(Format::GeoJson, &text);
        let names: Vec<_> = rows.iter().map(|row| row.as_ref().unwrap().vehicle.clone().unwrap()).collect();
        assert_eq!(names, ["a]}\"", "b"], "{text}");
    }
}

#[test]
fn one_bad_feature_does_not_end_the_file() {
    let good = r#"{"type":"Feature","geometry":{"type":"Point","coordinates":[2,1]},"properties":{"time":1577836800}}"#;
    let deep = format!("{{\"geometry\":{}{}}}", "[".repeat(5000), "]".repeat(5000));
    let rows = rows(Format::GeoJson, &format!("{{\"features\":[{{\"geometry\":7}},{deep},{good}]}}"));
    assert!(rows[0].is_err() && rows[1].is_err() && rows[2].is_ok(), "{rows:?}");
}

#[test]
fn a_feature_without_end_ends_the_reading() {
    let endless = BufReader::new(Cursor::new("{\"features\":[{\"a\":\"").chain(std::io::repeat(b'x')));
    let rows: Vec<_> = read(Format::GeoJson, endless, &ReadOptions::default()).unwrap().collect();
    assert!(rows[0].as_ref().unwrap_err().reason.contains(&MAX_FEATURE_BYTES.to_string()), "{rows:?}");
}

#[test]
fn nmea_needs_a_right_checksum_and_a_fix() {
    let rmc = |body: &str| format!("${body}*{:02X}\n", body.bytes().fold(0, |sum, byte| sum ^ byte));
    let good = rmc("GNRMC,235959.50,A,4807.038,N,01131.000,W,022.4,084.4,311299,,,A");
    let next_day = rmc("GNRMC,000000.50,A,4807.038,S,01131.000,E,022.4,084.4,010100,,,A");
    let altitude = rmc("GPGGA,000000.50,4807.038,S,01131.000,E,1,08,0.9,545.4,M,46.9,M,,");
    let not_valid = rmc("GLRMC,000001.50,A,4807.038,S,01131.000,E,022.4,084.4,010100,,,N");
    let wrong = good.replace("4807", "4808");
    let text = format!("# a comment\n{good}{next_day}{altitude}{not_valid}{wrong}{}", good.replace('*', ""));
    let rows = rows(Format::Nmea, &text);

    let points: Vec<_> = rows.iter().filter_map(|row| row.as_ref().ok()).collect();
    let times: Vec<_> = points.iter().map(|point| point.at.to_string()).collect();
    assert_eq!(times, ["1999-12-31T23:59:59.500Z", "2000-01-01T00:00:00.500Z"]);
    assert!(
        (points[0].latitude.get() - 48.1173).abs() < 1e-9 && (points[0].longitude.get() + 11.516_666_67).abs() < 1e-6
    );
    assert_eq!((points[0].altitude, points[1].altitude.unwrap().get()), (None, 545.4));
    let reasons: Vec<_> =
        rows.iter().filter_map(|row| row.as_ref().err()).map(|error| (error.line, error.reason.as_str())).collect();
    assert_eq!(reasons, [(6, "the checksum is wrong"), (7, "the sentence has no checksum")]);
}
