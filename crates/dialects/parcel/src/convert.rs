//! Converts from the domain to the parcel dialect's JSON.

use crate::wire::{DriverLocation, LocationJson, ToViewer};
use milepost_domain::ParcelId;
use milepost_http::rfc3339;
use milepost_service::DriverProgress;

/// Writes a `location_update` for one of the driver's parcels.
pub(crate) fn render_location(parcel: ParcelId, driver: &DriverProgress) -> String {
    render(&ToViewer::LocationUpdate(DriverLocation {
        driver_id: driver.fix.driver_id.to_string(),
        location: LocationJson {
            lat: driver.fix.latitude.get(),
            lng: driver.fix.longitude.get(),
            address: driver.fix.address.as_str(),
        },
        parcel_id: parcel.get(),
        timestamp: rfc3339(driver.fix.at),
        eta_seconds: driver.eta_s,
    }))
}

/// Writes a message to a viewer.
///
/// # Panics
/// Never: the types hold only strings and finite numbers.
pub(crate) fn render(message: &ToViewer<'_>) -> String {
    serde_json::to_string(message).expect("strings and finite numbers serialise")
}
