//! Writes devices, positions and users of the domain as this API's clients read them.

use crate::fleet::{DeviceView, FleetView};
use crate::ids::position_id;
use crate::shape::{Object, text};
use crate::time::write_time;
use crate::wire::{DEVICE, USER};
use milepost_domain::{
    AccuracyM, Alarm, AltitudeM, AttributeValue, HeadingDeg, Position, Role, SpeedKmh, Timestamp, User, attribute,
};
use milepost_geo::Point;
use serde_json::{Value, json};

/// Kilometres an hour of a knot.
pub(crate) const KMH_OF_KNOT: f64 = 1.852;
/// A device that was silent for longer is of unknown state.
const ONLINE_MS: i64 = 10 * 60 * 1000;
/// The radius by which these clients' distances are computed.
const RADIUS_M: f64 = 6_378_137.0;
/// Faster is motion, in knots.
const MOTION_KNOTS: f64 = 0.01;
const MS_OF_HOUR: f64 = 3_600_000.0;

/// Knots, without the digits that two conversions leave.
pub(crate) fn knots(kmh: f64) -> f64 {
    (kmh / KMH_OF_KNOT * 1e6).round() / 1e6
}

/// The distance between two places by the formula of these clients.
pub(crate) fn distance_m(from: Point, to: Point) -> f64 {
    let (lat1, lat2) = (from.latitude.get().to_radians(), to.latitude.get().to_radians());
    let half_lat = (lat2 - lat1) / 2.0;
    let half_lon = (to.longitude.get() - from.longitude.get()).to_radians() / 2.0;
    let square = half_lat.sin().powi(2) + lat1.cos() * lat2.cos() * half_lon.sin().powi(2);
    2.0 * RADIUS_M * square.sqrt().min(1.0).asin()
}

/// The category that a client draws for a vehicle that it did not choose one for.
fn category_of(kind: &str) -> &str {
    match kind {
        "bike" => "bicycle",
        other => other,
    }
}

/// A device with its state.
pub(crate) fn device_object(view: &DeviceView, last: Option<&Position>, now: Timestamp) -> Object {
    let mut object = DEVICE.fill(view.number, &view.extras);
    object.insert("name".to_owned(), view.vehicle.label.as_str().into());
    object.insert("uniqueId".to_owned(), view.unique_id.as_str().into());
    if !view.extras.contains_key("category") {
        object.insert("category".to_owned(), category_of(view.vehicle.kind.as_str()).into());
    }
    let status = match last {
        None => "offline",
        Some(last) if now.ms_since(last.at) <= ONLINE_MS => "online",
        Some(_) => "unknown",
    };
    object.insert("status".to_owned(), status.into());
    object.insert("lastUpdate".to_owned(), last.map_or(Value::Null, |last| write_time(last.at).into()));
    let id = last.map_or(0, |last| position_id(view.number, last.at));
    object.insert("positionId".to_owned(), id.into());
    object
}

/// The way so far along a list of positions.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Way {
    last: Option<Point>,
    total_m: f64,
}

impl Way {
    /// A way that begins with what the vehicle had driven when it was entered.
    pub(crate) fn of(view: &DeviceView) -> Self {
        Self { last: None, total_m: view.vehicle.odometer.map_or(0.0, |odometer| odometer.get() * 1000.0) }
    }

    /// A way that went on from this place.
    pub(crate) fn from(view: &DeviceView, place: Option<Point>) -> Self {
        Self { last: place, ..Self::of(view) }
    }

    /// Metres since the last position, and in all.
    pub(crate) fn step(&mut self, to: Point) -> (f64, f64) {
        let step = self.last.map_or(0.0, |last| distance_m(last, to));
        self.last = Some(to);
        self.total_m += step;
        (step, self.total_m)
    }
}

/// The place of a position.
pub(crate) fn place_of(position: &Position) -> Point {
    Point::new(position.latitude, position.longitude)
}

