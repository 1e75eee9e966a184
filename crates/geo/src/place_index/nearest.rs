//! Finds the nearest things: cells in the order of their distance, until what is left is too far.

use super::cell::{Cell, Origin};
use super::{PlaceIndex, Placed};
use crate::Point;
use crate::great_circle::distance_m;
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A thing and its distance.
#[derive(Debug)]
pub struct Near<'a, T> {
    /// Great-circle distance in metres.
    pub distance_m: f64,
    /// The thing.
    pub placed: &'a Placed<T>,
}

/// Of two things at one distance the one with the lower number is nearer.
impl<T> Ord for Near<'_, T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.distance_m.total_cmp(&other.distance_m).then_with(|| self.placed.number.cmp(&other.placed.number))
    }
}

impl<T> PartialOrd for Near<'_, T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Near<'_, T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T> Eq for Near<'_, T> {}

/// A cell that was not looked into. The nearest one is the greatest, because a heap gives the greatest.
struct Unseen {
    least_m: f64,
    at: usize,
    cell: Cell,
}

impl Ord for Unseen {
    fn cmp(&self, other: &Self) -> Ordering {
        other.least_m.total_cmp(&self.least_m)
    }
}

impl PartialOrd for Unseen {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Unseen {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Unseen {}

impl<T> PlaceIndex<T> {
    /// The nearest `limit` things within `within_m` metres of a place that are wanted, the nearest first.
    pub fn nearest(
        &self,
        from: Point,
        limit: usize,
        within_m: f64,
        mut is_wanted: impl FnMut(&Placed<T>) -> bool,
    ) -> Vec<Near<'_, T>> {
        let origin = Origin::from(from);
        let mut found: BinaryHeap<Near<'_, T>> = BinaryHeap::new();
        let mut unseen = BinaryHeap::from([Unseen { least_m: 0.0, at: 0, cell: Cell::WORLD }]);
        while let Some(Unseen { least_m, at, cell }) = unseen.pop() {
            let farthest_m = match found.peek() {
                Some(last) if found.len() >= limit => last.distance_m,
                _ => within_m,
            };
            if least_m > farthest_m || limit == 0 {
                break;
            }
            let node = &self.nodes[at];
            if let Some(children) = node.children {
                for quarter in (0..4).filter(|quarter| self.nodes[children + quarter].count > 0) {
                    let cell = cell.child(quarter);
                    let least_m = cell.distance_m(&origin);
                    if least_m <= farthest_m {
                        unseen.push(Unseen { least_m, at: children + quarter, cell });
                    }
                }
                continue;
            }
            for placed in &node.entries {
                let near = Near { distance_m: distance_m(from, placed.place), placed };
                if near.distance_m > within_m || found.len() >= limit && found.peek().is_some_and(|last| near > *last) {
                    continue;
                }
                if is_wanted(placed) {
                    found.push(near);
                    if found.len() > limit {
                        found.pop();
                    }
                }
            }
        }
        found.into_sorted_vec()
    }
}
