//! Judges each place of a tenant's vehicles: who came near whom, who stayed, and who parted.

use super::roles::Roles;
use super::{RoamingNews, RoamingStep};
use crate::LiveVehicle;
use milepost_domain::{Position, RoamingFence, RoamingFenceId, Timestamp, Vehicle, VehicleId};
use milepost_geo::{PlaceIndex, Point, distance_m};
use milepost_store::{EncounterStep, OpenEncounter, VehicleNo};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Of two places that were taken so long after each other, nobody knows whether the vehicles were near, milliseconds.
const FRESH_MS: i64 = 5 * 60 * 1000;
/// Vehicles part when they are so many times farther from each other than they met: places waver.
const PARTING: f64 = 1.1;
/// The vehicles of its fences that are nearest to a vehicle, and are judged with it. Farther ones are passed over.
const MOST_NEAR: usize = 100;
/// Encounters of a vehicle that last. Further ones are passed over until others end.
const MOST_OPEN_OF_VEHICLE: usize = 1_000;
/// Encounters of a tenant that last. Further ones are passed over until others end.
const MOST_OPEN: usize = 100_000;
/// Steps that wait to be stored. While there are so many, places are not judged; all vehicles are judged anew when they are stored.
const MOST_STEPS: usize = 10_000;

/// A tenant's roaming fences, and the encounters that last.
pub(crate) struct RoamingWatch {
    /// The widest first.
    fences: Vec<Arc<RoamingFence>>,
    /// The roles of each vehicle, by its number in memory.
    roles: HashMap<u32, Roles>,
    open: HashMap<Pair, Open>,
    /// The encounters of each vehicle.
    of_vehicle: HashMap<VehicleNo, BTreeSet<Pair>>,
    /// What was found and is to be stored, in the order in which it was found.
    steps: Vec<RoamingStep>,
    /// Places were not judged, because too many steps waited.
    has_passed_over: bool,
    news: Arc<RoamingNews>,
}

/// Two vehicles and a fence. The first one has the lower number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Pair {
    pub(crate) fence: RoamingFenceId,
    pub(crate) a: VehicleNo,
    pub(crate) b: VehicleNo,
}

#[derive(Debug)]
struct Open {
    fence: Arc<RoamingFence>,
    ids: [VehicleId; 2],
    began_at: Timestamp,
    met: bool,
}

/// What was found of a tenant's roaming fences since the last question.
#[derive(Default)]
pub(crate) struct RoamingFound {
    /// In the order in which they were found.
    pub(crate) steps: Vec<RoamingStep>,
    /// Too many of them waited: all vehicles are to be judged anew.
    pub(crate) has_passed_over: bool,
}

impl Pair {
    fn of(fence: RoamingFenceId, one: VehicleNo, other: VehicleNo) -> Self {
        Self { fence, a: one.min(other), b: one.max(other) }
    }
}

impl RoamingWatch {
    /// `open` are the stored encounters, of vehicles among `vehicles`.
    pub(crate) fn new(
        fences: Vec<RoamingFence>,
        open: &[OpenEncounter],
        vehicles: &[(VehicleNo, VehicleId)],
        news: Arc<RoamingNews>,
    ) -> Self {
        let mut fences: Vec<_> = fences.into_iter().map(Arc::new).collect();
        fences.sort_by(|a, b| b.description.radius.get().total_cmp(&a.description.radius.get()));
        let by_id: HashMap<_, _> = fences.iter().map(|fence| (fence.id, fence)).collect();
        let ids: HashMap<_, _> = vehicles.iter().map(|(no, id)| (*no, id)).collect();
        let known = open.iter().filter_map(|open| {
            let ids = [(*ids.get(&open.a)?).clone(), (*ids.get(&open.b)?).clone()];
            let fence = Arc::clone(by_id.get(&open.fence)?);
            let pair = Pair { fence: open.fence, a: open.a, b: open.b };
            Some((pair, Open { fence, ids, began_at: open.began_at, met: open.met }))
        });
        let open: HashMap<_, _> = known.collect();
        let mut of_vehicle = HashMap::<_, BTreeSet<_>>::new();
        for pair in open.keys() {
            of_vehicle.entry(pair.a).or_default().insert(*pair);
            of_vehicle.entry(pair.b).or_default().insert(*pair);
        }
        let (roles, steps) = (HashMap::new(), Vec::new());
        Self { fences, roles, open, of_vehicle, steps, has_passed_over: false, news }
    }

