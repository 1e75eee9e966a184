//! Follows a vehicle's track: from positions to trips, stops, visits, incidents and times of arrival.
//!
//! A vehicle's history is *defined* as [`fold()`] over its positions in the order of their own time. When a position
//! arrives late, the track is folded again from a checkpoint ([`refold`]); the difference to what was published before is
//! a list of [`Corrections`]. `docs/detection.md` gives rules, formulas and their accuracy, `docs/eta.md` those of
//! arrival estimates.
//!
//! Nothing here waits, reads a clock or uses random numbers. The state is plain data with serde derived, so that the
//! store can keep it beside the vehicle.

#![forbid(unsafe_code)]

mod activity;
mod correction;
mod eta;
mod fact;
mod fence_set;
mod fences;
mod fix;
mod fold;
mod fuel;
mod history;
mod incident;
mod manoeuvre;
mod motion;
mod outlier_filter;
mod rules;
mod saved;
mod service;
mod silence;
mod speeding;
mod state;
mod stay_point;
mod trip;
mod visit;
mod visits;

pub use activity::{Activity, BUCKET_MS};
pub use correction::{Correction, Corrections, Refolded, correct, refold};
pub use eta::{
    ArrivalModel, Basis, ETA_FRESH_FOR, Estimate, Eta, History, HistoryParts, Leg, Pace, SHORTEST_ETA_S, estimate_eta,
    straight_line_eta_s,
};
pub use fact::{Outlier, OutlierReason, Stop, TrackFact};
pub use fence_set::{FenceSet, PlacedFence};
pub use fences::{FenceId, Fences, NoFences};
pub use fix::Fix;
pub use fold::{Folded, fold};
pub use history::TrackHistory;
pub use incident::{Incident, IncidentKind, SpeedBasis};
pub use rules::{Rules, Thresholds, VehicleRules};
pub use silence::{SilenceFact, Watch, advance, correct_silence};
pub use state::{Motion, TrackState};
pub use trip::{FuelBasis, Trip, TripEnd};
pub use visit::Visit;
