//! Passages through fences, compared with an independent computation: every straight line between two fixes is walked in steps
//! of two metres on a plane.

use crate::made_up_drive::{facts, time};
use milepost_domain::{AccuracyM, Position, SpeedKmh, Timestamp, VehicleId};
use milepost_geo::{EARTH_RADIUS_M, Fence, Point};
use milepost_track::{FenceId, FenceSet, PlacedFence, Rules, TrackFact};
use std::f64::consts::TAU;

const DEGREE_M: f64 = EARTH_RADIUS_M * std::f64::consts::PI / 180.0;
/// The middle of the plane: degrees north, degrees east.
const MIDDLE: (f64, f64) = (45.0, 7.0);
/// A stretch that leads this far from the edge has to be found, one that does not lead farther than [`SHALLOW_M`] must not.
const DEEP_M: f64 = 6.0;
const SHALLOW_M: f64 = 4.0;
/// So exact is a published place, and so far off may the plane be.
const EXACT_M: f64 = 1.5;
const EXACT_S: f64 = 1.5;

/// Metres east and north.
type Place = (f64, f64);

fn east_degree_m() -> f64 {
    DEGREE_M * MIDDLE.0.to_radians().cos()
}

fn point((east_m, north_m): Place) -> Point {
    Point::from_degrees(MIDDLE.0 + north_m / DEGREE_M, MIDDLE.1 + east_m / east_degree_m()).unwrap()
}

fn place(point: Point) -> Place {
    ((point.longitude.get() - MIDDLE.1) * east_degree_m(), (point.latitude.get() - MIDDLE.0) * DEGREE_M)
}

fn between(a: Place, b: Place, part: f64) -> Place {
    (a.0 + part * (b.0 - a.0), a.1 + part * (b.1 - a.1))
}

fn apart_m(a: Place, b: Place) -> f64 {
    (a.0 - b.0).hypot(a.1 - b.1)
}

/// A fence on the plane.
#[derive(Debug, Clone)]
enum Drawing {
    Circle(Place, f64),
    /// Rings, the outer one first.
    Polygon(Vec<Vec<Place>>),
    Corridor(Vec<Place>, f64),
}

fn to_edge_m(from: Place, a: Place, b: Place) -> f64 {
    let (east, north) = (b.0 - a.0, b.1 - a.1);
    let part = ((from.0 - a.0) * east + (from.1 - a.1) * north) / (east * east + north * north);
    apart_m(from, between(a, b, part.clamp(0.0, 1.0)))
}

impl Drawing {
    fn build(&self) -> Fence {
        let points = |places: &[Place]| places.iter().copied().map(point).collect::<Vec<_>>();
        match self {
            Self::Circle(centre, radius_m) => Fence::circle(point(*centre), *radius_m).unwrap(),
            Self::Polygon(rings) => Fence::polygon(&rings.iter().map(|ring| points(ring)).collect::<Vec<_>>()).unwrap(),
            Self::Corridor(line, width_m) => Fence::corridor(&points(line), *width_m).unwrap(),
        }
    }

    /// Metres from the edge, negative inside.
    fn outside_m(&self, from: Place) -> f64 {
        match self {
            Self::Circle(centre, radius_m) => apart_m(from, *centre) - radius_m,
            Self::Corridor(line, width_m) => {
                line.windows(2).map(|two| to_edge_m(from, two[0], two[1])).fold(f64::INFINITY, f64::min) - width_m
            }
            Self::Polygon(rings) => {
                let edges =
                    rings.iter().flat_map(|ring| ring.iter().copied().zip(ring.iter().copied().cycle().skip(1)));
                let (mut nearest_m, mut is_inside) = (f64::INFINITY, false);
                for (a, b) in edges {
                    nearest_m = nearest_m.min(to_edge_m(from, a, b));
                    let is_beside = (a.1 > from.1) != (b.1 > from.1);
                    is_inside ^= is_beside && from.0 < a.0 + (from.1 - a.1) / (b.1 - a.1) * (b.0 - a.0);
                }
                if is_inside { -nearest_m } else { nearest_m }
            }
        }
    }

