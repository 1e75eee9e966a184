//! Counts what was brought over, and says what was not.

use milepost_domain::EntryKind;
use milepost_traccar_source::Objects;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Names that are listed of those with one reason.
const LISTED: usize = 10;

/// What becomes of the objects of one kind.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Counts {
    pub(super) found: u64,
    pub(super) added: u64,
    pub(super) known: u64,
    pub(super) removed_here: u64,
}

/// Things with one reason.
#[derive(Debug, Default)]
struct Named {
    count: u64,
    names: Vec<String>,
}

#[derive(Debug, Default)]
pub(super) struct Report {
    kinds: BTreeMap<EntryKind, Counts>,
    left: BTreeMap<String, Named>,
    tables: Vec<(String, u64)>,
    positions: Option<u64>,
    pub(super) accepted: u64,
    pub(super) duplicates: u64,
    pub(super) dropped: u64,
    was_read: bool,
}

/// What people call the objects of a kind.
fn plural(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Vehicle => "devices",
        EntryKind::Geofence => "geofences",
        EntryKind::User => "users",
        EntryKind::Settings => "settings of the server",
        EntryKind::Group => "groups",
        EntryKind::Driver => "drivers",
        EntryKind::Maintenance => "plans of maintenance",
        EntryKind::Calendar => "calendars",
        EntryKind::Command => "saved commands",
        EntryKind::Notification => "notifications",
        EntryKind::Computed => "computed attributes",
        EntryKind::Report => "scheduled reports",
        EntryKind::Order => "orders",
        EntryKind::Picture => "pictures",
    }
}

/// What a table of Traccar's has that is not brought over, and why.
fn why(table: &str) -> &'static str {
    match table {
        "tc_events" => "events: they are computed anew from the positions",
        "tc_statistics" => "statistics",
        "tc_actions" => "actions of users: the audit begins here",
        "tc_keystore" | "tc_revoked_tokens" => "keys: tokens of Traccar do not get in here",
        "tc_commands_queue" => "commands that wait for their device",
        "tc_device_device" => "links between devices",
        _ => "unknown",
    }
}

impl Report {
    pub(super) fn of(objects: &Objects) -> Self {
        let counts = |list: &Vec<_>| Counts { found: list.len() as u64, ..Counts::default() };
        Self {
            kinds: objects.of_kind.iter().map(|(kind, list)| (*kind, counts(list))).collect(),
            tables: objects.left.clone(),
            positions: objects.positions,
            ..Self::default()
        }
    }

    pub(super) fn counts(&mut self, kind: EntryKind) -> &mut Counts {
        self.kinds.entry(kind).or_default()
    }

    pub(super) const fn positions(&self) -> Option<u64> {
        self.positions
    }

    /// Something was not brought over, or not as it was.
    pub(super) fn note(&mut self, why: impl Into<String>, name: impl Into<String>) {
        let named = self.left.entry(why.into()).or_default();
        named.count += 1;
        if named.names.len() < LISTED {
            named.names.push(name.into());
        }
    }

    pub(super) fn note_positions(&mut self) {
        self.was_read = true;
    }

    /// What the other server has.
    pub(super) fn found(&self) -> String {
        let mut text = String::new();
        for (kind, counts) in &self.kinds {
            let _ = writeln!(text, "  {} {}", counts.found, plural(*kind));
        }
        match self.positions {
            Some(count) => text + &format!("  about {count} positions"),
            None => text + "  positions",
        }
    }

    /// What was brought over, kind by kind.
    pub(super) fn brought_over(&self) -> String {
        let line = |(kind, counts): (&EntryKind, &Counts)| {
            let Counts { found, added, known, removed_here } = *counts;
            let others = found.saturating_sub(added + known + removed_here);
            let mut line = format!("  {}: {added} added", plural(*kind));
            for (count, what) in [(known, "there already"), (removed_here, "removed here since"), (others, "left out")]
            {
                if count > 0 {
                    let _ = write!(line, ", {count} {what}");
                }
            }
            line
        };
        self.kinds.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// The positions, and what was not brought over.
    pub(super) fn left(&self) -> Vec<String> {
        let mut lines = Vec::new();
        if self.was_read {
            let Self { accepted, duplicates, dropped, .. } = self;
            lines.push(format!(
                "{accepted} positions were stored; {duplicates} were there already or have the time of another, {dropped} have no place on \
                 Earth or no time that can be."
            ));
            lines.push("Trips, visits and alerts are computed from them by the server: now if it runs, else at its next start.".to_owned());
        }
        let tables = self.tables.iter().filter(|(_, rows)| *rows > 0);
        let tables: Vec<String> =
            tables.map(|(table, rows)| format!("  {rows} rows of {table}: {}", why(table))).collect();
        if self.left.is_empty() && tables.is_empty() {
            return lines;
        }
        lines.push("Not brought over, or other here:".to_owned());
        for (why, Named { count, names }) in &self.left {
            let more = count - names.len() as u64;
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            lines.push(format!("  {why}: {}{more}", names.join(", ")));
        }
        lines.extend(tables);
        lines
    }
}
