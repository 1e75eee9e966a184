//! All that live connections ask of access control: who comes in, a place among the tenant's connections, and the end of
//! the right to it.

use axum::http::{StatusCode, header};
use milepost_access::{Admission, Authentication, Credential, Disconnect};
use milepost_domain::{TenantId, Timestamp};
use milepost_http::{Problem, TokenInQuery, authenticate_parts};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::{Handshake, Live};

/// Seconds after which a client over its tenant's limit may try again.
const RETRY_FULL_S: u64 = 30;

impl Handshake {
    /// The client's credential.
    ///
    /// # Errors
    /// 401 without a good one, 5xx when the store can't be asked.
    pub async fn authenticate(&self) -> Result<Authentication, Problem> {
        authenticate_parts(&self.live.context, &self.head, self.policy.token).await
    }

    /// The credential of a public link's visitor, which needs none; but one that is shown on purpose must be good. A
    /// session cookie that has ended, or that a foreign page brings along, counts for nothing: browsers send it unasked.
    ///
    /// # Errors
    /// 401 for a bad one, 5xx when the store can't be asked.
    pub async fn authenticate_if_shown(&self) -> Result<Option<Authentication>, Problem> {
        let headers = &self.head.headers;
        let is_explicit = headers.contains_key(header::AUTHORIZATION) || headers.contains_key("x-device-key");
        match authenticate_parts(&self.live.context, &self.head, TokenInQuery::Ignored).await {
            Ok(credential) => return Ok(Some(credential)),
            Err(problem) if is_explicit || problem.status >= 500 => return Err(problem),
            Err(_) => {}
        }
        match self.query("token").filter(|token| !token.is_empty()) {
            Some(token) => Ok(Some(self.live.context.access.authenticate(Credential::Token(&token)).await?)),
            None => Ok(None),
        }
    }
}

/// A socket or stream as access control sees it.
pub(crate) trait Connection: Disconnect + 'static {
    /// Ends it because the store could not be asked.
    fn fail(&self);
    /// Ends it at `at`.
    fn set_expiry(&self, at: Instant);
}

/// A place among the tenant's connections; dropped, it is free again.
pub(crate) struct ConnectionPlace {
    live: Live,
    admission: Admission,
    expires_at: Option<Timestamp>,
}

impl Live {
    /// Takes one of the tenant's places.
    pub(crate) fn admit(
        &self,
        tenant: &TenantId,
        credential: Option<Authentication>,
    ) -> Result<ConnectionPlace, Problem> {
        let expires_at = credential.as_ref().and_then(|credential| credential.caller().expires_at);
        let admission = self.context.access.admit_to(tenant, credential).map_err(|_| {
            let detail = "the tenant has as many connections as it may, see MAX_CONNECTIONS_PER_TENANT";
            Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(RETRY_FULL_S)
        })?;
        Ok(ConnectionPlace { live: self.clone(), admission, expires_at })
    }
}

impl ConnectionPlace {
    /// From now on `connection` ends with its holder's right. The right is compared with the store once more after that,
    /// so that no change slips in between. False if it has ended already; the connection is then closed.
    pub(crate) async fn register<C: Connection>(&self, connection: &Arc<C>) -> bool {
        self.admission.attach(connection);
        match self.live.context.access.revalidate(&self.admission).await {
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
        if let Some(expires_at) = self.expires_at {
            let left_ms = expires_at.ms_since(self.live.service().now()).max(0).unsigned_abs();
            connection.set_expiry(Instant::now() + Duration::from_millis(left_ms));
        }
        true
    }
}
