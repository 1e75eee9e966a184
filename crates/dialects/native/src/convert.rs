//! Between the native dialect's JSON and the domain.

use crate::wire::access_token::ProgramTokenJson;
use crate::wire::account::UserJson;
use crate::wire::attributes::AttributesJson;
use crate::wire::fleet::{ChangeVehicleJson, NewVehicleJson, VehicleJson};
use crate::wire::position::{NewPositionJson, PositionJson};
use crate::wire::share::{OpenedShareJson, ShareJson, ShareStateJson};
use milepost_domain::{
    AccessToken, AccuracyM, AltitudeM, FuelLevelL, HeadingDeg, Invalid, Label, Latitude, Longitude, OdometerKm,
    Position, Principal, Share, ShareState, SpeedKmh, Timestamp, User, UserId, Vehicle, VehicleId, VehicleKind,
    VehicleStatus, ZoneName,
};
use milepost_http::{FieldError, Problem, parse_timestamp, rfc3339};
use milepost_service::{LiveVehicle, TrackPosition, read_zone_name};
use uuid::Uuid;

/// The given id, or a new UUID of version 7, which sorts by the time when it was made.
pub(crate) fn id_or_new(id: Option<&str>) -> String {
    id.map_or_else(|| Uuid::now_v7().to_string(), str::to_owned)
}

/// Collects the refused fields of one request, so that one answer names all of them.
#[derive(Default)]
pub(crate) struct Refusals(Vec<FieldError>);

impl Refusals {
    /// The value, or `None` after noting why it was refused.
    pub(crate) fn take<T>(&mut self, field: &str, result: Result<T, Invalid>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(invalid) => {
                self.add(field, invalid.message);
                None
            }
        }
    }

    /// Notes what is wrong with a field.
    pub(crate) fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), message: message.into() });
    }

    /// Succeeds if no field was refused.
    ///
    /// # Errors
    /// 422 with all refused fields.
    pub(crate) fn none(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(self.problem()) }
    }

    /// 422 with all refused fields.
    pub(crate) fn problem(self) -> Problem {
        Problem::invalid_fields(self.0)
    }
}

fn fuel(field: &'static str, value: f64, max: f64) -> Result<f64, Invalid> {
    if (0.0..=max).contains(&value) { Ok(value) } else { Err(Invalid::new(field, "must be a number from 0")) }
}

fn user_number(number: i64) -> Result<UserId, Invalid> {
    UserId::new(number)
}

pub(crate) fn vehicle_from_json(json: &NewVehicleJson) -> Result<Vehicle, Problem> {
    let mut refusals = Refusals::default();
    let id = refusals.take("id", VehicleId::new(&id_or_new(json.id.as_deref())));
    let kind = refusals.take("kind", VehicleKind::new(&json.kind));
    let label = refusals.take("label", Label::new(&json.label));
    let status = match &json.status {
        Some(status) => refusals.take("status", VehicleStatus::new(status)),
        None => Some(VehicleStatus::active()),
    };
    let (Some(id), Some(kind), Some(label), Some(status)) = (id, kind, label, status) else {
        return Err(refusals.problem());
    };
    let bare = Vehicle { status, ..Vehicle::new(id, kind, label) };
    let rest = ChangeVehicleJson {
        license_plate: Some(json.license_plate.clone()),
        route: Some(json.route.clone()),
        driver_id: Some(json.driver_id),
        speed_limit_kmh: Some(json.speed_limit_kmh),
        fuel_l_per_100km: Some(json.fuel_l_per_100km),
        fuel_price_per_l: Some(json.fuel_price_per_l),
        odometer_km: Some(json.odometer_km),
        service_due_km: Some(json.service_due_km),
        service_due_at: Some(json.service_due_at.clone()),
        ..ChangeVehicleJson::default()
    };
    Ok(change_from_json(&rest)?(bare))
}

