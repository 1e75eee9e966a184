//! Writes vehicles and places.

use crate::wire::{GoneJson, PlaceJson, VehicleJson, VehiclesJson};
use milepost_domain::{HeadingDeg, Label, Position, SpeedKmh, UserId, VehicleId};
use milepost_live::Joining;
use milepost_service::LiveVehicle;
use serde::Serialize;

/// Places are joined between these.
pub(crate) const PLACES: Joining = Joining { before: r#"{"op":"at","p":["#, after: "]}" };

/// Vehicles in one message of a snapshot.
const VEHICLES_IN_MESSAGE: usize = 50;
/// Ids in one message.
const IDS_IN_MESSAGE: usize = 500;

/// Writes a message.
///
/// # Panics
/// Never: the types hold only strings, finite numbers and parsed JSON.
pub(crate) fn render<M: Serialize>(message: &M) -> String {
    serde_json::to_string(message).expect("strings, finite numbers and parsed JSON serialise")
}

/// Writes a vehicle's place alone.
pub(crate) fn render_place(position: &Position) -> String {
    let place = PlaceJson { id: Some(position.vehicle_id.as_str()), ..place_of(position) };
    [PLACES.before, &render(&place), PLACES.after].concat()
}

/// Writes one vehicle with all that is known of it.
pub(crate) fn render_vehicle(live: &LiveVehicle) -> String {
    render(&VehiclesJson { op: "vehicles", v: &[vehicle_of(live)] })
}

/// Writes many vehicles, in as few messages as are comfortable.
pub(crate) fn render_vehicles<'a>(vehicles: &'a [&LiveVehicle]) -> impl Iterator<Item = String> + 'a {
    vehicles.chunks(VEHICLES_IN_MESSAGE).map(|vehicles| {
        let vehicles: Vec<_> = vehicles.iter().map(|live| vehicle_of(live)).collect();
        render(&VehiclesJson { op: "vehicles", v: &vehicles })
    })
}

/// Writes that vehicles are gone.
pub(crate) fn render_gone(ids: &[&VehicleId]) -> Vec<String> {
    let write = |ids: &[&VehicleId]| {
        let ids: Vec<_> = ids.iter().map(|id| id.as_str()).collect();
        render(&GoneJson { op: "gone", ids: &ids })
    };
    ids.chunks(IDS_IN_MESSAGE).map(write).collect()
}

fn vehicle_of(live: &LiveVehicle) -> VehicleJson<'_> {
    let vehicle = &live.vehicle;
    VehicleJson {
        id: vehicle.id.as_str(),
        kind: vehicle.kind.as_str(),
        label: vehicle.label.as_str(),
        license_plate: vehicle.license_plate.as_ref().map(Label::as_str),
        route: vehicle.route.as_ref().map(Label::as_str),
        status: vehicle.status.as_str(),
        driver_id: vehicle.driver_id.map(UserId::get),
        place: live.last.as_ref().map(place_of),
    }
}

/// Rounded here, once for all forms, so that all clients hold the same.
fn place_of(position: &Position) -> PlaceJson<'static> {
    PlaceJson {
        id: None,
        lat: rounded(position.latitude.get(), 1e6),
        lon: rounded(position.longitude.get(), 1e6),
        speed: position.speed.map(|speed| rounded(SpeedKmh::get(speed), 10.0)),
        heading: position.heading.map(|heading| rounded(HeadingDeg::get(heading), 10.0)),
        t: position.at.unix_ms(),
    }
}

fn rounded(value: f64, parts: f64) -> f64 {
    (value * parts).round() / parts
}
