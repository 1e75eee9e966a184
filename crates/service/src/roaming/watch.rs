//! Judges each place of a tenant's vehicles: who came near whom, who stayed, and who parted.

use super::RoamingNews;
use crate::LiveVehicle;
use milepost_domain::{
    Alert, EncounterTriggers, Label, Position, RoamingFence, RoamingFenceDescription, RoamingFenceId, Timestamp,
    Vehicle, VehicleId,
};
use milepost_geo::{PlaceIndex, Point, distance_m};
use milepost_store::{EncounterChange, EncounterStep, OpenEncounter, VehicleNo};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// Of two places that were taken so long after each other, nobody knows whether the vehicles were near, milliseconds.
const FRESH_MS: i64 = 5 * 60 * 1000;
/// Vehicles part when they are so many times farther from each other than they met: places waver.
const PARTING: f64 = 1.1;
/// The vehicles of its fences that are nearest to a vehicle, and are judged with it. Farther ones are passed over.
const MOST_NEAR: usize = 100;
/// Encounters of a tenant that last. Further ones are passed over until others end.
const MOST_OPEN: usize = 100_000;

/// A tenant's roaming fences, and the encounters that last.
pub(crate) struct RoamingWatch {
    /// The widest first.
    fences: Vec<Arc<RoamingFence>>,
    /// The fences that concern each vehicle, by its number in memory.
    concerned: HashMap<u32, Concerned>,
    open: HashMap<Pair, Open>,
    /// The encounters of each vehicle.
    of_vehicle: HashMap<VehicleNo, BTreeSet<Pair>>,
    /// What was found and is to be stored, in the order in which it was found.
    steps: Vec<RoamingStep>,
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

/// What two vehicles did.
#[derive(Debug, Clone)]
pub(crate) struct RoamingStep {
    pub(crate) pair: Pair,
    pub(crate) fence: Arc<RoamingFence>,
    pub(crate) vehicle: Arc<Vehicle>,
    pub(crate) other: Arc<Vehicle>,
    pub(crate) step: EncounterStep,
    pub(crate) at: Timestamp,
    pub(crate) began_at: Timestamp,
    pub(crate) distance_m: f64,
    /// They are far from each other, and their fence was not changed under them: whoever waits for it is told.
    pub(crate) is_told: bool,
}

/// The fences that concern a vehicle, by their places in the list.
#[derive(Debug, Default)]
struct Concerned {
    /// In ascending order, which is that of falling radius.
    fences: Box<[u32]>,
}

impl Pair {
    fn of(fence: RoamingFenceId, one: VehicleNo, other: VehicleNo) -> Self {
        Self { fence, a: one.min(other), b: one.max(other) }
    }
}

impl RoamingStep {
    /// The change to be stored, with its alert.
    pub(crate) fn change(&self, alert: Option<Alert>) -> EncounterChange {
        let Pair { fence, a, b } = self.pair;
        EncounterChange { fence, a, b, step: self.step, at: self.at, alert }
    }

    /// Whether it is worth an alert.
    pub(crate) fn raises(&self) -> bool {
        let EncounterTriggers { meet, part } = self.fence.description.on;
        match self.step {
            EncounterStep::Began => false,
            EncounterStep::BegunAndMet | EncounterStep::Met => meet,
            EncounterStep::Parted => part && self.is_told,
        }
    }

    pub(crate) fn fence_name(&self) -> &Label {
        &self.fence.description.name
    }
}

impl Concerned {
    fn of(fences: &[Arc<RoamingFence>], vehicle: &Vehicle) -> Self {
        let concerns = |description: &RoamingFenceDescription| {
            description.vehicles.holds(vehicle)
                || description.others.as_ref().is_some_and(|others| others.holds(vehicle))
        };
        let fences = (0_u32..).zip(fences).filter(|(_, fence)| concerns(&fence.description)).map(|(at, _)| at);
        Self { fences: fences.collect() }
    }

    /// The fences that concern both.
    fn shared<'c>(&'c self, other: &'c Self) -> impl Iterator<Item = u32> + 'c {
        let (few, many) = if self.fences.len() <= other.fences.len() { (self, other) } else { (other, self) };
        few.fences.iter().copied().filter(|at| many.fences.binary_search(at).is_ok())
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
        Self { fences, concerned: HashMap::new(), open, of_vehicle, steps: Vec::new(), news }
    }

    pub(crate) fn take_steps(&mut self) -> Vec<RoamingStep> {
        std::mem::take(&mut self.steps)
    }

    /// A vehicle was described anew, or removed: other fences may concern it.
    pub(crate) fn described(&mut self, number: u32) {
        self.concerned.remove(&number);
    }