/// A position.
pub(crate) fn position_object(fleet: &FleetView, view: &DeviceView, position: &Position, way: &mut Way) -> Object {
    let place = place_of(position);
    let (distance, total) = way.step(place);
    let speed = knots(position.speed.map_or(0.0, SpeedKmh::get));
    let mut attributes = attributes_of(position);
    attributes.insert("distance".to_owned(), json!(distance));
    let odometer = position.odometer.map(|odometer| odometer.get() * 1000.0);
    if let Some(odometer) = odometer {
        attributes.insert("odometer".to_owned(), json!(odometer));
    }
    attributes.insert("totalDistance".to_owned(), json!(odometer.unwrap_or(total)));
    attributes.entry("motion".to_owned()).or_insert_with(|| (speed > MOTION_KNOTS).into());
    let areas = fleet.areas_at(&view.vehicle.id, place);
    let at = write_time(position.at);
    let object = json!({
        "id": position_id(view.number, position.at),
        "attributes": attributes,
        "deviceId": view.number,
        "protocol": view.protocol,
        "serverTime": at,
        "deviceTime": at,
        "fixTime": at,
        "valid": !position.is_invalid,
        "latitude": position.latitude.get(),
        "longitude": position.longitude.get(),
        "altitude": position.altitude.map_or(0.0, AltitudeM::get),
        "speed": speed,
        "course": position.heading.map_or(0.0, HeadingDeg::get),
        "address": null,
        "accuracy": position.accuracy.map_or(0.0, AccuracyM::get),
        "network": null,
        "geofenceIds": if areas.is_empty() { Value::Null } else { areas.into() },
    });
    match object {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

/// What a position's attributes are called by these clients.
fn attributes_of(position: &Position) -> Object {
    let mut object = Object::new();
    for (name, value) in position.attributes.iter() {
        let value = match value {
            AttributeValue::Number(number) => json!(number),
            AttributeValue::Flag(flag) => (*flag).into(),
            AttributeValue::Text(text) => text.as_ref().into(),
        };
        let (name, value) = match name {
            attribute::BATTERY_PERCENT => ("batteryLevel", value),
            attribute::BATTERY_V => ("battery", value),
            attribute::POWER_V => ("power", value),
            attribute::SATELLITES => ("sat", value),
            attribute::ENGINE_HOURS => ("hours", json!((value.as_f64().unwrap_or(0.0) * MS_OF_HOUR).round() as i64)),
            attribute::TEMPERATURE_C => ("deviceTemp", value),
            attribute::DOOR_OPEN => ("door", value),
            attribute::CHARGING => ("charge", value),
            attribute::ALARM => ("alarm", position.attributes.alarm().map_or(value, |alarm| alarm_name(alarm).into())),
            other => (other, value),
        };
        object.insert(name.to_owned(), value);
    }
    if let Some(ignition) = position.ignition {
        object.insert("ignition".to_owned(), ignition.into());
    }
    if let Some(fuel) = position.fuel_level {
        object.insert("fuel".to_owned(), json!(fuel.get()));
    }
    object
}

/// An alarm's name.
pub(crate) const fn alarm_name(alarm: Alarm) -> &'static str {
    match alarm {
        Alarm::Sos => "sos",
        Alarm::Crash => "accident",
        Alarm::Tow => "tow",
        Alarm::Tamper => "tampering",
        Alarm::Jamming => "jamming",
        Alarm::PowerCut => "powerCut",
        Alarm::Overspeed => "overspeed",
        Alarm::HarshAcceleration => "hardAcceleration",
        Alarm::HarshBraking => "hardBraking",
        Alarm::HarshCornering => "hardCornering",
        Alarm::Movement => "movement",
        Alarm::Vibration => "vibration",
        Alarm::GeofenceEnter => "geofenceEnter",
        Alarm::GeofenceExit => "geofenceExit",
        Alarm::Fault => "fault",
        Alarm::LowBattery => "lowBattery",
    }
}

/// Whether a role administers its tenant.
pub(crate) const fn is_administrator(role: Role) -> bool {
    matches!(role, Role::Admin | Role::Superadmin)
}

/// A user, with what the catalogue adds.
pub(crate) fn user_object(user: &User, extras: &Object) -> Object {
    let mut object = USER.fill(user.id.get(), extras);
    let username = user.username.as_str();
    let email = user.contact.email.as_ref().map(|email| email.as_str());
    let login = email.filter(|email| *email != username).map(|_| username);
    let name = text(extras, "name").unwrap_or(username).to_owned();
    object.insert("name".to_owned(), name.into());
    object.insert("email".to_owned(), email.unwrap_or(username).into());
    object.insert("login".to_owned(), login.map_or(Value::Null, Into::into));
    object.insert("administrator".to_owned(), is_administrator(user.role).into());
    object.insert("disabled".to_owned(), (!user.may_enter()).into());
    if is_administrator(user.role) && !extras.contains_key("deviceLimit") {
        object.insert("deviceLimit".to_owned(), (-1).into());
    }
    object
}
