//! Finds a delivery: by its link, or by its rider.

use crate::{DeliveryView, Listener, Service, ServiceError};
use milepost_domain::{Action, Caller, Delivery, Principal, Reach, RiderId, TenantId, TrackingId, may, reach};

/// How refusals name it.
pub(super) const SESSION: &str = "tracking session";

impl Service {
    /// A session by its link; whoever has it may see it.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`], [`ServiceError::Gone`] once it has expired.
    pub async fn find_delivery(&self, id: &TrackingId) -> Result<DeliveryView, ServiceError> {
        let delivery = self.living_delivery(id).await?;
        Ok(self.view_delivery(delivery).await)
    }

    /// The same, handed to `enter` while no change can be published: what `enter` subscribes to begins right after
    /// what it was given.
    ///
    /// # Errors
    /// As [`Self::find_delivery`].
    pub async fn follow_delivery<T>(
        &self,
        id: &TrackingId,
        enter: impl FnOnce(&DeliveryView) -> T + Send,
    ) -> Result<T, ServiceError> {
        let _turn = self.deliveries.turn(id).read().await;
        let delivery = self.living_delivery(id).await?;
        let view = self.view_delivery(delivery).await;
        Ok(enter(&view))
    }

    /// The session that a rider has just now.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`], [`ServiceError::NotFound`] when it has none.
    pub async fn find_riders_delivery(
        &self,
        caller: &Caller,
        tenant: &TenantId,
        rider: &RiderId,
    ) -> Result<DeliveryView, ServiceError> {
        let is_own = reach(caller, Action::SeeRiders) == Some(Reach::Own)
            && caller.tenant == *tenant
            && matches!(&caller.principal, Principal::User { subject, .. } if subject == rider.as_str());
        if !is_own && !may(caller, Action::SeeRiders, tenant) {
            return Err(ServiceError::Forbidden(
                "only the rider itself and its tenant's staff may ask for its delivery",
            ));
        }
        let current = self.store.current_delivery(tenant, rider, self.now()).await?;
        Ok(self.view_delivery(current.ok_or(ServiceError::NotFound(SESSION))?).await)
    }

    /// A delivery of which another process told a change: read and published, if anybody here follows it.
    pub(crate) async fn follow_delivery_event(&self, id: &TrackingId) -> Result<(), ServiceError> {
        if !self.listeners.follows_delivery(id) {
            return Ok(());
        }
        let _turn = self.deliveries.turn(id).write().await;
        if let Some(delivery) = self.store.get_delivery(id).await? {
            self.listeners.delivery_changed(&self.view_delivery(delivery).await);
        }
        Ok(())
    }

    async fn living_delivery(&self, id: &TrackingId) -> Result<Delivery, ServiceError> {
        let delivery = self.store.get_delivery(id).await?.ok_or(ServiceError::NotFound(SESSION))?;
        if delivery.has_expired(self.now()) { Err(ServiceError::Gone(SESSION)) } else { Ok(delivery) }
    }
}