/// Checks a change without the vehicle; it is applied later, and again when somebody else changes the vehicle meanwhile.
pub(crate) fn change_from_json(
    json: &ChangeVehicleJson,
) -> Result<impl Fn(Vehicle) -> Vehicle + Send + Sync + use<>, Problem> {
    let mut refusals = Refusals::default();
    macro_rules! checked {
        ($field:ident, $parse:expr) => {
            json.$field.as_ref().and_then(|value| refusals.take(stringify!($field), $parse(value)))
        };
    }
    macro_rules! checked_or_null {
        ($field:ident, $parse:expr) => {
            json.$field
                .as_ref()
                .map(|value| value.as_ref().and_then(|value| refusals.take(stringify!($field), $parse(value))))
        };
    }
    let kind = checked!(kind, |text: &String| VehicleKind::new(text));
    let label = checked!(label, |text: &String| Label::new(text));
    let status = checked!(status, |text: &String| VehicleStatus::new(text));
    let license_plate = checked_or_null!(license_plate, |text: &String| Label::new(text));
    let route = checked_or_null!(route, |text: &String| Label::new(text));
    let driver_id = checked_or_null!(driver_id, |number: &i64| user_number(*number));
    let speed_limit = checked_or_null!(speed_limit_kmh, |kmh: &f64| SpeedKmh::new(*kmh));
    let fuel_use = checked_or_null!(fuel_l_per_100km, |litres: &f64| fuel("fuel_l_per_100km", *litres, 1_000.0));
    let fuel_price = checked_or_null!(fuel_price_per_l, |price: &f64| fuel("fuel_price_per_l", *price, 1_000_000.0));
    let odometer = checked_or_null!(odometer_km, |km: &f64| OdometerKm::new(*km));
    let service_due_km = checked_or_null!(service_due_km, |km: &f64| OdometerKm::new(*km));
    let service_due_at =
        checked_or_null!(service_due_at, |at| parse_timestamp(at).map_err(|takes| Invalid::new("", takes)));
    refusals.none()?;
    Ok(move |vehicle: Vehicle| Vehicle {
        id: vehicle.id,
        kind: kind.clone().unwrap_or(vehicle.kind),
        label: label.clone().unwrap_or(vehicle.label),
        license_plate: license_plate.clone().unwrap_or(vehicle.license_plate),
        route: route.clone().unwrap_or(vehicle.route),
        status: status.clone().unwrap_or(vehicle.status),
        driver_id: driver_id.unwrap_or(vehicle.driver_id),
        past_drivers: vehicle.past_drivers,
        off_duty_since: vehicle.off_duty_since,
        speed_limit: speed_limit.unwrap_or(vehicle.speed_limit),
        fuel_l_per_100km: fuel_use.unwrap_or(vehicle.fuel_l_per_100km),
        fuel_price_per_l: fuel_price.unwrap_or(vehicle.fuel_price_per_l),
        odometer: odometer.unwrap_or(vehicle.odometer),
        service_due_km: service_due_km.unwrap_or(vehicle.service_due_km),
        service_due_at: service_due_at.unwrap_or(vehicle.service_due_at),
        version: vehicle.version,
    })
}

pub(crate) fn vehicle_to_json(live: &LiveVehicle) -> VehicleJson {
    let vehicle = &live.vehicle;
    let text = |label: &Option<Label>| label.as_ref().map(|label| label.as_str().to_owned());
    VehicleJson {
        id: vehicle.id.to_string(),
        kind: vehicle.kind.as_str().to_owned(),
        label: vehicle.label.as_str().to_owned(),
        license_plate: text(&vehicle.license_plate),
        route: text(&vehicle.route),
        status: vehicle.status.as_str().to_owned(),
        driver_id: vehicle.driver_id.map(UserId::get),
        speed_limit_kmh: vehicle.speed_limit.map(SpeedKmh::get),
        fuel_l_per_100km: vehicle.fuel_l_per_100km,
        fuel_price_per_l: vehicle.fuel_price_per_l,
        odometer_km: vehicle.odometer.map(OdometerKm::get),
        service_due_km: vehicle.service_due_km.map(OdometerKm::get),
        service_due_at: vehicle.service_due_at.map(rfc3339),
        position: live.last.as_ref().map(position_to_json),
        off_duty_since: vehicle.off_duty_since.map(rfc3339),
        distance_m: None,
    }
}

/// A vehicle, and its distance to a tenth of a metre.
pub(crate) fn near_vehicle_to_json((live, distance_m): &(LiveVehicle, f64)) -> VehicleJson {
    VehicleJson { distance_m: Some((distance_m * 10.0).round() / 10.0), ..vehicle_to_json(live) }
}

pub(crate) fn position_to_json(position: &Position) -> PositionJson {
    PositionJson {
        vehicle_id: position.vehicle_id.to_string(),
        latitude: position.latitude.get(),
        longitude: position.longitude.get(),
        speed: position.speed.map(SpeedKmh::get),
        heading: position.heading.map(HeadingDeg::get),
        accuracy: position.accuracy.map(AccuracyM::get),
        altitude: position.altitude.map(AltitudeM::get),
        odometer_km: position.odometer.map(OdometerKm::get),
        fuel_level_l: position.fuel_level.map(FuelLevelL::get),
        ignition: position.ignition,
        attributes: (!position.attributes.is_empty()).then(|| AttributesJson(position.attributes.clone())),
        timestamp: rfc3339(position.at),
        outlier: false,
    }
}

pub(crate) fn stored_position_to_json(stored: &TrackPosition) -> PositionJson {
    PositionJson { outlier: stored.is_wrong, ..position_to_json(&stored.position) }
}

