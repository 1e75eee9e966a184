//! Registers which socket on this node follows which parcel, so that a viewer that loses its right loses the parcel at
//! once.

use crate::convert::render;
use crate::policy::NOT_YOURS;
use crate::wire::ToViewer;
use milepost_domain::{Action, Caller, Parcel, ParcelId, TenantId, may_with_parcel};
use milepost_hub::Subscription;
use milepost_live::SocketSender;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// Parcels that one socket may follow. More are refused with an `error`.
pub(crate) const MAX_FOLLOWED: usize = 100;

/// One socket and the parcels that it follows, all of one tenant.
pub(crate) struct ParcelFollower {
    pub(crate) sender: Arc<SocketSender>,
    pub(crate) caller: Caller,
    pub(crate) tenant: TenantId,
    /// A std mutex: held for microseconds, never across an await. Lock order: [`Followers`] before this one.
    parcels: Mutex<HashMap<ParcelId, Subscription>>,
}

/// The sockets of this node, by parcel. A std mutex: held for microseconds, never across an await.
#[derive(Default)]
pub(crate) struct Followers(Mutex<ByParcel>);

type ByParcel = HashMap<(TenantId, ParcelId), Vec<Arc<ParcelFollower>>>;

impl ParcelFollower {
    pub(crate) fn new(sender: Arc<SocketSender>, caller: Caller, tenant: TenantId) -> Arc<Self> {
        Arc::new(Self { sender, caller, tenant, parcels: Mutex::default() })
    }

    pub(crate) fn follows(&self, parcel: ParcelId) -> bool {
        self.lock().contains_key(&parcel)
    }

    pub(crate) fn followed(&self) -> usize {
        self.lock().len()
    }

    pub(crate) fn send(&self, message: &ToViewer<'_>) {
        self.sender.send(&render(message));
    }

    /// Removes a parcel that the viewer may not see any more. A socket with nothing left to follow is closed like a
    /// refused one.
    fn lose(&self, parcel: ParcelId) {
        let left = {
            let mut parcels = self.lock();
            let Some(_subscription) = parcels.remove(&parcel) else { return };
            parcels.len()
        };
        if left == 0 {
            self.sender.close_announced(NOT_YOURS);
        } else {
            self.send(&ToViewer::Unsubscribed { parcel_id: parcel.get(), message: Some(NOT_YOURS.reason) });
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ParcelId, Subscription>> {
        self.parcels.lock().expect("nothing panics while holding it")
    }
}

impl Followers {
    pub(crate) fn add(&self, follower: &Arc<ParcelFollower>, parcel: ParcelId, subscription: Subscription) {
        let mut followers = self.lock();
        if follower.lock().insert(parcel, subscription).is_none() {
            followers.entry((follower.tenant.clone(), parcel)).or_default().push(Arc::clone(follower));
        }
    }

    pub(crate) fn remove(&self, follower: &Arc<ParcelFollower>, parcel: ParcelId) {
        let removed = {
            let mut followers = self.lock();
            take_out(&mut followers, (follower.tenant.clone(), parcel), |other| Arc::ptr_eq(other, follower));
            follower.lock().remove(&parcel)
        };
        // Dropped outside the locks, because unsubscribing takes the hub's lock.
        drop(removed);
    }

    /// Removes a socket that has ended.
    pub(crate) fn remove_all(&self, follower: &Arc<ParcelFollower>) {
        let parcels: Vec<_> = follower.lock().keys().copied().collect();
        for parcel in parcels {
            self.remove(follower, parcel);
        }
    }

    /// Takes the parcel from the viewers that may not see it any more, because its driver changed.
    pub(crate) fn recheck(&self, parcel: &Parcel) {
        let lost = take_out(&mut self.lock(), (parcel.tenant.clone(), parcel.id), |follower| {
            !may_with_parcel(&follower.caller, Action::SeeParcel, parcel)
        });
        for follower in lost {
            follower.lose(parcel.id);
        }
    }

    /// All parcels that somebody follows.
    pub(crate) fn all(&self) -> Vec<(TenantId, ParcelId)> {
        self.lock().keys().cloned().collect()
    }

    pub(crate) fn has(&self, tenant: &TenantId, parcel: ParcelId) -> bool {
        self.lock().contains_key(&(tenant.clone(), parcel))
    }

    fn lock(&self) -> MutexGuard<'_, ByParcel> {
        self.0.lock().expect("nothing panics while holding it")
    }
}

fn take_out(
    followers: &mut ByParcel,
    parcel: (TenantId, ParcelId),
    is_meant: impl Fn(&Arc<ParcelFollower>) -> bool,
) -> Vec<Arc<ParcelFollower>> {
    let Some(of_parcel) = followers.get_mut(&parcel) else { return Vec::new() };
    let taken = of_parcel.extract_if(.., |follower| is_meant(follower)).collect();
    if of_parcel.is_empty() {
        followers.remove(&parcel);
    }
    taken
}
