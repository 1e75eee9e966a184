//! The state of a vehicle's track: all that the fold needs to know of the past.

use crate::fuel::Tank;
use crate::manoeuvre::Manoeuvres;
use crate::motion::Journey;
use crate::outlier_filter::OutlierFilter;
use crate::saved::optional_time;
use crate::service::Service;
use crate::speeding::SpeedMonitor;
use crate::visits::Visits;
use crate::{Incident, Rules, Stop, Trip, Visit};
use milepost_domain::Timestamp;
use serde::{Deserialize, Serialize};

/// A vehicle's track so far, and what goes on now. As JSON it takes 1 to 4 KB. The names in `rename` are its stored form:
/// checkpoints outlive the names of fields.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TrackState {
    /// The newest position's time, outlier or not.
    #[serde(with = "optional_time")]
    pub(crate) heard_at: Option<Timestamp>,
    #[serde(rename = "belief")]
    pub(crate) outlier_filter: OutlierFilter,
    pub(crate) journey: Option<Journey>,
    #[serde(rename = "pace")]
    pub(crate) speed: SpeedMonitor,
    pub(crate) manoeuvres: Manoeuvres,
    pub(crate) tank: Tank,
    pub(crate) service: Service,
    pub(crate) visits: Visits,
}

/// A vehicle's present motion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// No position was accepted yet.
    Unknown,
    /// Standing, on no trip.
    Parked,
    /// Standing, on a trip.
    Idle,
    /// In motion.
    Driving,
}

impl TrackState {
    /// The newest position's time, outlier or not.
    pub const fn heard_at(&self) -> Option<Timestamp> {
        self.heard_at
    }

    /// What the vehicle is doing. Standing is recognised after [`still_after_s`](crate::Thresholds::still_after_s).
    pub fn motion(&self) -> Motion {
        match &self.journey {
            None => Motion::Unknown,
            Some(journey) if journey.trip.is_none() => Motion::Parked,
            Some(journey) if journey.stay.stood() => Motion::Idle,
            Some(_) => Motion::Driving,
        }
    }

    /// The running trip, measured up to the newest accepted fix.
    pub fn trip(&self) -> Option<Trip> {
        self.journey.as_ref()?.running(self.outlier_filter.last?.at)
    }

    /// The running trip as the last fact gave it.
    pub(crate) fn announced_trip(&self) -> Option<Trip> {
        self.journey.as_ref()?.announced_trip()
    }

    /// The stop under way.
    pub fn stop(&self) -> Option<Stop> {
        self.journey.as_ref()?.open_stop()
    }

    /// The visits under way: one for each fence that the vehicle is inside.
    pub fn visits(&self) -> impl Iterator<Item = Visit> {
        self.visits.open().copied()
    }

    /// The incidents under way.
    pub fn incidents(&self) -> impl Iterator<Item = Incident> {
        self.speed.open_incident().into_iter().chain(self.manoeuvres.open_incidents()).chain(self.tank.open_incident())
    }

    /// A silence that is longer than this ends a running trip, milliseconds: [`gap_max_s`](crate::Thresholds::gap_max_s), or more
    /// for a device that reports seldom.
    pub fn gap_max_ms(&self, rules: &Rules) -> i64 {
        let least_ms = i64::from(rules.thresholds().gap_max_s) * 1000;
        self.journey.as_ref().map_or(least_ms, |journey| journey.gap_max_ms(rules))
    }

    /// A vehicle whose newest position is so old is offline, milliseconds: [`offline_after_s`](crate::Thresholds::offline_after_s),
    /// or more for a device that reports seldom.
    pub fn offline_after_ms(&self, rules: &Rules) -> i64 {
        let least_ms = i64::from(rules.thresholds().offline_after_s) * 1000;
        self.journey.as_ref().map_or(least_ms, |journey| journey.offline_after_ms(rules))
    }

    /// The newest odometer reading; without one, the length of all trips plus the vehicle's own offset. Kilometres.
    pub fn odometer_km(&self, rules: &Rules) -> f64 {
        self.service.odometer_km(rules)
    }
}
