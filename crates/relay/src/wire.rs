//! The messages between nodes, in Protocol Buffers: a version skips the fields that it does not know, so that two versions can
//! run side by side. A field's number is never used for anything else.

use crate::news::{DriverMove, News, Place};
use crate::outgoing::Batch;
use milepost_domain::{
    AccuracyM, Address, AltitudeM, AttributeValue, Attributes, DriverFix, FuelLevelL, HeadingDeg, Invalid, Latitude,
    Longitude, NodeId, OdometerKm, ParcelId, Position, SpeedKmh, TenantId, Timestamp, TrackingId, UserId, VehicleId,
};
use prost::Message;

mod handover;
mod pulse;

pub(crate) use handover::{Handover, decode_handover, encode_handover};
pub(crate) use pulse::{decode_pulse, encode_pulse};

/// What a reader must understand to read a message. Raised only when a message means something else to an older reader.
const FORM: u32 = 1;

/// The news of one tenant that one node sends at once.
#[derive(Clone, PartialEq, Message)]
struct BulletinMessage {
    #[prost(uint32, tag = "1")]
    form: u32,
    #[prost(fixed64, tag = "2")]
    node: u64,
    /// Counts up by one for each node and tenant, from 1.
    #[prost(uint64, tag = "3")]
    sequence: u64,
    #[prost(string, tag = "4")]
    tenant: String,
    #[prost(int64, tag = "5")]
    newest_event: i64,
    #[prost(message, repeated, tag = "6")]
    places: Vec<PlaceMessage>,
    #[prost(message, repeated, tag = "7")]
    drivers: Vec<DriverMessage>,
    #[prost(string, repeated, tag = "8")]
    deliveries: Vec<String>,
    /// Internal numbers of vehicles.
    #[prost(int64, repeated, tag = "9")]
    trips: Vec<i64>,
}

/// The sender of a [`BulletinMessage`]. The rest is skipped without being read.
#[derive(Clone, PartialEq, Message)]
struct SenderMessage {
    #[prost(fixed64, tag = "2")]
    node: u64,
}

#[derive(Clone, PartialEq, Message)]
struct PlaceMessage {
    #[prost(int64, tag = "1")]
    vehicle_no: i64,
    #[prost(string, tag = "2")]
    vehicle: String,
    #[prost(int64, tag = "3")]
    at_ms: i64,
    #[prost(double, tag = "4")]
    latitude: f64,
    #[prost(double, tag = "5")]
    longitude: f64,
    #[prost(double, optional, tag = "6")]
    speed_kmh: Option<f64>,
    #[prost(double, optional, tag = "7")]
    heading_deg: Option<f64>,
    #[prost(double, optional, tag = "8")]
    accuracy_m: Option<f64>,
    #[prost(double, optional, tag = "9")]
    altitude_m: Option<f64>,
    #[prost(double, optional, tag = "10")]
    odometer_km: Option<f64>,
    #[prost(double, optional, tag = "11")]
    fuel_level_l: Option<f64>,
    #[prost(bool, optional, tag = "12")]
    ignition: Option<bool>,
    #[prost(int64, optional, tag = "13")]
    received_ms: Option<i64>,
    #[prost(message, repeated, tag = "14")]
    attributes: Vec<AttributeMessage>,
}

/// One attribute, with one of the values.
#[derive(Clone, PartialEq, Message)]
struct AttributeMessage {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(double, optional, tag = "2")]
    number: Option<f64>,
    #[prost(bool, optional, tag = "3")]
    flag: Option<bool>,
    #[prost(string, optional, tag = "4")]
    text: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct DriverMessage {
    #[prost(int64, tag = "1")]
    driver: i64,
    #[prost(int64, tag = "2")]
    at_ms: i64,
    #[prost(double, tag = "3")]
    latitude: f64,
    #[prost(double, tag = "4")]
    longitude: f64,
    #[prost(string, tag = "5")]
    address: String,
    #[prost(int64, repeated, tag = "6")]
    parcels: Vec<i64>,
}

