//! Events of this API, from what the fold found, from positions and from facts.

use crate::convert::{alarm_name, knots};
use crate::fleet::{DeviceView, FleetView};
use crate::ids::{event_id, position_id};
use crate::shape::Object;
use crate::time::{write_local, write_time};
use milepost_domain::{
    AlertKind, DrivingKind, Fact, FenceEvent, IncidentKind, IssuedCommand, Position, Timestamp, Trip, TripStatus,
    VehicleId, attribute,
};
use milepost_service::fleet::{FenceVisit, Incident};
use serde_json::{Value, json};

macro_rules! kinds {
    ($($kind:ident $code:literal $name:literal,)*) => {
        /// A type of event. Its code is part of the numbers of its events, and never changes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum EventKind {
            $($kind = $code,)*
        }

        impl EventKind {
            /// Every type.
            pub(crate) const ALL: &[Self] = &[$(Self::$kind),*];

            /// Its name.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    CommandResult 1 "commandResult",
    DeviceOnline 2 "deviceOnline",
    DeviceUnknown 3 "deviceUnknown",
    DeviceOffline 4 "deviceOffline",
    DeviceInactive 5 "deviceInactive",
    QueuedCommandSent 6 "queuedCommandSent",
    DeviceMoving 7 "deviceMoving",
    DeviceStopped 8 "deviceStopped",
    DeviceOverspeed 9 "deviceOverspeed",
    DeviceFuelDrop 10 "deviceFuelDrop",
    DeviceFuelIncrease 11 "deviceFuelIncrease",
    GeofenceEnter 12 "geofenceEnter",
    GeofenceExit 13 "geofenceExit",
    GeofenceCrossed 14 "geofenceCrossed",
    ProximityEnter 15 "proximityEnter",
    ProximityExit 16 "proximityExit",
    UnaccompaniedMotion 17 "unaccompaniedMotion",
    Alarm 18 "alarm",
    IgnitionOn 19 "ignitionOn",
    IgnitionOff 20 "ignitionOff",
    Maintenance 21 "maintenance",
    DriverChanged 22 "driverChanged",
    Media 23 "media",
}

/// Something that happened to a vehicle.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Happening {
    pub(crate) vehicle: VehicleId,
    pub(crate) kind: EventKind,
    pub(crate) at: Timestamp,
    /// The geofence; 0 for none.
    geofence: i64,
    attributes: Object,
}

impl Happening {
    fn new(vehicle: &VehicleId, kind: EventKind, at: Timestamp) -> Self {
        Self { vehicle: vehicle.clone(), kind, at, geofence: 0, attributes: Object::new() }
    }

    fn at_geofence(self, geofence: i64) -> Self {
        Self { geofence, ..self }
    }

    fn with(mut self, name: &str, value: Value) -> Self {
        self.attributes.insert(name.to_owned(), value);
        self
    }

    /// The alarm, of an alarm.
    pub(crate) fn alarm(&self) -> Option<&str> {
        self.attributes.get("alarm").and_then(Value::as_str)
    }

    /// The geofence; 0 for none.
    pub(crate) fn geofence(&self) -> i64 {
        self.geofence
    }

    /// The event as it is listed.
    pub(crate) fn object(&self, device: &DeviceView) -> Object {
        let object = json!({
            "id": event_id(device.number, self.at, self.kind as u8),
            "attributes": self.attributes,
            "deviceId": device.number,
            "type": self.kind.name(),
            "eventTime": write_time(self.at),
            "positionId": position_id(device.number, self.at),
            "geofenceId": self.geofence,
            "maintenanceId": 0,
        });
        match object {
            Value::Object(object) => object,
            _ => Object::new(),
        }
    }

    /// The event as it is told, with a text.
    pub(crate) fn told(&self, fleet: &FleetView, device: &DeviceView) -> Object {
        let mut object = self.object(device);
        if let Some(Value::Object(attributes)) = object.get_mut("attributes") {
            attributes.insert("message".to_owned(), self.message(fleet, device).into());
        }
        object
    }