    /// A fence about this far from a place, at most.
    fn random(dice: &mut fastrand::Rng, near: Place, spread_m: f64) -> Self {
        let mut metres = |least: f64, most: f64| least + dice.f64() * (most - least);
        let centre = (near.0 + metres(-spread_m, spread_m), near.1 + metres(-spread_m, spread_m));
        match metres(0.0, 3.0) as u32 {
            0 => Self::Circle(centre, metres(10.0, 700.0)),
            1 => {
                let (size_m, corners) = (metres(40.0, 900.0), metres(3.0, 12.0) as u32);
                let star: Vec<Place> = (0..corners)
                    .map(|corner| {
                        let (angle, reach_m) =
                            (f64::from(corner) / f64::from(corners) * TAU, size_m * metres(0.4, 1.0));
                        (reach_m * angle.sin(), reach_m * angle.cos())
                    })
                    .collect();
                let ring = |part: f64| star.iter().map(|at| (centre.0 + part * at.0, centre.1 + part * at.1)).collect();
                let has_hole = metres(0.0, 1.0) < 0.4;
                Self::Polygon(if has_hole { vec![ring(1.0), ring(0.5)] } else { vec![ring(1.0)] })
            }
            _ => {
                let line = (0..metres(2.0, 6.0) as u32).scan(centre, |at, _| {
                    *at = (at.0 + metres(-900.0, 900.0), at.1 + metres(-900.0, 900.0));
                    Some(*at)
                });
                Self::Corridor(line.collect(), metres(5.0, 200.0))
            }
        }
    }

    /// A place that lies so far outside of the edge, if one is found.
    fn beside(&self, from: Place, outside_m: f64) -> Option<Place> {
        let (mut inside, mut outside) = match self {
            Self::Circle(centre, _) => (*centre, from),
            Self::Corridor(line, _) => (line[0], from),
            Self::Polygon(rings) => {
                let [a, b, c] = [rings[0][0], rings[0][1], rings[0][2]];
                (between(between(a, b, 0.5), between(b, c, 0.5), 0.1), from)
            }
        };
        if self.outside_m(inside) > outside_m || self.outside_m(outside) < outside_m {
            return None;
        }
        for _ in 0..60 {
            let middle = between(inside, outside, 0.5);
            *(if self.outside_m(middle) > outside_m { &mut outside } else { &mut inside }) = middle;
        }
        Some(inside)
    }
}

/// A fix: seconds, place.
type Fix = (f64, Place);

/// A crossing: does it enter, when in seconds, where.
#[derive(Debug, Clone, Copy)]
struct Crossing {
    enters: bool,
    at_s: f64,
    place: Place,
}

/// A part of the path on one side of the edge.
#[derive(Debug)]
struct Stretch {
    begin: Crossing,
    /// Duration of the line between two fixes on which it begins.
    line_s: f64,
    deepest_m: f64,
}

/// The stretches of a path, whole.
fn stretches(drawing: &Drawing, path: &[Fix]) -> Vec<Stretch> {
    let (first_s, first) = path[0];
    let outside_m = drawing.outside_m(first);
    let begin = Crossing { enters: outside_m < 0.0, at_s: first_s, place: first };
    let mut found = vec![Stretch { begin, line_s: 0.0, deepest_m: outside_m.abs() }];
    for two in path.windows(2) {
        let ((from_s, from), (to_s, to)) = (two[0], two[1]);
        let length_m = apart_m(from, to);
        let far_m = drawing.outside_m(from).abs();
        if far_m > length_m {
            // The line is too short to reach the edge.
            let last = found.last_mut().unwrap();
            last.deepest_m = last.deepest_m.max(far_m);
            continue;
        }
        let steps = (length_m / 2.0).ceil().max(1.0);
        for step in 1..=steps as u32 {
            let part = f64::from(step) / steps;
            let outside_m = drawing.outside_m(between(from, to, part));
            let last = found.last_mut().unwrap();
            if (outside_m < 0.0) == last.begin.enters {
                last.deepest_m = last.deepest_m.max(outside_m.abs());
                continue;
            }
            let (mut before, mut after) = (f64::from(step - 1) / steps, part);
            for _ in 0..30 {
                let middle = f64::midpoint(before, after);
                let is_after = (drawing.outside_m(between(from, to, middle)) < 0.0) != last.begin.enters;
                *(if is_after { &mut after } else { &mut before }) = middle;
            }
            let begin = Crossing {
                enters: outside_m < 0.0,
                at_s: from_s + after * (to_s - from_s),
                place: between(from, to, after),
            };
            found.push(Stretch { begin, line_s: to_s - from_s, deepest_m: outside_m.abs() });
        }
    }
    found
}

