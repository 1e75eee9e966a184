//! Sends commands to trackers, keeps those whose device has no connection until it has one, and notes what devices answer.

use super::lines::{Delivery, Lines};
use super::{Devices, require};
use crate::vehicles::find_vehicle;
use crate::{Request, ServiceError};
use milepost_domain::{
    Action, COMMAND_ANSWER_MS, CommandAnswer, CommandId, Device, DeviceCommand, DeviceId, IssuedCommand,
    MAX_QUEUED_COMMANDS, TenantId, Timestamp, VehicleId, answered_command, may,
};
use milepost_store::{NewCommand, Once};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::time::Instant;

/// After this time the commands of a tenant are read again, should the event of a change have been missed.
const FRESH_FOR: Duration = Duration::from_secs(300);
/// Tenants whose commands are in memory. When there are more, all are read again.
const MAX_TENANTS: usize = 20_000;

/// Kept commands of a tenant, by their vehicles.
type Kept = Arc<HashMap<VehicleId, Vec<IssuedCommand>>>;

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

/// Issues a command for the device of a vehicle: written to its connection on this node, or queued until it has one. `None` if the
/// protocol of an open connection has no such command.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`] for the vehicle, [`ServiceError::Conflict`] when the tenant has
/// [`MAX_QUEUED_COMMANDS`] that wait.
pub async fn issue_command(
    devices: &Devices,
    request: &Request,
    tenant: &TenantId,
    (vehicle, device): (&VehicleId, Option<&DeviceId>),
    command: DeviceCommand,
    once: &Once<'_, IssuedCommand>,
) -> Result<Option<IssuedCommand>, ServiceError> {
    if !may(&request.caller, Action::ManageVehicles, tenant) {
        return Err(ServiceError::Forbidden("only who manages the vehicles of the tenant may send commands"));
    }
    let lines = &devices.commands.lines;
    let kinds = device.and_then(|device| lines.kinds(tenant, device));
    if kinds.is_some_and(|kinds| !kinds.contains(&command.kind)) {
        return Ok(None);
    }
    let line = device.filter(|_| kinds.is_some());
    let new = NewCommand {
        vehicle_id: vehicle.clone(),
        device_id: device.cloned(),
        command: command.clone(),
        is_queued: line.is_none(),
    };
    // Stored before it is written: a device may answer at once.
    let store = devices.store.by(request.author());
    let issued = store.issue_command(tenant, &new, request.now, &once.map(Option::clone)).await?;
    devices.commands.forget(tenant);
    let full =
        || ServiceError::Conflict(format!("{MAX_QUEUED_COMMANDS} commands of the tenant wait for their devices"));
    let issued = issued.ok_or_else(full)?;
    let Some(device) = line else { return Ok(Some(issued)) };
    let kind = command.kind;
    match lines.write(tenant, device, command).await {
        Delivery::Written => {
            tracing::info!(device.id = %device, tenant.id = %tenant, ?kind, by = request.caller.log_name(), "command sent");
            Ok(Some(issued))
        }
        Delivery::NotTaken => {
            devices.store.drop_command(tenant, issued.id).await?;
            Ok(None)
        }
        // It went away meanwhile.
        Delivery::NoLine => {
            let queued = devices.store.requeue_command(tenant, issued.id, devices.clock.now()).await?;
            devices.commands.forget(tenant);
            Ok(Some(queued.unwrap_or(issued)))
        }
    }
}

/// The commands that wait for a device that has a connection now, the oldest first. Those of other nodes are found within a second.
/// An empty list if they can't be read: the device's next message asks again.
pub async fn queued_commands(devices: &Devices, device: &Device) -> Vec<IssuedCommand> {
    let kept = match devices.commands.known(&device.tenant) {
        Some(kept) => kept,
        None => match read_kept(devices, &device.tenant).await {
            Ok(kept) => kept,
            Err(error) => {
                tracing::warn!(%error, "queued commands can't be read");
                return Vec::new();
            }
        },
    };
    kept.get(&device.vehicle_id).cloned().unwrap_or_default()
}

/// Takes a queued command, so that it is written once. False if another took it.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn take_command(devices: &Devices, device: &Device, command: &IssuedCommand) -> Result<bool, ServiceError> {
    devices.commands.forget(&device.tenant);
    let now = devices.clock.now();
    Ok(devices.store.take_command(&device.tenant, command.id, &device.id, now).await?.is_some())
}

/// Notes what a device says to a command. A text without a command before it is an answer to nothing.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn answer_command(devices: &Devices, device: &Device, text: &str) -> Result<(), ServiceError> {
    let Some(answer) = CommandAnswer::of(text) else { return Ok(()) };
    let (store, tenant, now) = (&devices.store, &device.tenant, devices.clock.now());
    let since = now.plus_ms(-COMMAND_ANSWER_MS);
    let waiting = store.unanswered_commands(tenant, &device.vehicle_id, since).await?;
    if let Some(command) = answered_command(&waiting, now) {
        store.answer_command(tenant, command.id, &answer, now).await?;
    }
    Ok(())
}

/// The commands of a device with a smaller number than `before`, the newest first.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
pub async fn list_commands(
    devices: &Devices,
    request: &Request,
    tenant: &TenantId,
    device: &DeviceId,
    before: Option<CommandId>,
    limit: u32,
) -> Result<Vec<IssuedCommand>, ServiceError> {
    require(&request.caller, Action::SeeDevices, tenant)?;
    devices.store.get_device(tenant, device).await?.ok_or(ServiceError::NotFound("device"))?;
    Ok(devices.store.list_commands(tenant, device, before, limit).await?)
}

/// The commands for a vehicle's device that were sent or answered from the one time until before the other.
///
/// # Errors
/// [`ServiceError::NotFound`] also for a vehicle that the caller may not see.
pub async fn commands_between(
    devices: &Devices,
    request: &Request,
    tenant: &TenantId,
    vehicle: &VehicleId,
    window: (Timestamp, Timestamp),
    limit: u32,
) -> Result<Vec<IssuedCommand>, ServiceError> {
    find_vehicle(&*devices.store, &request.caller, tenant, vehicle).await?;
    Ok(devices.store.commands_between(tenant, vehicle, window, limit).await?)
}

async fn read_kept(devices: &Devices, tenant: &TenantId) -> Result<Kept, ServiceError> {
    let changes = devices.commands.lock().changes;
    let mut by_vehicle: HashMap<VehicleId, Vec<IssuedCommand>> = HashMap::new();
    for command in devices.store.queued_commands(tenant, MAX_QUEUED_COMMANDS).await? {
        by_vehicle.entry(command.vehicle_id.clone()).or_default().push(command);
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
