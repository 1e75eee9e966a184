//! Everything of the past that the fold needs to go on.

use crate::belief::Belief;
use crate::fuel::Tank;
use crate::manoeuvre::Manoeuvres;
use crate::motion::Journey;
use crate::pace::Pace;
use crate::saved::{optional_time, point, time};
use crate::service::Service;
use crate::visits::Visits;
use crate::{Incident, Rules, Stop, Trip, Visit};
use milepost_domain::{Position, Timestamp};
use milepost_geo::Point;
use serde::{Deserialize, Serialize};

/// A vehicle's track so far, and what is going on now. A few hundred bytes, and a hundred for each fence that the
/// vehicle is inside of; plain data, so that it can be kept, and the fold go on from it.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TrackState {
    /// The newest position's time, believed or not.
    #[serde(with = "optional_time")]
    pub(crate) heard_at: Option<Timestamp>,
    pub(crate) belief: Belief,
    pub(crate) journey: Option<Journey>,
    pub(crate) pace: Pace,
    pub(crate) manoeuvres: Manoeuvres,
    pub(crate) tank: Tank,
    pub(crate) service: Service,
    pub(crate) visits: Visits,
}

/// What a vehicle is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// Nothing is known of it yet.
    Unknown,
    /// Standing, on no trip.
    Parked,
    /// Standing, on a trip.
    Idle,
    /// On its way.
    Driving,
}

/// A position as the fold uses it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Fix {
    #[serde(with = "time")]
    pub(crate) at: Timestamp,
    #[serde(with = "point")]
    pub(crate) point: Point,
    pub(crate) speed_kmh: Option<f64>,
    pub(crate) heading_deg: Option<f64>,
    /// One standard deviation along each axis, metres.
    pub(crate) noise_m: f64,
}

/// A device's accuracy is a radius of 68 % (Android, W3C Geolocation says 95 %): 1.5 standard deviations of each axis.
const ACCURACY_NOISES: f64 = 1.5;
/// Claims beyond this are held at it, metres: a fix that is not marked is not much worse than a street canyon's.
const WORST_NOISE_M: f64 = 60.0;

impl Fix {
    /// `seen_m` is what this receiver was seen to be off while it stood. Until it was, it is not taken for better than
    /// the rules assume, and never for better than it claims.
    pub(crate) fn new(position: &Position, seen_m: Option<f64>, rules: &Rules) -> Self {
        let known_m = seen_m.unwrap_or(rules.thresholds().noise_m);
        let claimed_m = position.accuracy.map_or(0.0, |accuracy| accuracy.get() / ACCURACY_NOISES);
        Self {
            at: position.at,
            point: position.into(),
            speed_kmh: position.speed.map(|speed| speed.get()),
            heading_deg: position.heading.map(|heading| heading.get()),
            noise_m: claimed_m.min(WORST_NOISE_M).max(known_m),
        }
    }
}

impl TrackState {
    /// The newest position's time, believed or not.
    pub const fn heard_at(&self) -> Option<Timestamp> {
        self.heard_at
    }

    /// What the vehicle is doing, as far as it is decided: standing is known after
    /// [`still_after_s`](crate::Thresholds::still_after_s).
    pub fn motion(&self) -> Motion {
        match &self.journey {
            None => Motion::Unknown,
            Some(journey) if journey.trip.is_none() => Motion::Parked,
            Some(journey) if journey.spot.stood() => Motion::Idle,
            Some(_) => Motion::Driving,
        }
    }

    /// The running trip with everything up to the newest believed fix.
    pub fn trip(&self) -> Option<Trip> {
        self.journey.as_ref()?.running(self.belief.last?.at)
    }

    /// The running trip as a fact told it last.
    pub(crate) fn told_trip(&self) -> Option<Trip> {
        self.journey.as_ref()?.told_trip()
    }

    /// The stop that goes on.
    pub fn stop(&self) -> Option<Stop> {
        self.journey.as_ref()?.open_stop()
    }

    /// The fences that the vehicle is inside of.
    pub fn visits(&self) -> impl Iterator<Item = Visit> {
        self.visits.open().copied()
    }

    /// What goes on and was told.
    pub fn incidents(&self) -> impl Iterator<Item = Incident> {
        self.pace.told().into_iter().chain(self.manoeuvres.told()).chain(self.tank.told())
    }

    /// Kilometres: the newest odometer reading, else the way that was followed and the vehicle's own offset.
    pub fn odometer_km(&self, rules: &Rules) -> f64 {
        self.service.odometer_km(rules)
    }
}
