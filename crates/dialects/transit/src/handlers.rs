//! Answers the polls of journey planners.

use crate::TransitParts;
use crate::feeds::{Feed, is_current};
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use milepost_domain::{Action, TenantId, VehicleScope};
use milepost_http::{Authenticated, Problem, Query, TenantQuery, tenant_of};
use milepost_service::{tenants, vehicles};

/// Whose vehicles a request shows.
pub(crate) struct Shown {
    tenant: TenantId,
    scope: VehicleScope,
}

impl FromRequestParts<TransitParts> for Shown {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &TransitParts) -> Result<Self, Problem> {
        let Query(query) = Query::<TenantQuery>::from_request_parts(parts, state).await?;
        if state.is_public {
            let tenant = query.tenant.as_deref().map_or_else(|| Ok(TenantId::default_tenant()), TenantId::new)?;
            if !tenants::has_tenant(&state.context.use_cases.tenants, &tenant).await? {
                return Err(Problem::not_found("tenant"));
            }
            return Ok(Self { tenant, scope: VehicleScope::All });
        }
        let Authenticated(request) = Authenticated::from_request_parts(parts, state).await?;
        let tenant = tenant_of(&request.caller, query.tenant.as_deref())?;
        let scope = VehicleScope::of(&request.caller, Action::SeeVehicle, &tenant);
        Ok(Self { tenant, scope })
    }
}

pub(crate) async fn vehicle_positions_pb(state: State<TransitParts>, shown: Shown) -> Answer {
    answer(&state, shown, Feed::VehiclePositionsPb).await
}

pub(crate) async fn vehicle_positions_json(state: State<TransitParts>, shown: Shown) -> Answer {
    answer(&state, shown, Feed::VehiclePositionsJson).await
}

/// Trip updates and alerts: empty without a timetable.
pub(crate) async fn empty_feed_pb(state: State<TransitParts>, _: Shown) -> Response {
    respond(&state, Feed::EmptyPb, Feed::EmptyPb.render(&[], state.context.clock.now()))
}

/// Trip updates and alerts: empty without a timetable.
pub(crate) async fn empty_feed_json(state: State<TransitParts>, _: Shown) -> Response {
    respond(&state, Feed::EmptyJson, Feed::EmptyJson.render(&[], state.context.clock.now()))
}

pub(crate) async fn vehicle_monitoring(state: State<TransitParts>, shown: Shown) -> Answer {
    answer(&state, shown, Feed::VehicleMonitoring).await
}

type Answer = Result<Response, Problem>;

async fn answer(parts: &TransitParts, shown: Shown, feed: Feed) -> Answer {
    let use_cases = &parts.context.use_cases;
    let now = parts.context.clock.now();
    let is_whole = shown.scope == VehicleScope::All;
    let key = (shown.tenant, feed);
    if let Some(fresh) = parts.feeds.fresh(&key, now).filter(|_| is_whole) {
        return Ok(respond(parts, feed, fresh));
    }
    // The result is everybody's: so many who ask for one tenant's feed wait for that tenant.
    let permit = use_cases.fair_reads.permit(&key.0, None);
    let _permit = use_cases.fair_reads.in_time(permit).await?;
    let now = parts.context.clock.now();
    if let Some(fresh) = parts.feeds.fresh(&key, now).filter(|_| is_whole) {
        return Ok(respond(parts, feed, fresh));
    }
    let is_current = |vehicle: &_| is_current(vehicle, now);
    let current = vehicles::read_vehicles(&use_cases.vehicles, &key.0, &shown.scope, is_current).await?;
    let body = feed.render(&current, now);
    if is_whole {
        parts.feeds.keep(key, now, body.clone());
    }
    Ok(respond(parts, feed, body))
}

fn respond(parts: &TransitParts, feed: Feed, body: Bytes) -> Response {
    let mut response = ([(header::CONTENT_TYPE, feed.content_type())], body).into_response();
    if parts.is_public {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=2"));
    }
    response
}
