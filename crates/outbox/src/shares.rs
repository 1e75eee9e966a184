//! Shares places out among tenants. There is always room for a tenant that has none, however many the others would fill.

use milepost_domain::TenantId;
use std::collections::HashMap;

/// A number of places. A tenant may take another one while it holds fewer than are free: one tenant alone gets half of
/// them, and each of `n` that want all of them gets one part of `n + 1`. The last part stays free for the next tenant.
pub(crate) struct Shares {
    size: usize,
    total: usize,
    taken: HashMap<TenantId, usize>,
}

impl Shares {
    pub(crate) fn new(size: usize) -> Self {
        Self { size, total: 0, taken: HashMap::new() }
    }

    /// How many places the tenant holds.
    pub(crate) fn taken(&self, tenant: &TenantId) -> usize {
        self.taken.get(tenant).copied().unwrap_or(0)
    }

    /// How many more the tenant may take. With each of them it holds one more, and one fewer is free.
    pub(crate) fn room(&self, tenant: &TenantId) -> usize {
        self.size.saturating_sub(self.total + self.taken(tenant)).div_ceil(2)
    }

    /// Takes places, even more than [`Self::room`]: what is under way can't be undone.
    pub(crate) fn take(&mut self, tenant: &TenantId, places: usize) {
        if places > 0 {
            *self.taken.entry(tenant.clone()).or_default() += places;
            self.total += places;
        }
    }

    /// Frees places that were taken.
    pub(crate) fn free(&mut self, tenant: &TenantId, places: usize) {
        let Some(taken) = self.taken.get_mut(tenant) else { return };
        let freed = places.min(*taken);
        *taken -= freed;
        self.total -= freed;
        if *taken == 0 {
            self.taken.remove(tenant);
        }
    }

    /// How many places are taken.
    pub(crate) const fn total(&self) -> usize {
        self.total
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn tenant(number: usize) -> TenantId {
        TenantId::new(&format!("t{number}")).unwrap()
    }

    #[test]
    fn a_tenant_alone_gets_half_and_the_next_one_finds_room_at_once() {
        let mut shares = Shares::new(64);
        assert_eq!(shares.room(&tenant(1)), 32);
        shares.take(&tenant(1), 32);
        assert_eq!((shares.room(&tenant(1)), shares.room(&tenant(2))), (0, 16));
        shares.free(&tenant(1), 11);
        assert_eq!(shares.room(&tenant(1)), 11);
    }

    #[test]
    fn all_that_want_everything_end_with_equal_parts_and_one_stays_free() {
        for tenants in [1, 2, 5, 31] {
            let mut shares = Shares::new(64);
            // They take and free in turns, as tries begin and end.
            for round in 0..100 * tenants {
                for number in 0..tenants {
                    let room = shares.room(&tenant(number));
                    shares.take(&tenant(number), room);
                }
                shares.free(&tenant(round % tenants), 1);
            }
            let part = 64 / (tenants + 1);
            for number in 0..tenants {
                let taken = shares.taken(&tenant(number));
                assert!(taken.abs_diff(part) <= 2, "{tenants} tenants: {taken} of about {part}");
            }
            assert!(shares.room(&tenant(999)) >= 1, "{tenants} tenants");
        }
    }

    #[test]
    fn more_than_all_may_be_taken_and_all_is_freed() {
        let mut shares = Shares::new(4);
        shares.take(&tenant(1), 9);
        assert_eq!((shares.room(&tenant(1)), shares.room(&tenant(2))), (0, 0));
        shares.free(&tenant(1), 20);
        assert_eq!((shares.total(), shares.room(&tenant(1)), shares.taken.len()), (0, 2, 0));
    }
}