/// What the fold says of each fence.
fn published(drawings: &[Drawing], positions: &[Position]) -> Vec<(usize, Crossing)> {
    let fences = drawings.iter().enumerate().map(|(index, drawing)| PlacedFence {
        id: FenceId(index as u64),
        fence: drawing.build(),
        dwell_ms: None,
        speed_limit_kmh: None,
    });
    let crossing = |enters, at: Timestamp, point| Crossing {
        enters,
        at_s: at.ms_since(time(0)) as f64 / 1000.0,
        place: place(point),
    };
    let facts = facts(positions, &Rules::default(), &FenceSet::new(fences.collect()));
    let crossings = facts.iter().filter_map(|fact| match fact {
        TrackFact::VisitBegan(visit) => Some((visit.fence.0 as usize, crossing(true, visit.entered_at, visit.entered))),
        TrackFact::VisitEnded(visit) => {
            Some((visit.fence.0 as usize, crossing(false, visit.left_at.unwrap(), visit.left.unwrap())))
        }
        _ => None,
    });
    crossings.collect()
}

fn positions(path: &[Fix], tells_speed: bool, accuracy_m: Option<f64>) -> Vec<Position> {
    let mut before = path[0];
    let told = path.iter().map(|&(at_s, at)| {
        let point = point(at);
        let mut position =
            Position::new(VehicleId::new("v1").unwrap(), time((at_s * 1000.0) as i64), point.latitude, point.longitude);
        let kmh = apart_m(before.1, at) / (at_s - before.0).max(1.0) * 3.6;
        position.speed = tells_speed.then(|| SpeedKmh::new(kmh.max(12.0)).unwrap());
        position.accuracy = accuracy_m.map(|m| AccuracyM::new(m).unwrap());
        before = (at_s, at);
        position
    });
    told.collect()
}

/// Counts of crossings that had to be found, and of those that were not, or not there.
#[derive(Debug, Default)]
struct Score {
    expected: usize,
    missed: Vec<String>,
    unsure: usize,
}

impl Score {
    fn compare(&mut self, drawings: &[Drawing], path: &[Fix], positions: &[Position], about: &str) {
        let told = published(drawings, positions);
        for (index, drawing) in drawings.iter().enumerate() {
            let stretches = stretches(drawing, path);
            let told: Vec<Crossing> =
                told.iter().filter(|(of, _)| *of == index).map(|(_, crossing)| *crossing).collect();
            let is_same = |a: &Crossing, b: &Crossing| {
                a.enters == b.enters && apart_m(a.place, b.place) <= EXACT_M && (a.at_s - b.at_s).abs() <= EXACT_S
            };
            // Whatever is published is a crossing of the path. So is where it was first seen inside.
            for crossing in &told {
                if !stretches.iter().any(|stretch| is_same(&stretch.begin, crossing)) {
                    self.missed.push(format!("{about}: invented {crossing:?} at {drawing:?}"));
                }
            }
            for (at, stretch) in stretches.iter().enumerate() {
                let before_m = if at == 0 { f64::INFINITY } else { stretches[at - 1].deepest_m };
                let is_first_outside = at == 0 && !stretch.begin.enters;
                if is_first_outside || stretch.deepest_m < SHALLOW_M || before_m < SHALLOW_M {
                    continue;
                }
                if stretch.deepest_m < DEEP_M || before_m < DEEP_M {
                    self.unsure += 1;
                    continue;
                }
                self.expected += 1;
                if !told.iter().any(|crossing| is_same(crossing, &stretch.begin)) {
                    self.missed.push(format!("{about}: missed {stretch:?} at {drawing:?}"));
                }
            }
        }
    }

    #[track_caller]
    fn check(&self, at_least: usize) {
        assert!(
            self.missed.is_empty(),
            "{} of {}:\n{}",
            self.missed.len(),
            self.expected,
            self.missed[..self.missed.len().min(5)].join("\n")
        );
        assert!(self.expected >= at_least, "{} crossings", self.expected);
        assert!(self.unsure * 10 < self.expected, "{} crossings can't be judged", self.unsure);
    }
}

