//! The dialect's HTTP handlers: one use case a file.

pub(crate) mod count_deliveries;
pub(crate) mod find_delivery;
pub(crate) mod follow_delivery;
pub(crate) mod start_delivery;
pub(crate) mod update_delivery;

use axum::http::{HeaderName, HeaderValue, header};
use milepost_domain::{Caller, TenantId};
use milepost_http::Problem;
use serde::Deserialize;

/// Keeps proxies and browsers from storing answers that change every few seconds.
pub(crate) const NO_STORE: [(HeaderName, HeaderValue); 1] =
    [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];

/// The query with `?tenant=`.
#[derive(Debug, Deserialize)]
pub(crate) struct TenantQuery {
    /// The tenant that a superadmin asks for; its own if absent.
    pub tenant: Option<String>,
}

impl TenantQuery {
    /// The named tenant, or the caller's own. Only a superadmin may name another one.
    pub(crate) fn tenant_of(&self, caller: &Caller) -> Result<TenantId, Problem> {
        let Some(named) = &self.tenant else { return Ok(caller.tenant.clone()) };
        let tenant = TenantId::new(named)?;
        if tenant == caller.tenant || caller.is_superadmin() {
            Ok(tenant)
        } else {
            Err(Problem::forbidden("only a superadmin may act for another tenant"))
        }
    }
}
