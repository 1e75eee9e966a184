//! Objects of a server that is moved away from, as rows of its database or answers of its API, and what each is here.

use crate::handlers::devices::{extras_of, kind_of, label_of, limit_of, unique_id_of};
use crate::handlers::geofences::{self, description_of};
use crate::handlers::objects::{check_calendar, unique_name};
use crate::handlers::server::COMPUTED;
use crate::handlers::users::name_of;
use crate::refusal::Refusal;
use crate::shape::{Form, Object, Shape, flag, missing, text, whole, written};
use crate::time::write_time;
use crate::wire::{DEVICE, GEOFENCE, KEPT, Kept, SERVER, USER, USER_EXTRAS};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use milepost_domain::{
    Contact, EntryBody, EntryKind, GeofenceDescription, Label, SpeedKmh, Timestamp, UniqueId, Username, VehicleKind,
    VehicleList,
};
use milepost_http::parse_timestamp;
use serde_json::Value;

/// One object of the other server, with all of its fields.
#[derive(Debug, Clone, PartialEq)]
pub struct ForeignObject {
    kind: EntryKind,
    id: i64,
    fields: Object,
}

/// A device, and the vehicle that it is in.
#[derive(Debug, Clone, PartialEq)]
pub struct ForeignDevice {
    /// How it names itself.
    pub unique_id: UniqueId,
    /// Its name for people.
    pub label: Label,
    /// What it is in.
    pub kind: VehicleKind,
    /// Its speed limit.
    pub speed_limit: Option<SpeedKmh>,
    /// Its group's number there; 0 for none.
    pub group: i64,
    /// It may not report there.
    pub is_disabled: bool,
}

/// A user.
#[derive(Debug, Clone, PartialEq)]
pub struct ForeignUser {
    /// Its login, or its address.
    pub username: Username,
    /// Its address.
    pub contact: Contact,
    /// It sees and changes everything.
    pub is_administrator: bool,
    /// It may not log in.
    pub is_disabled: bool,
    /// It is a guest of a shared link.
    pub is_temporary: bool,
    /// When it may not log in any more.
    pub expires_at: Option<Timestamp>,
    /// It may add devices or users there.
    pub adds_objects: bool,
}

/// A password's hash: PBKDF2.
#[derive(Clone, PartialEq, Eq)]
pub struct ForeignPassword {
    /// With SHA-256; SHA-1 otherwise.
    pub is_sha256: bool,
    /// How often.
    pub iterations: u32,
    /// The salt.
    pub salt: Vec<u8>,
    /// The hash.
    pub hash: Vec<u8>,
}

/// The iterations of older versions, which do not write them.
const OLD_ITERATIONS: u32 = 1000;

impl ForeignPassword {
    /// Reads the two columns of a user; `None` for another form.
    pub fn read(hashed: &str, salt: &str) -> Option<Self> {
        let salt = bytes_of(salt)?;
        let mut parts = hashed.split('$');
        let (first, second, third) = (parts.next()?, parts.next(), parts.next());
        match (first, second, third) {
            (hash, None, None) => {
                Some(Self { is_sha256: false, iterations: OLD_ITERATIONS, salt, hash: bytes_of(hash)? })
            }
            ("PBKDF2WithHmacSHA256", Some(iterations), Some(hash)) => {
                Some(Self { is_sha256: true, iterations: iterations.parse().ok()?, salt, hash: bytes_of(hash)? })
            }
            _ => None,
        }
    }
}

fn bytes_of(digits: &str) -> Option<Vec<u8>> {
    if digits.is_empty() || !digits.is_ascii() || digits.len() % 2 == 1 {
        return None;
    }
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).ok()).collect()
}

fn shape_of(kind: EntryKind) -> Option<&'static Shape> {
    match kind {
        EntryKind::User => Some(&USER),
        EntryKind::Vehicle => Some(&DEVICE),
        EntryKind::Geofence => Some(&GEOFENCE),
        EntryKind::Settings => Some(&SERVER),
        other => kept_of(other).map(|kept| &kept.shape),
    }
}

