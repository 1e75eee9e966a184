//! Made-up tracks with a known truth.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod made_up_drive;

mod checkpoint;
mod fences;
mod idling;
mod incidents;
mod invariants;
mod jitter;
mod order;
mod outliers;
mod passages;
mod silence;
mod sparse;
mod trips;
