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
    pub(crate) id: String,
    pub(crate) key: String,
}
