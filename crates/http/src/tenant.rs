//! The tenant that a request is about.

use crate::{Authenticated, HttpContext, Problem, Query};
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use milepost_domain::{Caller, TenantId};
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

/// The caller, and the tenant that `?tenant=` names: its own, unless a superadmin names another.
pub struct ForTenant(pub Caller, pub TenantId);

impl<S> FromRequestParts<S> for ForTenant
where
    S: Send + Sync,
    Arc<HttpContext>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let Authenticated(caller) = Authenticated::from_request_parts(parts, state).await?;
        let Query(query) = Query::<TenantQuery>::from_request_parts(parts, state).await?;
        let tenant = tenant_of(&caller, query.tenant.as_deref())?;
        Ok(Self(caller, tenant))
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
