//! SQL that differs between the databases, for PostgreSQL.
//!
//! `LOCK_…` and `SHARE_…` end a select, and lock the rows that it reads until the commit. Others may refer to a shared
//! row and change it, but not remove it. A select skips rows that are being removed.

pub(super) const NAME: &str = "postgres";
pub(super) const BEGIN: &str = "begin isolation level read committed";

/// Locks the cadet `c`.
pub(super) const LOCK_CADET: &str = "for update of c";
/// Others may still refer to the tenant.
pub(super) const LOCK_TENANT: &str = "for no key update";
/// Locks the vehicle `v`. Others may still refer to it.
pub(super) const LOCK_VEHICLE: &str = "for no key update of v";
/// Locks the device `d`.
pub(super) const LOCK_DEVICE: &str = "for no key update of d";
/// Locks the push subscriptions `s`, which will be removed.
pub(super) const LOCK_SUBSCRIPTIONS: &str = "for update of s";
/// Locks the calls `c` that nobody else has locked. The select skips the others.
pub(super) const LOCK_FREE_CALLS: &str = "for update of c skip locked";
/// Shares the push subscriptions `s`.
pub(super) const SHARE_SUBSCRIPTIONS: &str = "for key share of s";
/// Shares the vehicle `v`.
pub(super) const SHARE_VEHICLE: &str = "for key share of v";
/// Shares the webhooks `w`.
pub(super) const SHARE_WEBHOOKS: &str = "for key share of w";

/// A list is passed as a JSON array in one parameter. It is compared as a database array, because PostgreSQL estimates
/// that a list in a subquery is long, and then reads whole tables.
pub(super) const IS_TEXT_IN_PARAMETER_1: &str = "= any(array(select jsonb_array_elements_text($1::jsonb)))";
pub(super) const IS_NUMBER_IN_PARAMETER_1: &str = "= any(array(select jsonb_array_elements_text($1::jsonb)::bigint))";
pub(super) const IS_NUMBER_IN_PARAMETER_2: &str = "= any(array(select jsonb_array_elements_text($2::jsonb)::bigint))";
pub(super) const TEXTS_IN_PARAMETER_3: &str = "(select jsonb_array_elements_text($3::jsonb))";
/// Whether a row's JSON array `vehicle_ids` has the vehicle $1.
pub(super) const VEHICLE_IDS_HOLD_PARAMETER_1: &str = "jsonb_exists(vehicle_ids::jsonb, $1)";
/// A row's JSON array `vehicle_ids` without the vehicle $1, in the same order.
pub(super) const VEHICLE_IDS_WITHOUT_PARAMETER_1: &str = "(vehicle_ids::jsonb - $1::text)::text";
/// The kinds of the webhook `w`.
pub(super) const KINDS_OF_WEBHOOK: &str = "(select jsonb_array_elements_text(w.kinds::jsonb))";

/// The ended assignments of the vehicle `v`, as a JSON array of `[from_ms, to_ms, driver_id]`.
pub(super) const DRIVERS_OF_VEHICLE: &str = "(select coalesce(jsonb_agg(jsonb_build_array(p.from_ms, p.to_ms,
    p.driver_id)), '[]')::text from past_drivers p where p.vehicle_no = v.vehicle_no)";
/// The ended assignments of the device `d`, as a JSON array of `[from_ms, to_ms, vehicle's id]`.
pub(super) const VEHICLES_OF_DEVICE: &str = "(select coalesce(jsonb_agg(jsonb_build_array(p.from_ms, p.to_ms, w.id)),
    '[]')::text from past_vehicles p left join vehicles w on w.vehicle_no = p.vehicle_no
    where p.tenant_no = d.tenant_no and p.device_id = d.id)";

/// A new key of a call: 122 random bits, so that neither another server nor a restored copy of this database makes it again.
pub(super) const RANDOM_KEY: &str = "'msg_' || replace(gen_random_uuid()::text, '-', '')";

/// The time of a call that is due at once, as `{from}$1{to}`. The node's clock may be ahead of the database's, by which calls are
/// taken.
pub(super) const DUE_AT_ONCE: (&str, &str) = ("least(", ", (extract(epoch from clock_timestamp()) * 1000)::bigint)");

/// Deletes the $2 oldest positions of the vehicle $1.
pub(super) const DELETE_POSITIONS_OF_VEHICLE: &str = "delete from positions where vehicle_no = $1 and at_ms in
    (select at_ms from positions where vehicle_no = $1 order by at_ms limit $2)";

/// Names the index that a query must use. PostgreSQL has statistics of its columns and finds the index itself.
pub(super) fn by_index(_: &str) -> &'static str {
    ""
}

/// Drivers as rows, from a list in JSON of tenants' ids and drivers' numbers, with their places in the list.
pub(super) const WANTED_DRIVERS: &str = "select place - 1 as place, value ->> 0 as tenant_id, cast(value ->> 1 as bigint) as driver_id \
    from json_array_elements(cast($1 as json)) with ordinality as e (value, place)";

/// Compares a text with a pattern, however its letters are written.
pub(super) const LIKE: &str = "ilike";
/// The place of one text in another, 0 if it is not in it.
pub(super) const CONTAINS: &str = "strpos";
/// The kept answer `k` as a text.
pub(super) const BODY_OF_ANSWER: &str = "convert_from(k.body, 'UTF8')";
