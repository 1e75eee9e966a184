//! The part of the map that a client looks at: the box that it asked for, and the somewhat larger one that it gets.

use crate::cells::spot;
use crate::inbound::Refusal;
use milepost_hub::{Area, Spot};
use milepost_service::LiveVehicle;
use milepost_service::space::{Bounds, read_box};

/// A view gets this share of its width and height more on each side, so that a small move needs no message.
const MARGIN: f64 = 0.15;
/// A box that is asked for and lies within what is covered changes nothing, unless so many times its width or height is covered.
const LOOSE: f64 = 3.0;

/// What a client looks at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct View {
    /// Within these edges it knows all vehicles, and outside none.
    pub(crate) covers: Area,
}

/// West, south, east and north in degrees. West lies east of east if the box holds the antimeridian.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Edges {
    west: f64,
    south: f64,
    width: f64,
    height: f64,
}

impl View {
    /// Reads a box, and adds the margin.
    pub(crate) fn of(edges: Option<&[f64]>) -> Result<Self, Refusal> {
        let edges = Edges::read(edges)?;
        let (dx, dy) = (edges.width * MARGIN, edges.height * MARGIN);
        let grown = Edges {
            west: edges.west - dx,
            south: edges.south - dy,
            width: edges.width + 2.0 * dx,
            height: edges.height + 2.0 * dy,
        };
        Ok(Self { covers: grown.area() })
    }

    /// The view for another box; this one, if it still fits.
    pub(crate) fn moved_to(self, edges: Option<&[f64]>) -> Result<Self, Refusal> {
        let asked = Edges::read(edges)?;
        let (new, area) = (Self::of(Some(&asked.as_array()))?, asked.area());
        let corners = [Spot { x: area.west, y: area.south }, Spot { x: area.east, y: area.north }];
        let (width, height) = size(self.covers);
        let (new_width, new_height) = size(new.covers);
        let fits = corners.iter().all(|corner| self.covers.contains(*corner)) && new_width <= width;
        let is_loose = width > new_width * LOOSE || height > new_height * LOOSE;
        Ok(if fits && !is_loose { self } else { new })
    }

    pub(crate) fn holds(self, live: &LiveVehicle) -> bool {
        live.last.as_ref().is_some_and(|last| self.covers.contains(spot(last.latitude.get(), last.longitude.get())))
    }

    /// What it covers, for finding vehicles: a little more, because its edges and places are rounded.
    pub(crate) fn bounds(self) -> Bounds {
        let [west, south, east, north] = self.edges();
        let bounds = read_box([west, south, east, north]).expect("what it covers is a box");
        bounds.grown(1.0)
    }

    /// West, south, east and north in degrees.
    pub(crate) fn edges(self) -> [f64; 4] {
        let Area { west, south, east, north } = self.covers;
        [west, south, east, north].map(|edge| f64::from(edge) / 1e6)
    }
}

fn size(area: Area) -> (f64, f64) {
    let width = f64::from(area.east) - f64::from(area.west);
    (if width < 0.0 { width + 360e6 } else { width }, f64::from(area.north) - f64::from(area.south))
}

impl Edges {
    fn read(edges: Option<&[f64]>) -> Result<Self, Refusal> {
        let refused = || Refusal::new("invalid", "box: must be west, south, east and north in degrees");
        let Some(&[west, south, east, north]) = edges else { return Err(refused()) };
        let are_longitudes = [west, east].iter().all(|x| x.is_finite() && x.abs() <= 540.0);
        if !are_longitudes || !(-90.0..=90.0).contains(&south) || !(-90.0..=90.0).contains(&north) || south > north {
            return Err(refused());
        }
        // Maps that were turned around the world give longitudes beyond 180.
        let width = if west <= east { east - west } else { east - west + 360.0 };
        Ok(Self { west, south, width: width.clamp(0.0, 360.0), height: north - south })
    }

    const fn as_array(self) -> [f64; 4] {
        [self.west, self.south, self.west + self.width, self.south + self.height]
    }

    fn area(self) -> Area {
        let (south, north) = (self.south.max(-90.0), (self.south + self.height).min(90.0));
        let (west, east) =
            if self.width >= 360.0 { (-180.0, 180.0) } else { (around(self.west), around(self.west + self.width)) };
        let (low, high) = (spot(south, west), spot(north, east));
        Area { west: low.x, south: low.y, east: high.x, north: high.y }
    }
}

/// The same longitude between -180 and 180.
fn around(longitude: f64) -> f64 {
    if (-180.0..=180.0).contains(&longitude) { longitude } else { (longitude + 180.0).rem_euclid(360.0) - 180.0 }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn covers(edges: [f64; 4]) -> [f64; 4] {
        View::of(Some(&edges)).unwrap().edges()
    }

    #[test]
    fn a_view_covers_a_margin_on_each_side() {
        assert_eq!(covers([2.0, 48.0, 3.0, 49.0]), [1.85, 47.85, 3.15, 49.15]);
        assert_eq!(covers([0.0, 80.0, 10.0, 90.0]), [-1.5, 78.5, 11.5, 90.0]);
        assert_eq!(covers([-180.0, -90.0, 180.0, 90.0]), [-180.0, -90.0, 180.0, 90.0]);
        // Across the antimeridian, as one map writes it and as another does.
        assert_eq!(covers([170.0, 0.0, -170.0, 10.0]), [167.0, -1.5, -167.0, 11.5]);
        assert_eq!(covers([170.0, 0.0, 190.0, 10.0]), [167.0, -1.5, -167.0, 11.5]);
        assert_eq!(covers([179.0, 0.0, 180.0, 1.0]), [178.85, -0.15, -179.85, 1.15]);
    }

    #[test]
    fn a_small_move_and_a_small_zoom_change_nothing() {
        let view = View::of(Some(&[2.0, 48.0, 3.0, 49.0])).unwrap();
        for same in [[2.1, 48.1, 3.1, 49.1], [2.2, 48.2, 2.8, 48.8]] {
            assert_eq!(view.moved_to(Some(&same)).unwrap(), view, "{same:?}");
        }
        for other in [[2.2, 48.0, 3.2, 49.0], [2.4, 48.4, 2.5, 48.5], [1.0, 47.0, 4.0, 50.0], [3.13, 48.0, 1.87, 49.0]]
        {
            assert_ne!(view.moved_to(Some(&other)).unwrap(), view, "{other:?}");
        }
    }

    #[test]
    fn what_is_no_box_is_refused() {
        for edges in [
            &[][..],
            &[1.0, 2.0, 3.0],
            &[0.0, 10.0, 1.0, 9.0],
            &[0.0, -91.0, 1.0, 0.0],
            &[0.0, 0.0, f64::NAN, 1.0],
            &[0.0, 0.0, 1e9, 1.0],
            &[0.0, 0.0, 1.0, 1.0, 2.0],
        ] {
            assert!(View::of(Some(edges)).is_err(), "{edges:?}");
        }
        assert!(View::of(None).is_err());
    }
}
