//! Rows of the audit.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// Which rows to list. Filters are exact.
#[derive(Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Rows of this time or later, RFC 3339 or Unix time.
    pub from: Option<String>,
    /// Rows of before this time.
    pub to: Option<String>,
    /// The number of the user who did it.
    pub actor: Option<i64>,
    /// What it was done to: `kind:id`, such as `vehicle:bus-7`.
    pub subject: Option<String>,
    /// What was done: `kind.verb`, such as `geofence.update`.
    pub action: Option<String>,
    /// `csv` answers with all rows as a file.
    pub format: Option<String>,
}

/// A row of the audit.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditEntryJson {
    /// Counts up by one within the tenant.
    pub id: i64,
    pub at: String,
    /// The user who did it; null for a program, the operator, and a login that failed.
    pub actor: Option<i64>,
    /// The access token of the program that did it.
    pub access_token: Option<i64>,
    /// `kind.verb`.
    #[schema(example = "geofence.update")]
    pub action: String,
    /// `kind:id`.
    #[schema(example = "geofence:12")]
    pub subject: Option<String>,
    /// What it was, without secrets; null if there is nothing to compare, and after a person in it was erased.
    pub before: Option<Value>,
    /// What it is now, in the same way.
    pub after: Option<Value>,
    /// The client's address.
    pub address: Option<String>,
}
