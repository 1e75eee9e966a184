//! Takes a request of an app, and answers as the app expects.

use crate::PhoneParts;
use crate::credentials::key_of;
use crate::decode::{Decoded, decode};
use crate::friends::friends_of;
use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use milepost_domain::{Caller, DeviceProtocol, ReportedBy};
use milepost_http::{ClientAddress, ConnectionCaller, Problem, RawBody};
use milepost_phone_formats::{Malformed, Shape};
use milepost_service::LARGE_BODY_BYTES;
use milepost_service::devices::{Identity, KeyShown, Refusal, ReportingDevice, identify, record_reports};

/// Room for the thousand points of Overland's largest batch.
pub(crate) const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

/// Stores what an app reports. `shape` is the one of the path.
pub(crate) async fn take_report(
    shape: Option<Shape>,
    State(parts): State<PhoneParts>,
    head: Parts,
    RawBody(body): RawBody<MAX_BODY_BYTES>,
) -> Result<Response, Problem> {
    let now = parts.context.clock.now();
    let decoded = if body.len() <= LARGE_BODY_BYTES {
        decode(shape, &head, &body, &parts.secrets)
    } else {
        let _turn = parts.large_bodies.acquire().await;
        let (head, secrets) = (head.clone(), parts.secrets.clone());
        let decoding = tokio::task::spawn_blocking(move || decode(shape, &head, &body, &secrets));
        decoding.await.map_err(|_| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal error"))?
    };
    let Decoded { shape: actual, messages, key } = decoded.map_err(|Malformed(why)| Problem::malformed(why))?;
    let key = key.or_else(|| key_of(&head.headers));
    let (protocol, or_protocol) = protocols(shape, actual);
    let devices = &parts.context.use_cases.devices;
    let (mut refused, mut friends) = (None, Vec::new());
    for message in messages {
        if message.names.is_empty() && key.is_none() {
            return Err(Problem::malformed("the request names no device: it needs an id, or a device's key"));
        }
        let who = ReportingDevice {
            unique_ids: &message.names,
            protocol,
            or_protocol,
            key: key.as_deref().map_or(KeyShown::Missing, KeyShown::Key),
            address: ClientAddress::of(&head).0,
        };
        match identify(devices, &who).await? {
            Identity::Known(device) => {
                if let Some(connection) = head.extensions.get::<ConnectionCaller>() {
                    connection.note(&Caller::of_device((*device).clone()));
                }
                let of = (device.tenant.clone(), device.vehicle_id.clone());
                // What Traccar forwards comes from trackers.
                let is_forwarded = actual == Shape::TraccarForward;
                let by = if is_forwarded { ReportedBy::Vehicle } else { ReportedBy::Phone };
                record_reports(devices, *device, &message.reports, by, now).await?;
                // Who guesses an id is no friend.
                if parts.shows_friends && actual == Shape::OwnTracks && key.is_some() && !message.reports.is_empty() {
                    friends = friends_of(&parts, &of.0, &of.1, now).await;
                }
            }
            Identity::Refused(refusal) => refused = Some(refusal),
        }
    }
    match refused {
        Some(refusal) => Err(refusal_problem(refusal)),
        None if friends.is_empty() => Ok(answer(actual)),
        None => Ok(Json(friends).into_response()),
    }
}

/// The protocol of a request, and another name that it may have: without a path nothing tells OsmAnd from Traccar.
const fn protocols(of_path: Option<Shape>, shape: Shape) -> (DeviceProtocol, Option<DeviceProtocol>) {
    match (shape, of_path) {
        (Shape::OsmAnd, Some(_)) => (DeviceProtocol::OSMAND, None),
        (Shape::OsmAnd, None) => (DeviceProtocol::OSMAND, Some(DeviceProtocol::TRACCAR)),
        (Shape::Traccar, Some(_)) => (DeviceProtocol::TRACCAR, None),
        (Shape::Traccar, None) => (DeviceProtocol::TRACCAR, Some(DeviceProtocol::OSMAND)),
        (Shape::TraccarForward, _) => (DeviceProtocol::TRACCAR, Some(DeviceProtocol::OSMAND)),
        (Shape::GpsLogger, _) => (DeviceProtocol::GPSLOGGER, None),
        (Shape::OwnTracks, _) => (DeviceProtocol::OWNTRACKS, None),
        (Shape::Overland, _) => (DeviceProtocol::OVERLAND, None),
    }
}

/// What the app takes for success.
fn answer(shape: Shape) -> Response {
    let json = |text: &'static str| {
        ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], text).into_response()
    };
    match shape {
        Shape::OwnTracks => json("[]"),
        Shape::Overland => json(r#"{"result":"ok"}"#),
        Shape::OsmAnd | Shape::Traccar | Shape::TraccarForward | Shape::GpsLogger => StatusCode::OK.into_response(),
    }
}

fn refusal_problem(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::Unknown => Problem::forbidden("no device has this id: an admin can add it"),
        Refusal::OtherProtocol => Problem::forbidden("this device may only use the protocol that it was added with"),
        Refusal::WrongKey => Problem::not_authenticated("the key is not this device's"),
        Refusal::NoKey => Problem::not_authenticated("this server takes reports only with the device's key"),
    }
}
