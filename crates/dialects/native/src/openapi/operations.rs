//! Completes the operations with what is the same for all of them, so that their own descriptions leave it out: refusals, headers,
//! the idempotency key, credentials.

use super::{bounds, schemas};
use axum::http::StatusCode;
use milepost_domain::Scope;
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// The statuses by which every call may be refused.
const REFUSALS: [u16; 7] = [400, 401, 403, 404, 422, 429, 503];
/// The statuses by which a call with a body may be refused, too.
const REFUSALS_OF_BODIES: [u16; 2] = [413, 415];
/// The operations that a device may call with its key. Others refuse it.
const OF_DEVICES: [&str; 11] = [
    "record_positions",
    "list_positions_at",
    "list_vehicles",
    "get_vehicle",
    "read_track",
    "list_trips",
    "get_trip",
    "read_trip_path",
    "record_location",
    "show_caller",
    "stream_events",
];
/// The operations that report something: an access token needs `ingest`. It needs `read` for a GET, and `manage` for the rest.
const OF_REPORTERS: [&str; 4] = ["record_positions", "update_delivery", "add_proof", "add_proof_of_order"];
/// The operations that no access token may call: they are for users, their logins and their browsers, for the operator, or make
/// credentials.
const NOT_OF_PROGRAMS: [&str; 50] = [
    "add_tenant",
    "list_tenants",
    "add_access_token",
    "list_access_tokens",
    "remove_access_token",
    "add_share",
    "list_shares",
    "remove_share",
    "add_report_schedule",
    "list_report_schedules",
    "get_report_schedule",
    "change_report_schedule",
    "remove_report_schedule",
    "mail_report",
    "list_audit",
    "list_notifications",
    "read_notification",
    "list_messages",
    "read_message",
    "add_push_subscription",
    "list_push_subscriptions",
    "remove_push_subscription",
    "record_location",
    "list_unknown_devices",
    "adopt_device",
    "set_second_factor",
    "get_duty",
    "get_email",
    "request_confirmation",
    "change_duty",
    "export_user",
    "erase_user",
    "keep_user",
    "begin_totp",
    "confirm_totp",
    "remove_totp",
    "list_passkeys",
    "begin_passkey",
    "add_passkey",
    "remove_passkey",
    "begin_step_up",
    "step_up",
    "end_logins",
    "list_sessions",
    "end_session",
    "issue_tokens",
    "refresh_token",
    "open_session",
    "close_session",
    "get_push_key",
];
/// What has versions: the last words of its operations' names.
const VERSIONED: [&str; 9] =
    ["user", "vehicle", "device", "geofence", "webhook", "parcel", "rules", "cadet", "report_schedule"];
/// What has versions, and shows something that changes without them. It is never answered 304.
const ALWAYS_SHOWN: [&str; 3] = ["vehicle", "webhook", "report_schedule"];
/// The media types of an answer with `?format`, beside JSON.
const FILES: [&str; 4] = [GEOJSON, "application/gpx+xml", "text/csv", "application/vnd.google-earth.kml+xml"];
const GEOJSON: &str = "application/geo+json";

pub(super) fn complete(paths: &mut Map<String, Value>, collections: &HashSet<String>) {
    for (path, operations) in paths {
        for (method, operation) in operations.as_object_mut().into_iter().flatten() {
            if let Some(operation) = operation.as_object_mut() {
                complete_operation(path, method, operation);
                let makes_something = operation["responses"].get("201").is_some();
                if method == "post" && makes_something && collections.contains(path) {
                    let location = json!({ "$ref": "#/components/headers/Location" });
                    operation["responses"]["201"]["headers"]["Location"] = location;
                }
            }
        }
    }
}

