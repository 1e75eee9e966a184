//! The OpenAPI 3.1 document.

mod bounds;
mod operations;
mod schemas;

use crate::location::collections;
use axum::http::header;
use axum::response::IntoResponse;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use utoipa::OpenApi;

const LICENSE: &str = "MIT OR Apache-2.0";
/// The paths of logins, the other dialects and the status, which are routed elsewhere.
const OTHER_DIALECTS: &str = include_str!("openapi/other_dialects.json");

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Milepost",
        description = "Real-time tracking: positions and record changes in, durable in one transaction, out at once to \
            exactly the people allowed to see them. Times are RFC 3339 in UTC with milliseconds, speeds km/h, \
            distances km, headings degrees from north. Any POST may carry an Idempotency-Key. \
            Errors are application/problem+json."
    ),
    tags(
        (name = "login", description = "Tokens for programs, sessions for browsers"),
        (name = "tenants", description = "Companies, schools, platforms: superadmin only"),
        (name = "users", description = "People with a login"),
        (name = "access tokens", description = "Credentials of programs"),
        (name = "shares", description = "Links by which guests follow vehicles"),
        (name = "audit", description = "Who did what to what"),
        (name = "jobs", description = "Work that takes longer than a request"),
        (name = "vehicles", description = "What is tracked"),
        (name = "devices", description = "What reports"),
        (name = "positions", description = "Where vehicles are and were"),
        (name = "fleet", description = "Geofences, trips, alerts, thresholds and figures of a fleet"),
        (name = "parcels", description = "What drivers bring to clients"),
        (name = "cadets", description = "Cadets and their grades, attendance and scores"),
        (name = "notifications", description = "Notifications and messages, stored until their users read them"),
        (name = "push", description = "Web Push: the caller's browsers, which get its notices and alerts while no page is open"),
        (name = "transit", description = "Feeds for journey planners"),
        (name = "webhooks", description = "Calls to other programs: where they go and what became of them"),
        (name = "deliveries", description = "Deliveries to customers, with public links"),
        (name = "events", description = "Changes as they happen"),
        (name = "status", description = "Whether the server runs")
    )
)]
struct Head;

/// The document before the paths are added.
pub(crate) fn head() -> utoipa::openapi::OpenApi {
    Head::openapi()
}

/// The document as served. Adds what is the same for all paths, and the paths that are routed elsewhere.
///
/// # Panics
/// Never: the text in the binary is JSON, as a test shows.
pub(crate) fn finish(mut document: utoipa::openapi::OpenApi) -> Value {
    document.info = head().info;
    document.tags = head().tags;
    let mut document = serde_json::to_value(&document).unwrap_or_default();
    schemas::name_plainly(&mut document);
    document["info"]["contact"] = json!({ "name": "Who runs this server" });
    document["info"]["license"] = json!({ "name": LICENSE, "identifier": LICENSE });
    document["servers"] = json!([{ "url": "/" }]);
    let others: Value = serde_json::from_str(OTHER_DIALECTS).expect("the text in the binary is JSON");
    merge(&mut document, others);
    let collections = collections(&document);
    if let Some(paths) = document["paths"].as_object_mut() {
        operations::complete(paths, &collections);
    }
    if let Some(schemas) = document["components"]["schemas"].as_object_mut() {
        schemas::complete(schemas);
    }
    document
}

/// Adds the members of `more`, at any depth.
fn merge(document: &mut Value, more: Value) {
    match (document, more) {
        (Value::Object(document), Value::Object(more)) => {
            for (name, value) in more {
                merge(document.entry(name).or_insert(Value::Null), value);
            }
        }
        (document, more) => *document = more,
    }
}

/// The whole document, for tests and tools.
pub fn openapi_document() -> Value {
    finish(crate::api().split_for_parts().1)
}

/// The document's text. JSON is the first of an answer's forms: many generators read no other one.
pub(crate) fn text_of(document: &Value) -> String {
    serde_json::to_string(&JsonFirst(document)).expect("JSON serialises")
}

struct JsonFirst<'a>(&'a Value);

impl Serialize for JsonFirst<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Object(members) => {
                let (first, rest): (Vec<_>, Vec<_>) = members.iter().partition(|(name, _)| *name == "application/json");
                serializer.collect_map(first.iter().chain(&rest).map(|(name, value)| (name, JsonFirst(value))))
            }
            Value::Array(items) => serializer.collect_seq(items.iter().map(JsonFirst)),
            other => other.serialize(serializer),
        }
    }
}

pub(crate) fn answer(document: String) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], document)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{OTHER_DIALECTS, schemas};
    use serde_json::Value;
    use std::collections::HashSet;

    #[test]
    fn no_two_schemas_have_the_same_plain_name() {
        let names = |document: &Value| -> Vec<String> {
            document["components"]["schemas"].as_object().unwrap().keys().cloned().collect()
        };
        let mut document = serde_json::to_value(crate::api().split_for_parts().1).unwrap();
        let in_code = names(&document).len();
        schemas::name_plainly(&mut document);
        let plain = names(&document);
        assert_eq!(plain.len(), in_code);
        let others = names(&serde_json::from_str(OTHER_DIALECTS).unwrap());
        let others: HashSet<String> = others.into_iter().collect();
        let twice: Vec<_> = plain.iter().filter(|name| others.contains(*name)).collect();
        assert!(twice.is_empty(), "{twice:?}");
    }
}
