//! What a device reports beside a position's own fields: a bounded list of names and plain values.

use crate::Invalid;
use std::borrow::Cow;
use std::sync::Arc;

/// Attributes of one position.
pub const MAX_ATTRIBUTES: usize = 64;
/// Bytes of an attribute's name.
pub const MAX_ATTRIBUTE_NAME_BYTES: usize = 64;
/// Bytes of an attribute's text.
pub const MAX_ATTRIBUTE_TEXT_BYTES: usize = 256;

/// The names that mean the same whichever device reports them.
pub mod attribute {
    /// Charge of the device's battery, percent.
    pub const BATTERY_PERCENT: &str = "battery_percent";
    /// Voltage of the device's battery.
    pub const BATTERY_V: &str = "battery_v";
    /// Voltage of the vehicle's supply.
    pub const POWER_V: &str = "power_v";
    /// Satellites in use.
    pub const SATELLITES: &str = "satellites";
    /// Horizontal dilution of precision.
    pub const HDOP: &str = "hdop";
    /// Signal of the mobile network, in the device's own unit.
    pub const RSSI: &str = "rssi";
    /// Revolutions of the engine a minute.
    pub const RPM: &str = "rpm";
    /// Hours that the engine has run.
    pub const ENGINE_HOURS: &str = "engine_hours";
    /// Degrees Celsius.
    pub const TEMPERATURE_C: &str = "temperature_c";
    /// A door is open.
    pub const DOOR_OPEN: &str = "door_open";
    /// An [`Alarm`](super::Alarm) by its name, or the device's own code as text.
    pub const ALARM: &str = "alarm";
    /// Why the device reported, in its own words or codes.
    pub const EVENT: &str = "event";
    /// The device feels that it moves.
    pub const MOTION: &str = "motion";
    /// The battery is being charged.
    pub const CHARGING: &str = "charging";

    /// All of them, in an order that never changes: new ones come at the end.
    pub const SHARED: [&str; 14] = [
        BATTERY_PERCENT,
        BATTERY_V,
        POWER_V,
        SATELLITES,
        HDOP,
        RSSI,
        RPM,
        ENGINE_HOURS,
        TEMPERATURE_C,
        DOOR_OPEN,
        ALARM,
        EVENT,
        MOTION,
        CHARGING,
    ];
}

/// The value of an attribute.
#[derive(Debug, Clone, PartialEq)]
pub enum AttributeValue {
    /// A finite number.
    Number(f64),
    /// True or false.
    Flag(bool),
    /// At most [`MAX_ATTRIBUTE_TEXT_BYTES`].
    Text(Box<str>),
}

impl AttributeValue {
    /// # Errors
    /// [`Invalid`] for NaN and the infinities.
    pub fn number(value: f64) -> Result<Self, Invalid> {
        // Adding zero turns -0.0 into 0.0.
        if value.is_finite() { Ok(Self::Number(value + 0.0)) } else { Err(refused("must be finite numbers")) }
    }

    /// # Errors
    /// [`Invalid`] for a text of more than [`MAX_ATTRIBUTE_TEXT_BYTES`].
    pub fn text(value: &str) -> Result<Self, Invalid> {
        if value.len() <= MAX_ATTRIBUTE_TEXT_BYTES {
            Ok(Self::Text(value.into()))
        } else {
            Err(refused("must be texts of at most 256 bytes"))
        }
    }
}

const fn refused(message: &'static str) -> Invalid {
    Invalid::new("attributes", message)
}

