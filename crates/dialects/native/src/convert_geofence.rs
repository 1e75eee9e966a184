//! Between the native dialect's JSON and the domain's geofences.

use crate::convert::Refusals;
use crate::convert_record::time_of_day;
use crate::wire::geofence::{ChangeGeofenceJson, GeofenceJson, NewGeofenceJson, ScheduleJson};
use milepost_domain::{
    CrossingTriggers, DwellTime, Geofence, GeofenceDescription, GeofenceShape, GeometryText, Invalid, Label, Schedule,
    ScheduleClock, SpeedKmh, UtcOffset, VehicleId, VehicleList, Weekday, Weekdays,
};
use milepost_http::{Problem, rfc3339};
use milepost_service::{read_geometry, read_zone_name};
use serde::Deserialize;
use serde_json::value::RawValue;

pub(crate) fn geofence_from_json(json: &NewGeofenceJson) -> Result<GeofenceDescription, Problem> {
    let mut refusals = Refusals::default();
    let name = refusals.take("name", Label::new(&json.name));
    let on = json.on.as_deref().map_or(Some(CrossingTriggers::default()), |on| crossings(on, &mut refusals));
    let dwell = refusals.take("dwell_s", json.dwell_s.map(DwellTime::from_seconds).transpose());
    let speed_limit = refusals.take("speed_limit_kmh", json.speed_limit_kmh.map(SpeedKmh::new).transpose());
    let vehicles = json.vehicle_ids.as_deref().map(|ids| vehicle_list(ids, &mut refusals));
    let schedule = json.schedule.as_ref().map(|schedule| read_schedule(schedule, &mut refusals));
    let geometry = geometry(json.geometry.get(), json.radius_m, json.width_m, &mut refusals);
    // A value is `None` only if its field was refused.
    let (Some(name), Some(on), Some(dwell), Some(speed_limit), Some((geometry, shape))) =
        (name, on, dwell, speed_limit, geometry)
    else {
        return Err(refusals.problem());
    };
    refusals.none()?;
    let (vehicles, schedule) = (vehicles.flatten(), schedule.flatten());
    Ok(GeofenceDescription { name, geometry, shape, on, dwell, speed_limit, vehicles, schedule })
}

/// Checks a change without the geofence; it is applied later, inside the transaction that reads the geofence. The geometry is
/// checked then too, because only the stored geofence says whether it has a radius.
pub(crate) fn geofence_change_from_json(
    json: ChangeGeofenceJson,
) -> Result<impl FnOnce(GeofenceDescription) -> Result<GeofenceDescription, Problem> + Send, Problem> {
    let mut refusals = Refusals::default();
    let name = json.name.as_deref().and_then(|name| refusals.take("name", Label::new(name)));
    let on = json
        .on
        .map(|on| on.map_or(CrossingTriggers::default(), |on| crossings(&on, &mut refusals).unwrap_or_default()));
    let dwell = json.dwell_s.map(|dwell| dwell.and_then(|s| refusals.take("dwell_s", DwellTime::from_seconds(s))));
    let speed_limit =
        json.speed_limit_kmh.map(|limit| limit.and_then(|kmh| refusals.take("speed_limit_kmh", SpeedKmh::new(kmh))));
    let vehicles = json.vehicle_ids.map(|ids| ids.and_then(|ids| vehicle_list(&ids, &mut refusals)));
    let schedule = json.schedule.map(|schedule| schedule.and_then(|schedule| read_schedule(&schedule, &mut refusals)));
    refusals.none()?;
    let reshaped = Reshaped { geometry: json.geometry, radius_m: json.radius_m, width_m: json.width_m };
    Ok(move |before: GeofenceDescription| {
        let (geometry, shape) = reshaped.apply(before.geometry, before.shape)?;
        Ok(GeofenceDescription {
            name: name.unwrap_or(before.name),
            geometry,
            shape,
            on: on.unwrap_or(before.on),
            dwell: dwell.unwrap_or(before.dwell),
            speed_limit: speed_limit.unwrap_or(before.speed_limit),
            vehicles: vehicles.unwrap_or(before.vehicles),
            schedule: schedule.unwrap_or(before.schedule),
        })
    })
}

/// The parts of a change that concern the geometry.
#[allow(clippy::option_option, reason = "absent and null differ in a PATCH")]
struct Reshaped {
    geometry: Option<Box<RawValue>>,
    radius_m: Option<Option<f64>>,
    width_m: Option<Option<f64>>,
}

impl Reshaped {
    /// A point keeps its radius and a line its width, unless the change names them.
    fn apply(self, geometry: GeometryText, shape: GeofenceShape) -> Result<(GeometryText, GeofenceShape), Problem> {
        if self.geometry.is_none() && self.radius_m.is_none() && self.width_m.is_none() {
            return Ok((geometry, shape));
        }
        let text = self.geometry.as_ref().map_or(geometry.as_str(), |new| new.get());
        let kind = kind_of(text);
        let (old_radius_m, old_width_m) = sizes(shape);
        let radius_m = self.radius_m.unwrap_or(old_radius_m.filter(|_| kind.as_deref() == Some("Point")));
        let width_m = self.width_m.unwrap_or(old_width_m.filter(|_| kind.as_deref() == Some("LineString")));
        let mut refusals = Refusals::default();
        let read = self::geometry(text, radius_m, width_m, &mut refusals);
        read.ok_or_else(|| refusals.problem())
    }
}

