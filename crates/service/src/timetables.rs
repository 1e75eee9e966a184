//! The timetables of tenants, read into memory while somebody polls their feeds.

use crate::{FairReads, ServiceError};
use milepost_cache::WeightedCache;
use milepost_domain::{TenantId, Timestamp};
use milepost_store::Store;
use milepost_timetable::{Timetable, read_timetable};
use std::io::Cursor;
use std::sync::{Arc, Mutex, MutexGuard};

/// Memory for timetables. When it is full, those used least are read again when they are needed.
const TIMETABLES_BYTES: usize = 256 * 1024 * 1024;
/// How often the database is asked whether there is a newer one, milliseconds.
const LOOK_MS: i64 = 10_000;
/// What one of a timetable's stop times, and one point of a way, takes in memory.
const BYTES_OF_TIME: usize = 8;
const BYTES_OF_POINT: usize = 24;
/// A trip among those by name.
const BYTES_OF_NAME: usize = 96;

/// What the use cases of timetables need.
pub struct Timetables {
    store: Arc<dyn Store>,
    reads: Arc<FairReads>,
    /// A std mutex: held for a look-up, never across an await.
    known: Mutex<WeightedCache<TenantId, Known>>,
}

/// A tenant's timetable as it was seen last. Most have none.
#[derive(Clone)]
struct Known {
    looked_at: Timestamp,
    version: Option<i64>,
    timetable: Option<Arc<Timetable>>,
}

impl Timetables {
    pub(crate) fn new(store: Arc<dyn Store>, reads: Arc<FairReads>) -> Self {
        let heap_bytes = |tenant: &TenantId, known: &Known| {
            tenant.as_str().len() + known.timetable.as_deref().map_or(0, heap_bytes_of)
        };
        Self { store, reads, known: Mutex::new(WeightedCache::new(TIMETABLES_BYTES, heap_bytes)) }
    }

    fn lock(&self) -> MutexGuard<'_, WeightedCache<TenantId, Known>> {
        self.known.lock().expect("nothing panics while holding it")
    }
}

/// The tenant's timetable, if it has one. A newer one is seen within ten seconds.
///
/// # Errors
/// [`ServiceError::Unavailable`], [`ServiceError::Busy`].
pub async fn timetable_of(
    timetables: &Timetables,
    tenant: &TenantId,
    now: Timestamp,
) -> Result<Option<Arc<Timetable>>, ServiceError> {
    let known = timetables.lock().get(tenant).cloned();
    if let Some(known) = &known
        && (0..LOOK_MS).contains(&now.ms_since(known.looked_at))
    {
        return Ok(known.timetable.clone());
    }
    let version = timetables.store.timetable_version(tenant).await?;
    let timetable = match known {
        Some(known) if known.version == version => known.timetable,
        _ if version.is_none() => None,
        _ => read(timetables, tenant).await?,
    };
    let known = Known { looked_at: now, version, timetable: timetable.clone() };
    timetables.lock().insert(tenant.clone(), known);
    Ok(timetable)
}

/// Large timetables take a second to be read: away from the threads that serve, and one tenant after the other.
async fn read(timetables: &Timetables, tenant: &TenantId) -> Result<Option<Arc<Timetable>>, ServiceError> {
    let _permit = timetables.reads.in_time(timetables.reads.permit(tenant, None)).await?;
    let Some(stored) = timetables.store.get_timetable(tenant).await? else { return Ok(None) };
    let reading = tokio::task::spawn_blocking(move || read_timetable(Cursor::new(stored.archive)));
    match reading.await {
        Ok(Ok(timetable)) => Ok(Some(Arc::new(timetable))),
        // It was checked when it was imported.
        Ok(Err(error)) => {
            tracing::error!(tenant.id = %tenant, %error, "the stored timetable can't be read");
            Ok(None)
        }
        Err(error) => {
            tracing::error!(tenant.id = %tenant, %error, "reading the timetable failed");
            Ok(None)
        }
    }
}

fn heap_bytes_of(timetable: &Timetable) -> usize {
    let trips = timetable
        .trips
        .iter()
        .map(|trip| size_of_val(trip) + trip.id.len() + trip.times.len() * BYTES_OF_TIME + BYTES_OF_NAME);
    let patterns = timetable.patterns.iter().map(|pattern| {
        size_of_val(pattern) + pattern.path.points().len() * BYTES_OF_POINT + size_of_val(pattern.calls.as_slice())
    });
    trips.sum::<usize>() + patterns.sum::<usize>() + timetable.stops.len() * 128 + timetable.services.len() * 256
}
