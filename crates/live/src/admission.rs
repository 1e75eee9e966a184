//! Who comes in, the place that a connection takes, and the end of its right: all that live connections ask of access
//! control.

use axum::http::header;
use axum::http::request::Parts;
use milepost_domain::{TenantId, Timestamp};
use milepost_http::{HttpContext, Problem, TokenInQuery, prove_parts, query_value};
use milepost_service::{Admission, Credential, Disconnect, Proven};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::http::StatusCode;

use crate::Live;

/// Seconds after which a client over its tenant's limit may try again.
const RETRY_FULL_S: u64 = 30;

/// A socket or stream as access control sees it.
pub(crate) trait Connection: Disconnect + 'static {
    /// Ends it because the store could not be asked.
    fn fail(&self);
    /// Ends it at `at`.
    fn set_expiry(&self, at: Instant);
}

/// The credential of a public link's visitor, which needs none; but one that is shown on purpose must be good. A session
/// cookie that has ended, or that a foreign page brings along, counts for nothing: browsers send it unasked.
pub(crate) async fn authenticate_if_shown(context: &HttpContext, head: &Parts) -> Result<Option<Proven>, Problem> {
    let is_explicit = head.headers.contains_key(header::AUTHORIZATION) || head.headers.contains_key("x-device-key");
    match prove_parts(context, head, TokenInQuery::Ignored).await {
        Ok(credential) => return Ok(Some(credential)),
        Err(problem) if is_explicit || problem.status >= 500 => return Err(problem),
        Err(_) => {}
    }
    match query_value(head, "token").filter(|token| !token.is_empty()) {
        Some(token) => Ok(Some(context.service.prove(Credential::Token(&token)).await?)),
        None => Ok(None),
    }
}

impl Live {
    /// Takes one of the tenant's places.
    pub(crate) fn admit(&self, tenant: &TenantId, credential: Option<Proven>) -> Result<Admission, Problem> {
        self.service().admit_to(tenant, credential).map_err(|_| {
            let detail = "the tenant has as many connections as it may, see MAX_CONNECTIONS_PER_TENANT";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(RETRY_FULL_S)
        })
    }

    /// From now on `connection` ends with its holder's right. The right is compared with the store once more after that,
    /// so that no change slips in between. False if it has ended already; the connection is then closed.
    pub(crate) async fn register<C: Connection>(
        &self,
        admission: &Admission,
        expires_at: Option<Timestamp>,
        connection: &Arc<C>,
    ) -> bool {
        admission.attach(connection);
        match self.service().confirm(admission).await {
            Ok(None) => {}
            Ok(Some(reason)) => {
                connection.disconnect(reason);
                return false;
            }
            Err(_) => {
                connection.fail();
                return false;
            }
        }
        if let Some(expires_at) = expires_at {
            let left_ms = expires_at.ms_since(self.service().now()).max(0).unsigned_abs();
            connection.set_expiry(Instant::now() + Duration::from_millis(left_ms));
        }
        true
    }
}
