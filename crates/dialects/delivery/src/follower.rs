//! Serves one follower's socket: the session as it is, then every change, and the rider's reports.

use crate::DeliveryParts;
use crate::channel::{channel_of, delivery_key};
use crate::convert::{DeliveryRequest, read_message, render, session_of, update_of};
use crate::followed::Following;
use crate::wire::{ToFollower, UpdateLocation};
use milepost_domain::{Caller, TrackingId};
use milepost_http::Problem;
use milepost_hub::{Interest, Subscription};
use milepost_live::{SocketSender, Viewer};
use milepost_service::{DeliveryView, Once, ServiceError, deliveries};
use std::sync::Arc;

/// The session that a socket follows, and its client.
pub(crate) struct Followed {
    pub(crate) id: TrackingId,
    /// `None` for a visitor without a credential.
    pub(crate) caller: Option<Caller>,
    pub(crate) sees_rider: bool,
}

pub(crate) struct DeliveryFollower {
    parts: DeliveryParts,
    followed: Followed,
    sender: Arc<SocketSender>,
    _place: (Following, Subscription),
}

impl DeliveryFollower {
    /// Sends the session as it is, and subscribes to its changes.
    pub(crate) async fn enter(
        sender: Arc<SocketSender>,
        parts: DeliveryParts,
        followed: Followed,
    ) -> Result<Self, Problem> {
        let begin = |view: &DeliveryView| begin(&sender, &parts, &followed, view);
        let live = &parts.live;
        let _place = deliveries::follow_delivery(&live.use_cases().deliveries, &followed.id, live.now(), begin).await?;
        Ok(Self { parts, followed, sender, _place })
    }

    /// Applies a rider's report. The answer is the published update, which every follower gets.
    async fn update(&self, location: &UpdateLocation) -> Result<(), String> {
        const NOT_RIDER: &str = "only the rider of this delivery may update it";
        let caller = self.followed.caller.as_ref().ok_or(NOT_RIDER)?;
        let update = update_of(location).map_err(|wrong| ServiceError::Invalid(wrong).to_string())?;
        let live = &self.parts.live;
        let request = live.context.request(caller.clone());
        let (delivery, once) = (&self.followed.id, Once::unclaimed());
        let updated =
            deliveries::update_delivery(&live.use_cases().deliveries, &request, delivery, update, &once).await;
        updated.map(|_| ()).map_err(|refusal| refusal.to_string())
    }
}

/// Called while no change can be published, so that the subscription begins exactly after the initial state.
fn begin(
    sender: &Arc<SocketSender>,
    parts: &DeliveryParts,
    followed: &Followed,
    view: &DeliveryView,
) -> (Following, Subscription) {
    let snapshot = sender.begin_snapshot();
    let channel = parts.live.hub.channel(&channel_of(&view.delivery.tenant));
    let interest = Interest::keys([delivery_key(&followed.id, followed.sees_rider)]);
    let subscription = snapshot.subscribe(&channel, interest);
    snapshot.send(&render(&ToFollower::InitialState { data: session_of(view, followed.sees_rider) }));
    (parts.followed.enter(&view.delivery, sender), subscription)
}

impl Viewer for DeliveryFollower {
    async fn answer(&mut self, text: &str) {
        let done = match read_message(text) {
            Ok(DeliveryRequest::Ping) => {
                self.sender.send(&render(&ToFollower::Pong));
                Ok(())
            }
            Ok(DeliveryRequest::Update(location)) => self.update(&location).await,
            Err(message) => Err(message),
        };
        if let Err(message) = done {
            self.say_error(&message);
        }
    }

    fn say_error(&self, message: &str) {
        self.sender.send(&render(&ToFollower::Error { message }));
    }
}
