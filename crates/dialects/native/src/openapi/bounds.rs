//! What the server accepts for a field of one name: bounds, patterns and the names of values. The numbers and names are the
//! domain's own.

use crate::handlers::positions::MAX_POSITIONS;
use crate::handlers::track::{DEFAULT_MAX_AGE_S, MAX_AGE_S};
use milepost_domain::{
    AccuracyM, AlertKind, AlertMail, AlertSubject, AlertTitle, AltitudeM, AttendanceStatus, CadetName, CommandKind,
    CommandState, CommandText, DeliveryStatus, DeviceProtocol, EmailAddress, FuelLevelL, FuelSource, GradeKind,
    HeadingDeg, JobStatus, Label, Language, Latitude, Longitude, MAX_ATTRIBUTE_TEXT_BYTES, MAX_ATTRIBUTES,
    MAX_ID_CHARS, NotificationKind, OdometerKm, OffDutyRule, OrderId, ParcelStatus, RadiusM, Reason, ReportFormat,
    ReportGroup, ReportKind, ReportPeriod, Role, ScheduleOutcome, Scope, Severity, SpeedKmh, StudentId, TripOrigin,
    TripStatus, UniqueId, Username, VehicleKind, VehicleList, VehicleSelection, VehicleStatus, WEBHOOK_KINDS, Weekday,
    WidthM,
};
use milepost_http::{DEFAULT_LIMIT, MAX_LIMIT};
use milepost_service::reports::MAX_SCHEDULE_RECEIVERS;
use serde_json::{Value, json};
use std::ops::RangeInclusive;

/// The last millisecond of the year 9999. Smaller numbers may be seconds.
const LAST_UNIX_MS: i64 = 253_402_300_799_999;
/// Of ASCII the letters, digits and `. _ : @ -`, and spaces inside. What letters and marks of other scripts are, Unicode's tables say:
/// `\p{L}` would say it to programs that compile patterns with the flag `u`, and to others that an id is made of `p`, `{`, `L` and `}`.
const ID: &str = r"^[^\x00-,/;-?\[-^`{-\xa0]+( +[^\x00-,/;-?\[-^`{-\xa0]+)*$";
/// From 1970 on: no earlier time is stored.
const SINCE_1970: &str = "^(19[7-9][0-9]|[2-9][0-9]{3})-";
/// 24 to 64 bytes.
const SECRET: &str = r"^whsec_([A-Za-z0-9+/_-]{4}){8,21}([A-Za-z0-9+/_-]{2}(==)?|[A-Za-z0-9+/_-]{3}=?)?$";
/// No control characters, and one that can be seen.
const LINE: &str = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$";
/// No control characters, and no space at the ends.
const NAME: &str = r"^[^\s\x00-\x1f\x7f-\x9f]([^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f])?$";
/// The same without the sign that stands between a tenant and a name.
const NEW_USERNAME: &str = r"^[^\s/\x00-\x1f\x7f-\x9f]([^/\x00-\x1f\x7f-\x9f]*[^\s/\x00-\x1f\x7f-\x9f])?$";
/// What RFC 5322 calls a dot-atom, and a domain.
const EMAIL: &str = r"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$";
/// A latitude and a longitude. The numbers' own bounds are not in the pattern.
const NEAR: &str = r"^ *-?[0-9]{1,2}([.][0-9]*)? *, *-?[0-9]{1,3}([.][0-9]*)? *$";
const TIME_OF_DAY: &str = r"^([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?$";
/// The same in whole minutes.
const MINUTE_OF_DAY: &str = r"^([01][0-9]|2[0-3]):[0-5][0-9](:00)?$";

/// A day, or an instant of RFC 3339.
const DAY_OR_INSTANT: &str =
    r"^(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])-([0-2][0-9]|3[01])([Tt ][0-9:.]+([Zz]|[+-][0-9]{2}:[0-9]{2}))?$";

