//! A list that needs the heap only when it grows beyond its usual length.

/// Up to `N` items inline; with one more, all move to the heap.
#[derive(Debug, Clone)]
pub(super) struct Few<T, const N: usize> {
    inline: [T; N],
    len: usize,
    /// All items, once there are more than `N`; empty before.
    spilled: Vec<T>,
}

impl<T: Copy + Default, const N: usize> Few<T, N> {
    pub(super) fn push(&mut self, item: T) {
        if !self.spilled.is_empty() {
            self.spilled.push(item);
        } else if let Some(slot) = self.inline.get_mut(self.len) {
            *slot = item;
            self.len += 1;
        } else {
            self.spilled.extend_from_slice(&self.inline);
            self.spilled.push(item);
        }
    }

    pub(super) fn as_slice(&self) -> &[T] {
        if self.spilled.is_empty() { &self.inline[..self.len] } else { &self.spilled }
    }

    pub(super) fn as_mut_slice(&mut self) -> &mut [T] {
        if self.spilled.is_empty() { &mut self.inline[..self.len] } else { &mut self.spilled }
    }
}

impl<T: Copy + Default, const N: usize> Default for Few<T, N> {
    fn default() -> Self {
        Self { inline: [T::default(); N], len: 0, spilled: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_held_inline_and_beyond_the_inline_capacity() {
        let mut few = Few::<usize, 3>::default();
        for count in 0..10 {
            assert_eq!(few.as_slice(), (0..count).collect::<Vec<_>>());
            assert_eq!(few.as_mut_slice().len(), count);
            few.push(count);
        }
    }
}
