//! A tracker on a socket.

use crate::support::{PATIENCE, TestServer, json_of};
use milepost_device_protocols::Protocol;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Every protocol, on ports of the system's choice.
pub const ALL_PORTS: (&str, &str) = (
    "DEVICE_PORTS",
    "teltonika=0,gt06=0,h02=0,gps103=0,tk103=0,jt808=0,queclink=0,meitrack=0,ruptela=0,suntech=0,nmea=0",
);

/// `login` and `packet` of one device: codec 8, one record of 2019-06-10T10:04:46Z without a fix and with values.
pub const TELTONIKA_IMEI: &str = "356307042441013";
pub const TELTONIKA_LOGIN: &str = "000f333536333037303432343431303133";
/// Three records of 2022, the newest two with a fix, at 55.951 N, 23.291 E.
pub const TELTONIKA_PACKET: &str = "00000000000000e708030000018293d62060000de1f6a62159767e00000000000000000b074504f00050041500c801ef004f630342320043000344000001f100006019000000018291b0c790000de1f6a62159767e006e0144070000ef12074503f00050051505c800ef004f0207b5000eb6000b423324180000ce00dc43001144000004c700000007f100006019cd0003c7776300ea4e2e000000018291aff0b8000de1f91f21597405006f00f61300080012074503f00150051504c800ef014f0207b50009b600054236c1180008ce00dc43003f44000004c700000003f100006019cd0003c7776300ea4e2700030000a48d";

pub fn unhex(text: &str) -> Vec<u8> {
    (0..text.len() / 2).map(|index| u8::from_str_radix(&text[2 * index..2 * index + 2], 16).unwrap()).collect()
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub struct Tracker(pub TcpStream);

impl Tracker {
    pub async fn connect(server: &TestServer, protocol: Protocol) -> Self {
        Self(TcpStream::connect(address(server, protocol)).await.unwrap())
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).await.unwrap();
    }

    /// Reads as many bytes as are expected, and compares them.
    pub async fn expect(&mut self, expected: &[u8]) {
        let mut answer = vec![0; expected.len()];
        let read = tokio::time::timeout(PATIENCE, self.0.read_exact(&mut answer)).await;
        read.expect("an answer in time").unwrap();
        assert_eq!(hex(&answer), hex(expected), "{}", String::from_utf8_lossy(&answer));
    }

    /// Reads to the end of the connection.
    pub async fn end(mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // A reset is an end too.
        let _ = tokio::time::timeout(PATIENCE, self.0.read_to_end(&mut rest)).await.expect("the connection ends");
        rest
    }
}

pub fn address(server: &TestServer, protocol: Protocol) -> std::net::SocketAddr {
    let (_, address) = server.running.tracker_addresses.iter().find(|(known, _)| *known == protocol).unwrap();
    (std::net::Ipv4Addr::LOCALHOST, address.port()).into()
}

/// Adds a vehicle with a tracker of this id, which may have more settings.
pub async fn add_tracker(server: &TestServer, vehicle: &str, unique_id: &str, settings: Value) {
    server.add_bus(vehicle).await;
    let mut body = json!({ "vehicle_id": vehicle, "unique_id": unique_id });
    body.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    json_of(server.post("/api/v1/devices", &server.admin, body).await, 201).await;
}

/// All stored positions of a vehicle, the oldest first.
pub async fn positions(server: &TestServer, vehicle: &str) -> Vec<Value> {
    let path = format!("/api/v1/vehicles/{vehicle}/positions?outliers=1&limit=1000");
    server.get_json(&path, &server.admin).await["items"].as_array().unwrap().clone()
}
