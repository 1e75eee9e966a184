//! Vehicles on a live map come near each other and part.

use super::*;
use milepost_domain::{
    DwellTime, EncounterTriggers, Label, Latitude, Longitude, RadiusM, RoamingFenceDescription, TenantId, VehicleKind,
    VehicleList, VehicleSelection,
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
        self.add_kind(id, no, "bus");
    }

    fn add_kind(&mut self, id: &str, no: u32, kind: &str) {
        let kind = VehicleKind::new(kind).unwrap();
        let vehicle = Arc::new(Vehicle::new(VehicleId::new(id).unwrap(), kind, Label::new(id).unwrap()));
        let live = LiveVehicle { no: VehicleNo::new(i64::from(no)), vehicle, last: None, number: no };
        self.by_id.insert(live.vehicle.id.clone(), live);
    }

    /// Moves a vehicle this many metres north of 48°, and returns what was found.
    fn go(&mut self, id: &str, north_m: f64, seconds: i64) -> Vec<String> {
        self.go_to(id, (48.0 + north_m / 111_132.0, 180.0), seconds)
    }

    fn go_to(&mut self, id: &str, (latitude, longitude): (f64, f64), seconds: i64) -> Vec<String> {
        let (latitude, longitude) = (Latitude::new(latitude).unwrap(), Longitude::new(longitude).unwrap());
        let id = VehicleId::new(id).unwrap();
        let position = Position::new(id.clone(), at(seconds), latitude, longitude);
        let live = self.by_id.get_mut(&id).unwrap();
        match live.last.replace(position.clone()) {
            Some(before) => self.by_place.shift(live.number, (&before).into(), (&position).into()),
            None => self.by_place.insert(live.number, (&position).into(), Arc::clone(&live.vehicle)),
        }
        self.watch.moved(&self.by_id[&id], &self.by_id, &self.by_place);
        self.told()
    }

    fn told(&mut self) -> Vec<String> {
        let RoamingFound { steps, .. } = self.watch.take_found();
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
    let removed = map.by_id.remove(&VehicleId::new("b").unwrap()).unwrap();
    map.watch.removed(&removed);
    assert!(map.watch.open.is_empty() && map.watch.of_vehicle.is_empty());
    assert!(map.go("a", 5_000.0, 1_030).is_empty());
}

#[test]
fn vehicles_meet_across_the_antimeridian_and_at_a_pole() {
    let mut map = Map::new(vec![fence(1, 100.0, None, VehicleSelection::default())]);
    map.add("a", 1);
    map.add("b", 2);
    // 0.001° of longitude at the equator are 111 m.
    map.go_to("a", (0.0, 179.9997), 0);
    assert!(map.go_to("b", (0.0, -179.9993), 0).is_empty());
    assert_eq!(map.go_to("b", (0.0, -179.9997), 10), ["BegunAndMet a b"]);
    assert_eq!(map.go_to("b", (0.0, -179.9990), 20), ["Parted a b"]);
    map.go_to("a", (89.9998, 10.0), 30);
    assert_eq!(map.go_to("b", (89.9998, -170.0), 30), ["BegunAndMet a b"]);
    assert_eq!(map.go_to("b", (-89.9998, -170.0), 40), ["Parted a b"]);
}

#[test]
fn two_vehicles_meet_once_in_a_fence_in_which_both_have_both_roles() {
    let both = of_ids(&["a", "b"]);
    let mut fence = fence(7, 100.0, None, both.clone());
    fence.description.others = Some(both);
    let mut map = Map::new(vec![fence]);
    map.add("b", 1);
    map.add("a", 2);
    map.go("a", 0.0, 0);
    // The one with the lower number is called the first, whichever moves.
    assert_eq!(map.go("b", 10.0, 0), ["BegunAndMet b a"]);
    assert!(map.go("a", 5.0, 10).is_empty() && map.go("b", 5.0, 10).is_empty());
    assert_eq!(map.go("a", 500.0, 20), ["Parted b a"]);
}

#[test]
fn of_many_fences_those_count_in_which_two_vehicles_have_different_roles() {
    let of_kind = |kind: &str| VehicleSelection::new(None, vec![VehicleKind::new(kind).unwrap()], Vec::new()).unwrap();
    // The hundredth is for vans that meet buses, and no other concerns two vehicles of this map.
    let fences = (1..=130).map(|id| {
        let (vehicles, others) = if id == 100 { ("van", "bus") } else { ("bus", "lorry") };
        let mut fence = fence(id, 100.0 + id as f64, None, of_kind(vehicles));
        fence.description.others = Some(of_kind(others));
        fence
    });
    let mut map = Map::new(fences.collect());
    map.add("a", 1);
    map.add("b", 2);
    map.add_kind("v", 3, "van");
    map.go("a", 0.0, 0);
    assert!(map.go("b", 0.0, 0).is_empty());
    assert_eq!(map.go("v", 199.0, 0), ["BegunAndMet v a", "BegunAndMet v b"]);
}

