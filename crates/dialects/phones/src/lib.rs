//! The dialect of apps on phones: they report under `/devices/…`, or on a port of their own where the shape of a request says which
//! app it is of.

#![forbid(unsafe_code)]

mod credentials;
mod decode;
mod friends;
mod handlers;

use crate::friends::Friends;
use axum::Router;
use axum::routing::{get, post};
use milepost_http::HttpContext;
use milepost_phone_formats::{DeviceSecrets, Shape};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Large bodies that are decoded at once. Further ones wait, and small ones don't.
const LARGE_BODIES: usize = 1;

/// What the dialect's handlers need.
#[derive(Clone)]
pub struct PhoneParts {
    context: Arc<HttpContext>,
    secrets: Arc<DeviceSecrets>,
    large_bodies: Arc<Semaphore>,
    shows_friends: bool,
    friends: Arc<Friends>,
}

impl PhoneParts {
    /// `secrets` are those of phones that encrypt: `DEVICE_SECRETS`. OwnTracks apps that show their keys are told of each other if
    /// `shows_friends`: `OWNTRACKS_FRIENDS`.
    pub fn new(context: Arc<HttpContext>, secrets: DeviceSecrets, shows_friends: bool) -> Self {
        let large_bodies = Arc::new(Semaphore::new(LARGE_BODIES));
        Self { context, secrets: Arc::new(secrets), large_bodies, shows_friends, friends: Arc::default() }
    }
}

/// The routes on the main port.
pub fn routes(parts: PhoneParts) -> Router {
    paths().with_state(parts)
}

/// The routes on a port of their own, `DEVICE_HTTP_LISTEN`: also `/`, where the shape decides.
pub fn port_routes(parts: PhoneParts) -> Router {
    let any = |state, head, body| handlers::take_report(None, state, head, body);
    paths().route("/", get(any).post(any)).with_state(parts)
}

fn paths() -> Router<PhoneParts> {
    let osmand = |state, head, body| handlers::take_report(Some(Shape::OsmAnd), state, head, body);
    let traccar = |state, head, body| handlers::take_report(Some(Shape::Traccar), state, head, body);
    let gpslogger = |state, head, body| handlers::take_report(Some(Shape::GpsLogger), state, head, body);
    let owntracks = |state, head, body| handlers::take_report(Some(Shape::OwnTracks), state, head, body);
    let overland = |state, head, body| handlers::take_report(Some(Shape::Overland), state, head, body);
    let forward = |state, head, body| handlers::take_report(Some(Shape::TraccarForward), state, head, body);
    Router::new()
        .route("/devices/traccar-forward", get(forward).post(forward))
        .route("/devices/osmand", get(osmand).post(osmand))
        .route("/devices/traccar", get(traccar).post(traccar))
        .route("/devices/gpslogger", get(gpslogger).post(gpslogger))
        .route("/devices/gpslogger/{id}", get(gpslogger).post(gpslogger))
        .route("/devices/owntracks", post(owntracks))
        .route("/devices/overland", post(overland))
}
