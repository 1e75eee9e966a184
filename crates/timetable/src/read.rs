//! Reads a feed: a ZIP archive with the tables of GTFS Schedule. Tables and columns that are not used are passed over.

use crate::rows::{BadFeed, Column, Row, read_rows};
use crate::stops_along::stops_along;
use crate::{Pattern, Route, Service, Stop, StopCall, Timetable, Trip};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use milepost_geo::{Path, Point};
use std::collections::HashMap;
use std::io::{Read, Seek};
use zip::ZipArchive;

/// Rows of one table. `stop_times.txt` of a city has some millions.
pub const MAX_ROWS: u64 = 10_000_000;
/// Trips that run at intervals (`frequencies.txt`) become this many trips at most.
const MAX_REPEATED: usize = 200_000;

use Column::{Needed, Optional};

/// Names of the feed, and the places of what they name.
type Places = HashMap<String, usize>;

/// A row of `trips.txt`.
struct TripRow {
    id: String,
    route: usize,
    service: usize,
    direction: Option<u8>,
    shape: String,
    calls: Vec<CallRow>,
}

/// A row of `stop_times.txt`. Times may be missing between two that are given.
struct CallRow {
    sequence: u32,
    stop: usize,
    times: Option<(u32, u32)>,
}

/// Reads a feed.
///
/// # Errors
/// [`BadFeed`] names table and line. A feed is used as a whole or not at all.
pub fn read_timetable<R: Read + Seek>(file: R) -> Result<Timetable, BadFeed> {
    let mut archive = ZipArchive::new(file)?;
    let (zone, agencies) = read_agencies(&mut archive)?;
    let (routes, route_places) = read_routes(&mut archive)?;
    let (stops, stop_places) = read_stops(&mut archive)?;
    let (services, service_places) = read_services(&mut archive)?;
    let mut trips = read_trips(&mut archive, &route_places, &service_places)?;
    read_calls(&mut archive, &mut trips, &stop_places)?;
    let headways = read_frequencies(&mut archive)?;
    let shapes = read_shapes(&mut archive)?;
    Ok(assemble(Parts { zone, agencies, routes, stops, services, trips, headways, shapes }))
}

fn needed<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    table: &'static str,
    columns: &[Column],
    visit: impl FnMut(&Row<'_>) -> Result<(), BadFeed>,
) -> Result<(), BadFeed> {
    if read_rows(archive, table, columns, MAX_ROWS, visit)? { Ok(()) } else { Err(BadFeed::Missing(table)) }
}

fn read_agencies<R: Read + Seek>(archive: &mut ZipArchive<R>) -> Result<(TimeZone, Vec<String>), BadFeed> {
    let (mut zone, mut agencies) = (None, Vec::new());
    needed(archive, "agency.txt", &[Needed("agency_timezone"), Optional("agency_id")], |row| {
        // All agencies of a feed have one zone.
        let known = TimeZone::get(row.field(0)).map_err(|_| row.bad(format!("no such zone: {}", row.field(0))))?;
        zone.get_or_insert(known);
        agencies.extend(Some(row.field(1)).filter(|id| !id.is_empty()).map(str::to_owned));
        Ok(())
    })?;
    Ok((zone.ok_or(BadFeed::Missing("agency.txt"))?, agencies))
}

fn read_routes<R: Read + Seek>(archive: &mut ZipArchive<R>) -> Result<(Vec<Route>, Places), BadFeed> {
    let (mut routes, mut places) = (Vec::new(), Places::new());
    let columns = [Needed("route_id"), Optional("route_short_name"), Optional("route_long_name")];
    needed(archive, "routes.txt", &columns, |row| {
        let [id, short_name, long_name] = [0, 1, 2].map(|column| row.field(column).to_owned());
        places.insert(id.clone(), routes.len());
        routes.push(Route { id, short_name, long_name });
        Ok(())
    })?;
    Ok((routes, places))
}

