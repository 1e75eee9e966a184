//! Access tokens of programs.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An access token to be made.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewProgramTokenJson {
    /// Name for people.
    #[schema(example = "nightly export")]
    pub name: String,
    /// At least one of `read`, `ingest` and `manage`. None contains another.
    #[schema(min_items = 1)]
    pub scopes: Vec<String>,
    /// The vehicles that it is for, at least one. Everything of the tenant if absent.
    pub vehicle_ids: Option<Vec<String>>,
    /// When it ends: RFC 3339, Unix seconds or Unix milliseconds. Never if absent.
    #[schema(value_type = Option<String>)]
    pub expires_at: Option<serde_json::Value>,
    /// The caller's own tenant if absent.
    pub tenant: Option<String>,
}

/// An access token.
#[derive(Serialize, ToSchema)]
pub(crate) struct ProgramTokenJson {
    pub id: i64,
    /// Name for people.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// The vehicles that it is for; null for everything of the tenant.
    pub vehicle_ids: Option<Vec<String>>,
    /// The user who made it; null if that has no number here.
    pub created_by: Option<i64>,
    pub created_at: String,
    /// When it ends, if ever.
    pub expires_at: Option<String>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<String>,
    /// What the program sends as `Authorization: Bearer`. Only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}
