//! Limits texts to customers: they cost money, and nobody may flood a number.

use milepost_cache::WeightedCache;
use milepost_domain::{Caller, Delivery, Phone, Principal, Role, TenantId, Timestamp};
use std::sync::Mutex;

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

/// A std mutex: held for microseconds, never across an await. The counts are this process's own.
pub(super) struct TextLimit(Mutex<WeightedCache<Key, Count>>);

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
    /// Counts a text about a delivery that `caller` starts or moves on.
    ///
    /// # Errors
    /// How many seconds to wait, if there were too many.
    pub(super) fn count(&self, delivery: &Delivery, phone: &Phone, caller: &Caller, now: Timestamp) -> Result<(), u64> {
        let tenant = || delivery.tenant.clone();
        let (rider, per_number) = match &caller.principal {
            // It may call itself by many names, but has one token.
            Principal::User { subject, role: Role::Rider, .. } => (subject.clone(), PER_NUMBER),
            _ => (delivery.rider_id.as_str().to_owned(), PER_NUMBER_BY_STAFF),
        };
        let keys = [
            (Key::Number(tenant(), phone.as_str().to_owned()), per_number),
            (Key::Rider(tenant(), rider), PER_RIDER),
            (Key::Tenant(tenant()), PER_TENANT),
        ];
        let mut counts = self.0.lock().expect("nothing panics while holding it");
        let mut counted = Vec::with_capacity(keys.len());
        for (key, Allowance { burst, recovery_ms }) in keys {
            let known = counts.get(&key).copied().unwrap_or(Count { texts: 0.0, at: now });
            let recovered = now.ms_since(known.at).max(0) as f64 / recovery_ms;
            let texts = (known.texts - recovered).max(0.0) + 1.0;
            if texts > burst {
                return Err(((texts - burst) * recovery_ms / 1_000.0).ceil() as u64);
            }
            counted.push((key, Count { texts, at: now }));
        }
        for (key, count) in counted {
            counts.insert(key, count);
        }
        Ok(())
    }
}