#[test]
fn while_too_much_waits_to_be_stored_places_are_passed_over_and_that_is_told() {
    let mut map = Map::new(vec![fence(1, 100.0, None, VehicleSelection::default())]);
    map.add("a", 1);
    map.add("b", 2);
    map.go("a", 0.0, 0);
    map.go("b", 10.0, 0);
    let step = {
        map.go("b", 500.0, 1);
        map.go("b", 10.0, 2);
        let live = map.by_id[&VehicleId::new("b").unwrap()].clone();
        let open = map.watch.open.values().next().unwrap();
        let pair = *map.watch.open.keys().next().unwrap();
        found(pair, open, (&live, &live), EncounterStep::Began, at(2), 0.0)
    };
    map.watch.steps = vec![step; MOST_STEPS];
    let before = map.watch.open.len();
    let found = {
        let live = map.by_id.get_mut(&VehicleId::new("b").unwrap()).unwrap();
        live.last.as_mut().unwrap().latitude = Latitude::new(50.0).unwrap();
        let live = live.clone();
        map.watch.moved(&live, &map.by_id, &map.by_place);
        map.watch.take_found()
    };
    assert!(found.has_passed_over && found.steps.len() == MOST_STEPS && map.watch.open.len() == before);
    assert!(!map.watch.take_found().has_passed_over);
    let live = map.by_id[&VehicleId::new("b").unwrap()].clone();
    map.watch.moved(&live, &map.by_id, &map.by_place);
    assert_eq!(map.told(), ["Parted a b"]);
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
    let steps = map.watch.take_found().steps;
    assert_eq!(steps.len(), 1);
    assert!(steps[0].step == EncounterStep::Dropped && !steps[0].raises());
}

/// This thread's time on a processor: others may be busy with it too.
fn cpu_ns() -> f64 {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    stat.split(' ').next().unwrap().parse().unwrap()
}

/// `cargo test --release -p milepost-service --lib roaming -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn a_position_among_a_thousand_roaming_fences_costs_microseconds() {
    const VEHICLES: u32 = 10_000;
    let pairs = |at: u32| of_ids(&[&(at * 7 % VEHICLES + 1).to_string(), &(at * 13 % VEHICLES + 2).to_string()]);
    let one_and_all = |at: u32| {
        let mut fence = fence(i64::from(at) + 1, 100.0, None, of_ids(&[&(at * 10 + 1).to_string()]));
        fence.description.others = Some(VehicleSelection::default());
        fence
    };
    let all = |at: u32| fence(i64::from(at) + 1, 10.0 + f64::from(at) / 100.0, None, VehicleSelection::default());
    let measured: [(&str, f64, Vec<RoamingFence>); 4] = [
        ("of two vehicles each", 50.0, (0..1_000).map(|at| fence(i64::from(at) + 1, 100.0, None, pairs(at))).collect()),
        ("of one vehicle with all", 50.0, (0..1_000).map(one_and_all).collect()),
        ("of all vehicles each, none near", 50.0, (0..1_000).map(all).collect()),
        ("of all vehicles each, as many encounters as there may be", 15.0, (0..1_000).map(all).collect()),
    ];
    for (name, apart_m, fences) in measured {
        let mut map = Map::new(fences);
        for no in 1..=VEHICLES {
            map.add(&no.to_string(), no);
            // A street with a vehicle every few metres.
            map.go(&no.to_string(), f64::from(no) * apart_m, 0);
        }
        let open = map.watch.open.len();
        let begun = cpu_ns();
        for round in 1..=4_i64 {
            for no in 1..=VEHICLES {
                let id = VehicleId::new(&no.to_string()).unwrap();
                let live = map.by_id.get_mut(&id).unwrap();
                let before = live.last.clone().unwrap();
                let latitude = Latitude::new(before.latitude.get() + 1e-6).unwrap();
                live.last = Some(Position { latitude, at: at(round), ..before.clone() });
                map.by_place.shift(live.number, (&before).into(), live.last.as_ref().unwrap().into());
                map.watch.moved(&map.by_id[&id], &map.by_id, &map.by_place);
                map.watch.take_found();
            }
        }
        let each = (cpu_ns() - begun) / 1e3 / f64::from(4 * VEHICLES);
        println!("1,000 roaming fences {name}: {each:.2} µs a position ({open} encounters last)");
    }
}