/// A vehicle that drives all the time, often to a place just beside an edge, and at last away from all fences.
fn drive(dice: &mut fastrand::Rng, drawings: &[Drawing]) -> Vec<Fix> {
    let mut path = vec![(0.0, (-4000.0, -4000.0)), (20.0, (-3800.0, -3900.0)), (40.0, (-3600.0, -3800.0))];
    let every_s = [12.0, 15.0, 60.0, 150.0][dice.usize(0..4)];
    let least_m = 130.0;
    let most_m = (every_s * 30.0_f64).max(least_m + 60.0);
    while path.len() < 64 {
        let (at_s, at) = path[path.len() - 1];
        let before = path[path.len() - 2].1;
        let drawing = &drawings[dice.usize(0..drawings.len())];
        let edge = drawing.beside(at, [-40.0, -12.0, -3.0, -0.4, 0.4, 3.0, 6.5, 12.0, 40.0][dice.usize(0..9)]);
        let near = edge.filter(|edge| (least_m..most_m).contains(&apart_m(at, *edge)));
        let next = near.unwrap_or_else(|| {
            let (angle, reach_m) = (dice.f64() * TAU, least_m + dice.f64() * (most_m - least_m));
            let next = (at.0 + reach_m * angle.sin(), at.1 + reach_m * angle.cos());
            let out_m = apart_m(next, (0.0, 0.0));
            if out_m > 5000.0 { between(at, (0.0, 0.0), (least_m / apart_m(at, (0.0, 0.0))).min(1.0)) } else { next }
        });
        // Back where it was two fixes ago it would stand, and the fix between would be noise.
        let step_m = apart_m(at, next);
        if apart_m(before, next) < 110.0 {
            continue;
        }
        path.push((at_s + every_s.max(step_m / 40.0), next));
    }
    for _ in 0..2 {
        let (at_s, at) = path[path.len() - 1];
        path.push((at_s + 290.0, (at.0 + 8000.0, at.1 + 3000.0)));
    }
    path
}

#[test]
fn every_passage_of_a_driving_vehicle_is_found_where_and_when_it_was() {
    let mut score = Score::default();
    for seed in 0..150 {
        let mut dice = fastrand::Rng::with_seed(seed);
        let drawings: Vec<Drawing> = (0..6).map(|_| Drawing::random(&mut dice, (0.0, 0.0), 2500.0)).collect();
        let tells_speed = dice.bool();
        let path = drive(&mut dice, &drawings);
        let most_m = if tells_speed { 90.0 } else { 45.0 };
        let accuracy_m = dice.bool().then(|| (dice.f64() * most_m).max(1.0));
        let about = format!("seed {seed}, accuracy {accuracy_m:?}");
        score.compare(&drawings, &path, &positions(&path, tells_speed, accuracy_m), &about);
    }
    score.check(3_000);
}

/// A recorded track on the plane, as far as it has times of its own: fixes, and their speeds if they are known, km/h.
fn recorded(text: &str, columns: [usize; 4], is_of: &str, speed: Option<usize>) -> (Vec<Fix>, Vec<Option<f64>>) {
    let rows = text.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    let mut fixes: Vec<(f64, (f64, f64), Option<f64>)> = rows
        .filter(|row| row[columns[0]] == is_of)
        .map(|row| {
            let number = |column: usize| row[column].parse::<f64>().unwrap();
            let clock = &row[columns[1]][11..19];
            let at_s = clock.split(':').fold(0.0, |sum, part| sum * 60.0 + part.parse::<f64>().unwrap());
            (at_s, (number(columns[2]), number(columns[3])), speed.map(|column| number(column) * 3.6))
        })
        .collect();
    fixes.sort_by(|a, b| a.0.total_cmp(&b.0));
    fixes.dedup_by_key(|fix| fix.0 as i64);
    let (north, east) = fixes[0].1;
    let on_plane = |(latitude, longitude): (f64, f64)| {
        ((longitude - east) * DEGREE_M * north.to_radians().cos(), (latitude - north) * DEGREE_M)
    };
    let path = fixes.iter().map(|&(at_s, at, _)| (at_s, on_plane(at))).collect();
    (path, fixes.iter().map(|fix| fix.2).collect())
}

