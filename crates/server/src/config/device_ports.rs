//! `DEVICE_PORTS`: the protocols of trackers that are served, and their ports.

use milepost_device_protocols::Protocol;

/// A protocol and the port on which it is served, over TCP and UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DevicePort {
    /// What is spoken there.
    pub protocol: Protocol,
    /// The port; 0 lets the system choose.
    pub port: u16,
}

/// Reads `teltonika,gt06=6023`. A name alone stands for the protocol's usual port.
///
/// # Errors
/// What the text must be.
pub(super) fn device_ports(entries: &[String]) -> Result<Vec<DevicePort>, String> {
    let mut ports: Vec<DevicePort> = Vec::new();
    for entry in entries {
        let (name, port) =
            entry.split_once('=').map_or((entry.as_str(), None), |(name, port)| (name.trim(), Some(port)));
        let protocol = Protocol::from_name(name).ok_or_else(|| {
            let names: Vec<&str> = Protocol::ALL.iter().map(|protocol| protocol.name()).collect();
            format!("must have names of protocols, {}; not {name}", names.join(", "))
        })?;
        let port = match port {
            None => protocol.usual_port(),
            Some(port) => port.trim().parse().map_err(|_| format!("must have ports from 0 to 65535, not {entry}"))?,
        };
        if port != 0 && ports.iter().any(|known| known.port == port) {
            return Err(format!("must not have port {port} twice"));
        }
        ports.push(DevicePort { protocol, port });
    }
    Ok(ports)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::config::setting::list;

    #[test]
    fn a_name_alone_stands_for_its_usual_port() {
        let ports = device_ports(&list("teltonika, gt06=6023,h02 = 0")).unwrap();
        let ports: Vec<_> = ports.iter().map(|port| (port.protocol.name(), port.port)).collect();
        assert_eq!(ports, [("teltonika", 5027), ("gt06", 6023), ("h02", 0)]);
        assert!(device_ports(&list("")).unwrap().is_empty());
    }

    #[test]
    fn what_can_not_be_served_is_refused() {
        for text in ["tetlonika", "gt06=", "gt06=70000", "gt06=-1", "gt06=5023,h02=5023", "=5023"] {
            assert!(device_ports(&list(text)).is_err(), "{text}");
        }
    }
}