fn complete_operation(path: &str, method: &str, operation: &mut Map<String, Value>) {
    let id = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
    let device = OF_DEVICES.contains(&id);
    // An operation with its own list of credentials is described apart, and keeps no idempotency key either.
    let is_described_apart = operation.contains_key("security");
    let has_key = method == "post" && !is_described_apart && id != "record_location";
    let has_body = operation.contains_key("requestBody") || has_key;
    let versions = Versions::of(id);
    let scope = scope_of(method, id, operation.get("security"));
    describe(operation, has_key, device && !is_described_apart, scope);
    operation.entry("security").or_insert_with(|| security(device));
    let parameters = operation.entry("parameters").or_insert_with(|| json!([]));
    if let Some(parameters) = parameters.as_array_mut() {
        for parameter in parameters.iter_mut() {
            complete_parameter(path, parameter);
        }
        if has_key {
            parameters.push(idempotency_key());
        }
        parameters.extend(versions.condition());
        if parameters.is_empty() {
            operation.remove("parameters");
        }
    }
    if let Some(body) = operation.get_mut("requestBody")
        && body["content"].get("application/json").is_some()
    {
        complete_optional_body(body);
        if let Some(schema) = body.pointer_mut("/content/application~1json/schema") {
            complete_list_body(schema);
        }
    }
    let has_files = operation
        .get("parameters")
        .and_then(Value::as_array)
        .is_some_and(|parameters| parameters.iter().any(|parameter| parameter["name"] == "format"));
    let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
    if has_files && let Some(content) = responses["200"]["content"].as_object_mut() {
        for media_type in FILES {
            let features = json!({ "$ref": "#/components/schemas/FeatureCollection" });
            let schema = if media_type == GEOJSON { features } else { json!({ "type": "string" }) };
            content.insert(media_type.to_owned(), json!({ "schema": schema }));
        }
    }
    if let Some(zip) = responses.get_mut("200").and_then(|response| response.pointer_mut("/content/application~1zip")) {
        zip["schema"] = json!({ "type": "string", "format": "binary" });
    }
    let bodies = if has_body { REFUSALS_OF_BODIES.as_slice() } else { &[] };
    let refusals = if is_described_apart { &[400, 429, 503][..] } else { REFUSALS.as_slice() };
    // The key's first request may still be running.
    let in_progress = if has_key { &[409][..] } else { &[] };
    for status in refusals.iter().chain(bodies).chain(in_progress).chain(versions.statuses()) {
        responses.entry(status.to_string()).or_insert_with(|| json!({}));
    }
    for (status, response) in responses {
        let status = status.parse().ok().and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or_default();
        if let Some(response) = response.as_object_mut() {
            complete_response(status, has_key, versions.are_named(), response);
        }
    }
}

/// The scope that an access token needs; `None` where it is refused, and where no credential is needed.
fn scope_of(method: &str, id: &str, own_security: Option<&Value>) -> Option<Scope> {
    let is_open = own_security.and_then(Value::as_array).is_some_and(Vec::is_empty);
    if is_open || NOT_OF_PROGRAMS.contains(&id) {
        None
    } else if method == "get" {
        Some(Scope::Read)
    } else if OF_REPORTERS.contains(&id) {
        Some(Scope::Ingest)
    } else {
        Some(Scope::Manage)
    }
}

/// Adds who may call it and how it is repeated, to the description or else to the summary.
fn describe(operation: &mut Map<String, Value>, has_key: bool, device: bool, scope: Option<Scope>) {
    let text = |name: &str| operation.get(name).and_then(Value::as_str).filter(|text| !text.is_empty());
    let mut description = text("description").or_else(|| text("summary")).unwrap_or_default().to_owned();
    if device {
        description.push_str("\n\nDevices may call it with their key.");
    }
    if let Some(scope) = scope {
        description.push_str(&format!("\n\nAn access token needs the scope `{}`.", scope.as_str()));
        operation.insert("x-access-token-scope".to_owned(), scope.as_str().into());
    }
    if has_key {
        description.push_str("\n\nWith an Idempotency-Key the call may be repeated safely.");
    }
    operation.insert("description".to_owned(), description.into());
}

/// A body that may be missing is none that may be `null`.
fn complete_optional_body(body: &mut Value) {
    let Some(schema) = body.pointer_mut("/content/application~1json/schema") else { return };
    let Some(forms) = schema["oneOf"].as_array().filter(|forms| forms.iter().any(|form| form["type"] == "null")) else {
        return;
    };
    let forms: Vec<Value> = forms.iter().filter(|form| form["type"] != "null").cloned().collect();
    *schema = if let [form] = forms.as_slice() { form.clone() } else { json!({ "oneOf": forms }) };
    body["required"] = false.into();
}

/// A body that may be a list may be one item, too. Only that of positions may.
fn complete_list_body(schema: &mut Value) {
    if schema["type"] == "array" {
        *schema = json!({ "$ref": "#/components/schemas/NewPositions" });
    }
}

fn complete_parameter(path: &str, parameter: &mut Value) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (place, name) = (text(&parameter["in"]), text(&parameter["name"]));
    let is_text = schemas::is_text(&parameter["schema"]);
    if let Some(values) = bounds::of_parameter(path, &place, &name, is_text) {
        schemas::constrain(&mut parameter["schema"], values);
    }
}

