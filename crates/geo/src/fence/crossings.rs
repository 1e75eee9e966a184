//! Where a straight way is inside a fence.

use super::few::Few;
use std::ops::Deref;

/// One stay inside along a way; fractions of the way, `0 <= enter < exit <= 1`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Passage {
    /// Where it comes in; 0 if it begins inside.
    pub enter: f64,
    /// Where it goes out; 1 if it ends inside.
    pub exit: f64,
}

/// The stays of a way inside a fence, in order; they do not touch. A slice; four of them need no heap.
#[derive(Debug, Clone, Default)]
pub struct Crossings {
    passages: Few<Passage, 4>,
}

impl Deref for Crossings {
    type Target = [Passage];

    fn deref(&self) -> &[Passage] {
        self.passages.as_slice()
    }
}

impl PartialEq for Crossings {
    fn eq(&self, other: &Self) -> bool {
        self[..] == other[..]
    }
}

impl Crossings {
    /// Adds a stay that begins no earlier than those before it; one that touches the last one lengthens it.
    pub(super) fn add(&mut self, enter: f64, exit: f64) {
        match self.passages.as_mut_slice().last_mut() {
            Some(last) if enter <= last.exit => last.exit = last.exit.max(exit),
            _ if enter < exit => self.passages.push(Passage { enter, exit }),
            _ => {}
        }
    }

    /// From stays in any order, which may overlap.
    pub(super) fn merged(stays: &mut Few<Passage, 8>) -> Self {
        let stays = stays.as_mut_slice();
        stays.sort_unstable_by(|a, b| a.enter.total_cmp(&b.enter));
        let mut crossings = Self::default();
        for stay in stays {
            crossings.add(stay.enter, stay.exit);
        }
        crossings
    }
}
