//! Checkpoints in people's databases outlive the names of our types and fields: the stored form stays.

use milepost_track::{TrackState, Watch};
use serde_json::Value;

/// Written by the version of November 2026 for made-up tracks; together they hold every field and every variant.
const CHECKPOINTS: &str = include_str!("checkpoints.jsonl");

#[test]
fn a_stored_checkpoint_is_read_and_written_in_the_same_form() {
    for line in CHECKPOINTS.lines() {
        let stored: Value = serde_json::from_str(line).unwrap();
        let state: TrackState = serde_json::from_value(stored["state"].clone()).unwrap();
        let watch: Watch = serde_json::from_value(stored["watch"].clone()).unwrap();
        assert_eq!(serde_json::to_value(&state).unwrap(), stored["state"]);
        assert_eq!(serde_json::to_value(&watch).unwrap(), stored["watch"]);
    }
}
