//! The parts of a segment that lie inside a fence.

use super::few::Few;
use std::ops::Deref;

/// One part of a segment inside a fence. Fractions of the segment, `0 <= enter < exit <= 1`.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Passage {
    /// Where the segment enters; 0 if it begins inside.
    pub enter: f64,
    /// Where the segment exits; 1 if it ends inside.
    pub exit: f64,
}

/// The passages of a segment, in order; they do not touch. Derefs to a slice. Up to four need no heap.
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
    /// Adds a passage that enters no earlier than those before. One that touches the last passage extends it.
    pub(super) fn add(&mut self, enter: f64, exit: f64) {
        match self.passages.as_mut_slice().last_mut() {
            Some(last) if enter <= last.exit => last.exit = last.exit.max(exit),
            _ if enter < exit => self.passages.push(Passage { enter, exit }),
            _ => {}
        }
    }

    /// From passages in any order, which may overlap.
    pub(super) fn merged(passages: &mut Few<Passage, 8>) -> Self {
        let passages = passages.as_mut_slice();
        passages.sort_unstable_by(|a, b| a.enter.total_cmp(&b.enter));
        let mut crossings = Self::default();
        for passage in passages {
            crossings.add(passage.enter, passage.exit);
        }
        crossings
    }
}
