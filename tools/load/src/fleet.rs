//! Buses and their kiosks: created over the public API, then driven in circles.

use crate::http::{Client, json_request};
use crate::stamp::heading_of;
use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fmt::Write as _;

/// The initial capacity of a position's JSON. No position is longer.
const POSITION_BYTES: usize = 192;
/// The time that a circle with a radius of 1 km takes at 18 km/h.
const LAP_MS: i64 = 1_256_637;

/// One bus with its kiosk.
#[derive(Debug, Clone)]
pub(crate) struct Bus {
    /// Vehicle id.
    pub(crate) id: String,
    /// Its kiosk's id and secret key; empty if it was set up without one.
    kiosk: (String, String),
    /// The time of its newest position. The next one is at least a millisecond later.
    pub(crate) newest_ms: i64,
}

/// The buses of a run.
#[derive(Debug, Clone)]
pub(crate) struct Fleet {
    /// In the order of their creation.
    pub(crate) buses: Vec<Bus>,
    numbers: HashMap<String, usize>,
}

impl Fleet {
    /// Adds vehicles with these ids, and a kiosk for each if asked for.
    pub(crate) fn set_up(client: &mut Client, ids: impl IntoIterator<Item = String>, kiosks: bool) -> Result<Self> {
        let mut buses = Vec::new();
        for id in ids {
            let plate = format!("LOAD {:04}", buses.len());
            let vehicle = json!({"id": id, "kind": "bus", "label": id, "license_plate": plate});
            must_be(201, client.call("POST", "/api/v1/vehicles", &vehicle)?)?;
            let mut kiosk = (String::new(), String::new());
            if kiosks {
                kiosk.0 = format!("kiosk-{id}");
                let device = json!({"id": kiosk.0, "vehicle_id": id});
                let answer = must_be(201, client.call("POST", "/api/v1/devices", &device)?)?;
                kiosk.1 = answer["key"].as_str().context("a new device came without its key")?.to_owned();
            }
            buses.push(Bus { id, kiosk, newest_ms: 0 });
        }
        Ok(Self::of(buses))
    }

    fn of(buses: Vec<Bus>) -> Self {
        let numbers = buses.iter().enumerate().map(|(number, bus)| (bus.id.clone(), number)).collect();
        Self { buses, numbers }
    }

    /// Buses that were created on no server.
    #[cfg(test)]
    pub(crate) fn of_ids(ids: impl IntoIterator<Item = String>) -> Self {
        let bus = |id: String| Bus { kiosk: (format!("kiosk-{id}"), "secret".into()), id, newest_ms: 0 };
        Self::of(ids.into_iter().map(bus).collect())
    }

    /// Ids `PREFIX-0000`, `PREFIX-0001` … Each run has its own prefix, so that several can share a database.
    pub(crate) fn numbered(prefix: &str, count: usize) -> impl Iterator<Item = String> + use<> {
        let prefix = prefix.to_owned();
        (0..count).map(move |number| format!("{prefix}-{number:04}"))
    }

    /// The index of the bus with this id.
    pub(crate) fn number_of(&self, id: &str) -> Option<usize> {
        self.numbers.get(id).copied()
    }

    /// A batch of one new position of each of these buses, as the body of `POST /api/v1/positions`.
    pub(crate) fn batch(&mut self, numbers: impl IntoIterator<Item = usize>, at_ms: i64, stamp_us: u64) -> String {
        self.batch_every(1, numbers, at_ms, stamp_us)
    }

    /// The same, with at least `step_ms` between the positions of a bus.
    pub(crate) fn batch_every(
        &mut self,
        step_ms: i64,
        numbers: impl IntoIterator<Item = usize>,
        at_ms: i64,
        stamp_us: u64,
    ) -> String {
        let mut body = String::with_capacity(POSITION_BYTES);
        body.push('[');
        for number in numbers {
            if body.len() > 1 {
                body.push(',');
            }
            let bus = &mut self.buses[number];
            let id = bus.id.clone();
            bus.push_position(&mut body, Some(&id), at_ms.max(bus.newest_ms + step_ms), stamp_us);
        }
        body.push(']');
        body
    }
}

impl Bus {
    /// The ping of its kiosk, ready to send to `path_prefix` + kiosk id + `/location/`.
    pub(crate) fn kiosk_request(&mut self, path_prefix: &str, at_ms: i64, stamp_us: u64) -> Vec<u8> {
        let mut body = String::with_capacity(POSITION_BYTES);
        self.push_position(&mut body, None, at_ms, stamp_us);
        let path = format!("{path_prefix}{}/location/", self.kiosk.0);
        json_request("POST", &path, &format!("x-device-key: {}", self.kiosk.1), body.as_bytes())
    }

