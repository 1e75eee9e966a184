//! How a vehicle's fold is stored: as JSON, with the version of the code that wrote it.

use milepost_domain::Timestamp;
use milepost_store::Checkpoint;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Increased whenever the meaning of a state changes. A state that other code wrote is not folded on: it is built again from
/// positions.
pub(crate) const CODE_VERSION: u32 = 1;
/// Positions between two checkpoints, and between two writes of a fold that found nothing. A larger number would save writes
/// and make folding again longer.
pub(crate) const CHECKPOINT_EVERY: u32 = 100;

/// A checkpoint of this code, from an encoded state.
pub(crate) const fn checkpoint(at: Timestamp, state: Vec<u8>) -> Checkpoint {
    Checkpoint { at, code_version: CODE_VERSION, state }
}

pub(crate) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("plain data with text keys")
}

/// `None` for what other code wrote, and for what can't be read.
pub(crate) fn decode<T: DeserializeOwned>(code_version: u32, bytes: &[u8]) -> Option<T> {
    (code_version == CODE_VERSION).then(|| serde_json::from_slice(bytes).ok()).flatten()
}
