//! Brings over everything but positions, each object once.
//!
//! What was brought over is noted with its number here. An import that was killed between an object and its note finds the object again:
//! an equal one of which nothing is noted is the one that it had made.

use super::report::Report;
use anyhow::Result;
use jiff::tz::TimeZone;
use milepost_access::{Pbkdf2Digest, Pbkdf2Hash, hash_secret, random_secret};
use milepost_dialect_traccar::import::{ForeignDevice, ForeignObject, ForeignPassword, ForeignUser};
use milepost_domain::{
    Device, DeviceId, Entry, EntryKind, EntryRef, Geofence, GeofenceId, Link, MAX_ENTRIES, MAX_GEOFENCES,
    PastAssignments, Role, TenantId, Timestamp, User, UserId, Vehicle, VehicleId, VehicleList,
};
use milepost_store::{ImportedObject, NewEntry, NewLogin, Once, Store, StoreError};
use milepost_traccar_source::{ForeignLink, Found, Objects, Vehicles};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// Entries in one read of the store.
const PAGE: u32 = 1_000;
/// The most vehicles that one user sees by its own.
const MAX_VEHICLES_OF_USER: usize = 10_000;
/// Groups within groups, beyond which nothing is looked up.
const MAX_DEPTH: usize = 10;
/// The number of the only settings.
const SETTINGS_ID: i64 = 1;
/// Kinds that are entries and nothing else, in an order in which each finds what it names.
const PLAIN_KINDS: [EntryKind; 8] = [
    EntryKind::Calendar,
    EntryKind::Driver,
    EntryKind::Maintenance,
    EntryKind::Computed,
    EntryKind::Order,
    EntryKind::Command,
    EntryKind::Report,
    EntryKind::Notification,
];

pub(super) struct ObjectImport<'a> {
    store: &'a dyn Store,
    tenant: &'a TenantId,
    source: &'a str,
    now: Timestamp,
    report: &'a mut Report,
    /// The number here of each object there.
    here: HashMap<(EntryKind, i64), i64>,
    fresh: Vec<ImportedObject>,
}

/// What was there before.
enum Known {
    /// It was brought over, and is there.
    There(i64),
    /// It was brought over, and was removed here.
    Removed,
    /// Nothing is noted.
    No,
}

impl<'a> ObjectImport<'a> {
    pub(super) async fn new(
        store: &'a dyn Store,
        tenant: &'a TenantId,
        source: &'a str,
        now: Timestamp,
        report: &'a mut Report,
    ) -> Result<Self> {
        let noted = store.list_imported(tenant, source).await?;
        let here = noted.into_iter().map(|object| ((object.kind, object.foreign_id), object.id)).collect();
        Ok(Self { store, tenant, source, now, report, here, fresh: Vec::new() })
    }

    /// Brings everything over. Returns the vehicles of the devices.
    pub(super) async fn run(mut self, objects: Objects, zone: &TimeZone) -> Result<Vehicles> {
        let Objects { of_kind, links, .. } = objects;
        let mut of_kind: BTreeMap<EntryKind, Vec<(ForeignObject, Found)>> = of_kind
            .into_iter()
            .map(|(kind, list)| (kind, list.into_iter().filter_map(|found| self.parse(kind, found, zone)).collect()))
            .collect();
        let mut take = |kind| of_kind.remove(&kind).unwrap_or_default();
        let groups = parents_first(take(EntryKind::Group));
        let parents: HashMap<i64, i64> =
            groups.iter().map(|(group, _)| (group.id(), group.reference(EntryKind::Group))).collect();
        self.add_entries(EntryKind::Group, groups).await?;
        self.add_entries(EntryKind::Calendar, take(EntryKind::Calendar)).await?;
        let devices = take(EntryKind::Vehicle);
        let of_groups: Vec<(i64, i64)> =
            devices.iter().map(|(device, _)| (device.id(), device.reference(EntryKind::Group))).collect();
        let vehicles = self.add_devices(devices).await?;
        let sight = Sight { links: &links, parents: &parents, of_groups: &of_groups, vehicles: &vehicles };
        self.add_geofences(take(EntryKind::Geofence), &sight).await?;
        for kind in PLAIN_KINDS.into_iter().filter(|kind| *kind != EntryKind::Calendar) {
            self.add_entries(kind, take(kind)).await?;
        }
        self.add_users(take(EntryKind::User), &sight).await?;
        self.add_settings(take(EntryKind::Settings)).await?;
        self.add_links(&links).await?;
        Ok(vehicles)
    }

