//! SIRI 2.0 Vehicle Monitoring (<https://github.com/SIRI-CEN/SIRI>): elements in the order of its schema, unknown ones left out.

use crate::convert::KMH_PER_MS;
use crate::feeds::VALID_MS;
use crate::situation::{Running, Situation};
use milepost_http::rfc3339;
use milepost_timetable::{Match, Timetable};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io;

/// The delivery of all these vehicles.
pub fn vehicle_monitoring(situation: &Situation) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    write_document(&mut writer, situation).expect("writing into memory");
    writer.into_inner()
}

type Xml = Writer<Vec<u8>>;

fn write_document(xml: &mut Xml, situation: &Situation) -> io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let now = rfc3339(situation.at);
    let siri =
        xml.create_element("Siri").with_attributes([("xmlns", "http://www.siri.org.uk/siri"), ("version", "2.0")]);
    siri.write_inner_content(|xml| {
        xml.create_element("ServiceDelivery").write_inner_content(|xml| {
            text(xml, "ResponseTimestamp", &now)?;
            text(xml, "ProducerRef", "milepost")?;
            text(xml, "Status", "true")?;
            text(xml, "MoreData", "false")?;
            let delivery = xml.create_element("VehicleMonitoringDelivery").with_attribute(("version", "2.0"));
            delivery.write_inner_content(|xml| {
                text(xml, "ResponseTimestamp", &now)?;
                text(xml, "Status", "true")?;
                situation.running.iter().try_for_each(|running| write_activity(xml, situation, running))
            })?;
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(())
}

fn write_activity(xml: &mut Xml, situation: &Situation, running: &Running) -> io::Result<()> {
    let (vehicle, Some(last)) = (&running.vehicle.vehicle, running.vehicle.last.as_ref()) else { return Ok(()) };
    xml.create_element("VehicleActivity").write_inner_content(|xml| {
        text(xml, "RecordedAtTime", &rfc3339(last.at))?;
        text(xml, "ValidUntilTime", &rfc3339(last.at.plus_ms(VALID_MS)))?;
        xml.create_element("MonitoredVehicleJourney").write_inner_content(|xml| {
            match running.on.zip(situation.timetable.as_deref()) {
                Some((on, timetable)) => write_journey(xml, timetable, &on)?,
                None => vehicle.route.iter().try_for_each(|route| text(xml, "LineRef", route.as_str()))?,
            }
            xml.create_element("VehicleLocation").write_inner_content(|xml| {
                text(xml, "Longitude", &last.longitude.get().to_string())?;
                text(xml, "Latitude", &last.latitude.get().to_string())
            })?;
            if let Some(heading) = last.heading {
                text(xml, "Bearing", &heading.get().to_string())?;
            }
            if let Some(speed) = last.speed {
                text(xml, "Velocity", &(speed.get() / KMH_PER_MS).round().to_string())?;
            }
            if let Some(on) = &running.on {
                text(xml, "Delay", &duration(on.delay_s))?;
            }
            text(xml, "VehicleRef", vehicle.id.as_str())
        })?;
        Ok(())
    })?;
    Ok(())
}

fn write_journey(xml: &mut Xml, timetable: &Timetable, on: &Match) -> io::Result<()> {
    let trip = &timetable.trips[on.trip];
    let pattern = &timetable.patterns[trip.pattern];
    text(xml, "LineRef", &timetable.routes[pattern.route].id)?;
    if let Some(direction) = pattern.direction {
        text(xml, "DirectionRef", &direction.to_string())?;
    }
    xml.create_element("FramedVehicleJourneyRef").write_inner_content(|xml| {
        text(xml, "DataFrameRef", &on.day.date.to_string())?;
        text(xml, "DatedVehicleJourneyRef", &trip.id)
    })?;
    Ok(())
}

/// ISO 8601, such as `PT125S`; `-PT30S` is early.
fn duration(seconds: f64) -> String {
    let sign = if seconds.round() < 0.0 { "-" } else { "" };
    format!("{sign}PT{}S", seconds.abs().round())
}

fn text(xml: &mut Xml, name: &str, text: &str) -> io::Result<()> {
    xml.create_element(name).write_text_content(BytesText::new(text)).map(drop)
}