    fn message(&self, fleet: &FleetView, device: &DeviceView) -> String {
        let name = device.vehicle.label.as_str();
        let at = write_local(self.at, &fleet.zone());
        let area = || fleet.area(self.geofence).map_or("", |area| area.description.name.as_str());
        match self.kind {
            EventKind::GeofenceEnter => format!("{name} has entered geofence {} at {at}", area()),
            EventKind::GeofenceExit => format!("{name} has exited geofence {} at {at}", area()),
            EventKind::DeviceOverspeed => {
                let speed = self.attributes.get("speed").and_then(Value::as_f64);
                let speed =
                    speed.map(|knots| format!(" {}", speed_text(knots, fleet.speed_unit()))).unwrap_or_default();
                format!("{name} exceeds the speed{speed} at {at}")
            }
            EventKind::Alarm => format!("{name} alarm: {} at {at}", self.alarm().unwrap_or("unknown")),
            EventKind::CommandResult => {
                let result = self.attributes.get("result").and_then(Value::as_str).unwrap_or_default();
                format!("{name} command result received: {result} at {at}")
            }
            EventKind::QueuedCommandSent => format!("Queued command sent to {name} at {at}"),
            EventKind::Maintenance => format!("{name} maintenance is required at {at}"),
            other => format!("{name} {} at {at}", words(other)),
        }
    }
}

const fn words(kind: EventKind) -> &'static str {
    match kind {
        EventKind::DeviceOnline => "online",
        EventKind::DeviceOffline => "offline",
        EventKind::DeviceMoving => "moving",
        EventKind::DeviceStopped => "stopped",
        EventKind::DeviceFuelDrop => "fuel drop",
        EventKind::DeviceFuelIncrease => "fuel increase",
        EventKind::IgnitionOn => "ignition ON",
        EventKind::IgnitionOff => "ignition OFF",
        EventKind::DriverChanged => "driver has changed",
        other => other.name(),
    }
}

/// A speed for people.
pub(crate) fn speed_text(knots: f64, unit: &str) -> String {
    match unit {
        "kmh" => format!("{:.1} km/h", knots * 1.852),
        "mph" => format!("{:.1} mph", knots * 1.150_779),
        _ => format!("{knots:.1} kn"),
    }
}

/// An alarm that a position carries.
pub(crate) fn of_position(position: &Position) -> Option<Happening> {
    use milepost_domain::AttributeValue;
    let name = match position.attributes.alarm() {
        Some(alarm) => alarm_name(alarm).to_owned(),
        None => match position.attributes.get(attribute::ALARM)? {
            AttributeValue::Text(code) => code.to_string(),
            AttributeValue::Number(code) => code.to_string(),
            AttributeValue::Flag(_) => return None,
        },
    };
    Some(Happening::new(&position.vehicle_id, EventKind::Alarm, position.at).with("alarm", name.into()))
}

/// The ignition that was turned between two positions.
pub(crate) fn of_ignition(before: Option<bool>, position: &Position) -> Option<Happening> {
    let kind = match (before?, position.ignition?) {
        (false, true) => EventKind::IgnitionOn,
        (true, false) => EventKind::IgnitionOff,
        _ => return None,
    };
    Some(Happening::new(&position.vehicle_id, kind, position.at))
}

/// A trip's begin and, if it has ended, its end.
pub(crate) fn of_trip(trip: &Trip) -> impl Iterator<Item = Happening> {
    let begin = Happening::new(&trip.vehicle_id, EventKind::DeviceMoving, trip.started_at);
    let end = trip.ended_at.map(|at| Happening::new(&trip.vehicle_id, EventKind::DeviceStopped, at));
    let counts = trip.status != TripStatus::Cancelled;
    std::iter::once(begin).chain(end).filter(move |_| counts)
}

/// A visit's begin and, if it has ended, its end.
pub(crate) fn of_visit(vehicle: &VehicleId, visit: &FenceVisit) -> impl Iterator<Item = Happening> {
    let id = visit.geofence_id.get();
    let enter = Happening::new(vehicle, EventKind::GeofenceEnter, visit.entered_at).at_geofence(id);
    let left = visit.left_at.map(|at| Happening::new(vehicle, EventKind::GeofenceExit, at).at_geofence(id));
    std::iter::once(enter).chain(left)
}

