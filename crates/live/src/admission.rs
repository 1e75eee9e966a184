//! What live connections need from access control: authentication, a place under the tenant's connection limit, and the
//! end of a connection whose caller lost its right.

use axum::http::{StatusCode, header};
use milepost_access::{Admission, Authentication, Credential, Disconnect, TooManyConnections, Visit};
use milepost_domain::{TenantId, Timestamp};
use milepost_http::logins::socket_caller;
use milepost_http::{Problem, TokenInQuery, authenticate_parts};
use milepost_service::nodes::{FollowedTenant, follow_tenant};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crate::{Handshake, Live};

/// Seconds after which a client over its tenant's limit may try again.
const RETRY_FULL_S: u64 = 30;
/// The expiry of a credential without one: ten years, which no connection lasts.
const NEVER: Duration = Duration::from_secs(10 * 365 * 86_400);

impl Handshake {
    /// Authenticates the client's credential.
    ///
    /// # Errors
    /// 401 without a valid credential, 5xx when the store can't be read.
    pub async fn authenticate(&self) -> Result<Authentication, Problem> {
        authenticate_parts(&self.live.context, &self.head, self.policy.token).await
    }

    /// Authenticates a client of a dialect whose cookie has this name, or that sends `?token=`. Nothing else counts.
    ///
    /// # Errors
    /// As [`Self::authenticate`].
    pub async fn authenticate_by_cookie(&self, cookie: &str) -> Result<Authentication, Problem> {
        socket_caller(&self.live.context, &self.head, cookie).await
    }

    /// Authenticates a visitor of a public link. A visitor needs no credential, but one in a header or in the URL must
    /// be valid. An expired session cookie, or one that a foreign page sends, is ignored: browsers send cookies
    /// unasked.
    ///
    /// # Errors
    /// 401 for an invalid credential, 5xx when the store can't be read.
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
    /// Closes the connection because the store could not be read.
    fn fail(&self);
    /// Closes the connection after `left`.
    fn set_expiry(&self, left: Duration);
}

/// A place under the tenant's connection limit. Dropping it frees the place.
pub(crate) struct ConnectionPlace {
    live: Live,
    admission: Admission,
    expires_at: Option<Timestamp>,
    tenant: TenantId,
    /// Set once it is registered.
    followed: OnceLock<FollowedTenant>,
}

impl Live {
    /// Takes a place of the tenant, or refuses when all are taken. `visit` is the public link that lets a visitor in.
    pub(crate) fn admit(
        &self,
        tenant: &TenantId,
        credential: Option<Authentication>,
        visit: Option<Visit>,
    ) -> Result<ConnectionPlace, Problem> {
        let expires_at = credential.as_ref().and_then(|credential| credential.caller().expires_at);
        let admission = self.context.access.admit_to(tenant, credential, visit).map_err(|refusal| {
            let detail = match refusal {
                TooManyConnections::OfTenant => {
                    "the tenant has as many connections as it may, see MAX_CONNECTIONS_PER_TENANT"
                }
                TooManyConnections::OfCaller => "the tenant's last connections are for callers with few: close some",
                TooManyConnections::OfLink => "this link has as many followers as it may",
                TooManyConnections::OfAddress => "your address follows as many links as it may",
            };
            Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(RETRY_FULL_S)
        })?;
        let (tenant, followed) = (tenant.clone(), OnceLock::new());
        Ok(ConnectionPlace { live: self.clone(), admission, expires_at, tenant, followed })
    }
}

impl ConnectionPlace {
    /// Follows the tenant's news from other nodes, and closes `connection` when its caller loses a right. Afterwards the
    /// rights are compared with the store once more,
    /// so that no change slips in between. Returns false, with the connection closed, if the right has ended already.
    pub(crate) async fn register<C: Connection>(&self, connection: &Arc<C>) -> bool {
        self.admission.attach(connection);
        // Before the client's snapshot is read.
        let _ = self.followed.set(follow_tenant(&self.live.use_cases().nodes, &self.tenant).await);
        if !self.is_still_valid(connection).await {
            return false;
        }
        if self.expires_at.is_some() {
            self.expire(connection, self.expires_at);
        }
        true
    }

    /// Closes `connection` if its caller has lost a right.
    pub(crate) async fn is_still_valid<C: Connection>(&self, connection: &Arc<C>) -> bool {
        match self.live.context.access.revalidate(&self.admission).await {
            Ok(None) => true,
            Ok(Some(reason)) => {
                connection.disconnect(reason);
                false
            }
            Err(_) => {
                connection.fail();
                false
            }
        }
    }

    /// Closes `connection` at this time.
    pub(crate) fn expire<C: Connection>(&self, connection: &Arc<C>, expires_at: Option<Timestamp>) {
        let left =
            expires_at.map_or(NEVER, |at| Duration::from_millis(at.ms_since(self.live.now()).max(0).unsigned_abs()));
        connection.set_expiry(left);
    }

    /// Goes on with another credential, if it is the same caller's with the same rights.
    pub(crate) fn renew(&self, authentication: Authentication) -> bool {
        self.admission.renew(authentication)
    }

    pub(crate) const fn live(&self) -> &Live {
        &self.live
    }
}
