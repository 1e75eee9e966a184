//! The dialect of Traccar's clients: its web application, its phone apps, Home Assistant and scripts use it unchanged.

#![forbid(unsafe_code)]

mod channel;
mod commands;
mod convert;
mod directory;
mod events;
mod extract;
mod fleet;
mod handlers;
mod ids;
pub mod import;
mod listener;
mod logs;
mod refusal;
mod reports;
mod shape;
mod time;
mod viewer;
mod web;
mod wire;
mod wkt;
mod workbook;

pub use directory::Directory;
pub use listener::TraccarListener;
pub use logs::{DeviceLog, Heard};
pub use web::WebFolder;

use axum::Router;
use axum::extract::{FromRef, Request};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, post};
use handlers::{
    commands as command_handlers, devices, events as event_handlers, geofences, images, kml, notifications, objects,
    permissions, positions, report_handlers, server, session, share, socket, users,
};
use milepost_http::HttpContext;
use milepost_live::Live;
use refusal::Refusal;
use std::sync::Arc;

/// What the dialect's handlers need.
#[derive(Clone)]
pub struct TraccarParts {
    /// Use cases and live connections.
    pub live: Live,
    /// The fleets in memory, which the listener shares.
    pub directory: Arc<Directory>,
    /// Mails can be sent.
    pub has_mail: bool,
}

impl FromRef<TraccarParts> for Arc<HttpContext> {
    fn from_ref(parts: &TraccarParts) -> Self {
        Self::clone(&parts.live.context)
    }
}

/// The dialect's routes under `/api`, beside those of others.
pub fn routes(parts: TraccarParts) -> Router {
    paths().layer(from_fn(surround)).with_state(parts)
}

/// The routes of a port of their own: also unknown paths under `/api`, and the files of a folder at `/`.
pub fn port_routes(parts: TraccarParts, web: Option<Arc<WebFolder>>) -> Router {
    let unknown = any(|| async { Refusal::no_such_path() });
    let paths = paths().route("/api", unknown.clone()).route("/api/{*rest}", unknown).layer(from_fn(surround));
    let router = paths.with_state(parts);
    match web {
        Some(folder) => router.merge(web::routes(folder)),
        None => router,
    }
}

