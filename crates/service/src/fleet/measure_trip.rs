//! Measures a trip that was started by hand, from the positions in its time.

use crate::ServiceError;
use milepost_domain::{
    FuelSource, MAX_AHEAD_MS, Position, SpeedKmh, Timestamp, Trip, TripFigures, TripFuel, TripPlace, Vehicle,
};
use milepost_follow::read_thresholds;
use milepost_store::{Store, WrongPositions};
use milepost_track::{
    Folded, FuelBasis, NoFences, Rules, Thresholds, TrackFact, TrackHistory, TrackState, VehicleRules, fold,
};

/// Positions in one read of the store. Larger pages would need more memory and would hardly be faster.
const PAGE: u32 = 1_000;
/// Positions that are measured. Later ones are not counted. At one a second they last for eleven days.
const MAX_POSITIONS: usize = 1_000_000;

/// The trip with its distance, times, speed and fuel from its start to its end, or up to now. It is measured by the
/// fold that detects trips. Time outside of the detected trips counts as idle.
pub(super) async fn measure_trip(store: &dyn Store, trip: Trip, now: Timestamp) -> Result<Trip, ServiceError> {
    let Some(tracked) = store.get_vehicle(&trip.tenant, &trip.vehicle_id).await? else {
        return Err(ServiceError::NotFound("trip"));
    };
    let own = store.get_rules(&trip.tenant).await?;
    let mut meter = Meter::new(rules(read_thresholds(own.as_ref()), &tracked.vehicle));
    // A device's clock may be a little ahead of this one.
    let to = trip.ended_at.unwrap_or_else(|| now.plus_ms(MAX_AHEAD_MS)).plus_ms(1);
    // The fold itself finds what is wrong.
    let (from, all, mut after, mut count) = (trip.started_at, WrongPositions::Marked, None, 0);
    loop {
        let page = store.positions(&trip.tenant, &trip.vehicle_id, from, to, after, all, PAGE).await?;
        page.iter().for_each(|stored| meter.take(&stored.position));
        count += page.len();
        after = page.last().map(|last| last.position.at);
        if page.len() < PAGE as usize || count >= MAX_POSITIONS {
            return Ok(meter.read(trip));
        }
    }
}

/// Follows the positions of one trip.
struct Meter {
    rules: Rules,
    state: TrackState,
    history: TrackHistory,
    facts: Vec<TrackFact>,
    /// The first and the last accepted position.
    ends: Option<(TripPlace, TripPlace)>,
    followed_to: Option<Timestamp>,
}

impl Meter {
    fn new(rules: Rules) -> Self {
        let (state, history) = (TrackState::default(), TrackHistory::default());
        Self { rules, state, history, facts: Vec::new(), ends: None, followed_to: None }
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

    fn read(mut self, trip: Trip) -> Trip {
        self.history.trips.extend(self.state.trip().map(|running| (running.started_at, running)));
        let mut measured = Trip {
            figures: sum_up(self.history.trips.values()),
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
