//! From a request to what it reports, by the app that it is of.

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use milepost_domain::UniqueId;
use milepost_phone_formats::{
    DeviceSecrets, Fields, Malformed, Message, Shape, read_forward, read_forward_fields, read_gpslogger, read_osmand,
    read_overland, read_owntracks, read_traccar,
};

/// What a request says.
pub(crate) struct Decoded {
    pub(crate) shape: Shape,
    /// One for each device.
    pub(crate) messages: Vec<Message>,
    /// `key` of the query or form.
    pub(crate) key: Option<String>,
}

/// `shape` is the one of the path; without one the request's own shape decides.
pub(crate) fn decode(
    shape: Option<Shape>,
    head: &Parts,
    body: &[u8],
    secrets: &DeviceSecrets,
) -> Result<Decoded, Malformed> {
    let query = head.uri.query();
    let is_json = is_json(&head.headers, body);
    let fields = Fields::of(query, if is_json { &[] } else { body });
    let json = || serde_json::from_slice(body).map_err(|_| Malformed("the body is not JSON"));
    let shape = match shape {
        // Traccar's own server takes both forms at one address.
        Some(shape) => shape,
        None if is_json => Shape::of_json(&json()?),
        None => Shape::of_fields(&fields),
    };
    let mut messages = match shape {
        Shape::OsmAnd | Shape::Traccar if is_json => read_traccar(&json()?)?,
        Shape::OsmAnd | Shape::Traccar => vec![read_osmand(&fields)?],
        Shape::TraccarForward if is_json => read_forward(&json()?)?,
        Shape::TraccarForward => vec![read_forward_fields(&fields)?],
        Shape::GpsLogger => vec![read_gpslogger(&fields)?],
        Shape::Overland => read_overland(&json()?)?,
        Shape::OwnTracks => {
            let mut names = owntracks_names(&fields, &head.headers);
            let read = read_owntracks(body, &names, secrets)?;
            names.extend(read.names);
            vec![Message { names, reports: read.reports }]
        }
    };
    let named = path_id(head, shape).or_else(|| fields.unique_id(&["id", "deviceid", "device_id"]));
    for message in &mut messages {
        // Named in the path, or in the query beside a body that does not say.
        if let Some(named) = named.as_ref().filter(|_| shape == Shape::GpsLogger || message.names.is_empty()) {
            message.names = vec![named.clone()];
        }
    }
    let key = fields.text(&["key"]).map(str::to_owned);
    Ok(Decoded { shape, messages, key })
}

fn is_json(headers: &HeaderMap, body: &[u8]) -> bool {
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let begins_so = matches!(body.trim_ascii_start().first(), Some(b'{' | b'['));
    begins_so || (content_type.to_ascii_lowercase().contains("json") && !body.trim_ascii().is_empty())
}

/// The id in `/devices/gpslogger/{id}`.
fn path_id(head: &Parts, shape: Shape) -> Option<UniqueId> {
    let last = head.uri.path().trim_end_matches('/').strip_prefix("/devices/gpslogger/")?;
    let name = format!("x={}", last.replace('+', "%2B"));
    (shape == Shape::GpsLogger).then(|| Fields::of(Some(&name), &[]).unique_id(&["x"])).flatten()
}

/// The user and device of an OwnTracks app: in the query, or in the headers that it sends.
fn owntracks_names(fields: &Fields<'_>, headers: &HeaderMap) -> Vec<UniqueId> {
    let header =
        |name| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim).filter(|text| !text.is_empty());
    let user = fields.text(&["u"]).or_else(|| header("x-limit-u"));
    let device = fields.text(&["d"]).or_else(|| header("x-limit-d"));
    let name = match (user, device) {
        (Some(user), Some(device)) => Some(format!("{user}/{device}")),
        (Some(one), None) | (None, Some(one)) => Some(one.to_owned()),
        (None, None) => None,
    };
    name.iter().filter_map(|name| UniqueId::new(name).ok()).collect()
}
