//! `GET /api/v1/stream`: opens streams of server-sent events, whose URL says what they follow.

use crate::StreamParts;
use crate::session::Session;
use crate::who::admit;
use crate::wire::SubJson;
use axum::extract::{Request, State};
use axum::response::{IntoResponse as _, Response};
use milepost_http::Problem;
use milepost_live::{ConnectionPolicy, Handshake};
use milepost_service::GeometryRefusal;
use milepost_service::space::read_place;
use serde_json::Value;

/// Answers at once. Messages follow in the response's body, the same as on a socket.
pub(crate) async fn open_stream(State(parts): State<StreamParts>, request: Request) -> Result<Response, Problem> {
    let handshake = parts.live.handshake(request, &ConnectionPolicy::STREAM)?;
    let subs = match read_subs(&handshake) {
        Ok(subs) => subs,
        Err(problem) => return Ok(problem.into_response()),
    };
    let after = handshake.last_event_name();
    let credential = handshake.shown_credential().await?;
    let (link, tenant) = (handshake.query("delivery"), handshake.query("tenant"));
    let entry = admit(&parts, &handshake, credential, link.as_deref(), tenant.as_deref()).await;
    Ok(handshake.open_session_stream(entry, async move |outlet, who| {
        let mut session = Session::begin(parts, outlet, who, Some(&subs)).await?;
        session.subscribe_all(subs, after.as_deref()).await;
        Ok(session.run().await)
    }))
}

/// What the URL asks for, numbered from 1.
fn read_subs(handshake: &Handshake) -> Result<Vec<SubJson>, Problem> {
    let names = |name: &str| {
        let list = handshake.query(name)?;
        Some(list.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect::<Vec<_>>())
    };
    let batch_ms = handshake.query("batch_ms").and_then(|ms| ms.parse().ok());
    let mut subs: Vec<SubJson> = Vec::new();
    for to in names("to").unwrap_or_default() {
        subs.push(SubJson { to, batch_ms, ..SubJson::default() });
    }
    let (ids, routes, kinds) = (names("ids"), names("routes"), names("kinds"));
    if ids.is_some() || routes.is_some() || kinds.is_some() {
        subs.push(SubJson { to: "vehicles".to_owned(), ids, routes, kinds, batch_ms, ..SubJson::default() });
    }
    if let Some(edges) = names("box") {
        // What is no number is refused with the box.
        let edges = Some(edges.iter().map(|edge| edge.parse().unwrap_or(f64::NAN)).collect());
        let max = handshake.query("max").and_then(|max| max.parse().ok());
        subs.push(SubJson { to: "view".to_owned(), edges, max, batch_ms, ..SubJson::default() });
    }
    subs.extend(read_spaces(handshake)?.map(|sub| SubJson { batch_ms, ..sub }));
    for to in ["parcel", "cadet", "delivery"] {
        if let Some(id) = handshake.query(to) {
            let id = id.parse::<i64>().map_or(Value::String(id), Value::from);
            subs.push(SubJson { to: to.to_owned(), id: Some(id), ..SubJson::default() });
        }
    }
    // `to=` alone greets and follows nothing: a client learns so whether it is let in.
    if subs.is_empty() && handshake.query("to").is_none() {
        let message = "say what to follow: ?to=vehicles,alerts, ?ids=, ?routes=, ?kinds=, ?box=, ?near=, ?within=, ?parcel=, ?cadet= or ?delivery=";
        return Err(Problem::malformed(message));
    }
    for (s, sub) in (1..).zip(&mut subs) {
        sub.s = s;
    }
    Ok(subs)
}

/// Questions to the map, with the names and forms of `GET /api/v1/vehicles`.
fn read_spaces(handshake: &Handshake) -> Result<impl Iterator<Item = SubJson>, Problem> {
    let refused = |refused: GeometryRefusal| Problem::invalid(refused.field, refused.message);
    let number = |name: &str| {
        let parse = |text: String| text.parse::<f64>().map_err(|_| Problem::invalid(name, "must be a number"));
        handshake.query(name).map(parse).transpose()
    };
    let near = handshake.query("near").map(|near| read_place(&near).map_err(refused)).transpose()?;
    let limit = handshake.query("limit").map(|text| text.parse());
    let limit = limit.transpose().map_err(|_| Problem::invalid("limit", "must be a whole number"))?;
    let radius_m = number("radius")?;
    let near = near.map(|place| SubJson {
        to: "near".to_owned(),
        lat: Some(place.latitude.get()),
        lon: Some(place.longitude.get()),
        limit,
        radius_m,
        ..SubJson::default()
    });
    let within = handshake.query("within").map(|within| {
        let sub = SubJson { to: "within".to_owned(), ..SubJson::default() };
        if let Some(id) = within.strip_prefix("geofence:") {
            return SubJson { geofence: Some(id.parse().unwrap_or(0)), ..sub };
        }
        if within.starts_with('{') {
            return SubJson { geometry: Some(serde_json::from_str(&within).unwrap_or_default()), ..sub };
        }
        // What is no number is refused with the box.
        let edges = within.split(',').map(|edge| edge.parse().unwrap_or(f64::NAN)).collect();
        SubJson { edges: Some(edges), ..sub }
    });
    Ok(near.into_iter().chain(within))
}
