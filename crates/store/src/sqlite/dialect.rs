//! SQL that differs between the databases, for SQLite.
//!
//! `LOCK_…` and `SHARE_…` end a select. They are empty, because a transaction holds the only write lock from its
//! beginning.

pub(super) const NAME: &str = "sqlite";
/// Takes the write lock at once. A transaction that began by reading could not get it later without starting again.
pub(super) const BEGIN: &str = "begin immediate";

pub(super) const LOCK_CADET: &str = "";
pub(super) const LOCK_TENANT: &str = "";
pub(super) const LOCK_VEHICLE: &str = "";
pub(super) const LOCK_DEVICE: &str = "";
pub(super) const LOCK_SUBSCRIPTIONS: &str = "";
pub(super) const LOCK_FREE_CALLS: &str = "";
pub(super) const SHARE_SUBSCRIPTIONS: &str = "";
pub(super) const SHARE_VEHICLE: &str = "";
pub(super) const SHARE_WEBHOOKS: &str = "";

/// A list is passed as a JSON array in one parameter.
pub(super) const IS_TEXT_IN_PARAMETER_1: &str = "in (select value from json_each($1))";
pub(super) const IS_NUMBER_IN_PARAMETER_1: &str = "in (select value from json_each($1))";
pub(super) const IS_NUMBER_IN_PARAMETER_2: &str = "in (select value from json_each($2))";
pub(super) const TEXTS_IN_PARAMETER_3: &str = "(select value from json_each($3))";
/// Whether a row's JSON array `vehicle_ids` has the vehicle $1.
pub(super) const VEHICLE_IDS_HOLD_PARAMETER_1: &str = "$1 in (select value from json_each(vehicle_ids))";
/// A row's JSON array `vehicle_ids` without the vehicle $1, in the same order.
pub(super) const VEHICLE_IDS_WITHOUT_PARAMETER_1: &str =
    "(select json_group_array(value order by key) from json_each(vehicle_ids) where value <> $1)";
/// The kinds of the webhook `w`.
pub(super) const KINDS_OF_WEBHOOK: &str = "(select value from json_each(w.kinds))";

/// The ended assignments of the vehicle `v`, as a JSON array of `[from_ms, to_ms, driver_id]`.
pub(super) const DRIVERS_OF_VEHICLE: &str = "(select json_group_array(json_array(p.from_ms, p.to_ms, p.driver_id))
    from past_drivers p where p.vehicle_no = v.vehicle_no)";
/// The ended assignments of the device `d`, as a JSON array of `[from_ms, to_ms, vehicle's id]`.
pub(super) const VEHICLES_OF_DEVICE: &str = "(select json_group_array(json_array(p.from_ms, p.to_ms, w.id))
    from past_vehicles p left join vehicles w on w.vehicle_no = p.vehicle_no
    where p.tenant_no = d.tenant_no and p.device_id = d.id)";

/// A new key of a call: 128 random bits, so that neither another server nor a restored copy of this database makes it again.
pub(super) const RANDOM_KEY: &str = "'msg_' || lower(hex(randomblob(16)))";

/// The time of a call that is due at once, as `{from}$1{to}`.
pub(super) const DUE_AT_ONCE: (&str, &str) = ("", "");

/// Deletes the $2 oldest positions of the vehicle $1.
pub(super) const DELETE_POSITIONS_OF_VEHICLE: &str = "delete from sorted_positions where vehicle_no = $1 and at_ms in
    (select at_ms from sorted_positions where vehicle_no = $1 order by at_ms limit $2)";

/// Names the index that a query must use. SQLite has no statistics of its columns, and would use the primary key.
pub(super) fn by_index(index: &str) -> String {
    format!("indexed by {index}")
}

/// Drivers as rows, from a list in JSON of tenants' ids and drivers' numbers, with their places in the list.
pub(super) const WANTED_DRIVERS: &str = "select key as place, json_extract(value, '$[0]') as tenant_id, \
    json_extract(value, '$[1]') as driver_id from json_each($1)";

/// Compares a text with a pattern, however its letters are written (those of ASCII).
pub(super) const LIKE: &str = "like";
/// The place of one text in another, 0 if it is not in it.
pub(super) const CONTAINS: &str = "instr";
/// The kept answer `k` as a text.
pub(super) const BODY_OF_ANSWER: &str = "cast(k.body as text)";
