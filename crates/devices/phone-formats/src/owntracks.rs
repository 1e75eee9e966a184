//! OwnTracks' messages, which are the same over HTTP and MQTT. Speed is in km/h.

use crate::json_value::{add, number, unique_id};
use crate::time::time_of;
use crate::traccar::place;
use crate::{DeviceSecrets, MAX_REPORTS, Malformed};
use milepost_device_report::{DeviceReport, ReportTime};
use milepost_domain::{Alarm, AttributeList, UniqueId, attribute};
use serde_json::Value;

/// What a body or payload said.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OwnTracks {
    /// The names that the messages themselves have, the best one first: of the topic, then the two letters of `tid`.
    pub names: Vec<UniqueId>,
    /// Locations and transitions. Other messages say nothing of where the device is.
    pub reports: Vec<DeviceReport>,
}

/// Reads one message or a list, of the device with the first of these names that has a secret, if they are encrypted. In a list, one
/// that can't be read is left out. Nothing at all is fine: it clears a retained message.
///
/// # Errors
/// [`Malformed`] if it is not JSON, or none of it can be read.
pub fn read_owntracks(body: &[u8], names: &[UniqueId], secrets: &DeviceSecrets) -> Result<OwnTracks, Malformed> {
    let mut read = OwnTracks::default();
    if body.trim_ascii().is_empty() {
        return Ok(read);
    }
    let json: Value = serde_json::from_slice(body).map_err(|_| Malformed("the message is not JSON"))?;
    match &json {
        Value::Object(_) => read.take(&json, names, secrets, true)?,
        Value::Array(items) if items.len() > MAX_REPORTS => return Err(Malformed("at most 10000 messages at once")),
        Value::Array(items) => {
            let outcomes: Vec<_> = items.iter().map(|item| read.take(item, names, secrets, true)).collect();
            if let Some(Err(refused)) = outcomes.first()
                && outcomes.iter().all(Result::is_err)
            {
                return Err(*refused);
            }
        }
        _ => return Err(Malformed("a message must be an object")),
    }
    Ok(read)
}

impl OwnTracks {
    fn take(
        &mut self,
        message: &Value,
        names: &[UniqueId],
        secrets: &DeviceSecrets,
        may_be_encrypted: bool,
    ) -> Result<(), Malformed> {
        if self.names.is_empty() {
            let of_topic = message["topic"].as_str().map(names_of_topic).unwrap_or_default();
            self.names = of_topic.into_iter().chain(unique_id(&message["tid"])).collect();
        }
        match message["_type"].as_str() {
            Some("location") => self.reports.push(location(message)?),
            Some("transition") => self.reports.push(transition(message)?),
            Some("encrypted") if may_be_encrypted => {
                let known = names.iter().chain(&self.names).find(|name| secrets.has(name));
                let known =
                    known.ok_or(Malformed("the message is encrypted, and no secret is known for the device"))?;
                let plain = secrets.open(known, message["data"].as_str().unwrap_or_default());
                let plain = plain.map_err(|_| Malformed("the message can't be decrypted with the device's secret"))?;
                let inside: Value = serde_json::from_slice(&plain).map_err(|_| Malformed("the message is not JSON"))?;
                self.take(&inside, names, secrets, false)?;
            }
            // Waypoints, commands, cards, farewells and what comes later. A list of messages has no list in it.
            _ if message.is_object() => {}
            _ => return Err(Malformed("a message must be an object")),
        }
        Ok(())
    }
}

fn time(message: &Value) -> Result<ReportTime, Malformed> {
    match time_of(&message["tst"])? {
        ReportTime::At(at) if at.unix_ms() > 0 => Ok(ReportTime::At(at)),
        _ => Err(Malformed("tst must be the time of the fix")),
    }
}

fn location(message: &Value) -> Result<DeviceReport, Malformed> {
    let place = place(&message["lat"], &message["lon"])?.ok_or(Malformed("lat and lon are required"))?;
    let mut attributes = AttributeList::default();
    for (field, name) in [
        ("batt", attribute::BATTERY_PERCENT),
        ("ubatt", attribute::BATTERY_V),
        ("uext", attribute::POWER_V),
        ("t", attribute::EVENT),
        ("vac", "vertical_accuracy"),
        ("conn", "connection"),
        ("p", "pressure_kpa"),
        ("m", "mode"),
        ("tid", "tid"),
        ("inregions", "regions"),
        ("imei", "imei"),
    ] {
        add(&mut attributes, name, &message[field]);
    }
    // 1 unplugged, 2 charging, 3 full.
    if let Some(state @ 1..=3) = message["bs"].as_u64() {
        attributes.flag(attribute::CHARGING, state == 2);
    }
    Ok(DeviceReport {
        time: time(message)?,
        place: Some(place),
        speed_kmh: number(&message["vel"]),
        heading_deg: number(&message["cog"]),
        altitude_m: number(&message["alt"]),
        accuracy_m: number(&message["acc"]),
        odometer_km: number(&message["odometer"]),
        ignition: message["ign"].as_bool(),
        attributes: attributes.finish(),
        ..DeviceReport::default()
    })
}

/// A region that the phone knows was entered or left. It is no fix: the app sends that by itself.
fn transition(message: &Value) -> Result<DeviceReport, Malformed> {
    let alarm = match message["event"].as_str() {
        Some("enter") => Alarm::GeofenceEnter,
        Some("leave") => Alarm::GeofenceExit,
        _ => return Err(Malformed("event must be enter or leave")),
    };
    let mut attributes = AttributeList::default();
    attributes.alarm(alarm);
    add(&mut attributes, attribute::EVENT, &message["desc"]);
    Ok(DeviceReport { time: time(message)?, attributes: attributes.finish(), ..DeviceReport::default() })
}

/// The names of the device of a topic such as `owntracks/jane/phone/event`: `jane/phone`, then the topic itself.
pub fn names_of_topic(topic: &str) -> Vec<UniqueId> {
    let levels: Vec<_> = topic.trim_start_matches('/').split('/').collect();
    let short = match levels.as_slice() {
        [_, user, device, ..] => Some(format!("{user}/{device}")),
        _ => None,
    };
    let whole = levels.iter().take(3).copied().collect::<Vec<_>>().join("/");
    short.into_iter().chain([whole]).filter_map(|name| UniqueId::new(&name).ok()).collect()
}