    pub(crate) fn take_found(&mut self) -> RoamingFound {
        let has_passed_over = std::mem::take(&mut self.has_passed_over);
        RoamingFound { steps: std::mem::take(&mut self.steps), has_passed_over }
    }

    /// A vehicle was described anew: it may have other roles.
    pub(crate) fn described(&mut self, number: u32) {
        self.roles.remove(&number);
    }

    /// A vehicle was removed, and its encounters in the store with it.
    pub(crate) fn removed(&mut self, live: &LiveVehicle) {
        self.roles.remove(&live.number);
        for pair in self.of_vehicle.get(&live.no).cloned().unwrap_or_default() {
            self.end(&pair);
        }
    }

    /// A vehicle has a new place.
    pub(crate) fn moved(
        &mut self,
        live: &LiveVehicle,
        by_id: &HashMap<VehicleId, LiveVehicle>,
        by_place: &PlaceIndex<Arc<Vehicle>>,
    ) {
        let Some(last) = &live.last else { return };
        if self.steps.len() >= MOST_STEPS {
            self.has_passed_over = true;
            return;
        }
        self.judge_open(live, last, by_id);
        let mine = self.roles.remove(&live.number).unwrap_or_else(|| Roles::of(&self.fences, &live.vehicle));
        if let Some(widest) = mine.first() {
            let within_m = self.fences[widest].description.radius.get();
            self.find_near(live, last, &mine, within_m, by_id, by_place);
        }
        self.roles.insert(live.number, mine);
    }

    /// Judges the encounters that a vehicle has.
    fn judge_open(&mut self, live: &LiveVehicle, last: &Position, by_id: &HashMap<VehicleId, LiveVehicle>) {
        let Some(pairs) = self.of_vehicle.get(&live.no) else { return };
        for pair in pairs.iter().copied().collect::<Vec<_>>() {
            let Some(open) = self.open.get_mut(&pair) else { continue };
            let other_id = &open.ids[usize::from(pair.a == live.no)];
            let other_no = if pair.a == live.no { pair.b } else { pair.a };
            let Some(other) = by_id.get(other_id).filter(|other| other.no == other_no) else {
                self.end(&pair);
                continue;
            };
            let Some(other_last) = &other.last else { continue };
            let (distance_m, at) = (distance_m(last.into(), other_last.into()), last.at.max(other_last.at));
            let description = &open.fence.description;
            let step = if !description.concerns(&live.vehicle, &other.vehicle) {
                EncounterStep::Dropped
            } else if !is_fresh(last, other_last) {
                continue;
            } else if distance_m > description.radius.get() * PARTING {
                EncounterStep::Parted
            } else if !open.met && has_lasted(open, at) {
                open.met = true;
                EncounterStep::Met
            } else {
                continue;
            };
            let found = found(pair, open, (live, other), step, at, distance_m);
            self.tell(found);
            if step != EncounterStep::Met {
                self.end(&pair);
            }
        }
    }

    /// Finds the vehicles that a vehicle came near to.
    fn find_near(
        &mut self,
        live: &LiveVehicle,
        last: &Position,
        mine: &Roles,
        within_m: f64,
        by_id: &HashMap<VehicleId, LiveVehicle>,
        by_place: &PlaceIndex<Arc<Vehicle>>,
    ) {
        let Self { fences, roles, .. } = self;
        let near = by_place.nearest(Point::from(last), MOST_NEAR, within_m, |placed| {
            placed.number != live.number
                && mine.share_any(roles.entry(placed.number).or_insert_with(|| Roles::of(fences, &placed.value)))
        });
        for near in near {
            let Some(other) = by_id.get(&near.placed.value.id) else { continue };
            let Some(other_last) = other.last.as_ref().filter(|other| is_fresh(last, other)) else { continue };
            let Some(theirs) = self.roles.get(&other.number) else { continue };
            for at in mine.shared(theirs) {
                let fence = &self.fences[at];
                if near.distance_m > fence.description.radius.get() {
                    // The widest come first.
                    break;
                }
                let pair = Pair::of(fence.id, live.no, other.no);
                if !self.open.contains_key(&pair) && self.has_room(&pair) {
                    let at = last.at.max(other_last.at);
                    self.begin(pair, Arc::clone(fence), (live, other), at, near.distance_m);
                }
            }
        }
    }