/// The news of one tenant that one node sent at once.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Bulletin {
    pub(crate) node: NodeId,
    pub(crate) sequence: u64,
    pub(crate) tenant: TenantId,
    pub(crate) news: Vec<News>,
}

/// Why a message can't be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("not a message of this kind: {0}")]
    Malformed(#[from] prost::DecodeError),
    #[error("of form {0}, which this version does not read")]
    Newer(u32),
    #[error("holds an invalid {}", .0.field)]
    Invalid(Invalid),
}

impl From<Invalid> for Unreadable {
    fn from(invalid: Invalid) -> Self {
        Self::Invalid(invalid)
    }
}

pub(crate) fn encode_bulletin(node: NodeId, sequence: u64, tenant: &TenantId, batch: &Batch) -> Vec<u8> {
    let message = BulletinMessage {
        form: FORM,
        node: node.get(),
        sequence,
        tenant: tenant.as_str().to_owned(),
        newest_event: batch.newest_event,
        places: batch.places.iter().map(PlaceMessage::from).collect(),
        drivers: batch.drivers.iter().map(DriverMessage::from).collect(),
        deliveries: batch.deliveries.iter().map(|id| id.as_str().to_owned()).collect(),
        trips: batch.trips.clone(),
    };
    message.encode_to_vec()
}

/// The node that sent a bulletin. A node gets its own bulletins too, and need not read them.
pub(crate) fn sender_of_bulletin(bytes: &[u8]) -> Result<NodeId, Unreadable> {
    Ok(NodeId::new(SenderMessage::decode(bytes)?.node))
}

pub(crate) fn decode_bulletin(bytes: &[u8]) -> Result<Bulletin, Unreadable> {
    let message = BulletinMessage::decode(bytes)?;
    if message.form > FORM {
        return Err(Unreadable::Newer(message.form));
    }
    let mut news = Vec::new();
    if !message.places.is_empty() {
        news.push(News::Places(message.places.into_iter().map(Place::try_from).collect::<Result<_, _>>()?));
    }
    for driver in message.drivers {
        news.push(News::DriverMoved(Box::new(driver.try_into()?)));
    }
    for id in &message.deliveries {
        news.push(News::DeliveryChanged(TrackingId::new(id)?));
    }
    if !message.trips.is_empty() {
        news.push(News::TripsProgressed(message.trips));
    }
    if message.newest_event > 0 {
        news.push(News::Events(message.newest_event));
    }
    let (node, tenant) = (NodeId::new(message.node), TenantId::stored(&message.tenant)?);
    Ok(Bulletin { node, sequence: message.sequence, tenant, news })
}

impl From<&Place> for PlaceMessage {
    fn from(place: &Place) -> Self {
        let position = &place.position;
        Self {
            vehicle_no: place.vehicle_no,
            vehicle: position.vehicle_id.as_str().to_owned(),
            at_ms: position.at.unix_ms(),
            latitude: position.latitude.get(),
            longitude: position.longitude.get(),
            speed_kmh: position.speed.map(SpeedKmh::get),
            heading_deg: position.heading.map(HeadingDeg::get),
            accuracy_m: position.accuracy.map(AccuracyM::get),
            altitude_m: position.altitude.map(AltitudeM::get),
            odometer_km: position.odometer.map(OdometerKm::get),
            fuel_level_l: position.fuel_level.map(FuelLevelL::get),
            ignition: position.ignition,
            received_ms: place.received_at.map(Timestamp::unix_ms),
            attributes: position.attributes.iter().map(AttributeMessage::from).collect(),
        }
    }
}

impl TryFrom<PlaceMessage> for Place {
    type Error = Invalid;