/// The values that a field of a body or answer can have. Lists of names apply to both, bounds only to bodies: an answer may hold a
/// value from before a bound.
pub(super) fn of_field(schema: &str, field: &str, is_text: bool) -> Option<Value> {
    if let Some(names) = names(schema, field) {
        return Some(json!({ "enum": names }));
    }
    if is_text && is_instant(field) {
        return Some(json!({ "format": "date-time" }));
    }
    if field == "attributes" {
        let value = json!({ "oneOf": [
            { "type": "number" }, { "type": "boolean" }, { "type": "string", "maxLength": MAX_ATTRIBUTE_TEXT_BYTES },
        ] });
        return Some(json!({ "maxProperties": MAX_ATTRIBUTES, "additionalProperties": value }));
    }
    if field == "geometry" {
        return Some(json!({ "$ref": "#/components/schemas/Geometry" }));
    }
    if ["ChangeRules", "Thresholds"].contains(&schema) {
        return threshold(field);
    }
    if is_body(schema) { bounds(schema, field, is_text) } else { None }
}

/// Whether requests have it.
fn is_body(schema: &str) -> bool {
    let parts = ["New", "Change", "Set", "Rotate", "Place", "Schedule", "PushKeys", "Tenant", "VehicleSelection"];
    parts.iter().any(|of| schema.starts_with(of))
}

/// Whether an answer always has the field, if only as null. Fields of requests say for themselves which are required.
pub(super) fn is_always_there(schema: &str, field: &str) -> bool {
    let is_left_out = match schema {
        "Trip" => matches!(field, "path" | "path_next"),
        "Cadet" => field == "attendance",
        "ProgramToken" | "Share" => field == "token",
        "User" => field == "access_tokens",
        "Device" => field == "key",
        "Invitation" => field == "url",
        "Job" => matches!(field, "error" | "file_name" | "result_url"),
        "Webhook" => matches!(field, "disabled_at" | "old_secret_valid_until" | "secret"),
        "Problem" => matches!(field, "errors" | "second_factor"),
        "Vehicle" => matches!(field, "distance_m" | "off_duty_since"),
        "Recorded" => field == "off_duty",
        "Delivery" => matches!(field, "dropoff" | "order_id" | "rider_id" | "rider_off_duty"),
        // The fields of a kiosk as it sent them, and of requests for tokens.
        "KioskLocation" | "Login" | "TokenRefresh" => true,
        _ => false,
    };
    !is_body(schema) && !is_left_out
}

/// The values of a parameter.
pub(super) fn of_parameter(path: &str, place: &str, name: &str, is_text: bool) -> Option<Value> {
    Some(match (place, name) {
        ("query", "limit") if path.ends_with("/stream") => json!({ "minimum": 1, "maximum": 100, "default": 20 }),
        ("query", "limit") => json!({ "minimum": 1, "maximum": MAX_LIMIT, "default": DEFAULT_LIMIT }),
        ("query", "cursor") => json!({ "minLength": 1, "pattern": "^[A-Za-z0-9_-]+$" }),
        ("query", "format") if path.ends_with("/audit") => json!({ "enum": ["json", "csv"], "default": "json" }),
        ("query", "subject" | "action") if path.ends_with("/audit") => json!({ "maxLength": 200 }),
        ("query", "format") => json!({ "enum": ["json", "geojson", "gpx", "csv", "kml"], "default": "json" }),
        ("query", "radius") => json!({ "minimum": 0 }),
        ("query", "near") => json!({ "pattern": NEAR }),
        ("query", "within") => json!({ "minLength": 1 }),
        ("query", "target") => json!({ "enum": ["orders", "notifications"] }),
        ("query", "unread" | "outliers") => json!({ "enum": ["true", "1", "", "false", "0"] }),
        ("query", "from" | "to" | "at") => instant(),
        ("query", "max_age") => json!({ "minimum": 1, "maximum": MAX_AGE_S, "default": DEFAULT_MAX_AGE_S }),
        ("query", "status") if path.ends_with("/parcels") => json!({ "enum": names("Parcel", "status") }),
        ("query", "status") if path.ends_with("/deliveries") => json!({ "enum": names("ListedDelivery", "status") }),
        ("query", "status") if path.ends_with("/trips") => json!({ "enum": names("Trip", "status") }),
        ("query" | "path", _) if !is_text => json!({ "minimum": 1 }),
        ("query", _) => bounds("", name, is_text)?,
        _ => json!({ "minLength": 1 }),
    })
}