    fn parse(&mut self, kind: EntryKind, found: Found, zone: &TimeZone) -> Option<(ForeignObject, Found)> {
        let read = match &found {
            Found::Json(json) => ForeignObject::of_json(kind, json),
            Found::Row { columns, cells } => {
                let cells = columns.iter().map(String::as_str).zip(cells.iter().map(Option::as_deref));
                ForeignObject::of_row(kind, cells, zone)
            }
        };
        match read {
            Ok(object) => Some((object, found)),
            Err(why) => {
                self.report.note(format!("can't be read: {why}"), kind.as_str());
                None
            }
        }
    }

    fn known(&self, kind: EntryKind, id: i64, is_there: impl Fn(i64) -> bool) -> Known {
        match self.here.get(&(kind, id)) {
            Some(number) if is_there(*number) => Known::There(*number),
            Some(_) => Known::Removed,
            None => Known::No,
        }
    }

    /// The numbers here that are noted of a kind.
    fn claimed(&self, kind: EntryKind) -> HashSet<i64> {
        self.here.iter().filter(|((of, _), _)| *of == kind).map(|(_, id)| *id).collect()
    }

    fn link_up(&mut self, kind: EntryKind, foreign_id: i64, id: i64) {
        self.here.insert((kind, foreign_id), id);
        self.fresh.push(ImportedObject { kind, foreign_id, id });
    }

    async fn note_fresh(&mut self) -> Result<()> {
        self.store.note_imported(self.tenant, self.source, &std::mem::take(&mut self.fresh)).await?;
        Ok(())
    }

