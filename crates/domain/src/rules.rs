//! A tenant's own thresholds for its fleet.

use crate::{JsonObject, Timestamp};

/// A tenant's thresholds: named numbers, as JSON. The rules of the fold give meaning, unit and default of each; a
/// threshold that is not named has its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetRules {
    /// For example `{"speed_limit_kmh":50}`; checked before it is stored.
    pub values: JsonObject,
    /// Counts up with each change, from 1.
    pub version: i64,
    /// When they were changed last.
    pub changed_at: Timestamp,
}