    fn try_from(message: PlaceMessage) -> Result<Self, Invalid> {
        let position = Position {
            vehicle_id: VehicleId::stored(&message.vehicle)?,
            at: time(message.at_ms)?,
            latitude: Latitude::new(message.latitude)?,
            longitude: Longitude::new(message.longitude)?,
            speed: message.speed_kmh.map(SpeedKmh::new).transpose()?,
            heading: message.heading_deg.map(HeadingDeg::new).transpose()?,
            accuracy: message.accuracy_m.map(AccuracyM::new).transpose()?,
            altitude: message.altitude_m.map(AltitudeM::new).transpose()?,
            odometer: message.odometer_km.map(OdometerKm::new).transpose()?,
            fuel_level: message.fuel_level_l.map(FuelLevelL::new).transpose()?,
            ignition: message.ignition,
            attributes: attributes(message.attributes)?,
            is_invalid: false,
        };
        let received_at = message.received_ms.map(time).transpose()?;
        Ok(Self { vehicle_no: message.vehicle_no, position, received_at })
    }
}

impl From<(&str, &AttributeValue)> for AttributeMessage {
    fn from((name, value): (&str, &AttributeValue)) -> Self {
        let unset = Self { name: name.to_owned(), ..Self::default() };
        match value {
            AttributeValue::Number(number) => Self { number: Some(*number), ..unset },
            AttributeValue::Flag(flag) => Self { flag: Some(*flag), ..unset },
            AttributeValue::Text(text) => Self { text: Some(text.to_string()), ..unset },
        }
    }
}

/// A value of a kind that this version does not know is left out.
fn attributes(messages: Vec<AttributeMessage>) -> Result<Attributes, Invalid> {
    let mut entries = Vec::with_capacity(messages.len());
    for AttributeMessage { name, number, flag, text } in messages {
        let value = match (number, flag, text) {
            (Some(number), ..) => AttributeValue::number(number)?,
            (_, Some(flag), _) => AttributeValue::Flag(flag),
            (.., Some(text)) => AttributeValue::text(&text)?,
            (None, None, None) => continue,
        };
        entries.push((name, value));
    }
    Attributes::new(entries)
}

impl From<&DriverMove> for DriverMessage {
    fn from(moved: &DriverMove) -> Self {
        let fix = &moved.fix;
        Self {
            driver: fix.driver_id.get(),
            at_ms: fix.at.unix_ms(),
            latitude: fix.latitude.get(),
            longitude: fix.longitude.get(),
            address: fix.address.as_str().to_owned(),
            parcels: moved.parcels.iter().map(|parcel| parcel.get()).collect(),
        }
    }
}

impl TryFrom<DriverMessage> for DriverMove {
    type Error = Invalid;

    fn try_from(message: DriverMessage) -> Result<Self, Invalid> {
        let fix = DriverFix {
            driver_id: UserId::new(message.driver)?,
            at: time(message.at_ms)?,
            latitude: Latitude::new(message.latitude)?,
            longitude: Longitude::new(message.longitude)?,
            address: Address::stored(&message.address)?,
        };
        let parcels = message.parcels.into_iter().map(ParcelId::new).collect::<Result<_, _>>()?;
        Ok(Self { fix, parcels })
    }
}

