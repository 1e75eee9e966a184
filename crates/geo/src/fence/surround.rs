//! Circles and corridors: everything within a distance of a point or of a line.

use super::bounds::Bounds;
use super::crossings::{Crossings, Passage};
use super::few::Few;
use super::frame::{Corner, Edge, Frame};
use super::invalid_fence::InvalidFence;
use super::nearest::{Viewpoint, edge_m, far_m, near_m};
use super::outline::{Extent, Outline};
use super::ring::{arc, continuous};
use super::stays::{find_stay, for_pieces, within};
use crate::great_circle::EARTH_RADIUS_M;
use crate::point::wrap_deg;
use crate::{Fence, Point};
use milepost_domain::{RadiusM, WidthM};

/// Largest latitude of a corridor's corners, degrees. Up to there the quick formula is exact enough for its width.
const CORRIDOR_LATITUDE_DEG: f64 = 85.0;
/// Longest piece of a segment along which the distance to a place has one minimum, degrees.
const CIRCLE_PIECE_DEG: f64 = 1.0;

/// Longest piece of a segment along which the quick formula is exact enough, degrees.
const CORRIDOR_PIECE_DEG: f64 = 0.1;

/// Everything within a radius of a point.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Circle {
    centre: Point,
    from_centre: Viewpoint,
    radius_m: f64,
    bounds: Bounds,
}

impl Circle {
    pub(super) fn new(centre: Point, radius_m: f64) -> Result<Self, InvalidFence> {
        let radius_m = RadiusM::new(radius_m)?.get();
        let from_centre = Viewpoint::new(Corner { x: centre.longitude.get(), y: centre.latitude.get() });
        Ok(Self { centre, from_centre, radius_m, bounds: Bounds::of_point(centre).grown(radius_m) })
    }

    pub(super) fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Area of a spherical cap: 4πR² sin²(r/2R).
    pub(super) fn area_m2(&self) -> f64 {
        let half_rad = self.radius_m / EARTH_RADIUS_M / 2.0;
        4.0 * std::f64::consts::PI * (EARTH_RADIUS_M * half_rad.sin()).powi(2)
    }

    pub(super) fn contains(&self, point: Point) -> bool {
        self.bounds.contains(point) && self.edge_distance_m(point) <= 0.0
    }

    pub(super) fn edge_distance_m(&self, point: Point) -> f64 {
        self.outside_m(self.corner(point))
    }

    pub(super) fn crossings(&self, from: Point, to: Point) -> Crossings {
        let a = self.corner(from);
        let b = Corner { x: a.x + wrap_deg(to.longitude.get() - from.longitude.get()), y: to.latitude.get() };
        let mut stays = Few::default();
        for_pieces(Edge { a, b }, CIRCLE_PIECE_DEG, |piece, start, end| {
            let outside_m = |fraction| self.outside_m(piece.a.towards(piece.b, fraction));
            if let Some(stay) = find_stay(outside_m, edge_m(piece)) {
                stays.push(within(stay, start, end));
            }
        });
        Crossings::merged(&mut stays)
    }

    /// The point with a longitude within 180° of the centre's.
    fn corner(&self, point: Point) -> Corner {
        let x = self.centre.longitude.get();
        Corner { x: x + wrap_deg(point.longitude.get() - x), y: point.latitude.get() }
    }

    fn outside_m(&self, place: Corner) -> f64 {
        self.from_centre.distance_m(place) - self.radius_m
    }
}

/// Everything within a width of a line.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Corridor {
    line: Outline,
    /// Width on either side, metres.
    reach_m: f64,
    bounds: Bounds,
    /// Upper bound of `reach_m` in degrees of longitude and of latitude, anywhere along the line.
    reach_deg: (f64, f64),
}

