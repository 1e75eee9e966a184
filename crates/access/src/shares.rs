//! Finds the guest of a share's token.

use crate::identity_cache::ReadFrom;
use crate::{Access, AccessError};
use milepost_domain::{Caller, Principal, ShareState};
use milepost_store::Digest;

/// What the token of a share begins with, which shows a leaked one.
pub const SHARE_PREFIX: &str = "mpg_";

impl Access {
    pub(crate) async fn caller_of_share(&self, digest: Digest, from: ReadFrom) -> Result<Caller, AccessError> {
        const ENDED: AccessError = AccessError::NotAuthenticated("the shared link has ended");
        let load = async { Ok::<_, AccessError>(self.store.find_share(&digest).await?) };
        let share = self.identities.shares.read(digest, from, self.present(), load).await?.ok_or(ENDED)?;
        if share.state(self.clock.now()) != ShareState::Open {
            return Err(ENDED);
        }
        Ok(Caller {
            tenant: share.tenant,
            principal: Principal::Guest {
                share: share.id,
                name: share.name.as_str().to_owned(),
                vehicle_ids: share.vehicle_ids,
            },
            expires_at: Some(share.expires_at),
        })
    }
}
