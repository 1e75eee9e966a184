//! `/api/server`: what clients ask before they log in.

use crate::TraccarParts;
use crate::extract::{JsonBody, Params, Signed};
use crate::fleet::object_of;
use crate::refusal::Refusal;
use crate::shape::{Object, written};
use crate::wire::SERVER;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use milepost_domain::{EntryBody, EntryKind, TenantId};
use milepost_service::catalogue::{self, NewEntry};
use serde_json::Value;

/// The version of the server whose API this is.
const VERSION: &str = "6.14.5";
/// The number of the only one.
const SERVER_ID: i64 = 1;
/// What the server itself says, whatever is stored.
pub(crate) const COMPUTED: [&str; 9] = [
    "id",
    "emailEnabled",
    "geocoderEnabled",
    "textEnabled",
    "storageSpace",
    "newServer",
    "openIdEnabled",
    "openIdForce",
    "version",
];

/// The settings of the tenant of the host, or of the caller.
pub(crate) async fn show_server(
    State(parts): State<TraccarParts>,
    headers: HeaderMap,
    signed: Option<Signed>,
) -> Result<Json<Object>, Refusal> {
    let of_host = parts.live.context.tenant_hosts.tenant_of(&headers);
    let tenant = match &signed {
        Some(signed) => signed.tenant().clone(),
        None => of_host.cloned().unwrap_or_else(TenantId::default_tenant),
    };
    let kept = &parts.live.use_cases().catalogue;
    let stored = catalogue::read_entries(kept, &tenant, EntryKind::Settings).await?.pop();
    Ok(Json(server_object(&parts, &stored.as_ref().map(object_of).unwrap_or_default())))
}

/// Changes the settings of the caller's tenant.
pub(crate) async fn change_server(
    State(parts): State<TraccarParts>,
    signed: Signed,
    JsonBody(body): JsonBody,
) -> Result<Json<Object>, Refusal> {
    signed.require_administrator()?;
    let mut object = SERVER.read(&body)?;
    object.retain(|name, _| !COMPUTED.contains(&name.as_str()));
    let new = NewEntry {
        kind: EntryKind::Settings,
        id: Some(SERVER_ID),
        name: None,
        body: EntryBody::of_parsed(written(&object))?,
    };
    catalogue::put_entry(&parts.live.use_cases().catalogue, &signed.request, signed.tenant(), &new).await?;
    parts.directory.mark_changed(signed.tenant());
    Ok(Json(server_object(&parts, &object)))
}

fn server_object(parts: &TraccarParts, stored: &Object) -> Object {
    let mut object = SERVER.fill(SERVER_ID, stored);
    object.insert("registration".to_owned(), false.into());
    object.insert("emailEnabled".to_owned(), parts.has_mail.into());
    for (name, value) in [("geocoderEnabled", false), ("textEnabled", false), ("newServer", false)] {
        object.insert(name.to_owned(), value.into());
    }
    for name in ["openIdEnabled", "openIdForce"] {
        object.insert(name.to_owned(), false.into());
    }
    object.insert("storageSpace".to_owned(), Value::Null);
    object.insert("version".to_owned(), VERSION.into());
    object
}

/// The names of time zones.
pub(crate) async fn list_timezones(_: Signed) -> Json<Vec<String>> {
    Json(jiff::tz::db().available().map(|name| name.to_string()).collect())
}

/// There is no geocoder.
pub(crate) async fn geocode(_: Signed, _: Params) -> Refusal {
    Refusal::failed("java.lang.RuntimeException: Reverse geocoding is not enabled")
}

/// For load balancers.
pub(crate) async fn show_health() -> &'static str {
    "OK"
}
