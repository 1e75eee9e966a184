//! Shares: links for guests.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A share to be made.
#[derive(Deserialize, ToSchema)]
pub(crate) struct NewShareJson {
    /// Name for people.
    #[schema(example = "Delivery of 30 November")]
    pub name: String,
    /// The vehicles that the guest sees: 1 to 100.
    #[schema(min_items = 1, max_items = 100)]
    pub vehicle_ids: Vec<String>,
    /// When it ends, within 366 days: RFC 3339, Unix seconds or Unix milliseconds.
    #[schema(value_type = String)]
    pub expires_at: serde_json::Value,
    /// The caller's own tenant if absent.
    pub tenant: Option<String>,
}

/// A share.
#[derive(Serialize, ToSchema)]
pub(crate) struct ShareJson {
    pub id: i64,
    /// Name for people.
    pub name: String,
    /// The vehicles that the guest sees. One that was removed since is missing, also if another has its id now.
    pub vehicle_ids: Vec<String>,
    /// The user who made it; null if that has no number here.
    pub created_by: Option<i64>,
    pub created_at: String,
    /// When it ends.
    pub expires_at: String,
    /// When it was recalled; null if it was not.
    pub recalled_at: Option<String>,
    /// How often its page was opened. Openings within a second of each other count as one.
    pub opened_count: i64,
    /// When its page was opened the last time; null if it was not.
    pub opened_at: Option<String>,
    /// What the guest sends: in `hello` at `/ws`, or as `Authorization: Bearer` at `/api/v1/stream`. Its page is `/s#` and the token. Only in the answer that made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// A guest's token.
#[derive(Deserialize, ToSchema)]
pub(crate) struct ShareTokenJson {
    pub token: String,
}

/// What a guest is told of its share.
#[derive(Serialize, ToSchema)]
pub(crate) struct OpenedShareJson {
    /// Name for people.
    pub name: String,
    pub state: ShareStateJson,
    /// When it ends.
    pub expires_at: String,
    /// When it was recalled; null if it was not.
    pub recalled_at: Option<String>,
}

/// - `open`: guests follow its vehicles.
/// - `ended`: its time is over.
/// - `recalled`: somebody recalled it.
/// - `empty`: all its vehicles were removed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ShareStateJson {
    Open,
    Ended,
    Recalled,
    Empty,
}