    /// A vehicle has a new place.
    pub(crate) fn moved(
        &mut self,
        live: &LiveVehicle,
        by_id: &HashMap<VehicleId, LiveVehicle>,
        by_place: &PlaceIndex<Arc<Vehicle>>,
    ) {
        let Some(last) = &live.last else { return };
        self.judge_open(live, last, by_id);
        let Self { fences, concerned, .. } = self;
        let mine = concerned.remove(&live.number).unwrap_or_else(|| Concerned::of(fences, &live.vehicle));
        if let Some(widest) = mine.fences.first() {
            self.find_near(live, last, &mine, self.fences[*widest as usize].description.radius.get(), by_id, by_place);
        }
        self.concerned.insert(live.number, mine);
    }

    /// Judges the encounters that a vehicle has.
    fn judge_open(&mut self, live: &LiveVehicle, last: &Position, by_id: &HashMap<VehicleId, LiveVehicle>) {
        let Some(pairs) = self.of_vehicle.get(&live.no) else { return };
        for pair in pairs.clone() {
            let Some(open) = self.open.get_mut(&pair) else { continue };
            let other_id = &open.ids[usize::from(pair.a == live.no)];
            let other_no = if pair.a == live.no { pair.b } else { pair.a };
            let Some(other) = by_id.get(other_id).filter(|other| other.no == other_no) else {
                // It was removed, and its encounters in the store with it.
                self.end(&pair);
                continue;
            };
            let Some(other_last) = other.last.as_ref().filter(|other| is_fresh(last, other)) else { continue };
            let (distance_m, at) = (distance_m(last.into(), other_last.into()), last.at.max(other_last.at));
            let description = &open.fence.description;
            let concerns = description.concerns(&live.vehicle, &other.vehicle);
            if !concerns || distance_m > description.radius.get() * PARTING {
                let step = found(pair, open, (live, other), EncounterStep::Parted, at, distance_m);
                self.tell(RoamingStep { is_told: concerns, ..step });
                self.end(&pair);
            } else if !open.met && has_lasted(open, at) {
                open.met = true;
                let step = found(pair, open, (live, other), EncounterStep::Met, at, distance_m);
                self.tell(step);
            }
        }
    }

