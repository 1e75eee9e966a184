//! Times as people's files write them: each is understood, or refused with the reason.
#![allow(clippy::unwrap_used)]

use milepost_formats::{Extent, Format, ReadError, ReadOptions, TrackPoint, read};
use std::io::Cursor;

fn rows(text: &str, options: &ReadOptions) -> Vec<Result<TrackPoint, ReadError>> {
    read(Format::Csv, Cursor::new(text.to_owned()), options).unwrap().collect()
}

fn in_zone(zone: &str) -> ReadOptions {
    ReadOptions { zone: Some(zone.parse().unwrap()), ..ReadOptions::default() }
}

fn in_order(order: &str) -> ReadOptions {
    ReadOptions { date_order: Some(order.parse().unwrap()), ..ReadOptions::default() }
}

/// The times of a file with the column `header`, or the reasons.
fn times(header: &str, cells: &[&str], options: &ReadOptions) -> Vec<String> {
    let lines: String = cells.iter().map(|cell| format!("{cell};1;2\n")).collect();
    let rows = rows(&format!("{header};lat;lon\n{lines}"), options);
    rows.into_iter().map(|row| row.map_or_else(|error| error.reason, |point| point.at.to_string())).collect()
}

fn time(header: &str, cell: &str) -> String {
    times(header, &[cell], &ReadOptions::default()).remove(0)
}

#[test]
fn the_same_instant_is_read_in_every_usual_form() {
    for cell in [
        "2025-06-01T08:00:00Z",
        "2025-06-01 10:00:00+02:00",
        "2025-06-01 10:00:00 +0200",
        "2025-06-01T10:00:00+02:00[Europe/Berlin]",
        "2025-06-01 10:00:00 Europe/Berlin",
        "2025-06-01 03:00:00-0500",
        "2025-06-01 08:00:00 UTC",
        "2025-06-01 10:00 GMT+2",
        "2025/06/01 8:00:00",
        "2025:06:01 08:00:00",
        "2025.06.01 08:00:00,000",
        "20250601T080000Z",
        "20250601080000",
        "202506010800",
        "1 Jun 2025 8:00:00 AM",
        "01-Jun-2025 08:00",
        "June 1, 2025, 08:00:00",
        "Sun, 01 Jun 2025 08:00:00 +0000",
        "1748764800",
        "1748764800000",
        "1748764800000000",
        "45809.333333",
        "45809.3333333333",
    ] {
        assert_eq!(time("time", cell), "2025-06-01T08:00:00.000Z", "{cell}");
    }
    assert_eq!(time("time", "2025-06-01 12:30 am"), "2025-06-01T00:30:00.000Z");
    assert_eq!(time("time", "2025-06-01 12:30:15.75 PM"), "2025-06-01T12:30:15.750Z");
    assert_eq!(time("time", "9999-12-31T23:59:59.999Z"), "9999-12-31T23:59:59.999Z");
}

#[test]
fn the_header_says_what_a_number_counts_and_which_clock_it_was() {
    for (header, cell) in [
        ("timestamp_ms", "1748764800000"),
        ("unix", "1748764800"),
        ("epoch", "1748764800000"),
        ("time (s)", "1748764800"),
        ("excel_time", "45809.33333"),
        ("Time (UTC)", "2025-06-01 08:00:00"),
        ("time (GMT+2)", "2025-06-01 10:00:00"),
        ("Time [Europe/Berlin]", "2025-06-01 10:00:00"),
        ("UTC time", "2025-06-01 08:00:00"),
        ("GPS Time", "2025-06-01 08:00:00"),
    ] {
        assert_eq!(time(header, cell), "2025-06-01T08:00:00.000Z", "{header}");
    }
    // The zone that the file names counts more than that for times that name none.
    assert_eq!(times("time_utc", &["2025-06-01 08:00"], &in_zone("Europe/Berlin")), ["2025-06-01T08:00:00.000Z"]);
    assert_eq!(times("local time", &["2025-06-01 10:00"], &in_zone("Europe/Berlin")), ["2025-06-01T08:00:00.000Z"]);
    let refused = rows("local_time,lat,lon\n2025-06-01 10:00,1,2\n", &ReadOptions::default()).remove(0).unwrap_err();
    assert!(refused.extent == Extent::File && refused.reason.contains("--zone"), "{refused}");
}

#[test]
fn a_column_of_zones_is_heeded() {
    let text = "time,tz,lat,lon\n2025-06-01 10:00,+02:00,1,2\n2025-06-01 10:00,Europe/Berlin,1,2\n2025-06-01 10:00,2,1,2\n2025-06-01 10:00,xyz,1,2\n";
    let rows = rows(text, &ReadOptions::default());
    for row in &rows[..3] {
        assert_eq!(row.as_ref().unwrap().at.to_string(), "2025-06-01T08:00:00.000Z");
    }
    assert!(rows[3].as_ref().unwrap_err().reason.contains("xyz"), "{rows:?}");
}

