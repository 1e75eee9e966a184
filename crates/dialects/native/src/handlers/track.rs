//! `/vehicles/{id}/positions`: a vehicle's history, paged as JSON or streamed as a file.

use crate::convert::position_to_json;
use crate::handlers::vehicles::vehicle_id;
use crate::tenant_of::tenant_of;
use crate::wire::position::PositionJson;
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use milepost_domain::{Position, Timestamp, VehicleId};
use milepost_formats::{Format, TrackMeta, TrackWriter};
use milepost_http::{Authenticated, HttpContext, Page, PageQuery, Path, Problem, Query, parse_timestamp};
use milepost_service::Track;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// Which part of the history, and in which form.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TrackQuery {
    /// From this instant; the beginning if absent.
    pub from: Option<String>,
    /// To before this instant; the end if absent.
    pub to: Option<String>,
    /// json (paged, default), geojson, gpx, csv or kml (whole).
    pub format: Option<String>,
    /// For a superadmin: whose vehicle.
    pub tenant: Option<String>,
}

/// Shows where a vehicle was, oldest first.
#[utoipa::path(get, path = "/vehicles/{id}/positions", tag = "positions",
    params(("id" = String, Path), TrackQuery, PageQuery),
    responses((status = 200, body = Page<PositionJson>, description = "JSON, or the file of the asked format"),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn read_track(
    State(context): State<Arc<HttpContext>>,
    Authenticated(caller): Authenticated,
    Path(id): Path<String>,
    Query(query): Query<TrackQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Response, Problem> {
    let id = vehicle_id(&id)?;
    let tenant = tenant_of(&caller, query.tenant.as_deref())?;
    let range = (instant("from", query.from.as_deref(), 0)?, instant("to", query.to.as_deref(), 253_402_300_799_999)?);
    let format = match query.format.as_deref() {
        None | Some("json") => None,
        Some(name) => Some(written_format(name)?),
    };
    let after = match format {
        Some(_) => None,
        None => page.after(|text| text.parse().ok().and_then(Timestamp::from_unix_ms).ok_or(()))?,
    };
    let limit = page.limit()?;
    let mut track = context.service.read_track(&caller, &tenant, &id, range, after).await?;
    let Some(format) = format else {
        let positions = track.take(limit).await?;
        let next = if positions.len() < limit as usize { None } else { positions.last().map(|p| p.at) };
        let items = positions.iter().map(position_to_json).collect();
        return Ok(Json(Page { items, next: next.map(|at| at.unix_ms().to_string()) }).into_response());
    };
    let label = context.service.get_vehicle(&caller, &tenant, &id).await?.vehicle.label.as_str().to_owned();
    stream_file(track, format, &id, label).await
}

/// The first page is read before the answer begins, so that a database that is away is a 503 and not half a file.
async fn stream_file(mut track: Track, format: Format, id: &VehicleId, label: String) -> Result<Response, Problem> {
    let meta = TrackMeta { vehicle_id: id.to_string(), label: Some(label) };
    let mut writer = TrackWriter::new(format, meta).map_err(|error| Problem::invalid("format", error.to_string()))?;
    let first = track.next_page().await?;
    let mut opening = Vec::new();
    writer.start(&mut opening);
    let state = Writing { track, writer, page: Some(first), bytes: opening };
    let pages = futures_util::stream::unfold(state, |state| async move { write_page(state).await });
    let name = format!("attachment; filename=\"track.{}\"", format.as_str());
    let headers = [(header::CONTENT_TYPE, format.media_type().to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(pages)).into_response())
}

/// A file on its way out.
struct Writing {
    track: Track,
    writer: TrackWriter,
    /// The page to be written next; `None` after the last.
    page: Option<Vec<Position>>,
    bytes: Vec<u8>,
}

async fn write_page(mut state: Writing) -> Option<(Result<Bytes, std::io::Error>, Writing)> {
    let page = state.page.take()?;
    for position in &page {
        state.writer.position(position, &mut state.bytes);
    }
    if page.is_empty() {
        state.writer.finish(&mut state.bytes);
    } else {
        match state.track.next_page().await {
            Ok(next) => state.page = Some(next),
            // Cut off rather than ended well: the client sees that something is missing.
            Err(error) => return Some((Err(std::io::Error::other(error.to_string())), state)),
        }
    }
    let bytes = std::mem::take(&mut state.bytes);
    Some((Ok(bytes.into()), state))
}

fn written_format(name: &str) -> Result<Format, Problem> {
    let takes = || Problem::invalid("format", "must be json, geojson, gpx, csv or kml");
    let format: Format = name.parse().map_err(|_| takes())?;
    if format.is_written() { Ok(format) } else { Err(takes()) }
}

fn instant(field: &str, text: Option<&str>, default_ms: i64) -> Result<Timestamp, Problem> {
    let Some(text) = text else {
        return Timestamp::from_unix_ms(default_ms).ok_or_else(|| Problem::invalid(field, "is out of range"));
    };
    // A `+` in a query means a space unless it was escaped; zone offsets are often sent bare.
    let text = text.replace(' ', "+");
    let value = match text.parse::<f64>() {
        Ok(number) => serde_json::json!(number),
        Err(_) => serde_json::Value::String(text),
    };
    parse_timestamp(&value).map_err(|message| Problem::invalid(field, message))
}
