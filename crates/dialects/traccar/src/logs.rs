//! What trackers send, byte for byte, for the sockets that ask for it.

use crate::channel::{channel_of, log_message};
use crate::directory::Directory;
use milepost_domain::{TenantId, VehicleId};
use milepost_hub::Hub;
use serde_json::json;
use std::fmt::Write as _;
use std::net::IpAddr;
use std::sync::Arc;

/// What one read from a tracker's connection gave.
#[derive(Debug, Clone, Copy)]
pub struct Heard<'a> {
    /// The protocol of the port.
    pub protocol: &'a str,
    /// Where the tracker is.
    pub address: IpAddr,
    /// What it sent.
    pub bytes: &'a [u8],
}

/// Tells sockets on this node what trackers on this node send.
#[derive(Clone)]
pub struct DeviceLog {
    hub: Hub,
    directory: Arc<Directory>,
}

impl DeviceLog {
    /// Publishes into `hub`, about the fleets of `directory`.
    pub const fn new(hub: Hub, directory: Arc<Directory>) -> Self {
        Self { hub, directory }
    }

    /// Whether anybody looks.
    pub fn is_read(&self) -> bool {
        self.directory.has_log_readers()
    }

    /// Tells what the tracker of a vehicle sent.
    pub fn note(&self, tenant: &TenantId, vehicle: &VehicleId, heard: Heard<'_>) {
        let Some(channel) = self.hub.find_channel(&channel_of(tenant)) else { return };
        let Some(fleet) = self.directory.last(tenant) else { return };
        let Some(device) = fleet.devices.get(vehicle) else { return };
        let line = json!({
            "protocol": heard.protocol,
            "uniqueId": device.unique_id,
            "deviceId": device.number,
            "data": written(heard.bytes),
            "host": heard.address.to_string(),
        });
        channel.publish(log_message(vehicle, json!({ "logs": [line] }).to_string()));
    }
}

/// Text as text, with its line ends shown; anything else as digits.
fn written(bytes: &[u8]) -> String {
    let is_printable = |byte: &u8| byte.is_ascii_graphic() || b" \r\n".contains(byte);
    if bytes.iter().all(is_printable) {
        return String::from_utf8_lossy(bytes).replace('\r', "\\r").replace('\n', "\\n");
    }
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::written;

    #[test]
    fn text_is_shown_as_text_and_bytes_as_digits() {
        assert_eq!(written(b"*HQ,1,V1#\r\n"), "*HQ,1,V1#\\r\\n");
        assert_eq!(written(&[0x78, 0x78, 0x0d, 0x01]), "78780d01");
    }
}