type Entry = (Cow<'static, str>, AttributeValue);

/// The attributes of a position, in the order in which they were reported. Most positions have none, which takes no memory.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Attributes(Option<Arc<[Entry]>>);

impl Attributes {
    /// No attributes.
    pub const NONE: Self = Self(None);

    /// Attributes as they were sent.
    ///
    /// # Errors
    /// [`Invalid`] for more than [`MAX_ATTRIBUTES`], for a name that is empty, too long, has control characters or comes twice.
    pub fn new<N: AsRef<str>>(entries: impl IntoIterator<Item = (N, AttributeValue)>) -> Result<Self, Invalid> {
        let mut list = AttributeList::default();
        for (name, value) in entries {
            let name = name.as_ref();
            if !is_name(name) {
                return Err(refused("must have names of 1 to 64 bytes without control characters"));
            }
            if list.has(name) {
                return Err(refused("must not have a name twice"));
            }
            if list.0.len() == MAX_ATTRIBUTES {
                return Err(refused("must have at most 64 entries"));
            }
            list.0.push((known(name), value));
        }
        Ok(list.finish())
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |entries| entries.len())
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &AttributeValue)> {
        self.0.iter().flat_map(|entries| entries.iter()).map(|(name, value)| (name.as_ref(), value))
    }

    /// The value of one name.
    pub fn get(&self, name: &str) -> Option<&AttributeValue> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The alarm, if it is one that every protocol shares.
    pub fn alarm(&self) -> Option<Alarm> {
        match self.get(attribute::ALARM)? {
            AttributeValue::Text(name) => Alarm::parse(name),
            AttributeValue::Number(_) | AttributeValue::Flag(_) => None,
        }
    }
}

fn is_name(name: &str) -> bool {
    (1..=MAX_ATTRIBUTE_NAME_BYTES).contains(&name.len())
        && !name.trim().is_empty()
        && !name.chars().any(char::is_control)
}

/// A shared name takes no memory of its own.
fn known(name: &str) -> Cow<'static, str> {
    attribute::SHARED
        .iter()
        .find(|shared| **shared == name)
        .map_or_else(|| name.to_owned().into(), |shared| (*shared).into())
}

/// Attributes as a decoder gathers them: what does not fit is left out, or cut off, because the rest of the report is good.
#[derive(Debug, Default)]
pub struct AttributeList(Vec<Entry>);

impl AttributeList {
    /// A number; NaN and the infinities are left out.
    pub fn number(&mut self, name: &str, value: impl Into<f64>) -> &mut Self {
        if let Ok(value) = AttributeValue::number(value.into()) {
            self.set(name, value);
        }
        self
    }

    /// True or false.
    pub fn flag(&mut self, name: &str, value: bool) -> &mut Self {
        self.set(name, AttributeValue::Flag(value))
    }

    /// A text, cut to [`MAX_ATTRIBUTE_TEXT_BYTES`]; an empty one is left out.
    pub fn text(&mut self, name: &str, value: &str) -> &mut Self {
        let cut = &value[..value.floor_char_boundary(MAX_ATTRIBUTE_TEXT_BYTES)];
        if cut.is_empty() { self } else { self.set(name, AttributeValue::Text(cut.into())) }
    }

    /// An alarm. Of several the most serious one stays.
    pub fn alarm(&mut self, alarm: Alarm) -> &mut Self {
        let before = self.0.iter().find(|(name, _)| name == attribute::ALARM).and_then(|(_, value)| match value {
            AttributeValue::Text(name) => Alarm::parse(name),
            AttributeValue::Number(_) | AttributeValue::Flag(_) => None,
        });
        if before.is_some_and(|before| before <= alarm) { self } else { self.text(attribute::ALARM, alarm.as_str()) }
    }

    /// Sets a value, in the place of an earlier one of the same name. A name that is no name, or one too many, is left out.
    pub fn set(&mut self, name: &str, value: AttributeValue) -> &mut Self {
        if let Some((_, known)) = self.0.iter_mut().find(|(known, _)| known == name) {
            *known = value;
        } else if self.0.len() < MAX_ATTRIBUTES && is_name(name) {
            self.0.push((known(name), value));
        }
        self
    }

    /// Whether there is one of this name.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// The attributes.
    pub fn finish(self) -> Attributes {
        Attributes((!self.0.is_empty()).then(|| self.0.into()))
    }
}