fn paths() -> Router<TraccarParts> {
    let mut router = Router::new()
        .route("/api/socket", get(socket::open_socket))
        .route("/api/session", get(session::show_session).post(session::open_session).delete(session::close_session))
        .route("/api/session/{id}", get(session::show_own_session))
        .route("/api/session/token", post(session::make_token))
        .route("/api/session/token/revoke", post(session::revoke_token))
        .route("/api/server", get(server::show_server).put(server::change_server))
        .route("/api/server/timezones", get(server::list_timezones))
        .route("/api/server/geocode", get(server::geocode))
        .route("/api/health", get(server::show_health))
        .route("/api/users", get(users::list_users).post(users::add_user))
        .route("/api/users/totp", post(users::make_totp_key))
        .route("/api/users/{id}", get(users::get_user).put(users::change_user).delete(users::remove_user))
        .route("/api/devices", get(devices::list_devices).post(devices::add_device))
        .route("/api/devices/{id}", get(devices::get_device).put(devices::change_device).delete(devices::remove_device))
        .route("/api/devices/{id}/accumulators", axum::routing::put(devices::set_accumulators))
        .route("/api/devices/{id}/image", post(images::set_image))
        .route("/api/media/{unique_id}/{file}", get(images::show_media))
        .route("/api/positions", get(positions::list_positions).delete(positions::remove_positions))
        .route("/api/positions/csv", get(positions::export_csv))
        .route("/api/positions/gpx", get(positions::export_gpx))
        .route("/api/positions/kml", get(kml::export_kml))
        .route("/api/positions/kmz", get(kml::export_kmz))
        .route("/api/positions/{id}", delete(positions::remove_position))
        .route("/api/geofences", get(geofences::list_geofences).post(geofences::add_geofence))
        .route(
            "/api/geofences/{id}",
            get(geofences::get_geofence).put(geofences::change_geofence).delete(geofences::remove_geofence),
        )
        .route(
            "/api/permissions",
            get(permissions::list_permissions).post(permissions::add_permission).delete(permissions::remove_permission),
        )
        .route("/api/permissions/bulk", post(permissions::add_permissions).delete(permissions::remove_permissions))
        .route("/api/events/{id}", get(event_handlers::get_event))
        .route("/api/commands/types", get(command_handlers::list_types))
        .route("/api/commands/send", get(command_handlers::list_sendable).post(command_handlers::send_command))
        .route("/api/notifications/types", get(notifications::list_types))
        .route("/api/notifications/notificators", get(notifications::list_notificators))
        .route("/api/notifications/test", post(notifications::test_all))
        .route("/api/notifications/test/{notificator}", post(notifications::test_one))
        .route("/api/notifications/send/{notificator}", post(notifications::send))
        .route("/api/attributes/computed/test", post(command_handlers::test_expression))
        .route("/api/reports/{kind}", get(report_handlers::show_report))
        .route("/api/reports/{kind}/{form}", get(report_handlers::show_report_file))
        .route("/api/statistics", get(report_handlers::list_statistics))
        .route("/api/audit", get(report_handlers::list_audit))
        .route("/api/share/device", post(share::share_device))
        .route("/api/share/group", post(share::share_group))
        .route("/api/password/reset", post(share::request_reset))
        .route("/api/password/update", post(share::set_password));
    for (path, kept) in [
        ("groups", &wire::GROUP),
        ("drivers", &wire::DRIVER),
        ("maintenance", &wire::MAINTENANCE),
        ("calendars", &wire::CALENDAR),
        ("commands", &wire::COMMAND),
        ("notifications", &wire::NOTIFICATION),
        ("attributes/computed", &wire::COMPUTED),
        ("reports", &wire::REPORT),
        ("orders", &wire::ORDER),
    ] {
        let (list, one) = objects::routes_of(kept);
        router = router.route(&format!("/api/{path}"), list);
        // The reports of a name are beside those of a number.
        if path != "reports" {
            router = router.route(&format!("/api/{path}/{{id}}"), one);
        }
    }
    router.method_not_allowed_fallback(|| async { Refusal::not_allowed() })
}

/// What is the same for all answers: any page may read them without a cookie, and who wants something else than JSON gets none.
async fn surround(request: Request, next: Next) -> Response {
    let is_options = request.method() == Method::OPTIONS;
    let refused = wants_other(&request);
    let mut response = if refused { Refusal::not_acceptable().into_response() } else { next.run(request).await };
    if is_options && response.status() == StatusCode::METHOD_NOT_ALLOWED {
        let allowed = response.headers().get(header::ALLOW).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let allowed = format!("{},OPTIONS", allowed.replace(' ', ""));
        let headers = [(header::ALLOW, allowed.clone()), (header::CONTENT_TYPE, "text/plain".to_owned())];
        response = (StatusCode::OK, headers, allowed.replace(',', ", ")).into_response();
    }
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

/// Whether a request that is answered with JSON accepts none. Reports and files have other forms, and browsers ask for them.
fn wants_other(request: &Request) -> bool {
    let path = request.uri().path();
    let other_forms = ["/api/reports/", "/api/positions/", "/api/socket", "/api/health", "/api/session/token"];
    if other_forms.iter().any(|begin| path.starts_with(begin)) || request.method() == Method::OPTIONS {
        return false;
    }
    let mut accepted =
        request.headers().get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).peekable();
    let takes_json = |value: &str| {
        value
            .split(',')
            .map(|part| part.split(';').next().unwrap_or_default().trim())
            .any(|kind| matches!(kind, "*/*" | "application/*" | "application/json" | ""))
    };
    accepted.peek().is_some() && !accepted.any(takes_json)
}
