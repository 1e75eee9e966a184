//! By what a caller was let in, and whether it still would be: asked again for every connection that stays open.

use crate::{Admission, Claims, CloseReason, Disconnect, Service, ServiceError};
use milepost_domain::Caller;
use milepost_store::Digest;
use std::sync::{Arc, Weak};

/// A caller with what proved it. It holds no credential: claims that were checked, or a secret's digest.
#[derive(Clone)]
pub struct Proven {
    pub(crate) caller: Caller,
    pub(crate) evidence: Evidence,
    /// Of a stored user: which password it had.
    pub(crate) password_mark: Option<String>,
}

/// What was shown.
#[derive(Clone)]
pub(crate) enum Evidence {
    /// What a token said whose signature was good.
    Claims(Box<Claims>),
    /// The digest of a device's key.
    Device(Digest),
    /// The digest of a session's secret.
    Session(Digest),
}

/// What evidence is compared with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// What the store said a moment ago will do.
    Believed,
    /// What it says now.
    Stored,
}

impl Proven {
    /// Who it is.
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }
}

impl Service {
    /// Is the caller of a connection still what it was let in as? To be asked once more after
    /// [`Admission::attach`]: a change before this look is found by it, a change after it ends the connection.
    /// Says for which reason to end it, if it is to end.
    ///
    /// # Errors
    /// [`ServiceError::Unavailable`] when the store can't be asked.
    pub async fn confirm(&self, admission: &Admission) -> Result<Option<CloseReason>, ServiceError> {
        match admission.proven() {
            Some(proven) => self.compare(proven, Source::Stored).await,
            None => Ok(None),
        }
    }

    /// Ends those of `open` whose right has ended or is another one now. What is remembered of identities has to be
    /// forgotten before: it is read once for all of them.
    pub(crate) async fn recheck(&self, open: Vec<OpenConnection>) -> Result<(), ServiceError> {
        for (connection, proven) in open {
            if let Some(reason) = self.compare(&proven, Source::Believed).await?
                && let Some(connection) = connection.upgrade()
            {
                connection.disconnect(reason);
            }
        }
        Ok(())
    }

    async fn compare(&self, before: &Proven, source: Source) -> Result<Option<CloseReason>, ServiceError> {
        let now = match self.prove_again(before.evidence.clone(), source).await {
            Ok(now) => now,
            Err(ServiceError::NotAuthenticated(_)) => return Ok(Some(CloseReason::Revoked)),
            Err(other) => return Err(other),
        };
        // A new password, or the user is gone and its token stands for somebody else now.
        if before.password_mark.is_some() && before.password_mark != now.password_mark {
            return Ok(Some(CloseReason::Revoked));
        }
        let is_same = before.caller == now.caller && before.password_mark == now.password_mark;
        Ok((!is_same).then_some(CloseReason::RightsChanged))
    }
}

/// A connection and by what it was let in.
pub(crate) type OpenConnection = (Weak<dyn Disconnect>, Arc<Proven>);
