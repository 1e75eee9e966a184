//! Who opens a socket or stream, and what of which tenant it may see.

use crate::RecordsParts;
use axum::http::StatusCode;
use axum::http::request::Parts;
use milepost_access::{Admission, Authentication};
use milepost_domain::{Caller, Principal, RecordViewer, TenantId};
use milepost_http::{Problem, TokenInQuery, authenticate_parts};

/// Seconds after which a client over the tenant's limit may try again.
const RETRY_FULL_S: u64 = 30;

/// A client that was let in.
pub(crate) struct Opening {
    pub(crate) caller: Caller,
    pub(crate) tenant: TenantId,
    pub(crate) viewer: RecordViewer,
    /// The tenant's newest event before the client was answered: whatever it causes itself is newer.
    pub(crate) newest: i64,
    pub(crate) admission: Admission,
}

/// What the request proved, before a place is taken.
pub(crate) struct Proof {
    proven: Authentication,
    tenant: TenantId,
    newest: i64,
}

/// Looks at a request's credential and at `?tenant=`, which only a superadmin may use.
///
/// # Errors
/// 401 and 403 for who is not let in, 5xx when the store can't be asked.
pub(crate) async fn prove(parts: &RecordsParts, head: &Parts, token: TokenInQuery) -> Result<Proof, Problem> {
    let proven = authenticate_parts(&parts.context, head, token).await?;
    let caller = proven.caller();
    if matches!(caller.principal, Principal::Device { .. }) {
        return Err(Problem::forbidden("records are for users, not for devices"));
    }
    let tenant = match query_value(head, "tenant") {
        Some(named) => TenantId::new(&named)?,
        None => caller.tenant.clone(),
    };
    if tenant != caller.tenant && !caller.is_superadmin() {
        return Err(Problem::forbidden("only a superadmin may follow another tenant"));
    }
    let newest = parts.context.service.newest_event_id(&tenant).await?;
    Ok(Proof { proven, tenant, newest })
}

impl Proof {
    /// Takes one of the tenant's places.
    ///
    /// # Errors
    /// 429 when all are taken.
    pub(crate) fn admit(self, parts: &RecordsParts) -> Result<Opening, Problem> {
        let Self { proven, tenant, newest } = self;
        let caller = proven.caller().clone();
        let viewer = RecordViewer::of(&caller, &tenant);
        let admission = parts.context.access.admit_connection(proven).map_err(|_| {
            let detail = "the tenant has as many connections as it may, see MAX_CONNECTIONS_PER_TENANT";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(RETRY_FULL_S)
        })?;
        Ok(Opening { caller, tenant, viewer, newest, admission })
    }
}

/// The last event that the client has: the header, which a browser sends when it comes back, before the URL, which is
/// then still the first one.
///
/// # Errors
/// 400 for what is no whole number from 0.
pub(crate) fn last_event_id(head: &Parts) -> Result<Option<i64>, Problem> {
    let header = head.headers.get("last-event-id").map(|value| value.to_str().unwrap_or("?").trim().to_owned());
    match header.filter(|id| !id.is_empty()).or_else(|| query_value(head, "last_event_id")) {
        None => Ok(None),
        Some(id) if id.is_empty() => Ok(None),
        Some(id) if id.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Some(id.parse().unwrap_or(i64::MAX))),
        Some(_) => Err(Problem::malformed("Last-Event-ID must be a whole number from 0")),
    }
}

/// The first value of this name in the URL.
fn query_value(head: &Parts, name: &str) -> Option<String> {
    let query = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(&head.uri).ok()?;
    query.0.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
}
