//! What a survey says of a file before anything is stored.
#![allow(clippy::unwrap_used)]

use milepost_domain::Timestamp;
use milepost_formats::{Format, ReadOptions, RowFilter, Survey, read};
use std::io::Cursor;
use std::path::Path;

fn survey_with(format: Format, text: &str, options: &ReadOptions, only: Option<&str>) -> Survey {
    let now = Timestamp::from_unix_ms(1_790_000_000_000).unwrap();
    let reader = read(format, Cursor::new(text.to_owned()), options).unwrap();
    Survey::of(reader, options, &RowFilter { only, now })
}

fn survey(format: Format, text: &str) -> Survey {
    survey_with(format, text, &ReadOptions::default(), None)
}

fn csv(header: &str, rows: &[&str]) -> String {
    let lines = rows.iter().enumerate().map(|(n, row)| format!("{row},2025-06-01T08:00:{n:02}Z,1,2\n"));
    format!("{header},time,lat,lon\n{}", lines.collect::<String>())
}

#[test]
fn numbers_and_names_of_rows_are_no_vehicles() {
    for header in ["id", "ID", "name", "Name"] {
        let rows = survey(Format::Csv, &csv(header, &["1", "2", "3"]));
        assert_eq!((rows.refusal, rows.taken), (None, 3), "{header}");
    }
    for header in ["vehicle", "vehicle_id", "Device ID", "bus"] {
        let several = survey(Format::Csv, &csv(header, &["1", "2", "3"]));
        assert!(several.refusal.unwrap().contains("several vehicles (1 and 2)"), "{header}");
    }
    // A name that comes again is no row's.
    for names in [["7", "7", "8"], ["7", "8", "7"]] {
        assert!(survey(Format::Csv, &csv("id", &names)).refusal.unwrap().contains("several vehicles"), "{names:?}");
    }
    let named = ReadOptions { columns: "vehicle=id".parse().unwrap(), ..ReadOptions::default() };
    assert!(survey_with(Format::Csv, &csv("id", &["1", "2"]), &named, None).refusal.is_some());
    let none = ReadOptions { columns: "vehicle=-".parse().unwrap(), ..ReadOptions::default() };
    assert_eq!(survey_with(Format::Csv, &csv("vehicle", &["1", "2"]), &none, None).taken, 2);
    assert_eq!(survey(Format::Csv, &csv("vehicle", &["7", "7"])).refusal, None);
}

#[test]
fn one_vehicle_of_several_can_be_chosen() {
    let text = csv("vehicle", &["a", "b", "a"]);
    let chosen = survey_with(Format::Csv, &text, &ReadOptions::default(), Some("a"));
    assert_eq!((chosen.refusal, chosen.taken, chosen.left_out), (None, 2, 1));
    let wrong = survey_with(Format::Csv, &text, &ReadOptions::default(), Some("c"));
    assert!(wrong.refusal.unwrap().contains("names a and b"));
}

#[test]
fn geojson_row_ids_are_no_vehicles_either() {
    let feature = |id: u32| {
        format!(
            r#"{{"type":"Feature","geometry":{{"type":"Point","coordinates":[2,1]}},"properties":{{"id":{id},"time":"2025-06-01T08:00:{id:02}Z"}}}}"#
        )
    };
    let rows = survey(Format::GeoJson, &format!("{}\n{}\n", feature(1), feature(2)));
    assert_eq!((rows.refusal, rows.taken), (None, 2));
}

const WAYPOINT: &str = "<wpt lat='47.5' lon='7.6'><time>2025-05-30T05:00:00Z</time><name>Depot</name></wpt>";
const ROUTE: &str = "<rte><rtept lat='40' lon='2'><time>2025-06-02T08:00:00Z</time></rtept></rte>";

#[test]
fn waypoints_and_routes_are_no_track() {
    let point = "<trkpt lat='47.37' lon='8.54'><time>2025-06-02T09:00:00Z</time></trkpt>";
    for name in ["<name>Van 3</name>", ""] {
        let track = format!("<trk>{name}<trkseg>{point}</trkseg></trk>");
        for text in [format!("<gpx>{WAYPOINT}{ROUTE}{track}</gpx>"), format!("<gpx>{track}{ROUTE}{WAYPOINT}</gpx>")] {
            let found = survey(Format::Gpx, &text);
            assert_eq!((found.refusal.as_deref(), found.taken), (None, 1), "{text}");
            assert_eq!(found.first[0].latitude.get(), 47.37);
            assert!(found.understanding.notes[0].contains("1 waypoints and 1 points of routes"));
        }
    }
    for text in [WAYPOINT, ROUTE] {
        let none = survey(Format::Gpx, &format!("<gpx>{text}</gpx>"));
        assert!(none.refusal.unwrap().contains("no track") && none.taken == 0);
    }
}

