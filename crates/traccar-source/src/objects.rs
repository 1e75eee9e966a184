//! The objects of the other server, as it has them.

use crate::SourceError;
use milepost_domain::EntryKind;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Objects of one kind that are read; a source with more is refused.
const MAX_OBJECTS: usize = 200_000;
/// Links between two kinds that are read; a source with more is refused.
const MAX_LINKS: usize = 1_000_000;

/// One object as it was found.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// A row: the names of the columns in lower case, and the texts of their values.
    Row {
        /// Shared by the rows of a table.
        columns: Arc<[String]>,
        /// As many as there are columns. Bytes are written as `\x0a1b`.
        cells: Vec<Option<String>>,
    },
    /// An answer of the API.
    Json(Map<String, Value>),
}

impl Found {
    /// A column of a row.
    pub fn cell(&self, name: &str) -> Option<&str> {
        match self {
            Self::Row { columns, cells } => {
                let at = columns.iter().position(|column| column == name)?;
                cells.get(at)?.as_deref()
            }
            Self::Json(_) => None,
        }
    }
}

/// One object has another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ForeignLink {
    /// Who has it, by its number there.
    pub owner: (EntryKind, i64),
    /// What it has.
    pub member: (EntryKind, i64),
}

/// Everything but the positions.
#[derive(Debug, Default)]
pub struct Objects {
    /// The objects of each kind, in the order of their numbers.
    pub of_kind: BTreeMap<EntryKind, Vec<Found>>,
    /// What has what.
    pub links: Vec<ForeignLink>,
    /// Tables that are not read, with the numbers of their rows.
    pub left: Vec<(String, u64)>,
    /// How many positions there are about, if that is known.
    pub positions: Option<u64>,
}

impl Objects {
    pub(crate) fn add(&mut self, kind: EntryKind, found: Found) -> Result<(), SourceError> {
        let list = self.of_kind.entry(kind).or_default();
        if list.len() == MAX_OBJECTS {
            return Err(SourceError::Refused(format!("it has more than {MAX_OBJECTS} objects of a kind")));
        }
        list.push(found);
        Ok(())
    }

    pub(crate) fn add_link(&mut self, link: ForeignLink) -> Result<(), SourceError> {
        if self.links.len() == MAX_LINKS {
            return Err(SourceError::Refused(format!("it has more than {MAX_LINKS} permissions")));
        }
        self.links.push(link);
        Ok(())
    }

    /// Refuses a source that has none of what every Traccar has.
    pub(crate) fn checked(self) -> Result<Self, SourceError> {
        if self.of_kind.contains_key(&EntryKind::User) || self.of_kind.contains_key(&EntryKind::Vehicle) {
            Ok(self)
        } else {
            Err(SourceError::Refused("it has neither users nor devices of Traccar".to_owned()))
        }
    }
}

/// A kind of object at the other server.
pub(crate) struct ForeignKind {
    pub(crate) kind: EntryKind,
    /// Its table.
    pub(crate) table: &'static str,
    /// Its path in the API.
    pub(crate) path: &'static str,
    /// Its name in tables of links, and in keys of the API.
    pub(crate) word: &'static str,
}

const fn kind(kind: EntryKind, table: &'static str, path: &'static str, word: &'static str) -> ForeignKind {
    ForeignKind { kind, table, path, word }
}

/// What is read.
pub(crate) const KINDS: [ForeignKind; 13] = [
    kind(EntryKind::Settings, "tc_servers", "server", "server"),
    kind(EntryKind::User, "tc_users", "users", "user"),
    kind(EntryKind::Group, "tc_groups", "groups?all=true", "group"),
    kind(EntryKind::Vehicle, "tc_devices", "devices?all=true", "device"),
    kind(EntryKind::Geofence, "tc_geofences", "geofences?all=true", "geofence"),
    kind(EntryKind::Driver, "tc_drivers", "drivers?all=true", "driver"),
    kind(EntryKind::Maintenance, "tc_maintenances", "maintenance?all=true", "maintenance"),
    kind(EntryKind::Calendar, "tc_calendars", "calendars?all=true", "calendar"),
    kind(EntryKind::Command, "tc_commands", "commands?all=true", "command"),
    kind(EntryKind::Notification, "tc_notifications", "notifications?all=true", "notification"),
    kind(EntryKind::Computed, "tc_attributes", "attributes/computed?all=true", "attribute"),
    kind(EntryKind::Report, "tc_reports", "reports?all=true", "report"),
    kind(EntryKind::Order, "tc_orders", "orders?all=true", "order"),
];

/// Who can have objects.
pub(crate) const OWNERS: [EntryKind; 3] = [EntryKind::User, EntryKind::Group, EntryKind::Vehicle];

/// Where positions are.
pub(crate) const POSITIONS: &str = "tc_positions";

/// The kind of a table of objects.
pub(crate) fn kind_of_table(table: &str) -> Option<EntryKind> {
    KINDS.iter().find(|one| one.table == table).map(|one| one.kind)
}

/// The kind of this name.
pub(crate) fn kind_of_word(word: &str) -> Option<&'static ForeignKind> {
    KINDS.iter().find(|one| one.word == word)
}

/// The kinds that a table links: `tc_user_device` links a user to a device.
pub(crate) fn kinds_of_links(table: &str) -> Option<(EntryKind, EntryKind)> {
    let (owner, member) = table.strip_prefix("tc_")?.split_once('_')?;
    let (owner, member) = (kind_of_word(owner)?.kind, kind_of_word(member)?.kind);
    OWNERS.contains(&owner).then_some((owner, member))
}

/// The link of a row: its columns are who has it, and what it has.
pub(crate) fn link_of(kinds: (EntryKind, EntryKind), owner: Option<&str>, member: Option<&str>) -> Option<ForeignLink> {
    let owner = owner?.trim().parse().ok()?;
    Some(ForeignLink { owner: (kinds.0, owner), member: (kinds.1, member?.trim().parse().ok()?) })
}
