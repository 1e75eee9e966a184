//! The fleet: geofences, trips, alerts, thresholds, and what all of it comes to. Each write is stored with its event.

mod add_geofence;
mod change_geofence;
mod change_rules;
mod delete_alert;
mod end_trip;
mod fleet_dashboard;
mod list_alerts;
mod list_geofences;
mod list_trips;
mod mark_alert_read;
mod measure_trip;
mod raise_alert;
mod read_geometry;
mod remove_geofence;
mod replay_fleet;
mod start_trip;
mod trip_path;

pub use change_rules::{RuleChange, RulesInForce};
pub use end_trip::TripEnding;
pub use fleet_dashboard::FleetDashboard;
pub use list_alerts::AlertListing;
pub use list_geofences::GeofencePage;
pub use list_trips::{TripListing, TripPage};
pub use milepost_store::{AlertCursor, TripCursor};
pub use milepost_track::Thresholds;
pub use raise_alert::NewAlert;
pub use read_geometry::{GeometryRefusal, read_geometry};
pub use trip_path::TripPath;

use crate::{Service, ServiceError};
use milepost_domain::{Action, Caller, FleetViewer, Invalid, TenantId, UserId, may};

impl Service {
    /// After every commit that stored something of the fleet: whoever is connected is told at once, and so are other
    /// programs.
    fn fleet_stored(&self) {
        self.wake_events();
        self.wake_outbox();
    }

    /// After every commit that changed what a tenant's tracks are folded by, before the caller is answered: the next position
    /// is folded by it. Other nodes learn of it from the event.
    fn ground_stored(&self, tenant: &TenantId) {
        self.tracks.rules_changed(tenant);
        self.fleet_stored();
    }

    /// Refuses a user that is another tenant's. One that is not stored is another issuer's, and taken at its number.
    async fn check_user(&self, tenant: &TenantId, field: &'static str, user: UserId) -> Result<(), ServiceError> {
        if self.store.users_elsewhere(tenant, &[user]).await?.is_empty() {
            Ok(())
        } else {
            Err(Invalid::new(field, "must be a user of the tenant").into())
        }
    }
}

fn require_geofences(caller: &Caller, tenant: &TenantId) -> Result<(), ServiceError> {
    if may(caller, Action::ManageGeofences, tenant) {
        Ok(())
    } else {
        Err(ServiceError::Forbidden("only an admin or manager of the tenant may manage its geofences"))
    }
}

fn require_rules(caller: &Caller, tenant: &TenantId) -> Result<(), ServiceError> {
    if may(caller, Action::ManageGeofences, tenant) {
        Ok(())
    } else {
        Err(ServiceError::Forbidden("only an admin or manager of the tenant may see and change its thresholds"))
    }
}

/// What the caller may see of a tenant's alerts.
fn require_viewer(caller: &Caller, tenant: &TenantId) -> Result<FleetViewer, ServiceError> {
    let viewer = FleetViewer::of(caller, tenant);
    if viewer.company || viewer.user.is_some() {
        Ok(viewer)
    } else {
        Err(ServiceError::Forbidden("only admins, managers and users with a number get alerts"))
    }
}