fn time(ms: i64) -> Result<Timestamp, Invalid> {
    Timestamp::from_unix_ms(ms).ok_or(Invalid::new("time", "must be in the years 1 to 9999"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn batch() -> Batch {
        let at = Timestamp::from_unix_ms(1_700_000_000_123).unwrap();
        let (latitude, longitude) = (Latitude::new(-6.2).unwrap(), Longitude::new(106.816_666).unwrap());
        let plain = Position::new(VehicleId::new("bus 1").unwrap(), at, latitude, longitude);
        let full = Position {
            speed: Some(SpeedKmh::new(41.7).unwrap()),
            heading: Some(HeadingDeg::new(359.9).unwrap()),
            accuracy: Some(AccuracyM::new(4.2).unwrap()),
            altitude: Some(AltitudeM::new(-3.0).unwrap()),
            odometer: Some(OdometerKm::new(123_456.7).unwrap()),
            fuel_level: Some(FuelLevelL::new(60.5).unwrap()),
            ignition: Some(false),
            attributes: Attributes::new([
                ("rpm", AttributeValue::number(933.5).unwrap()),
                ("motion", AttributeValue::Flag(false)),
                ("alarm", AttributeValue::text("sos").unwrap()),
            ])
            .unwrap(),
            ..plain.clone()
        };
        let fix = DriverFix {
            driver_id: UserId::new(7).unwrap(),
            at,
            latitude,
            longitude,
            address: Address::new("Jl. 1").unwrap(),
        };
        Batch {
            newest_event: 42,
            places: vec![
                Place { vehicle_no: 1, position: plain, received_at: None },
                Place { vehicle_no: 2, position: full, received_at: Some(at) },
            ],
            drivers: vec![DriverMove { fix, parcels: vec![ParcelId::new(3).unwrap(), ParcelId::new(4).unwrap()] }],
            deliveries: vec![TrackingId::new("0f8fad5bd9cb469fa16570867728950e").unwrap()],
            trips: vec![7, 1 << 40],
        }
    }

    #[test]
    fn what_is_sent_is_read_again() {
        let (home, sent) = (TenantId::default_tenant(), batch());
        let read = decode_bulletin(&encode_bulletin(NodeId::new(9), 5, &home, &sent)).unwrap();
        assert_eq!((read.node, read.sequence, &read.tenant), (NodeId::new(9), 5, &home));
        let bytes = encode_bulletin(NodeId::new(9), 5, &home, &sent);
        assert_eq!(sender_of_bulletin(&bytes).unwrap(), NodeId::new(9));
        let expected = vec![
            News::Places(sent.places),
            News::DriverMoved(Box::new(sent.drivers[0].clone())),
            News::DeliveryChanged(sent.deliveries[0].clone()),
            News::TripsProgressed(sent.trips),
            News::Events(42),
        ];
        assert_eq!(read.news, expected);
    }

    /// A message that the first version sent. Every later version reads it.
    #[test]
    fn the_first_versions_message_is_read() {
        let bytes = [
            8, 1, 17, 9, 0, 0, 0, 0, 0, 0, 0, 24, 5, 34, 7, b'd', b'e', b'f', b'a', b'u', b'l', b't', 40, 42, 50, 26,
            8, 1, 18, 1, b'b', 24, 232, 7, 33, 0, 0, 0, 0, 0, 0, 240, 63, 41, 0, 0, 0, 0, 0, 0, 0, 64,
        ];
        let read = decode_bulletin(&bytes).unwrap();
        let position = Position::new(
            VehicleId::new("b").unwrap(),
            Timestamp::from_unix_ms(1_000).unwrap(),
            Latitude::new(1.0).unwrap(),
            Longitude::new(2.0).unwrap(),
        );
        let places = vec![Place { vehicle_no: 1, position, received_at: None }];
        assert_eq!(read.news, [News::Places(places), News::Events(42)]);
    }

    #[test]
    fn fields_of_a_newer_version_are_passed_over() {
        let mut bytes = encode_bulletin(NodeId::new(9), 5, &TenantId::default_tenant(), &batch());
        // Field 100, of two bytes.
        bytes.extend([0xa2, 0x06, 2, b'h', b'i']);
        assert_eq!(decode_bulletin(&bytes).unwrap().news.len(), 5);
    }

    #[test]
    fn a_message_of_a_newer_form_or_with_nonsense_is_refused() {
        let newer = BulletinMessage { form: FORM + 1, tenant: "default".to_owned(), ..BulletinMessage::default() };
        assert!(matches!(decode_bulletin(&newer.encode_to_vec()), Err(Unreadable::Newer(2))));
        let mut wrong = BulletinMessage { form: FORM, tenant: "default".to_owned(), ..BulletinMessage::default() };
        wrong.places.push(PlaceMessage { latitude: f64::NAN, vehicle: "b".to_owned(), ..PlaceMessage::default() });
        assert!(matches!(decode_bulletin(&wrong.encode_to_vec()), Err(Unreadable::Invalid(_))));
        assert!(decode_bulletin(b"\xff\xff").is_err());
    }
}
