//! One viewer on its socket: the last location first, then live ones, for as many parcels as it asks.

use crate::ParcelParts;
use crate::channel::{channel_of, location_message, render_status};
use crate::convert::render;
use crate::followers::{Follower, MAX_FOLLOWED};
use crate::handlers::watch_parcel::Asked;
use crate::inbound::{FromViewer, read_message};
use crate::wire::ToViewer;
use milepost_access::{Admission, CloseReason, Disconnect};
use milepost_domain::{Caller, ParcelId};
use milepost_hub::Outlet;
use milepost_service::{DriverReport, FollowedParcel, ServiceError};
use milepost_transport::{Inbound, Link, Socket};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Who opened the socket, and for what.
pub(crate) struct View {
    pub(crate) caller: Caller,
    pub(crate) asked: Asked,
}

/// Ends the socket when its holder's right ends.
struct ViewerConnection(Arc<Link>);

impl Disconnect for ViewerConnection {
    fn disconnect(&self, reason: CloseReason) {
        match reason {
            CloseReason::Revoked => tell_and_close(&self.0, 4001, "access was withdrawn"),
            CloseReason::RightsChanged => self.0.close(1012, "access has changed; reconnect"),
        }
    }
}

/// Says why, and closes.
pub(crate) async fn refuse(socket: Socket, code: u16, message: &str) {
    tell_and_close(socket.link(), code, message);
    socket.finish().await;
}

fn tell_and_close(link: &Link, code: u16, message: &str) {
    link.send_text(&render(&ToViewer::Error { message }));
    link.close(code, message);
}

/// Serves a viewer until either side ends it.
pub(crate) async fn watch(mut socket: Socket, parts: ParcelParts, view: View, admission: Admission) {
    let link = Arc::clone(socket.link());
    let connection = Arc::new(ViewerConnection(Arc::clone(&link)));
    admission.attach(&connection);
    match parts.context.access.revalidate(&admission).await {
        Ok(None) => {}
        Ok(Some(reason)) => {
            connection.disconnect(reason);
            return socket.finish().await;
        }
        Err(_) => return refuse(socket, 1013, "try again later").await,
    }
    if let Some(expires_at) = view.caller.expires_at {
        let left_ms = expires_at.ms_since(parts.context.service.now()).max(0).unsigned_abs();
        link.set_expiry(Instant::now() + Duration::from_millis(left_ms), 4001, "token expired");
    }
    let viewer = Viewer { parts, me: Follower::new(link, view.caller) };
    if let Err((code, message)) = viewer.enter(view.asked).await {
        return refuse(socket, code, &message).await;
    }
    while let Some(inbound) = socket.next().await {
        match inbound {
            Inbound::Text(text) => viewer.answer(&text).await,
            Inbound::Binary(_) => viewer.say_error("send JSON as text"),
        }
    }
    drop(viewer);
    drop(admission);
}

struct Viewer {
    parts: ParcelParts,
    me: Arc<Follower>,
}

impl Viewer {
    /// Follows the parcel of the URL, or says with which code and words not.
    async fn enter(&self, asked: Asked) -> Result<(), (u16, String)> {
        let id = match asked {
            Asked::Parcel(id) => id,
            Asked::NoNumber => return Err((4400, "parcel_id must be a number: ?parcel_id=12".to_owned())),
            Asked::NoParcel => return Err((4004, ServiceError::NotFound("parcel").to_string())),
        };
        self.follow(id, false).await.map_err(|error| match &error {
            ServiceError::NotFound(_) => (4004, error.to_string()),
            ServiceError::Forbidden(_) => (4003, error.to_string()),
            _ => (1013, "try again later".to_owned()),
        })
    }

    async fn answer(&self, text: &str) {
        match read_message(text) {
            Ok(FromViewer::LocationUpdate(report)) => self.take_location(report).await,
            Ok(FromViewer::SubscribeParcel(id)) => self.subscribe(id).await,
            Ok(FromViewer::UnsubscribeParcel(id)) => {
                self.parts.followers.0.remove(&self.me, id);
                self.me.send(&ToViewer::Unsubscribed { parcel_id: id.get(), message: None });
            }
            Ok(FromViewer::Ping) => self.me.send(&ToViewer::Pong),
            Err(message) => self.say_error(&message),
        }
    }

    /// The driver's own socket learns of it as everybody does.
    async fn take_location(&self, report: DriverReport) {
        match self.parts.context.service.record_driver_location(&self.me.caller, report).await {
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

    /// Looks before it follows, so that nobody gets a message that is not for it, and again after: what changes from
    /// then on comes live. Live messages wait in the link meanwhile, so that none is missed and none goes back in time.
    async fn follow(&self, id: ParcelId, say_subscribed: bool) -> Result<(), ServiceError> {
        let (service, link) = (&self.parts.context.service, &self.me.link);
        service.get_parcel(&self.me.caller, id).await?;
        link.cork();
        if !self.me.follows(id) {
            let subscription = self.parts.hub.channel(&channel_of(id)).subscribe(self.outlet(), Default::default());
            self.parts.followers.0.add(&self.me, id, subscription);
        }
        let followed = service.followed_parcel(&self.me.caller, id).await;
        match &followed {
            Ok(followed) => self.show(followed, say_subscribed),
            Err(_) => self.parts.followers.0.remove(&self.me, id),
        }
        link.uncork();
        followed.map(|_| ())
    }

    fn show(&self, followed: &FollowedParcel, say_subscribed: bool) {
        let parcel = &followed.parcel;
        if say_subscribed {
            self.me.send(&ToViewer::Subscribed { parcel_id: parcel.id.get() });
        }
        if let Some(spot) = &followed.spot {
            self.me.link.offer_if_absent(&location_message(parcel, spot));
        }
        if parcel.status.has_ended() {
            self.me.link.send_text(&render_status(parcel));
        }
    }

    fn outlet(&self) -> Arc<dyn Outlet> {
        Arc::clone(&self.me.link) as Arc<dyn Outlet>
    }

    fn say_error(&self, message: &str) {
        self.me.send(&ToViewer::Error { message });
    }
}

impl Drop for Viewer {
    /// However the socket ends: nobody stays in the list.
    fn drop(&mut self) {
        self.parts.followers.0.remove_all(&self.me);
    }
}
