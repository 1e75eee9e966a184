//! From what the fold found to what is written down and told.

use super::alerts::Teller;
use super::news::News;
use milepost_domain::{
    Fact, FenceCrossing, FenceEvent, FuelSource, GeofenceId, Revision, SpeedKmh, Timestamp, Trip, TripFigures,
    TripFuel, TripId, TripOrigin, TripPlace, TripStatus,
};
use milepost_geo::Point;
use milepost_store::{ActivityChange, FenceVisit, HistoryChange, Incident, IncidentKind};
use milepost_track::{
    Activity, Correction, Corrections, FenceId, FuelBasis, OutlierReason, SilenceFact, TrackFact, Visit,
};

impl Teller<'_> {
    /// What folding a newest position told.
    pub(super) fn tell(&self, fact: &TrackFact, news: &mut News) {
        match fact {
            TrackFact::OutlierFound(outlier) => {
                news.push(HistoryChange::Outlier { at: outlier.at, reason: reason(outlier.reason) });
            }
            TrackFact::OutliersCleared { from, until } => {
                let reason = Some(reason(OutlierReason::Jump));
                news.push(HistoryChange::NoOutliers { from: *from, until: *until, reason });
            }
            TrackFact::TripStarted(trip) | TrackFact::TripProgressed(trip) | TrackFact::TripEnded(trip) => {
                news.push_trip(self.trip_change(trip.started_at, false, trip, Revision::New));
            }
            // A stop has no row of its own: on a trip it is idle time.
            TrackFact::StopBegan(_) | TrackFact::StopEnded(_) => {}
            TrackFact::VisitBegan(visit) => {
                news.extend(self.visit_row(visit));
                self.cross(visit, FenceEvent::Enter, Revision::New, news);
            }
            TrackFact::VisitDwelt(visit) => {
                news.extend(self.visit_row(visit));
                self.cross(visit, FenceEvent::Dwell, Revision::New, news);
            }
            TrackFact::VisitEnded(visit) => {
                news.extend(self.visit_row(visit));
                self.cross(visit, FenceEvent::Exit, Revision::New, news);
            }
            TrackFact::IncidentBegan(incident) => {
                news.push(HistoryChange::Incident(incident_row(incident)));
                self.raise(incident, Revision::New, news);
            }
            TrackFact::IncidentEnded(incident) => news.push(HistoryChange::Incident(incident_row(incident))),
            TrackFact::Activity(activity) => news.activity.push(activity_change(activity)),
        }
    }

    /// What silence told.
    pub(super) fn tell_silence(&self, fact: &SilenceFact, news: &mut News) {
        let offline = |started_at, ended_at| Incident {
            kind: IncidentKind::Offline,
            started_at,
            ended_at,
            place: None,
            value: None,
            limit: None,
            is_told: None,
        };
        match fact {
            SilenceFact::Offline { since } => {
                news.push(HistoryChange::Incident(offline(*since, None)));
                self.alert_offline(*since, news);
            }
            SilenceFact::Online { since, until } => {
                news.push(HistoryChange::Incident(offline(*since, Some(*until))));
            }
            SilenceFact::TripEnded(trip) => {
                news.push(self.trip_change(trip.started_at, false, trip, Revision::New));
            }
            SilenceFact::TripResumed(trip) => {
                news.push(self.trip_change(trip.started_at, false, trip, Revision::Corrected));
            }
            SilenceFact::ServiceDue { due_at } => {
                let due = Incident { kind: IncidentKind::ServiceDue, ..offline(*due_at, None) };
                news.push(HistoryChange::Incident(due));
                self.tell_service_date(*due_at, news);
            }
        }
    }

    /// What late positions changed. What is no more goes first, then what is over, so that a vehicle is never on two trips.
    pub(super) fn tell_corrections(&self, corrections: &Corrections, news: &mut News) {
        for correction in &corrections.trips {
            if let Correction::Removed(trip) = correction {
                news.push(HistoryChange::NoTrip { key: trip.started_at });
            }
        }
        for runs in [false, true] {
            for correction in &corrections.trips {
                let (key, trip) = match correction {
                    Correction::Added(new) => (new.started_at, new),
                    Correction::Changed { old, new } => (old.started_at, new),
                    Correction::Removed(_) => continue,
                };
                if trip.ended_at.is_none() == runs {
                    let mends = matches!(correction, Correction::Changed { .. });
                    news.push(self.trip_change(key, mends, trip, Revision::Corrected));
                }
            }
        }
        self.correct_visits(&corrections.visits, news);
        self.correct_incidents(&corrections.incidents, news);
        for (at, mark) in &corrections.outliers {
            news.push(match mark {
                Some(mark) => HistoryChange::Outlier { at: *at, reason: reason(*mark) },
                None => HistoryChange::NoOutliers { from: *at, until: *at, reason: None },
            });
        }
        news.activity.extend(corrections.activity.iter().map(activity_change));
    }

    /// What is no more goes first, then alerts go over to what their visit has become, so that a new one at the same time
    /// finds its place free.
    fn correct_visits(&self, corrections: &[Correction<Visit>], news: &mut News) {
        let mut moves = Vec::new();
        for correction in corrections {
            let (old, new) = sides(correction);
            let Some(old) = old else { continue };
            let is_moved = new.is_none_or(|new| new.entered_at != old.entered_at);
            if let (true, Some(geofence_id)) = (is_moved, geofence_id(old.fence)) {
                news.push(HistoryChange::NoVisit { geofence_id, entered_at: old.entered_at });
            }
            for event in FenceEvent::ALL.into_iter().filter(|event| has(old, *event)) {
                match new.filter(|visit| has(visit, event)) {
                    None => self.cross(old, event, Revision::Withdrawn, news),
                    Some(new) if is_moved => {
                        let subject =
                            |visit: &Visit| self.crossing_subject(geofence_id(visit.fence)?, event, visit.entered_at);
                        moves.extend(subject(old).zip(subject(new)));
                    }
                    Some(_) => {}
                }
            }
        }
        news.push_moves(moves);
        for correction in corrections {
            let (old, new) = sides(correction);
            let Some(new) = new else { continue };
            news.extend(self.visit_row(new));
            for event in FenceEvent::ALL.into_iter().filter(|event| has(new, *event)) {
                match old.filter(|visit| has(visit, event)) {
                    None => self.cross(new, event, Revision::Corrected, news),
                    Some(old) if self.instant(old, event) != self.instant(new, event) => {
                        // The same crossing at another time: nobody needs a second alert for it.
                        news.extend(self.crossing(new, event, Revision::Corrected).map(tell_crossing));
                    }
                    Some(_) => {}
                }
            }
        }
    }

    /// In the same order.
    fn correct_incidents(&self, corrections: &[Correction<milepost_track::Incident>], news: &mut News) {
        let mut moves = Vec::new();
        for correction in corrections {
            let (Some(old), new) = sides(correction) else { continue };
            if new.is_some_and(|new| new.started_at == old.started_at) {
                continue;
            }
            let kind = incident_row(old).kind;
            news.push(HistoryChange::NoIncident { kind, started_at: old.started_at });
            match new {
                None => self.withdraw(old, news),
                Some(new) => moves.extend(self.subject_of(old).zip(self.subject_of(new))),
            }
        }
        news.push_moves(moves);
        for correction in corrections {
            let (old, Some(new)) = sides(correction) else { continue };
            news.push(HistoryChange::Incident(incident_row(new)));
            match old {
                None => self.raise(new, Revision::Corrected, news),
                // The same streak began at another time: nobody needs a second alert for it.
                Some(old) if old.started_at != new.started_at => self.tell_driving(new, Revision::Corrected, news),
                Some(_) => {}
            }
        }
    }

    /// Tells a crossing, and raises its alert.
    fn cross(&self, visit: &Visit, event: FenceEvent, revision: Revision, news: &mut News) {
        if let Some(crossing) = self.crossing(visit, event, revision) {
            self.alert_crossing(&crossing, visit.entered_at, news);
            news.push(tell_crossing(crossing));
        }
    }

    /// A crossing, if the geofence is still there and wants it told.
    fn crossing(&self, visit: &Visit, event: FenceEvent, revision: Revision) -> Option<FenceCrossing> {
        let geofence = self.ground.geofence(visit.fence)?;
        let description = &geofence.description;
        let is_wanted = match event {
            FenceEvent::Enter => description.on.enter,
            FenceEvent::Exit => description.on.exit,
            FenceEvent::Dwell => description.dwell.is_some(),
        };
        let place = if event == FenceEvent::Exit { visit.left.unwrap_or(visit.entered) } else { visit.entered };
        is_wanted.then(|| FenceCrossing {
            vehicle_id: self.vehicle.id.clone(),
            driver_id: self.vehicle.driver_id,
            geofence_id: geofence.id,
            geofence_name: description.name.clone(),
            event,
            latitude: place.latitude,
            longitude: place.longitude,
            at: self.instant(visit, event),
            revision,
        })
    }

    /// When it happened.
    fn instant(&self, visit: &Visit, event: FenceEvent) -> Timestamp {
        match event {
            FenceEvent::Enter => visit.entered_at,
            FenceEvent::Exit => visit.left_at.unwrap_or(visit.entered_at),
            FenceEvent::Dwell => {
                let dwell = self.ground.geofence(visit.fence).and_then(|geofence| geofence.description.dwell);
                visit.entered_at.plus_ms(dwell.map_or(0, |dwell| i64::from(dwell.seconds()) * 1000))
            }
        }
    }

    fn visit_row(&self, visit: &Visit) -> Option<HistoryChange> {
        Some(HistoryChange::Visit(FenceVisit {
            geofence_id: geofence_id(visit.fence)?,
            entered_at: visit.entered_at,
            entered: place(visit.entered),
            left_at: visit.left_at,
            left: visit.left.map(place),
            dwelt: visit.dwelt,
            max_speed: speed(visit.max_speed_kmh),
        }))
    }

    fn trip_change(
        &self,
        key: Timestamp,
        mends: bool,
        trip: &milepost_track::Trip,
        revision: Revision,
    ) -> HistoryChange {
        let fuel = trip.fuel_ml.zip(trip.fuel_basis).map(|(burnt_ml, basis)| TripFuel {
            burnt_ml,
            source: match basis {
                FuelBasis::Measured => FuelSource::Measured,
                FuelBasis::Estimated => FuelSource::Estimated,
            },
        });
        let trip = Trip {
            id: new_trip_id(),
            tenant: self.tenant.clone(),
            vehicle_id: self.vehicle.id.clone(),
            driver_id: self.vehicle.driver_id,
            origin: TripOrigin::Auto,
            status: if trip.ended_at.is_some() { TripStatus::Completed } else { TripStatus::Started },
            started_at: trip.started_at,
            ended_at: trip.ended_at,
            followed_to: trip.as_of,
            start: Some(place(trip.start)),
            end: Some(place(trip.end)),
            figures: TripFigures {
                distance_mm: trip.distance_mm,
                moving_ms: trip.moving_ms,
                idle_ms: trip.idle_ms,
                max_speed: Some(speed(trip.max_speed_kmh)),
                fuel,
            },
            version: 1,
        };
        HistoryChange::Trip { key, mends, trip: Box::new(trip), revision }
    }
}

