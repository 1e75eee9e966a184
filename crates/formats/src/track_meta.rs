//! The head of a written file: names of its track.

/// Names for a file's head. They may hold any text: writers escape it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrackMeta {
    /// The vehicle's id: the name of a GPX track, so that a reader finds it again.
    pub vehicle_id: String,
    /// The vehicle's name for people.
    pub label: Option<String>,
}