fn kind_of(geometry: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Typed {
        #[serde(rename = "type")]
        kind: String,
    }
    serde_json::from_str::<Typed>(geometry).ok().map(|typed| typed.kind)
}

fn geometry(
    text: &str,
    radius_m: Option<f64>,
    width_m: Option<f64>,
    refusals: &mut Refusals,
) -> Option<(GeometryText, GeofenceShape)> {
    match read_geometry(text, radius_m, width_m) {
        Ok(read) => Some(read),
        Err(refusal) => {
            refusals.add(refusal.field, refusal.message);
            None
        }
    }
}

/// Radius and width, metres.
fn sizes(shape: GeofenceShape) -> (Option<f64>, Option<f64>) {
    match shape {
        GeofenceShape::Polygon | GeofenceShape::MultiPolygon => (None, None),
        GeofenceShape::Circle(radius) => (Some(radius.get()), None),
        GeofenceShape::Corridor(width) => (None, Some(width.get())),
    }
}

fn crossings(names: &[String], refusals: &mut Refusals) -> Option<CrossingTriggers> {
    let mut triggers = CrossingTriggers { enter: false, exit: false };
    for (index, name) in names.iter().enumerate() {
        match name.as_str() {
            "enter" => triggers.enter = true,
            "exit" => triggers.exit = true,
            _ => {
                refusals.add(format!("on[{index}]"), "must be enter or exit");
                return None;
            }
        }
    }
    Some(triggers)
}

fn vehicle_list(ids: &[String], refusals: &mut Refusals) -> Option<VehicleList> {
    let mut vehicles = Vec::with_capacity(ids.len().min(VehicleList::MAX));
    for (index, id) in ids.iter().enumerate() {
        vehicles.push(refusals.take(&format!("vehicle_ids[{index}]"), VehicleId::new(id))?);
    }
    refusals.take("vehicle_ids", VehicleList::new(vehicles))
}

fn read_schedule(json: &ScheduleJson, refusals: &mut Refusals) -> Option<Schedule> {
    let days = json.days.iter().map(|day| Weekday::parse(day)).collect::<Result<Vec<_>, Invalid>>();
    let days = refusals.take("schedule.days", days.and_then(|days| Weekdays::new(&days)));
    let from = refusals.take("schedule.from", time_of_day(&json.from));
    let to = refusals.take("schedule.to", time_of_day(&json.to));
    let clock = read_clock(json, refusals);
    Some(Schedule { days: days?, from: from?, to: to?, clock: clock? })
}

fn read_clock(json: &ScheduleJson, refusals: &mut Refusals) -> Option<ScheduleClock> {
    const ZONE: &str = "schedule.timezone";
    let Some(zone) = &json.timezone else {
        let offset = UtcOffset::from_minutes(json.utc_offset_minutes.unwrap_or(0));
        return refusals.take("schedule.utc_offset_minutes", offset).map(ScheduleClock::Offset);
    };
    if json.utc_offset_minutes.is_some() {
        refusals.add(ZONE, "must not be given together with utc_offset_minutes");
        return None;
    }
    refusals.take(ZONE, read_zone_name(zone)).map(ScheduleClock::Zone)
}

pub(crate) fn geofence_to_json(geofence: &Geofence) -> GeofenceJson {
    let GeofenceDescription { name, geometry, shape, on, dwell, speed_limit, vehicles, schedule } =
        &geofence.description;
    let (radius_m, width_m) = sizes(*shape);
    let triggers = [("enter", on.enter), ("exit", on.exit)];
    GeofenceJson {
        id: geofence.id.get(),
        name: name.as_str().to_owned(),
        geometry: RawValue::from_string(geometry.as_str().to_owned()).unwrap_or_default(),
        radius_m,
        width_m,
        on: triggers.into_iter().filter(|(_, is_set)| *is_set).map(|(name, _)| name.to_owned()).collect(),
        dwell_s: dwell.map(DwellTime::seconds),
        speed_limit_kmh: speed_limit.map(SpeedKmh::get),
        vehicle_ids: vehicles.as_ref().map(|list| list.as_slice().iter().map(ToString::to_string).collect()),
        schedule: schedule.as_ref().map(schedule_to_json),
        created_at: rfc3339(geofence.created_at),
        changed_at: rfc3339(geofence.changed_at),
    }
}

