//! Whose things a request is about.

use milepost_domain::{Caller, TenantId};
use milepost_http::Problem;
use serde::Deserialize;
use utoipa::IntoParams;

/// `?tenant=` on calls about vehicles, devices, users and positions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TenantQuery {
    /// For a superadmin: whose; its own tenant's if absent.
    pub tenant: Option<String>,
}

/// The named tenant, or the caller's own. Only a superadmin may name another.
pub(crate) fn tenant_of(caller: &Caller, named: Option<&str>) -> Result<TenantId, Problem> {
    let Some(named) = named else { return Ok(caller.tenant.clone()) };
    let tenant = TenantId::new(named)?;
    if tenant == caller.tenant || caller.is_superadmin() {
        Ok(tenant)
    } else {
        Err(Problem::forbidden("only a superadmin may act for another tenant"))
    }
}