fn read_stops<R: Read + Seek>(archive: &mut ZipArchive<R>) -> Result<(Vec<Stop>, Places), BadFeed> {
    let (mut stops, mut places) = (Vec::new(), Places::new());
    let columns = [Needed("stop_id"), Optional("stop_name"), Optional("stop_lat"), Optional("stop_lon")];
    needed(archive, "stops.txt", &columns, |row| {
        // Entrances and nodes within a station may have no place; no trip stops there.
        if row.field(2).is_empty() {
            return Ok(());
        }
        let point = point(row, 2, 3)?;
        places.insert(row.field(0).to_owned(), stops.len());
        stops.push(Stop { id: row.field(0).to_owned(), name: row.field(1).to_owned(), point });
        Ok(())
    })?;
    Ok((stops, places))
}

fn read_services<R: Read + Seek>(archive: &mut ZipArchive<R>) -> Result<(Vec<Service>, Places), BadFeed> {
    let (mut services, mut places) = (Vec::<Service>::new(), Places::new());
    let mut place = |services: &mut Vec<Service>, id: &str| {
        *places.entry(id.to_owned()).or_insert_with(|| {
            services.push(Service::default());
            services.len() - 1
        })
    };
    let week = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
    let mut columns = vec![Needed("service_id"), Needed("start_date"), Needed("end_date")];
    columns.extend(week.map(Needed));
    let has_weeks = read_rows(archive, "calendar.txt", &columns, MAX_ROWS, |row| {
        let index = place(&mut services, row.field(0));
        services[index].between = Some((date(row, 1)?, date(row, 2)?));
        services[index].weekdays = (0..7).filter(|&day| row.field(3 + day) == "1").map(|day| 1 << day).sum();
        Ok(())
    })?;
    let columns = [Needed("service_id"), Needed("date"), Needed("exception_type")];
    let has_days = read_rows(archive, "calendar_dates.txt", &columns, MAX_ROWS, |row| {
        let index = place(&mut services, row.field(0));
        services[index].exceptions.insert(date(row, 1)?, row.field(2) == "1");
        Ok(())
    })?;
    if has_weeks || has_days { Ok((services, places)) } else { Err(BadFeed::Missing("calendar.txt")) }
}

fn read_trips<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    routes: &Places,
    services: &Places,
) -> Result<Vec<TripRow>, BadFeed> {
    let mut trips = Vec::new();
    let columns =
        [Needed("trip_id"), Needed("route_id"), Needed("service_id"), Optional("direction_id"), Optional("shape_id")];
    needed(archive, "trips.txt", &columns, |row| {
        let route = *routes.get(row.field(1)).ok_or_else(|| row.bad(format!("no such route: {}", row.field(1))))?;
        // A service without a day never runs.
        let Some(&service) = services.get(row.field(2)) else { return Ok(()) };
        let direction = row.field(3).parse().ok();
        let (id, shape) = (row.field(0).to_owned(), row.field(4).to_owned());
        trips.push(TripRow { id, route, service, direction, shape, calls: Vec::new() });
        Ok(())
    })?;
    Ok(trips)
}

fn read_calls<R: Read + Seek>(
    archive: &mut ZipArchive<R>,
    trips: &mut [TripRow],
    stops: &Places,
) -> Result<(), BadFeed> {
    let places: HashMap<String, usize> =
        trips.iter().enumerate().map(|(place, trip)| (trip.id.clone(), place)).collect();
    let columns = [
        Needed("trip_id"),
        Needed("stop_id"),
        Needed("stop_sequence"),
        Optional("arrival_time"),
        Optional("departure_time"),
    ];
    needed(archive, "stop_times.txt", &columns, |row| {
        let Some(&trip) = places.get(row.field(0)) else { return Ok(()) };
        // Demand-responsive services stop in areas instead.
        let Some(&stop) = stops.get(row.field(1)) else { return Ok(()) };
        let sequence = row.field(2).parse().map_err(|_| row.bad("stop_sequence is no number"))?;
        let (arrival, departure) = (seconds(row, 3)?, seconds(row, 4)?);
        let times = arrival.or(departure).map(|first| (first, departure.unwrap_or(first).max(first)));
        trips[trip].calls.push(CallRow { sequence, stop, times });
        Ok(())
    })
}

