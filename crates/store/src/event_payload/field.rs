//! Converts domain types to stored JSON: `#[serde(with = "field")]`, or `nullable` for a field that may be null. The
//! field must be present either way: an alert that lost its user would be shown to everyone.

use milepost_domain::{
    AccessTokenId, AlertId, AlertKind, AlertSubject, AlertTitle, AttendanceStatus, CadetId, CommandAnswer, CommandId,
    CommandKind, CommandText, DeliveryStatus, DeviceId, DrivingKind, EntryKind, EventType, FenceEvent, FuelSource,
    GeofenceId, GradeId, GradeKind, Invalid, JsonObject, Label, Latitude, Longitude, NoticeId, NotificationKind,
    NotificationText, OffDutyRule, OrderId, ParcelId, ParcelStatus, ProofFileKind, ProofId, Reason, Revision, RiderId,
    RoamingFenceId, Score, ServiceBasis, Severity, ShareId, SpeedKmh, TenantId, TimeOfDay, Timestamp, TrackingId,
    TrainingDayId, TripId, TripOrigin, TripStatus, UserId, VehicleId, Weekday, Zone,
};
use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A domain type with a JSON form of its own, mostly a text or a number.
pub(crate) trait Field: Sized {
    /// The JSON form of the type.
    type Form: Serialize + DeserializeOwned;

    fn form(&self) -> Self::Form;

    fn from_form(form: Self::Form) -> Result<Self, Invalid>;
}

pub(crate) fn serialize<T: Field, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    value.form().serialize(serializer)
}

pub(crate) fn deserialize<'de, T: Field, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    T::from_form(T::Form::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// Converts a field that may be null.
pub(crate) mod nullable {
    use super::{Deserialize, Deserializer, Error, Field, Serialize, Serializer};

    pub(crate) fn serialize<T: Field, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
        value.as_ref().map(Field::form).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T: Field, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
        Option::<T::Form>::deserialize(deserializer)?.map(T::from_form).transpose().map_err(D::Error::custom)
    }
}

macro_rules! texts {
    ($($type:ident: $read:ident),+ $(,)?) => {$(
        impl Field for $type {
            type Form = String;

            fn form(&self) -> String {
                self.as_str().to_owned()
            }

            fn from_form(form: String) -> Result<Self, Invalid> {
                Self::$read(&form)
            }
        }
    )+};
}

macro_rules! numbers {
    ($form:ty: $($type:ident),+ $(,)?) => {$(
        impl Field for $type {
            type Form = $form;

            fn form(&self) -> $form {
                self.get()
            }

            fn from_form(form: $form) -> Result<Self, Invalid> {
                Self::new(form)
            }
        }
    )+};
}

texts! {
    AlertId: stored, AlertSubject: stored, AlertTitle: stored, CommandAnswer: stored, CommandText: new, DeviceId: stored, EventType: new, Label: stored, NotificationKind: stored,
    NotificationText: stored, OrderId: stored, ProofId: stored, Reason: stored, RiderId: stored, TenantId: stored, TrackingId: stored, TripId: stored,
    VehicleId: stored,
    AlertKind: parse, AttendanceStatus: parse, CommandKind: parse, DeliveryStatus: parse, DrivingKind: parse, EntryKind: parse, FenceEvent: parse,
    FuelSource: parse, GradeKind: parse, OffDutyRule: parse, ParcelStatus: parse, ProofFileKind: parse, ServiceBasis: parse, Severity: parse, Revision: parse,
    TripOrigin: parse, TripStatus: parse, Weekday: parse, Zone: parse,
}

numbers! { i64: AccessTokenId, CadetId, CommandId, GeofenceId, GradeId, NoticeId, ParcelId, RoamingFenceId, ShareId, TrainingDayId, UserId }
numbers! { f64: Latitude, Longitude, SpeedKmh }

impl Field for Score {
    type Form = f64;

    fn form(&self) -> f64 {
        self.points()
    }

    fn from_form(form: f64) -> Result<Self, Invalid> {
        Self::new(form)
    }
}

/// Written as `08:00:00`.
impl Field for TimeOfDay {
    type Form = String;

    fn form(&self) -> String {
        self.to_string()
    }

    fn from_form(form: String) -> Result<Self, Invalid> {
        let parts: Option<Vec<u32>> = form.split(':').map(|part| part.parse().ok()).collect();
        match parts.as_deref() {
            Some(&[hours @ 0..24, minutes @ 0..60, seconds @ 0..60]) => {
                Self::from_seconds(hours * 3600 + minutes * 60 + seconds)
            }
            _ => Err(Invalid::new("time", "must be HH:MM:SS")),
        }
    }
}

/// Written in RFC 3339.
impl Field for Timestamp {
    type Form = String;

    fn form(&self) -> String {
        self.to_string()
    }

    fn from_form(form: String) -> Result<Self, Invalid> {
        let at: Option<jiff::Timestamp> = form.parse().ok();
        at.and_then(|at| Self::from_unix_ms(at.as_millisecond())).ok_or(Invalid::new("time", "must be RFC 3339"))
    }
}

/// An object is stored as its text, so that it is read back unchanged to the last digit.
impl Field for JsonObject {
    type Form = String;

    fn form(&self) -> String {
        self.as_str().to_owned()
    }

    fn from_form(form: String) -> Result<Self, Invalid> {
        Self::of_parsed(form, "object")
    }
}

/// An instant as Unix milliseconds.
#[derive(Serialize, Deserialize)]
pub(crate) struct UnixMs(i64);

impl From<Timestamp> for UnixMs {
    fn from(at: Timestamp) -> Self {
        Self(at.unix_ms())
    }
}

impl TryFrom<UnixMs> for Timestamp {
    type Error = Invalid;

    fn try_from(UnixMs(ms): UnixMs) -> Result<Self, Invalid> {
        Self::from_unix_ms(ms).ok_or(Invalid::new("time", "must lie between 1970 and 9999"))
    }
}
