//! The pages, embedded in the binary, and the settings that they read before a login.

use crate::basemap::Basemap;
use crate::compression::{takes, takes_gzip};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use flate2::read::GzDecoder;
use milepost_http::Problem;
use serde_json::json;
use std::borrow::Cow;
use std::io::Read as _;
use std::sync::Arc;

/// The built files of `dashboard/`.
#[derive(rust_embed::RustEmbed)]
#[folder = "../../dashboard/dist"]
struct Files;

/// What maps are drawn on, if there is anything.
pub(crate) struct Tiles {
    pub(crate) basemap: Option<Basemap>,
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

/// The addresses of the application, which shows by itself what belongs to its address.
const APPLICATION: &[&str] = &[
    "/",
    "/login",
    "/demo",
    "/map",
    "/trips",
    "/trips/{id}",
    "/history",
    "/alerts",
    "/geofences",
    "/reports",
    "/parcels",
    "/deliveries",
    "/admin/{page}",
    "/cadets",
    "/cadets/{id}",
    "/my-records",
    "/my-vehicles",
    "/inbox",
    "/account",
];

const BASEMAP: &str = "/app/basemap.pmtiles";

pub(crate) fn page_routes(tiles: Arc<Tiles>) -> Router {
    let application = APPLICATION.iter().fold(Router::new(), |router, address| {
        router.route(address, get(|state, headers| page(state, headers, "index.html")))
    });
    application
        .route("/docs", get(|state, headers| page(state, headers, "docs.html")))
        .route("/track/{tracking_id}", get(|state, headers| page(state, headers, "track.html")))
        // The token of a share stands behind the `#`, which browsers send to no server.
        .route("/s", get(|state, headers| page(state, headers, "share.html")))
        .route("/driver", get(|state, headers| page(state, headers, "driver.html")))
        .route("/parcels/{id}", get(|state, headers| page(state, headers, "parcel.html")))
        .route("/assets/{*path}", get(asset))
        .route("/icon.svg", get(|headers: HeaderMap| async move { file("icon.svg", &headers, "max-age=86400") }))
        .route(
            "/icon-maskable.svg",
            get(|headers: HeaderMap| async move { file("icon-maskable.svg", &headers, "max-age=86400") }),
        )
        .route(
            "/manifest.webmanifest",
            get(|headers: HeaderMap| async move { file("manifest.webmanifest", &headers, "no-cache") }),
        )
        // Asked for at each visit, so that a newer version is found.
        .route("/sw.js", get(|headers: HeaderMap| async move { file("sw.js", &headers, "no-cache") }))
        .route("/app/config.json", get(app_config))
        .route("/app/routes.geojson", get(route_shapes))
        .route(BASEMAP, get(basemap))
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

/// Answers with an embedded file. Assets are embedded as gzip under `NAME.gz` and as Brotli under `NAME.br`. A client that takes
/// neither gets them inflated.
fn file(name: &str, headers: &HeaderMap, caching: &'static str) -> Response {
    let compressed = Files::get(&format!("{name}.gz"));
    let is_compressed = compressed.is_some();
    let Some(file) = compressed.or_else(|| Files::get(name)) else {
        return Problem::not_found("page").into_response();
    };
    // Weak, because all encodings have it.
    let tag = format!("W/\"{}\"", hex(&file.metadata.sha256_hash()[..16]));
    let known = headers.get(header::IF_NONE_MATCH).is_some_and(|value| value.as_bytes() == tag.as_bytes());
    let common = [
        (header::CACHE_CONTROL, caching.to_owned()),
        (header::ETAG, tag),
        (header::VARY, "accept-encoding".to_owned()),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, common).into_response();
    }
    let kind = [(header::CONTENT_TYPE, content_type(name))];
    if is_compressed
        && takes(headers, "br")
        && let Some(smaller) = Files::get(&format!("{name}.br"))
    {
        return (common, kind, [(header::CONTENT_ENCODING, "br")], smaller.data).into_response();
    }
    if is_compressed && takes_gzip(headers) {
        return (common, kind, [(header::CONTENT_ENCODING, "gzip")], file.data).into_response();
    }
    let data = if is_compressed { Cow::Owned(inflate(&file.data)) } else { file.data };
    (common, kind, data).into_response()
}

fn content_type(name: &str) -> &'static str {
    match name.rsplit_once('.') {
        Some((_, "html")) => "text/html",
        Some((_, "js")) => "text/javascript",
        Some((_, "css")) => "text/css",
        Some((_, "json")) => "application/json",
        Some((_, "svg")) => "image/svg+xml",
        Some((_, "woff2")) => "font/woff2",
        Some((_, "webmanifest")) => "application/manifest+json",
        _ => "application/octet-stream",
    }
}

fn inflate(compressed: &[u8]) -> Vec<u8> {
    let mut data = Vec::new();
    GzDecoder::new(compressed).read_to_end(&mut data).expect("the build compressed this file");
    data
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

async fn app_config(State(tiles): State<Arc<Tiles>>) -> impl IntoResponse {
    Json(json!({
        "basemap_url": tiles.basemap.as_ref().map(|_| BASEMAP),
        "tile_url": tiles.url,
        "tile_attribution": tiles.attribution,
        "version": env!("CARGO_PKG_VERSION"),
    }))
}

async fn basemap(State(tiles): State<Arc<Tiles>>, headers: HeaderMap) -> Response {
    match &tiles.basemap {
        Some(basemap) => basemap.answer(&headers).await,
        None => Problem::not_found("map of streets").into_response(),
    }
}

async fn route_shapes() -> impl IntoResponse {
    let kind = [(header::CONTENT_TYPE, "application/geo+json"), (header::CACHE_CONTROL, "max-age=3600")];
    (kind, milepost_simulate::DEMO_ROUTES_GEOJSON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_file_has_a_known_type() {
        for name in Files::iter() {
            let plain = name.trim_end_matches(".gz").trim_end_matches(".br");
            assert_ne!(content_type(plain), "application/octet-stream", "{name}");
        }
    }

    #[test]
    fn gzip_is_sent_only_to_clients_that_take_it() {
        for (accepted, takes) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("deflate, gzip; q=1.0", true),
            ("", false),
            ("br", false),
            ("gzip;q=0", false),
            ("x-gzip", false),
            ("gzip; q=0.000, br", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(accepted))]);
            assert_eq!(takes_gzip(&headers), takes, "{accepted}");
        }
    }
}