/// A time that may be a number, too.
pub(super) fn instant() -> Value {
    json!({ "$ref": "#/components/schemas/Instant" })
}

/// The schema of such a time. Two schemas in one, because many generators know no list of types.
pub(super) fn instant_schema() -> Value {
    json!({
        "description": "A time: RFC 3339, Unix seconds or Unix milliseconds.",
        "oneOf": [
            { "type": "string", "format": "date-time", "pattern": SINCE_1970 },
            { "type": "number", "format": "double", "minimum": 0, "maximum": LAST_UNIX_MS },
        ],
    })
}

/// The body of positions.
pub(super) fn positions_schema() -> Value {
    let one = json!({ "$ref": "#/components/schemas/NewPosition" });
    json!({
        "description": "One position or a list.",
        "oneOf": [one, { "type": "array", "items": one, "minItems": 1, "maxItems": MAX_POSITIONS }],
    })
}

fn is_instant(field: &str) -> bool {
    field.ends_with("_at")
        || matches!(
            field,
            "first_seen"
                | "last_seen"
                | "timestamp"
                | "since"
                | "off_duty_since"
                | "start_time"
                | "end_time"
                | "followed_to"
                | "old_secret_valid_until"
        )
}

/// All names that a field can have.
fn names(schema: &str, field: &str) -> Option<Vec<&'static str>> {
    macro_rules! all {
        ($type:ty) => {
            <$type>::ALL.iter().map(|value| value.as_str()).collect()
        };
    }
    Some(match (schema, field) {
        (_, "role" | "roles") => all!(Role),
        (_, "scopes") => all!(Scope),
        (
            "NewUser"
            | "ChangeUser"
            | "User"
            | "NewReport"
            | "NewReportSchedule"
            | "ChangeReportSchedule"
            | "ReportSchedule",
            "language",
        ) => all!(Language),
        (_, "alert_mail") => all!(AlertMail),
        (_, "severity") => all!(Severity),
        (_, "origin") => all!(TripOrigin),
        (_, "fuel_source") => all!(FuelSource),
        (_, "days") => all!(Weekday),
        ("NewRoamingFence" | "ChangeRoamingFence" | "RoamingFence", "on") => vec!["meet", "part"],
        (_, "on") => vec!["enter", "exit"],
        (_, "events") => WEBHOOK_KINDS.to_vec(),
        ("NewAlert" | "Alert", "type") => all!(AlertKind),
        ("NewDevice" | "ChangeDevice" | "Device" | "UnknownDevice", "protocol") => all!(DeviceProtocol),
        ("ChangeTenant" | "TenantSettings", "off_duty") => all!(OffDutyRule),
        ("Duty", "leaves_out") => vec!["nothing", "phones", "vehicles"],
        ("OffDuty", "leaves_out") => vec!["phones", "vehicles"],
        ("NewGrade" | "Grade", "type") => all!(GradeKind),
        ("ListedDelivery", "status") => all!(DeliveryStatus),
        ("ChangeParcel" | "Parcel", "status") => all!(ParcelStatus),
        ("SetAttendance" | "Attendance", "status") => all!(AttendanceStatus),
        ("Trip", "status") => all!(TripStatus),
        ("Job", "status") => all!(JobStatus),
        ("NewReport" | "NewReportSchedule" | "ChangeReportSchedule" | "ReportSchedule", "kind") => all!(ReportKind),
        ("NewReport" | "NewReportSchedule" | "ChangeReportSchedule" | "ReportSchedule", "group_by") => {
            all!(ReportGroup)
        }
        ("NewReport" | "NewReportSchedule" | "ChangeReportSchedule" | "ReportSchedule", "format") => {
            all!(ReportFormat)
        }
        ("NewReportSchedule" | "ChangeReportSchedule" | "ReportSchedule", "period") => all!(ReportPeriod),
        ("ReportSchedule", "last_outcome") => all!(ScheduleOutcome),
        ("NewCommand" | "Command", "kind") => all!(CommandKind),
        ("Command", "state") => all!(CommandState),
        _ => return None,
    })
}

