//! The fleets of the tenants that this API serves, in memory.

use crate::fleet::{FleetParts, FleetView};
use milepost_domain::{EntryKind, TenantId, Timestamp};
use milepost_service::{ServiceError, UseCases, catalogue, devices, fleet, users, vehicles};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, RwLock};
use tokio::sync::Notify;

/// Tenants in memory. Beyond it, one that nobody follows is forgotten, and read again when it is asked for.
const MAX_TENANTS: usize = 1_000;
/// Geofences of a tenant in memory. Those with higher numbers are in no list here.
const MAX_AREAS: usize = 20_000;

/// A fleet that was read longer ago is read again by who asks for it: not every change has an event.
const MAX_AGE_MS: i64 = 30_000;

/// The fleets, and which of them are out of date.
#[derive(Default)]
pub struct Directory {
    /// A std mutex: held for a look-up, never across an await.
    tenants: Mutex<HashMap<TenantId, Arc<Known>>>,
    /// Sockets on this node that show what trackers send.
    log_readers: AtomicUsize,
}

/// One socket that shows what trackers send, until it is dropped.
pub(crate) struct LogReader(Arc<Directory>);

impl Drop for LogReader {
    fn drop(&mut self) {
        self.0.log_readers.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What is known of one tenant.
#[derive(Default)]
pub(crate) struct Known {
    /// The fleet, and the count of changes before it was read.
    view: RwLock<Option<Read>>,
    changes: AtomicU64,
    /// Only one caller reads at a time; the others take what it read.
    reading: tokio::sync::Mutex<()>,
    changed: Notify,
}

/// A fleet as it was read.
struct Read {
    /// The count of changes before.
    at: u64,
    when: Timestamp,
    view: Arc<FleetView>,
}

impl Known {
    fn current(&self, now: Timestamp) -> Option<Arc<FleetView>> {
        let view = self.view.read().expect("nothing panics while holding it");
        let is_current =
            |read: &&Read| read.at == self.changes.load(Ordering::Acquire) && now.ms_since(read.when) < MAX_AGE_MS;
        view.as_ref().filter(is_current).map(|read| Arc::clone(&read.view))
    }

    /// The fleet as it was read last, perhaps out of date.
    pub(crate) fn last(&self) -> Option<Arc<FleetView>> {
        self.view.read().expect("nothing panics while holding it").as_ref().map(|read| Arc::clone(&read.view))
    }

    /// Whether the fleet changed after it was read.
    pub(crate) fn is_outdated(&self) -> bool {
        let view = self.view.read().expect("nothing panics while holding it");
        view.as_ref().is_some_and(|read| read.at != self.changes.load(Ordering::Acquire))
    }

    /// Returns at the next change. Ask before the fleet is read.
    pub(crate) fn changed(&self) -> tokio::sync::futures::Notified<'_> {
        self.changed.notified()
    }
}

impl Directory {
    /// A directory that knows nothing yet.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// Another socket shows what trackers send.
    pub(crate) fn read_logs(self: &Arc<Self>) -> LogReader {
        self.log_readers.fetch_add(1, Ordering::AcqRel);
        LogReader(Arc::clone(self))
    }

    /// Whether anybody on this node looks at what trackers send.
    pub fn has_log_readers(&self) -> bool {
        self.log_readers.load(Ordering::Acquire) > 0
    }

    pub(crate) fn known(&self, tenant: &TenantId) -> Arc<Known> {
        let mut tenants = self.tenants.lock().expect("nothing panics while holding it");
        if tenants.len() >= MAX_TENANTS && !tenants.contains_key(tenant) {
            let unused =
                tenants.iter().find(|(_, known)| Arc::strong_count(known) == 1).map(|(tenant, _)| tenant.clone());
            if let Some(unused) = unused {
                tenants.remove(&unused);
            }
        }
        Arc::clone(tenants.entry(tenant.clone()).or_default())
    }

    /// The fleet as it was read last, if it was; for messages that can't wait.
    pub(crate) fn last(&self, tenant: &TenantId) -> Option<Arc<FleetView>> {
        let known = self.tenants.lock().expect("nothing panics while holding it").get(tenant).cloned();
        known.and_then(|known| known.last())
    }

    /// A tenant's fleet is out of date from now on.
    pub(crate) fn mark_changed(&self, tenant: &TenantId) {
        let known = self.tenants.lock().expect("nothing panics while holding it").get(tenant).cloned();
        if let Some(known) = known {
            known.changes.fetch_add(1, Ordering::AcqRel);
            known.changed.notify_waiters();
        }
    }

    /// The fleet as it is now.
    pub(crate) async fn view(
        &self,
        use_cases: &UseCases,
        tenant: &TenantId,
        now: Timestamp,
    ) -> Result<Arc<FleetView>, ServiceError> {
        let known = self.known(tenant);
        if let Some(view) = known.current(now) {
            return Ok(view);
        }
        let _reading = known.reading.lock().await;
        if let Some(view) = known.current(now) {
            return Ok(view);
        }
        let before = known.changes.load(Ordering::Acquire);
        let parts = read(use_cases, tenant, now).await?;
        let view = tokio::task::spawn_blocking(move || Arc::new(FleetView::build(parts)))
            .await
            .map_err(|_| ServiceError::Internal)?;
        *known.view.write().expect("nothing panics while holding it") =
            Some(Read { at: before, when: now, view: Arc::clone(&view) });
        Ok(view)
    }
}

async fn read(use_cases: &UseCases, tenant: &TenantId, now: Timestamp) -> Result<FleetParts, ServiceError> {
    let kept = &use_cases.catalogue;
    let all = milepost_domain::VehicleScope::All;
    let read = vehicles::read_vehicles(&use_cases.vehicles, tenant, &all, |_| true).await?;
    let vehicles: Vec<_> = read.into_iter().map(|live| live.vehicle).collect();
    let mut entries = catalogue::read_entries(kept, tenant, EntryKind::Vehicle).await?;
    let numbered: std::collections::HashSet<&str> = entries.iter().filter_map(|entry| entry.name.as_deref()).collect();
    let missing: Vec<_> =
        vehicles.iter().filter(|one| !numbered.contains(one.id.as_str())).map(|one| one.id.clone()).collect();
    if !missing.is_empty() {
        catalogue::number_vehicles(kept, tenant, &missing, now).await?;
        entries = catalogue::read_entries(kept, tenant, EntryKind::Vehicle).await?;
    }
    Ok(FleetParts {
        vehicles,
        devices: devices::read_devices(&use_cases.devices, tenant).await?,
        entries,
        groups: catalogue::read_entries(kept, tenant, EntryKind::Group).await?,
        notifications: catalogue::read_entries(kept, tenant, EntryKind::Notification).await?,
        settings: catalogue::read_entries(kept, tenant, EntryKind::Settings).await?.pop(),
        links: catalogue::read_links(kept, tenant).await?,
        users: users::read_users(&use_cases.users, tenant).await?,
        geofences: fleet::read_geofences(&use_cases.fleet, tenant, MAX_AREAS).await?,
    })
}
