//! Adds, moves and removes devices, takes what they report by their own protocols, and lists those that nobody has added.
//! Each has a secret key, which is shown once.

mod alarms;
mod commands;
mod lines;
mod report;
mod unknown;

pub use commands::{
    Commands, answer_command, commands_between, issue_command, lines, list_commands, queued_commands, take_command,
};
pub use lines::{Delivery, Lines, OpenLine, WaitingCommand};
pub use report::{Identity, KeyShown, Refusal, Reported, ReportingDevice, Taken, identify, record_reports, report};
pub use unknown::{adopt_device, list_unknown_devices};

use crate::positions::Positions;
use crate::wakers::Wakers;
use crate::{Request, ServiceError};
use alarms::AlarmAlerts;
use milepost_access::{Access, CloseReason, Holder, hash_secret, random_secret};
use milepost_clock::Clock;
use milepost_domain::{Action, Caller, Device, DeviceId, ExpectedVersion, TenantId, may};
use milepost_store::{Once, Store};
use std::sync::Arc;
use unknown::UnknownDevices;

/// Attempts when others change the same device at the same time. A failed one means that another change was stored first.
const TRIES: usize = 5;

/// Devices in one read of the store.
const PAGE: u32 = 1_000;

/// What the operator decided about devices that report by their own protocols.
#[derive(Debug, Clone, Default)]
pub struct DeviceRules {
    /// A device that can send its key must.
    pub keys_required: bool,
    /// The tenant whose admins see unknown devices and add them; superadmins alone if `None`.
    pub adopting_tenant: Option<TenantId>,
}

/// What the use cases of devices need.
pub struct Devices {
    store: Arc<dyn Store>,
    access: Arc<Access>,
    positions: Arc<Positions>,
    rules: DeviceRules,
    unknown: Arc<UnknownDevices>,
    alarms: AlarmAlerts,
    /// The event feed says what has changed of them.
    pub(crate) commands: Arc<Commands>,
    clock: Clock,
}

impl Devices {
    pub(crate) fn new(
        (store, access, clock): (Arc<dyn Store>, Arc<Access>, Clock),
        positions: Arc<Positions>,
        (wakers, alert_expiry_ms): (Wakers, i64),
        rules: DeviceRules,
    ) -> Self {
        let unknown = UnknownDevices::new(Arc::clone(&store), clock.clone());
        let alarms = AlarmAlerts::new(Arc::clone(&store), wakers, alert_expiry_ms);
        Self { store, access, positions, rules, unknown, alarms, commands: Arc::default(), clock }
    }
}

/// A device with its key, which is not shown again.
#[derive(Clone)]
pub struct NewDevice {
    /// The device.
    pub device: Device,
    /// Its secret key.
    pub key: String,
}

/// Adds a device for a vehicle of its tenant.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::Conflict`], [`ServiceError::NotFound`] for the vehicle.
pub async fn add_device(
    devices: &Devices,
    request: &Request,
    device: Device,
    once: &Once<'_, NewDevice>,
) -> Result<NewDevice, ServiceError> {
    require(&request.caller, Action::ManageDevices, &device.tenant)?;
    // One that is made anew under an old id has none of its versions.
    let device = Device { version: request.now.unix_ms(), ..device };
    let new = NewDevice { device, key: random_secret("mpd_") };
    let key_hash = hash_secret(&new.key);
    devices
        .store
        .by(request.author())
        .add_device(&new.device, &key_hash, &once.map(|(): &()| Some(new.clone())))
        .await?;
    devices.access.forget_key(&key_hash);
    forget_name(devices, &new.device);
    let (id, tenant) = (&new.device.id, &new.device.tenant);
    tracing::info!(device.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "device added");
    Ok(new)
}

/// One device.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`].
pub async fn get_device(
    devices: &Devices,
    request: &Request,
    tenant: &TenantId,
    id: &DeviceId,
) -> Result<Device, ServiceError> {
    require(&request.caller, Action::SeeDevices, tenant)?;
    devices.store.get_device(tenant, id).await?.ok_or(ServiceError::NotFound("device"))
}

