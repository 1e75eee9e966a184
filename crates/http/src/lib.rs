//! Shared by all HTTP dialects: authentication, bodies, pages of lists, and problem documents.

#![forbid(unsafe_code)]

mod auth_routes;
mod caller;
mod client_address;
mod connection_caller;
mod context;
mod email_page;
mod etag;
mod idempotency;
mod json;
pub mod logins;
mod origin;
mod page;
mod path;
mod problem;
mod provider_checks;
mod query;
mod raw_fields;
mod reset_page;
mod scope;
mod serde_messages;
mod session_cookie;
mod tenant;
mod tenant_hosts;
mod time;
mod trailing_slash;
mod trusted_proxies;
mod unsubscribe_page;
mod whole_numbers;

pub use auth_routes::{TokenRefresh, TokenRequest, auth_routes};
pub use caller::{
    Authenticated, SignedIn, TokenInQuery, WithCredential, authenticate_parts, authenticate_parts_of_guest,
};
pub use client_address::ClientAddress;
pub use connection_caller::ConnectionCaller;
pub use context::HttpContext;
pub use email_page::email_page_routes;
pub use etag::{IfMatch, IfNoneMatch, Tagged, set_etag};
pub use idempotency::{JsonAnswer, RequestClaim, once_for_key, replay_idempotent};
pub use json::{Body, MAX_BODY_BYTES, OptionalBody, RawBody, parse_json, parse_object};
pub use origin::OriginPolicy;
pub use page::{DEFAULT_LIMIT, MAX_LIMIT, Page, PageQuery, cursor_of};
pub use path::{Path, PathSegment, PathSegments};
pub use problem::{FieldError, Problem, SecondFactor};
pub use provider_checks::keep_checking_provider;
pub use query::{Query, query_value};
pub use raw_fields::RawFields;
pub use reset_page::reset_page_routes;
pub use session_cookie::SESSION_COOKIE;
pub use tenant::{ForTenant, TenantQuery, tenant_of};
pub use tenant_hosts::TenantHosts;
pub use time::{parse_timestamp, rfc3339};
pub use trailing_slash::accept_trailing_slash;
pub use trusted_proxies::TrustedProxies;
pub use unsubscribe_page::unsubscribe_routes;