macro_rules! alarms {
    ($($(#[$doc:meta])* $name:ident => $text:literal,)*) => {
        /// An alarm that a device raises, the most serious first.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Alarm {
            $($(#[$doc])* $name,)*
        }

        impl Alarm {
            /// Every alarm.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// Its name in attributes.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

alarms! {
    /// Somebody pressed the button for help.
    Sos => "sos",
    /// A crash, a collision or a rollover.
    Crash => "crash",
    /// The vehicle is towed away.
    Tow => "tow",
    /// The device was opened or taken off.
    Tamper => "tamper",
    /// The signal of satellites or of the network is jammed.
    Jamming => "jamming",
    /// The supply was cut off.
    PowerCut => "power_cut",
    /// Faster than the device's own limit.
    Overspeed => "overspeed",
    /// Hard acceleration.
    HarshAcceleration => "harsh_acceleration",
    /// Hard braking.
    HarshBraking => "harsh_braking",
    /// A sharp turn.
    HarshCornering => "harsh_cornering",
    /// A parked vehicle moves.
    Movement => "movement",
    /// A parked vehicle shakes.
    Vibration => "vibration",
    /// Into a geofence of the device's own.
    GeofenceEnter => "geofence_enter",
    /// Out of one.
    GeofenceExit => "geofence_exit",
    /// Something in the device is broken.
    Fault => "fault",
    /// The battery is almost empty.
    LowBattery => "low_battery",
}

impl Alarm {
    /// By its name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|alarm| alarm.as_str() == name).copied()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{Alarm, AttributeList, AttributeValue, Attributes, MAX_ATTRIBUTES, attribute};

    #[test]
    fn what_is_sent_is_refused_as_a_whole_if_one_entry_does_not_fit() {
        let flag = || AttributeValue::Flag(true);
        let many = |count: usize| Attributes::new((0..count).map(|n| (n.to_string(), flag())));
        assert_eq!(many(MAX_ATTRIBUTES).unwrap().len(), MAX_ATTRIBUTES);
        assert!(many(MAX_ATTRIBUTES + 1).is_err());
        for name in ["", " ", "a\nb", &"x".repeat(65)] {
            assert!(Attributes::new([(name, flag())]).is_err(), "{name:?}");
        }
        assert!(Attributes::new([("a", flag()), ("a", flag())]).is_err());
        assert!(AttributeValue::number(f64::NAN).is_err() && AttributeValue::number(f64::INFINITY).is_err());
        assert!(AttributeValue::text(&"é".repeat(128)).is_ok() && AttributeValue::text(&"é".repeat(129)).is_err());
        assert_eq!(Attributes::new([] as [(&str, AttributeValue); 0]).unwrap(), Attributes::NONE);
    }

    #[test]
    fn a_decoder_loses_what_does_not_fit_and_keeps_the_rest() {
        let mut list = AttributeList::default();
        list.number("rpm", f64::NAN).number("rpm", 900.0).number("rpm", 933.0).flag("motion", false);
        list.text("event", "").text("note", &format!("{}é", "x".repeat(255)));
        list.alarm(Alarm::LowBattery).alarm(Alarm::Sos).alarm(Alarm::Vibration);
        for n in 0..100 {
            list.flag(&n.to_string(), true);
        }
        let attributes = list.finish();
        assert_eq!(attributes.len(), MAX_ATTRIBUTES);
        assert_eq!(attributes.get("rpm"), Some(&AttributeValue::Number(933.0)));
        assert_eq!(attributes.get("note"), Some(&AttributeValue::Text("x".repeat(255).into())));
        assert_eq!((attributes.get("event"), attributes.alarm()), (None, Some(Alarm::Sos)));
    }

    #[test]
    fn alarms_have_names_of_their_own() {
        assert!(Alarm::ALL.iter().all(|alarm| Alarm::parse(alarm.as_str()) == Some(*alarm)));
        assert_eq!(Alarm::parse("17"), None);
        assert_eq!(attribute::SHARED.len(), 14);
    }
}
