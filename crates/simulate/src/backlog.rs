//! The fixes of one vehicle that wait to be sent.

use std::collections::VecDeque;

/// Ten minutes at one fix a second. When it is full, the oldest is dropped and counted: the newest place matters most.
pub(crate) const MAX_WAITING_FIXES: usize = 600;

/// A queue, oldest first, that never holds more than [`MAX_WAITING_FIXES`].
#[derive(Debug)]
pub(crate) struct Backlog<T> {
    waiting: VecDeque<T>,
}

impl<T> Default for Backlog<T> {
    fn default() -> Self {
        Self { waiting: VecDeque::new() }
    }
}

impl<T> Backlog<T> {
    /// Appends the newest. True when the oldest was dropped for it.
    pub(crate) fn push(&mut self, fix: T) -> bool {
        let full = self.waiting.len() >= MAX_WAITING_FIXES;
        if full {
            self.waiting.pop_front();
        }
        self.waiting.push_back(fix);
        full
    }

    /// Takes up to `most` of the oldest, in order.
    pub(crate) fn take(&mut self, most: usize) -> Vec<T> {
        let count = most.min(self.waiting.len());
        self.waiting.drain(..count).collect()
    }

    /// Puts back what could not be sent, before what came since. Returns the number of the oldest that were dropped.
    pub(crate) fn put_back(&mut self, unsent: Vec<T>) -> usize {
        let room = MAX_WAITING_FIXES.saturating_sub(self.waiting.len());
        let dropped = unsent.len().saturating_sub(room);
        for fix in unsent.into_iter().skip(dropped).rev() {
            self.waiting.push_front(fix);
        }
        dropped
    }

    pub(crate) fn len(&self) -> usize {
        self.waiting.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_backlog_keeps_the_newest() {
        let mut backlog = Backlog::default();
        let dropped = (0..MAX_WAITING_FIXES + 3).filter(|&number| backlog.push(number)).count();
        assert_eq!((dropped, backlog.len()), (3, MAX_WAITING_FIXES));
        assert_eq!(backlog.take(2), [3, 4]);
    }

    #[test]
    fn fixes_that_are_put_back_come_first_up_to_the_capacity() {
        let mut backlog = Backlog::default();
        for number in 0..5 {
            backlog.push(number);
        }
        let taken = backlog.take(3);
        assert_eq!(backlog.put_back(taken), 0);
        assert_eq!(backlog.take(5), [0, 1, 2, 3, 4]);

        for number in 10..10 + MAX_WAITING_FIXES - 1 {
            backlog.push(number);
        }
        assert_eq!(backlog.put_back(vec![1, 2, 3]), 2, "only the newest of them fits");
        assert_eq!(backlog.take(2), [3, 10]);
    }
}
