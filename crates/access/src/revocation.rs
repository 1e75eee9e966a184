//! Closes open connections whose caller lost a right or has other rights now.

use crate::connections::OpenConnection;
use crate::identity_cache::ReadFrom;
use crate::{Access, AccessError, Admission, Authentication, CloseReason, Holder, TooManyConnections, Visit};
use milepost_domain::{TenantId, UniqueId, UserId};
use milepost_store::Digest;
use tokio::time::Instant;

impl Access {
    /// Admits a socket or stream that watches `tenant`. The caller may be anonymous or belong to another tenant. `visit` is
    /// the public link that lets it in, if nothing else does.
    ///
    /// # Errors
    /// [`TooManyConnections`] when a limit is reached.
    pub fn admit_to(
        &self,
        tenant: &TenantId,
        authentication: Option<Authentication>,
        visit: Option<Visit>,
    ) -> Result<Admission, TooManyConnections> {
        self.connections.admit(tenant.clone(), authentication, visit)
    }

    /// Whether no connection is open.
    pub fn has_no_connections(&self) -> bool {
        self.connections.is_empty()
    }

    /// Compares the rights of a connection's caller with the store, and returns the reason to close the connection if
    /// they changed. Call it after [`Admission::attach`]: it finds every change before it, and every change after it
    /// closes the connection.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be read.
    pub async fn revalidate(&self, admission: &Admission) -> Result<Option<CloseReason>, AccessError> {
        match admission.authentication() {
            Some(authentication) => {
                let compared = self.compare(&authentication, ReadFrom::Store).await;
                // Logged here, because the caller of this function only closes the connection.
                compared.inspect_err(|error| tracing::warn!(%error, "a new connection could not be checked again"))
            }
            None => Ok(None),
        }
    }

    /// Closes the connections of `holder` whose caller lost a right or has other rights. Call it when another process
    /// made the change.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be read.
    pub async fn revalidate_connections(&self, holder: Holder<'_>) -> Result<(), AccessError> {
        self.identities.forget(holder);
        for open in self.connections.of(holder) {
            // The cache has forgotten it, so that the user is read once for all of its connections.
            if let Some(reason) = self.compare(&open.authentication, ReadFrom::Cache).await? {
                open.end(reason);
            }
        }
        Ok(())
    }

    /// Closes all connections of `holder`. Call it when this process changed its rights.
    pub fn end_connections(&self, holder: Holder<'_>, reason: CloseReason) {
        self.identities.forget(holder);
        self.connections.of(holder).iter().for_each(|open: &OpenConnection| open.end(reason));
    }

    /// Closes the connections of a vehicle's old and new driver, because the vehicles that each may see have changed.
    pub fn end_drivers_connections(&self, old: Option<UserId>, new: Option<UserId>) {
        if old != new {
            for driver in [old, new].into_iter().flatten() {
                self.end_connections(Holder::User(driver), CloseReason::RightsChanged);
            }
        }
    }

    /// Clears the caches, because users, devices or sessions changed.
    pub fn forget_identities(&self) {
        self.identities.forget_all();
    }

    /// Forgets what is known of one user or of devices, because it changed.
    pub fn forget(&self, holder: Holder<'_>) {
        self.identities.forget(holder);
    }

    /// Drops what is known of the device that names itself so.
    pub fn forget_name(&self, unique_id: &UniqueId) {
        self.identities.forget_name(unique_id);
    }

    /// Forgets that this key is unknown, because a device has it now.
    pub fn forget_key(&self, key: &Digest) {
        self.identities.forget_key(key);
    }

    /// All changes of users and devices that were committed before `followed` are known here: those of other processes were told by
    /// [`Self::revalidate_connections`]. Identities are believed for a second after it, and then read again.
    pub fn changes_followed(&self, followed: Instant) {
        self.known_changes.note(followed);
    }

    async fn compare(&self, before: &Authentication, from: ReadFrom) -> Result<Option<CloseReason>, AccessError> {
        let now = match self.find_caller(before.verified.clone(), from).await {
            Ok(now) => now,
            Err(AccessError::NotAuthenticated(_) | AccessError::OutsideScope(_)) => {
                return Ok(Some(CloseReason::Revoked));
            }
            Err(other) => return Err(other),
        };
        let same_password = before.password_fingerprint == now.password_fingerprint;
        if before.password_fingerprint.is_some() && !same_password {
            // The password is new, or all logins of the user ended meanwhile.
            return Ok(Some(CloseReason::Revoked));
        }
        Ok((before.caller != now.caller || !same_password).then_some(CloseReason::RightsChanged))
    }
}
