//! `/trips/{id}`, `/trips/{id}/path`: a trip with its vehicle's positions, as JSON or streamed as a file.

use crate::convert::position_to_json;
use crate::convert_trip::trip_to_json;
use crate::handlers::track_file::{FileReader, PositionPages, file_format, stream_file};
use crate::wire::position::PositionJson;
use crate::wire::trip::TripJson;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use milepost_domain::{Position, TenantId, Timestamp, TripId};
use milepost_formats::{Format, TrackMeta};
use milepost_http::{Authenticated, HttpContext, Page, PageQuery, Path, Problem, Query, cursor_of, tenant_of};
use milepost_service::{Request, ServiceError, TripPath, audit, fleet};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// Positions shown with one trip. `/path` lists the rest.
const PATH_SHOWN: u32 = 1_000;

/// The form of the answer.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TripFormQuery {
    /// json (default), geojson, gpx, csv or kml (the whole path).
    pub format: Option<String>,
    /// For a superadmin: the trip's tenant; its own if absent.
    pub tenant: Option<String>,
}

/// Shows a trip with its path, oldest position first, or its path as a file.
#[utoipa::path(get, path = "/trips/{id}", tag = "fleet", params(("id" = String, Path), TripFormQuery),
    responses((status = 200, body = TripJson, description = "JSON, or the file of the asked format"),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn get_trip(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    headers: HeaderMap,
    Path(id): Path<TripId>,
    Query(query): Query<TripFormQuery>,
) -> Result<Response, Problem> {
    let tenant = tenant_of(&request.caller, query.tenant.as_deref())?;
    if let Some(format) = file_format(query.format.as_deref(), &headers)? {
        return stream_path(&context, &request, &tenant, &id, format).await;
    }
    let trip = fleet::get_trip(&context.use_cases.fleet, &request, &tenant, &id).await?;
    let mut path = fleet::read_trip_path(&context.use_cases.fleet, &request, &tenant, &id, None).await?;
    audit::note_look(&context.use_cases.audit, &request, &tenant, path.vehicle()).await?;
    let (positions, next) = path.take(PATH_SHOWN).await?;
    let path = Some(positions.iter().map(position_to_json).collect());
    let path_next = Some(next.map(|at| cursor_of(&at.unix_ms().to_string())));
    Ok(Json(TripJson { path, path_next, ..trip_to_json(&trip) }).into_response())
}

/// Shows where a trip's vehicle was, oldest first. Outliers are left out, so that a page may hold fewer than `limit` and still
/// have a next one.
#[utoipa::path(get, path = "/trips/{id}/path", tag = "fleet", params(("id" = String, Path), TripFormQuery, PageQuery),
    responses((status = 200, body = Page<PositionJson>, description = "JSON, or the file of the asked format"),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn read_trip_path(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    headers: HeaderMap,
    Path(id): Path<TripId>,
    Query(query): Query<TripFormQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Response, Problem> {
    let tenant = tenant_of(&request.caller, query.tenant.as_deref())?;
    if let Some(format) = file_format(query.format.as_deref(), &headers)? {
        return stream_path(&context, &request, &tenant, &id, format).await;
    }
    let after = page.after(|text| text.parse().ok().and_then(Timestamp::from_unix_ms).ok_or(()))?;
    let limit = page.limit()?;
    let _permit = context.page_permit(&request.caller).await?;
    let mut path = fleet::read_trip_path(&context.use_cases.fleet, &request, &tenant, &id, after).await?;
    if after.is_none() {
        audit::note_look(&context.use_cases.audit, &request, &tenant, path.vehicle()).await?;
    }
    let (positions, next) = path.take(limit).await?;
    let items = positions.iter().map(position_to_json).collect();
    Ok(Json(Page { items, next: next.map(|at| cursor_of(&at.unix_ms().to_string())) }).into_response())
}

async fn stream_path(
    context: &Arc<HttpContext>,
    request: &Request,
    tenant: &TenantId,
    id: &TripId,
    format: Format,
) -> Result<Response, Problem> {
    let path = fleet::read_trip_path(&context.use_cases.fleet, request, tenant, id, None).await?;
    audit::note_track_export(&context.use_cases.audit, request, tenant, path.vehicle()).await?;
    let meta = TrackMeta { vehicle_id: path.vehicle().to_string(), label: Some(format!("Trip {id}")) };
    stream_file(FileReader::of(context, request, tenant), path, format, meta).await
}

impl PositionPages for TripPath {
    async fn next_page(&mut self) -> Result<Vec<Position>, ServiceError> {
        Self::next_page(self).await
    }
}