impl Corridor {
    pub(super) fn new(points: &[Point], width_m: f64) -> Result<Self, InvalidFence> {
        let width_m = WidthM::new(width_m)?.get();
        if points.len() > Fence::MAX_CORNERS {
            return Err(InvalidFence::geometry("must have at most 10000 corners"));
        }
        if let Some(&place) = points.iter().find(|point| point.latitude.get().abs() > CORRIDOR_LATITUDE_DEG) {
            return Err(InvalidFence::geometry_at("must lie within 85 degrees of the equator for a corridor", place));
        }
        let corners = continuous(points)?;
        if corners.len() < 2 {
            return Err(InvalidFence::geometry("must have at least 2 different corners in a line"));
        }
        let arc = arc(&corners);
        if arc.1 > 360.0 {
            return Err(InvalidFence::geometry_at("must span at most 360 degrees of longitude", points[0]));
        }
        let frame = Frame::around([arc]);
        let mut edges = Vec::with_capacity(corners.len());
        for pair in corners.windows(2) {
            frame.place(Edge { a: pair[0], b: pair[1] }, &mut edges);
        }
        let line = Outline::new(frame, &edges);
        let (reach_m, on_line) = (width_m, line.bounds());
        let bounds = on_line.grown(reach_m);
        let reach_deg = ((bounds.span_deg - on_line.span_deg) / 2.0, on_line.south_deg - bounds.south_deg);
        // A box of all longitudes shows no reach; that at the largest latitude is an upper bound.
        let reach_deg =
            if bounds.is_all_round() { (reach_deg.1 / 85.1_f64.to_radians().cos(), reach_deg.1) } else { reach_deg };
        Ok(Self { line, reach_m, bounds, reach_deg })
    }

    pub(super) fn bounds(&self) -> Bounds {
        self.bounds
    }

    pub(super) fn contains(&self, point: Point) -> bool {
        self.bounds.contains(point) && self.line_m(point, self.reach_m + 1.0) <= self.reach_m
    }

    pub(super) fn edge_distance_m(&self, point: Point) -> f64 {
        let near_limit_m = 2.0 * self.reach_m;
        let near_m = self.line_m(point, near_limit_m);
        let line_m = if near_m < near_limit_m { near_m } else { far_m(&self.line, self.line.frame().corner(point)) };
        line_m - self.reach_m
    }

    /// The same, clamped to plus and minus the limit.
    pub(super) fn edge_distance_within_m(&self, point: Point, limit_m: f64) -> f64 {
        let far_m = self.reach_m + limit_m;
        let line_m = self.line_m(point, far_m);
        // Not by subtracting: the difference may be rounded below the limit, as if the point were nearer.
        if line_m >= far_m { limit_m } else { (line_m - self.reach_m).clamp(-limit_m, limit_m) }
    }

    /// Distance to the line, metres; if it is not below `limit_m`, any number that is not.
    fn line_m(&self, point: Point, limit_m: f64) -> f64 {
        let place = self.line.frame().corner(point);
        let from = Viewpoint::new(place);
        if from.is_near(limit_m) {
            near_m(&self.line, from, limit_m).unwrap_or(limit_m)
        } else {
            far_m(&self.line, place)
        }
    }

    pub(super) fn crossings(&self, from: Point, to: Point) -> Crossings {
        let way = self.line.frame().segment(from, to);
        let mut stays = Few::default();
        for_pieces(way, CORRIDOR_PIECE_DEG, |piece, start, end| {
            for turn_deg in Outline::TURNS_DEG {
                let piece = Edge { a: piece.a.moved(turn_deg), b: piece.b.moved(turn_deg) };
                self.add_stays(piece, |stay| stays.push(within(stay, start, end)));
            }
        });
        Crossings::merged(&mut stays)
    }

    fn add_stays(&self, piece: Edge, mut add: impl FnMut(Passage)) {
        let (east_deg, north_deg) = self.reach_deg;
        let on_way = Extent::of(&[piece.a, piece.b]);
        let around = Extent {
            west: on_way.west - east_deg,
            east: on_way.east + east_deg,
            south: on_way.south - north_deg,
            north: on_way.north + north_deg,
        };
        if !around.meets(&self.line.extent()) {
            return;
        }
        // Enlarged by 1 %: the quick formula is less exact over the length of a piece than within reach.
        let length_m = 1.01 * edge_m(piece);
        for (_, corners) in self.line.runs().filter(|(extent, _)| around.meets(extent)) {
            for pair in corners.windows(2).filter(|pair| around.meets(&Extent::of(pair))) {
                let edge = Edge { a: pair[0], b: pair[1] };
                let outside_m =
                    |fraction| Viewpoint::new(piece.a.towards(piece.b, fraction)).edge_m(edge) - self.reach_m;
                if let Some(stay) = find_stay(outside_m, length_m) {
                    add(stay);
                }
            }
        }
    }
}
