//! Sends commands to trackers, and keeps those whose device has no connection until it has one.

use super::Devices;
use super::lines::{Delivery, Lines};
use crate::{Request, ServiceError};
use milepost_domain::{
    Action, Device, DeviceCommand, DeviceId, Entry, EntryBody, EntryKind, EntryRef, MAX_ENTRIES, TenantId, VehicleId,
    may,
};
use milepost_store::NewEntry;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::time::Instant;

/// After this time the commands of a tenant are read again, should the event of a change have been missed.
const FRESH_FOR: Duration = Duration::from_secs(300);
/// Tenants whose commands are in memory. When there are more, all are read again.
const MAX_TENANTS: usize = 20_000;
/// Commands of a tenant that are known. The oldest ones count.
const MAX_KNOWN: u32 = 1_000;

/// Kept commands of a tenant, by their vehicles.
type Kept = Arc<HashMap<VehicleId, Vec<Entry>>>;

/// Connections that take commands, and what is known of kept commands.
#[derive(Default)]
pub struct Commands {
    pub(super) lines: Arc<Lines>,
    /// A std mutex: held for a look-up, never across an await.
    kept: Mutex<Known>,
}

/// Kept commands in memory, until an event says that a tenant's have changed.
#[derive(Default)]
struct Known {
    tenants: HashMap<TenantId, (Instant, Kept)>,
    /// Counts changes: what was read before one is not believed after it.
    changes: u64,
}

impl Commands {
    fn known(&self, tenant: &TenantId) -> Option<Kept> {
        let kept = self.lock();
        kept.tenants.get(tenant).filter(|(read, _)| read.elapsed() < FRESH_FOR).map(|(_, kept)| Arc::clone(kept))
    }

    /// A tenant's kept commands have changed, here or on another node.
    pub(crate) fn forget(&self, tenant: &TenantId) {
        let mut kept = self.lock();
        kept.tenants.remove(tenant);
        kept.changes += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.kept.lock().expect("nothing panics while holding it")
    }
}

/// The connections of trackers on this node.
pub fn lines(devices: &Devices) -> &Arc<Lines> {
    &devices.commands.lines
}

/// Has a command written to a device's connection on this node.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub async fn send_command(
    devices: &Devices,
    request: &Request,
    tenant: &TenantId,
    device: &DeviceId,
    command: DeviceCommand,
) -> Result<Delivery, ServiceError> {
    require_command(request, tenant)?;
    let kind = command.kind;
    let delivery = devices.commands.lines.write(tenant, device, command).await;
    if delivery == Delivery::Written {
        tracing::info!(device.id = %device, tenant.id = %tenant, ?kind, by = request.caller.log_name(), "command sent");
    }
    Ok(delivery)
}

/// Keeps a command until its vehicle's device has a connection. What it is, is for the dialect to say.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::Conflict`] when the tenant has [`MAX_ENTRIES`].
pub async fn keep_command(
    devices: &Devices,
    request: &Request,
    tenant: &TenantId,
    vehicle: &VehicleId,
    body: EntryBody,
) -> Result<Entry, ServiceError> {
    require_command(request, tenant)?;
    // Names are unique: the vehicle's comes first, so that it is found again.
    let name = Some(format!("{vehicle} {}", uuid::Uuid::now_v7().simple()));
    let new = NewEntry { kind: EntryKind::QueuedCommand, id: None, name, body };
    let entry = devices.store.by(request.author()).put_entry(tenant, &new, request.now).await?;
    devices.commands.forget(tenant);
    entry.ok_or_else(|| ServiceError::Conflict(format!("a tenant may have {MAX_ENTRIES} of a kind, remove one first")))
}

/// The commands that are kept for a device that has a connection now, the oldest first. Those of other nodes are found within a
/// second. An empty list if they can't be read: the device's next message asks again.
pub async fn kept_commands(devices: &Devices, device: &Device) -> Vec<Entry> {
    let kept = match devices.commands.known(&device.tenant) {
        Some(kept) => kept,
        None => match read_kept(devices, &device.tenant).await {
            Ok(kept) => kept,
            Err(error) => {
                tracing::warn!(%error, "kept commands can't be read");
                return Vec::new();
            }
        },
    };
    kept.get(&device.vehicle_id).cloned().unwrap_or_default()
}

/// Takes a kept command, so that it is written once. False if another took it.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn take_kept_command(devices: &Devices, device: &Device, entry: &Entry) -> Result<bool, ServiceError> {
    let tenant = &device.tenant;
    devices.commands.forget(tenant);
    let now = devices.clock.now();
    Ok(devices.store.remove_entry(tenant, EntryRef { kind: EntryKind::QueuedCommand, id: entry.id }, now).await?)
}

async fn read_kept(devices: &Devices, tenant: &TenantId) -> Result<Kept, ServiceError> {
    let changes = devices.commands.lock().changes;
    let entries = devices.store.list_entries(tenant, EntryKind::QueuedCommand, 0, MAX_KNOWN).await?;
    let mut by_vehicle: HashMap<VehicleId, Vec<Entry>> = HashMap::new();
    for entry in entries {
        let vehicle = entry.name.as_deref().and_then(|name| name.rsplit_once(' '));
        if let Some(vehicle) = vehicle.and_then(|(vehicle, _)| VehicleId::stored(vehicle).ok()) {
            by_vehicle.entry(vehicle).or_default().push(entry);
        }
    }
    let kept = Arc::new(by_vehicle);
    let mut known = devices.commands.lock();
    if known.changes == changes {
        if known.tenants.len() >= MAX_TENANTS && !known.tenants.contains_key(tenant) {
            known.tenants.clear();
        }
        known.tenants.insert(tenant.clone(), (Instant::now(), Arc::clone(&kept)));
    }
    Ok(kept)
}

fn require_command(request: &Request, tenant: &TenantId) -> Result<(), ServiceError> {
    if may(&request.caller, Action::ManageVehicles, tenant) {
        Ok(())
    } else {
        Err(ServiceError::Forbidden("only who manages the vehicles of the tenant may send commands"))
    }
}