/// How often a trip is repeated: from, before, and every so many seconds.
type Headways = HashMap<String, Vec<(u32, u32, u32)>>;

fn read_frequencies<R: Read + Seek>(archive: &mut ZipArchive<R>) -> Result<Headways, BadFeed> {
    let mut headways = Headways::new();
    let columns = [Needed("trip_id"), Needed("start_time"), Needed("end_time"), Needed("headway_secs")];
    read_rows(archive, "frequencies.txt", &columns, MAX_ROWS, |row| {
        let every = row.field(3).parse().ok().filter(|&every| every > 0).ok_or_else(|| row.bad("headway_secs"))?;
        if let (Some(from), Some(to)) = (seconds(row, 1)?, seconds(row, 2)?) {
            headways.entry(row.field(0).to_owned()).or_default().push((from, to, every));
        }
        Ok(())
    })?;
    Ok(headways)
}

type Shapes = HashMap<String, Vec<(u32, Point)>>;

fn read_shapes<R: Read + Seek>(archive: &mut ZipArchive<R>) -> Result<Shapes, BadFeed> {
    let mut shapes = Shapes::new();
    let columns = [Needed("shape_id"), Needed("shape_pt_lat"), Needed("shape_pt_lon"), Needed("shape_pt_sequence")];
    read_rows(archive, "shapes.txt", &columns, MAX_ROWS, |row| {
        let sequence = row.field(3).parse().map_err(|_| row.bad("shape_pt_sequence is no number"))?;
        shapes.entry(row.field(0).to_owned()).or_default().push((sequence, point(row, 1, 2)?));
        Ok(())
    })?;
    shapes.values_mut().for_each(|points| points.sort_by_key(|(sequence, _)| *sequence));
    Ok(shapes)
}

struct Parts {
    zone: TimeZone,
    agencies: Vec<String>,
    routes: Vec<Route>,
    stops: Vec<Stop>,
    services: Vec<Service>,
    trips: Vec<TripRow>,
    headways: Headways,
    shapes: Shapes,
}

/// Groups the trips by their way and stops.
fn assemble(parts: Parts) -> Timetable {
    let Parts { zone, agencies, routes, stops, services, trips, headways, shapes } = parts;
    let mut grouped: HashMap<_, (Option<Pattern>, Vec<Trip>)> = HashMap::new();
    let mut order = Vec::new();
    for mut row in trips {
        row.calls.sort_by_key(|call| call.sequence);
        row.calls.dedup_by_key(|call| call.sequence);
        let called: Vec<_> = row.calls.iter().map(|call| (call.stop, call.sequence)).collect();
        let key = (row.route, row.direction, row.shape.clone(), called);
        let (pattern, trips) = grouped.entry(key.clone()).or_insert_with(|| {
            order.push(key);
            (pattern_of(&row, &stops, &shapes), Vec::new())
        });
        // Fewer than two stops at different places are no way.
        let Some(pattern) = pattern else { continue };
        let Some(times) = all_times(&row.calls, &pattern.calls) else { continue };
        let trip = Trip { id: row.id, pattern: 0, service: row.service, times };
        match headways.get(&trip.id) {
            Some(headways) => trips.extend(repeated(&trip, headways).take(MAX_REPEATED)),
            None => trips.push(trip),
        }
    }
    let (mut patterns, mut all_trips) = (Vec::new(), Vec::new());
    for key in order {
        let Some((Some(mut pattern), mut trips)) = grouped.remove(&key) else { continue };
        trips.sort_by_key(Trip::start_s);
        trips.iter_mut().for_each(|trip| trip.pattern = patterns.len());
        pattern.trips = all_trips.len()..all_trips.len() + trips.len();
        all_trips.extend(trips);
        patterns.push(pattern);
    }
    let mut trips_named: HashMap<String, Vec<usize>> = HashMap::with_capacity(all_trips.len());
    for (place, trip) in all_trips.iter().enumerate() {
        trips_named.entry(trip.id.clone()).or_default().push(place);
    }
    Timetable { zone, agencies, routes, stops, services, patterns, trips: all_trips, trips_named }
}