#[test]
fn recorded_vehicles_are_found_within_50_m_of_where_they_came_and_left() {
    const THREE: &str = include_str!("../../../../tools/evaluate/testdata/austin_2016_three_buses.csv");
    const AUSTIN: &str = include_str!("../../../formats/testdata/austin_2016_ms.csv");
    const NEW_YORK: &str = include_str!("../../../../tools/evaluate/testdata/nyc_7564.csv");
    /// A stretch that leads this far from the edge has to be found: a standing vehicle's noise does not lead there.
    const FAR_M: f64 = 30.0;
    let austin = [0, 1, 5, 6];
    let tracks = [
        recorded(THREE, austin, "10103", Some(2)),
        recorded(THREE, austin, "10104", Some(2)),
        recorded(THREE, austin, "10105", None),
        recorded(AUSTIN, austin, "8948", Some(2)),
        recorded(NEW_YORK, [0, 3, 1, 2], "MTA NYCT_7564", None),
    ];
    let (mut expected, mut wrong) = (0, Vec::new());
    for (track, (path, speeds)) in tracks.iter().enumerate() {
        let mut dice = fastrand::Rng::with_seed(track as u64);
        let near = |dice: &mut fastrand::Rng| path[dice.usize(0..path.len())].1;
        let drawings: Vec<Drawing> = (0..250)
            .map(|_| {
                let near = near(&mut dice);
                Drawing::random(&mut dice, near, 300.0)
            })
            .collect();
        let mut positions = positions(path, false, None);
        for (position, kmh) in positions.iter_mut().zip(speeds) {
            position.speed = kmh.map(|kmh| SpeedKmh::new(kmh).unwrap());
        }
        let told = published(&drawings, &positions);
        for (index, drawing) in drawings.iter().enumerate() {
            let stretches = stretches(drawing, path);
            // On a line of more than five minutes no passage is looked for.
            let is_clear = |stretch: &Stretch| stretch.deepest_m >= FAR_M && stretch.line_s <= 300.0;
            for two in stretches.windows(2).filter(|two| two.iter().all(is_clear)) {
                let begin = two[1].begin;
                let is_same = |crossing: &Crossing| {
                    let is_near = apart_m(crossing.place, begin.place) <= 50.0;
                    crossing.enters == begin.enters && is_near && (crossing.at_s - begin.at_s).abs() <= 60.0
                };
                expected += 1;
                if !told.iter().any(|(of, crossing)| *of == index && is_same(crossing)) {
                    wrong.push(format!("track {track}: {begin:?} at {drawing:?}"));
                }
            }
        }
    }
    assert!(
        expected >= 2_000 && wrong.len() * 2_000 <= expected,
        "{} of {expected}:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

fn square(half_m: f64) -> Drawing {
    let corner = |(east, north): (f64, f64)| (east * half_m, north * half_m);
    Drawing::Polygon(vec![[(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0)].map(corner).to_vec()])
}

/// The crossings of one fence, as (enters, seconds, place in whole metres).
fn crossings(
    drawing: Drawing,
    path: &[Fix],
    kmh: Option<f64>,
    accuracy_m: Option<f64>,
) -> Vec<(bool, i64, (i64, i64))> {
    let mut positions = positions(path, false, accuracy_m);
    positions.iter_mut().for_each(|position| position.speed = kmh.map(|kmh| SpeedKmh::new(kmh).unwrap()));
    let rounded = |(_, crossing): (usize, Crossing)| {
        let (east_m, north_m) = crossing.place;
        (crossing.enters, crossing.at_s.round() as i64, (east_m.round() as i64, north_m.round() as i64))
    };
    published(&[drawing], &positions).into_iter().map(rounded).collect()
}

#[test]
fn a_corridor_is_left_where_its_edge_is_whatever_the_accuracy() {
    let path: Vec<Fix> = [-2400.0, -600.0, 0.0, 600.0, 2400.0, 4200.0, 6000.0]
        .iter()
        .enumerate()
        .map(|(minute, east_m)| (60.0 * minute as f64, (*east_m, 0.0)))
        .collect();
    let expected = [(true, 110, (-100, 0)), (false, 130, (100, 0))];
    for accuracy_m in [None, Some(1.0), Some(10.0), Some(15.0), Some(20.0), Some(25.0), Some(40.0), Some(100.0)] {
        let corridor = Drawing::Corridor(vec![(0.0, -5000.0), (0.0, 5000.0)], 100.0);
        let strip = Drawing::Polygon(vec![vec![(-100.0, -5e3), (100.0, -5e3), (100.0, 5e3), (-100.0, 5e3)]]);
        for drawing in [corridor, strip] {
            assert_eq!(crossings(drawing, &path, None, accuracy_m), expected, "{accuracy_m:?}");
        }
        // A narrow one is crossed too, although no place in it is far from an edge.
        let narrow = Drawing::Corridor(vec![(300.0, -5000.0), (300.0, 5000.0)], 5.0);
        let expected = [(true, 150, (295, 0)), (false, 151, (305, 0))];
        assert_eq!(crossings(narrow, &path, None, accuracy_m), expected, "{accuracy_m:?}");
    }
}

#[test]
fn a_way_back_through_the_fence_is_a_passage_wherever_the_fix_before_it_lies() {
    let told = |outside_m: f64| {
        let path = [
            (0.0, (-200.0, -900.0)),
            (60.0, (-200.0, 0.0)),
            (120.0, (-100.0, 300.0 + outside_m)),
            (180.0, (100.0, -600.0)),
            (240.0, (100.0, -1200.0)),
            (300.0, (100.0, -1800.0)),
        ];
        crossings(square(300.0), &path, Some(36.0), None)
    };
    let [enter, exit] = [(true, 40, (-200, -300)), (false, 160, (33, -300))];
    // Within a touch of the edge it never left.
    assert_eq!(told(0.5), [enter, exit]);
    for outside_m in [6.0, 20.0, 40.0] {
        let told = told(outside_m);
        let kinds: Vec<bool> = told.iter().map(|crossing| crossing.0).collect();
        assert_eq!(kinds, [true, false, true, false], "{outside_m} m");
        assert!((110..120).contains(&told[1].1) && (120..126).contains(&told[2].1), "{told:?}");
        assert!(told[1..3].iter().all(|(_, _, place)| place.1 == 300), "{told:?}");
        assert!((158..=161).contains(&told[3].1) && told[3].2.1 == -300, "{told:?}");
    }
}

#[test]
fn the_parts_of_one_line_through_a_hole_are_passages_of_their_own() {
    let Drawing::Polygon(outer) = square(900.0) else { unreachable!() };
    let Drawing::Polygon(hole) = square(300.0) else { unreachable!() };
    let ring = Drawing::Polygon([outer, hole].concat());
    let path: Vec<Fix> =
        (0..6).map(|fix| (100.0 * f64::from(fix), (-5000.0 + 2000.0 * f64::from(fix), 10.0))).collect();
    let expected = [(true, 205, (-900, 10)), (false, 235, (-300, 10)), (true, 265, (300, 10)), (false, 295, (900, 10))];
    assert_eq!(crossings(ring, &path, None, None), expected);
}

#[test]
fn a_silence_does_not_move_the_crossing_before_it() {
    let fence = || Drawing::Circle((0.0, 0.0), 150.0);
    let stood = [(0.0, -900.0), (60.0, 0.0), (120.0, 0.0), (180.0, 0.0), (240.0, 0.0)];
    let path = |rest: &[(f64, f64)]| -> Vec<Fix> {
        stood.iter().chain(rest).map(|(at_s, east_m)| (*at_s, (*east_m, 0.0))).collect()
    };
    // Seen outside once before the silence: it left before that.
    let seen = path(&[(300.0, 450.0), (3900.0, 17_000.0), (3960.0, 17_900.0), (4020.0, 18_800.0)]);
    assert_eq!(crossings(fence(), &seen, None, None), [(true, 50, (-150, 0)), (false, 260, (150, 0))]);
    // A jump that is a relocation changes nothing in that.
    let moved = path(&[(300.0, 450.0), (310.0, 90_000.0), (350.0, 90_100.0), (400.0, 90_200.0), (460.0, 91_000.0)]);
    assert_eq!(crossings(fence(), &moved, None, None), [(true, 50, (-150, 0)), (false, 260, (150, 0))]);
    // Not seen outside: it left somewhere on the way to where it is found again, and certainly at the edge.
    let unseen = path(&[(3840.0, 18_000.0), (3900.0, 18_900.0), (3960.0, 19_800.0)]);
    assert_eq!(crossings(fence(), &unseen, None, None), [(true, 50, (-150, 0)), (false, 270, (150, 0))]);
    // The other way round.
    let came: Vec<Fix> = [(0.0, -17_000.0), (3400.0, 0.0), (3460.0, 10.0), (3520.0, 900.0), (3580.0, 1800.0)]
        .map(|(at_s, east_m)| (at_s, (east_m, 0.0)))
        .to_vec();
    assert_eq!(crossings(fence(), &came, None, None)[0], (true, 3370, (-150, 0)));
}
