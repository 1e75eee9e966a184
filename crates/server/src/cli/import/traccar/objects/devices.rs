//! Brings over devices, each with the vehicle that it is in.

use super::{Known, ObjectImport};
use anyhow::Result;
use milepost_access::{hash_secret, random_secret};
use milepost_dialect_traccar::import::{ForeignDevice, ForeignObject};
use milepost_domain::{Device, DeviceId, Entry, EntryKind, PastAssignments, Vehicle, VehicleId};
use milepost_store::{NewEntry, Once, StoreError};
use milepost_traccar_source::{Found, Vehicles};
use std::collections::HashMap;

impl ObjectImport<'_> {
    pub(super) async fn add_devices(&mut self, objects: Vec<(ForeignObject, Found)>) -> Result<Vehicles> {
        let kind = EntryKind::Vehicle;
        let numbered: HashMap<i64, String> =
            self.entries(kind).await?.into_iter().filter_map(|entry| Some((entry.id, entry.name?))).collect();
        let (mut vehicles, mut made) = (Vehicles::new(), Vec::new());
        for (object, _) in objects {
            match self.known(kind, object.id(), |id| numbered.contains_key(&id)) {
                Known::There(id) => {
                    if let Some(vehicle) = numbered.get(&id).and_then(|name| VehicleId::stored(name).ok()) {
                        vehicles.insert(object.id(), vehicle);
                    }
                    self.report.counts(kind).known += 1;
                    continue;
                }
                Known::Removed => {
                    self.forget_removed(kind, object.id());
                    continue;
                }
                Known::No => {}
            }
            let device = match object.device() {
                Ok(device) => device,
                Err(why) => {
                    self.report.note(why, object.name());
                    continue;
                }
            };
            if device.is_disabled {
                self.report.note("devices that are disabled there may report here", object.name());
            }
            if let Some((vehicle, is_new)) = self.add_device(&object, device).await? {
                let counts = self.report.counts(kind);
                *(if is_new { &mut counts.added } else { &mut counts.known }) += 1;
                vehicles.insert(object.id(), vehicle.clone());
                made.push((object, vehicle));
            }
        }
        let names: Vec<String> = made.iter().map(|(_, vehicle)| vehicle.to_string()).collect();
        self.store.ensure_entries(self.tenant, kind, &names, self.now).await?;
        let entries: HashMap<String, Entry> =
            self.entries(kind).await?.into_iter().filter_map(|entry| Some((entry.name.clone()?, entry))).collect();
        for (mut object, vehicle) in made {
            let Some(entry) = entries.get(vehicle.as_str()) else { continue };
            let here = &self.here;
            object.renumber(|of, id| here.get(&(of, id)).copied().unwrap_or(0));
            match object.entry() {
                // What somebody entered here stays.
                Ok((_, body)) if entry.body.as_str() == "{}" => {
                    let new = NewEntry { kind, id: Some(entry.id), name: entry.name.clone(), body };
                    self.store.put_entry(self.tenant, &new, self.now).await?;
                }
                Ok(_) => {}
                Err(why) => self.report.note(why, object.name()),
            }
            self.link_up(kind, object.id(), entry.id);
        }
        self.note_fresh().await?;
        Ok(vehicles)
    }

    /// The vehicle of a device, and whether it was made. `None` if there can be none.
    async fn add_device(&mut self, object: &ForeignObject, device: ForeignDevice) -> Result<Option<(VehicleId, bool)>> {
        let ForeignDevice { unique_id, label, kind, speed_limit, .. } = device;
        match self.store.find_device_by_unique_id(&unique_id).await? {
            Some(known) if known.tenant == *self.tenant => return Ok(Some((known.vehicle_id, false))),
            Some(_) => {
                self.report.note("another tenant has a device of this uniqueId", object.name());
                return Ok(None);
            }
            None => {}
        }
        let plain: String = unique_id.as_str().chars().filter(char::is_ascii_alphanumeric).take(32).collect();
        let vehicle_id = match VehicleId::new(unique_id.as_str()) {
            Ok(id) => id,
            // The same in each import.
            Err(_) => VehicleId::new(&format!("{plain}-{}", object.id()))?,
        };
        let vehicle = Vehicle { speed_limit, ..Vehicle::new(vehicle_id.clone(), kind, label.clone()) };
        let is_new = match self.store.add_vehicle(self.tenant, &vehicle, self.now, &Once::unclaimed()).await {
            Ok(_) => true,
            Err(StoreError::Conflict(_)) => false,
            Err(error) => return Err(error.into()),
        };
        let device = Device {
            id: DeviceId::new(vehicle_id.as_str())?,
            tenant: self.tenant.clone(),
            vehicle_id: vehicle_id.clone(),
            past_vehicles: PastAssignments::default(),
            name: Some(label),
            unique_id: Some(unique_id),
            protocol: None,
            utc_offset: None,
            sack: false,
            version: self.now.unix_ms(),
        };
        // Nobody knows its key: devices of other protocols have none.
        let key_hash = hash_secret(&random_secret("mpd_"));
        match self.store.add_device(&device, &key_hash, &Once::unclaimed()).await {
            Ok(()) => {}
            Err(StoreError::Conflict(_)) => {
                self.report
                    .note("a device here has its id and another uniqueId: change that to let it report", object.name());
            }
            Err(error) => return Err(error.into()),
        }
        Ok(Some((vehicle_id, is_new)))
    }
}
