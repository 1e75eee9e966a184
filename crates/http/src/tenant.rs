//! The tenant that a request is about.

use crate::{Authenticated, HttpContext, Problem, Query};
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use milepost_domain::{Caller, TenantId};
use milepost_service::Request;
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// `?tenant=` on calls about vehicles, devices, users and positions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TenantQuery {
    /// For a superadmin: the tenant; its own if absent.
    pub tenant: Option<String>,
}

/// The request, and the tenant that `?tenant=` names: the caller's own, unless a superadmin names another.
pub struct ForTenant(pub Request, pub TenantId);

impl<S> FromRequestParts<S> for ForTenant
where
    S: Send + Sync,
    Arc<HttpContext>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Authenticated(request) = Authenticated::from_request_parts(parts, state).await?;
        let Query(query) = Query::<TenantQuery>::from_request_parts(parts, state).await?;
        let tenant = tenant_of(&request.caller, query.tenant.as_deref())?;
        Ok(Self(request, tenant))
    }
}

/// The named tenant, or the caller's own.
///
/// # Errors
/// 422 for a name that can't be a tenant's, 403 for another tenant's unless the caller is a superadmin.
pub fn tenant_of(caller: &Caller, named: Option<&str>) -> Result<TenantId, Problem> {
    let Some(named) = named else { return Ok(caller.tenant.clone()) };
    let tenant = TenantId::new(named)?;
    if tenant == caller.tenant || caller.is_superadmin() {
        Ok(tenant)
    } else {
        Err(Problem::forbidden("only a superadmin may act for another tenant"))
    }
}
