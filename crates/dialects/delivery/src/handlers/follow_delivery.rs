//! `/ws/tracking/{tracking_id}`: opens sockets for followers of a delivery.

use super::find_delivery::tracking_id;
use crate::DeliveryParts;
use crate::follower::{DeliveryFollower, Followed};
use crate::policy::POLICY;
use axum::extract::{Request, State};
use axum::response::Response;
use milepost_domain::{Caller, TenantId};
use milepost_http::{Path, Problem};
use milepost_live::{Entry, Handshake};
use milepost_service::deliveries;

/// Opens a follower's socket. A refusal is sent on the opened socket too.
pub(crate) async fn follow_delivery(
    State(parts): State<DeliveryParts>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let handshake = parts.live.handshake(request, &POLICY)?;
    let entry = authorize(&parts, &id, &handshake).await;
    Ok(handshake.open_socket(entry, move |sender, followed| DeliveryFollower::enter(sender, parts, followed)))
}

async fn authorize(parts: &DeliveryParts, id: &str, handshake: &Handshake) -> Result<Entry<Followed>, Problem> {
    let credential = handshake.authenticate_if_shown().await?;
    let id = tracking_id(id)?;
    let live = &parts.live;
    let tenant = deliveries::find_delivery(&live.use_cases().deliveries, &id, live.now()).await?.delivery.tenant;
    let caller = credential.as_ref().map(|credential| credential.caller().clone());
    let sees_rider = caller.as_ref().is_some_and(|caller| sees_rider(caller, &tenant));
    // Somebody of another tenant comes by the link too.
    let public_link = (!sees_rider).then(|| id.to_string());
    let view = Followed { id, caller, sees_rider };
    Ok(Entry { tenant, credential, public_link, view, max_message_bytes: None, rate: None })
}

/// Whether `caller` may see the rider of a delivery of `tenant`.
fn sees_rider(caller: &Caller, tenant: &TenantId) -> bool {
    caller.tenant == *tenant || caller.is_superadmin()
}
