//! What a vehicle has to do with each roaming fence: a bit for each, so that two vehicles are compared with many fences at once.

use milepost_domain::{RoamingFence, Vehicle};
use std::sync::Arc;

/// A vehicle's roles in a list of fences, by their places in it.
#[derive(Debug)]
pub(super) struct Roles {
    /// Those that move with it.
    moving: Box<[u64]>,
    /// Those that it may come into.
    coming: Box<[u64]>,
}

impl Roles {
    pub(super) fn of(fences: &[Arc<RoamingFence>], vehicle: &Vehicle) -> Self {
        let mut moving = vec![0; fences.len().div_ceil(64)].into_boxed_slice();
        let mut coming = moving.clone();
        for (at, fence) in fences.iter().enumerate() {
            let (vehicles, others) = (&fence.description.vehicles, &fence.description.others);
            let moves = vehicles.holds(vehicle);
            let comes = others.as_ref().map_or(moves, |others| others.holds(vehicle));
            moving[at / 64] |= u64::from(moves) << (at % 64);
            coming[at / 64] |= u64::from(comes) << (at % 64);
        }
        Self { moving, coming }
    }

    /// The first fence in which it has a role.
    pub(super) fn first(&self) -> Option<usize> {
        let words = self.moving.iter().zip(&self.coming).map(|(moving, coming)| moving | coming).enumerate();
        words.filter(|(_, word)| *word != 0).map(|(at, word)| bit(at, word)).next()
    }

    /// Whether a fence concerns both, one in each role.
    pub(super) fn share_any(&self, other: &Self) -> bool {
        self.words(other).any(|word| word != 0)
    }

    /// The fences that concern both, in their order.
    pub(super) fn shared(&self, other: &Self) -> Vec<usize> {
        let mut shared = Vec::new();
        for (at, mut word) in self.words(other).enumerate() {
            while word != 0 {
                shared.push(bit(at, word));
                word &= word - 1;
            }
        }
        shared
    }

    fn words<'r>(&'r self, other: &'r Self) -> impl Iterator<Item = u64> + 'r {
        let one = self.moving.iter().zip(&other.coming).map(|(moving, coming)| moving & coming);
        let two = other.moving.iter().zip(&self.coming).map(|(moving, coming)| moving & coming);
        one.zip(two).map(|(one, two)| one | two)
    }
}

/// The number of the lowest bit that is set in a word.
fn bit(at: usize, word: u64) -> usize {
    at * 64 + word.trailing_zeros() as usize
}
