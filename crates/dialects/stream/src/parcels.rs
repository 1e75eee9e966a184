//! Connections that follow single parcels.

use crate::convert::render;
use crate::wire::ErrorJson;
use crate::wire::thing::{AddressJson, ParcelAtJson, ParcelJson, ParcelZoneJson};
use milepost_domain::{Action, Caller, Parcel, ParcelId, Place, TenantId, Timestamp, UserId, Zone, may_with_parcel};
use milepost_http::rfc3339;
use milepost_hub::{ChannelId, Interest, Key, Message, Recipients, Subscription};
use milepost_live::{Lane, Live, Outlet};
use milepost_service::parcels::watch_parcel;
use milepost_service::{DriverProgress, ServiceError};
use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

/// The connections of this node, by parcel. A std mutex: held for microseconds, never across an await.
#[derive(Default)]
pub(crate) struct ParcelFollowers(Mutex<ByParcel>);

type ByParcel = HashMap<(TenantId, ParcelId), Vec<Arc<ParcelFollower>>>;

/// One subscription to a parcel.
pub(crate) struct ParcelFollower {
    caller: Caller,
    outlet: Outlet,
    s: u32,
    /// Set when the client may not see the parcel any more.
    is_over: AtomicBool,
    subscription: Mutex<Option<Subscription>>,
}

/// Keeps a subscription in the list of its parcel until dropped.
pub(crate) struct FollowedParcel {
    followers: Arc<ParcelFollowers>,
    parcel: (TenantId, ParcelId),
    follower: Arc<ParcelFollower>,
}

/// A client of a parcel may see all messages about it.
pub(crate) fn parcel_channel(tenant: &TenantId, parcel: ParcelId) -> ChannelId {
    // The number comes first: no tenant's id makes two channels one.
    ChannelId::new("stream_parcel", format!("{parcel}/{tenant}"))
}

pub(crate) fn parcel_message(parcel: &Parcel) -> Message {
    Message::whole(render_parcel(parcel), Recipients::everyone(), Key::new("parcel", ""))
}

/// Each driver has its own key: one driver's clock says nothing about the order of another's fixes.
pub(crate) fn place_message(parcel: ParcelId, driver: &DriverProgress) -> Message {
    let key = Key::new("parcel_at", &driver.fix.driver_id.to_string());
    Message::whole(render_place(parcel, driver), Recipients::everyone(), key)
}

pub(crate) fn zone_message(parcel: ParcelId, zone: Zone, entered: bool, at: Timestamp) -> Message {
    let event = if entered { "enter" } else { "exit" };
    let crossing = ParcelZoneJson { op: "parcel_zone", id: parcel.get(), zone: zone.as_str(), event, t: at.unix_ms() };
    Message::new(render(&crossing), Recipients::everyone())
}

/// Follows a parcel: sends it as it is, and then its changes.
pub(crate) async fn follow_parcel(
    live: &Live,
    followers: &Arc<ParcelFollowers>,
    lane: &Arc<Lane>,
    (caller, tenant): (&Caller, &TenantId),
    (outlet, s): (&Outlet, u32),
    id: ParcelId,
) -> Result<FollowedParcel, ServiceError> {
    let (parcels, request) = (&live.use_cases().parcels, live.context.request(caller.clone()));
    // What an ended subscription was to get has come by then, and nothing of it comes after the snapshot.
    live.hub.channel(&parcel_channel(tenant, id)).settled().await;
    let _snapshot = lane.begin_snapshot();
    let begin = |()| followers.follow(lane, live, (caller, tenant), (outlet, s), id);
    let (now, followed) = watch_parcel(parcels, &request, tenant, id, || (), begin).await?;
    outlet.send(&render_parcel(&now.parcel));
    if let Some(driver) = &now.progress {
        outlet.send(&render_place(id, driver));
    }
    Ok(followed)
}

