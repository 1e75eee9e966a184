//! The delivery dialect: riders report by HTTP or socket, visitors with the link follow `/ws/tracking/{id}`.

#![forbid(unsafe_code)]

mod channel;
mod convert;
mod followed;
mod follower;
mod handlers;
mod lenient_json;
mod listener;
mod policy;
mod proof_form;
pub mod wire;

pub use convert::{new_delivery, update_of};
pub use followed::FollowedDeliveries;
pub use lenient_json::parse_delivery_json;
pub use listener::DeliveryListener;

use axum::Router;
use axum::extract::FromRef;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use milepost_http::{HttpContext, replay_idempotent};
use milepost_live::Live;
use std::sync::Arc;

/// What the dialect's handlers need.
#[derive(Clone)]
pub struct DeliveryParts {
    /// Use cases and live connections.
    pub live: Live,
    /// The followed sessions, shared with the listener.
    pub followed: Arc<FollowedDeliveries>,
}

impl FromRef<DeliveryParts> for Arc<HttpContext> {
    fn from_ref(parts: &DeliveryParts) -> Self {
        Self::clone(&parts.live.context)
    }
}

/// The dialect's routes, without trailing slashes.
pub fn routes(parts: DeliveryParts) -> Router {
    use handlers::{count_deliveries, find_delivery, follow_delivery, proofs, start_delivery, update_delivery};
    let of_session = || get(proofs::list_proofs).post(proofs::add_proof);
    let kept = from_fn_with_state(Arc::clone(&parts.live.context), replay_idempotent);
    Router::new()
        .route("/tracking/start", post(start_delivery::start_delivery))
        .route("/tracking/update/{tracking_id}", post(update_delivery::update_delivery))
        .layer(kept)
        .route("/tracking/{tracking_id}", get(find_delivery::find_delivery))
        .route("/tracking/{tracking_id}/proof", of_session())
        .route("/api/v1/deliveries/{id}/proofs", of_session())
        .route("/api/v1/deliveries/{id}/proofs/{proof_id}/files/{file}", get(proofs::read_proof_file))
        .route("/tracking/rider/{rider_id}", get(find_delivery::find_riders_delivery))
        .route("/stats/tracking", get(count_deliveries::count_deliveries))
        .route("/ws/tracking/{tracking_id}", get(follow_delivery::follow_delivery))
        .with_state(parts)
}
