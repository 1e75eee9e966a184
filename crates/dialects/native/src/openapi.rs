//! The OpenAPI 3.1 document.

use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde_json::{Value, json};
use utoipa::OpenApi;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Milepost",
        description = "Real-time tracking: positions and record changes in, durable in one transaction, out at once to \
            exactly the people allowed to see them. Times are RFC 3339 in UTC with milliseconds, speeds km/h, \
            distances km, headings degrees from north. Any POST may carry an Idempotency-Key. \
            Errors are application/problem+json.",
        license(name = "MIT OR Apache-2.0")
    ),
    tags(
        (name = "tenants", description = "Companies, schools, platforms: superadmin only"),
        (name = "users", description = "People with a login"),
        (name = "vehicles", description = "What is tracked"),
        (name = "devices", description = "What reports"),
        (name = "positions", description = "Where vehicles are and were"),
        (name = "fleet", description = "Geofences, trips, alerts, thresholds and figures of a fleet"),
        (name = "parcels", description = "What drivers bring to clients"),
        (name = "cadets", description = "Cadets and their grades, attendance and scores"),
        (name = "notifications", description = "Notifications and messages, stored until their users read them"),
        (name = "push", description = "Web Push: the caller's browsers, which get its notices and alerts while no page is open"),
        (name = "webhooks", description = "Calls to other programs: where they go and what became of them")
    )
)]
struct Head;

/// The document before the paths are added.
pub(crate) fn head() -> utoipa::openapi::OpenApi {
    Head::openapi()
}

/// The document as served. Adds what is the same for all paths, and which their descriptions leave out.
pub(crate) fn finish(mut document: utoipa::openapi::OpenApi) -> Value {
    document.info = head().info;
    document.tags = head().tags;
    let components = document.components.get_or_insert_default();
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    let device = ApiKey::Header(ApiKeyValue::new("X-Device-Key"));
    components.add_security_scheme("device_key", SecurityScheme::ApiKey(device));
    let session = ApiKey::Cookie(ApiKeyValue::new("milepost_session"));
    components.add_security_scheme("session", SecurityScheme::ApiKey(session));
    let none = Vec::<String>::new;
    document.security = Some(vec![
        SecurityRequirement::new("token", none()),
        SecurityRequirement::new("device_key", none()),
        SecurityRequirement::new("session", none()),
    ]);
    let mut document = serde_json::to_value(&document).unwrap_or_default();
    let operations = document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut());
    for operation in operations.filter_map(Value::as_object_mut).flat_map(|path| path.values_mut()) {
        if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
            complete_responses(responses);
        }
    }
    document
}

/// The statuses by which every call may be refused.
const REFUSALS: [u16; 7] = [400, 401, 403, 404, 422, 429, 503];

fn complete_responses(responses: &mut serde_json::Map<String, Value>) {
    for status in REFUSALS {
        responses.entry(status.to_string()).or_insert_with(|| json!({}));
    }
    for (status, response) in responses {
        let status = status.parse().ok().and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or_default();
        let Some(response) = response.as_object_mut() else { continue };
        let described = response.get("description").and_then(Value::as_str).is_some_and(|text| !text.is_empty());
        if !described {
            response.insert("description".to_owned(), status.canonical_reason().unwrap_or("Answer").into());
        }
        if status.is_client_error() || status.is_server_error() {
            let schema = json!({ "$ref": "#/components/schemas/Problem" });
            response.insert("content".to_owned(), json!({ "application/problem+json": { "schema": schema } }));
        }
    }
}

/// The whole document, for tests and tools.
pub fn openapi_document() -> Value {
    finish(crate::api().split_for_parts().1)
}

pub(crate) fn answer(document: String) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], document)
}
