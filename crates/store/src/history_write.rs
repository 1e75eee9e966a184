//! The result of folding a vehicle: changes of its history, written together with the new state of its fold.

use crate::{ActivityChange, Checkpoint, FenceVisit, Incident, IncidentKind, SavedFold, TenantNo, VehicleNo};
use milepost_domain::{Alert, AlertSubject, Fact, GeofenceId, Revision, TenantId, Timestamp, Trip};

/// One change of a vehicle's history. Changes are applied in their order.
#[derive(Debug, Clone, PartialEq)]
pub enum HistoryChange {
    /// Writes a trip. If the vehicle has a trip that began at `key`, that trip is changed: it keeps its id, and
    /// its driver unless it began at another time, and its version counts on. Otherwise this one is added. An event is stored if
    /// something differs; if only a running trip's amounts do, the trip is answered instead.
    Trip {
        /// The start with which the trip was last written.
        key: Timestamp,
        /// True if the row had the start `key` before this write. False if an earlier change of this write may have
        /// given it that start.
        key_is_stored: bool,
        /// The trip as it is now.
        trip: Box<Trip>,
        /// Whether the trip is new or corrected.
        revision: Revision,
    },
    /// Removes a trip that did not take place.
    NoTrip {
        /// Its start.
        key: Timestamp,
    },
    /// Writes a visit.
    Visit(FenceVisit),
    /// Removes a visit that did not take place.
    NoVisit {
        /// The geofence.
        geofence_id: GeofenceId,
        /// When it began.
        entered_at: Timestamp,
    },
    /// Writes an incident.
    Incident(Incident),
    /// Removes an incident that did not happen.
    NoIncident {
        /// Its kind.
        kind: IncidentKind,
        /// When it began.
        started_at: Timestamp,
    },
    /// Marks a position as an outlier.
    Outlier {
        /// The time of the position.
        at: Timestamp,
        /// Why it is one.
        reason: &'static str,
    },
    /// Removes the marks of outliers.
    NoOutliers {
        /// The time of the first.
        from: Timestamp,
        /// The time of the last.
        until: Timestamp,
        /// Only outliers with this reason; all if `None`.
        reason: Option<&'static str>,
    },
    /// Raises an alert, unless its subject has one.
    Alert {
        /// The alert.
        alert: Box<Alert>,
        /// When the cause was first known. An alert whose cause was known long ago is not pushed to phones.
        known_at: Timestamp,
    },
    /// Gives the alert of the subject the texts, data, time and driver of this one. An expired alert is not changed, and none is
    /// raised. No event is stored.
    CorrectedAlert(Box<Alert>),
    /// Deletes the alert of a subject, if there is one. It can be raised again.
    NoAlert {
        /// What the alert was about.
        subject: AlertSubject,
    },
    /// Changes the subjects of alerts, each from old to new, all at once. No event is stored.
    MovedAlerts(Vec<(AlertSubject, AlertSubject)>),
    /// Stores an event.
    Publish(Box<Fact>),
}

/// The result of folding one vehicle. All of it is written, or nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryWrite {
    /// The vehicle's internal number.
    pub vehicle: VehicleNo,
    /// Its tenant's internal number.
    pub tenant_no: TenantNo,
    /// Its tenant.
    pub tenant: TenantId,
    /// The version of the stored fold that this write continues; 0 before the first.
    pub known_version: i64,
    /// The new state of the fold.
    pub fold: SavedFold,
    /// Replaces the checkpoints from this instant on.
    pub checkpoints: Option<(Timestamp, Vec<Checkpoint>)>,
    /// Amounts to add to the vehicle's activity.
    pub activity: Vec<ActivityChange>,
    /// Times of late positions that are folded now.
    pub late_folded: Vec<Timestamp>,
    /// Changes of history.
    pub changes: Vec<HistoryChange>,
}

/// What became of [`crate::HistoryStore::write_history`].
#[derive(Debug, Clone, PartialEq, Default)]
pub struct HistoryOutcome {
    /// Vehicles that were skipped because another node folded them in the meantime or they were removed.
    pub stale: Vec<VehicleNo>,
    /// Running trips whose amounts alone have grown, of which no event is stored.
    pub progressed: Vec<(VehicleNo, Trip)>,
    /// Tenants of which events were stored.
    pub told: Vec<TenantId>,
}
