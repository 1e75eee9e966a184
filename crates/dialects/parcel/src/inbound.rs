//! Reads a viewer's messages, and names what is wrong with them.

use milepost_domain::{Address, Invalid, Latitude, Longitude, ParcelId};
use milepost_http::parse_timestamp;
use milepost_live::{INVALID_JSON, unknown_type};
use milepost_service::DriverReport;
use serde_json::Value;

/// A message from a viewer to the server.
#[derive(Debug, Clone, PartialEq)]
pub enum ParcelRequest {
    /// Where the driver is: `{"type":"location_update", lat, lng, address?, parcel_id?, timestamp?}`.
    LocationUpdate(DriverReport),
    /// Follows another parcel: `{"type":"subscribe_parcel", parcel_id}`.
    SubscribeParcel(ParcelId),
    /// Stops following a parcel: `{"type":"unsubscribe_parcel", parcel_id}`.
    UnsubscribeParcel(ParcelId),
    /// Asks for a `pong`: `{"type":"ping"}`.
    Ping,
}

/// Reads one message.
///
/// # Errors
/// The reason for the `error` message that answers it.
pub fn read_message(text: &str) -> Result<ParcelRequest, String> {
    let message: Value = serde_json::from_str(text).map_err(|_| INVALID_JSON.to_owned())?;
    match message.get("type").and_then(Value::as_str) {
        Some("location_update") => read_location(&message).map(ParcelRequest::LocationUpdate),
        Some("subscribe_parcel") => required_parcel(&message).map(ParcelRequest::SubscribeParcel),
        Some("unsubscribe_parcel") => required_parcel(&message).map(ParcelRequest::UnsubscribeParcel),
        Some("ping") => Ok(ParcelRequest::Ping),
        Some(other) => Err(unknown_type(other)),
        None => Err(unknown_type("none")),
    }
}

fn read_location(message: &Value) -> Result<DriverReport, String> {
    // A value that is not a number is refused with the same text as a number out of range.
    let degrees = |field| message.get(field).and_then(Value::as_f64).unwrap_or(f64::NAN);
    let address = match present(message, "address") {
        None => Address::default(),
        Some(Value::String(text)) => Address::new(text).map_err(|invalid| invalid.to_string())?,
        Some(_) => return Err("address must be text".to_owned()),
    };
    let at = present(message, "timestamp").map(parse_timestamp).transpose();
    Ok(DriverReport {
        latitude: Latitude::new(degrees("lat")).map_err(|invalid| named("lat", invalid))?,
        longitude: Longitude::new(degrees("lng")).map_err(|invalid| named("lng", invalid))?,
        address,
        at: at.map_err(|takes| format!("timestamp {takes}"))?,
        parcel_id: present(message, "parcel_id").map(parcel_of).transpose()?,
    })
}

fn required_parcel(message: &Value) -> Result<ParcelId, String> {
    parcel_of(present(message, "parcel_id").unwrap_or(&Value::Null))
}

/// Reads a number, or its digits as text, because pages take the number from their URL.
fn parcel_of(value: &Value) -> Result<ParcelId, String> {
    let number = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    number
        .and_then(|number| ParcelId::new(number).ok())
        .ok_or_else(|| "parcel_id must be a whole number from 1".to_owned())
}

/// Treats null as absent.
fn present<'a>(message: &'a Value, field: &str) -> Option<&'a Value> {
    message.get(field).filter(|value| !value.is_null())
}

fn named(field: &str, invalid: Invalid) -> String {
    format!("{field} {}", invalid.message)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_drivers_location_is_read() {
        let text =
            r#"{"type":"location_update","lat":28.6139,"lng":77.2090,"address":"New Delhi, India","parcel_id":12}"#;
        let ParcelRequest::LocationUpdate(report) = read_message(text).unwrap() else { panic!("no location") };
        assert_eq!((report.latitude.get(), report.longitude.get()), (28.6139, 77.209));
        assert_eq!(report.address.as_str(), "New Delhi, India");
        assert_eq!((report.parcel_id, report.at), (ParcelId::new(12).ok(), None));
    }

    #[test]
    fn optional_fields_may_be_null_and_the_number_may_be_text() {
        let text =
            r#"{"type":"location_update","lat":0,"lng":-180,"address":null,"parcel_id":"12","timestamp":1736937045}"#;
        let ParcelRequest::LocationUpdate(report) = read_message(text).unwrap() else { panic!("no location") };
        assert_eq!(report.parcel_id, ParcelId::new(12).ok());
        assert_eq!(report.at.unwrap().unix_ms(), 1_736_937_045_000);
    }

    #[test]
    fn every_refusal_says_what_the_field_takes() {
        let check = |text: &str, expected: &str| assert_eq!(read_message(text).unwrap_err(), expected, "{text}");
        check("nonsense", "Invalid JSON format");
        check(r#"{"type":"location_update","lat":NaN,"lng":1}"#, "Invalid JSON format");
        check("[]", "Unknown message type: none");
        check(r#"{"type":"dance"}"#, "Unknown message type: dance");
        check(r#"{"type":"location_update","lng":1}"#, "lat must be a number from -90 to 90");
        check(r#"{"type":"location_update","lat":"1","lng":1}"#, "lat must be a number from -90 to 90");
        check(r#"{"type":"location_update","lat":90.001,"lng":1}"#, "lat must be a number from -90 to 90");
        check(r#"{"type":"location_update","lat":1,"lng":-180.1}"#, "lng must be a number from -180 to 180");
        check(r#"{"type":"location_update","lat":1,"lng":1,"address":7}"#, "address must be text");
        check(
            r#"{"type":"location_update","lat":1,"lng":1,"parcel_id":"x"}"#,
            "parcel_id must be a whole number from 1",
        );
        check(r#"{"type":"subscribe_parcel"}"#, "parcel_id must be a whole number from 1");
        check(
            r#"{"type":"location_update","lat":1,"lng":1,"timestamp":"soon"}"#,
            "timestamp must be RFC 3339, Unix seconds or Unix milliseconds",
        );
    }
}
