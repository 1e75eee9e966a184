//! Polygons with holes, one or several.

use super::borders::without_shared;
use super::bounds::Bounds;
use super::crossings::Crossings;
use super::few::Few;
use super::frame::{Corner, Edge, Frame};
use super::invalid_fence::InvalidFence;
use super::nearest::{Viewpoint, far_m, near_m};
use super::outline::Outline;
use super::ring::{Outlined, Ring};
use super::simple::{Owned, check_simple};
use crate::{Fence, Point};

/// Up to this distance the quick formula is tried first, metres.
const NEAR_M: f64 = 5_000.0;

/// The area that rings enclose by the even–odd rule.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Area {
    outline: Outline,
    holds_south_pole: bool,
    area_m2: f64,
}

impl Area {
    /// From polygons, each with its outer ring first.
    pub(super) fn new<P: AsRef<[R]>, R: AsRef<[Point]>>(polygons: &[P]) -> Result<Self, InvalidFence> {
        let corners: usize = polygons.iter().flat_map(|polygon| polygon.as_ref()).map(|ring| ring.as_ref().len()).sum();
        if corners > Fence::MAX_CORNERS {
            return Err(InvalidFence::geometry("must have at most 10000 corners"));
        }
        let mut outlined: Vec<Vec<Outlined>> = Vec::with_capacity(polygons.len());
        for polygon in polygons {
            outlined.push(polygon.as_ref().iter().map(|ring| Outlined::new(ring.as_ref())).collect::<Result<_, _>>()?);
        }
        if outlined.is_empty() || outlined.iter().any(Vec::is_empty) {
            return Err(InvalidFence::geometry("must have at least one ring in each polygon"));
        }
        let frame = Frame::around(outlined.iter().flatten().map(Outlined::arc));
        let place = |rings: Vec<Outlined>| rings.iter().map(|ring| ring.place(frame)).collect();
        let polygons: Vec<Vec<Ring>> = outlined.into_iter().map(place).collect();
        check_simple(frame, owned(&polygons))?;
        polygons.iter().try_for_each(|rings| check_holes(rings))?;
        check_apart(&polygons)?;
        Ok(Self::join(frame, polygons))
    }

    fn join(frame: Frame, polygons: Vec<Vec<Ring>>) -> Self {
        let area_m2 = polygons
            .iter()
            .map(|rings| rings[0].area_m2 - rings[1..].iter().map(|hole| hole.area_m2).sum::<f64>())
            .sum();
        let holds_south_pole = polygons.iter().flatten().filter(|ring| ring.holds_south_pole).count() % 2 == 1;
        let may_share = polygons.len() > 1 || frame.is_all_round;
        let edges: Vec<Edge> = polygons.into_iter().flatten().flat_map(|ring| ring.edges).collect();
        let edges = if may_share { without_shared(edges) } else { edges };
        Self { outline: Outline::new(frame, &edges), holds_south_pole, area_m2 }
    }

    pub(super) fn bounds(&self) -> Bounds {
        let bounds = self.outline.bounds();
        // An area that encloses a pole reaches to it; other areas end at their corners.
        let is_inside =
            |latitude_deg: f64| self.contains_corner(Corner { x: self.outline.extent().west, y: latitude_deg });
        Bounds {
            south_deg: if self.holds_south_pole { -90.0 } else { bounds.south_deg },
            north_deg: if is_inside(90.0) { 90.0 } else { bounds.north_deg },
            ..bounds
        }
    }

    pub(super) fn area_m2(&self) -> f64 {
        self.area_m2
    }

    pub(super) fn contains(&self, point: Point) -> bool {
        self.contains_corner(self.outline.frame().corner(point))
    }

    fn contains_corner(&self, place: Corner) -> bool {
        self.holds_south_pole != self.outline.is_odd_north(place)
    }

    pub(super) fn edge_distance_m(&self, point: Point) -> f64 {
        let place = self.outline.frame().corner(point);
        let from = Viewpoint::new(place);
        let near_m = if from.is_near(NEAR_M) { near_m(&self.outline, from, NEAR_M) } else { None };
        self.signed(place, near_m.unwrap_or_else(|| far_m(&self.outline, place)))
    }

    /// The same, clamped to plus and minus the limit.
    pub(super) fn edge_distance_within_m(&self, point: Point, limit_m: f64) -> f64 {
        let place = self.outline.frame().corner(point);
        let from = Viewpoint::new(place);
        if !from.is_near(limit_m) {
            return self.edge_distance_m(point).clamp(-limit_m, limit_m);
        }
        self.signed(place, near_m(&self.outline, from, limit_m).unwrap_or(limit_m))
    }

    fn signed(&self, place: Corner, distance_m: f64) -> f64 {
        if self.contains_corner(place) { -distance_m } else { distance_m }
    }

    pub(super) fn crossings(&self, from: Point, to: Point) -> Crossings {
        let frame = self.outline.frame();
        let way = frame.segment(from, to);
        let mut fractions = Few::<f64, 16>::default();
        self.outline.cross(way, |fraction| fractions.push(fraction));
        let fractions = fractions.as_mut_slice();
        fractions.sort_unstable_by(f64::total_cmp);
        // Between two crossings all points are on the same side, so one point decides. Counting crossings would fail at
        // corners.
        let mut crossings = Crossings::default();
        let mut start = 0.0;
        for &end in fractions.iter().chain([&1.0]) {
            if end > start {
                let middle = way.a.towards(way.b, (start + end) / 2.0);
                if self.contains_corner(frame.corner(middle.point())) {
                    crossings.add(start, end);
                }
                start = end;
            }
        }
        crossings
    }
}

fn owned(polygons: &[Vec<Ring>]) -> Vec<Owned> {
    let polygons = polygons.iter().enumerate();
    let rings = polygons.flat_map(|(polygon, rings)| rings.iter().map(move |ring| (polygon, ring)));
    rings.flat_map(|(polygon, ring)| ring.edges.iter().map(move |&edge| Owned { edge, polygon })).collect()
}

/// Does `outer` enclose `inner`? Their edges don't cross, so one point and the areas decide.
fn holds(outer: &Ring, inner: &Ring) -> bool {
    inner.area_m2 <= outer.area_m2 && outer.contains(inner.inner)
}

fn check_holes(rings: &[Ring]) -> Result<(), InvalidFence> {
    let (outer, holes) = rings.split_first().expect("a polygon without rings was refused before");
    for (index, hole) in holes.iter().enumerate() {
        if !holds(outer, hole) {
            return Err(InvalidFence::geometry_at("must have its holes inside their ring", hole.place()));
        }
        if holes.iter().enumerate().any(|(other, around)| other != index && holds(around, hole)) {
            return Err(InvalidFence::geometry_at("must not have holes in holes", hole.place()));
        }
    }
    Ok(())
}

/// A polygon may lie in another's hole, as an island in a lake, but not in the other polygon itself.
fn check_apart(polygons: &[Vec<Ring>]) -> Result<(), InvalidFence> {
    for (index, polygon) in polygons.iter().enumerate() {
        for (other, around) in polygons.iter().enumerate() {
            let is_in_hole = || around[1..].iter().any(|hole| holds(hole, &polygon[0]));
            if index != other && holds(&around[0], &polygon[0]) && !is_in_hole() {
                return Err(InvalidFence::geometry_at("must not have polygons that overlap", polygon[0].place()));
            }
        }
    }
    Ok(())
}