impl ParcelFollowers {
    fn follow(
        self: &Arc<Self>,
        lane: &Arc<Lane>,
        live: &Live,
        (caller, tenant): (&Caller, &TenantId),
        (outlet, s): (&Outlet, u32),
        id: ParcelId,
    ) -> FollowedParcel {
        let subscription = lane.subscribe(&live.hub.channel(&parcel_channel(tenant, id)), Interest::all());
        let follower = Arc::new(ParcelFollower {
            caller: caller.clone(),
            outlet: outlet.clone(),
            s,
            is_over: AtomicBool::new(false),
            subscription: Mutex::new(Some(subscription)),
        });
        let parcel = (tenant.clone(), id);
        self.lock().entry(parcel.clone()).or_default().push(Arc::clone(&follower));
        FollowedParcel { followers: Arc::clone(self), parcel, follower }
    }

    /// Takes the parcel from the clients that may not see it any more, because its driver changed.
    pub(crate) fn recheck(&self, parcel: &Parcel) {
        let lost: Vec<_> = {
            let followers = self.lock();
            let of_parcel = followers.get(&(parcel.tenant.clone(), parcel.id)).map_or(&[][..], Vec::as_slice);
            let may_not = |one: &&Arc<ParcelFollower>| !may_with_parcel(&one.caller, Action::SeeParcel, parcel);
            of_parcel.iter().filter(may_not).cloned().collect()
        };
        for follower in lost {
            follower.lose();
        }
    }

    pub(crate) fn has(&self, tenant: &TenantId, parcel: ParcelId) -> bool {
        self.lock().contains_key(&(tenant.clone(), parcel))
    }

    pub(crate) fn all(&self) -> Vec<(TenantId, ParcelId)> {
        self.lock().keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, ByParcel> {
        self.0.lock().expect("nothing panics while holding it")
    }
}

impl ParcelFollower {
    fn lose(&self) {
        // Dropped outside the lock of the followers, because unsubscribing takes the hub's lock.
        let subscription = self.subscription.lock().expect("nothing panics while holding it").take();
        if subscription.is_some() && !self.is_over.swap(true, Ordering::AcqRel) {
            let message = "you are neither this parcel's client nor its assigned driver any more";
            let s = Some(self.s);
            self.outlet.send(&render(&ErrorJson {
                op: "error",
                s,
                re: None,
                code: "forbidden",
                message,
                retry_ms: None,
            }));
        }
    }
}

impl FollowedParcel {
    /// Whether the client may not see the parcel any more, and was told.
    pub(crate) fn is_over(&self) -> bool {
        self.follower.is_over.load(Ordering::Acquire)
    }
}

impl Drop for FollowedParcel {
    fn drop(&mut self) {
        let mut followers = self.followers.lock();
        if let Some(of_parcel) = followers.get_mut(&self.parcel) {
            of_parcel.retain(|other| !Arc::ptr_eq(other, &self.follower));
            if of_parcel.is_empty() {
                followers.remove(&self.parcel);
            }
        }
    }
}

fn render_parcel(parcel: &Parcel) -> String {
    render(&ParcelJson {
        op: "parcel",
        id: parcel.id.get(),
        client_id: parcel.client_id.get(),
        driver_id: parcel.driver_id.map(UserId::get),
        pickup: address(&parcel.pickup),
        destination: address(&parcel.destination),
        status: parcel.status.as_str(),
        created_at: rfc3339(parcel.created_at),
        updated_at: rfc3339(parcel.updated_at),
    })
}

fn render_place(parcel: ParcelId, driver: &DriverProgress) -> String {
    render(&ParcelAtJson {
        op: "parcel_at",
        id: parcel.get(),
        driver_id: driver.fix.driver_id.get(),
        lat: driver.fix.latitude.get(),
        lng: driver.fix.longitude.get(),
        address: driver.fix.address.as_str(),
        t: driver.fix.at.unix_ms(),
        eta_seconds: driver.eta_s,
    })
}

fn address(place: &Place) -> AddressJson<'_> {
    AddressJson { lat: place.latitude.get(), lng: place.longitude.get(), address: place.address.as_str() }
}