/// As it was told, and as it is.
const fn sides<T>(correction: &Correction<T>) -> (Option<&T>, Option<&T>) {
    match correction {
        Correction::Added(new) => (None, Some(new)),
        Correction::Changed { old, new } => (Some(old), Some(new)),
        Correction::Removed(old) => (Some(old), None),
    }
}

fn tell_crossing(crossing: FenceCrossing) -> HistoryChange {
    HistoryChange::Told(Box::new(Fact::FenceCrossed(Box::new(crossing))))
}

fn has(visit: &Visit, event: FenceEvent) -> bool {
    match event {
        FenceEvent::Enter => true,
        FenceEvent::Exit => visit.left_at.is_some(),
        FenceEvent::Dwell => visit.dwelt,
    }
}

/// Version 7: ids sort by the time at which they were made. Used only if the trip has no row yet.
fn new_trip_id() -> TripId {
    TripId::new(&uuid::Uuid::now_v7().to_string()).expect("hexadecimal digits and hyphens")
}

fn place(point: Point) -> TripPlace {
    TripPlace { latitude: point.latitude, longitude: point.longitude }
}

/// What the fold believes is far below the type's limit; a rule may allow 1000 km/h, and noise a little more.
fn speed(kmh: f64) -> SpeedKmh {
    SpeedKmh::new(kmh.clamp(0.0, 1000.0)).unwrap_or_else(|_| SpeedKmh::new(0.0).expect("0 is in range"))
}