/// What an incident is called here, if it has a name.
pub(crate) fn of_incident(vehicle: &VehicleId, incident: &Incident) -> Option<Happening> {
    let new = |kind| Happening::new(vehicle, kind, incident.started_at);
    let alarm = |name: &str| new(EventKind::Alarm).with("alarm", name.into());
    Some(match incident.kind {
        IncidentKind::Speeding => {
            let speed = |value: Option<f64>| value.map_or(Value::Null, |kmh| json!(knots(kmh)));
            new(EventKind::DeviceOverspeed)
                .with("speed", speed(incident.value))
                .with("speedLimit", speed(incident.limit))
        }
        IncidentKind::HarshBraking => alarm("hardBraking"),
        IncidentKind::HarshAcceleration => alarm("hardAcceleration"),
        IncidentKind::HarshCornering => alarm("hardCornering"),
        IncidentKind::FuelTheft => new(EventKind::DeviceFuelDrop),
        IncidentKind::Refuelling => new(EventKind::DeviceFuelIncrease),
        IncidentKind::ServiceDue => new(EventKind::Maintenance),
        IncidentKind::Offline => new(EventKind::DeviceOffline),
    })
}

/// What became of a command: that one which waited was sent, and what the device answered.
pub(crate) fn of_command(issued: &IssuedCommand) -> impl Iterator<Item = Happening> {
    let new = |kind, at| Happening::new(&issued.vehicle_id, kind, at);
    let sent = issued.sent_at.filter(|_| issued.was_queued);
    let sent = sent.map(|at| new(EventKind::QueuedCommandSent, at).with("id", issued.id.get().into()));
    let answered = issued
        .answered_at
        .zip(issued.answer.as_ref())
        .map(|(at, answer)| new(EventKind::CommandResult, at).with("result", answer.as_str().into()));
    sent.into_iter().chain(answered)
}

/// What a fact of the fleet is to be told as. Corrections of what was told are not told again.
pub(crate) fn of_fact(fact: &Fact) -> Option<Happening> {
    use milepost_domain::Revision;
    let is_new = |revision: Revision| matches!(revision, Revision::New | Revision::Added);
    match fact {
        Fact::TripChanged(update) if is_new(update.revision) => {
            let trip = &update.trip;
            match (trip.status, trip.ended_at) {
                (TripStatus::Started, _) => {
                    Some(Happening::new(&trip.vehicle_id, EventKind::DeviceMoving, trip.started_at))
                }
                (TripStatus::Completed, Some(at)) => {
                    Some(Happening::new(&trip.vehicle_id, EventKind::DeviceStopped, at))
                }
                _ => None,
            }
        }
        Fact::FenceCrossed(crossing) if is_new(crossing.revision) => {
            let kind = match crossing.event {
                FenceEvent::Enter => EventKind::GeofenceEnter,
                FenceEvent::Exit => EventKind::GeofenceExit,
                FenceEvent::Dwell => return None,
            };
            Some(Happening::new(&crossing.vehicle_id, kind, crossing.at).at_geofence(crossing.geofence_id.get()))
        }
        Fact::DrivingNoted(event) if is_new(event.revision) => {
            let alarm = match event.kind {
                DrivingKind::Speeding => {
                    return Some(Happening::new(&event.vehicle_id, EventKind::DeviceOverspeed, event.at));
                }
                DrivingKind::HarshBraking => "hardBraking",
                DrivingKind::HarshAcceleration => "hardAcceleration",
                DrivingKind::HarshCornering => "hardCornering",
            };
            Some(Happening::new(&event.vehicle_id, EventKind::Alarm, event.at).with("alarm", alarm.into()))
        }
        Fact::ServiceDue(due) if is_new(due.revision) => {
            Some(Happening::new(&due.vehicle_id, EventKind::Maintenance, due.at))
        }
        Fact::CommandChanged(issued) => of_command(issued).last(),
        Fact::AlertRaised(alert) => {
            let kind = match alert.kind {
                AlertKind::VehicleOffline => EventKind::DeviceOffline,
                AlertKind::FuelTheft => EventKind::DeviceFuelDrop,
                _ => return None,
            };
            Some(Happening::new(alert.vehicle_id.as_ref()?, kind, alert.at))
        }
        _ => None,
    }
}
