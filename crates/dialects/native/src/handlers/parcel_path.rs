//! `/parcels/{id}/path`: where a parcel's drivers were while they carried it, paged as JSON or streamed as a file.

use crate::convert_parcel::{fix_to_json, fix_to_position};
use crate::handlers::track_file::{FileReader, PositionPages, file_format, stream_file};
use crate::wire::parcel::PathPointJson;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use milepost_domain::{ParcelId, Position, Timestamp, VehicleId};
use milepost_formats::TrackMeta;
use milepost_http::{ForTenant, HttpContext, Page, PageQuery, Path, Problem, Query, TenantQuery, cursor_of};
use milepost_service::{ParcelPath, ServiceError, parcels};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// The form of the answer.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct PathQuery {
    /// json (paged), geojson, gpx, csv or kml (whole); what the `Accept` header prefers if absent, else json.
    pub format: Option<String>,
}

/// Shows where a parcel's drivers were while they carried it, oldest first.
#[utoipa::path(get, path = "/parcels/{id}/path", tag = "parcels",
    params(("id" = i64, Path), PathQuery, PageQuery, TenantQuery),
    responses((status = 200, body = Page<PathPointJson>, description = "JSON, or the file of the asked format"),
        (status = 403, body = Problem), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn read_parcel_path(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    headers: HeaderMap,
    Path(id): Path<ParcelId>,
    Query(query): Query<PathQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Response, Problem> {
    let format = file_format(query.format.as_deref(), &headers)?;
    let after = match format {
        Some(_) => None,
        None => page.after(|text| text.parse().ok().and_then(Timestamp::from_unix_ms).ok_or(()))?,
    };
    let limit = page.limit()?;
    let mut path = parcels::read_parcel_path(&context.use_cases.parcels, &request, &tenant, id, after).await?;
    if let Some(format) = format {
        let name = format!("parcel-{id}");
        let vehicle_id = VehicleId::new(&name)?;
        let meta = TrackMeta { vehicle_id: name, label: Some(format!("Parcel {id}")) };
        let reader = FileReader::of(&context, &request, path.tenant());
        return stream_file(reader, PathPages { path, vehicle_id }, format, meta).await;
    }
    let _permit = context.page_permit(&request.caller).await?;
    let fixes = path.take(limit).await?;
    let next = if fixes.len() < limit as usize { None } else { fixes.last().map(|fix| fix.at) };
    let items = fixes.iter().map(fix_to_json).collect::<Vec<PathPointJson>>();
    Ok(Json(Page { items, next: next.map(|at| cursor_of(&at.unix_ms().to_string())) }).into_response())
}

/// A path for the writers of track files, with the parcel in place of a vehicle.
struct PathPages {
    path: ParcelPath,
    vehicle_id: VehicleId,
}

impl PositionPages for PathPages {
    async fn next_page(&mut self) -> Result<Vec<Position>, ServiceError> {
        let page = self.path.next_page().await?;
        Ok(page.iter().map(|fix| fix_to_position(fix, &self.vehicle_id)).collect())
    }
}
