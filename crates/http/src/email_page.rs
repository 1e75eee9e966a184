//! The page on which a link leads that confirms an address: a button, because programs open links too.

use crate::{ClientAddress, HttpContext, query_value};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use milepost_access::AccessError;
use std::sync::Arc;

const PAGE: &str = include_str!("reset_page.html");
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// `GET /confirm-email?token=…` asks, and its `POST` confirms.
pub fn email_page_routes(context: Arc<HttpContext>) -> Router {
    Router::new().route("/confirm-email", get(ask).post(confirm)).with_state(context)
}

async fn ask() -> Response {
    page(
        StatusCode::OK,
        "<form method=\"post\"><p>Is this your address? It will get the e-mail of your account. \
         · Apakah ini alamat Anda? Email akun Anda akan dikirim ke sini.</p><button type=\"submit\">OK</button></form>",
    )
}

async fn confirm(
    State(context): State<Arc<HttpContext>>,
    ClientAddress(address): ClientAddress,
    request: Request,
) -> Response {
    let (parts, _) = request.into_parts();
    let token = query_value(&parts, "token").unwrap_or_default();
    match context.access.confirm_email(&token, address).await {
        Ok(_) => {
            page(StatusCode::OK, "<p role=\"status\">Your address is confirmed. · Alamat Anda sudah dikonfirmasi.</p>")
        }
        Err(AccessError::Gone(_)) => page(
            StatusCode::GONE,
            "<p role=\"status\">This link was used before or has expired. · Tautan ini sudah digunakan atau sudah kedaluwarsa.</p>",
        ),
        Err(_) => page(
            StatusCode::SERVICE_UNAVAILABLE,
            "<p role=\"status\">That did not work. Try again soon. · Coba lagi sebentar lagi.</p>",
        ),
    }
}

fn page(status: StatusCode, content: &str) -> Response {
    let html = PAGE.replace("{lang}", "en").replace("{title}", "E-mail").replace("{content}", content);
    let mut response = (status, Html(html)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}
