//! A small timetable as an archive, for tests.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::io::{Cursor, Write};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// The tables of a line from west to east and back along a street at 52.5° north: four stops a kilometre apart, trips on weekdays, and
/// one after midnight.
const TABLES: [(&str, &str); 7] = [
    ("agency.txt", "agency_id,agency_name,agency_url,agency_timezone\nA,Agency,https://agency.example,Europe/Berlin\n"),
    (
        "routes.txt",
        "\u{feff}route_id,agency_id,route_short_name,route_long_name,route_type\nR7,A,7,West - East,3\nR8,A,8,\"North, South\",3\n",
    ),
    (
        "stops.txt",
        "stop_id,stop_name,stop_lat,stop_lon,location_type\nw,West,52.5,13.40,0\nx,Market,52.5,13.4148,0\ny,Park,52.5,13.4296,0\n\
         e,East,52.5,13.4444,0\nn,North,52.52,13.42,0\ns,South,52.48,13.42,0\nnode,Node,,,3\n",
    ),
    (
        "calendar.txt",
        "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date\nweek,1,1,1,1,1,0,0,20260101,20261231\n",
    ),
    ("calendar_dates.txt", "service_id,date,exception_type\nweek,20260406,2\nweek,20260411,1\n"),
    (
        "trips.txt",
        "route_id,service_id,trip_id,direction_id,shape_id\nR7,week,east-1,0,\nR7,week,east-2,0,\nR7,week,west-1,1,\nR7,week,late,0,\nR8,week,south-1,0,\n",
    ),
    (
        "stop_times.txt",
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n\
         east-1,8:00:00,8:00:00,w,1\neast-1,,,x,2\neast-1,8:04:00,8:05:00,y,3\neast-1,8:07:00,8:07:00,e,4\n\
         east-2,08:30:00,08:30:00,w,1\neast-2,,,x,2\neast-2,08:34:00,08:35:00,y,3\neast-2,08:37:00,08:37:00,e,4\n\
         west-1,08:10:00,08:10:00,e,1\nwest-1,08:12:00,08:12:00,y,2\nwest-1,08:15:00,08:15:00,x,3\nwest-1,08:17:00,08:17:00,w,4\n\
         late,24:30:00,24:30:00,w,1\nlate,24:32:00,24:32:00,x,2\nlate,24:34:00,24:35:00,y,3\nlate,24:37:00,24:37:00,e,4\n\
         south-1,08:00:00,08:00:00,n,10\nsouth-1,08:10:00,08:10:00,s,20\n",
    ),
];

/// The tables as an archive, each changed first.
pub fn archive(change: impl Fn(&str, &str) -> Option<String>) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in TABLES {
        let Some(text) = change(name, text) else { continue };
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
