//! Follows a vehicle's track: from positions to trips, stops, visits and incidents.
//!
//! A vehicle's history is *defined* as [`fold()`] over its positions in the order of their own time. What arrives late is
//! folded again from a saved state ([`refold`]), and the difference to what was told before is a list of
//! [`Corrections`]. Rules, formulas and how often they are right: `docs/detection.md`.
//!
//! Nothing here waits, reads a clock or rolls dice. The state is plain data with serde derived, so that the store can
//! keep it beside the vehicle.

#![forbid(unsafe_code)]

mod activity;
mod belief;
mod correction;
mod fact;
mod fence_set;
mod fences;
mod fold;
mod fuel;
mod history;
mod incident;
mod manoeuvre;
mod motion;
mod pace;
mod rules;
mod saved;
mod service;
mod silence;
mod spot;
mod state;
mod trip;
mod visit;
mod visits;

pub use activity::{Activity, BUCKET_MS};
pub use correction::{Correction, Corrections, Refolded, correct, refold};
pub use fact::{Mark, MarkReason, Stop, TrackFact};
pub use fence_set::{FenceSet, PlacedFence};
pub use fences::{FenceId, Fences, NoFences};
pub use fold::{Folded, fold};
pub use history::TrackHistory;
pub use incident::{Incident, IncidentKind, SpeedBasis};
pub use rules::{Rules, Thresholds, VehicleRules};
pub use silence::{SilenceFact, Watch, advance};
pub use state::{Motion, TrackState};
pub use trip::{FuelBasis, Trip, TripEnd};
pub use visit::Visit;
