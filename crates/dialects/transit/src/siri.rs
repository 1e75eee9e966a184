//! SIRI 2.0 Vehicle Monitoring (<https://github.com/SIRI-CEN/SIRI>): elements in the order of its schema, unknown ones left out.

use crate::convert::KMH_PER_MS;
use milepost_domain::Timestamp;
use milepost_http::rfc3339;
use milepost_service::LiveVehicle;
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use std::io;

/// How long a place holds, milliseconds: after it the vehicle is left out.
pub(crate) const VALID_MS: i64 = 600_000;

/// The delivery of all these vehicles. Those without a place are left out.
pub fn vehicle_monitoring(vehicles: &[LiveVehicle], now: Timestamp) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    write_document(&mut writer, vehicles, now).expect("writing into memory");
    writer.into_inner()
}

type Xml = Writer<Vec<u8>>;

fn write_document(xml: &mut Xml, vehicles: &[LiveVehicle], now: Timestamp) -> io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let now = rfc3339(now);
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
                vehicles.iter().try_for_each(|vehicle| write_activity(xml, vehicle))
            })?;
            Ok(())
        })?;
        Ok(())
    })?;
    Ok(())
}

fn write_activity(xml: &mut Xml, live: &LiveVehicle) -> io::Result<()> {
    let (vehicle, Some(last)) = (&live.vehicle, live.last.as_ref()) else { return Ok(()) };
    xml.create_element("VehicleActivity").write_inner_content(|xml| {
        text(xml, "RecordedAtTime", &rfc3339(last.at))?;
        text(xml, "ValidUntilTime", &rfc3339(last.at.plus_ms(VALID_MS)))?;
        xml.create_element("MonitoredVehicleJourney").write_inner_content(|xml| {
            if let Some(route) = &vehicle.route {
                text(xml, "LineRef", route.as_str())?;
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
            text(xml, "VehicleRef", vehicle.id.as_str())
        })?;
        Ok(())
    })?;
    Ok(())
}

fn text(xml: &mut Xml, name: &str, text: &str) -> io::Result<()> {
    xml.create_element(name).write_text_content(BytesText::new(text)).map(drop)
}