fn kept_of(kind: EntryKind) -> Option<&'static Kept> {
    KEPT.into_iter().find(|kept| kept.kind == kind)
}

/// The fields that name another object.
const REFERENCES: [(&str, EntryKind); 3] =
    [("groupId", EntryKind::Group), ("calendarId", EntryKind::Calendar), ("commandId", EntryKind::Command)];

impl ForeignObject {
    /// Reads an answer of the API. Fields of other versions are left out.
    ///
    /// # Errors
    /// Why it can't be read.
    pub fn of_json(kind: EntryKind, json: &Object) -> Result<Self, String> {
        let shape = shape_of(kind).ok_or("it is of an unknown kind")?;
        let mut known = json.clone();
        known.retain(|name, _| shape.fields.iter().any(|field| field.0 == name));
        let fields = shape.check(known).map_err(reason)?;
        Ok(Self { kind, id: whole(&fields, "id"), fields })
    }

    /// Reads a row: the names of its columns in lower case, and the texts of its values. Times have no zone but that of the machine.
    ///
    /// # Errors
    /// Why it can't be read.
    pub fn of_row<'a>(
        kind: EntryKind,
        cells: impl Iterator<Item = (&'a str, Option<&'a str>)>,
        zone: &TimeZone,
    ) -> Result<Self, String> {
        let shape = shape_of(kind).ok_or("it is of an unknown kind")?;
        let mut sent = Object::new();
        for (column, value) in cells {
            let field = shape.fields.iter().find(|field| field.0.eq_ignore_ascii_case(column));
            if let (Some(field), Some(value)) = (field, value) {
                let value = match (field.1, field.0) {
                    (Form::Flag, _) => matches!(value, "t" | "true" | "TRUE" | "1" | "\u{1}" | "\\x01").into(),
                    (Form::Attributes, _) => match serde_json::from_str(value) {
                        Ok(Value::Object(object)) => Value::Object(object),
                        _ => missing(Form::Attributes),
                    },
                    (Form::Time, _) => wall_time(value, zone).map_or(Value::Null, |at| write_time(at).into()),
                    // Bytes are written in base64 by the API.
                    (_, "data") => calendar_of(value).into(),
                    _ => value.into(),
                };
                sent.insert(field.0.to_owned(), value);
            }
        }
        let fields = shape.check(sent).map_err(reason)?;
        Ok(Self { kind, id: whole(&fields, "id"), fields })
    }

    /// What it is.
    pub const fn kind(&self) -> EntryKind {
        self.kind
    }

    /// Its number there.
    pub const fn id(&self) -> i64 {
        self.id
    }

    /// What people call it.
    pub fn name(&self) -> String {
        let named = ["name", "uniqueId", "email", "description", "type"]
            .iter()
            .find_map(|name| text(&self.fields, name).filter(|text| !text.trim().is_empty()));
        match named {
            Some(name) => format!("{} {} ({name})", self.kind.as_str(), self.id),
            None => format!("{} {}", self.kind.as_str(), self.id),
        }
    }

    /// The number of another object that a field names; 0 for none.
    pub fn reference(&self, kind: EntryKind) -> i64 {
        REFERENCES.iter().find(|(_, of)| *of == kind).map_or(0, |(name, _)| whole(&self.fields, name))
    }

    /// Replaces the numbers of other objects there by those here.
    pub fn renumber(&mut self, number_of: impl Fn(EntryKind, i64) -> i64) {
        for (name, kind) in REFERENCES {
            let there = whole(&self.fields, name);
            if there != 0 {
                self.fields.insert(name.to_owned(), number_of(kind, there).into());
            }
        }
    }

    /// The means of a notification that this server has none of.
    pub fn other_means(&self) -> Vec<String> {
        let means = text(&self.fields, "notificators").unwrap_or_default().split(',').map(str::trim);
        let is_other = |one: &&str| self.kind == EntryKind::Notification && !one.is_empty() && *one != "web";
        means.filter(is_other).map(str::to_owned).collect()
    }

    /// Its name and fields in the catalogue.
    ///
    /// # Errors
    /// Why it can't be kept.
    pub fn entry(&self) -> Result<(Option<String>, EntryBody), String> {
        let mut fields = self.fields.clone();
        let mut name = None;
        match self.kind {
            EntryKind::Vehicle => fields = extras_of(&fields),
            EntryKind::User => fields.retain(|name, _| USER_EXTRAS.contains(&name.as_str())),
            EntryKind::Geofence => fields.retain(|name, _| geofences::EXTRAS.contains(&name.as_str())),
            EntryKind::Settings => fields.retain(|name, _| !COMPUTED.contains(&name.as_str())),
            kind => {
                let kept = kept_of(kind).ok_or("it is of an unknown kind")?;
                if let Some((needed, _)) = kept.needs
                    && fields.get(needed).is_none_or(|value| value.is_null() || value.as_i64() == Some(0))
                {
                    return Err(format!("it has no {needed}"));
                }
                if kind == EntryKind::Calendar {
                    check_calendar(text(&fields, "data").unwrap_or_default()).map_err(reason)?;
                }
                name = unique_name(kept, &fields);
                fields.remove("id");
            }
        }
        let body = EntryBody::of_parsed(written(&fields)).map_err(|error| error.to_string())?;
        Ok((name, body))
    }

    /// What a device is here.
    ///
    /// # Errors
    /// Why it can't be one.
    pub fn device(&self) -> Result<ForeignDevice, String> {
        Ok(ForeignDevice {
            unique_id: unique_id_of(&self.fields).map_err(reason)?,
            label: label_of(&self.fields).map_err(reason)?,
            kind: kind_of(&self.fields).map_err(reason)?,
            speed_limit: limit_of(&self.fields),
            group: whole(&self.fields, "groupId"),
            is_disabled: flag(&self.fields, "disabled"),
        })
    }

    /// What a user is here.
    ///
    /// # Errors
    /// Why it can't be one.
    pub fn user(&self) -> Result<ForeignUser, String> {
        let (username, contact) = name_of(&self.fields).map_err(reason)?;
        let expires = self.fields.get("expirationTime").and_then(|at| parse_timestamp(at).ok());
        Ok(ForeignUser {
            username,
            contact,
            is_administrator: flag(&self.fields, "administrator"),
            is_disabled: flag(&self.fields, "disabled"),
            is_temporary: flag(&self.fields, "temporary"),
            expires_at: expires,
            adds_objects: ["deviceLimit", "userLimit"].iter().any(|name| whole(&self.fields, name) != 0),
        })
    }

    /// What a geofence is here, for these vehicles; `None` for a text that is no area.
    ///
    /// # Errors
    /// Why it can't be one.
    pub fn geofence(&self, vehicles: VehicleList) -> Result<Option<GeofenceDescription>, String> {
        description_of(&self.fields, Some(vehicles)).map_err(reason)
    }
}