    async fn entries(&self, kind: EntryKind) -> Result<Vec<Entry>> {
        let (mut entries, mut after) = (Vec::new(), 0);
        loop {
            let page = self.store.list_entries(self.tenant, kind, after, PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            after = page.last().map_or(after, |last| last.id);
            entries.extend(page);
            if is_last {
                return Ok(entries);
            }
        }
    }

    /// Objects that the catalogue keeps as they are.
    async fn add_entries(&mut self, kind: EntryKind, objects: Vec<(ForeignObject, Found)>) -> Result<()> {
        let existing = self.entries(kind).await?;
        let ids: HashSet<i64> = existing.iter().map(|entry| entry.id).collect();
        let mut claimed = self.claimed(kind);
        for (mut object, _) in objects {
            match self.known(kind, object.id(), |id| ids.contains(&id)) {
                Known::There(_) => {
                    self.report.counts(kind).known += 1;
                    continue;
                }
                Known::Removed => {
                    self.report.counts(kind).removed_here += 1;
                    continue;
                }
                Known::No => {}
            }
            let here = &self.here;
            object.renumber(|of, id| here.get(&(of, id)).copied().unwrap_or(0));
            for means in object.other_means() {
                self.report.note(format!("notifications by {means}: nothing is sent"), object.name());
            }
            let (name, body) = match object.entry() {
                Ok(entry) => entry,
                Err(why) => {
                    self.report.note(why, object.name());
                    continue;
                }
            };
            let is_same = |entry: &&Entry| {
                !claimed.contains(&entry.id) && entry.name == name && (name.is_some() || entry.body == body)
            };
            if let Some(entry) = existing.iter().find(is_same) {
                self.report.counts(kind).known += 1;
                claimed.insert(entry.id);
                self.link_up(kind, object.id(), entry.id);
                continue;
            }
            let new = NewEntry { kind, id: None, name, body };
            match self.store.put_entry(self.tenant, &new, self.now).await {
                Ok(Some(entry)) => {
                    self.report.counts(kind).added += 1;
                    claimed.insert(entry.id);
                    self.link_up(kind, object.id(), entry.id);
                }
                Ok(None) => self.report.note(format!("a tenant may have {MAX_ENTRIES} of a kind"), object.name()),
                Err(StoreError::Conflict(_)) => self.report.note("another has its name", object.name()),
                Err(error) => return Err(error.into()),
            }
        }
        self.note_fresh().await
    }

    async fn add_devices(&mut self, objects: Vec<(ForeignObject, Found)>) -> Result<Vehicles> {
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
                    self.report.counts(kind).removed_here += 1;
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

    async fn add_geofences(&mut self, objects: Vec<(ForeignObject, Found)>, sight: &Sight<'_>) -> Result<()> {
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
                    self.report.counts(kind).removed_here += 1;
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
                let is_equal = |one: &milepost_domain::GeofenceDescription| {
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
        let description = milepost_domain::GeofenceDescription { vehicles, ..geofence.description.clone() };
        let id: GeofenceId = geofence.id;
        self.store.update_geofence(self.tenant, id, geofence.version, &description, self.now).await?;
        Ok(())
    }

    async fn add_users(&mut self, objects: Vec<(ForeignObject, Found)>, sight: &Sight<'_>) -> Result<()> {
        let kind = EntryKind::User;
        let entries: HashSet<i64> = self.entries(kind).await?.into_iter().map(|entry| entry.id).collect();
        for (object, found) in objects {
            let user = match object.user() {
                Ok(user) if user.is_temporary => {
                    self.report.note("guests of shared links: share again here", object.name());
                    continue;
                }
                Ok(user) => user,
                Err(why) => {
                    self.report.note(why, object.name());
                    continue;
                }
            };
            let mut seen: Vec<VehicleId> = sight.vehicles_of(kind, object.id()).into_iter().collect();
            if user.is_administrator {
                seen.clear();
            } else if seen.len() > MAX_VEHICLES_OF_USER {
                self.report.note(format!("a user sees {MAX_VEHICLES_OF_USER} devices at most"), object.name());
                seen.truncate(MAX_VEHICLES_OF_USER);
            }
            let known = match self.here.get(&(kind, object.id())) {
                Some(id) => {
                    match self.store.get_user(UserId::new(*id)?).await?.filter(|user| user.tenant == *self.tenant) {
                        Some(user) => Some(user),
                        None => {
                            self.report.counts(kind).removed_here += 1;
                            continue;
                        }
                    }
                }
                None => {
                    let name = user.username.as_str();
                    let logins = self.store.find_logins(Some(self.tenant), [name, name]).await?;
                    logins.into_iter().next().map(|login| login.user)
                }
            };
            let id = match known {
                Some(known) => {
                    self.show_vehicles(&known, seen).await?;
                    self.report.counts(kind).known += 1;
                    known.id
                }
                None => self.add_user(&object, &found, user, seen).await?,
            };
            match object.entry() {
                Ok((name, body)) if !entries.contains(&id.get()) => {
                    let new = NewEntry { kind, id: Some(id.get()), name, body };
                    self.store.put_entry(self.tenant, &new, self.now).await?;
                }
                Ok(_) => {}
                Err(why) => self.report.note(why, object.name()),
            }
            self.link_up(kind, object.id(), id.get());
        }
        self.note_fresh().await
    }

    async fn add_user(
        &mut self,
        object: &ForeignObject,
        found: &Found,
        user: ForeignUser,
        vehicle_ids: Vec<VehicleId>,
    ) -> Result<UserId> {
        let password = found.cell("hashedpassword").zip(found.cell("salt"));
        let password = password.and_then(|(hashed, salt)| ForeignPassword::read(hashed, salt));
        let password_hash = password.and_then(|ForeignPassword { is_sha256, iterations, salt, hash }| {
            let digest = if is_sha256 { Pbkdf2Digest::Sha256 } else { Pbkdf2Digest::Sha1 };
            Pbkdf2Hash::new(digest, iterations, salt, hash).map(|hash| hash.to_phc())
        });
        let has_expired = user.expires_at.is_some_and(|at| at <= self.now);
        let notes = [
            (password_hash.is_none(), "users without a password: invite them, or set one"),
            (
                found.cell("totpkey").is_some_and(|key| !key.is_empty()),
                "users whose second factor has to be set up again",
            ),
            (has_expired, "users that had expired are locked out"),
            (user.expires_at.is_some() && !has_expired, "users that expire there do not expire here"),
            (user.adds_objects && !user.is_administrator, "users that add devices or users there change none here"),
        ];
        for (_, why) in notes.into_iter().filter(|(applies, _)| *applies) {
            self.report.note(why, object.name());
        }
        let new = NewLogin {
            username: user.username,
            password_hash,
            role: if user.is_administrator { Role::Admin } else { Role::Parent },
            tenant: self.tenant.clone(),
            approved: true,
            active: !user.is_disabled && !has_expired,
            cadet_id: None,
            vehicle_ids,
            contact: user.contact,
        };
        let added = self.store.add_user(&new, self.now, &Once::unclaimed()).await?;
        self.report.counts(EntryKind::User).added += 1;
        Ok(added.id)
    }

    /// Lets a user that was there before see what it sees there.
    async fn show_vehicles(&self, user: &User, seen: Vec<VehicleId>) -> Result<()> {
        let all: BTreeSet<VehicleId> = user.vehicle_ids.iter().cloned().chain(seen).collect();
        let is_own_list = user.role == Role::Parent;
        if !is_own_list || all.len() == user.vehicle_ids.len() || all.len() > MAX_VEHICLES_OF_USER {
            return Ok(());
        }
        let changed = User { vehicle_ids: all.into_iter().collect(), version: user.version + 1, ..user.clone() };
        self.store.update_user(&changed, None, self.now).await?;
        Ok(())
    }

    /// Those of the tenant stay.
    async fn add_settings(&mut self, objects: Vec<(ForeignObject, Found)>) -> Result<()> {
        let kind = EntryKind::Settings;
        for (object, _) in objects {
            if !self.entries(kind).await?.is_empty() {
                self.report.counts(kind).known += 1;
                continue;
            }
            match object.entry() {
                Ok((name, body)) => {
                    let new = NewEntry { kind, id: Some(SETTINGS_ID), name, body };
                    self.store.put_entry(self.tenant, &new, self.now).await?;
                    self.report.counts(kind).added += 1;
                }
                Err(why) => self.report.note(why, object.name()),
            }
        }
        Ok(())
    }

    async fn add_links(&mut self, links: &[ForeignLink]) -> Result<()> {
        let end = |here: &HashMap<(EntryKind, i64), i64>, of: (EntryKind, i64)| {
            here.get(&of).map(|id| EntryRef { kind: of.0, id: *id })
        };
        // What a user sees, and whom a geofence is for, was written to these themselves.
        let is_link = |link: &&ForeignLink| {
            !matches!(
                (link.owner.0, link.member.0),
                (EntryKind::User | EntryKind::Vehicle | EntryKind::Group, EntryKind::Vehicle)
                    | (EntryKind::Vehicle, EntryKind::Geofence)
            )
        };
        let links: Vec<Link> = links
            .iter()
            .filter(is_link)
            .filter_map(|link| {
                Some(Link { owner: end(&self.here, link.owner)?, member: end(&self.here, link.member)? })
            })
            .collect();
        if self.store.add_links(self.tenant, &links, self.now).await?.is_none() {
            self.report.note("a tenant may have 100000 links: none was added", "permissions");
        }
        Ok(())
    }
}

/// Groups in an order in which each follows the one that it is in. One in a circle is in none.
fn parents_first(mut groups: Vec<(ForeignObject, Found)>) -> Vec<(ForeignObject, Found)> {
    let (mut sorted, mut placed) = (Vec::with_capacity(groups.len()), HashSet::from([0]));
    while !groups.is_empty() {
        let before = groups.len();
        let (ready, rest): (Vec<_>, Vec<_>) =
            groups.into_iter().partition(|(group, _)| placed.contains(&group.reference(EntryKind::Group)));
        placed.extend(ready.iter().map(|(group, _)| group.id()));
        sorted.extend(ready);
        groups = rest;
        if groups.len() == before {
            sorted.append(&mut groups);
        }
    }
    sorted
}

/// Who sees which vehicles at the other server.
struct Sight<'a> {
    links: &'a [ForeignLink],
    /// The group that a group is in.
    parents: &'a HashMap<i64, i64>,
    /// Devices with their groups.
    of_groups: &'a [(i64, i64)],
    vehicles: &'a Vehicles,
}

impl Sight<'_> {
    /// The vehicles that a user sees, or that have a geofence: by themselves, or by their groups.
    fn vehicles_of(&self, kind: EntryKind, id: i64) -> BTreeSet<VehicleId> {
        let (mut devices, mut groups) = (BTreeSet::new(), HashSet::new());
        for link in self.links {
            match (link.owner, link.member) {
                (owner, (EntryKind::Vehicle, device)) if owner == (kind, id) => drop(devices.insert(device)),
                (owner, (EntryKind::Group, group)) if owner == (kind, id) => drop(groups.insert(group)),
                ((EntryKind::Vehicle, device), member) if member == (kind, id) => drop(devices.insert(device)),
                ((EntryKind::Group, group), member) if member == (kind, id) => drop(groups.insert(group)),
                _ => {}
            }
        }
        if !groups.is_empty() {
            for (device, group) in self.of_groups {
                let mut next = *group;
                for _ in 0..MAX_DEPTH {
                    if next == 0 {
                        break;
                    }
                    if groups.contains(&next) {
                        devices.insert(*device);
                        break;
                    }
                    next = self.parents.get(&next).copied().unwrap_or(0);
                }
            }
        }
        devices.iter().filter_map(|device| self.vehicles.get(device)).cloned().collect()
    }
}