#[test]
fn kml_of_other_programs_is_read_where_it_has_times() {
    let track = "<gx:Track><when>2025-06-01T08:00:00Z</when><when>2025-06-01T08:00:10Z</when>\
        <gx:coord>13.405 52.52 35</gx:coord><gx:coord>13.405 52.53</gx:coord>\
        <ExtendedData><SchemaData schemaUrl='#x'><gx:SimpleArrayData name='speed_kmh'><gx:value>3</gx:value>\
        </gx:SimpleArrayData></SchemaData></ExtendedData></gx:Track>";
    let place = "<Placemark><name>Depot</name><Point><coordinates>1,2</coordinates></Point></Placemark>";
    let found = survey(Format::Kml, &format!("<kml>{place}<Placemark><name>Van 3</name>{track}</Placemark></kml>"));
    assert_eq!((found.refusal.as_deref(), found.taken), (None, 2));
    assert_eq!(found.first[0].vehicle.as_deref(), Some("Van 3"));
    assert_eq!((found.first[0].altitude.unwrap().get(), found.first[0].speed), (35.0, None));
    assert_eq!(found.first[1].altitude, None);
    assert!(survey(Format::Kml, &format!("<kml>{place}</kml>")).refusal.unwrap().contains("no track with times"));
    let uneven = track.replacen("<when>2025-06-01T08:00:00Z</when>", "", 1);
    assert_eq!(survey(Format::Kml, &format!("<kml>{uneven}</kml>")).refused, 1);
}

#[test]
fn a_file_that_is_refused_says_why() {
    for (format, text, expected) in [
        (Format::Gpx, "<gpx><trk><trkseg></oops>", "not well-formed"),
        (Format::Gpx, "<html></html>", "no <gpx>"),
        (Format::Gpx, "<gpx></gpx>", "no position"),
        (Format::Csv, "time,lat,lon\n", "no position"),
        (Format::Csv, "time,lat,lon\nx,1,2\ny,1,2\n", "2 rows were refused"),
        (Format::Csv, "time,lat,lon\n01.06.2025 08:00:00,52.52,13.405\n", "line 2: timestamp"),
        (Format::Nmea, "hello\n", "no position"),
        (Format::Nmea, "$GPGGA,084200.00,1559.7695,S,04749.3789,W,1,09,1.0,913.5,M,0.0,M,,\n", "no RMC"),
        (Format::Nmea, "$GPRMC,084200.00,V,,,,,,,181016,,,N\n", "no fix"),
        (Format::GeoJson, "{\"type\":\"FeatureCollection\",\"features\":[]}", "no position"),
    ] {
        let refusal = survey(format, text).refusal.unwrap();
        assert!(refusal.contains(expected), "{text}: {refusal}");
    }
}

#[test]
fn the_first_refused_rows_are_kept_and_all_are_counted() {
    let rows: String = (0..60).map(|n| format!("nonsense {n},1,2\n")).collect();
    let found =
        survey(Format::Csv, &format!("time,lat,lon\n2025-06-01T08:00:00Z,1,2\n2999-06-01T08:00:00Z,1,2\n{rows}"));
    assert_eq!((found.taken, found.refused, found.refusals.len()), (1, 61, Survey::SHOWN_REFUSALS));
    assert_eq!((found.refusals[0].line, found.refusals[1].line), (3, 4));
    assert!(found.refusals[0].reason.contains("ahead") && found.refusals[1].reason.contains("nonsense 0"));
    assert!(!found.is_whole() && found.refusal.is_none());
}

#[test]
fn a_file_that_breaks_off_is_read_in_part() {
    let point = |n: u32| format!("<trkpt lat='{n}' lon='2'><time>2025-06-01T08:00:{n:02}Z</time></trkpt>");
    for rest in
        ["<trkpt lat='3'", "", "<trkpt lat='3' lon='2'><name>a&nbsp;b</name></trkpt></trkseg></trk></gpx>", "</trk>"]
    {
        let found = survey(Format::Gpx, &format!("<gpx><trk><trkseg>{}{}{rest}", point(1), point(2)));
        assert!(!found.is_whole() && found.broke_off.is_some() && found.refusal.is_none(), "{rest}: {found:?}");
        assert_eq!(found.taken, 2, "{rest}");
        let is_short = rest.len() < 20 && !rest.starts_with("</");
        assert_eq!(found.broke_off.unwrap().reason.contains("cut off"), is_short, "{rest}");
    }
    let rmc = "$GPRMC,084200.00,A,1559.7695,S,04749.3789,W,22.2,0.0,181016,,,A*6C\r\n";
    let found = survey(Format::Nmea, &format!("{rmc}{}", &rmc[..40]));
    assert!(found.taken == 1 && found.broke_off.unwrap().reason.contains("cut off"));
}

