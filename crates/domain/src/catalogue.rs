//! The catalogue: objects of other programs that Milepost keeps for them, and the links between these.

use crate::Invalid;
use crate::names::named_values;

/// The largest number of entries of one kind in a tenant. Adding another is refused. Vehicles and users have limits of their own.
pub const MAX_ENTRIES: u32 = 10_000;
/// The largest number of links in a tenant. Adding another is refused.
pub const MAX_LINKS: u32 = 100_000;

/// What an entry of the catalogue is, or what it adds to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EntryKind {
    /// Adds to a vehicle: the entry's name is the vehicle's id.
    Vehicle,
    /// Adds to a geofence, and has its number.
    Geofence,
    /// Adds to a user, and has its number.
    User,
    /// Adds to the tenant: there is one at most.
    Settings,
    /// Vehicles that belong together.
    Group,
    /// Somebody who drives, with or without a login.
    Driver,
    /// A plan of services by distance, hours or date.
    Maintenance,
    /// Times, in iCalendar's form.
    Calendar,
    /// A command that can be sent to a device.
    Command,
    /// What somebody wants to be told.
    Notification,
    /// A value that is computed from a position's others.
    Computed,
    /// A report that is made at set times.
    Report,
    /// A shipment or job.
    Order,
    /// The picture of a vehicle, with the vehicle's number and name.
    Picture,
}

named_values!(EntryKind, "kind", "must be a kind of the catalogue", {
    Vehicle => "vehicle",
    Geofence => "geofence",
    User => "user",
    Settings => "settings",
    Group => "group",
    Driver => "driver",
    Maintenance => "maintenance",
    Calendar => "calendar",
    Command => "command",
    Notification => "notification",
    Computed => "computed",
    Report => "report",
    Order => "order",
    Picture => "picture",
});

/// The text of a JSON object. The domain knows no format, so it must have been parsed before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryBody(String);

impl EntryBody {
    /// Longest text, bytes.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// `parsed` is an object's compact text.
    ///
    /// # Errors
    /// [`Invalid`] when it is too long.
    pub fn of_parsed(parsed: String) -> Result<Self, Invalid> {
        if parsed.len() <= Self::MAX_BYTES {
            Ok(Self(parsed))
        } else {
            Err(Invalid::new("body", "must not be longer than 65536 bytes"))
        }
    }

    /// An object without fields.
    pub fn empty() -> Self {
        Self("{}".to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One entry of a tenant's catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub kind: EntryKind,
    /// Its number among those of its kind in the tenant. It is not given again.
    pub id: i64,
    /// The name by which it is found, unique among those of its kind in the tenant.
    pub name: Option<String>,
    /// Its fields.
    pub body: EntryBody,
}

/// An end of a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryRef {
    /// The kind of the entry.
    pub kind: EntryKind,
    /// Its number. A link may name a user or a geofence that has no entry.
    pub id: i64,
}

/// One entry has another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Link {
    /// Who has it.
    pub owner: EntryRef,
    /// What it has.
    pub member: EntryRef,
}
