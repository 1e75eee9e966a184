//! Tables as spreadsheets and fleets write them: columns, units, hemispheres, separators, quotes.
#![allow(clippy::unwrap_used)]

use milepost_formats::{Extent, Format, ReadError, ReadOptions, SpeedUnit, TrackPoint, read};
use std::io::Cursor;

fn rows_with(text: &str, options: &ReadOptions) -> Vec<Result<TrackPoint, ReadError>> {
    read(Format::Csv, Cursor::new(text.to_owned()), options).unwrap().collect()
}

fn rows(text: &str) -> Vec<Result<TrackPoint, ReadError>> {
    rows_with(text, &ReadOptions::default())
}

fn point(text: &str) -> TrackPoint {
    rows(text).remove(0).unwrap_or_else(|error| panic!("{error}: {text}"))
}

const AT: &str = "2025-06-01T08:00:00Z";

#[test]
fn the_unit_is_that_of_the_header_or_of_the_cell() {
    for (header, cell, kmh) in [
        ("speed (knots)", "10", 18.52),
        ("Speed_kn", "10", 18.52),
        ("speed_kts", "10", 18.52),
        ("SPEED [km/h]", "10", 10.0),
        ("Speed, m/s", "10", 36.0),
        ("speed_m_s", "10", 36.0),
        ("speedMph", "10", 16.093_44),
        ("GPS Speed (kph)", "10", 10.0),
        ("sog", "10 kn", 18.52),
        ("speed", "31.4 km/h", 31.4),
        ("speed", "31,4km/h", 31.4),
        ("speed_mph", "31.4 km/h", 31.4),
        ("velocity", "10 mph", 16.093_44),
    ] {
        let speed =
            point(&format!("time;lat;lon;{header}\n{AT};1;2;{cell}\n")).speed.unwrap_or_else(|| panic!("{header}"));
        assert!((speed.get() - kmh).abs() < 1e-9, "{header} {cell}: {speed:?}");
    }
    for (header, cell, m) in
        [("alt_ft", "100", 30.48), ("Altitude (m)", "100", 100.0), ("ele", "100 ft", 30.48), ("altitude", "-12", -12.0)]
    {
        let altitude = point(&format!("time;lat;lon;{header}\n{AT};1;2;{cell}\n")).altitude.unwrap();
        assert!((altitude.get() - m).abs() < 1e-9, "{header} {cell}: {altitude:?}");
    }
    let full = point(&format!("time;lat;lon;Heading (°);odometer_m;fuel (l);ignition\n{AT};1;2;90°;1500;60,5;On\n"));
    assert_eq!((full.heading.unwrap().get(), full.odometer.unwrap().get()), (90.0, 1.5));
    assert_eq!((full.fuel_level.unwrap().get(), full.ignition), (60.5, Some(true)));
}

#[test]
fn a_column_that_is_named_keeps_its_unit() {
    for (column, kmh) in [("speed_kts", 18.52), ("geschw (mph)", 16.093_44), ("v_ms", 36.0), ("v", 10.0)] {
        let options = ReadOptions { columns: format!("speed={column}").parse().unwrap(), ..ReadOptions::default() };
        let row = rows_with(&format!("time,lat,lon,{column}\n{AT},1,2,10\n"), &options).remove(0).unwrap();
        assert!((row.speed.unwrap().get() - kmh).abs() < 1e-9, "{column}");
    }
    let forced = ReadOptions { speed_unit: Some(SpeedUnit::Ms), ..ReadOptions::default() };
    let rows = rows_with(&format!("time,lat,lon,speed_mph\n{AT},1,2,10\n{AT},1,2,10 kn\n"), &forced);
    assert_eq!(rows[0].as_ref().unwrap().speed.unwrap().get(), 36.0);
    assert_eq!(rows[1].as_ref().unwrap().speed.unwrap().get(), 18.52);
}

#[test]
fn a_unit_that_is_not_known_is_not_guessed() {
    for header in ["fuel (%)", "fuel_level", "odometer", "speed (furlongs)"] {
        let reader =
            read(Format::Csv, Cursor::new(format!("time,lat,lon,{header}\n{AT},1,2,50\n")), &ReadOptions::default());
        let mut reader = reader.unwrap();
        let point = reader.next().unwrap().unwrap();
        assert!(point.fuel_level.is_none() && point.odometer.is_none() && point.speed.is_none(), "{header}");
        assert_eq!(reader.understanding().other_columns, [header]);
    }
}

#[test]
fn a_value_that_cannot_be_used_costs_itself_and_is_named() {
    for cell in ["-5", "fast", "9999", "10 furlongs", "1,2,3"] {
        let point = point(&format!("time;lat;lon;speed\n{AT};1;2;{cell}\n"));
        assert_eq!((point.speed, point.unread.len()), (None, 1), "{cell}");
        assert!(point.unread[0].starts_with("speed "), "{cell}: {:?}", point.unread);
    }
}

