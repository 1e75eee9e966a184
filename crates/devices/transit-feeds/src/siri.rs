//! SIRI Vehicle Monitoring (<https://github.com/SIRI-CEN/SIRI>), 1.x and 2.x. Elements are found by their namespace and local name, so
//! that prefixes and a SOAP envelope do not matter; some producers leave the namespace out.

use crate::read_body::{BadBody, FASTEST_KMH, KMH_PER_MS, MAX_VEHICLES, attributes, text};
use milepost_device_report::{DeviceReport, ReportTime, ReportedPlace};
use milepost_domain::{Alarm, Timestamp, attribute as shared};
use milepost_service::feeds::{FeedVehicle, attribute};
use quick_xml::NsReader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};

const SIRI: Namespace<'_> = Namespace("http://www.siri.org.uk/siri");
/// Elements within each other. A deeper document is not read.
const MAX_DEPTH: usize = 64;
/// A longer text is no value of any element that is read.
const MAX_TEXT_BYTES: usize = 1_024;
/// An element that is not SIRI's.
const FOREIGN: &str = "";
/// Whatever is in it is not read.
const EXTENSIONS: &str = "Extensions";

/// What an activity says.
#[derive(Default)]
struct Activity {
    recorded_at: String,
    located_at: String,
    vehicle: String,
    line: String,
    journey: String,
    frame: String,
    stop: String,
    occupancy: String,
    latitude: String,
    longitude: String,
    altitude: String,
    precision: String,
    bearing: String,
    velocity: String,
    engine_on: String,
    in_panic: String,
}

/// A document that is being read.
#[derive(Default)]
struct Delivery {
    /// Local names of the open elements.
    path: Vec<String>,
    text: String,
    activity: Option<Activity>,
    vehicles: Vec<FeedVehicle>,
    is_siri: bool,
    /// It says that it could not be made.
    has_failed: bool,
}

