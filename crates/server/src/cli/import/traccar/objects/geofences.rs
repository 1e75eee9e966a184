//! Brings over geofences, with the vehicles that they are for.

use super::sight::Sight;
use super::{Known, ObjectImport, PAGE};
use anyhow::Result;
use milepost_dialect_traccar::import::ForeignObject;
use milepost_domain::{EntryKind, Geofence, GeofenceDescription, GeofenceId, MAX_GEOFENCES, VehicleId, VehicleList};
use milepost_store::{NewEntry, Once};
use milepost_traccar_source::Found;
use std::collections::{BTreeSet, HashMap, HashSet};

impl ObjectImport<'_> {
    async fn geofences(&self) -> Result<Vec<Geofence>> {
        let (mut geofences, mut after) = (Vec::new(), None);
        loop {
            let page = self.store.list_geofences(self.tenant, after, PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            after = page.last().map(|last| last.id);
            geofences.extend(page);
            if is_last {
                return Ok(geofences);
            }
        }
    }

    pub(super) async fn add_geofences(
        &mut self,
        objects: Vec<(ForeignObject, Found)>,
        sight: &Sight<'_>,
    ) -> Result<()> {
        let kind = EntryKind::Geofence;
        let existing = self.geofences().await?;
        let entries: HashSet<i64> = self.entries(kind).await?.into_iter().map(|entry| entry.id).collect();
        let by_id: HashMap<i64, &Geofence> = existing.iter().map(|geofence| (geofence.id.get(), geofence)).collect();
        let mut claimed = self.claimed(kind);
        for (mut object, _) in objects {
            let of = sight.vehicles_of(kind, object.id());
            if of.len() > VehicleList::MAX {
                self.report.note(format!("a geofence may be for {} vehicles", VehicleList::MAX), object.name());
            }
            let vehicles = VehicleList::stored(of.into_iter().take(VehicleList::MAX).collect())?;
            let here = &self.here;
            object.renumber(|of, id| here.get(&(of, id)).copied().unwrap_or(0));
            if object.reference(EntryKind::Calendar) != 0 {
                self.report.note("geofences with a calendar are in force always: give them a schedule", object.name());
            }
            let found = match self.known(kind, object.id(), |id| by_id.contains_key(&id) || entries.contains(&id)) {
                Known::There(id) => Some(id),
                Known::Removed => {
                    self.forget_removed(kind, object.id());
                    continue;
                }
                Known::No => None,
            };
            let description = match object.geofence(vehicles.clone()) {
                Ok(description) => description,
                Err(why) => {
                    self.report.note(why, object.name());
                    continue;
                }
            };
            let is_same = |geofence: &&Geofence| {
                let known = &geofence.description;
                let is_equal = |one: &GeofenceDescription| {
                    (&one.name, &one.geometry, one.shape) == (&known.name, &known.geometry, known.shape)
                };
                !claimed.contains(&geofence.id.get()) && description.as_ref().is_some_and(is_equal)
            };
            let found = found.or_else(|| existing.iter().find(is_same).map(|geofence| geofence.id.get()));
            let id = match (found, description) {
                (Some(id), _) => {
                    if let Some(geofence) = by_id.get(&id) {
                        self.add_vehicles_to_geofence(geofence, &vehicles).await?;
                    }
                    self.report.counts(kind).known += 1;
                    Some(id)
                }
                (None, Some(description)) => {
                    let added =
                        self.store.add_geofence(self.tenant, &description, self.now, &Once::unclaimed()).await?;
                    let Some(added) = added else {
                        self.report.note(format!("a tenant may have {MAX_GEOFENCES} geofences"), object.name());
                        continue;
                    };
                    self.report.counts(kind).added += 1;
                    Some(added.id.get())
                }
                (None, None) => {
                    self.report.counts(kind).added += 1;
                    self.report.note("areas that can't be read: nothing enters them", object.name());
                    None
                }
            };
            let id = match (id, object.entry()) {
                (Some(id), Ok(_)) if entries.contains(&id) => id,
                (_, Ok((name, body))) => {
                    let new = NewEntry { kind, id, name, body };
                    match self.store.put_entry(self.tenant, &new, self.now).await? {
                        Some(entry) => entry.id,
                        None => continue,
                    }
                }
                (_, Err(why)) => {
                    self.report.note(why, object.name());
                    continue;
                }
            };
            claimed.insert(id);
            self.link_up(kind, object.id(), id);
        }
        self.note_fresh().await
    }

    /// Vehicles that got a geofence there since. One that is for all here stays so.
    async fn add_vehicles_to_geofence(&self, geofence: &Geofence, wanted: &VehicleList) -> Result<()> {
        let Some(list) = &geofence.description.vehicles else { return Ok(()) };
        let all: BTreeSet<VehicleId> = list.as_slice().iter().chain(wanted.as_slice()).cloned().collect();
        if all.len() == list.as_slice().len() || all.len() > VehicleList::MAX {
            return Ok(());
        }
        let vehicles = Some(VehicleList::stored(all.into_iter().collect())?);
        let description = GeofenceDescription { vehicles, ..geofence.description.clone() };
        let id: GeofenceId = geofence.id;
        self.store.update_geofence(self.tenant, id, geofence.version, &description, self.now).await?;
        Ok(())
    }
}