#[test]
fn the_hemisphere_decides_the_sign() {
    for text in [
        "utc,lat,N/S,lon,E/W\n2025-06-01T08:00:00Z,34.9,S,56.25,W\n",
        "time,lat,ns,lon,ew\n2025-06-01T08:00:00Z,34.9,s,56.25,West\n",
        "time,latitude,lat_dir,longitude,lon_dir\n2025-06-01T08:00:00Z,-34.9,S,-56.25,W\n",
        "time,lat,,lon,\n2025-06-01T08:00:00Z,34.9,S,56.25,W\n",
        "time,lat,lon\n2025-06-01T08:00:00Z,34.9 S,56.25W\n",
        "time,lat,lon\n2025-06-01T08:00:00Z,S34.9,W 56.25\n",
        "time,lat,lon\n2025-06-01T08:00:00Z,34°54'00\"\"S,56°15'W\n",
        "time,lat,lon\n2025-06-01T08:00:00Z,-34:54:00,-56:15:00\n",
        "time;lat;lon\n2025-06-01T08:00:00Z;34° 54,0' S;56 15 0 W\n",
        "time,LATITUDE N/S,LONGITUDE E/W\n2025-06-01T08:00:00Z,34.900000S,056.250000W\n",
        "time,latitude_e7,longitude_e7\n2025-06-01T08:00:00Z,-349000000,-562500000\n",
        "time,lat,lon\n2025-06-01T08:00:00Z,\u{2212}34.9,\u{2212}56.25°\n",
    ] {
        let point = point(text);
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(near(point.latitude.get(), -34.9) && near(point.longitude.get(), -56.25), "{text}: {point:?}");
    }
}

#[test]
fn a_hemisphere_that_contradicts_or_is_none_is_refused() {
    for cells in ["-34.9,N,56.25,W", "34.9,X,56.25,W", "34.9 N,S,56.25,W", "34.9 E,S,56.25,W", "34°61'S,S,1,E"] {
        let row = rows(&format!("time,lat,N/S,lon,E/W\n{AT},{cells}\n")).remove(0);
        assert!(row.unwrap_err().reason.starts_with("latitude "), "{cells}");
    }
    // Without a letter in its column the sign is not known.
    assert!(rows(&format!("time,lat,N/S,lon,E/W\n{AT},34.9,S,56.25,W\n{AT},34.9,,56.25,\n"))[1].is_err());
}

#[test]
fn degrees_and_minutes_that_are_packed_or_apart_are_refused() {
    let row = rows(&format!("time,lat,N/S,lon,E/W\n{AT},0034.5,S,00130.25,E\n")).remove(0);
    assert!(row.unwrap_err().reason.contains("degrees and minutes in one number"));
    let header = "time,lat_deg,lat_min,lon_deg,lon_min";
    let error =
        read(Format::Csv, Cursor::new(format!("{header}\n{AT},34,54,56,10\n")), &ReadOptions::default()).err().unwrap();
    assert!(error.extent == Extent::File && error.reason.contains("\"lat_min\" holds minutes"), "{error}");
}

#[test]
fn separators_preambles_and_line_ends_of_all_programs_are_read() {
    let header = "Time\u{a0};LAT ; Lon;speed_kmh";
    let row = "2025-06-01T08:00:00Z;52,5200;13,4050;31,5";
    for text in [
        format!("sep=;\r\n{header}\r\n{row}\r\n"),
        format!("\u{feff}SEP=;\n{header}\n{row}"),
        format!("\"sep=;\"\n{header}\n{row}\n"),
        format!("{header}\r{row}\r"),
        format!("{header}\r\r\n{row}\r\r\n"),
        format!("Report of 1 June;;;\n\nVehicle 7\n{header}\n;;;\n \n{row}\n;;;\n"),
        format!("# made by a logger\n#{header}\n{row}\n"),
        format!("{header};note\n{row};\"one\ntwo; \"\"three\"\"\"\n").replace("note", "Note"),
        format!("{header}\n{row};;\n"),
        format!("{header}\n{row}\n").replace(';', "|"),
        format!("{header}\n{row}\n").replace(';', "\t"),
        format!("{header}\n\"2025-06-01T08:00:00Z\";\"52,5200\";\"13,4050\";\"31,5\"\n"),
    ] {
        let rows = rows(&text);
        assert_eq!(rows.len(), 1, "{text}: {rows:?}");
        let point = rows[0].as_ref().unwrap_or_else(|error| panic!("{error}: {text}"));
        let values = (point.at.to_string(), point.latitude.get(), point.longitude.get(), point.speed.unwrap().get());
        assert_eq!(values, ("2025-06-01T08:00:00.000Z".to_owned(), 52.52, 13.405, 31.5), "{text}");
    }
}

#[test]
fn decimal_commas_in_a_file_that_commas_separate_do_not_move_the_columns() {
    let row = rows("time,lat,lon\n2025-06-01T08:00:00Z,52,52,13,40\n").remove(0).unwrap_err();
    assert!(row.reason.contains("5 columns, but its header has 3"), "{row}");
}

#[test]
fn a_table_that_was_cut_off_says_so() {
    let whole = "time,lat,lon,speed\n2025-06-01T08:00:00Z,1,2,3\n";
    for cut in ["2025-06-01T08:00:10Z,1,13.", "2025-06-01T08:0", "2025-06-01T08:00:10Z,1,2,\"3"] {
        let rows = rows(&format!("{whole}{cut}"));
        let error = rows[1].as_ref().unwrap_err();
        assert!(rows.len() == 2 && error.extent == Extent::Rest && error.reason.contains("cut off"), "{rows:?}");
    }
    assert!(rows(&format!("{whole}2025-06-01T08:00:10Z,1,2,3")).iter().all(Result::is_ok));
}

#[test]
fn a_header_that_is_none_is_refused_with_the_columns_that_there_are() {
    let error = read(Format::Csv, Cursor::new("when,where\n1,2\n"), &ReadOptions::default()).err().unwrap();
    assert!(error.extent == Extent::File && error.line == 1, "{error}");
    assert!(error.reason.contains("timestamp") && error.reason.contains("when, where"), "{error}");
}