    fn has_room(&self, pair: &Pair) -> bool {
        let of = |no| self.of_vehicle.get(no).map_or(0, BTreeSet::len);
        self.open.len() < MOST_OPEN && [&pair.a, &pair.b].into_iter().all(|no| of(no) < MOST_OPEN_OF_VEHICLE)
    }

    fn begin(
        &mut self,
        pair: Pair,
        fence: Arc<RoamingFence>,
        (live, other): (&LiveVehicle, &LiveVehicle),
        at: Timestamp,
        distance_m: f64,
    ) {
        let (first, second) = if pair.a == live.no { (live, other) } else { (other, live) };
        let met = fence.description.dwell.is_none();
        let ids = [first.vehicle.id.clone(), second.vehicle.id.clone()];
        let open = Open { fence, ids, began_at: at, met };
        let step = if met { EncounterStep::BegunAndMet } else { EncounterStep::Began };
        let step = found(pair, &open, (live, other), step, at, distance_m);
        self.open.insert(pair, open);
        self.of_vehicle.entry(pair.a).or_default().insert(pair);
        self.of_vehicle.entry(pair.b).or_default().insert(pair);
        self.tell(step);
    }

    fn end(&mut self, pair: &Pair) {
        self.open.remove(pair);
        for no in [pair.a, pair.b] {
            if let Some(pairs) = self.of_vehicle.get_mut(&no) {
                pairs.remove(pair);
                if pairs.is_empty() {
                    self.of_vehicle.remove(&no);
                }
            }
        }
    }

    fn tell(&mut self, step: RoamingStep) {
        self.steps.push(step);
        self.news.found();
    }

    /// Time has passed: vehicles that stand near each other, and are heard of, may have done so for long enough.
    pub(crate) fn look(&mut self, now: Timestamp, by_id: &HashMap<VehicleId, LiveVehicle>) {
        let mut met = Vec::new();
        // Those that are left over are found the next time.
        let room = MOST_STEPS.saturating_sub(self.steps.len());
        for (pair, open) in self.open.iter_mut().filter(|(_, open)| !open.met && has_lasted(open, now)) {
            if met.len() >= room {
                break;
            }
            let of = |id: &VehicleId, no| by_id.get(id).filter(|live: &&LiveVehicle| live.no == no);
            let (Some(one), Some(other)) = (of(&open.ids[0], pair.a), of(&open.ids[1], pair.b)) else { continue };
            let (Some(last), Some(other_last)) = (&one.last, &other.last) else { continue };
            let is_heard_of = now.ms_since(last.at.min(other_last.at)) <= FRESH_MS;
            let distance_m = distance_m(last.into(), other_last.into());
            if is_heard_of && distance_m <= open.fence.description.radius.get() * PARTING {
                open.met = true;
                met.push(found(*pair, open, (one, other), EncounterStep::Met, now, distance_m));
            }
        }
        met.into_iter().for_each(|step| self.tell(step));
    }
}

fn is_fresh(one: &Position, other: &Position) -> bool {
    one.at.ms_since(other.at).abs() <= FRESH_MS
}

fn has_lasted(open: &Open, at: Timestamp) -> bool {
    let dwell_ms = open.fence.description.dwell.map_or(0, |dwell| i64::from(dwell.seconds()) * 1000);
    at.ms_since(open.began_at) >= dwell_ms
}

fn found(
    pair: Pair,
    open: &Open,
    (one, other): (&LiveVehicle, &LiveVehicle),
    step: EncounterStep,
    at: Timestamp,
    distance_m: f64,
) -> RoamingStep {
    // The vehicle that the fence moves with comes first; of two that could be that, the one with the lower number.
    let description = &open.fence.description;
    let others = description.others.as_ref().unwrap_or(&description.vehicles);
    let moves_with = |one: &Vehicle, other: &Vehicle| description.vehicles.holds(one) && others.holds(other);
    let is_first =
        moves_with(&one.vehicle, &other.vehicle) && (one.no < other.no || !moves_with(&other.vehicle, &one.vehicle));
    let (vehicle, other) = if is_first { (one, other) } else { (other, one) };
    RoamingStep {
        pair,
        fence: Arc::clone(&open.fence),
        vehicle: Arc::clone(&vehicle.vehicle),
        other: Arc::clone(&other.vehicle),
        step,
        at,
        distance_m,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests, and a measurement")]
mod tests;