    /// Finds the vehicles that a vehicle came near to.
    fn find_near(
        &mut self,
        live: &LiveVehicle,
        last: &Position,
        mine: &Concerned,
        within_m: f64,
        by_id: &HashMap<VehicleId, LiveVehicle>,
        by_place: &PlaceIndex<Arc<Vehicle>>,
    ) {
        let Self { fences, concerned, .. } = self;
        let near = by_place.nearest(Point::from(last), MOST_NEAR, within_m, |placed| {
            placed.number != live.number && {
                let theirs = concerned.entry(placed.number).or_insert_with(|| Concerned::of(fences, &placed.value));
                let concerns = |at: u32| fences[at as usize].description.concerns(&live.vehicle, &placed.value);
                mine.shared(theirs).any(concerns)
            }
        });
        for near in near {
            let Some(other) = by_id.get(&near.placed.value.id) else { continue };
            let Some(other_last) = other.last.as_ref().filter(|other| is_fresh(last, other)) else { continue };
            let at = last.at.max(other_last.at);
            let Some(theirs) = self.concerned.get(&other.number) else { continue };
            let shared = mine.shared(theirs).map(|at| Arc::clone(&self.fences[at as usize]));
            // The widest come first.
            let shared = shared.take_while(|fence| near.distance_m <= fence.description.radius.get());
            for fence in shared.collect::<Vec<_>>() {
                let pair = Pair::of(fence.id, live.no, other.no);
                let is_new =
                    !self.open.contains_key(&pair) && fence.description.concerns(&live.vehicle, &other.vehicle);
                if is_new && self.open.len() < MOST_OPEN {
                    self.begin(pair, fence, (live, other), at, near.distance_m);
                }
            }
        }
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
        for (pair, open) in self.open.iter_mut().filter(|(_, open)| !open.met && has_lasted(open, now)) {
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
    // The vehicle that the fence moves with comes first.
    let is_first = open.fence.description.vehicles.holds(&one.vehicle)
        && (open.fence.description.others.is_some() || one.no < other.no);
    let (vehicle, other) = if is_first { (one, other) } else { (other, one) };
    RoamingStep {
        pair,
        fence: Arc::clone(&open.fence),
        vehicle: Arc::clone(&vehicle.vehicle),
        other: Arc::clone(&other.vehicle),
        step,
        at,
        began_at: open.began_at,
        distance_m,
        is_told: true,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use milepost_domain::{
        DwellTime, Latitude, Longitude, RadiusM, TenantId, VehicleKind, VehicleList, VehicleSelection,
    };

    /// A live map, and what is told of it.
    struct Map {
        by_id: HashMap<VehicleId, LiveVehicle>,
        by_place: PlaceIndex<Arc<Vehicle>>,
        watch: RoamingWatch,
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_ms(1_000_000_000_000 + seconds * 1000).unwrap()
    }

    fn fence(id: i64, radius_m: f64, dwell_s: Option<u32>, vehicles: VehicleSelection) -> RoamingFence {
        RoamingFence {
            id: RoamingFenceId::new(id).unwrap(),
            tenant: TenantId::default_tenant(),
            description: RoamingFenceDescription {
                name: Label::new("x").unwrap(),
                radius: RadiusM::new(radius_m).unwrap(),
                dwell: dwell_s.map(|seconds| DwellTime::from_seconds(seconds).unwrap()),
                on: EncounterTriggers::default(),
                vehicles,
                others: None,
            },
            created_at: at(0),
            changed_at: at(0),
            version: 1,
        }
    }

    fn of_ids(ids: &[&str]) -> VehicleSelection {
        let list = VehicleList::new(ids.iter().map(|id| VehicleId::new(id).unwrap()).collect()).unwrap();
        VehicleSelection::new(Some(list), Vec::new(), Vec::new()).unwrap()
    }

    impl Map {
        fn new(fences: Vec<RoamingFence>) -> Self {
            let watch = RoamingWatch::new(fences, &[], &[], Arc::default());
            Self { by_id: HashMap::new(), by_place: PlaceIndex::default(), watch }
        }

        fn add(&mut self, id: &str, no: u32) {
            let kind = VehicleKind::new("bus").unwrap();
            let vehicle = Arc::new(Vehicle::new(VehicleId::new(id).unwrap(), kind, Label::new(id).unwrap()));
            let live = LiveVehicle { no: VehicleNo::new(i64::from(no)), vehicle, last: None, number: no };
            self.by_id.insert(live.vehicle.id.clone(), live);
        }

        /// Moves a vehicle this many metres north of 48°, and returns what was found.
        fn go(&mut self, id: &str, north_m: f64, seconds: i64) -> Vec<String> {
            let latitude = Latitude::new(48.0 + north_m / 111_132.0).unwrap();
            let id = VehicleId::new(id).unwrap();
            let position = Position::new(id.clone(), at(seconds), latitude, Longitude::new(180.0).unwrap());
            let live = self.by_id.get_mut(&id).unwrap();
            match live.last.replace(position.clone()) {
                Some(before) => self.by_place.shift(live.number, (&before).into(), (&position).into()),
                None => self.by_place.insert(live.number, (&position).into(), Arc::clone(&live.vehicle)),
            }
            let live = live.clone();
            self.watch.moved(&live, &self.by_id, &self.by_place);
            self.told()
        }

        fn told(&mut self) -> Vec<String> {
            let steps = self.watch.take_steps();
            let text = |step: &RoamingStep| format!("{:?} {} {}", step.step, step.vehicle.id, step.other.id);
            steps.iter().map(text).collect()
        }
    }

    #[test]
    fn vehicles_meet_within_the_radius_and_part_a_little_beyond_it() {
        let mut map = Map::new(vec![fence(1, 100.0, None, of_ids(&["a", "b"]))]);
        for (no, id) in (1..).zip(["a", "b", "c"]) {
            map.add(id, no);
        }
        assert!(map.go("a", 0.0, 0).is_empty());
        assert!(map.go("c", 1.0, 0).is_empty(), "no fence concerns it");
        assert!(map.go("b", 101.0, 0).is_empty());
        assert_eq!(map.go("b", 99.0, 10), ["BegunAndMet a b"]);
        assert!(map.go("b", 109.0, 20).is_empty());
        assert_eq!(map.go("b", 112.0, 30), ["Parted a b"]);
        assert!(map.go("b", 105.0, 40).is_empty());
        assert_eq!(map.go("a", 10.0, 50), ["BegunAndMet a b"]);
        // One that is not heard of for long is neither near nor far.
        assert!(map.go("a", 5_000.0, 1_000).is_empty());
        assert_eq!(map.go("b", 105.0, 1_010), ["Parted a b"]);
        // A removed one is forgotten.
        assert_eq!(map.go("a", 105.0, 1_020), ["BegunAndMet a b"]);
        map.by_id.remove(&VehicleId::new("b").unwrap());
        assert!(map.go("a", 5_000.0, 1_030).is_empty());
        assert!(map.watch.open.is_empty() && map.watch.of_vehicle.is_empty());
    }

    #[test]
    fn a_meeting_may_have_to_last_by_positions_or_by_the_clock() {
        let mut map = Map::new(vec![fence(1, 100.0, Some(60), VehicleSelection::default())]);
        map.add("a", 1);
        map.add("b", 2);
        map.go("a", 0.0, 0);
        assert_eq!(map.go("b", 10.0, 0), ["Began a b"]);
        assert!(map.go("b", 20.0, 59).is_empty());
        assert_eq!(map.go("b", 20.0, 60), ["Met a b"]);
        assert_eq!(map.go("b", 500.0, 61), ["Parted a b"]);
        assert_eq!(map.go("b", 20.0, 100), ["Began a b"]);
        map.watch.look(at(159), &map.by_id);
        assert!(map.told().is_empty());
        map.watch.look(at(160), &map.by_id);
        assert_eq!(map.told(), ["Met a b"]);
        map.watch.look(at(161), &map.by_id);
        assert!(map.told().is_empty());
    }

    #[test]
    fn stored_encounters_go_on_and_what_a_fence_does_not_concern_any_more_ends_untold() {
        let mut map = Map::new(vec![fence(1, 100.0, None, VehicleSelection::default())]);
        map.add("a", 1);
        map.add("b", 2);
        map.go("a", 0.0, 0);
        map.go("b", 10.0, 0);
        let vehicles: Vec<_> = map.by_id.iter().map(|(id, live)| (live.no, id.clone())).collect();
        let (a, b) = (VehicleNo::new(1), VehicleNo::new(2));
        let open = [OpenEncounter { fence: RoamingFenceId::new(1).unwrap(), a, b, began_at: at(0), met: true }];
        let begin = |vehicles_of: VehicleSelection| {
            RoamingWatch::new(vec![fence(1, 100.0, None, vehicles_of)], &open, &vehicles, Arc::default())
        };
        map.watch = begin(VehicleSelection::default());
        assert!(map.go("a", 0.0, 10).is_empty(), "it lasts");
        map.watch = begin(of_ids(&["a"]));
        map.go("a", 0.0, 20);
        let live = map.by_id[&VehicleId::new("a").unwrap()].clone();
        map.watch = begin(of_ids(&["a"]));
        map.watch.moved(&live, &map.by_id, &map.by_place);
        let steps = map.watch.take_steps();
        assert_eq!(steps.len(), 1);
        assert!(steps[0].step == EncounterStep::Parted && !steps[0].raises());
    }

    /// `cargo test --release -p milepost-service --lib roaming -- --ignored --nocapture`
    #[test]
    #[ignore = "a measurement"]
    fn a_position_among_a_thousand_roaming_fences_costs_microseconds() {
        const VEHICLES: u32 = 10_000;
        for (name, fences) in [
            (
                "of two vehicles each",
                (0..1_000)
                    .map(|at| {
                        let (one, other) = ((at * 7 % VEHICLES).to_string(), (at * 13 % VEHICLES + 1).to_string());
                        fence(i64::from(at) + 1, 100.0, None, of_ids(&[&one, &other]))
                    })
                    .collect::<Vec<_>>(),
            ),
            (
                "of all vehicles each",
                (0..1_000)
                    .map(|at| fence(at + 1, 10.0 + at as f64 / 100.0, None, VehicleSelection::default()))
                    .collect(),
            ),
        ] {
            let mut map = Map::new(fences);
            for no in 1..=VEHICLES {
                map.add(&no.to_string(), no);
                // A street with a vehicle every fifty metres.
                map.go(&no.to_string(), f64::from(no) * 50.0, 0);
            }
            let begun = std::time::Instant::now();
            let mut found = 0;
            for round in 1..=2_i64 {
                for no in 1..=VEHICLES {
                    let id = VehicleId::new(&no.to_string()).unwrap();
                    let live = map.by_id.get_mut(&id).unwrap();
                    let before = live.last.clone().unwrap();
                    let latitude = Latitude::new(before.latitude.get() + 1e-6).unwrap();
                    live.last = Some(Position { latitude, at: at(round), ..before.clone() });
                    map.by_place.shift(live.number, (&before).into(), live.last.as_ref().unwrap().into());
                    map.watch.moved(&map.by_id[&id], &map.by_id, &map.by_place);
                    found += map.watch.take_steps().len();
                }
            }
            let each = begun.elapsed().as_secs_f64() * 1e6 / f64::from(2 * VEHICLES);
            println!("1,000 roaming fences {name}: {each:.2} µs a position ({found} found)");
            assert!(each < 1_000.0);
        }
    }
}
