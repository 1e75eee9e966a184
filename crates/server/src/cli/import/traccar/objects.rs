//! Brings over everything but positions, each object once.
//!
//! What was brought over is noted with its number here. An import that was killed between an object and its note finds the object again:
//! an equal one of which nothing is noted is the one that it had made.

mod devices;
mod entries;
mod geofences;
mod sight;
mod users;

use super::report::Report;
use anyhow::Result;
use entries::parents_first;
use jiff::tz::TimeZone;
use milepost_dialect_traccar::import::ForeignObject;
use milepost_domain::{Entry, EntryKind, TenantId, Timestamp};
use milepost_store::{ImportedObject, Store};
use milepost_traccar_source::{Found, Objects, Vehicles};
use sight::Sight;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Entries in one read of the store.
const PAGE: u32 = 1_000;
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

    /// Counts an object that was removed here since. What refers to it refers to nothing, and nobody is given it again.
    fn forget_removed(&mut self, kind: EntryKind, foreign_id: i64) {
        self.report.counts(kind).removed_here += 1;
        self.here.remove(&(kind, foreign_id));
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
}