    /// Appends a position on a circle of 1 km, driven at 18 km/h at any pace of reports, so that no rule makes it an outlier.
    fn push_position(&mut self, body: &mut String, vehicle_id: Option<&str>, at_ms: i64, stamp_us: u64) {
        self.newest_ms = at_ms.max(self.newest_ms + 1);
        push_position(body, vehicle_id, place_at(self.newest_ms), 18.0, stamp_us, self.newest_ms);
    }
}

/// Degrees north and east of somebody on the circle.
pub(crate) fn place_at(at_ms: i64) -> (f64, f64) {
    let angle = (at_ms % LAP_MS) as f64 / LAP_MS as f64 * std::f64::consts::TAU;
    (30.267 + 0.009 * angle.sin(), -97.743 + 0.0104 * angle.cos())
}

/// Appends one position as a JSON object.
pub(crate) fn push_position(
    body: &mut String,
    vehicle_id: Option<&str>,
    (latitude, longitude): (f64, f64),
    speed_kmh: f64,
    stamp_us: u64,
    at_ms: i64,
) {
    let heading = heading_of(stamp_us);
    let at = jiff::Timestamp::from_millisecond(at_ms).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    body.push('{');
    let written = match vehicle_id {
        Some(id) => write!(body, r#""vehicle_id":"{id}","#),
        None => Ok(()),
    }
    .and_then(|()| {
        write!(
            body,
            r#""latitude":{latitude:.6},"longitude":{longitude:.6},"speed":{speed_kmh:.1},"heading":{heading:.6},"timestamp":"{at:.3}"}}"#
        )
    });
    written.expect("writing into a string can't fail");
}

/// Returns the answer's body if it has the wanted status.
pub(crate) fn must_be(wanted: u16, (status, body): (u16, Value)) -> Result<Value> {
    if status != wanted {
        bail!("the server answered {status}: {body}");
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed test may panic")]
    use super::*;

    fn fleet(count: usize) -> Fleet {
        Fleet::of_ids(Fleet::numbered("bus", count))
    }

    #[test]
    fn a_batch_is_json_and_no_two_positions_of_a_bus_share_an_instant() {
        let mut fleet = fleet(2);
        let batch: Value = serde_json::from_str(&fleet.batch([0, 1, 0], 1_768_473_045_123, 12_345_678)).unwrap();
        assert_eq!(batch[0]["vehicle_id"], "bus-0000");
        assert_eq!(batch[0]["timestamp"], "2026-01-15T10:30:45.123Z");
        assert_eq!(batch[2]["timestamp"], "2026-01-15T10:30:45.124Z");
        assert_eq!(batch[1]["heading"], 12.345_678);
        assert_eq!(fleet.buses[0].newest_ms, 1_768_473_045_124);
        assert_eq!(fleet.number_of("bus-0001"), Some(1));
    }

    #[test]
    fn a_kiosk_ping_names_no_vehicle_but_carries_the_key() {
        let request =
            String::from_utf8(fleet(1).buses[0].kiosk_request("/api/v1/kiosks/", 1_768_473_045_123, 5)).unwrap();
        assert!(request.starts_with("POST /api/v1/kiosks/kiosk-bus-0000/location/ HTTP/1.1\r\n"));
        assert!(request.contains("\r\nx-device-key: secret\r\n"));
        let body: Value = serde_json::from_str(request.split_once("\r\n\r\n").unwrap().1).unwrap();
        assert!(body.get("vehicle_id").is_none() && body["latitude"].is_f64());
    }

    #[test]
    fn a_bus_drives_at_most_six_metres_a_step() {
        let mut fleet = fleet(1);
        let mut place = || {
            let batch: Value = serde_json::from_str(&fleet.batch([0], 0, 0)).unwrap();
            (batch[0]["latitude"].as_f64().unwrap(), batch[0]["longitude"].as_f64().unwrap())
        };
        let mut last = place();
        for _ in 0..2000 {
            let next = place();
            let (north_m, east_m) = ((next.0 - last.0) * 111_195.0, (next.1 - last.1) * 96_000.0);
            assert!(north_m.hypot(east_m) < 6.0);
            last = next;
        }
    }
}