/// What a refusal says, without the classes of the server that it speaks for.
fn reason(refusal: Refusal) -> String {
    let text = refusal.into_text();
    text.rsplit("Exception: ").next().unwrap_or_default().to_owned()
}

fn wall_time(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let at: DateTime = text.get(..23).unwrap_or(text).parse().ok()?;
    let instant = zone.to_ambiguous_timestamp(at).compatible().ok()?;
    Timestamp::from_unix_ms(instant.as_millisecond())
}

/// The bytes of a calendar: `\x42…`, or the text itself.
fn calendar_of(value: &str) -> String {
    let bytes = value.strip_prefix("\\x").and_then(bytes_of);
    STANDARD.encode(bytes.unwrap_or_else(|| value.as_bytes().to_vec()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    fn row(kind: EntryKind, cells: &[(&str, Option<&str>)]) -> ForeignObject {
        ForeignObject::of_row(kind, cells.iter().copied(), &TimeZone::UTC).unwrap()
    }

    #[test]
    fn a_row_and_an_answer_of_the_api_are_the_same_object() {
        let cells = [
            ("id", Some("7")),
            ("name", Some("Truck 1")),
            ("uniqueid", Some("truck-1")),
            ("groupid", Some("2")),
            ("attributes", Some(r#"{"speedLimit":50.0}"#)),
            ("phone", None),
            ("disabled", Some("t")),
            ("expirationtime", Some("2026-11-29 20:06:23.5")),
            ("motionstreak", Some("f")),
        ];
        let mut of_row = row(EntryKind::Vehicle, &cells);
        let json = json!({
            "id": 7, "name": "Truck 1", "uniqueId": "truck-1", "groupId": 2, "attributes": { "speedLimit": 50.0 },
            "disabled": true, "expirationTime": "2026-11-29T20:06:23.500+00:00", "ofAnotherVersion": 1,
        });
        assert_eq!(ForeignObject::of_json(EntryKind::Vehicle, json.as_object().unwrap()).unwrap(), of_row);
        let device = of_row.device().unwrap();
        assert_eq!((device.unique_id.as_str(), device.group, device.is_disabled), ("truck-1", 2, true));
        assert!((device.speed_limit.unwrap().get() - 92.6).abs() < 1e-9);
        of_row.renumber(|kind, id| if kind == EntryKind::Group { id + 40 } else { 0 });
        assert!(of_row.entry().unwrap().1.as_str().contains("\"groupId\":42"));
        assert_eq!(of_row.name(), "vehicle 7 (Truck 1)");
    }

    #[test]
    fn a_calendar_is_bytes_or_a_text() {
        let text = "BEGIN:VCALENDAR\r\nEND:VCALENDAR";
        let digits: String = text.bytes().map(|byte| format!("{byte:02x}")).collect();
        for data in [text.to_owned(), format!("\\x{digits}")] {
            let calendar = row(EntryKind::Calendar, &[("id", Some("1")), ("name", Some("c")), ("data", Some(&data))]);
            assert!(calendar.entry().unwrap().1.as_str().contains(&STANDARD.encode(text)), "{data}");
        }
        assert!(row(EntryKind::Calendar, &[("id", Some("1")), ("data", Some("x"))]).entry().is_err());
    }

    #[test]
    fn passwords_of_all_versions_are_read() {
        let read = |hashed: &str| ForeignPassword::read(hashed, "000102030405060708");
        let old = read("0a0b0c").unwrap();
        assert_eq!((old.is_sha256, old.iterations, old.hash), (false, 1000, vec![10, 11, 12]));
        let new = read("PBKDF2WithHmacSHA256$200000$0a0b0c").unwrap();
        assert_eq!((new.is_sha256, new.iterations, new.salt.len()), (true, 200_000, 9));
        for other in ["", "xyz", "0a0", "PBKDF2WithHmacSHA256$x$0a", "Other$1$0a", "a$b"] {
            assert!(read(other).is_none(), "{other}");
        }
        assert!(ForeignPassword::read("0a0b", "").is_none());
    }

    #[test]
    fn what_can_not_be_kept_says_why() {
        let user = row(EntryKind::User, &[("id", Some("1")), ("email", Some(""))]);
        assert!(user.user().unwrap_err().contains("EMAIL"), "{:?}", user.user());
        assert_eq!(row(EntryKind::Driver, &[("id", Some("1"))]).entry().unwrap_err(), "it has no uniqueId");
        let means = row(
            EntryKind::Notification,
            &[("id", Some("1")), ("type", Some("alarm")), ("notificators", Some("web, mail"))],
        );
        assert_eq!(means.other_means(), ["mail"]);
        let nonsense = row(EntryKind::Geofence, &[("id", Some("1")), ("name", Some("n")), ("area", Some("NONSENSE"))]);
        assert_eq!(nonsense.geofence(VehicleList::stored(Vec::new()).unwrap()).unwrap(), None);
    }
}
