//! The files of a folder at `/`: a built web application, or any page.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// A file that is larger is not served.
const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// What a page's placeholders are replaced with.
const PLACES: [(&str, &str); 3] =
    [("${title}", "Milepost"), ("${description}", "Milepost GPS tracking"), ("${colorPrimary}", "#1a237e")];

/// A folder with a built web application: `TRACCAR_WEB`.
pub struct WebFolder(PathBuf);

impl WebFolder {
    /// The folder at this path.
    pub fn new(path: PathBuf) -> Arc<Self> {
        Arc::new(Self(path))
    }

    /// The file that a path names; the page itself for one that names none.
    async fn find(&self, path: &str) -> Option<(PathBuf, Vec<u8>)> {
        let decoded = path.trim_start_matches('/');
        let named = Path::new(decoded);
        let is_inside = named.components().all(|part| matches!(part, Component::Normal(_)));
        if is_inside && !decoded.is_empty() && !decoded.contains(['\\', '\0']) {
            let file = self.0.join(named);
            if let Some(bytes) = read(&file).await {
                return Some((file, bytes));
            }
        }
        let page = self.0.join("index.html");
        read(&page).await.map(|bytes| (page, bytes))
    }
}

async fn read(file: &Path) -> Option<Vec<u8>> {
    let about = tokio::fs::symlink_metadata(file).await.ok()?;
    if about.is_file() && about.len() <= MAX_FILE_BYTES { tokio::fs::read(file).await.ok() } else { None }
}

pub(crate) fn routes(folder: Arc<WebFolder>) -> Router {
    Router::new().route("/", any(serve)).route("/{*path}", any(serve)).with_state(folder)
}

async fn serve(State(folder): State<Arc<WebFolder>>, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return StatusCode::METHOD_NOT_ALLOWED.into_response();
    }
    let Some((file, bytes)) = folder.find(request.uri().path()).await else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let kind = kind_of(&file);
    let is_page = matches!(file.extension().and_then(|end| end.to_str()), Some("html" | "webmanifest"));
    let bytes = if is_page { replaced(bytes) } else { bytes };
    let mut response = bytes.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    // What is built has its digest in its name, but for the page, its manifest and its worker.
    let is_named = request.uri().path().starts_with("/assets/") && !is_page;
    let age = if is_named { "public, max-age=31536000, immutable" } else { "no-cache" };
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(age));
    response
}

fn replaced(bytes: Vec<u8>) -> Vec<u8> {
    match String::from_utf8(bytes) {
        Ok(text) => PLACES.iter().fold(text, |text, (place, value)| text.replace(place, value)).into_bytes(),
        Err(error) => error.into_bytes(),
    }
}

fn kind_of(file: &Path) -> &'static str {
    match file.extension().and_then(|end| end.to_str()).unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript",
        "css" => "text/css",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "jpg" | "jpeg" => "image/jpeg",
        "woff2" => "font/woff2",
        "woff" => "font/woff",
        "mp3" => "audio/mpeg",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}
