//! Assignments that have ended: which driver a vehicle had, and which vehicle a device was in, at an earlier time.

use crate::Timestamp;

/// One assignment, from `from` until before `to`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndedAssignment<T> {
    /// When it began.
    pub from: Timestamp,
    /// When it ended.
    pub to: Timestamp,
    /// Who or what was assigned.
    pub assigned: T,
}

/// The assignments before the present one, which lies beside them and goes on. Each begins where the one before it ended.
/// Without any, the present one holds since ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastAssignments<T>(Vec<EndedAssignment<T>>);

/// The largest number of ended assignments that are kept of one vehicle or device. When there are more, the oldest is
/// forgotten, and what was assigned in its time is unknown.
pub const MAX_PAST_ASSIGNMENTS: usize = 1_000;

impl<T> Default for PastAssignments<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> PastAssignments<T> {
    /// Ended assignments in any order.
    pub fn new(mut ended: Vec<EndedAssignment<T>>) -> Self {
        ended.sort_by_key(|one| one.to);
        Self(ended)
    }

    /// Their number.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// What was assigned at a time.
    pub fn at(&self, at: Timestamp) -> AssignedAt<'_, T> {
        match self.0.get(self.0.partition_point(|ended| ended.to <= at)) {
            None => AssignedAt::Present,
            Some(ended) if ended.from <= at => AssignedAt::Past(&ended.assigned),
            Some(_) => AssignedAt::Unknown,
        }
    }
}

/// What was assigned at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AssignedAt<'a, T> {
    /// What is assigned now.
    Present,
    /// Something else.
    Past(&'a T),
    /// That is not known any more.
    Unknown,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests {
    use super::AssignedAt::{Past, Present, Unknown};
    use super::{EndedAssignment, PastAssignments};
    use crate::Timestamp;

    #[test]
    fn an_assignment_holds_from_its_first_instant_until_before_the_next_ones() {
        let at = |ms| Timestamp::from_unix_ms(ms).unwrap();
        let ended = |from, to, assigned| EndedAssignment { from: at(from), to: at(to), assigned };
        let past = PastAssignments::new(vec![ended(20, 30, 'b'), ended(10, 20, 'a')]);
        let held = [9, 10, 19, 20, 29, 30, 1_000].map(|ms| past.at(at(ms)));
        assert_eq!(held, [Unknown, Past(&'a'), Past(&'a'), Past(&'b'), Past(&'b'), Present, Present]);
        assert_eq!(PastAssignments::<char>::default().at(at(0)), Present, "since ever");
    }
}
