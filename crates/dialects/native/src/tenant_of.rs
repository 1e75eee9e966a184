//! Whose things a request is about.

pub(crate) use milepost_http::{TenantQuery, tenant_of};