fn bounds(schema: &str, field: &str, is_text: bool) -> Option<Value> {
    Some(match (schema, field) {
        (_, "latitude" | "lat") => range(&Latitude::RANGE),
        (_, "longitude" | "lng") => range(&Longitude::RANGE),
        (_, "speed" | "speed_limit_kmh") => range(&SpeedKmh::RANGE),
        (_, "heading") => range(&HeadingDeg::RANGE),
        (_, "accuracy") => json!({ "minimum": AccuracyM::RANGE.start() }),
        (_, "altitude") => range(&AltitudeM::RANGE),
        (_, "odometer_km" | "service_due_km") => range(&OdometerKm::RANGE),
        (_, "fuel_level_l") => range(&FuelLevelL::RANGE),
        (_, "radius_m") => range(&RadiusM::RANGE),
        (_, "width_m") => range(&WidthM::RANGE),
        (_, "fuel_l_per_100km") => json!({ "minimum": 0, "maximum": 1_000 }),
        (_, "fuel_price_per_l") => json!({ "minimum": 0, "maximum": 1_000_000 }),
        (_, "prelim_score" | "midterm_score" | "final_score") => json!({ "minimum": 0, "maximum": 100 }),
        (_, "dwell_s") => json!({ "minimum": 1, "maximum": 30 * 24 * 60 * 60 }),
        (_, "timezone") => {
            json!({ "minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$" })
        }
        (_, "utc_offset_minutes") => json!({ "minimum": -840, "maximum": 840 }),
        (_, "time_in" | "time_out") | ("Schedule", "from" | "to") => json!({ "pattern": TIME_OF_DAY }),
        ("Schedule", "days") => json!({ "minItems": 1 }),
        (_, "service_due_at") => json!({ "format": "date-time", "pattern": SINCE_1970 }),
        (_, "dropoff_lat") => range(&Latitude::RANGE),
        (_, "dropoff_lng") => range(&Longitude::RANGE),
        (_, "order_id" | "rider_id") => line(OrderId::MAX_CHARS),
        (_, "phone") => json!({ "pattern": r"^\+[1-9][0-9]{6,14}$" }),
        (_, "user_ids") => json!({ "minItems": 1, "maxItems": 1_000, "items": { "minimum": 1 } }),
        ("NewReport", "from" | "to") => json!({ "pattern": DAY_OR_INSTANT }),
        ("NewProgramToken", "scopes") => json!({ "minItems": 1 }),
        ("NewReportSchedule" | "ChangeReportSchedule", "time") => json!({ "pattern": MINUTE_OF_DAY }),
        (_, "receiver_ids") => {
            json!({ "minItems": 1, "maxItems": MAX_SCHEDULE_RECEIVERS, "items": { "minimum": 1 } })
        }
        ("NewProgramToken" | "NewReport" | "NewReportSchedule" | "ChangeReportSchedule", "vehicle_ids") => {
            json!({ "minItems": 1, "maxItems": 1_000, "items": id() })
        }
        ("VehicleSelection", "kinds") => {
            json!({ "maxItems": VehicleSelection::MAX_NAMES, "items": line(VehicleKind::MAX_CHARS) })
        }
        ("VehicleSelection", "routes") => {
            json!({ "maxItems": VehicleSelection::MAX_NAMES, "items": line(Label::MAX_CHARS) })
        }
        (_, "kinds" | "routes") => json!({ "maxItems": VehicleSelection::MAX_NAMES }),
        ("NewGeofence" | "ChangeGeofence" | "VehicleSelection", "vehicle_ids") => {
            json!({ "minItems": 1, "maxItems": VehicleList::MAX, "items": id() })
        }
        (_, "vehicle_ids") => json!({ "maxItems": 1_000, "items": id() }),
        (_, "id" | "vehicle_id" | "tenant") if is_text => id(),
        (_, "driver_id" | "client_id" | "user_id") | ("NewSyncEvent", "cadet_id") => json!({ "minimum": 1 }),
        (_, "unique_id") => json!({ "minLength": 1, "maxLength": UniqueId::MAX_CHARS, "pattern": NAME }),
        ("NewUser" | "ChangeUser", "username") => {
            json!({ "minLength": 1, "maxLength": Username::MAX_CHARS, "pattern": NEW_USERNAME })
        }
        (_, "username") => json!({ "minLength": 1, "maxLength": Username::MAX_CHARS, "pattern": NAME }),
        ("NewUser" | "ChangeUser", "email") => json!({ "maxLength": EmailAddress::MAX_BYTES, "pattern": EMAIL }),
        (_, "password") => json!({ "minLength": 8, "maxLength": 1024 }),
        (_, "kind") => line(VehicleKind::MAX_CHARS),
        (_, "label" | "license_plate" | "route") => line(Label::MAX_CHARS),
        ("NewVehicle" | "ChangeVehicle", "status") => line(VehicleStatus::MAX_CHARS),
        ("NewCadet", "name") => line(CadetName::MAX_CHARS),
        (_, "name") => line(Label::MAX_CHARS),
        (_, "student_id") => line(StudentId::MAX_CHARS),
        ("NewCommand", "text") => {
            json!({ "minLength": 1, "maxLength": CommandText::MAX_CHARS, "pattern": "^[ -~]+$" })
        }
        (_, "reason") => line(Reason::MAX_CHARS),
        (_, "title") => line(AlertTitle::MAX_CHARS),
        (_, "subject") => line(AlertSubject::MAX_CHARS),
        ("NewNotification", "type") => line(NotificationKind::MAX_CHARS),
        ("NewNotification" | "NewAlert", "message") => {
            json!({ "minLength": 1, "maxLength": 2_000, "pattern": r"\S" })
        }
        (_, "address") => json!({ "maxLength": 500 }),
        (_, "event_type") => json!({ "minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9_.-]+$" }),
        ("NewWebhook", "secret") => json!({ "pattern": SECRET }),
        (_, "url" | "endpoint") => json!({ "format": "uri" }),
        _ => return None,
    })
}