fn pattern_of(row: &TripRow, stops: &[Stop], shapes: &Shapes) -> Option<Pattern> {
    let points: Vec<_> = row.calls.iter().map(|call| stops[call.stop].point).collect();
    let shape = shapes.get(&row.shape).map(|points| points.iter().map(|(_, point)| *point));
    let path = shape.and_then(Path::new).or_else(|| Path::new(points.iter().copied()))?;
    let along = stops_along(&path, &points);
    let calls = row.calls.iter().zip(along);
    let calls = calls.map(|(call, along_m)| StopCall { stop: call.stop, sequence: call.sequence, along_m }).collect();
    Some(Pattern { route: row.route, direction: row.direction, path, calls, trips: 0..0 })
}

/// Times of all stops. Those that the feed leaves out lie between their neighbours' as their places do. `None` if the first or last
/// is missing, or a time lies before the one before it.
fn all_times(rows: &[CallRow], calls: &[StopCall]) -> Option<Vec<(u32, u32)>> {
    let mut times: Vec<(u32, u32)> = Vec::with_capacity(rows.len());
    let mut last_given = 0;
    for (index, row) in rows.iter().enumerate() {
        let Some(given) = row.times else {
            times.push(*times.last()?);
            continue;
        };
        if times.last().is_some_and(|last| given.0 < last.1) {
            return None;
        }
        let (from, begin_m) = (last_given, calls[last_given].along_m);
        let length_m = calls[index].along_m - begin_m;
        for between in from + 1..index {
            let part = if length_m > 0.0 { (calls[between].along_m - begin_m) / length_m } else { 0.5 };
            let begin = f64::from(times[from].1);
            let at = (begin + (f64::from(given.0) - begin) * part.clamp(0.0, 1.0)).round() as u32;
            times[between] = (at, at);
        }
        last_given = index;
        times.push(given);
    }
    (rows.len() >= 2 && last_given == rows.len() - 1).then_some(times)
}

/// The trip at each of its times.
fn repeated<'a>(trip: &'a Trip, headways: &'a [(u32, u32, u32)]) -> impl Iterator<Item = Trip> + 'a {
    let starts = headways.iter().flat_map(|&(from, to, every)| (from..to).step_by(every as usize));
    let first = trip.start_s();
    starts.map(move |start| {
        let at = |time: u32| start + time.saturating_sub(first);
        let times = trip.times.iter().map(|&(arrival, departure)| (at(arrival), at(departure))).collect();
        Trip { id: trip.id.clone(), times, ..*trip }
    })
}

fn point(row: &Row<'_>, latitude: usize, longitude: usize) -> Result<Point, BadFeed> {
    let degrees = |column| row.field(column).parse::<f64>().map_err(|_| row.bad("a coordinate is no number"));
    Point::from_degrees(degrees(latitude)?, degrees(longitude)?).map_err(|invalid| row.bad(invalid.to_string()))
}

fn date(row: &Row<'_>, column: usize) -> Result<Date, BadFeed> {
    let text = row.field(column);
    let part = |range| text.get(range).and_then(|digits: &str| digits.parse::<i16>().ok());
    let date = match (part(0..4), part(4..6), part(6..8)) {
        (Some(year), Some(month), Some(day)) if text.len() == 8 => Date::new(year, month as i8, day as i8).ok(),
        _ => None,
    };
    date.ok_or_else(|| row.bad(format!("no date: {text}")))
}

/// `25:10:00`, which is ten past one on the next day. Empty: not given.
fn seconds(row: &Row<'_>, column: usize) -> Result<Option<u32>, BadFeed> {
    let text = row.field(column);
    if text.is_empty() {
        return Ok(None);
    }
    let mut parts = text.split(':').map(|part| part.parse::<u32>().ok().filter(|&part| part < 1_000));
    match (parts.next().flatten(), parts.next().flatten(), parts.next().flatten(), parts.next()) {
        (Some(hours), Some(minutes @ 0..60), Some(seconds @ 0..60), None) => {
            Ok(Some(hours * 3_600 + minutes * 60 + seconds))
        }
        _ => Err(row.bad(format!("no time: {text}"))),
    }
}