#[test]
fn a_number_that_may_be_many_things_is_refused_and_never_of_1970() {
    for cell in
        ["080000", "80000", "8", "0", "45809", "45809.5", "12345678", "250601080000", "123456789", "20250601", "0800"]
    {
        let reason = time("time", cell);
        assert!(reason.starts_with("timestamp ") && reason.len() > 30, "{cell}: {reason}");
    }
    assert!(time("unix", "0").contains("no clock"));
    let excel = ReadOptions { time_format: Some("excel".parse().unwrap()), ..ReadOptions::default() };
    assert_eq!(times("time", &["45809.5", "45809"], &excel), ["2025-06-01T12:00:00.000Z", "2025-06-01T00:00:00.000Z"]);
}

#[test]
fn a_date_and_a_time_of_day_make_one_instant() {
    for text in [
        "DATE,TIME,LATITUDE,LONGITUDE\n2025/06/01,8:00:00,1,2\n",
        "Time (UTC),Date,Latitude,Longitude\n08:00:00,2025-06-01,1,2\n",
        "date,time,lat,lon\n20250601,080000,1,2\n",
        "date,time,lat,lon\n20250601,80000,1,2\n",
        "utc_date,utc_time,lat,lon\n2025-06-01,08:00:00.000,1,2\n",
        "Date;Time;lat;lon\n2025-06-01 00:00:00;8:00:00 AM;1;2\n",
        "date,time,lat,lon\n45809,0.333333333,1,2\n",
        "date,time,lat,lon\n2025-06-01,2025-06-01T08:00:00Z,1,2\n",
        "date,time,lat,lon\n2025-06-01,10:00:00+02:00,1,2\n",
        "date,timestamp,lat,lon\n2025-06-01,2025-06-01T08:00:00Z,1,2\n",
    ] {
        let row = rows(text, &ReadOptions::default()).remove(0);
        assert_eq!(row.unwrap().at.to_string(), "2025-06-01T08:00:00.000Z", "{text}");
    }
    let given = ReadOptions { columns: "date=tag,time=uhr".parse().unwrap(), ..ReadOptions::default() };
    let row = rows("uhr,tag,lat,lon\n08:00,2025-06-01,1,2\n", &given).remove(0);
    assert_eq!(row.unwrap().at.to_string(), "2025-06-01T08:00:00.000Z");
}

#[test]
fn a_date_or_a_time_of_day_alone_is_refused() {
    assert!(time("date", "2025-06-01").contains("no time of day"));
    assert!(time("time", "08:00:00").contains("no date"));
    let text = "date,time,lat,lon\n2025-06-01,,1,2\n,08:00:00,1,2\n,,1,2\n";
    let reasons: Vec<_> = rows(text, &ReadOptions::default()).into_iter().map(|row| row.unwrap_err().reason).collect();
    assert!(reasons[0].contains("no time of day") && reasons[1].contains("no date") && reasons[2].contains("empty"));
}

#[test]
fn day_and_month_are_never_guessed() {
    for cell in ["03/04/2025 08:00", "01.06.2025 08:00:00", "3-4-2025 08:00", "03/04/25 08:00", "13/04/25 08:00"] {
        let refused = rows(&format!("time,lat,lon\n{cell},1,2\n"), &ReadOptions::default()).remove(0).unwrap_err();
        assert!(refused.extent == Extent::File && refused.reason.contains("--date-order"), "{cell}: {refused}");
    }
    assert_eq!(times("time", &["03/04/2025 08:00"], &in_order("dmy")), ["2025-04-03T08:00:00.000Z"]);
    assert_eq!(times("time", &["03/04/2025 08:00"], &in_order("mdy")), ["2025-03-04T08:00:00.000Z"]);
    assert_eq!(times("time", &["25/04/03 08:00"], &in_order("ymd")), ["2025-04-03T08:00:00.000Z"]);
    assert_eq!(times("time", &["03.04.25 08:00"], &in_order("dmy")), ["2025-04-03T08:00:00.000Z"]);
    // The first date can only be one thing, and shows how the rest are meant.
    let shown = times("time", &["25/06/2025 08:00", "03/07/2025 08:00"], &ReadOptions::default());
    assert_eq!(shown, ["2025-06-25T08:00:00.000Z", "2025-07-03T08:00:00.000Z"]);
    let contradicted = times("time", &["25/06/2025 08:00", "06/25/2025 08:00"], &ReadOptions::default());
    assert!(contradicted[1].contains("another order"), "{contradicted:?}");
}