/// Thresholds of one unit have the same bounds, but for a few.
fn threshold(field: &str) -> Option<Value> {
    let (minimum, maximum) = match field {
        "progress_m" | "segment_max_m" => (10.0, 1e6),
        "speeding_hysteresis_kmh" | "idle_l_per_h" => (0.0, 100.0),
        "theft_percent" => (1.0, 100.0),
        "relocate_fixes" => (2.0, 100.0),
        "speeding_for_s" => (0.0, 86_400.0),
        _ if field.ends_with("_m") => (1.0, 10_000.0),
        _ if field.ends_with("_kmh") => (1.0, 1_000.0),
        _ if field.ends_with("_mps2") => (0.5, 12.0),
        _ if field.ends_with("_l") => (0.1, 10_000.0),
        _ if field.ends_with("_s") => (1.0, 86_400.0),
        _ => return None,
    };
    Some(json!({ "minimum": minimum, "maximum": maximum }))
}

fn range(range: &RangeInclusive<f64>) -> Value {
    json!({ "minimum": range.start(), "maximum": range.end() })
}

fn id() -> Value {
    json!({ "minLength": 1, "maxLength": MAX_ID_CHARS, "pattern": ID })
}

fn line(max_chars: usize) -> Value {
    json!({ "minLength": 1, "maxLength": max_chars, "pattern": LINE })
}
