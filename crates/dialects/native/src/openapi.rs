//! The OpenAPI 3.1 document.

use axum::http::header;
use axum::response::IntoResponse;
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
        (name = "positions", description = "Where vehicles are and were")
    )
)]
struct Head;

/// The document before the paths are added.
pub(crate) fn head() -> utoipa::openapi::OpenApi {
    Head::openapi()
}

/// The ways to show who one is, for every path.
pub(crate) fn finish(mut document: utoipa::openapi::OpenApi) -> utoipa::openapi::OpenApi {
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
    document
}

/// The whole document, for tests and tools.
pub fn openapi_document() -> utoipa::openapi::OpenApi {
    finish(crate::api().split_for_parts().1)
}

pub(crate) fn answer(document: String) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "application/json")], document)
}
