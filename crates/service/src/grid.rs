//! Finds vehicles by the part of the world where they are, so that a view of a city does not look at all of them.

use milepost_domain::{Position, VehicleId};
use std::collections::{HashMap, HashSet};

/// The side of a cell in degrees: some 28 km from south to north, so that a moving vehicle seldom changes its cell.
const CELL_DEG: f64 = 0.25;
/// For a box of more cells all vehicles are looked at.
const MOST_CELLS: i64 = 4_096;

/// A rectangle in degrees. Its west lies east of its east if it holds the antimeridian.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rectangle {
    /// Western edge.
    pub west: f64,
    /// Southern edge.
    pub south: f64,
    /// Eastern edge.
    pub east: f64,
    /// Northern edge.
    pub north: f64,
}

type Cell = (i16, i16);

/// Vehicles by the cell of their place. One without a place is in none.
#[derive(Default)]
pub(crate) struct Grid(HashMap<Cell, HashSet<VehicleId>>);

impl Grid {
    /// A vehicle's place was replaced by another, or by none.
    pub(crate) fn moved(&mut self, id: &VehicleId, from: Option<&Position>, to: Option<&Position>) {
        let (from, to) = (from.map(cell_of), to.map(cell_of));
        if from == to {
            return;
        }
        if let Some(from) = from
            && let Some(cell) = self.0.get_mut(&from)
        {
            cell.remove(id);
            if cell.is_empty() {
                self.0.remove(&from);
            }
        }
        if let Some(to) = to {
            self.0.entry(to).or_default().insert(id.clone());
        }
    }

    /// The vehicles in the cells of a rectangle, among which are all that lie in it. `None` if it has very many cells.
    pub(crate) fn near(&self, rectangle: &Rectangle) -> Option<impl Iterator<Item = &VehicleId>> {
        let Rectangle { west, south, east, north } = *rectangle;
        let (rows, most) = (row(south)..=row(north), MOST_CELLS.min(i64::try_from(self.0.len()).unwrap_or(MOST_CELLS)));
        let columns = if west <= east {
            [Some(column(west)..=column(east)), None]
        } else {
            [Some(column(west)..=column(180.0)), Some(column(-180.0)..=column(east))]
        };
        let width: i64 =
            columns.iter().flatten().map(|columns| i64::from(*columns.end()) - i64::from(*columns.start()) + 1).sum();
        let height = i64::from(*rows.end()) - i64::from(*rows.start()) + 1;
        if width * height > most {
            return None;
        }
        let cells = columns.into_iter().flatten().flatten();
        let cells = cells.flat_map(move |column| rows.clone().map(move |row| (row, column)));
        Some(cells.filter_map(|cell| self.0.get(&cell)).flatten())
    }
}

fn cell_of(position: &Position) -> Cell {
    (row(position.latitude.get()), column(position.longitude.get()))
}

#[expect(clippy::cast_possible_truncation, reason = "at most 720")]
fn row(latitude: f64) -> i16 {
    (latitude / CELL_DEG).floor() as i16
}

#[expect(clippy::cast_possible_truncation, reason = "at most 720")]
fn column(longitude: f64) -> i16 {
    (longitude / CELL_DEG).floor() as i16
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use milepost_domain::{Latitude, Longitude, Timestamp};

    fn position(id: &str, latitude: f64, longitude: f64) -> Position {
        let (latitude, longitude) = (Latitude::new(latitude).unwrap(), Longitude::new(longitude).unwrap());
        Position::new(VehicleId::new(id).unwrap(), Timestamp::from_unix_ms(0).unwrap(), latitude, longitude)
    }

    #[test]
    fn all_that_lie_in_a_rectangle_are_near_it_and_few_others() {
        let mut grid = Grid::default();
        let mut places = Vec::new();
        for number in 0..2_000 {
            let (latitude, longitude) = (f64::from(number % 41) * 4.5 - 90.0, f64::from(number % 73) * 5.0 - 180.0);
            let place = position(&number.to_string(), latitude.min(90.0), longitude);
            grid.moved(&place.vehicle_id, None, Some(&place));
            places.push(place);
        }
        for (west, south, east, north) in
            [(0.0, 40.0, 6.0, 50.0), (175.0, -5.0, -175.0, 5.0), (-180.0, 89.0, -175.0, 90.0), (5.0, 5.0, 5.0, 5.0)]
        {
            let rectangle = Rectangle { west, south, east, north };
            let near: HashSet<_> = grid.near(&rectangle).unwrap().collect();
            let is_in = |place: &&Position| {
                let (y, x) = (place.latitude.get(), place.longitude.get());
                let across = if west <= east { west <= x && x <= east } else { west <= x || x <= east };
                across && south <= y && y <= north
            };
            let inside: Vec<_> = places.iter().filter(is_in).collect();
            assert!(inside.iter().all(|place| near.contains(&place.vehicle_id)), "{rectangle:?}");
            assert!(near.len() <= inside.len() + 60, "{rectangle:?}: {} near, {} in it", near.len(), inside.len());
        }
        assert!(grid.near(&Rectangle { west: -180.0, south: -90.0, east: 180.0, north: 90.0 }).is_none());
        for place in &places {
            grid.moved(&place.vehicle_id, Some(place), None);
        }
        assert!(grid.0.is_empty());
    }
}
