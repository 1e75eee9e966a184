//! Ends mails about alerts: one click in the reader's mail program (RFC 8058), or a button on a page.

use crate::{HttpContext, query_value};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use milepost_service::sign_in;
use std::sync::Arc;

const PAGE: &str = include_str!("reset_page.html");
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// `GET /unsubscribe?token=…` asks, because programs open links too; its `POST` ends the mails.
pub fn unsubscribe_routes(context: Arc<HttpContext>) -> Router {
    Router::new().route("/unsubscribe", get(ask).post(end_mails)).with_state(context)
}

async fn ask() -> Response {
    page(
        StatusCode::OK,
        "<form method=\"post\"><p>Get no more e-mail about alerts? · Berhenti menerima email tentang peringatan?</p>\
         <button type=\"submit\">OK</button></form>",
    )
}

async fn end_mails(State(context): State<Arc<HttpContext>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let token = query_value(&parts, "token").unwrap_or_default();
    match sign_in::end_alert_mails(&context.use_cases.sign_in, &token, context.clock.now()).await {
        Ok(true) => page(
            StatusCode::OK,
            "<p role=\"status\">You get no more e-mail about alerts. · Anda tidak akan menerima email lagi tentang peringatan.</p>",
        ),
        Ok(false) => page(
            StatusCode::NOT_FOUND,
            "<p role=\"status\">This link is not valid any more. · Tautan ini tidak berlaku lagi.</p>",
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