#[test]
fn the_preview_shows_rows_as_they_are_understood() {
    let berlin = "Europe/Berlin".parse().unwrap();
    let options = ReadOptions { zone: Some(berlin), ..ReadOptions::default() };
    let text = "time;lat;N/S;lon;E/W;speed (knots);alt_ft;driver\n2025-06-01 10:00:00;34,9;S;56,25;W;10;100;Ann\n2025-06-01 10:00:00;34,9;S;56,25;W;fast;;\nx;1;N;2;E;;;\n";
    let found = survey_with(Format::Csv, text, &options, None);
    let shown = found.preview(options.zone.as_ref());
    for expected in [
        "csv, UTF-8, separated by ';'",
        "speed of \"speed (knots)\" (knots)",
        "north_south of \"N/S\"",
        "not read: driver",
        "2 rows can be stored, from 2025-06-01T08:00:00.000Z to 2025-06-01T08:00:00.000Z; 1 refused",
        "line 2: 2025-06-01T10:00:00+02:00, 34.9° S 56.25° W, 18.52 km/h, altitude 30.48 m",
        "In 1 rows speed can't be used and is left out (line 3: speed fast).",
        "1 rows have the same time as the row before",
    ] {
        assert!(shown.contains(expected), "{expected}: {shown}");
    }
}

#[test]
fn the_notes_say_what_was_assumed() {
    let notes = |text: &str| survey(Format::Csv, text).understanding.notes.join(" ");
    assert!(notes("time,lat,lon\n2025-06-01 08:00:00,1,2\n").contains("1 times name no zone and are taken as UTC"));
    assert!(notes("time,lat,lon,speed\n2025-06-01T08:00:00Z,1,2,3\n").contains("taken as km/h"));
    assert_eq!(notes("time,lat,lon,speed\n2025-06-01T08:00:00Z,1,2,3 km/h\n"), "");
    let text = "time,lat,lon\n2025-10-26 02:10:00,1,2\n";
    let berlin = ReadOptions { zone: Some("Europe/Berlin".parse().unwrap()), ..ReadOptions::default() };
    let twice = survey_with(Format::Csv, text, &berlin, None).understanding.notes;
    assert!(twice[0].contains("showed twice"), "{twice:?}");
}

#[test]
fn nmea_is_read_with_and_without_checksums() {
    let lines = [
        "$GPRMC,084200.00,A,1559.7695,S,04749.3789,W,22.2,0.0,181016,,,A",
        "$GPGGA,084200.00,1559.7695,S,04749.3789,W,1,09,1.0,913.5,M,0.0,M,,",
        "$GPRMC,084210.00,A,1559.7395,S,04749.3789,W,22.2,0.0,181016,,,A",
    ];
    let without = survey(Format::Nmea, &format!("{}\r\n", lines.join("\r\n")));
    assert_eq!((without.taken, without.refused), (2, 0));
    assert!(without.understanding.notes[0].contains("no checksums"));
    assert_eq!(without.first[0].altitude.unwrap().get(), 913.5);
    let logged = survey(
        Format::Nmea,
        "NMEA,$GPRMC,084200.00,A,1559.7695,S,04749.3789,W,22.2,0.0,181016,,,A*6C,1476788520000\r\n",
    );
    assert_eq!((logged.taken, logged.refused), (1, 0));
    // The checksum of the second is wrong.
    let damaged = survey(
        Format::Nmea,
        "NMEA,$GPRMC,084200.00,A,1559.7695,S,04749.3789,W,22.2,0.0,181016,,,A*6C,1\nNMEA,$GPRMC,084201.00,A,1559.7695,S,04749.3789,W,22.2,0.0,181016,,,A*6C,2\n",
    );
    assert_eq!((damaged.taken, damaged.refused), (1, 1));
}

#[test]
fn the_format_is_that_of_the_content() {
    let of = |head: &[u8], name: &str| Format::of_content(head, Path::new(name));
    assert_eq!(of(b"<?xml version='1.0'?><gpx>", "x.csv"), Ok(Format::Gpx));
    assert_eq!(of(b"\xff\xfe<\0?\0x\0m\0l\0", "x"), Ok(Format::Gpx));
    assert_eq!(of(b"$GPRMC,084200.00,A", "x.txt"), Ok(Format::Nmea));
    assert_eq!(of(b"# Header\n#\nNMEA,$GPRMC,084200.00", "gnss_log.txt"), Ok(Format::Nmea));
    assert_eq!(of(b"\xef\xbb\xbf {\"type\":", "x"), Ok(Format::GeoJson));
    assert_eq!(of(b"<?xml version='1.0'?><kml xmlns=", "x.xml"), Ok(Format::Kml));
    assert_eq!(of(b"time,lat,lon", "x.txt"), Ok(Format::Csv));
    for (head, word) in [
        (&b"PK\x03\x04"[..], "ZIP"),
        (b"\x1f\x8b\x08", "gzip"),
        (b"\x0e\x10\x00\x00\x00\x00\x00\x00.FIT", "FIT"),
        (b"", "--format"),
    ] {
        assert!(of(head, "x").unwrap_err().to_string().contains(word), "{word}");
    }
}