fn schedule_to_json(schedule: &Schedule) -> ScheduleJson {
    let (utc_offset_minutes, timezone) = match &schedule.clock {
        ScheduleClock::Offset(offset) => (Some(i64::from(offset.minutes())), None),
        ScheduleClock::Zone(zone) => (None, Some(zone.as_str().to_owned())),
    };
    ScheduleJson {
        days: schedule.days.iter().map(|day| day.as_str().to_owned()).collect(),
        from: schedule.from.to_string(),
        to: schedule.to.to_string(),
        utc_offset_minutes,
        timezone,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn added(json: &str) -> Result<GeofenceDescription, Problem> {
        geofence_from_json(&serde_json::from_str(json).unwrap())
    }

    fn changed(before: &GeofenceDescription, json: &str) -> Result<GeofenceDescription, Problem> {
        geofence_change_from_json(serde_json::from_str(json).unwrap())?(before.clone())
    }

    #[test]
    fn one_refusal_names_all_wrong_fields() {
        let problem = added(
            r#"{"name":"","geometry":{"type":"Point","coordinates":[0]},"on":["enter","dwell"],"dwell_s":0,
                "speed_limit_kmh":-1,"vehicle_ids":["a","/"],
                "schedule":{"days":["monday"],"from":"7","to":"25:00","utc_offset_minutes":900}}"#,
        )
        .unwrap_err();
        let fields: Vec<_> = problem.errors.iter().map(|error| error.field.as_str()).collect();
        let expected = [
            "name",
            "on[1]",
            "dwell_s",
            "speed_limit_kmh",
            "vehicle_ids[1]",
            "schedule.days",
            "schedule.from",
            "schedule.to",
            "schedule.utc_offset_minutes",
            "geometry.coordinates",
        ];
        assert_eq!(fields, expected);
    }

    #[test]
    fn a_schedule_goes_by_the_clock_of_a_place_or_by_an_offset() {
        let clock = |part: &str| {
            let shape = r#""geometry":{"type":"Point","coordinates":[1,2]},"radius_m":100"#;
            let schedule = format!(r#"{{"days":["mon"],"from":"22:00","to":"06:00"{part}}}"#);
            let read = added(&format!(r#"{{"name":"a",{shape},"schedule":{schedule}}}"#));
            let clock = |description: GeofenceDescription| description.schedule.unwrap().clock;
            read.map(clock).map_err(|problem| problem.errors[0].field.clone())
        };
        let offset = |minutes| Ok(ScheduleClock::Offset(UtcOffset::from_minutes(minutes).unwrap()));
        let zone = |name| read_zone_name(name).map(ScheduleClock::Zone).map_err(|_| String::new());
        assert_eq!(clock(""), offset(0));
        assert_eq!(clock(r#","timezone":null,"utc_offset_minutes":330"#), offset(330));
        assert_eq!(clock(r#","timezone":"Europe/Berlin""#), zone("Europe/Berlin"));
        // A name that is written another way is known by its usual form.
        assert_eq!(clock(r#","timezone":"europe/berlin","utc_offset_minutes":null"#), zone("Europe/Berlin"));
        for wrong in ["Mars/Olympus_Mons", "+02:00", "", "../../etc/passwd", "Berlin"] {
            let part = format!(r#","timezone":"{wrong}""#);
            assert_eq!(clock(&part), Err("schedule.timezone".to_owned()), "{wrong}");
        }
        let both = r#","timezone":"Europe/Berlin","utc_offset_minutes":60"#;
        assert_eq!(clock(both), Err("schedule.timezone".to_owned()));
    }

    #[test]
    fn a_radius_is_kept_for_a_point_and_dropped_for_other_geometries() {
        let circle = added(r#"{"name":"a","geometry":{"type":"Point","coordinates":[1,2]},"radius_m":100}"#).unwrap();
        let moved = changed(&circle, r#"{"geometry":{"type":"Point","coordinates":[3,4]}}"#).unwrap();
        assert_eq!(moved.shape, circle.shape);
        assert_ne!(moved.geometry, circle.geometry);
        let wider = changed(&circle, r#"{"radius_m":200}"#).unwrap();
        assert_eq!((sizes(wider.shape), &wider.geometry), ((Some(200.0), None), &circle.geometry));
        let square = r#"{"geometry":{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}}"#;
        assert_eq!(changed(&circle, square).unwrap().shape, GeofenceShape::Polygon);
        for wrong in [
            r#"{"radius_m":null}"#,
            r#"{"width_m":5}"#,
            r#"{"geometry":{"type":"LineString","coordinates":[[0,0],[1,1]]}}"#,
            r#"{"geometry":null}"#,
        ] {
            assert!(changed(&circle, wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn absent_fields_stay_and_null_removes_values() {
        let whole = added(
            r#"{"name":"a","geometry":{"type":"Point","coordinates":[1,2]},"radius_m":100,"on":[],"dwell_s":60,
                "speed_limit_kmh":30,"vehicle_ids":["b","a"],"schedule":{"days":["mon"],"from":"22:00","to":"06:00"}}"#,
        )
        .unwrap();
        assert_eq!(changed(&whole, "{}").unwrap(), whole);
        let bare =
            changed(&whole, r#"{"on":null,"dwell_s":null,"speed_limit_kmh":null,"vehicle_ids":null,"schedule":null}"#)
                .unwrap();
        let expected = GeofenceDescription {
            on: CrossingTriggers::default(),
            dwell: None,
            speed_limit: None,
            vehicles: None,
            schedule: None,
            ..whole
        };
        assert_eq!(bare, expected);
    }
}
