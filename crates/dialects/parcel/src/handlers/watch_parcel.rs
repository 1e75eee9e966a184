//! `/ws/tracking/?parcel_id=…&token=…`: opens sockets for followers of parcels.

use crate::ParcelParts;
use crate::named_parcel::NamedParcel;
use crate::policy::POLICY;
use crate::viewer::ParcelViewer;
use axum::extract::{Request, State};
use axum::response::Response;
use milepost_domain::{Action, Caller, TenantId, reach};
use milepost_http::Problem;
use milepost_live::{Entry, Handshake, RateLimit};

/// The inbound limit of a driver's socket: the fixes of an hour without network, one every five seconds, sent at once.
/// Each is stored before the next is read. A faster driver is closed with 1008.
const DRIVERS_RATE: RateLimit = RateLimit { frames_per_second: 500, bytes_per_second: 128 * 1024 };

/// Opens a viewer's socket. A refusal is sent on the opened socket too.
pub async fn watch_parcel(State(parts): State<ParcelParts>, request: Request) -> Result<Response, Problem> {
    let handshake = parts.live.handshake(request, &POLICY)?;
    let parcel = NamedParcel::parse(handshake.query("parcel_id").as_deref());
    let entry = authorize(&handshake).await;
    Ok(handshake.open_socket(entry, move |sender, viewer| ParcelViewer::enter(sender, parts, viewer, parcel)))
}

/// The caller, and the tenant whose parcels the socket follows: a superadmin may name another one with `?tenant=`.
async fn authorize(handshake: &Handshake) -> Result<Entry<(Caller, TenantId)>, Problem> {
    let credential = handshake.authenticate().await?;
    let caller = credential.caller().clone();
    let rate = reach(&caller, Action::BringParcel).map(|_| DRIVERS_RATE);
    let tenant = handshake.tenant_for(&caller)?;
    Ok(Entry { rate, ..Entry::new(credential, (caller, tenant)) })
}
