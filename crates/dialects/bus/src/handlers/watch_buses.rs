//! `/ws/bus-tracking/`: opens sockets for viewers of buses.

use crate::BusParts;
use crate::view::View;
use crate::viewer::BusViewer;
use axum::extract::{Request, State};
use axum::response::Response;
use milepost_domain::{Action, VehicleScope};
use milepost_http::Problem;
use milepost_live::{ConnectionPolicy, Entry, Handshake};

/// Opens a viewer's socket, or refuses in the answer to the handshake.
pub(crate) async fn watch_buses(State(parts): State<BusParts>, request: Request) -> Result<Response, Problem> {
    let handshake = parts.live.handshake(request, &ConnectionPolicy::SOCKET)?;
    let entry = authorize(&parts, &handshake).await;
    Ok(handshake.open_socket(entry, move |sender, view| BusViewer::enter(sender, view, parts.replay_window_ms)))
}

async fn authorize(parts: &BusParts, handshake: &Handshake) -> Result<Entry<View>, Problem> {
    // The system that this dialect replaces answers 403, not 401, without a session.
    let credential = handshake
        .authenticate()
        .await
        .map_err(|problem| if problem.status == 401 { Problem::forbidden(problem.detail) } else { problem })?;
    let caller = credential.caller().clone();
    let tenant = handshake.tenant_for(&caller)?;
    let view = View {
        live: parts.live.clone(),
        scope: VehicleScope::of(&caller, Action::SeeVehicle, &tenant),
        wants_presence: handshake.query("presence").as_deref() == Some("1"),
        tenant,
        caller,
    };
    Ok(Entry::new(credential, view))
}
