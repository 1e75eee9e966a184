//! `/vehicles/{id}/positions`: a vehicle's history, paged as JSON or streamed as a file; and `/positions`: where all were at a moment.

use crate::convert::{position_to_json, stored_position_to_json};
use crate::handlers::notifications::is_asked_for;
use crate::handlers::track_file::{FileReader, file_format, stream_file};
use crate::wire::position::PositionJson;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use milepost_domain::{Timestamp, VehicleId};
use milepost_formats::TrackMeta;
use milepost_http::{
    Authenticated, ForTenant, HttpContext, Page, PageQuery, Path, Problem, Query, TenantQuery, cursor_of,
    parse_timestamp, tenant_of,
};
use milepost_service::vehicles::VehicleListing;
use milepost_service::{UseCases, WrongPositions, audit, positions, vehicles};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// How long before the moment a vehicle's last position may be, seconds, if the question does not say it.
pub(crate) const DEFAULT_MAX_AGE_S: u32 = 3_600;
/// The longest such time. Each vehicle is looked for so far back.
pub(crate) const MAX_AGE_S: u32 = 86_400;

/// A moment of the past.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct MomentQuery {
    /// The moment.
    pub at: String,
    /// How old a position may have been then, seconds, up to a day; an hour if absent.
    pub max_age: Option<u32>,
}

/// Shows where the vehicles were at a moment: the last position of each, in the order of the vehicles' ids.
///
/// A page holds the vehicles that had one among `limit` vehicles, so that it may be shorter and there may be further ones.
#[utoipa::path(get, path = "/positions", tag = "positions", params(MomentQuery, PageQuery, TenantQuery),
    responses((status = 200, body = Page<PositionJson>), (status = 422, body = Problem)))]
pub(crate) async fn list_positions_at(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Query(moment): Query<MomentQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<PositionJson>>, Problem> {
    let at = instant("at", Some(&moment.at), 0)?;
    let max_age = moment.max_age.unwrap_or(DEFAULT_MAX_AGE_S);
    if !(1..=MAX_AGE_S).contains(&max_age) {
        return Err(Problem::invalid("max_age", "must be a number of seconds from 1 to 86400"));
    }
    let since = at.plus_ms(-i64::from(max_age) * 1_000);
    let (limit, after) = (page.limit()?, page.after(VehicleId::new)?);
    let UseCases { positions, audit, .. } = &*context.use_cases;
    let _permit = context.page_permit(&request.caller).await?;
    let listing = VehicleListing { tenant: tenant.clone(), after, limit };
    let then = positions::positions_at(positions, &request, &listing, since, at).await?;
    audit::note_fleet_look(audit, &request, &tenant, &then.vehicles).await?;
    let last = then.vehicles.last().filter(|_| then.vehicles.len() >= limit as usize);
    let items = then.positions.iter().map(position_to_json).collect();
    Ok(Json(Page { items, next: last.map(|vehicle| cursor_of(vehicle.id.as_str())) }))
}

/// The part of the history, and the form of the answer.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TrackQuery {
    /// From this instant; from the beginning if absent.
    pub from: Option<String>,
    /// Before this instant; to the end if absent.
    pub to: Option<String>,
    /// json (paged), geojson, gpx, csv or kml (whole); what the `Accept` header prefers if absent, else json.
    pub format: Option<String>,
    /// 1 or true: also positions that are held to be wrong, such as 0, 0 and impossible jumps. In JSON they have
    /// `"outlier": true`.
    pub outliers: Option<String>,
    /// For a superadmin: the vehicle's tenant.
    pub tenant: Option<String>,
}

/// Shows where a vehicle was, oldest first. Positions that are held to be wrong are left out, unless `outliers` asks for them.
#[utoipa::path(get, path = "/vehicles/{id}/positions", tag = "positions",
    params(("id" = String, Path), TrackQuery, PageQuery),
    responses((status = 200, body = Page<PositionJson>, description = "JSON, or the file of the asked format"),
        (status = 404, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn read_track(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    headers: HeaderMap,
    Path(id): Path<VehicleId>,
    Query(query): Query<TrackQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Response, Problem> {
    let tenant = tenant_of(&request.caller, query.tenant.as_deref())?;
    let range = (instant("from", query.from.as_deref(), 0)?, instant("to", query.to.as_deref(), 253_402_300_799_999)?);
    let format = file_format(query.format.as_deref(), &headers)?;
    let after = match format {
        Some(_) => None,
        None => page.after(|text| text.parse().ok().and_then(Timestamp::from_unix_ms).ok_or(()))?,
    };
    let limit = page.limit()?;
    let with_wrong = is_asked_for("outliers", query.outliers.as_deref())?;
    let wrong = if with_wrong { WrongPositions::Marked } else { WrongPositions::LeftOut };
    let use_cases = &context.use_cases;
    let mut track = positions::read_track(&use_cases.positions, &request, &tenant, &id, range, after, wrong).await?;
    let Some(format) = format else {
        if after.is_none() {
            audit::note_look(&use_cases.audit, &request, &tenant, &id).await?;
        }
        let _permit = context.page_permit(&request.caller).await?;
        let page = track.take(limit).await?;
        let next = if page.len() < limit as usize { None } else { page.last().map(|last| last.position.at) };
        let items = page.iter().map(stored_position_to_json).collect();
        return Ok(Json(Page { items, next: next.map(|at| cursor_of(&at.unix_ms().to_string())) }).into_response());
    };
    let live = vehicles::get_vehicle(&use_cases.vehicles, &request, &tenant, &id).await?;
    audit::note_track_export(&use_cases.audit, &request, &tenant, &id).await?;
    let label = live.vehicle.label.as_str().to_owned();
    let meta = TrackMeta { vehicle_id: id.to_string(), label: Some(label) };
    stream_file(FileReader::of(&context, &request, &tenant), track, format, meta).await
}

/// An instant of a query: RFC 3339, Unix seconds or Unix milliseconds.
pub(crate) fn instant(field: &str, text: Option<&str>, default_ms: i64) -> Result<Timestamp, Problem> {
    let Some(text) = text else {
        return Timestamp::from_unix_ms(default_ms).ok_or_else(|| Problem::invalid(field, "is out of range"));
    };
    // A query turns a `+` that is not escaped into a space. Clients often send zone offsets unescaped.
    let text = text.replace(' ', "+");
    let value = match text.parse::<f64>() {
        Ok(number) => serde_json::json!(number),
        Err(_) => serde_json::Value::String(text),
    };
    parse_timestamp(&value).map_err(|message| Problem::invalid(field, message))
}
