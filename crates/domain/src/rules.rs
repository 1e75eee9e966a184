//! A tenant's own thresholds for its fleet.

use crate::{JsonObject, Timestamp};

/// A tenant's thresholds: named numbers, as JSON. What each means, its unit and its default say the rules of the fold;
/// what is not named has its default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FleetRules {
    /// `{"speed_limit_kmh":50}`: checked by whoever set it.
    pub values: JsonObject,
    /// Counts up with each change, from 1.
    pub version: i64,
    /// When they were changed last.
    pub changed_at: Timestamp,
}
