//! Jobs, and a person's data.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Work that takes longer than a request.
#[derive(Serialize, ToSchema)]
pub(crate) struct JobJson {
    pub id: String,
    /// What is done: `report`, `report.scheduled`, `user.export` or `user.erasure`.
    pub kind: String,
    /// `queued`, `running`, `done` or `failed`.
    pub status: &'static str,
    /// How much is done, in percent.
    #[schema(minimum = 0, maximum = 100)]
    pub progress: i64,
    /// Where its result is, if it made one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result_url: Option<String>,
    /// What its result is called when it is saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A job that was added.
#[derive(Serialize, ToSchema)]
pub(crate) struct AddedJobJson {
    /// Its id.
    pub job: String,
}

/// A fresh proof of who the caller is.
#[derive(Default, Deserialize, ToSchema)]
pub(crate) struct SetErasureJson {
    /// The caller's own password. It may be absent within five minutes of a login.
    pub password: Option<String>,
}

/// When a user will be erased.
#[derive(Serialize, ToSchema)]
pub(crate) struct ErasureJson {
    pub due_at: String,
}
