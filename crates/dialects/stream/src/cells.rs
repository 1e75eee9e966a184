//! Cells of the map's quadtree: Web-Mercator tiles of every second level, by which clients are found whose view may hold a place.

use milepost_hub::{Area, Key, Spot};
use std::f64::consts::PI;

/// The levels that have cells: 0, 2, 4, …, 20.
pub(crate) const LEVELS: usize = 11;
/// The longer side of a view has at most this many cells, and more than a quarter of it.
const MOST_CELLS: u32 = 4;
/// Mercator's map ends here, and its last cells hold what lies beyond.
const MAX_LATITUDE: f64 = 85.051_128_779_806_59;

/// A place as the hub compares it.
pub(crate) fn spot(latitude: f64, longitude: f64) -> Spot {
    #[expect(clippy::cast_possible_truncation, reason = "at most 180 million")]
    let millionths = |degrees: f64| (degrees * 1e6).round() as i32;
    Spot { x: millionths(longitude), y: millionths(latitude) }
}

/// The key of the cell of a level that holds a spot.
pub(crate) fn cell_key(level: usize, spot: Spot) -> Key {
    let (column, row) = cell_of(level, spot);
    key(level, column, row)
}

/// The level whose cells fit an area, and the keys of those that cover it.
pub(crate) fn covering(area: &Area) -> (usize, Vec<Key>) {
    let level = (0..LEVELS).rev().find(|level| sides(*level, area).iter().all(|side| *side <= MOST_CELLS));
    let level = level.unwrap_or(0);
    (level, touched(level, area).map(|(column, row)| key(level, column, row)).collect())
}

/// Columns and rows of cells that an area touches.
fn sides(level: usize, area: &Area) -> [u32; 2] {
    let all: u32 = 1 << zoom(level);
    let (west, east) = (column(level, area.west), column(level, area.east));
    let columns = if area.west <= area.east {
        east - west + 1
    } else {
        // Both edges may lie in one cell of an area around the world.
        (all - west + east + 1).min(all)
    };
    [columns, row(level, area.south) - row(level, area.north) + 1]
}

/// A cell of a level: its column from the antimeridian eastwards, and its row from the north.
pub(crate) type Cell = (u32, u32);

/// The cell of a level that holds a spot.
pub(crate) fn cell_of(level: usize, spot: Spot) -> Cell {
    (column(level, spot.x), row(level, spot.y))
}

/// The cells of a level that an area touches.
pub(crate) fn touched(level: usize, area: &Area) -> impl Iterator<Item = Cell> + use<> {
    let ([columns, rows], all) = (sides(level, area), 1_u32 << zoom(level));
    let (west, north) = (column(level, area.west), row(level, area.north));
    (0..columns.min(all)).flat_map(move |x| (0..rows).map(move |y| ((west + x) % all, north + y)))
}

/// West, south, east and north of a cell in degrees. The cells at the map's edges reach to the poles.
pub(crate) fn edges(level: usize, (column, row): Cell) -> [f64; 4] {
    let all = f64::from(1_u32 << zoom(level));
    let longitude = |column: u32| f64::from(column) / all * 360.0 - 180.0;
    let latitude = |row: u32| match row {
        0 => 90.0,
        row if f64::from(row) >= all => -90.0,
        row => (PI * (1.0 - 2.0 * f64::from(row) / all)).sinh().atan().to_degrees(),
    };
    [longitude(column), latitude(row + 1), longitude(column + 1), latitude(row)]
}

/// A cell's name: the level of its map, its column and its row, as maps name their tiles.
pub(crate) fn name(level: usize, (column, row): Cell) -> String {
    format!("{}/{column}/{row}", zoom(level))
}

const fn zoom(level: usize) -> u32 {
    level as u32 * 2
}

fn column(level: usize, x: i32) -> u32 {
    tile(level, (f64::from(x) / 1e6 + 180.0) / 360.0)
}

fn row(level: usize, y: i32) -> u32 {
    let latitude = (f64::from(y) / 1e6).clamp(-MAX_LATITUDE, MAX_LATITUDE).to_radians();
    tile(level, (1.0 - (latitude.tan() + latitude.cos().recip()).ln() / PI) / 2.0)
}

fn tile(level: usize, share: f64) -> u32 {
    let all = 1_u32 << zoom(level);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped; negative becomes 0")]
    let tile = (share * f64::from(all)) as u32;
    tile.min(all - 1)
}

fn key(level: usize, column: u32, row: u32) -> Key {
    // Twenty bits each for column and row: the deepest level has as many cells.
    Key::number((level as u64) << 48 | u64::from(column) << 24 | u64::from(row))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn area(west: f64, south: f64, east: f64, north: f64) -> Area {
        let (low, high) = (spot(south, west), spot(north, east));
        Area { west: low.x, south: low.y, east: high.x, north: high.y }
    }

    #[test]
    fn every_place_of_an_area_is_in_one_of_its_cells() {
        let areas = [
            area(2.25, 48.81, 2.42, 48.90),
            area(-180.0, -90.0, 180.0, 90.0),
            area(179.9, -17.0, -179.9, -16.0),
            area(-0.001, -0.001, 0.001, 0.001),
            area(10.0, 85.0, 20.0, 90.0),
            area(170.0, -60.0, -170.0, 60.0),
            area(1.0, -10.0, 0.9, 10.0),
            area(5.0, 50.0, 5.0, 50.0),
        ];
        let mut rng = fastrand::Rng::with_seed(7);
        for area in areas {
            let (level, cells) = covering(&area);
            assert!((1..=25).contains(&cells.len()), "{area:?}: {} cells", cells.len());
            let mut inside = 0;
            for _ in 0..20_000 {
                let width = if area.west <= area.east {
                    i64::from(area.east) - i64::from(area.west)
                } else {
                    360_000_000 - i64::from(area.west) + i64::from(area.east)
                };
                let x = i64::from(area.west) + rng.i64(0..=width);
                let x = if x > 180_000_000 { x - 360_000_000 } else { x };
                let spot = Spot { x: x as i32, y: rng.i32(area.south..=area.north) };
                inside += usize::from(area.contains(spot));
                assert!(cells.contains(&cell_key(level, spot)), "{area:?} {spot:?}");
            }
            assert_eq!(inside, 20_000, "{area:?}");
        }
    }
}
