//! Rectangles that subscribers watch, and the spots that messages are about.

use crate::key::{Key, KeySet};

/// A spot on a plane that repeats itself every 360 million from west to east: millionths of a degree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spot {
    /// From west to east, -180 to 180 million.
    pub x: i32,
    /// From south to north.
    pub y: i32,
}

/// A rectangle. Its west lies east of its east if it holds the line where the plane repeats itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    /// The western edge, which belongs to it, as the others do.
    pub west: i32,
    /// The southern edge.
    pub south: i32,
    /// The eastern edge.
    pub east: i32,
    /// The northern edge.
    pub north: i32,
}

impl Area {
    /// Whether the spot lies in it.
    pub const fn contains(&self, spot: Spot) -> bool {
        let within = if self.west <= self.east {
            self.west <= spot.x && spot.x <= self.east
        } else {
            self.west <= spot.x || spot.x <= self.east
        };
        within && self.south <= spot.y && spot.y <= self.north
    }
}

/// The rectangles of a subscriber, and the keys of the cells that cover them, by which it is found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Areas {
    pub(crate) cells: KeySet,
    pub(crate) areas: Box<[Area]>,
}

/// Where the subject of a message was and is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Move {
    /// Where it was, if it was anywhere.
    pub from: Option<Spot>,
    /// Where it is.
    pub to: Spot,
}

/// Which of the subscribers that watch areas get a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// Those in whose areas the subject was before: they know it.
    Before(Move),
    /// Those in whose areas the subject is now and was not before, and who do not get its messages otherwise.
    Entered(Move),
    /// Those in whose areas the subject is.
    Now(Spot),
}

impl Areas {
    pub(crate) fn new(cells: impl IntoIterator<Item = Key>, areas: Vec<Area>) -> Self {
        Self { cells: cells.into_iter().collect(), areas: areas.into() }
    }

    fn hold(&self, spot: Spot) -> bool {
        self.areas.iter().any(|area| area.contains(spot))
    }

    pub(crate) fn get(&self, watched: Watched) -> bool {
        match watched {
            Watched::Before(Move { from, .. }) => from.is_some_and(|from| self.hold(from)),
            Watched::Entered(Move { from, to }) => self.hold(to) && !from.is_some_and(|from| self.hold(from)),
            Watched::Now(spot) => self.hold(spot),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rectangle_holds_its_edges_and_may_hold_the_line_where_the_plane_repeats_itself() {
        let plain = Area { west: -10, south: -5, east: 10, north: 5 };
        let across = Area { west: 170, south: -5, east: -170, north: 5 };
        let spot = |x, y| Spot { x, y };
        for (area, inside, outside) in [
            (plain, [spot(-10, 5), spot(10, -5), spot(0, 0)], [spot(-11, 0), spot(11, 0), spot(0, 6)]),
            (across, [spot(170, 0), spot(-170, 0), spot(180, 5)], [spot(169, 0), spot(-169, 0), spot(175, -6)]),
        ] {
            assert!(inside.iter().all(|spot| area.contains(*spot)), "{area:?}");
            assert!(!outside.iter().any(|spot| area.contains(*spot)), "{area:?}");
        }
    }
}
