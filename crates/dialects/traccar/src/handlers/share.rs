//! Links for guests, and forgotten passwords.

use crate::TraccarParts;
use crate::extract::{Form, Signed};
use crate::handlers::devices::Visible;
use crate::refusal::Refusal;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use milepost_domain::{EmailAddress, Label, VehicleId};
use milepost_http::ClientAddress;
use milepost_http::logins::{forget_password, set_new_password, typed_name};
use milepost_service::Once;
use milepost_service::shares::{self, MAX_SHARE_MS, MAX_SHARED_VEHICLES, ShareRequest};

/// A link without an expiration.
const SHARE_MS: i64 = 24 * 60 * 60 * 1000;

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
    share(&parts, &signed, &visible, &device.unique_id, vec![device.vehicle.id.clone()], &form).await
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
    if vehicles.is_empty() || vehicles.len() > MAX_SHARED_VEHICLES {
        return Err(Refusal::forbidden("Group access denied"));
    }
    share(&parts, &signed, &visible, name, vehicles, &form).await
}

async fn share(
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
    let name: String = format!("{owner}:{name}").chars().take(Label::MAX_CHARS).collect();
    let new = ShareRequest { name: Label::new(name.trim())?, vehicle_ids: vehicles, expires_at };
    let service = &parts.live.use_cases().shares;
    let made = shares::add_share(service, &signed.request, signed.tenant(), new, &Once::unclaimed()).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], made.token).into_response())
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
