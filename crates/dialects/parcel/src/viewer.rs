//! Serves one viewer's socket: first the last location, then live ones, of all parcels that the viewer follows.

use crate::ParcelParts;
use crate::channel::{channel_of, location_message, render_status};
use crate::convert::render;
use crate::followers::{MAX_FOLLOWED, ParcelFollower};
use crate::inbound::{ParcelRequest, read_message};
use crate::named_parcel::NamedParcel;
use crate::wire::ToViewer;
use milepost_domain::{Caller, ParcelId, TenantId};
use milepost_http::Problem;
use milepost_hub::{Interest, Subscription};
use milepost_live::{Snapshot, SocketSender, Viewer};
use milepost_service::parcels::{record_driver_location, watch_parcel};
use milepost_service::{DriverReport, FollowedParcel, Request, ServiceError};
use std::sync::Arc;

pub(crate) struct ParcelViewer {
    parts: ParcelParts,
    me: Arc<ParcelFollower>,
}

impl ParcelViewer {
    /// Follows the parcel that the URL names.
    pub(crate) async fn enter(
        sender: Arc<SocketSender>,
        parts: ParcelParts,
        (caller, tenant): (Caller, TenantId),
        parcel: NamedParcel,
    ) -> Result<Self, Problem> {
        let viewer = Self { parts, me: ParcelFollower::new(sender, caller, tenant) };
        viewer.follow(parcel.id()?, false).await?;
        Ok(viewer)
    }

    fn request(&self) -> Request {
        self.parts.live.context.request(self.me.caller.clone())
    }

    /// Stores a report. The driver's own socket gets the location like every other follower.
    async fn record_location(&self, report: DriverReport) {
        match record_driver_location(&self.parts.live.use_cases().parcels, &self.request(), report).await {
            Ok(_) => {}
            Err(ServiceError::Unavailable | ServiceError::Internal) => {
                self.say_error("the location could not be stored just now, send it again");
            }
            Err(error) => self.say_error(&error.to_string()),
        }
    }

    async fn subscribe(&self, id: ParcelId) {
        if !self.me.follows(id) && self.me.followed() >= MAX_FOLLOWED {
            return self.say_error("at most 100 parcels on one socket");
        }
        match self.follow(id, true).await {
            Ok(()) => {}
            Err(ServiceError::Unavailable | ServiceError::Internal) => {
                self.say_error("the server can't look that up just now, try again");
            }
            Err(error) => self.say_error(&error.to_string()),
        }
    }

    /// Shows the parcel as it is, and follows it from that moment on.
    async fn follow(&self, id: ParcelId, say_subscribed: bool) -> Result<(), ServiceError> {
        let (live, followers) = (&self.parts.live, &self.parts.followers.0);
        let parcels = &live.use_cases().parcels;
        let channel = live.hub.channel(&channel_of(&self.me.tenant, id));
        // What an ended subscription was to get has come by then, and nothing of it comes after the snapshot.
        channel.settled().await;
        let snapshot = self.me.sender.begin_snapshot();
        let is_new = !self.me.follows(id);
        // A crossing is told once and is in no snapshot. Whoever has just come must not miss one while others are waited for; what it
        // gets meanwhile is in the order of publishing, and the snapshot yields to it.
        let is_early = is_new && !say_subscribed;
        let subscribe = |interest| snapshot.subscribe(&channel, interest);
        let prepare = || is_early.then(|| subscribe(Interest::keys([])));
        let begin = |early: Option<Subscription>| {
            if is_new {
                let subscription = early.unwrap_or_else(|| subscribe(Interest::all()));
                subscription.set_interest(Interest::all());
                followers.add(&self.me, id, subscription);
            }
        };
        let followed = watch_parcel(parcels, &self.request(), &self.me.tenant, id, prepare, begin).await;
        if is_early || !is_new {
            // What was published before the snapshot comes before it: the newest of it is what is shown.
            channel.settled().await;
        }
        match &followed {
            Ok((followed, ())) => show(&snapshot, followed, say_subscribed),
            // The socket keeps a parcel that it follows already while the store is away.
            Err(ServiceError::Unavailable | ServiceError::Internal) if !is_new => {}
            Err(_) => followers.remove(&self.me, id),
        }
        followed.map(|_| ())
    }
}

fn show(snapshot: &Snapshot, followed: &FollowedParcel, say_subscribed: bool) {
    let parcel = &followed.parcel;
    if say_subscribed {
        snapshot.send(&render(&ToViewer::Subscribed { parcel_id: parcel.id.get() }));
    }
    if let Some(driver) = &followed.progress {
        snapshot.offer(&[location_message(parcel, driver)]);
    }
    if parcel.status.has_ended() {
        snapshot.send(&render_status(parcel));
    }
}

impl Viewer for ParcelViewer {
    async fn answer(&mut self, text: &str) {
        match read_message(text) {
            Ok(ParcelRequest::LocationUpdate(report)) => self.record_location(report).await,
            Ok(ParcelRequest::SubscribeParcel(id)) => self.subscribe(id).await,
            Ok(ParcelRequest::UnsubscribeParcel(id)) => {
                self.parts.followers.0.remove(&self.me, id);
                self.me.send(&ToViewer::Unsubscribed { parcel_id: id.get(), message: None });
            }
            Ok(ParcelRequest::Ping) => self.me.send(&ToViewer::Pong),
            Err(message) => self.say_error(&message),
        }
    }

    fn say_error(&self, message: &str) {
        self.me.send(&ToViewer::Error { message });
    }
}

impl Drop for ParcelViewer {
    /// Leaves the list however the socket ends.
    fn drop(&mut self) {
        self.parts.followers.0.remove_all(&self.me);
    }
}
