//! A simulated vehicle, and the device that reports for it.

/// The names of a vehicle to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VehicleSpec {
    pub(crate) vehicle_id: String,
    pub(crate) label: String,
    pub(crate) route: Option<String>,
}

/// A vehicle's device.
#[derive(Clone)]
pub(crate) struct Device {
    /// Empty if this run did not make it.
    pub(crate) id: String,
    pub(crate) key: String,
}

impl Device {
    /// A tracker of an earlier run, whose key nobody knows any more.
    pub(crate) fn left_over() -> Self {
        Self { id: String::new(), key: String::new() }
    }
}
