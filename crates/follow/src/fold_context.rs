//! The description and rules by which one vehicle's positions are folded.

use crate::tenant_rules::TenantRules;
use crate::vehicle_fences::VehicleFences;
use milepost_domain::{Position, Vehicle};
use milepost_track::{Folded, Rules, TrackFact, TrackState, fold};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

pub(crate) struct FoldContext {
    pub(crate) vehicle: Arc<Vehicle>,
    pub(crate) tenant_rules: Arc<TenantRules>,
    /// The tenant's thresholds, with the vehicle's own rules.
    pub(crate) rules: Rules,
}

impl FoldContext {
    pub(crate) fn new(vehicle: Arc<Vehicle>, tenant_rules: Arc<TenantRules>) -> Arc<Self> {
        let rules = tenant_rules.rules_of(&vehicle);
        Arc::new(Self { vehicle, tenant_rules, rules })
    }

    pub(crate) fn is_of(&self, vehicle: &Arc<Vehicle>, tenant_rules: &Arc<TenantRules>) -> bool {
        Arc::ptr_eq(&self.vehicle, vehicle) && Arc::ptr_eq(&self.tenant_rules, tenant_rules)
    }

    /// Folds one position. A position on which the fold panics is skipped: it must not stop the history of all others.
    pub(crate) fn fold(
        &self,
        state: &mut TrackState,
        position: &Position,
        facts: &mut Vec<TrackFact>,
    ) -> Option<Folded> {
        let fences = VehicleFences { rules: &self.tenant_rules, vehicle: &self.vehicle.id, at: position.at };
        let known = facts.len();
        // The half-folded state is plain data, and it is the same each time this position is folded.
        let folded = catch_unwind(AssertUnwindSafe(|| fold(state, position, &self.rules, &fences, facts)));
        if folded.is_err() {
            facts.truncate(known);
            let at_ms = position.at.unix_ms();
            tracing::error!(vehicle.id = %self.vehicle.id, position.at_ms = at_ms, "position skipped: the fold failed");
        }
        folded.ok()
    }
}
