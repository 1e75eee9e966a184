//! Files in encodings other than UTF-8.
#![allow(clippy::unwrap_used)]

use milepost_formats::{Format, ReadError, ReadOptions, TrackPoint, read};
use std::io::{BufReader, Cursor, Read};

/// Gives one byte at a time, as a slow pipe may.
struct Dripping(Cursor<Vec<u8>>);

impl Read for Dripping {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let most = into.len().min(1);
        self.0.read(&mut into[..most])
    }
}

fn rows(format: Format, bytes: &[u8], options: &ReadOptions) -> Vec<Result<TrackPoint, ReadError>> {
    let at_once: Vec<_> = read(format, Cursor::new(bytes.to_vec()), options).unwrap().collect();
    let dripping = BufReader::with_capacity(1, Dripping(Cursor::new(bytes.to_vec())));
    let dripped: Vec<_> = read(format, dripping, options).unwrap().collect();
    assert_eq!(at_once, dripped);
    at_once
}

fn vehicles(format: Format, bytes: &[u8]) -> Vec<String> {
    let rows = rows(format, bytes, &ReadOptions::default());
    rows.into_iter().map(|row| row.unwrap().vehicle.unwrap()).collect()
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

fn gpx(encoding: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"{encoding}\"?><gpx version=\"1.1\"><trk><name>Süd</name><trkseg>\
         <trkpt lat=\"1\" lon=\"2\"><time>2025-06-01T08:00:00Z</time></trkpt>\
         <trkpt lat=\"1.1\" lon=\"2\"><time>2025-06-01T08:00:10Z</time><cmt>Süd</cmt></trkpt>\
         <trkpt lat=\"1.2\" lon=\"2\"><time>2025-06-01T08:00:20Z</time></trkpt></trkseg></trk></gpx>"
    )
}

const CSV: &str =
    "vehicle;time;lat;lon\nSüd 1;2025-06-01T08:00:00Z;52,52;13,405\nKöln 2;2025-06-01T08:00:10Z;50,9;6,9\n";

#[test]
fn gpx_is_read_in_the_encoding_that_it_declares_or_has() {
    let three = ["Süd", "Süd", "Süd"];
    for encoding in ["ISO-8859-1", "iso-8859-15", "windows-1252", "latin1"] {
        assert_eq!(vehicles(Format::Gpx, &latin1(&gpx(encoding))), three, "{encoding}");
    }
    assert_eq!(vehicles(Format::Gpx, gpx("UTF-8").as_bytes()), three);
    // The declaration is wrong: the bytes are no UTF-8.
    assert_eq!(vehicles(Format::Gpx, &latin1(&gpx("UTF-8"))), three);
    for mark in ["\u{feff}", ""] {
        let text = format!("{mark}{}", gpx("UTF-16"));
        assert_eq!(vehicles(Format::Gpx, &utf16(&text, u16::to_le_bytes)), three, "{mark:?}");
        assert_eq!(vehicles(Format::Gpx, &utf16(&text, u16::to_be_bytes)), three, "{mark:?}");
    }
    // Saved anew as UTF-8, with the old declaration.
    assert_eq!(vehicles(Format::Gpx, gpx("UTF-16").as_bytes()), three);
    assert_eq!(vehicles(Format::Gpx, format!("\u{feff}{}", gpx("windows-1252")).as_bytes()), three);
}

#[test]
fn the_dash_of_windows_1252_is_no_control_character() {
    let bytes: Vec<u8> = latin1(&gpx("windows-1252").replace("Süd", "A ~ 7"))
        .iter()
        .map(|&b| if b == b'~' { 0x96 } else { b })
        .collect();
    assert_eq!(vehicles(Format::Gpx, &bytes)[0], "A \u{2013} 7");
}

#[test]
fn csv_names_keep_their_letters() {
    let two = ["Süd 1", "Köln 2"];
    assert_eq!(vehicles(Format::Csv, CSV.as_bytes()), two);
    assert_eq!(vehicles(Format::Csv, &latin1(CSV)), two);
    assert_eq!(vehicles(Format::Csv, &utf16(&format!("\u{feff}{CSV}"), u16::to_le_bytes)), two);
    assert_eq!(vehicles(Format::Csv, &utf16(CSV, u16::to_be_bytes)), two);
    let cyrillic = ReadOptions { encoding: Some("windows-1251".parse().unwrap()), ..ReadOptions::default() };
    let bytes = [b"vehicle,time,lat,lon\n\xde\xe3,2025-06-01T08:00:00Z,1,2\n".to_vec()].concat();
    assert_eq!(rows(Format::Csv, &bytes, &cyrillic)[0].as_ref().unwrap().vehicle.as_deref(), Some("Юг"));
}

#[test]
fn geojson_and_nmea_may_be_utf16_too() {
    let feature = r#"{"type":"Feature","geometry":{"type":"Point","coordinates":[2,1]},"properties":{"vehicle":"Süd","time":"2025-06-01T08:00:00Z"}}"#;
    assert_eq!(vehicles(Format::GeoJson, &utf16(&format!("\u{feff}{feature}"), u16::to_le_bytes)), ["Süd"]);
    assert_eq!(vehicles(Format::GeoJson, format!("\u{feff}{feature}").as_bytes()), ["Süd"]);
    let rmc = "$GPRMC,084200.00,A,1559.7695,S,04749.3789,W,22.2,0.0,181016,,,A*6C\r\n";
    let read = rows(Format::Nmea, &utf16(&format!("\u{feff}{rmc}"), u16::to_le_bytes), &ReadOptions::default());
    assert!(read.len() == 1 && read[0].is_ok(), "{read:?}");
}

#[test]
fn an_encoding_that_is_not_known_is_named() {
    for bytes in [b"\xff\xfe\0\0a\0\0\0".to_vec(), gpx("x-nobody-knows").into_bytes()] {
        let read = rows(Format::Gpx, &bytes, &ReadOptions::default());
        let reason = &read[0].as_ref().unwrap_err().reason;
        assert!(reason.contains("UTF-32") || reason.contains("x-nobody-knows"), "{reason}");
    }
    assert!("nothing".parse::<milepost_formats::TextEncoding>().is_err());
}
