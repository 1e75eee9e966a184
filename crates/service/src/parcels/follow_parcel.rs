//! Tells what another process on the same database changed of a parcel that somebody follows here.

use super::turns::Name;
use crate::{Listener, Service, ServiceError};
use milepost_domain::{ParcelId, ParcelStatus, UserId};

impl Service {
    /// An event says that a parcel changed to this. This node's own events are met again too, and were told already.
    pub(crate) async fn follow_parcel(
        &self,
        id: ParcelId,
        status: ParcelStatus,
        driver_id: Option<UserId>,
    ) -> Result<(), ServiceError> {
        if !self.listeners.follows_parcel(id) {
            return Ok(());
        }
        if self.parcels.told.last(id).is_some_and(|told| told.status == status && told.driver_id == driver_id) {
            return Ok(());
        }
        // In its turn: a change of this node may be committed and about to be told.
        let _turn = self.parcels.turns.take([Name::Parcel(id)]).await;
        let Some(parcel) = self.store.get_parcel(id).await? else { return Ok(()) };
        let told = self.parcels.told.last(id);
        if told.is_some_and(|told| told.version >= parcel.version) {
            return Ok(());
        }
        let status_changed = told.is_none_or(|told| told.status != parcel.status);
        let driver_changed = told.is_none_or(|told| told.driver_id != parcel.driver_id);
        self.tell_parcel(&parcel, status_changed, driver_changed).await;
        Ok(())
    }
}
