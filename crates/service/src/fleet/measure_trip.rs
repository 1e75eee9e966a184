//! Measures a trip that was started by hand, from the positions in its time.

use super::Fleet;
use crate::{Request, ServiceError};
use milepost_domain::{
    FuelSource, MAX_AHEAD_MS, Position, SpeedKmh, Timestamp, Trip, TripFigures, TripFuel, TripPlace, Vehicle,
};
use milepost_follow::read_thresholds;
use milepost_track::{
    Folded, FuelBasis, NoFences, Rules, Thresholds, TrackFact, TrackHistory, TrackState, VehicleRules, fold,
};

/// Positions in one read of the store. Larger pages would need more memory and would hardly be faster.
const PAGE: u32 = 1_000;
/// Positions that are measured. Later ones are not counted. At one a second they last for eleven days.
const MAX_POSITIONS: usize = 1_000_000;

/// The trip with its distance, times, speed and fuel from its start to its end. It is measured by the fold that detects
/// trips. Time outside of the detected trips counts as idle.
///
/// # Errors
/// [`ServiceError::Busy`] when the caller or its tenant measures and reads too much at once.
pub(super) async fn measure_ended_trip(fleet: &Fleet, request: &Request, trip: Trip) -> Result<Trip, ServiceError> {
    let mut meter = Meter::default();
    meter.follow(fleet, request, &trip).await?;
    Ok(meter.read(trip))
}

/// The same up to now, for a trip that is under way. The next look goes on where this one ended, also if this one is
/// given up in between. Looks at one trip at the same time measure it once.
pub(super) async fn measure_running_trip(fleet: &Fleet, request: &Request, trip: Trip) -> Result<Trip, ServiceError> {
    let known = fleet.trip_meters.of(&trip);
    let mut meter = fleet.fair_reads.in_time(known.lock()).await?;
    meter.follow(fleet, request, &trip).await?;
    Ok(meter.read(trip))
}

/// Follows the positions of one trip.
#[derive(Default)]
pub(super) struct Meter {
    rules: Rules,
    state: TrackState,
    history: TrackHistory,
    facts: Vec<TrackFact>,
    /// The first and the last accepted position.
    ends: Option<(TripPlace, TripPlace)>,
    followed_to: Option<Timestamp>,
    /// The last position that was read, and their number.
    after: Option<Timestamp>,
    count: usize,
}

impl Meter {
    /// Reads on to the trip's end, or up to now. The memory does not grow with the number of positions.
    async fn follow(&mut self, fleet: &Fleet, request: &Request, trip: &Trip) -> Result<(), ServiceError> {
        let Some(tracked) = fleet.store.get_vehicle(&trip.tenant, &trip.vehicle_id).await? else {
            return Err(ServiceError::NotFound("trip"));
        };
        let own = fleet.store.get_rules(&trip.tenant).await?;
        let rules = rules(read_thresholds(own.as_ref()), &tracked.vehicle);
        if self.rules != rules {
            *self = Self { rules, ..Self::default() };
        }
        // A device's clock may be a little ahead of this one.
        let to = trip.ended_at.unwrap_or_else(|| request.now.plus_ms(MAX_AHEAD_MS)).plus_ms(1);
        let store = &fleet.store;
        while self.count < MAX_POSITIONS {
            let _permit = fleet.fair_reads.permit_in_time(&trip.tenant, &request.caller).await?;
            let page = store.positions(&trip.tenant, &trip.vehicle_id, trip.started_at, to, self.after, PAGE).await?;
            page.iter().for_each(|position| self.take(position));
            // Only trips are measured.
            self.history = TrackHistory { trips: std::mem::take(&mut self.history.trips), ..TrackHistory::default() };
            self.count += page.len();
            self.after = page.last().map(|position| position.at).or(self.after);
            if page.len() < PAGE as usize {
                break;
            }
        }
        Ok(())
    }

    fn take(&mut self, position: &Position) {
        let folded = fold(&mut self.state, position, &self.rules, &NoFences, &mut self.facts);
        self.facts.drain(..).for_each(|fact| self.history.apply(&fact));
        if folded == Folded::Accepted {
            let here = TripPlace { latitude: position.latitude, longitude: position.longitude };
            self.ends = Some((self.ends.map_or(here, |(start, _)| start), here));
            self.followed_to = Some(position.at);
        }
    }

    fn read(&self, trip: Trip) -> Trip {
        let running = self.state.trip();
        let is_running = |found: &milepost_track::Trip| {
            running.as_ref().is_some_and(|running| running.started_at == found.started_at)
        };
        let ended = self.history.trips.values().filter(|found| !is_running(found));
        let mut measured = Trip {
            figures: sum_up(ended.chain(&running)),
            start: self.ends.map(|(start, _)| start),
            end: self.ends.map(|(_, end)| end),
            followed_to: self.followed_to.unwrap_or(trip.started_at),
            ..trip
        };
        measured.figures.idle_ms = (measured.duration_ms() - measured.figures.moving_ms).max(0);
        measured
    }
}

/// Both parts were checked when they were stored. If they are invalid nevertheless, that is logged and the defaults
/// apply.
fn rules(thresholds: Thresholds, vehicle: &Vehicle) -> Rules {
    let of_vehicle = VehicleRules { fuel_l_per_100km: vehicle.fuel_l_per_100km, ..VehicleRules::default() };
    Rules::new(thresholds, of_vehicle).unwrap_or_else(|refusal| {
        tracing::error!(vehicle.id = %vehicle.id, "the defaults apply to a trip: {refusal}");
        Rules::default()
    })
}

/// Sums up the detected trips, without the idle time. Fuel counts as measured only if all of it was measured.
fn sum_up<'a>(trips: impl Iterator<Item = &'a milepost_track::Trip>) -> TripFigures {
    let mut sum = TripFigures::default();
    for trip in trips {
        sum.distance_mm += trip.distance_mm;
        sum.moving_ms += trip.moving_ms;
        let speed = SpeedKmh::new(trip.max_speed_kmh).ok();
        sum.max_speed = if speed > sum.max_speed { speed } else { sum.max_speed };
        if let Some(burnt_ml) = trip.fuel_ml {
            let so_far = sum.fuel.unwrap_or(TripFuel { burnt_ml: 0, source: FuelSource::Measured });
            let measured = so_far.source == FuelSource::Measured && trip.fuel_basis == Some(FuelBasis::Measured);
            let source = if measured { FuelSource::Measured } else { FuelSource::Estimated };
            sum.fuel = Some(TripFuel { burnt_ml: so_far.burnt_ml + burnt_ml, source });
        }
    }
    sum
}
