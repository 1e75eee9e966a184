//! The SQL that differs between the databases, as PostgreSQL takes it.
//!
//! `LOCK_…` and `SHARE_…` end a select, and hold the rows that it reads until the commit. A shared row may be referred to and
//! changed by others, but not be removed; a select passes over rows that are just being removed.

pub(super) const NAME: &str = "postgres";
pub(super) const BEGIN: &str = "begin";

/// Of the cadet `c`.
pub(super) const LOCK_CADET: &str = "for update of c";
/// Others may go on referring to the tenant.
pub(super) const LOCK_TENANT: &str = "for no key update";
/// Of the push subscriptions `s`, which are about to be removed.
pub(super) const LOCK_SUBSCRIPTIONS: &str = "for update of s";
/// Of the calls `c` that nobody else has locked; the select passes over the others.
pub(super) const LOCK_FREE_CALLS: &str = "for update of c skip locked";
/// Of the push subscriptions `s`.
pub(super) const SHARE_SUBSCRIPTIONS: &str = "for key share of s";
/// Of the vehicle `v`.
pub(super) const SHARE_VEHICLE: &str = "for key share of v";
/// Of the webhooks `w`.
pub(super) const SHARE_WEBHOOKS: &str = "for key share of w";

/// A parameter that is a list is a JSON array. It is compared as an array of the database: a list that is selected from is
/// estimated to be long, and whole tables are read for it.
pub(super) const IS_TEXT_IN_PARAMETER_1: &str = "= any(array(select jsonb_array_elements_text($1::jsonb)))";
pub(super) const IS_NUMBER_IN_PARAMETER_1: &str = "= any(array(select jsonb_array_elements_text($1::jsonb)::bigint))";
pub(super) const IS_NUMBER_IN_PARAMETER_2: &str = "= any(array(select jsonb_array_elements_text($2::jsonb)::bigint))";
pub(super) const TEXTS_IN_PARAMETER_3: &str = "(select jsonb_array_elements_text($3::jsonb))";
/// Of the webhook `w`.
pub(super) const KINDS_OF_WEBHOOK: &str = "(select jsonb_array_elements_text(w.kinds::jsonb))";

/// The first $2 calls of each of `targets` that are due at $1, and of these the first $3. Calls that another node takes at
/// this moment are passed over.
pub(super) const SELECT_DUE_CALLS: &str = "select d.call_no from targets t cross join lateral
        (select c.call_no, c.next_attempt_ms from outgoing_calls c
         where c.target = t.target and c.next_attempt_ms <= $1
         order by c.next_attempt_ms, c.call_no limit $2 for update skip locked) d
    order by d.next_attempt_ms, d.call_no limit $3";

/// Deletes the $2 oldest positions of the vehicle $1.
pub(super) const DELETE_POSITIONS_OF_VEHICLE: &str = "delete from positions where vehicle_no = $1 and at_ms in
    (select at_ms from positions where vehicle_no = $1 order by at_ms limit $2)";

/// The index that a query must use: PostgreSQL knows what its columns hold, and finds the index itself.
pub(super) fn by_index(_: &str) -> &'static str {
    ""
}
