//! Who opens a socket, and what of which company it may see.

use crate::FleetParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use milepost_access::{Admission, Authentication};
use milepost_domain::{Action, Caller, FleetViewer, Principal, TenantId, UserId, VehicleScope, may};
use milepost_http::{Problem, TokenInQuery, authenticate_parts};

/// Seconds after which a viewer over the tenant's limit may try again.
const RETRY_FULL_S: u64 = 30;

/// A viewer that was let in.
pub(crate) struct Opening {
    /// Nobody, where no credential is asked for.
    pub(crate) caller: Option<Caller>,
    pub(crate) tenant: TenantId,
    pub(crate) viewer: FleetViewer,
    /// The vehicles whose places it may see.
    pub(crate) scope: VehicleScope,
    /// The tenant's newest event before the viewer was answered: whatever it causes itself is newer.
    pub(crate) newest: i64,
    pub(crate) admission: Admission,
}

/// What the request proved, before a place is taken.
pub(crate) struct Proof {
    proven: Option<Authentication>,
    tenant: TenantId,
    viewer: FleetViewer,
    scope: VehicleScope,
    newest: i64,
}

/// Looks at a request's `company_id`, credential and `user_id`.
///
/// # Errors
/// 400 without a company; 401 and 403 for who is not let in; 404 for a company that there is not; 5xx when the store
/// can't be asked.
pub(crate) async fn prove(parts: &FleetParts, head: &Parts) -> Result<Proof, Problem> {
    let tenant = company(head)?;
    let proven = match authenticate_parts(&parts.context, head, TokenInQuery::Taken).await {
        Err(problem) if problem.status == 401 && parts.settings.open_door => None,
        proven => Some(proven?),
    };
    let caller = proven.as_ref().map(Authentication::caller);
    if let Some(caller) = caller
        && caller.tenant != tenant
        && !caller.is_superadmin()
    {
        return Err(Problem::forbidden("the credential is another company's"));
    }
    let service = &parts.context.service;
    // One that a trusted issuer names need not be stored yet.
    if caller.is_none_or(|caller| caller.tenant != tenant) && !service.has_tenant(&tenant).await? {
        return Err(Problem::not_found("company"));
    }
    // What pages write into a URL where they have no user.
    let named = query_value(head, "user_id").filter(|id| !matches!(id.as_str(), "" | "undefined" | "null"));
    let (viewer, scope) = match caller {
        Some(caller) => {
            (viewer_of(caller, &tenant, named.as_deref())?, VehicleScope::of(caller, Action::SeeVehicle, &tenant))
        }
        None => {
            let user = named.and_then(|id| user_of(&id));
            (FleetViewer { company: true, user, driver: None }, VehicleScope::All)
        }
    };
    let newest = service.newest_event_id(&tenant).await?;
    Ok(Proof { proven, tenant, viewer, scope, newest })
}

/// What a caller may see, as the user that it names: itself, or for an admin anybody.
fn viewer_of(caller: &Caller, tenant: &TenantId, named: Option<&str>) -> Result<FleetViewer, Problem> {
    let viewer = FleetViewer::of(caller, tenant);
    let Some(named) = named else { return Ok(viewer) };
    let own = match &caller.principal {
        Principal::User { id, subject, .. } => subject == named || (id.is_some() && *id == user_of(named)),
        Principal::Device { .. } => false,
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

fn company(head: &Parts) -> Result<TenantId, Problem> {
    let id = query_value(head, "company_id").filter(|id| !id.is_empty());
    let id = id.ok_or_else(|| Problem::malformed("company_id is missing: /ws/tracking?company_id=…"))?;
    TenantId::new(&id).map_err(|invalid| Problem::malformed(format!("company_id {}", invalid.message)))
}

impl Proof {
    /// Takes one of the company's places.
    ///
    /// # Errors
    /// 429 when all are taken.
    pub(crate) fn admit(self, parts: &FleetParts) -> Result<Opening, Problem> {
        let Self { proven, tenant, viewer, scope, newest } = self;
        let caller = proven.as_ref().map(|proven| proven.caller().clone());
        let admission = parts.context.access.admit_to(&tenant, proven).map_err(|_| {
            let detail = "the company has as many connections as it may, see MAX_CONNECTIONS_PER_TENANT";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(RETRY_FULL_S)
        })?;
        Ok(Opening { caller, tenant, viewer, scope, newest, admission })
    }
}

/// The last event that the viewer has, from `?last_event_id=`; it is as good as a `replay_request`.
///
/// # Errors
/// What is wrong with it, for an `error` message.
pub(crate) fn last_event_id(head: &Parts) -> Result<Option<i64>, &'static str> {
    match query_value(head, "last_event_id").filter(|id| !id.is_empty()) {
        None => Ok(None),
        Some(id) if id.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Some(id.parse().unwrap_or(i64::MAX))),
        Some(_) => Err("last_event_id must be a whole number from 0"),
    }
}

/// The first value of this name in the URL.
pub(crate) fn query_value(head: &Parts, name: &str) -> Option<String> {
    let query = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&head.uri).ok()?;
    query.0.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}
