//! Finds moving things by their places: the nearest ones, and those within a box.

mod cell;
mod nearest;

use crate::Point;
use crate::fence::Bounds;
use cell::Cell;
pub use nearest::Near;

/// A cell with more entries than this is divided into four.
const MOST_ENTRIES: usize = 32;
/// Four cells with no more than this together become one again.
const FEW_ENTRIES: u32 = 16;
/// Cells of this depth, of about a metre, are not divided: any number of things may stand at one place.
const DEEPEST: u8 = 24;

/// Things by their places, in a quadtree of degrees that is as deep as the things are dense. A thing is named by a number,
/// which it keeps, and comes with a value that a question can look at.
///
/// A thing that moves within its cell costs a walk down the tree. Asking for the nearest twenty of a hundred thousand looks at a
/// few hundred.
#[derive(Debug, Clone)]
pub struct PlaceIndex<T> {
    /// The first one is the whole world. Children are four in a row.
    nodes: Vec<Node<T>>,
    /// The first of four that are not used.
    free: Vec<usize>,
}

/// A thing at its place.
#[derive(Debug, Clone)]
pub struct Placed<T> {
    /// Its number.
    pub number: u32,
    /// Where it is.
    pub place: Point,
    /// What is known of it.
    pub value: T,
}

#[derive(Debug, Clone)]
struct Node<T> {
    /// Entries in it and below it.
    count: u32,
    /// The first of its four children. The world is nobody's child.
    children: Option<usize>,
    /// Its own entries, if it has no children.
    entries: Vec<Placed<T>>,
}

impl<T> Default for Node<T> {
    fn default() -> Self {
        Self { count: 0, children: None, entries: Vec::new() }
    }
}

impl<T> Default for PlaceIndex<T> {
    fn default() -> Self {
        Self { nodes: vec![Node::default()], free: Vec::new() }
    }
}

impl<T> PlaceIndex<T> {
    /// The number of things.
    pub fn len(&self) -> usize {
        self.nodes[0].count as usize
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds a thing whose number is not in it.
    pub fn insert(&mut self, number: u32, place: Point, value: T) {
        let (mut at, mut cell) = (0, Cell::WORLD);
        loop {
            self.nodes[at].count += 1;
            let Some(children) = self.nodes[at].children else { break };
            let quarter = cell.quarter_of(place);
            (at, cell) = (children + quarter, cell.child(quarter));
        }
        self.nodes[at].entries.push(Placed { number, place, value });
        self.divide(at, cell);
    }

    /// Removes a thing from the place where it was put last, and returns its value.
    pub fn remove(&mut self, number: u32, place: Point) -> Option<T> {
        let (leaf, _) = self.leaf_of(place);
        let entries = &mut self.nodes[leaf].entries;
        let index = entries.iter().position(|entry| entry.number == number)?;
        let removed = entries.swap_remove(index);
        let (mut at, mut cell, mut joined) = (0, Cell::WORLD, None);
        loop {
            self.nodes[at].count -= 1;
            let Some(children) = self.nodes[at].children else { break };
            if joined.is_none() && self.nodes[at].count <= FEW_ENTRIES {
                joined = Some(at);
            }
            let quarter = cell.quarter_of(place);
            (at, cell) = (children + quarter, cell.child(quarter));
        }
        if let Some(joined) = joined {
            self.join(joined);
        }
        Some(removed.value)
    }

    /// Puts a thing to another place. One that is not there is passed over.
    pub fn shift(&mut self, number: u32, from: Point, to: Point) {
        let (leaf, cell) = self.leaf_of(from);
        if cell.holds(to) {
            if let Some(entry) = self.nodes[leaf].entries.iter_mut().find(|entry| entry.number == number) {
                entry.place = to;
            }
        } else if let Some(value) = self.remove(number, from) {
            self.insert(number, to, value);
        }
    }

    /// Replaces the value of a thing.
    pub fn replace(&mut self, number: u32, place: Point, value: T) {
        let (leaf, _) = self.leaf_of(place);
        if let Some(entry) = self.nodes[leaf].entries.iter_mut().find(|entry| entry.number == number) {
            entry.value = value;
        }
    }

    /// Calls `visit` for each thing within a box, in no order.
    pub fn within<'a>(&'a self, bounds: &Bounds, mut visit: impl FnMut(&'a Placed<T>)) {
        let mut waiting = vec![(0, Cell::WORLD)];
        while let Some((at, cell)) = waiting.pop() {
            let node = &self.nodes[at];
            if node.count == 0 || !cell.meets(bounds) {
                continue;
            }
            match node.children {
                Some(children) => {
                    waiting.extend((0..4).map(|quarter| (children + quarter, cell.child(quarter))));
                }
                None => node.entries.iter().filter(|entry| bounds.contains(entry.place)).for_each(&mut visit),
            }
        }
    }

    /// The number of things within a box. Cells that lie in it are not looked into.
    pub fn count_within(&self, bounds: &Bounds) -> usize {
        let (mut waiting, mut count) = (vec![(0, Cell::WORLD)], 0);
        while let Some((at, cell)) = waiting.pop() {
            let node = &self.nodes[at];
            if node.count == 0 || !cell.meets(bounds) {
                continue;
            }
            match node.children {
                _ if cell.lies_in(bounds) => count += node.count as usize,
                Some(children) => {
                    waiting.extend((0..4).map(|quarter| (children + quarter, cell.child(quarter))));
                }
                None => count += node.entries.iter().filter(|entry| bounds.contains(entry.place)).count(),
            }
        }
        count
    }

    fn leaf_of(&self, place: Point) -> (usize, Cell) {
        let (mut at, mut cell) = (0, Cell::WORLD);
        while let Some(children) = self.nodes[at].children {
            let quarter = cell.quarter_of(place);
            (at, cell) = (children + quarter, cell.child(quarter));
        }
        (at, cell)
    }

    /// Divides a cell that has too many entries, and those of its quarters that have.
    fn divide(&mut self, mut at: usize, mut cell: Cell) {
        while self.nodes[at].entries.len() > MOST_ENTRIES && cell.depth() < DEEPEST {
            let children = self.free.pop().unwrap_or_else(|| {
                self.nodes.extend((0..4).map(|_| Node::default()));
                self.nodes.len() - 4
            });
            self.nodes[at].children = Some(children);
            for entry in std::mem::take(&mut self.nodes[at].entries) {
                let child = &mut self.nodes[children + cell.quarter_of(entry.place)];
                child.count += 1;
                child.entries.push(entry);
            }
            // Only one of them can still have too many.
            let fullest = (0..4).max_by_key(|quarter| self.nodes[children + quarter].count).unwrap_or(0);
            (at, cell) = (children + fullest, cell.child(fullest));
        }
    }

    /// Takes the entries of all cells below one into it.
    fn join(&mut self, at: usize) {
        let (mut entries, mut waiting) = (Vec::new(), Vec::from_iter(self.nodes[at].children.take()));
        while let Some(children) = waiting.pop() {
            for child in children..children + 4 {
                let node = std::mem::take(&mut self.nodes[child]);
                entries.extend(node.entries);
                waiting.extend(node.children);
            }
            self.free.push(children);
        }
        self.nodes[at].entries = entries;
    }
}
