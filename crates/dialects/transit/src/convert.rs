//! From a situation to GTFS-Realtime.

use crate::situation::{Running, Situation};
use crate::wire::{
    FeedEntity, FeedHeader, FeedMessage, IN_TRANSIT_TO, Position, STOPPED_AT, StopTimeEvent, StopTimeUpdate,
    TripDescriptor, TripUpdate, VehicleDescriptor, VehiclePosition,
};
use milepost_domain::Timestamp;
use milepost_service::LiveVehicle;
use milepost_timetable::{Match, StopCall, Timetable};

/// km/h in a metre a second.
pub(crate) const KMH_PER_MS: f64 = 3.6;
/// As near to a stop as this, metres, and slower than this, km/h, a vehicle stands at it.
const AT_STOP_M: f64 = 30.0;
const STANDING_KMH: f64 = 3.0;

/// An empty feed.
pub(crate) fn empty_feed(now: Timestamp) -> FeedMessage {
    let header =
        FeedHeader { gtfs_realtime_version: "2.0".to_owned(), incrementality: 0, timestamp: unix_seconds(now) };
    FeedMessage { header, entity: Vec::new() }
}

/// Where the vehicles are.
pub fn vehicle_positions(situation: &Situation) -> FeedMessage {
    let entity = situation.running.iter().filter_map(|running| position_entity(situation, running)).collect();
    FeedMessage { entity, ..empty_feed(situation.at) }
}

/// When the vehicles that are on a trip will be at its stops.
pub fn trip_updates(situation: &Situation) -> FeedMessage {
    let Some(timetable) = &situation.timetable else { return empty_feed(situation.at) };
    let update = |running: &Running| {
        let trip_update = Some(trip_update(timetable, running, situation.at)?);
        Some(FeedEntity { id: running.vehicle.vehicle.id.as_str().to_owned(), alert: None, trip_update, vehicle: None })
    };
    FeedMessage { entity: situation.running.iter().filter_map(update).collect(), ..empty_feed(situation.at) }
}

#[allow(clippy::cast_possible_truncation, reason = "the format's floats have 32 bits, about a metre far from 0")]
fn position_entity(situation: &Situation, running: &Running) -> Option<FeedEntity> {
    let last = running.vehicle.last.as_ref()?;
    let position = Position {
        latitude: last.latitude.get() as f32,
        longitude: last.longitude.get() as f32,
        bearing: last.heading.map(|heading| heading.get() as f32),
        odometer: last.odometer.map(|odometer| odometer.get() * 1_000.0),
        speed: last.speed.map(|speed| (speed.get() / KMH_PER_MS) as f32),
    };
    let on = running.on.zip(situation.timetable.as_deref());
    let stop = on.and_then(|(on, timetable)| {
        let call = next_call(timetable, &on)?;
        let is_slow = last.speed.is_some_and(|speed| speed.get() < STANDING_KMH);
        let stands = is_slow && (call.along_m - on.along_m).abs() <= AT_STOP_M;
        Some((call, timetable.stops[call.stop].id.clone(), if stands { STOPPED_AT } else { IN_TRANSIT_TO }))
    });
    let placed = VehiclePosition {
        trip: on.map(|(on, timetable)| trip_descriptor(timetable, &on)),
        current_stop_sequence: stop.as_ref().map(|(call, ..)| call.sequence),
        current_status: stop.as_ref().map(|(.., status)| *status),
        stop_id: stop.map(|(_, id, _)| id),
        position,
        timestamp: unix_seconds(last.at),
        vehicle: vehicle_descriptor(&running.vehicle),
    };
    let id = running.vehicle.vehicle.id.as_str().to_owned();
    Some(FeedEntity { id, alert: None, trip_update: None, vehicle: Some(placed) })
}

fn vehicle_descriptor(live: &LiveVehicle) -> VehicleDescriptor {
    VehicleDescriptor {
        id: live.vehicle.id.as_str().to_owned(),
        label: live.vehicle.label.as_str().to_owned(),
        license_plate: live.vehicle.license_plate.as_ref().map(|plate| plate.as_str().to_owned()),
    }
}

pub(crate) fn trip_descriptor(timetable: &Timetable, on: &Match) -> TripDescriptor {
    let trip = &timetable.trips[on.trip];
    let pattern = &timetable.patterns[trip.pattern];
    let start = trip.start_s();
    TripDescriptor {
        trip_id: trip.id.clone(),
        start_time: Some(format!("{:02}:{:02}:{:02}", start / 3_600, start / 60 % 60, start % 60)),
        start_date: Some(on.day.gtfs_date()),
        route_id: Some(timetable.routes[pattern.route].id.clone()),
        direction_id: pattern.direction.map(u32::from),
    }
}

/// The stop where the vehicle is, or the one that comes next.
fn next_call(timetable: &Timetable, on: &Match) -> Option<StopCall> {
    let calls = &timetable.patterns[timetable.trips[on.trip].pattern].calls;
    calls.iter().find(|call| call.along_m >= on.along_m - AT_STOP_M).or(calls.last()).copied()
}

fn trip_update(timetable: &Timetable, running: &Running, now: Timestamp) -> Option<TripUpdate> {
    let (on, last) = (running.on?, running.vehicle.last.as_ref()?);
    let trip = &timetable.trips[on.trip];
    let calls = &timetable.patterns[trip.pattern].calls;
    let ahead = calls.iter().zip(&trip.times).filter(|(call, _)| call.along_m >= on.along_m - AT_STOP_M);
    let stop_time_update = ahead.map(|(call, times)| StopTimeUpdate {
        stop_sequence: call.sequence,
        arrival: expected(&on, times.0, now),
        departure: expected(&on, times.1, now),
        stop_id: timetable.stops[call.stop].id.clone(),
    });
    Some(TripUpdate {
        trip: trip_descriptor(timetable, &on),
        stop_time_update: stop_time_update.collect(),
        vehicle: vehicle_descriptor(&running.vehicle),
        timestamp: unix_seconds(last.at),
        delay: on.delay_s.round() as i32,
    })
}

/// The time of the timetable, as late as the vehicle is now; not in the past, because it is not there yet.
fn expected(on: &Match, planned_s: u32, now: Timestamp) -> StopTimeEvent {
    let planned = on.day.moment(f64::from(planned_s)).unix_ms() / 1_000;
    let time = (planned + on.delay_s.round() as i64).max(now.unix_ms() / 1_000);
    StopTimeEvent { delay: i32::try_from(time - planned).unwrap_or(i32::MAX), time }
}

pub(crate) fn unix_seconds(at: Timestamp) -> u64 {
    u64::try_from(at.unix_ms() / 1_000).unwrap_or(0)
}