#[test]
fn times_that_are_none_are_refused_with_what_is_wrong() {
    for (cell, expected) in [
        ("2025-02-30 08:00", "no calendar"),
        ("2025-06-01 25:00", "no time of day"),
        ("2025-06-01 08:61", "no time of day"),
        ("2025-06-01 08:00 EDT", "time zone"),
        ("2025-06-01 08:00 CET", "time zone"),
        ("2025-06-01 08:00+25:00", "time zone"),
        ("2025-06-01 08:00:00 l", "time zone"),
        ("yesterday", "no date and time"),
        ("1969-12-31 23:59:59", "1970"),
    ] {
        let reason = time("time", cell);
        assert!(reason.starts_with("timestamp ") && reason.contains(expected), "{cell}: {reason}");
    }
}

#[test]
fn of_the_hour_that_comes_twice_the_order_of_the_rows_tells_which() {
    let walls = ["00:20", "00:40", "01:00", "01:20", "01:40", "01:00", "01:20", "01:40", "02:00", "02:20"];
    let utc = ["04:20", "04:40", "05:00", "05:20", "05:40", "06:00", "06:20", "06:40", "07:00", "07:20"];
    let cells: Vec<String> = walls.iter().map(|wall| format!("2015-11-01 {wall}:00")).collect();
    let expected: Vec<String> = utc.iter().map(|time| format!("2015-11-01T{time}:00.000Z")).collect();
    let new_york = in_zone("America/New_York");
    let check = |cells: &[String], expected: &[String]| {
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        assert_eq!(times("time", &cells, &new_york), expected);
    };
    check(&cells, &expected);
    check(&cells[2..], &expected[2..]);
    check(
        &cells[5..],
        &[
            "2015-11-01T05:00:00.000Z",
            "2015-11-01T05:20:00.000Z",
            "2015-11-01T05:40:00.000Z",
            "2015-11-01T07:00:00.000Z",
            "2015-11-01T07:20:00.000Z",
        ]
        .map(str::to_owned),
    );
    // The newest row first.
    let reversed = |texts: &[String]| texts.iter().rev().cloned().collect::<Vec<_>>();
    check(&reversed(&cells), &reversed(&expected));
}

#[test]
fn of_hourly_rows_the_same_time_again_is_an_hour_later() {
    let hourly = times(
        "time",
        &["2025-10-26 01:30", "2025-10-26 02:30", "2025-10-26 02:30", "2025-10-26 03:30"],
        &in_zone("Europe/Berlin"),
    );
    let utc = ["25T23:30", "26T00:30", "26T01:30", "26T02:30"].map(|at| format!("2025-10-{at}:00.000Z"));
    assert_eq!(hourly, utc);
    let repeated =
        times("time", &["2025-10-26 02:20", "2025-10-26 02:30", "2025-10-26 02:30"], &in_zone("Europe/Berlin"));
    assert_eq!(repeated[1..], [utc[1].clone(), utc[1].clone()]);
}

#[test]
fn a_row_slightly_out_of_order_is_not_taken_for_an_hour_later() {
    let cells = ["2025-10-26 02:30:00", "2025-10-26 02:30:10", "2025-10-26 02:30:05", "2025-10-26 02:30:20"];
    let read = times("time", &cells, &in_zone("Europe/Berlin"));
    assert!(read.iter().all(|time| time.starts_with("2025-10-26T00:30")), "{read:?}");
}

#[test]
fn each_vehicle_has_its_own_order_of_rows() {
    let day = |vehicle: &str| {
        format!(
            "{vehicle},2025-10-26 01:50,1,2\n{vehicle},2025-10-26 02:50,1,2\n{vehicle},2025-10-26 02:10,1,2\n{vehicle},2025-10-26 03:30,1,2\n"
        )
    };
    let rows = rows(&format!("vehicle,time,lat,lon\n{}{}", day("a"), day("b")), &in_zone("Europe/Berlin"));
    let read: Vec<_> = rows.into_iter().map(|row| row.unwrap().at.to_string()).collect();
    let one = [
        "2025-10-25T23:50:00.000Z",
        "2025-10-26T00:50:00.000Z",
        "2025-10-26T01:10:00.000Z",
        "2025-10-26T02:30:00.000Z",
    ];
    assert_eq!(read, [one, one].concat());
}

#[test]
fn a_time_that_the_clocks_left_out_is_refused() {
    let read = times("time", &["2025-03-30 02:30:00"], &in_zone("Europe/Berlin"));
    assert!(read[0].contains("put forward"), "{read:?}");
}

#[test]
fn zones_are_offsets_or_places() {
    for (zone, expected) in [("-05:00", "13"), ("-0500", "13"), ("UTC-5", "13"), ("+5", "03"), ("GMT", "08")] {
        assert_eq!(times("time", &["2025-06-01 08:00"], &in_zone(zone)), [format!("2025-06-01T{expected}:00:00.000Z")]);
    }
    for wrong in ["+25:00", "-15", "EDT", "", "+5:99"] {
        assert!(wrong.parse::<milepost_formats::Zone>().is_err(), "{wrong}");
    }
}
