//! Jobs: work that takes longer than a request.

use crate::names::named_values;
use crate::{JobId, TenantId, Timestamp, UserId};

/// How far a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobStatus {
    /// It waits for its time or its turn.
    Queued,
    /// A node works on it.
    Running,
    /// It ended, and its result can be read.
    Done,
    /// It ended without a result.
    Failed,
}

named_values!(JobStatus, "status", "must be queued, running, done or failed", {
    Queued => "queued",
    Running => "running",
    Done => "done",
    Failed => "failed",
});

/// A job as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Names it outside.
    pub id: JobId,
    /// Whose it is.
    pub tenant: TenantId,
    /// What is to be done, such as `user.export`.
    pub kind: String,
    /// What the work needs to know: a JSON object.
    pub input: String,
    /// Whose data it is about.
    pub about: Option<UserId>,
    /// The user who asked for it.
    pub actor: Option<UserId>,
    /// It does not begin before.
    pub due_at: Timestamp,
    /// How far it is.
    pub status: JobStatus,
    /// How much of it is done, from 0 to 100.
    pub progress: u8,
    /// How often a node took it. Only the newest one may write.
    pub attempt: i64,
    /// Why it failed, in words for its reader.
    pub error: Option<String>,
    /// What it made, if it made a file.
    pub file: Option<JobFile>,
}

/// The file that a job made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobFile {
    /// Its name in the store of files.
    pub key: String,
    /// What it is called when it is saved.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size.
    pub bytes: u64,
}
