//! Alerts of GTFS-Realtime, and what staff writes into an alert's `data` so that passengers see it.

use crate::wire::TripDescriptor;
use prost::Message;
use serde::{Deserialize, Serialize, Serializer};

/// The key of an alert's `data` that makes it one for passengers.
pub(crate) const PASSENGERS: &str = "passengers";

/// What passengers should know.
#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// When it is shown; always while there is none.
    #[prost(message, repeated, tag = "1")]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub active_period: Vec<TimeRange>,
    /// Whom it concerns.
    #[prost(message, repeated, tag = "5")]
    pub informed_entity: Vec<EntitySelector>,
    /// [`CAUSES`], by their numbers from 1.
    #[prost(int32, required, tag = "6")]
    #[serde(serialize_with = "cause")]
    pub cause: i32,
    /// [`EFFECTS`], by their numbers from 1.
    #[prost(int32, required, tag = "7")]
    #[serde(serialize_with = "effect")]
    pub effect: i32,
    /// A page that says more.
    #[prost(message, optional, tag = "8")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<TranslatedString>,
    /// In a few words.
    #[prost(message, required, tag = "10")]
    pub header_text: TranslatedString,
    /// In full.
    #[prost(message, required, tag = "11")]
    pub description_text: TranslatedString,
}

/// A time, Unix seconds.
#[derive(Clone, PartialEq, Message, Serialize)]
pub struct TimeRange {
    /// From then on.
    #[prost(uint64, required, tag = "1")]
    #[serde(serialize_with = "crate::wire::as_text")]
    pub start: u64,
    /// Until then.
    #[prost(uint64, required, tag = "2")]
    #[serde(serialize_with = "crate::wire::as_text")]
    pub end: u64,
}

/// What an alert concerns: all that is given together.
#[derive(Clone, PartialEq, Message, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EntitySelector {
    /// Everything of an agency.
    #[prost(string, optional, tag = "1")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agency_id: Option<String>,
    /// A route.
    #[prost(string, optional, tag = "2")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route_id: Option<String>,
    /// A trip.
    #[prost(message, optional, tag = "4")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trip: Option<TripDescriptor>,
    /// A stop.
    #[prost(string, optional, tag = "5")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop_id: Option<String>,
}

/// A text in one language.
#[derive(Clone, PartialEq, Message, Serialize)]
pub struct TranslatedString {
    /// One for each language.
    #[prost(message, repeated, tag = "1")]
    pub translation: Vec<Translation>,
}

/// A text in a language.
#[derive(Clone, PartialEq, Message, Serialize)]
pub struct Translation {
    /// The text.
    #[prost(string, required, tag = "1")]
    pub text: String,
    /// The language, such as `en`; that of the timetable if it is unknown.
    #[prost(string, optional, tag = "2")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
}

impl TranslatedString {
    /// A text.
    pub(crate) fn new(text: String, language: Option<&str>) -> Self {
        Self { translation: vec![Translation { text, language: language.map(str::to_owned) }] }
    }
}

/// Causes by their numbers, from 1.
pub(crate) const CAUSES: [&str; 12] = [
    "UNKNOWN_CAUSE",
    "OTHER_CAUSE",
    "TECHNICAL_PROBLEM",
    "STRIKE",
    "DEMONSTRATION",
    "ACCIDENT",
    "HOLIDAY",
    "WEATHER",
    "MAINTENANCE",
    "CONSTRUCTION",
    "POLICE_ACTIVITY",
    "MEDICAL_EMERGENCY",
];
/// Effects by their numbers, from 1.
pub(crate) const EFFECTS: [&str; 11] = [
    "NO_SERVICE",
    "REDUCED_SERVICE",
    "SIGNIFICANT_DELAYS",
    "DETOUR",
    "ADDITIONAL_SERVICE",
    "MODIFIED_SERVICE",
    "OTHER_EFFECT",
    "UNKNOWN_EFFECT",
    "STOP_MOVED",
    "NO_EFFECT",
    "ACCESSIBILITY_ISSUE",
];
pub(crate) const UNKNOWN_CAUSE: i32 = 1;
pub(crate) const UNKNOWN_EFFECT: i32 = 8;
pub(crate) const SIGNIFICANT_DELAYS: i32 = 3;

/// The number of a name, or `unknown`.
pub(crate) fn number_of(names: &[&str], name: Option<&str>, unknown: i32) -> i32 {
    let place = name.and_then(|name| names.iter().position(|known| known.eq_ignore_ascii_case(name)));
    place.and_then(|place| i32::try_from(place + 1).ok()).unwrap_or(unknown)
}

fn name_of(names: &[&'static str], number: i32) -> &'static str {
    usize::try_from(number - 1).ok().and_then(|place| names.get(place).copied()).unwrap_or_default()
}

fn cause<S: Serializer>(number: &i32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name_of(&CAUSES, *number))
}

fn effect<S: Serializer>(number: &i32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(name_of(&EFFECTS, *number))
}

/// An alert's `data`.
#[derive(Deserialize)]
pub(crate) struct AlertData {
    /// Whom it concerns. Others are none of passengers.
    pub(crate) passengers: Option<Passengers>,
}

/// Whom an alert concerns; everybody if nothing is named.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(crate) struct Passengers {
    /// Routes, by their ids or names.
    pub(crate) routes: Vec<String>,
    /// Stops, by their ids.
    pub(crate) stops: Vec<String>,
    /// Trips, by their ids.
    pub(crate) trips: Vec<String>,
    /// One of [`CAUSES`].
    pub(crate) cause: Option<String>,
    /// One of [`EFFECTS`].
    pub(crate) effect: Option<String>,
    /// A page that says more.
    pub(crate) url: Option<String>,
    /// The language of title and message.
    pub(crate) language: Option<String>,
}