/// The vehicles of a delivery.
pub(crate) fn read_siri(body: &str) -> Result<Vec<FeedVehicle>, BadBody> {
    let mut reader = NsReader::from_str(body);
    let mut delivery = Delivery::default();
    loop {
        let (namespace, event) = reader.read_resolved_event().map_err(unreadable)?;
        match event {
            Event::Start(start) => {
                let is_ours = matches!(namespace, ResolveResult::Unbound) || namespace == ResolveResult::Bound(SIRI);
                delivery.begin(&start, is_ours)?;
            }
            Event::End(_) => delivery.end(),
            Event::Text(part) => delivery.push(&part.xml10_content()),
            Event::CData(part) => delivery.push(&part.xml10_content()),
            Event::GeneralRef(entity) => delivery.push_entity(&entity)?,
            // It could define entities without end, or of other files.
            Event::DocType(_) => return Err(BadBody::Unreadable("it has a DOCTYPE".to_owned())),
            Event::Eof => return delivery.finish(),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
        if delivery.vehicles.len() == MAX_VEHICLES {
            return Ok(delivery.vehicles);
        }
    }
}

fn unreadable(error: quick_xml::Error) -> BadBody {
    BadBody::Unreadable(error.to_string())
}

impl Delivery {
    fn begin(&mut self, start: &BytesStart<'_>, is_ours: bool) -> Result<(), BadBody> {
        if self.path.len() == MAX_DEPTH {
            return Err(BadBody::Unreadable("its elements are too deep".to_owned()));
        }
        let local = start.local_name();
        let name = match self.path.last().map(String::as_str) {
            Some(EXTENSIONS) => EXTENSIONS,
            _ if is_ours => local.as_ref(),
            _ => FOREIGN,
        };
        match name {
            "Siri" | "VehicleMonitoringDelivery" => self.is_siri = true,
            "VehicleActivity" => self.activity = Some(Activity::default()),
            _ => {}
        }
        self.path.push(name.to_owned());
        self.text.clear();
        Ok(())
    }

    fn end(&mut self) {
        let Some(name) = self.path.pop() else { return };
        let parent = self.path.last().map_or(FOREIGN, String::as_str);
        let value = self.text.trim();
        match (parent, name.as_str()) {
            ("ServiceDelivery" | "VehicleMonitoringDelivery", "Status") => {
                self.has_failed |= matches!(value, "false" | "0")
            }
            (_, "VehicleActivity") => self.vehicles.extend(self.activity.take().and_then(vehicle)),
            _ => {
                if let Some(field) = self.activity.as_mut().and_then(|activity| activity.field(parent, &name)) {
                    value.clone_into(field);
                }
            }
        }
        self.text.clear();
    }

    fn push(&mut self, part: &str) {
        if self.text.len() + part.len() <= MAX_TEXT_BYTES {
            self.text.push_str(part);
        }
    }

    fn push_entity(&mut self, entity: &BytesRef<'_>) -> Result<(), BadBody> {
        match entity.resolve_char_ref().map_err(unreadable)? {
            Some(character) => self.push(character.encode_utf8(&mut [0; 4])),
            None => {
                let name = entity.xml10_content();
                let known =
                    resolve_xml_entity(&name).ok_or_else(|| BadBody::Unreadable(format!("no such entity: {name}")))?;
                self.push(known);
            }
        }
        Ok(())
    }

    fn finish(self) -> Result<Vec<FeedVehicle>, BadBody> {
        if !self.path.is_empty() {
            return Err(BadBody::Unreadable("it breaks off".to_owned()));
        }
        if !self.is_siri {
            return Err(BadBody::OtherKind("it is no document of SIRI"));
        }
        if self.has_failed && self.vehicles.is_empty() {
            return Err(BadBody::OtherKind("its producer could not make it"));
        }
        Ok(self.vehicles)
    }
}

impl Activity {
    /// Where the text of an element belongs.
    fn field(&mut self, parent: &str, name: &str) -> Option<&mut String> {
        Some(match (parent, name) {
            ("VehicleActivity", "RecordedAtTime") => &mut self.recorded_at,
            ("MonitoredVehicleJourney", "LocationRecordedAtTime") => &mut self.located_at,
            ("MonitoredVehicleJourney", "VehicleRef") => &mut self.vehicle,
            ("MonitoredVehicleJourney", "LineRef") => &mut self.line,
            ("MonitoredVehicleJourney", "Occupancy") => &mut self.occupancy,
            ("MonitoredVehicleJourney", "Bearing") => &mut self.bearing,
            ("MonitoredVehicleJourney", "Velocity") => &mut self.velocity,
            ("MonitoredVehicleJourney", "EngineOn") => &mut self.engine_on,
            ("MonitoredVehicleJourney", "InPanic") => &mut self.in_panic,
            ("FramedVehicleJourneyRef", "DatedVehicleJourneyRef") => &mut self.journey,
            ("FramedVehicleJourneyRef", "DataFrameRef") => &mut self.frame,
            ("MonitoredCall", "StopPointRef") => &mut self.stop,
            ("VehicleLocation", "Latitude") => &mut self.latitude,
            ("VehicleLocation", "Longitude") => &mut self.longitude,
            ("VehicleLocation", "Altitude") => &mut self.altitude,
            ("VehicleLocation", "Precision") => &mut self.precision,
            _ => return None,
        })
    }
}

fn vehicle(told: Activity) -> Option<FeedVehicle> {
    let place = ReportedPlace { latitude: told.latitude.parse().ok()?, longitude: told.longitude.parse().ok()? };
    // A time without an offset is of a clock that nobody names.
    let time =
        |text: &str| text.parse::<jiff::Timestamp>().ok().and_then(|at| Timestamp::from_unix_ms(at.as_millisecond()));
    let at = time(&told.located_at).or_else(|| time(&told.recorded_at));
    // Of the forms of a day, GTFS's is the one that attributes have.
    let date = told.frame.split('T').next().unwrap_or_default().replace('-', "");
    let is_date = date.len() == 8 && date.bytes().all(|digit| digit.is_ascii_digit());
    let sos = truth(&told.in_panic).filter(|&yes| yes).map(|_| Alarm::Sos.as_str());
    Some(FeedVehicle {
        id: Some(told.vehicle).filter(|id| !id.is_empty())?,
        label: None,
        license_plate: None,
        report: DeviceReport {
            time: at.map_or(ReportTime::Unknown, ReportTime::At),
            // What stands at 0, 0 was never placed.
            is_valid: (place.latitude, place.longitude) != (0.0, 0.0),
            place: Some(place),
            altitude_m: told.altitude.parse().ok(),
            accuracy_m: told.precision.parse().ok(),
            speed_kmh: told
                .velocity
                .parse::<f64>()
                .ok()
                .map(|speed| speed * KMH_PER_MS)
                .filter(|&kmh| kmh <= FASTEST_KMH),
            heading_deg: told.bearing.parse().ok(),
            ignition: truth(&told.engine_on),
            attributes: attributes([
                text(attribute::TRIP_ID, &told.journey),
                text(attribute::TRIP_DATE, if is_date { &date } else { "" }),
                text(attribute::ROUTE_ID, &told.line),
                text(attribute::STOP_ID, &told.stop),
                text(attribute::OCCUPANCY, &told.occupancy),
                text(shared::ALARM, sos.unwrap_or_default()),
            ]),
            ..DeviceReport::default()
        },
    })
}

/// `xsd:boolean`.
fn truth(text: &str) -> Option<bool> {
    match text {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    }
}
