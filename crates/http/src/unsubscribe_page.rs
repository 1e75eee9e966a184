//! Ends mails about alerts, or those of a report schedule: one click in the reader's mail program (RFC 8058), or a button on a page.

use crate::{HttpContext, query_value};
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use milepost_access::is_report_unsubscribe;
use milepost_service::{reports, sign_in};
use std::sync::Arc;

const PAGE: &str = include_str!("reset_page.html");
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// `GET /unsubscribe?token=…` asks, because programs open links too; its `POST` ends the mails.
pub fn unsubscribe_routes(context: Arc<HttpContext>) -> Router {
    Router::new().route("/unsubscribe", get(ask).post(end_mails)).with_state(context)
}

async fn ask(request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let question = if is_report_unsubscribe(&query_value(&parts, "token").unwrap_or_default()) {
        "Get this report no more? · Berhenti menerima laporan ini?"
    } else {
        "Get no more e-mail about alerts? · Berhenti menerima email tentang peringatan?"
    };
    let form = format!("<form method=\"post\"><p>{question}</p><button type=\"submit\">OK</button></form>");
    page(StatusCode::OK, &form)
}

async fn end_mails(State(context): State<Arc<HttpContext>>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let token = query_value(&parts, "token").unwrap_or_default();
    let (use_cases, now) = (&context.use_cases, context.clock.now());
    let (ended, done) = if is_report_unsubscribe(&token) {
        let ended = reports::end_report_mails(&use_cases.reports, &token, now).await;
        (ended, "You get this report no more. · Anda tidak akan menerima laporan ini lagi.")
    } else {
        let ended = sign_in::end_alert_mails(&use_cases.sign_in, &token, now).await;
        (ended, "You get no more e-mail about alerts. · Anda tidak akan menerima email lagi tentang peringatan.")
    };
    match ended {
        Ok(true) => page(StatusCode::OK, &format!("<p role=\"status\">{done}</p>")),
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