/// A position. A device need not name its vehicle: it is the one that the device was in at the time of the position.
pub(crate) fn position_from_json(
    json: &NewPositionJson,
    sender: &Principal,
    now: Timestamp,
) -> Result<Position, Invalid> {
    let at = match &json.timestamp {
        None | Some(serde_json::Value::Null) => now,
        Some(value) => parse_timestamp(value).map_err(|message| Invalid::new("timestamp", message))?,
    };
    Position::check_time(at, now)?;
    let vehicle_id = match &json.vehicle_id {
        Some(id) => VehicleId::new(id)?,
        None => sender.own_vehicle(at)?.cloned().ok_or(Invalid::new("vehicle_id", "is required"))?,
    };
    Ok(Position {
        vehicle_id,
        at,
        latitude: Latitude::new(json.latitude)?,
        longitude: Longitude::new(json.longitude)?,
        speed: json.speed.map(SpeedKmh::new).transpose()?,
        heading: json.heading.map(HeadingDeg::new).transpose()?,
        accuracy: json.accuracy.map(AccuracyM::new).transpose()?,
        altitude: json.altitude.map(AltitudeM::new).transpose()?,
        odometer: json.odometer_km.map(OdometerKm::new).transpose()?,
        fuel_level: json.fuel_level_l.map(FuelLevelL::new).transpose()?,
        ignition: json.ignition,
        attributes: json.attributes.as_ref().map(|AttributesJson(attributes)| attributes.clone()).unwrap_or_default(),
        is_invalid: false,
    })
}

pub(crate) fn user_to_json(user: &User) -> UserJson {
    UserJson {
        id: user.id.get(),
        username: user.username.as_str().to_owned(),
        role: user.role.as_str().to_owned(),
        tenant: user.tenant.to_string(),
        approved: user.approved,
        active: user.active,
        cadet_id: user.cadet_id,
        vehicle_ids: user.vehicle_ids.iter().map(ToString::to_string).collect(),
        email: user.contact.email.as_ref().map(|email| email.as_str().to_owned()),
        language: user.contact.language.map(|language| language.as_str().to_owned()),
        timezone: user.contact.timezone.as_ref().map(|zone| zone.as_str().to_owned()),
        access_tokens: None,
        alert_mail: user.contact.alert_mail.as_str().to_owned(),
        email_refused_at: user.contact.refused_at.map(rfc3339),
    }
}

/// The time zone of a user.
pub(crate) fn zone_from_json(name: &str) -> Result<ZoneName, Problem> {
    read_zone_name(name).map_err(|invalid| Problem::invalid("timezone", invalid.message))
}

pub(crate) fn access_token_to_json(token: &AccessToken) -> ProgramTokenJson {
    ProgramTokenJson {
        id: token.id.get(),
        name: token.name.as_str().to_owned(),
        scopes: token.scopes.iter().map(|scope| scope.as_str().to_owned()).collect(),
        vehicle_ids: token.vehicle_ids.as_ref().map(|ids| ids.iter().map(ToString::to_string).collect()),
        created_by: token.created_by.map(UserId::get),
        created_at: rfc3339(token.created_at),
        expires_at: token.expires_at.map(rfc3339),
        last_used_at: token.last_used_at.map(rfc3339),
        token: None,
    }
}

pub(crate) fn share_to_json(share: &Share) -> ShareJson {
    ShareJson {
        id: share.id.get(),
        name: share.name.as_str().to_owned(),
        vehicle_ids: share.vehicle_ids.iter().map(ToString::to_string).collect(),
        created_by: share.created_by.map(UserId::get),
        created_at: rfc3339(share.created_at),
        expires_at: rfc3339(share.expires_at),
        recalled_at: share.recalled_at.map(rfc3339),
        opened_count: share.opened_count,
        opened_at: share.opened_at.map(rfc3339),
        token: None,
    }
}

pub(crate) fn opened_share_to_json(share: &Share, now: Timestamp) -> OpenedShareJson {
    OpenedShareJson {
        name: share.name.as_str().to_owned(),
        state: match share.state(now) {
            ShareState::Open => ShareStateJson::Open,
            ShareState::Ended => ShareStateJson::Ended,
            ShareState::Recalled => ShareStateJson::Recalled,
            ShareState::Empty => ShareStateJson::Empty,
        },
        expires_at: rfc3339(share.expires_at),
        recalled_at: share.recalled_at.map(rfc3339),
    }
}

/// Ids of vehicles that a user or a token may see.
pub(crate) fn vehicle_ids_from_json(ids: &[String]) -> Result<Vec<VehicleId>, Problem> {
    /// A parent has a few children, an aggregator some hundred vehicles; a longer list is a mistake.
    const MAX_VEHICLE_IDS: usize = 1_000;
    if ids.len() > MAX_VEHICLE_IDS {
        return Err(Problem::invalid("vehicle_ids", "must have at most 1000 entries"));
    }
    ids.iter()
        .map(|id| VehicleId::new(id).map_err(|invalid| Problem::invalid("vehicle_ids", invalid.message)))
        .collect()
}
