//! The parcel dialect: drivers say where they are, clients and dispatchers follow, on one socket `/ws/tracking/`.

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
pub use inbound::{FromViewer, read_message};
pub use listener::ParcelListener;

use followers::Followers;
use milepost_live::Live;
use std::sync::Arc;

/// What the dialect's handler needs. It shares its path with another dialect: [`watch_parcel`] is the handler of what is
/// not the other's.
#[derive(Clone)]
pub struct ParcelParts {
    /// Use cases and connections.
    pub live: Live,
    /// Who follows what, shared with the dialect's listener.
    pub followers: FollowerList,
}

/// Who follows which parcel on this node: made once, given to the [`ParcelListener`] and to [`ParcelParts`].
#[derive(Clone, Default)]
pub struct FollowerList(pub(crate) Arc<Followers>);
