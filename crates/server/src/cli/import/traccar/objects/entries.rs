//! Brings over what the catalogue keeps as it is, the server's settings, and what has what.

use super::{Known, ObjectImport};
use anyhow::Result;
use milepost_dialect_traccar::import::ForeignObject;
use milepost_domain::{Entry, EntryKind, EntryRef, Link, MAX_ENTRIES};
use milepost_store::{NewEntry, StoreError};
use milepost_traccar_source::{ForeignLink, Found};
use std::collections::{HashMap, HashSet};

/// The number of the only settings.
const SETTINGS_ID: i64 = 1;

impl ObjectImport<'_> {
    /// Objects that the catalogue keeps as they are.
    pub(super) async fn add_entries(&mut self, kind: EntryKind, objects: Vec<(ForeignObject, Found)>) -> Result<()> {
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
                    self.forget_removed(kind, object.id());
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

    /// Those of the tenant stay.
    pub(super) async fn add_settings(&mut self, objects: Vec<(ForeignObject, Found)>) -> Result<()> {
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

    pub(super) async fn add_links(&mut self, links: &[ForeignLink]) -> Result<()> {
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
pub(super) fn parents_first(mut groups: Vec<(ForeignObject, Found)>) -> Vec<(ForeignObject, Found)> {
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
