//! Ends open connections whose caller lost a right or has other rights now.

use crate::connections::OpenConnection;
use crate::identity_cache::ReadFrom;
use crate::{Access, AccessError, Admission, Authentication, CloseReason, Holder, TooManyConnections};
use milepost_domain::{TenantId, UserId};

impl Access {
    /// Admits a socket or stream of the caller's own tenant.
    ///
    /// # Errors
    /// [`TooManyConnections`].
    pub fn admit_connection(&self, authentication: Authentication) -> Result<Admission, TooManyConnections> {
        self.connections.admit(authentication.caller.tenant.clone(), Some(authentication))
    }

    /// Admits a socket or stream that watches `tenant`. The caller may be anonymous or belong to another tenant.
    ///
    /// # Errors
    /// [`TooManyConnections`].
    pub fn admit_to(
        &self,
        tenant: &TenantId,
        authentication: Option<Authentication>,
    ) -> Result<Admission, TooManyConnections> {
        self.connections.admit(tenant.clone(), authentication)
    }

    /// Is no connection admitted just now?
    pub fn has_no_connections(&self) -> bool {
        self.connections.is_empty()
    }

    /// Checks once more, against the store, that the caller of a connection has the rights with which it was admitted.
    /// Returns the reason to end it if not. Call it after [`Admission::attach`]: this check finds any change before it,
    /// and any change after it ends the connection.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be asked.
    pub async fn revalidate(&self, admission: &Admission) -> Result<Option<CloseReason>, AccessError> {
        match admission.authentication() {
            Some(authentication) => {
                let compared = self.compare(authentication, ReadFrom::Store).await;
                // Logged here: the caller only closes the connection.
                compared.inspect_err(|error| tracing::warn!(%error, "a new connection could not be checked again"))
            }
            None => Ok(None),
        }
    }

    /// Ends those connections of `holder` whose caller lost a right or has other rights: another process changed it.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be asked.
    pub async fn revalidate_connections(&self, holder: Holder<'_>) -> Result<(), AccessError> {
        self.forget_identities();
        for open in self.connections.of(holder) {
            // From the cache, which is empty: the user is read once for all of its connections.
            if let Some(reason) = self.compare(&open.authentication, ReadFrom::Cache).await? {
                open.end(reason);
            }
        }
        Ok(())
    }

    /// Ends all connections of `holder`: this process changed its rights.
    pub fn end_connections(&self, holder: Holder<'_>, reason: CloseReason) {
        self.forget_identities();
        self.connections.of(holder).iter().for_each(|open: &OpenConnection| open.end(reason));
    }

    /// Ends the connections of a vehicle's old and new driver, since each may see another vehicle now.
    pub fn end_drivers_connections(&self, old: Option<UserId>, new: Option<UserId>) {
        if old != new {
            for driver in [old, new].into_iter().flatten() {
                self.end_connections(Holder::User(driver), CloseReason::RightsChanged);
            }
        }
    }

    /// Reads users, devices and sessions from the store again: one of them changed.
    pub fn forget_identities(&self) {
        self.identities.forget();
    }

    async fn compare(&self, before: &Authentication, from: ReadFrom) -> Result<Option<CloseReason>, AccessError> {
        let now = match self.find_caller(before.verified.clone(), from).await {
            Ok(now) => now,
            Err(AccessError::NotAuthenticated(_)) => return Ok(Some(CloseReason::Revoked)),
            Err(other) => return Err(other),
        };
        let same_password = before.password_fingerprint == now.password_fingerprint;
        if before.password_fingerprint.is_some() && !same_password {
            // A new password, or the user was removed and its number now stands for what the token claims.
            return Ok(Some(CloseReason::Revoked));
        }
        Ok((before.caller != now.caller || !same_password).then_some(CloseReason::RightsChanged))
    }
}
