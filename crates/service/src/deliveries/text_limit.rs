//! Limits texts to customers: they cost money, and nobody may flood a number.

use milepost_cache::WeightedCache;
use milepost_domain::{Caller, Delivery, Phone, Principal, Role, TenantId, Timestamp};
use milepost_relay::CountedText;
use std::sync::{Mutex, MutexGuard};

/// Memory for counts: about 25,000 numbers and riders. When it is full, those that were used least are forgotten.
const COUNTS_BYTES: usize = 4 * 1024 * 1024;

/// How many texts may go at once, and how long one takes to recover.
#[derive(Clone, Copy)]
struct Allowance {
    burst: f64,
    recovery_ms: f64,
}

/// To one number, about deliveries that a rider started and moves on.
const PER_NUMBER: Allowance = Allowance { burst: 20.0, recovery_ms: 180_000.0 };
/// To one number, when the tenant's staff starts the deliveries.
const PER_NUMBER_BY_STAFF: Allowance = Allowance { burst: 100.0, recovery_ms: 36_000.0 };
/// About one rider's deliveries.
const PER_RIDER: Allowance = Allowance { burst: 200.0, recovery_ms: 20_000.0 };
/// About one tenant's deliveries.
const PER_TENANT: Allowance = Allowance { burst: 5_000.0, recovery_ms: 100.0 };

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Number(TenantId, String),
    Rider(TenantId, String),
    Tenant(TenantId),
}

#[derive(Clone, Copy)]
struct Count {
    texts: f64,
    at: Timestamp,
}

/// A std mutex: held for microseconds, never across an await. Other nodes tell their texts over the relay; without Redis each node
/// counts its own.
pub(crate) struct TextLimit(Mutex<WeightedCache<Key, Count>>);

impl Default for TextLimit {
    fn default() -> Self {
        let heap_bytes = |key: &Key, _: &Count| match key {
            Key::Number(_, text) | Key::Rider(_, text) => text.len(),
            Key::Tenant(_) => 0,
        };
        Self(Mutex::new(WeightedCache::new(COUNTS_BYTES, heap_bytes)))
    }
}

impl TextLimit {
    /// Counts a text about a delivery that `caller` starts or moves on. The answer is what other nodes have to count too.
    ///
    /// # Errors
    /// How many seconds to wait, if there were too many.
    pub(super) fn count(
        &self,
        delivery: &Delivery,
        phone: &Phone,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<CountedText, u64> {
        let (rider, by_rider) = match &caller.principal {
            // It may call itself by many names, but has one token.
            Principal::User { subject, role: Role::Rider, .. } => (subject.clone(), true),
            _ => (delivery.rider_id.as_str().to_owned(), false),
        };
        let text = CountedText { tenant: delivery.tenant.clone(), number: phone.as_str().to_owned(), rider, by_rider };
        let mut counts = self.lock();
        for (key, allowance) in counted_by(&text) {
            let texts = known(&mut counts, &key, allowance, now) + 1.0;
            if texts > allowance.burst {
                return Err(((texts - allowance.burst) * allowance.recovery_ms / 1_000.0).ceil() as u64);
            }
        }
        add(&mut counts, &text, now);
        Ok(text)
    }

    /// Counts a text that another node let through.
    pub(crate) fn note_elsewhere(&self, text: &CountedText, now: Timestamp) {
        add(&mut self.lock(), text, now);
    }

    fn lock(&self) -> MutexGuard<'_, WeightedCache<Key, Count>> {
        self.0.lock().expect("nothing panics while holding it")
    }
}

fn counted_by(text: &CountedText) -> [(Key, Allowance); 3] {
    let tenant = || text.tenant.clone();
    let per_number = if text.by_rider { PER_NUMBER } else { PER_NUMBER_BY_STAFF };
    [
        (Key::Number(tenant(), text.number.clone()), per_number),
        (Key::Rider(tenant(), text.rider.clone()), PER_RIDER),
        (Key::Tenant(tenant()), PER_TENANT),
    ]
}

/// How many texts count now.
fn known(counts: &mut WeightedCache<Key, Count>, key: &Key, allowance: Allowance, now: Timestamp) -> f64 {
    counts.get(key).map_or(0.0, |known| {
        let recovered = now.ms_since(known.at).max(0) as f64 / allowance.recovery_ms;
        (known.texts - recovered).max(0.0)
    })
}

fn add(counts: &mut WeightedCache<Key, Count>, text: &CountedText, now: Timestamp) {
    for (key, allowance) in counted_by(text) {
        let texts = known(counts, &key, allowance, now) + 1.0;
        counts.insert(key, Count { texts, at: now });
    }
}
