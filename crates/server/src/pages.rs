//! The pages, embedded in the binary, and the settings that they read before a login.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use milepost_http::Problem;
use serde_json::json;
use std::sync::Arc;

/// The built files of `dashboard/`.
#[derive(rust_embed::RustEmbed)]
#[folder = "../../dashboard/dist"]
struct Files;

/// The source of map tiles, if there is one.
pub(crate) struct Tiles {
    pub(crate) url: Option<String>,
    pub(crate) attribution: Option<String>,
}

impl Tiles {
    /// Scheme and host of the tile server, the only foreign host that the page may call.
    fn origin(&self) -> Option<String> {
        let (scheme, rest) = self.url.as_deref()?.split_once("://")?;
        let host = rest.split('/').next()?;
        let clean = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '*' | '[' | ']');
        (!host.is_empty() && host.chars().all(clean)).then(|| format!("{scheme}://{host}"))
    }
}

pub(crate) fn page_routes(tiles: Arc<Tiles>) -> Router {
    Router::new()
        .route("/", get(|state, headers| page(state, headers, "index.html")))
        .route("/login", get(|state, headers| page(state, headers, "index.html")))
        .route("/docs", get(|state, headers| page(state, headers, "docs.html")))
        .route("/track/{tracking_id}", get(|state, headers| page(state, headers, "track.html")))
        .route("/driver", get(|state, headers| page(state, headers, "driver.html")))
        .route("/parcels/{id}", get(|state, headers| page(state, headers, "parcel.html")))
        .route("/assets/{*path}", get(asset))
        .route("/icon.svg", get(|headers: HeaderMap| async move { file("icon.svg", &headers, "max-age=86400") }))
        .route("/app/config.json", get(app_config))
        .route("/app/routes.geojson", get(route_shapes))
        .with_state(tiles)
}

async fn page(State(tiles): State<Arc<Tiles>>, headers: HeaderMap, name: &'static str) -> Response {
    let mut response = file(name, &headers, "no-cache");
    let foreign = tiles.origin().map(|origin| format!(" {origin}")).unwrap_or_default();
    let policy = format!(
        "default-src 'self'; img-src 'self' data: blob:{foreign}; connect-src 'self'{foreign}; \
         worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"
    );
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

/// Asset names contain a hash, so that a browser may keep them for ever.
async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    file(&format!("assets/{path}"), &headers, "public, max-age=31536000, immutable")
}

fn file(name: &str, headers: &HeaderMap, caching: &'static str) -> Response {
    let Some(file) = Files::get(name) else { return Problem::not_found("page").into_response() };
    let tag = format!("\"{}\"", hex(&file.metadata.sha256_hash()[..16]));
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == tag.as_bytes());
    let common = [
        (header::CACHE_CONTROL, caching.to_owned()),
        (header::ETAG, tag),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = [(header::CONTENT_TYPE, file.metadata.mimetype().to_owned())];
    (common, kind, file.data).into_response()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

async fn app_config(State(tiles): State<Arc<Tiles>>) -> impl IntoResponse {
    Json(json!({
        "tile_url": tiles.url,
        "tile_attribution": tiles.attribution,
        "version": env!("CARGO_PKG_VERSION"),
    }))
}

async fn route_shapes() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "application/geo+json"), (header::CACHE_CONTROL, "max-age=3600")];
    (kind, milepost_simulate::DEMO_ROUTES_GEOJSON)
}
