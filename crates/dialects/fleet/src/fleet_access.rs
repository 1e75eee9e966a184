//! Decides who may open a socket, and what of which company that viewer may see.

use crate::FleetParts;
use crate::channel::event_channel;
use milepost_domain::{Action, Caller, FleetViewer, Principal, TenantId, UserId, VehicleScope, may};
use milepost_http::Problem;
use milepost_live::{Entry, EventSource, Handshake, Reader};
use milepost_service::tenants::has_tenant;

/// The rights of an admitted viewer.
pub(crate) struct FleetAccess {
    pub(crate) source: EventSource,
    pub(crate) viewer: FleetViewer,
    /// The vehicles whose locations the viewer may see.
    pub(crate) scope: VehicleScope,
    /// Whose share of the large reads it takes.
    pub(crate) reader: Reader,
}

/// Checks a request's `company_id`, credential and `user_id`.
///
/// # Errors
/// 400 without a company, 401 and 403 for a refused viewer, 404 for an unknown company, 5xx when the store can't be
/// read.
pub(crate) async fn authorize(parts: &FleetParts, handshake: &Handshake) -> Result<Entry<FleetAccess>, Problem> {
    let tenant = company(handshake)?;
    let credential = match handshake.authenticate().await {
        Err(problem) if problem.status == 401 && parts.settings.anonymous_access => None,
        credential => Some(credential?),
    };
    let caller = credential.as_ref().map(|credential| credential.caller());
    if let Some(caller) = caller
        && caller.tenant != tenant
        && !caller.is_superadmin()
    {
        return Err(Problem::forbidden("the credential is another company's"));
    }
    // The company in a trusted issuer's token need not be stored yet.
    let tenants = &parts.live.use_cases().tenants;
    if caller.is_none_or(|caller| caller.tenant != tenant) && !has_tenant(tenants, &tenant).await? {
        return Err(Problem::not_found("company"));
    }
    // Pages without a user write one of these into the URL.
    let named = handshake.query("user_id").filter(|id| !matches!(id.as_str(), "" | "undefined" | "null"));
    let (viewer, scope) = match caller {
        Some(caller) => {
            (viewer_of(caller, &tenant, named.as_deref())?, VehicleScope::of(caller, Action::SeeVehicle, &tenant))
        }
        None => {
            let user = named.and_then(|id| user_of(&id));
            (FleetViewer { company: true, user, driver: None }, VehicleScope::All)
        }
    };
    let source = parts.live.event_source(tenant.clone(), event_channel(&tenant)).await?;
    let reader = caller.map_or_else(|| Reader::anonymous(handshake.client_address()), Reader::of);
    let view = FleetAccess { source, viewer, scope, reader };
    let max_message_bytes = Some(parts.settings.max_message_bytes);
    Ok(Entry { tenant, credential, public_link: None, view, max_message_bytes, rate: None })
}

/// The viewer's rights as the named user. A caller may name itself; an admin may name any user.
fn viewer_of(caller: &Caller, tenant: &TenantId, named: Option<&str>) -> Result<FleetViewer, Problem> {
    let viewer = FleetViewer::of(caller, tenant);
    let Some(named) = named else { return Ok(viewer) };
    let own = match &caller.principal {
        Principal::User { id, subject, .. } => subject == named || (id.is_some() && *id == user_of(named)),
        Principal::Device { .. } | Principal::Program { .. } | Principal::Guest { .. } => false,
    };
    if own && caller.tenant == *tenant {
        Ok(viewer)
    } else if may(caller, Action::ManageUsers, tenant) {
        Ok(FleetViewer { user: user_of(named), ..viewer })
    } else {
        Err(Problem::forbidden("user_id must be your own"))
    }
}

fn user_of(text: &str) -> Option<UserId> {
    text.parse().ok().and_then(|number| UserId::new(number).ok())
}

fn company(handshake: &Handshake) -> Result<TenantId, Problem> {
    let id = handshake.query("company_id").filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| Problem::malformed("company_id is missing: /ws/tracking?company_id=…"))?;
    TenantId::new(&id).map_err(|invalid| Problem::malformed(format!("company_id {}", invalid.message)))
}
