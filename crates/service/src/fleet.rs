//! The fleet: geofences, trips, alerts, thresholds and the dashboard. Each write is stored with its event.

mod add_geofence;
mod change_geofence;
mod change_rules;
mod delete_alert;
mod end_trip;
mod fleet_dashboard;
mod list_alerts;
mod list_geofences;
mod list_history;
mod list_trips;
mod mark_alert_read;
mod measure_trip;
mod passenger_alerts;
mod raise_alert;
mod read_geometry;
mod remove_geofence;
mod replay_fleet;
mod roaming_fences;
mod start_trip;
mod trip_meters;
mod trip_path;

pub use add_geofence::add_geofence;
pub use change_geofence::{change_geofence, get_geofence};
pub use change_rules::{RuleChange, RulesInForce, change_rules, get_rules, offline_after_s};
pub use delete_alert::delete_alert;
pub use end_trip::{TripEnding, end_trip};
pub use fleet_dashboard::{FleetDashboard, fleet_dashboard, read_dashboard};
pub use list_alerts::{AlertListing, list_alerts};
pub use list_geofences::{GeofencePage, list_geofences, read_geofences};
pub use list_history::{list_incidents, list_visits};
pub use list_trips::{TripListing, TripPage, get_trip, list_trips};
pub use mark_alert_read::mark_alert_read;
pub use milepost_follow::{build_fence, read_zone_name};
pub use milepost_store::{AlertCursor, FenceVisit, Incident, TripCursor};
pub use milepost_track::Thresholds;
pub use passenger_alerts::passenger_alerts;
pub use raise_alert::{NewAlert, raise_alert};
pub use read_geometry::{GeometryRefusal, read_geometry};
pub use remove_geofence::remove_geofence;
pub use replay_fleet::fleet_events;
pub use roaming_fences::{
    EncounterPage, add_roaming_fence, change_roaming_fence, get_roaming_fence, list_encounters, list_roaming_fences,
    remove_roaming_fence,
};
pub use start_trip::start_trip;
pub(crate) use trip_meters::TripMeters;
pub use trip_path::{TripPath, read_trip_path};

use crate::ServiceError;
use crate::fair_reads::FairReads;
use crate::live::LiveMap;
use crate::roaming::RoamingNews;
use crate::wakers::Wakers;
use milepost_domain::{Action, Caller, FleetViewer, TenantId, may};
use milepost_follow::TrackInbox;
use milepost_store::Store;
use std::sync::Arc;

/// What the use cases of the fleet need.
pub struct Fleet {
    store: Arc<dyn Store>,
    wakers: Wakers,
    /// The follower of tracks reads changed rules and geofences again.
    tracks: Arc<TrackInbox>,
    live: Arc<LiveMap>,
    fair_reads: Arc<FairReads>,
    /// What is known of trips that are measured when they are asked for.
    trip_meters: Arc<TripMeters>,
    /// The lifetime of an alert that is raised without an end, in milliseconds.
    alert_expiry_ms: i64,
    roaming: Arc<RoamingNews>,
}

impl Fleet {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        wakers: Wakers,
        tracks: Arc<TrackInbox>,
        live: Arc<LiveMap>,
        fair_reads: Arc<FairReads>,
        trip_meters: Arc<TripMeters>,
        (alert_expiry_ms, roaming): (i64, Arc<RoamingNews>),
    ) -> Self {
        Self { store, wakers, tracks, live, fair_reads, trip_meters, alert_expiry_ms, roaming }
    }

    /// To be called after a commit that changed a tenant's thresholds or geofences, before the caller is answered, so
    /// that they apply to the next position. Other nodes learn of the change from its event.
    fn rules_changed(&self, tenant: &TenantId) {
        self.tracks.rules_changed(tenant);
        if let Some(live) = self.live.loaded(tenant) {
            live.rules_changed();
        }
        self.wakers.wake_all(tenant);
    }

    /// The same for a tenant's roaming fences.
    fn roaming_changed(&self, tenant: &TenantId) {
        if let Some(live) = self.live.loaded(tenant) {
            live.roaming_changed();
        }
        self.roaming.changed();
        self.wakers.wake_all(tenant);
    }
}

fn require_geofences(caller: &Caller, action: Action, tenant: &TenantId) -> Result<(), ServiceError> {
    if may(caller, action, tenant) {
        Ok(())
    } else {
        Err(ServiceError::Forbidden("only an admin or manager of the tenant may manage its geofences"))
    }
}

fn require_rules(caller: &Caller, action: Action, tenant: &TenantId) -> Result<(), ServiceError> {
    if may(caller, action, tenant) {
        Ok(())
    } else {
        Err(ServiceError::Forbidden("only an admin or manager of the tenant may see and change its thresholds"))
    }
}

/// Which of a tenant's alerts the caller may see. Refuses callers that get no alerts.
fn require_viewer(caller: &Caller, tenant: &TenantId) -> Result<FleetViewer, ServiceError> {
    let viewer = FleetViewer::of(caller, tenant);
    if viewer.company || viewer.user.is_some() {
        Ok(viewer)
    } else {
        Err(ServiceError::Forbidden("only admins, managers and users with a number get alerts"))
    }
}
