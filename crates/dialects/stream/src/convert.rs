//! Writes vehicles and places.

use crate::wire::{GoneJson, PlaceJson, VehicleJson, VehiclesJson, WindowMarkJson};
use milepost_domain::{HeadingDeg, Label, Position, SpeedKmh, Timestamp, UserId, Vehicle, VehicleId};
use milepost_live::Joining;
use milepost_service::LiveVehicle;
use serde::Serialize;
use std::sync::LazyLock;

/// Places are joined between these.
pub(crate) const PLACES: Joining = Joining {
    before: r#"{"op":"at","p":["#,
    after: "]}",
    head: head_of_rows,
    mark: |number| render(&WindowMarkJson { op: "mark", m: number }),
};

/// The version of the rows, and the bytes of each: readers skip what they don't know at the end of a row.
const ROWS: [u8; 4] = [1, ROW_BYTES as u8, 0, 0];
const ROW_BYTES: usize = 20;
/// Times in rows count from a multiple of this, in milliseconds: twelve days.
const ROW_TIME_MS: i64 = 1 << 30;
/// What a row has where nothing is known.
const UNKNOWN_SPEED: u16 = 0xffff;
const UNKNOWN_HEADING: u16 = 0xfff;

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
pub(crate) fn render_vehicle(vehicle: &Vehicle, number: u32, last: Option<&Position>) -> String {
    render(&VehiclesJson { op: "vehicles", v: &[vehicle_of(vehicle, number, last)] })
}

/// Writes many vehicles, in as few messages as are comfortable.
pub(crate) fn render_vehicles<'a>(vehicles: &'a [&LiveVehicle]) -> impl Iterator<Item = String> + 'a {
    vehicles.chunks(VEHICLES_IN_MESSAGE).map(|vehicles| {
        let vehicles: Vec<_> =
            vehicles.iter().map(|live| vehicle_of(&live.vehicle, live.number, live.last.as_ref())).collect();
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

fn vehicle_of<'v>(vehicle: &'v Vehicle, number: u32, last: Option<&Position>) -> VehicleJson<'v> {
    VehicleJson {
        id: vehicle.id.as_str(),
        n: shown_number(number),
        kind: vehicle.kind.as_str(),
        label: vehicle.label.as_str(),
        license_plate: vehicle.license_plate.as_ref().map(Label::as_str),
        route: vehicle.route.as_ref().map(Label::as_str),
        status: vehicle.status.as_str(),
        driver_id: vehicle.driver_id.map(UserId::get),
        place: last.map(place_of),
        off_duty_since: vehicle.off_duty_since.map(Timestamp::unix_ms),
    }
}

/// Odd, so that no two numbers share an image; of this process, so that nobody counts a fleet by its numbers.
static NUMBER_FACTOR: LazyLock<u32> = LazyLock::new(|| fastrand::u32(..) | 1);

/// A vehicle's number as clients see it: 24 bits.
fn shown_number(number: u32) -> u32 {
    number.wrapping_mul(*NUMBER_FACTOR) & 0x00ff_ffff
}

/// A place in 20 bytes, little-endian, and the time from which it counts. `docs/live-protocol.md` has the layout.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "measures have bounds")]
pub(crate) fn row_of(number: u32, version: i64, position: &Position) -> (i64, [u8; ROW_BYTES]) {
    let (place, mut row) = (place_of(position), [0; ROW_BYTES]);
    let base = place.t - place.t.rem_euclid(ROW_TIME_MS);
    let speed = place.speed.map_or(UNKNOWN_SPEED, |speed| (speed * 10.0).round() as u16);
    let heading = place.heading.map_or(UNKNOWN_HEADING, |heading| (heading * 10.0).round() as u16);
    let name = shown_number(number) | (version as u32 & 0xff) << 24;
    row[0..4].copy_from_slice(&name.to_le_bytes());
    row[4..8].copy_from_slice(&((place.lat * 1e6).round() as i32).to_le_bytes());
    row[8..12].copy_from_slice(&((place.lon * 1e6).round() as i32).to_le_bytes());
    row[12..16].copy_from_slice(&((place.t - base) as i32).to_le_bytes());
    row[16..18].copy_from_slice(&speed.to_le_bytes());
    row[18..20].copy_from_slice(&heading.to_le_bytes());
    (base, row)
}

fn head_of_rows(base: i64) -> Vec<u8> {
    let mut head = ROWS.to_vec();
    head.extend_from_slice(&[0; 4]);
    #[expect(clippy::cast_precision_loss, reason = "exact up to 285,000 years")]
    head.extend_from_slice(&(base as f64).to_le_bytes());
    head
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use milepost_domain::{Latitude, Longitude, Timestamp};

    fn position(ms: i64) -> Position {
        let at = Timestamp::from_unix_ms(ms).unwrap();
        let id = VehicleId::new("b").unwrap();
        Position::new(id, at, Latitude::new(-33.856_784_4).unwrap(), Longitude::new(151.215_297).unwrap())
    }

    #[test]
    fn a_row_has_what_the_text_has() {
        let ms = 1_764_437_000_123;
        let position =
            Position { speed: SpeedKmh::new(31.54).ok(), heading: HeadingDeg::new(360.0).ok(), ..position(ms) };
        let (base, row) = row_of(0x00ab_cdef, 0x1_03, &position);
        let int = |at: usize| i32::from_le_bytes(row[at..at + 4].try_into().unwrap());
        let short = |at: usize| u16::from_le_bytes(row[at..at + 2].try_into().unwrap());
        assert_eq!(int(0) as u32, 0x0300_0000 | shown_number(0x00ab_cdef));
        assert_eq!((int(4), int(8)), (-33_856_784, 151_215_297));
        assert_eq!(base + i64::from(int(12)), ms);
        assert_eq!((short(16), short(18)), (315, 3600));
        let text = render_place(&position);
        assert!(text.contains(r#""lat":-33.856784,"lon":151.215297,"speed":31.5,"heading":360.0"#), "{text}");
        let head = head_of_rows(base);
        assert_eq!((head.len(), &head[..4]), (16, &[1, 20, 0, 0][..]));
        assert_eq!(f64::from_le_bytes(head[8..].try_into().unwrap()), base as f64);
    }

    #[test]
    fn what_is_unknown_in_a_row_is_all_ones_and_every_time_fits() {
        for ms in [0, 1, (1 << 30) - 1, 1 << 30, 253_402_300_799_999] {
            let (base, row) = row_of(1, 0, &position(ms));
            assert_eq!(base + i64::from(i32::from_le_bytes(row[12..16].try_into().unwrap())), ms);
            assert_eq!(row[16..], [0xff, 0xff, 0xff, 0x0f]);
        }
    }
}