/// How an operation refers to versions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Versions {
    No,
    /// Its answer names one.
    Named,
    /// Also, the client may name one that it has.
    Shown,
    /// Also, the client may name those that it allows a change of.
    Changed,
    /// There is none any more.
    Removed,
    /// A change of a cadet's records, whose version is the cadet's. Such changes wait for each other.
    Within {
        /// The answer shows the cadet.
        named: bool,
    },
}

impl Versions {
    fn of(operation_id: &str) -> Self {
        match operation_id.split_once('_') {
            Some(("rotate", "webhook_secret")) => Self::Named,
            Some(("change", "scores")) => Self::Within { named: true },
            Some(("record", "attendance") | ("take", "back_grade")) => Self::Within { named: false },
            Some((verb, what)) if VERSIONED.contains(&what) => match verb {
                "add" => Self::Named,
                "get" if ALWAYS_SHOWN.contains(&what) => Self::Named,
                "get" => Self::Shown,
                "change" => Self::Changed,
                "remove" => Self::Removed,
                _ => Self::No,
            },
            _ => Self::No,
        }
    }

    fn are_named(self) -> bool {
        matches!(self, Self::Named | Self::Shown | Self::Changed | Self::Within { named: true })
    }

    fn statuses(self) -> &'static [u16] {
        match self {
            Self::No | Self::Named => &[],
            Self::Shown => &[304],
            // Others may keep changing the same thing.
            Self::Changed | Self::Removed => &[409, 412],
            Self::Within { .. } => &[412],
        }
    }

    fn condition(self) -> Option<Value> {
        let (name, description) = match self {
            Self::No | Self::Named => return None,
            Self::Shown => (
                "If-None-Match",
                "The `ETag` of the version that the client has. If it is the present one, the answer is 304.",
            ),
            Self::Changed | Self::Removed => (
                "If-Match",
                "The `ETag` of the version that the client has seen, or several. If the present one is another, the answer is 412 and nothing \
                 changes.",
            ),
            Self::Within { .. } => (
                "If-Match",
                "The `ETag` of the cadet that the client has seen, or several. If the present one is another, the answer is 412 and nothing \
                 changes.",
            ),
        };
        let pattern = r#"^(\*|(W/)?"[!#-~]*"([ \t]*,[ \t]*(W/)?"[!#-~]*")*)$"#;
        let schema = match self {
            // One that is malformed is passed over: the answer is the whole thing.
            Self::No | Self::Named | Self::Shown => json!({ "type": "string" }),
            Self::Changed | Self::Removed | Self::Within { .. } => {
                json!({ "type": "string", "minLength": 1, "pattern": pattern })
            }
        };
        Some(json!({ "name": name, "in": "header", "required": false, "description": description, "schema": schema }))
    }
}

fn complete_response(status: StatusCode, has_key: bool, has_version: bool, response: &mut Map<String, Value>) {
    let described = response.get("description").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    if !described {
        response.insert("description".to_owned(), status.canonical_reason().unwrap_or("Answer").into());
    }
    if status.is_client_error() || status.is_server_error() {
        let schema = json!({ "$ref": "#/components/schemas/Problem" });
        response.insert("content".to_owned(), json!({ "application/problem+json": { "schema": schema } }));
    }
    let mut headers = Map::new();
    let mut add = |name: &str, component: &str| {
        headers.insert(name.to_owned(), json!({ "$ref": format!("#/components/headers/{component}") }));
    };
    match status.as_u16() {
        409 if has_key => add("Retry-After", "RetryAfter"),
        429 | 503 => add("Retry-After", "RetryAfter"),
        401 => add("WWW-Authenticate", "WwwAuthenticate"),
        _ => {}
    }
    if has_version && (status.is_success() || status == StatusCode::NOT_MODIFIED) {
        add("ETag", "ETag");
    }
    if has_key && status.is_success() {
        add("Idempotency-Replayed", "IdempotencyReplayed");
    }
    if !headers.is_empty() {
        response.insert("headers".to_owned(), Value::Object(headers));
    }
}

fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key",
        "in": "header",
        "required": false,
        "description": "A repeated request with the same key gets the first one's answer, and its work is done once.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]([ -~]*[!-~])?$" },
    })
}

/// The credentials that an operation takes.
fn security(device: bool) -> Value {
    let mut schemes = vec![json!({ "token": [] }), json!({ "session": [] })];
    if device {
        schemes.extend([json!({ "device_key": [] }), json!({ "device_authorization": [] })]);
    }
    Value::Array(schemes)
}
