//! Answers the polls of journey planners.

use crate::TransitParts;
use crate::feeds::situation_of;
use crate::situation::Feed;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use milepost_domain::{Action, TenantId, VehicleScope};
use milepost_http::{Authenticated, Problem, Query, TenantQuery, tenant_of};
use milepost_service::tenants;

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
    answer(&state, &shown, Feed::VehiclePositionsPb).await
}

pub(crate) async fn vehicle_positions_json(state: State<TransitParts>, shown: Shown) -> Answer {
    answer(&state, &shown, Feed::VehiclePositionsJson).await
}

pub(crate) async fn trip_updates_pb(state: State<TransitParts>, shown: Shown) -> Answer {
    answer(&state, &shown, Feed::TripUpdatesPb).await
}

pub(crate) async fn trip_updates_json(state: State<TransitParts>, shown: Shown) -> Answer {
    answer(&state, &shown, Feed::TripUpdatesJson).await
}

pub(crate) async fn alerts_pb(state: State<TransitParts>, shown: Shown) -> Answer {
    answer(&state, &shown, Feed::AlertsPb).await
}

pub(crate) async fn alerts_json(state: State<TransitParts>, shown: Shown) -> Answer {
    answer(&state, &shown, Feed::AlertsJson).await
}

pub(crate) async fn vehicle_monitoring(state: State<TransitParts>, shown: Shown) -> Answer {
    answer(&state, &shown, Feed::VehicleMonitoring).await
}

type Answer = Result<Response, Problem>;

async fn answer(parts: &TransitParts, shown: &Shown, feed: Feed) -> Answer {
    let situation = situation_of(parts, &shown.tenant).await?;
    let body = match &shown.scope {
        VehicleScope::All => situation.render(feed),
        scope => situation.only(|live| scope.holds(&live.vehicle.id, live.vehicle.driver_id)).render(feed),
    };
    let mut response = ([(header::CONTENT_TYPE, feed.content_type())], body).into_response();
    if parts.is_public {
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=2"));
    }
    Ok(response)
}
