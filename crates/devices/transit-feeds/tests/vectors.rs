//! Bodies of feeds: what each says, and which are refused. Credits: `testdata/CREDITS.md`.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use milepost_device_report::{DeviceReport, Reading, ReportTime};
use milepost_domain::{AttributeValue, Timestamp, VehicleId, attribute as shared};
use milepost_service::feeds::{FeedVehicle, attribute};
use milepost_transit_feeds::read_body;
use serde_json::Value;

fn vectors(json: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(json).unwrap();
    file["vectors"].as_array().unwrap().clone()
}

fn body(vector: &Value) -> Vec<u8> {
    if let Some(xml) = vector["raw_xml"].as_str() {
        return xml.as_bytes().to_vec();
    }
    let hex = vector["raw_hex"].as_str().unwrap();
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn text_of(report: &DeviceReport, name: &str) -> Option<String> {
    report.attributes.get(name).map(|value| match value {
        AttributeValue::Text(text) => text.to_string(),
        AttributeValue::Number(number) => number.to_string(),
        AttributeValue::Flag(flag) => flag.to_string(),
    })
}

/// Whether a position comes of it.
fn is_placed(vehicle: &FeedVehicle) -> bool {
    let now = Timestamp::from_unix_ms(1_787_357_000_000).unwrap();
    matches!(vehicle.report.read(VehicleId::new("bus").unwrap(), now), Reading::Position(_))
}

fn check(read: &FeedVehicle, expected: &Value, id: &str) {
    let report = &read.report;
    let wanted = |name: &str| expected[name].as_str().map(str::to_owned);
    assert_eq!(Some(read.id.clone()), wanted("device_id"), "{id}");
    let at = wanted("time_utc").map(|text| text.parse::<jiff::Timestamp>().unwrap().as_millisecond());
    let told = match report.time {
        ReportTime::At(at) => Some(at.unix_ms()),
        ReportTime::Unknown | ReportTime::OfDay { .. } => None,
    };
    assert_eq!(told, at, "{id}");
    let place = report.place.unwrap();
    for (actual, name, by) in [
        (Some(place.latitude), "lat", 1e-5),
        (Some(place.longitude), "lon", 1e-5),
        (report.speed_kmh, "speed_kmh", 0.01),
        (report.heading_deg, "course_deg", 0.01),
        (report.altitude_m, "altitude_m", 1e-6),
        (report.accuracy_m, "accuracy_m", 1e-6),
        (report.odometer_km.map(|km| km * 1_000.0), "odometer_m", 1e-3),
    ] {
        match (actual, expected[name].as_f64()) {
            (Some(actual), Some(expected)) => assert!((actual - expected).abs() <= by, "{id}: {name} is {actual}"),
            (actual, expected) => assert_eq!(actual, expected, "{id}: {name}"),
        }
    }
    assert_eq!(report.ignition, expected["ignition"].as_bool(), "{id}");
    let is_zero = place.latitude == 0.0 && place.longitude == 0.0;
    assert_eq!(is_placed(read), !is_zero, "{id}");
    let occupancy = expected["occupancy_status"].as_str().map(str::to_lowercase).or_else(|| wanted("occupancy"));
    let percent = expected["occupancy_percentage"].as_f64().map(|percent| percent.to_string());
    let date = wanted("start_date").or_else(|| wanted("journey_date")).map(|date| date.replace('-', ""));
    for (name, expected) in [
        (attribute::TRIP_ID, wanted("trip_id").or_else(|| wanted("journey"))),
        (attribute::TRIP_DATE, date),
        (attribute::ROUTE_ID, wanted("route_id").or_else(|| wanted("line"))),
        (attribute::STOP_ID, wanted("stop_id")),
        (attribute::OCCUPANCY, occupancy),
        (attribute::OCCUPANCY_PERCENT, percent),
        (shared::ALARM, wanted("alarm")),
    ] {
        assert_eq!(text_of(report, name), expected, "{id}: {name}");
    }
    assert_eq!(read.license_plate, wanted("license_plate"), "{id}");
    assert!(read.label.is_none() || read.label == wanted("label"), "{id}");
}

fn check_all(json: &str, is_feed: impl Fn(&Value) -> bool) -> usize {
    let mut checked = 0;
    for vector in vectors(json).iter().filter(|vector| is_feed(vector)) {
        let (id, expected) = (vector["id"].as_str().unwrap(), &vector["expected"]);
        let read = read_body(&body(vector));
        checked += 1;
        match &expected["accepted"] {
            Value::Bool(true) => {
                let placed = expected["positions"].as_array().unwrap().iter();
                let placed: Vec<_> = placed.filter(|position| position["position_missing"] != true).collect();
                let read = read.unwrap_or_else(|error| panic!("{id}: {error}"));
                assert_eq!(read.len(), placed.len(), "{id}: {read:?}");
                read.iter().zip(placed).for_each(|(read, expected)| check(read, expected, id));
            }
            // One vehicle is bad: the feed is not.
            Value::String(_) => assert!(!read.unwrap().iter().any(is_placed), "{id}"),
            // An entity without an id is still one of a vehicle that has one.
            _ if expected["why"] == "entity without id" => {}
            _ if expected["why"] == "longitude missing" => assert!(!read.unwrap().iter().any(is_placed), "{id}"),
            _ => assert!(read.is_err(), "{id}: {read:?}"),
        }
    }
    checked
}

#[test]
fn messages_of_gtfs_realtime_are_read_as_documented() {
    let checked = check_all(include_str!("../testdata/gtfs_rt.json"), |vector| vector["kind"] != "output");
    assert_eq!(checked, 20);
}

#[test]
fn documents_of_siri_are_read_as_documented() {
    let is_feed = |vector: &Value| matches!(vector["kind"].as_str(), Some("delivery" | "refuse"));
    assert_eq!(check_all(include_str!("../testdata/siri_vm.json"), is_feed), 17);
}

/// What Milepost gives out, other programs read, and it reads itself.
#[test]
fn the_forms_that_are_given_out_are_read() {
    let xml: Vec<_> = vectors(include_str!("../testdata/siri_vm.json"));
    let output = xml.iter().find(|vector| vector["id"] == "siri-vm-030").unwrap();
    let [read] = &read_body(&body(output)).unwrap()[..] else { panic!() };
    assert_eq!((read.id.as_str(), read.report.heading_deg), ("bus-7", Some(359.9)));
    assert!((read.report.speed_kmh.unwrap() - 43.2).abs() < 1e-9);
}

#[test]
fn whatever_is_cut_off_or_changed_is_read_or_refused() {
    let all = [include_str!("../testdata/gtfs_rt.json"), include_str!("../testdata/siri_vm.json")];
    for vector in all.iter().flat_map(|json| vectors(json)).filter(|vector| vector["kind"] != "output") {
        let whole = body(&vector);
        for end in 0..whole.len() {
            let _ = read_body(&whole[..end]);
            let mut changed = whole.clone();
            changed[end] ^= 0x15;
            let _ = read_body(&changed);
        }
    }
}

#[test]
fn elements_of_others_are_passed_over() {
    let document = |activity: &str| {
        let xml = format!(
            "<Siri xmlns=\"http://www.siri.org.uk/siri\"><ServiceDelivery><VehicleMonitoringDelivery><VehicleActivity>{activity}\
             </VehicleActivity></VehicleMonitoringDelivery></ServiceDelivery></Siri>"
        );
        read_body(xml.as_bytes()).unwrap()
    };
    let place = "<VehicleLocation><Longitude>13.4</Longitude><Latitude>52.5</Latitude></VehicleLocation>";
    let [read] = &document(&format!(
        "<MonitoredVehicleJourney>{place}<VehicleRef>b</VehicleRef><Extensions><MonitoredVehicleJourney><VehicleRef>x</VehicleRef>\
         </MonitoredVehicleJourney></Extensions><o:VehicleRef xmlns:o=\"urn:o\">y</o:VehicleRef></MonitoredVehicleJourney>"
    ))[..] else {
        panic!()
    };
    assert_eq!(read.id, "b");
    let unplaced = "<MonitoredVehicleJourney><VehicleRef>b</VehicleRef><VehicleLocation><Coordinates>1 2</Coordinates></VehicleLocation></MonitoredVehicleJourney>";
    assert!(document(unplaced).is_empty());
}
