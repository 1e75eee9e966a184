//! The parcel dialect: drivers report where they are, clients and dispatchers follow, on one socket `/ws/tracking/`.

#![forbid(unsafe_code)]

mod channel;
mod convert;
mod followers;
mod handlers;
mod inbound;
mod listener;
mod named_parcel;
mod policy;
mod viewer;
pub mod wire;

pub use handlers::watch_parcel::watch_parcel;
pub use inbound::{ParcelRequest, read_message};
pub use listener::ParcelListener;

use followers::Followers;
use milepost_live::Live;
use std::sync::Arc;

/// What the dialect's handler needs. The dialect shares its path with the fleet dialect: [`watch_parcel`] handles the
/// requests that the other one leaves.
#[derive(Clone)]
pub struct ParcelParts {
    /// Use cases and live connections.
    pub live: Live,
    /// The followed parcels, shared with the dialect's listener.
    pub followers: FollowerList,
}

/// Which socket on this node follows which parcel. Made once for the [`ParcelListener`] and [`ParcelParts`].
#[derive(Clone, Default)]
pub struct FollowerList(pub(crate) Arc<Followers>);