/// Devices in the order of their ids.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub async fn list_devices(
    devices: &Devices,
    request: &Request,
    tenant: &TenantId,
    after: Option<&DeviceId>,
    limit: u32,
) -> Result<Vec<Device>, ServiceError> {
    require(&request.caller, Action::SeeDevices, tenant)?;
    Ok(devices.store.list_devices(tenant, after, limit).await?)
}

/// All devices of a tenant, in the order of their ids, for what a dialect keeps in memory for all of the tenant's callers.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn read_devices(devices: &Devices, tenant: &TenantId) -> Result<Vec<Device>, ServiceError> {
    let mut read: Vec<Device> = Vec::new();
    loop {
        let page = devices.store.list_devices(tenant, read.last().map(|last| &last.id), PAGE).await?;
        let is_last = page.len() < PAGE as usize;
        read.extend(page);
        if is_last {
            return Ok(read);
        }
    }
}

/// Changes a device, or moves it to another vehicle. What it reports of an earlier time belongs to the vehicle that it was
/// in then. Its connections end if it was moved. A change without a difference is not stored. What others change at the same time
/// stays.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`] also for the vehicle, [`ServiceError::Changed`], [`ServiceError::Conflict`]
/// when others keep changing it.
pub async fn change_device(
    devices: &Devices,
    request: &Request,
    tenant: &TenantId,
    id: &DeviceId,
    expected: &ExpectedVersion,
    change: impl Fn(Device) -> Device + Send + Sync,
) -> Result<Device, ServiceError> {
    for _ in 0..TRIES {
        let before = read_expected(devices, request, tenant, id, expected).await?;
        let after = change(before.clone());
        if after == before {
            return Ok(before);
        }
        let after = Device { version: before.version + 1, ..after };
        if devices.store.by(request.author()).update_device(&after, request.now).await? {
            devices.access.forget(Holder::Device(tenant, id));
            forget_name(devices, &after);
            if after.vehicle_id != before.vehicle_id {
                devices.access.end_connections(Holder::Device(tenant, id), CloseReason::RightsChanged);
            }
            tracing::info!(device.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "device changed");
            return Ok(after);
        }
    }
    Err(being_changed())
}

/// Removes a device. Its key is no longer a credential, and its connections end.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`], [`ServiceError::Changed`], [`ServiceError::Conflict`] when others keep
/// changing it.
pub async fn remove_device(
    devices: &Devices,
    request: &Request,
    tenant: &TenantId,
    id: &DeviceId,
    expected: &ExpectedVersion,
) -> Result<(), ServiceError> {
    for _ in 0..TRIES {
        let before = read_expected(devices, request, tenant, id, expected).await?;
        if devices.store.by(request.author()).remove_device(tenant, id, Some(before.version), request.now).await? {
            devices.access.end_connections(Holder::Device(tenant, id), CloseReason::Revoked);
            tracing::info!(device.id = %id, tenant.id = %tenant, by = request.caller.log_name(), "device removed");
            return Ok(());
        }
    }
    Err(being_changed())
}

async fn read_expected(
    devices: &Devices,
    request: &Request,
    tenant: &TenantId,
    id: &DeviceId,
    expected: &ExpectedVersion,
) -> Result<Device, ServiceError> {
    require(&request.caller, Action::ManageDevices, tenant)?;
    let device = get_device(devices, request, tenant, id).await?;
    if expected.allows(device.version) { Ok(device) } else { Err(ServiceError::Changed("device")) }
}

fn being_changed() -> ServiceError {
    ServiceError::Conflict("the device is being changed by others, try again".to_owned())
}

fn require(caller: &Caller, action: Action, tenant: &TenantId) -> Result<(), ServiceError> {
    if may(caller, action, tenant) {
        Ok(())
    } else {
        Err(ServiceError::Forbidden("only an admin or manager of the tenant may manage its devices"))
    }
}

/// It may have reported under this name before it was added.
fn forget_name(devices: &Devices, device: &Device) {
    if let Some(unique_id) = &device.unique_id {
        devices.access.forget_name(unique_id);
    }
}
