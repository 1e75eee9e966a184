//! Devices: what reports positions.

use crate::{DeviceId, Invalid, Label, PastAssignments, TenantId, Timestamp, UtcOffset, VehicleId, unicode};
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

/// A kiosk, tracker or phone: it has a secret key (kept hashed) and reports for one vehicle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Unique within its tenant.
    pub id: DeviceId,
    /// The tenant that it belongs to.
    pub tenant: TenantId,
    /// The one vehicle it reports for.
    pub vehicle_id: VehicleId,
    /// The vehicles that it was in before; `None` for one that was removed since. The store writes them when it moves.
    pub past_vehicles: PastAssignments<Option<VehicleId>>,
    /// Name for people.
    pub name: Option<Label>,
    /// How it names itself in its own protocol.
    pub unique_id: Option<UniqueId>,
    /// The only protocol that it may use; any if `None`.
    pub protocol: Option<DeviceProtocol>,
    /// The zone of its clock, for protocols that send local time.
    pub utc_offset: Option<UtcOffset>,
    /// It waits for acknowledgements that its protocol makes a choice of (Queclink's SACK).
    pub sack: bool,
    /// Counts its changes, from the Unix milliseconds of its creation.
    pub version: i64,
}

/// How a device names itself: an IMEI, a phone's id, OwnTracks' `user/device`. Unique on the whole server, as hardware is.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UniqueId(Arc<str>);

impl UniqueId {
    /// Characters of the longest one: the longest topics of OwnTracks have some 90.
    pub const MAX_CHARS: usize = 128;

    /// 1 to 128 characters that show something, without spaces at the ends. Kept in NFC.
    ///
    /// # Errors
    /// [`Invalid`] for anything else.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let text = unicode::nfc(text);
        let fits = (1..=Self::MAX_CHARS).contains(&text.chars().count());
        if fits
            && text.trim() == text
            && !text.chars().any(|c| c.is_control() || unicode::is_ignorable(c))
            && !unicode::turns_direction(&text)
        {
            Ok(Self(text.as_ref().into()))
        } else {
            Err(Invalid::new(
                "unique_id",
                "must be 1 to 128 characters that show something, without spaces at the ends",
            ))
        }
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// A protocol of devices, by its name in settings and answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeviceProtocol(&'static str);

macro_rules! protocols {
    ($($name:ident => $text:literal,)*) => {
        impl DeviceProtocol {
            $(#[doc = concat!("`", $text, "`")] pub const $name: Self = Self($text);)*

            /// Every protocol.
            pub const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

protocols! {
    OSMAND => "osmand",
    TRACCAR => "traccar",
    GPSLOGGER => "gpslogger",
    OWNTRACKS => "owntracks",
    OVERLAND => "overland",
    MQTT => "mqtt",
    TELTONIKA => "teltonika",
    GT06 => "gt06",
    H02 => "h02",
    GPS103 => "gps103",
    TK103 => "tk103",
    JT808 => "jt808",
    QUECLINK => "queclink",
    MEITRACK => "meitrack",
    RUPTELA => "ruptela",
    SUNTECH => "suntech",
    NMEA => "nmea",
}

impl DeviceProtocol {
    /// By its name.
    ///
    /// # Errors
    /// [`Invalid`] for a name that no protocol has.
    pub fn new(name: &str) -> Result<Self, Invalid> {
        let known = Self::ALL.iter().find(|protocol| protocol.0 == name).copied();
        known.ok_or(Invalid::new("protocol", "must be the name of a protocol, such as osmand, owntracks or teltonika"))
    }

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for DeviceProtocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A device that reported and that nobody has added yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownDevice {
    /// A UUID of version 7, so that ids sort by the time of the first report.
    pub id: DeviceId,
    /// How it names itself.
    pub unique_id: UniqueId,
    /// The protocol that it speaks.
    pub protocol: DeviceProtocol,
    /// Where its last report came from; `None` through a broker.
    pub address: Option<IpAddr>,
    /// When it first reported.
    pub first_seen: Timestamp,
    /// When it last reported.
    pub last_seen: Timestamp,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{DeviceProtocol, UniqueId};

    #[test]
    fn a_unique_id_is_what_hardware_and_apps_call_themselves() {
        for id in ["356307042441013", "jane/phone", "owntracks/a/22A67880-15C3", "van-7", "Über 1", "+4917", "a&b=c"] {
            assert_eq!(UniqueId::new(id).unwrap().as_str(), id);
        }
        for id in ["", " ", "a ", "a\nb", "\u{200b}", "a\u{202e}b", &"1".repeat(129)] {
            assert!(UniqueId::new(id).is_err(), "{id:?}");
        }
        assert_eq!(UniqueId::new("n\u{303}").unwrap(), UniqueId::new("ñ").unwrap());
    }

    #[test]
    fn protocols_are_found_by_their_names() {
        assert!(DeviceProtocol::ALL.iter().all(|one| DeviceProtocol::new(one.as_str()) == Ok(*one)));
        assert!(DeviceProtocol::new("Teltonika").is_err());
    }
}
