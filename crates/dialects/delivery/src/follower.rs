//! One follower on its socket: the session as it is, then every change; and the rider's own way to report.

use crate::DeliveryParts;
use crate::channel::{channel_of, delivery_key};
use crate::convert::{Request, read_message, render, session_of, update_of};
use crate::followed::{EXPIRED, Following};
use crate::wire::{ToFollower, UpdateLocation};
use milepost_access::{Admission, CloseReason, Disconnect};
use milepost_domain::{Caller, TrackingId};
use milepost_hub::{Interest, Outlet, Subscription};
use milepost_service::{DeliveryView, ServiceError};
use milepost_transport::{Inbound, Link, Socket};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How refusals are told, as the dialect's clients know them.
pub(crate) const NOT_FOUND: &str = "Tracking not found";
pub(crate) const INVALID_TOKEN: &str = "Invalid token";

/// Whom the socket belongs to and what it follows.
pub(crate) struct Follower {
    pub(crate) id: TrackingId,
    /// `None` for whoever has the link only.
    pub(crate) caller: Option<Caller>,
    pub(crate) sees_rider: bool,
}

/// Ends the socket when its holder's right ends.
struct FollowerConnection(Arc<Link>);

impl Disconnect for FollowerConnection {
    fn disconnect(&self, reason: CloseReason) {
        match reason {
            CloseReason::Revoked => self.0.close(1008, INVALID_TOKEN),
            CloseReason::RightsChanged => self.0.close(1012, "access has changed; reconnect"),
        }
    }
}

/// Serves a follower until either side ends it.
pub(crate) async fn follow(mut socket: Socket, parts: DeliveryParts, follower: Follower, admission: Admission) {
    let link = Arc::clone(socket.link());
    let connection = Arc::new(FollowerConnection(Arc::clone(&link)));
    admission.attach(&connection);
    match parts.context.access.revalidate(&admission).await {
        Ok(None) => {}
        Ok(Some(reason)) => {
            connection.disconnect(reason);
            return socket.finish().await;
        }
        Err(_) => {
            link.close(1013, "try again later");
            return socket.finish().await;
        }
    }
    if let Some(expires_at) = follower.caller.as_ref().and_then(|caller| caller.expires_at) {
        let left_ms = expires_at.ms_since(parts.context.service.now()).max(0).unsigned_abs();
        link.set_expiry(Instant::now() + Duration::from_millis(left_ms), 1008, INVALID_TOKEN);
    }
    let entered = parts.context.service.follow_delivery(&follower.id, |view| enter(&parts, &follower, view, &link));
    let place = match entered.await {
        Ok(place) => place,
        Err(refusal) => {
            match refusal {
                ServiceError::NotFound(_) => link.close(1008, NOT_FOUND),
                ServiceError::Gone(_) => link.close(1008, EXPIRED),
                _ => link.close(1013, "try again later"),
            }
            return socket.finish().await;
        }
    };
    while let Some(inbound) = socket.next().await {
        let refused = match inbound {
            Inbound::Text(text) => answer(&parts, &follower, &link, &text).await,
            Inbound::Binary(_) => Err("send JSON as text".to_owned()),
        };
        if let Err(message) = refused {
            link.send_text(&render(&ToFollower::Error { message: &message }));
        }
    }
    drop(place);
    drop(admission);
}

/// Runs while no change can be published: what the subscription brings begins right after the initial state.
fn enter(
    parts: &DeliveryParts,
    follower: &Follower,
    view: &DeliveryView,
    link: &Arc<Link>,
) -> (Following, Subscription) {
    let outlet = Arc::clone(link) as Arc<dyn Outlet>;
    let interest = Interest::keys([delivery_key(&follower.id, follower.sees_rider)]);
    let subscription = parts.hub.channel(&channel_of(&view.delivery.tenant)).subscribe(outlet, interest);
    link.send_text(&render(&ToFollower::InitialState { data: session_of(view, follower.sees_rider) }));
    (parts.followed.enter(&view.delivery, link), subscription)
}

async fn answer(parts: &DeliveryParts, follower: &Follower, link: &Arc<Link>, text: &str) -> Result<(), String> {
    match read_message(text)? {
        Request::Ping => {
            link.send_text(&render(&ToFollower::Pong));
            Ok(())
        }
        Request::Update(location) => update(parts, follower, &location).await,
    }
}

/// The answer to a good update is the update itself, which everybody gets.
async fn update(parts: &DeliveryParts, follower: &Follower, location: &UpdateLocation) -> Result<(), String> {
    const NOT_RIDER: &str = "only the rider of this delivery may update it";
    let caller = follower.caller.as_ref().ok_or(NOT_RIDER)?;
    let update = update_of(location).map_err(|wrong| ServiceError::Invalid(wrong).to_string())?;
    let updated = parts.context.service.update_delivery(caller, &follower.id, update).await;
    updated.map(|_| ()).map_err(|refusal| refusal.to_string())
}