/// The fold's fences are this house's geofences by number.
fn geofence_id(fence: FenceId) -> Option<GeofenceId> {
    GeofenceId::new(i64::try_from(fence.0).ok()?).ok()
}

fn activity_change(activity: &Activity) -> ActivityChange {
    ActivityChange {
        bucket: activity.bucket,
        distance_mm: activity.distance_mm,
        moving_ms: activity.moving_ms,
        idle_ms: activity.idle_ms,
        fuel_ml: activity.fuel_ml,
    }
}

pub(super) fn incident_row(incident: &milepost_track::Incident) -> Incident {
    use milepost_track::IncidentKind as Found;
    Incident {
        kind: match incident.kind {
            Found::Speeding => IncidentKind::Speeding,
            Found::HarshBraking => IncidentKind::HarshBraking,
            Found::HarshAcceleration => IncidentKind::HarshAcceleration,
            Found::HarshCornering => IncidentKind::HarshCornering,
            Found::FuelTheft => IncidentKind::FuelTheft,
            Found::Refuelling => IncidentKind::Refuelling,
            Found::ServiceDue => IncidentKind::ServiceDue,
        },
        started_at: incident.started_at,
        ended_at: incident.ended_at,
        place: Some(place(incident.point)),
        value: Some(incident.value),
        limit: Some(incident.limit),
        is_told: incident.basis.map(|basis| basis == milepost_track::SpeedBasis::Reported),
    }
}

const fn reason(reason: OutlierReason) -> &'static str {
    match reason {
        OutlierReason::NullIsland => "null_island",
        OutlierReason::Inaccurate => "inaccurate",
        OutlierReason::Jump => "jump",
        OutlierReason::Isolated => "stray",
    }
}
