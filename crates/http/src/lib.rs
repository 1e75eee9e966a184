//! What every HTTP dialect shares: who calls, how bodies are read, how refusals look.

#![forbid(unsafe_code)]

mod auth_routes;
mod caller;
mod context;
mod idempotency;
mod json;
mod origin;
mod page;
mod problem;
mod query;
mod time;
mod trailing_slash;
mod trusted_proxies;
mod wording;

pub use auth_routes::{SESSION_COOKIE, TokenRefresh, TokenRequest, auth_routes};
pub use caller::{Authenticated, ClientAddress, TokenInQuery, authenticate_parts};
pub use context::HttpContext;
pub use idempotency::{answer_once, json_answer, keep_answer, replay_idempotent};
pub use json::{Body, MAX_BODY_BYTES, RawBody, parse_json, parse_object};
pub use origin::OriginPolicy;
pub use page::{Page, PageQuery, cursor_of};
pub use problem::{FieldError, Problem};
pub use query::{Path, Query};
pub use time::{parse_timestamp, rfc3339, write_rfc3339};
pub use trailing_slash::accept_trailing_slash;
pub use trusted_proxies::TrustedProxies;
