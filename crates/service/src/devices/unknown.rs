//! Devices that reported and that nobody has added: listed, so that an admin can add them.

use super::{Devices, NewDevice, add_device};
use crate::{Request, ServiceError};
use milepost_clock::Clock;
use milepost_domain::{
    Action, Caller, Device, DeviceId, DeviceProtocol, PastAssignments, TenantId, Timestamp, UniqueId, UnknownDevice,
    VehicleId, may,
};
use milepost_store::{Once, Store};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use uuid::Uuid;

/// Unknown devices of the last moments that are not stored yet. Others are not noted until there is room again: they report again.
const WAITING: usize = 500;
/// Those of one address among them.
const WAITING_OF_ADDRESS: usize = 50;
/// How long they wait at most: a flood of reports is one small transaction a second.
const STORE_EVERY: Duration = Duration::from_secs(1);

/// Gathers the reports of unknown devices, and stores them together.
pub(super) struct UnknownDevices {
    store: Arc<dyn Store>,
    clock: Clock,
    /// A std mutex: held for a look-up, never across an await.
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Waiting {
    seen: HashMap<(UniqueId, DeviceProtocol), UnknownDevice>,
    of_address: HashMap<Option<IpAddr>, usize>,
    /// A task will store them.
    is_due: bool,
}

impl UnknownDevices {
    pub(super) fn new(store: Arc<dyn Store>, clock: Clock) -> Arc<Self> {
        Arc::new(Self { store, clock, waiting: Mutex::default() })
    }

    /// Notes a report. It is stored soon after.
    pub(super) fn note(self: &Arc<Self>, unique_id: &UniqueId, protocol: DeviceProtocol, address: Option<IpAddr>) {
        let now = self.clock.now();
        let mut waiting = self.lock();
        if !waiting.note(unique_id, protocol, address, now) || std::mem::replace(&mut waiting.is_due, true) {
            return;
        }
        drop(waiting);
        let gathering = Arc::clone(self);
        tokio::spawn(async move {
            gathering.clock.sleep(STORE_EVERY).await;
            gathering.lock().is_due = false;
            // They report again, so that a failure loses nothing. It is logged where it is turned into an answer.
            if let Err(error) = gathering.store_waiting().await {
                tracing::debug!(%error, "unknown devices could not be noted");
            }
        });
    }

    async fn store_waiting(&self) -> Result<(), ServiceError> {
        let mut seen: Vec<_> = {
            let mut waiting = self.lock();
            waiting.of_address.clear();
            std::mem::take(&mut waiting.seen).into_values().collect()
        };
        if seen.is_empty() {
            return Ok(());
        }
        // In one order on all nodes, so that they don't wait for each other.
        seen.sort_unstable_by(|one, other| (&one.unique_id, one.protocol).cmp(&(&other.unique_id, other.protocol)));
        Ok(self.store.note_unknown_devices(&seen).await?)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("nothing panics while holding it")
    }
}

impl Waiting {
    /// Returns false if there is no room.
    fn note(
        &mut self,
        unique_id: &UniqueId,
        protocol: DeviceProtocol,
        address: Option<IpAddr>,
        now: Timestamp,
    ) -> bool {
        if let Some(known) = self.seen.get_mut(&(unique_id.clone(), protocol)) {
            (known.address, known.last_seen) = (address, now);
            return true;
        }
        let of_address = self.of_address.entry(address).or_default();
        if self.seen.len() >= WAITING || *of_address >= WAITING_OF_ADDRESS {
            return false;
        }
        *of_address += 1;
        let id = DeviceId::new(&Uuid::now_v7().to_string()).expect("hexadecimal digits and hyphens");
        let unique_id = unique_id.clone();
        let key = (unique_id.clone(), protocol);
        self.seen.insert(key, UnknownDevice { id, unique_id, protocol, address, first_seen: now, last_seen: now });
        true
    }
}

/// Devices that reported and that nobody has added, the newest first.
///
/// # Errors
/// [`ServiceError::Forbidden`].
pub async fn list_unknown_devices(
    devices: &Devices,
    request: &Request,
    before: Option<&DeviceId>,
    limit: u32,
) -> Result<Vec<UnknownDevice>, ServiceError> {
    require(devices, &request.caller)?;
    devices.unknown.store_waiting().await?;
    Ok(devices.store.list_unknown_devices(before, limit).await?)
}

/// Adds an unknown device for a vehicle of `tenant`. It is not listed any more.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::NotFound`] also for the vehicle, [`ServiceError::Conflict`] if another device has
/// its unique id by now.
pub async fn adopt_device(
    devices: &Devices,
    request: &Request,
    tenant: &TenantId,
    unknown: &DeviceId,
    vehicle_id: VehicleId,
    once: &Once<'_, NewDevice>,
) -> Result<NewDevice, ServiceError> {
    require(devices, &request.caller)?;
    devices.unknown.store_waiting().await?;
    let found = devices.store.get_unknown_device(unknown).await?;
    let unknown = found.ok_or(ServiceError::NotFound("unknown device"))?;
    let device = Device {
        id: unknown.id,
        tenant: tenant.clone(),
        vehicle_id,
        past_vehicles: PastAssignments::default(),
        name: None,
        unique_id: Some(unknown.unique_id),
        protocol: None,
        utc_offset: None,
        sack: false,
        version: 0,
    };
    add_device(devices, request, device, once).await
}

fn require(devices: &Devices, caller: &Caller) -> Result<(), ServiceError> {
    let adopting = devices.rules.adopting_tenant.as_ref();
    if caller.is_superadmin() || adopting.is_some_and(|tenant| may(caller, Action::AdoptDevices, tenant)) {
        Ok(())
    } else {
        Err(ServiceError::Forbidden(
            "only a superadmin may see unknown devices, or an admin of the tenant that DEVICE_TENANT names",
        ))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{WAITING, WAITING_OF_ADDRESS, Waiting};
    use milepost_domain::{DeviceProtocol, Timestamp, UniqueId};

    #[test]
    fn one_stranger_leaves_room_for_the_unknown_devices_of_others() {
        let mut waiting = Waiting::default();
        let now = Timestamp::from_unix_ms(1_796_083_200_000).unwrap();
        let mut note = |id: String, address: &str| {
            let address = Some(address.parse().unwrap());
            waiting.note(&UniqueId::new(&id).unwrap(), DeviceProtocol::OSMAND, address, now)
        };
        let taken = (0..1_000).filter(|n| note(format!("flood-{n}"), "192.0.2.1")).count();
        assert_eq!(taken, WAITING_OF_ADDRESS);
        assert!(note("flood-0".to_owned(), "192.0.2.1"), "one that is noted already");
        assert!(note("van-7".to_owned(), "192.0.2.2"));
        let taken = (0..2_000).filter(|n| note(format!("many-{n}"), &format!("10.0.{}.{}", n / 250, n % 250))).count();
        assert_eq!(taken, WAITING - WAITING_OF_ADDRESS - 1);
    }
}
