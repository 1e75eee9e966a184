//! Links for guests, and forgotten passwords.

use crate::TraccarParts;
use crate::extract::{Form, Signed};
use crate::handlers::devices::Visible;
use crate::refusal::Refusal;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use milepost_domain::{EmailAddress, VehicleId};
use milepost_http::ClientAddress;
use milepost_http::logins::{GUEST, forget_password, issue_guest_token, set_new_password, typed_name};

/// The longest life of a link.
const MAX_SHARE_MS: i64 = 366 * 24 * 60 * 60 * 1000;
/// A link without an expiration.
const SHARE_MS: i64 = 24 * 60 * 60 * 1000;
/// Devices of one link: a token has to fit into a cookie.
const MAX_SHARED: usize = 40;

/// A link to see one device.
pub(crate) async fn share_device(
    State(parts): State<TraccarParts>,
    signed: Signed,
    form: Form,
) -> Result<Response, Refusal> {
    let id = form.get("deviceId").and_then(|id| id.parse().ok()).unwrap_or(0);
    let visible = Visible::of(&parts, &signed).await?;
    let device = match visible.numbered(id) {
        Some(device) => device,
        None if signed.sees_all() => {
            return Err(Refusal::missing(
                "Cannot invoke \"org.traccar.model.Device.getUniqueId()\" because \"<local6>\" is null",
            ));
        }
        None => return Err(Refusal::forbidden("Device access denied")),
    };
    share(&parts, &signed, &visible, &device.unique_id, vec![device.vehicle.id.clone()], &form)
}

/// A link to see the devices that are in a group now.
pub(crate) async fn share_group(
    State(parts): State<TraccarParts>,
    signed: Signed,
    form: Form,
) -> Result<Response, Refusal> {
    let id = form.get("groupId").and_then(|id| id.parse().ok()).unwrap_or(0);
    let visible = Visible::of(&parts, &signed).await?;
    let name = visible.fleet.groups.get(&id).and_then(|group| crate::shape::text(group, "name")).unwrap_or("group");
    let of_group = visible.fleet.devices_in(id).map(|device| device.vehicle.id.clone());
    let vehicles: Vec<VehicleId> = of_group.filter(|id| visible.live.contains_key(id)).collect();
    if vehicles.is_empty() || vehicles.len() > MAX_SHARED {
        return Err(Refusal::forbidden("Group access denied"));
    }
    share(&parts, &signed, &visible, name, vehicles, &form)
}

fn share(
    parts: &TraccarParts,
    signed: &Signed,
    visible: &Visible,
    name: &str,
    vehicles: Vec<VehicleId>,
    form: &Form,
) -> Result<Response, Refusal> {
    if signed.is_guest() {
        return Err(Refusal::forbidden("Operation restricted"));
    }
    let now = signed.now();
    let expires_at = form.time("expiration")?.unwrap_or(now.plus_ms(SHARE_MS)).min(now.plus_ms(MAX_SHARE_MS));
    let owner = signed.user().and_then(|user| visible.fleet.user(user.get())).map_or("", |user| user.username.as_str());
    let subject = format!("{GUEST}{owner}:{name}");
    let token = issue_guest_token(&parts.live.context, &subject, signed.tenant(), &vehicles, expires_at);
    Ok(([(header::CONTENT_TYPE, "application/json")], token).into_response())
}

/// Mails a link with which a password is set. Nobody learns who has an account.
pub(crate) async fn request_reset(
    State(parts): State<TraccarParts>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    form: Form,
) -> Result<StatusCode, Refusal> {
    let email = typed_name(form.get("email").unwrap_or_default());
    forget_password(&parts.live.context, &headers, address, &email, EmailAddress::new(&email).ok());
    Ok(StatusCode::OK)
}

/// Sets a password by the token of a link.
pub(crate) async fn set_password(
    State(parts): State<TraccarParts>,
    ClientAddress(address): ClientAddress,
    form: Form,
) -> Result<StatusCode, Refusal> {
    let token = form.get("token").unwrap_or_default();
    if !token.starts_with("mpl_") {
        return Err(Refusal::no_token());
    }
    let password = form.get("password").ok_or_else(|| Refusal::missing("\"password\" is null"))?;
    set_new_password(&parts.live.context, token, password.to_owned(), address).await?;
    Ok(StatusCode::OK)
}
