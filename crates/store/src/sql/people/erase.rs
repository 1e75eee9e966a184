//! Removes a person from the rows of others, in steps that are small enough for others to write in between.

use super::super::accounts::users;
use super::super::audit::rows::append;
use super::super::dialect::{BODY_OF_ANSWER, CONTAINS, LIKE};
use super::super::transaction::Transaction;
use super::super::{Connection, Db, Writers};
use crate::{AuditNote, Person, Renderer, Result};
use milepost_domain::{Author, Timestamp};
use sqlx::AssertSqlSafe;

/// Rows that one statement changes, in a short transaction of its own.
const STEP_ROWS: i64 = 2_000;

/// What is deleted or changed: $1 is the person's number, $2 the number of rows, $3 the tenant, $4 the person's number as a text. A
/// changed row does not fit any more, so that each step takes the next ones.
const STEPS: [&str; 21] = [
    // Before the jobs, which they add.
    "delete from report_schedules where tenant_no = $3 and owner_id = $1 and $2 > 0",
    "delete from jobs where job_no in
        (select job_no from jobs where tenant_no = $3 and actor = $1 and kind in ('report', 'report.scheduled') limit $2)",
    "delete from jobs where job_no in (select job_no from jobs where about_user = $1 and kind <> 'user.erasure' limit $2)",
    "delete from driver_fixes where tenant_no = $3 and driver_id = $1 and at_ms in
        (select at_ms from driver_fixes where tenant_no = $3 and driver_id = $1 order by at_ms limit $2)",
    "delete from driver_states where tenant_no = $3 and driver_id = $1 and $2 > 0",
    "delete from delivery_fixes where (delivery_no, at_ms) in
        (select f.delivery_no, f.at_ms from deliveries d join delivery_fixes f on f.delivery_no = d.delivery_no
         where d.tenant_no = $3 and d.rider_id = $4 limit $2)",
    "delete from proofs where proof_no in
        (select p.proof_no from proofs p join deliveries d on d.delivery_no = p.delivery_no
         where d.tenant_no = $3 and (d.rider_id = $4 or p.added_by = $4) limit $2)",
    // Those who have the session in memory may have moved it a few times: none of their versions fits any more.
    "update deliveries set rider_id = 'erased', first_ms = null, first_latitude = null, first_longitude = null, last_ms = null,
        last_latitude = null, last_longitude = null, version = version + 1000
     where delivery_no in (select delivery_no from deliveries where tenant_no = $3 and rider_id = $4 limit $2)",
    "update deliveries set started_by = 'erased', version = version + 1000
     where delivery_no in (select delivery_no from deliveries where tenant_no = $3 and started_by = $4 limit $2)",
    "delete from parcels where parcel_no in
        (select parcel_no from parcels where tenant_no = $3 and client_id = $1 limit $2)",
    "delete from parcel_legs where (parcel_no, version) in
        (select l.parcel_no, l.version from parcel_legs l join parcels p on p.parcel_no = l.parcel_no
         where p.tenant_no = $3 and l.driver_id = $1 limit $2)",
    "update parcels set driver_id = null, version = version + 1 where parcel_no in
        (select parcel_no from parcels where tenant_no = $3 and driver_id = $1 limit $2)",
    "delete from notices where notice_no in
        (select notice_no from notices where user_id = $1 and tenant_no = $3 limit $2)",
    "delete from notices where notice_no in
        (select notice_no from notices where sender_id = $1 and tenant_no = $3 limit $2)",
    "delete from alerts where id in (select id from alerts where tenant_no = $3 and for_user = $1 limit $2)",
    "update alerts set driver_id = null where id in
        (select id from alerts where tenant_no = $3 and driver_id = $1 limit $2)",
    "update alerts set read_by = null where id in
        (select id from alerts where tenant_no = $3 and read_by = $1 limit $2)",
    "update trips set driver_id = null where id in
        (select id from trips where tenant_no = $3 and driver_id = $1 limit $2)",
    "update past_drivers set driver_id = null where (vehicle_no, to_ms) in
        (select p.vehicle_no, p.to_ms from past_drivers p join vehicles v on v.vehicle_no = p.vehicle_no
         where v.tenant_no = $3 and p.driver_id = $1 limit $2)",
    "delete from outgoing_calls where call_no in
        (select call_no from outgoing_calls where tenant_no = $3 and mail_user_id = $1 limit $2)",
    "delete from idempotency_keys where caller = 'user:' || $4 and $2 > 0
     and tenant = (select t.id from tenants t where t.tenant_no = $3)",
];

pub(crate) async fn tenant_no(writers: &Writers, person: &Person) -> Result<Option<i64>> {
    let number = sqlx::query_scalar::<Db, i64>("select tenant_no from tenants where id = $1");
    Ok(number.bind(person.tenant.as_str()).fetch_optional(&writers.pool).await?)
}

pub(crate) async fn erase_traces(
    writers: &Writers,
    person: &Person,
    renderer: &dyn Renderer,
    now: Timestamp,
) -> Result<()> {
    let Some(tenant_no) = tenant_no(writers, person).await? else { return Ok(()) };
    let mut ended = Transaction::begin(writers, None).await?;
    let logins = users::end_logins(ended.connection(), person.id, now, renderer).await;
    ended.finish(logins).await?;
    for sql in STEPS {
        run_in_steps(writers, sql, person, tenant_no).await?;
    }
    for sql in mentions(person) {
        loop {
            let mut transaction = Transaction::begin(writers, None).await?;
            let mut delete = sqlx::query::<Db>(AssertSqlSafe(sql.clone())).bind(tenant_no).bind(STEP_ROWS);
            for name in &person.names {
                delete = delete.bind(pattern_of(name));
            }
            let deleted = delete.execute(transaction.connection()).await;
            if !is_full(transaction.finish(deleted.map_err(Into::into)).await?.rows_affected()) {
                break;
            }
        }
    }
    Ok(())
}

fn is_full(rows: u64) -> bool {
    i64::try_from(rows).is_ok_and(|rows| rows >= STEP_ROWS)
}

async fn run_in_steps(writers: &Writers, sql: &'static str, person: &Person, tenant_no: i64) -> Result<()> {
    loop {
        let mut transaction = Transaction::begin(writers, None).await?;
        let changed = sqlx::query::<Db>(sql)
            .bind(person.id.get())
            .bind(STEP_ROWS)
            .bind(tenant_no)
            .bind(person.id.to_string())
            .execute(transaction.connection())
            .await;
        if !is_full(transaction.finish(changed.map_err(Into::into)).await?.rows_affected()) {
            return Ok(());
        }
    }
}

/// What repeats what is told elsewhere, and goes whole if it mentions the person: events, calls to others, and kept answers. $1 is the
/// tenant, $2 the number of rows, and the names follow.
fn mentions(person: &Person) -> [String; 4] {
    let id = person.id;
    let (payload, body, answer) =
        (mentions_in("payload", person), mentions_in("body", person), mentions_in(BODY_OF_ANSWER, person));
    [
        format!(
            "delete from events where tenant_no = $1 and id in (select id from events where tenant_no = $1
             and (for_user = {id} or for_driver = {id} or {payload}) limit $2)"
        ),
        format!(
            "delete from gathered_alerts where gathered_no in
                (select g.gathered_no from gathered_alerts g join users u on u.id = g.user_id where u.tenant_no = $1 and ({body}) limit $2)"
        ),
        format!(
            "delete from outgoing_calls where call_no in
                (select call_no from outgoing_calls where tenant_no = $1 and ({body}) limit $2)"
        ),
        format!(
            "delete from idempotency_keys where (tenant, caller, key) in
                (select k.tenant, k.caller, k.key from idempotency_keys k
                 where k.tenant = (select t.id from tenants t where t.tenant_no = $1) and k.body is not null
                 and ({answer}) limit $2)"
        ),
    ]
}

/// Whether a column with JSON mentions a person: by a name, or by its number in one of these fields.
fn mentions_in(column: &str, person: &Person) -> String {
    let id = person.id;
    let has = |text: String| format!("{CONTAINS}({column}, '{text}') > 0");
    let mut numbers = Vec::new();
    for field in ["driver_id", "user_id", "sender_id", "client_id", "read_by"] {
        numbers.extend([has(format!("\"{field}\":{id},")), has(format!("\"{field}\":{id}}}"))]);
    }
    for field in ["driver_id", "rider_id", "user_id"] {
        numbers.push(has(format!("\"{field}\":\"{id}\"")));
    }
    // Most texts have the number nowhere, and are looked through once.
    let may_be = format!("({} or {})", has(format!("\":{id}")), has(format!("\":\"{id}\"")));
    let mut conditions = vec![format!("({may_be} and ({}))", numbers.join(" or "))];
    for place in 0..person.names.len() {
        conditions.push(format!("{column} {LIKE} ${} escape '\\'", place + 3));
    }
    conditions.join(" or ")
}

/// A pattern of texts that hold `name`.
pub(crate) fn pattern_of(name: &str) -> String {
    format!("%{}%", name.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_"))
}

/// Empties what the audit tells of a person. That something was told stays, and the chain holds.
pub(crate) async fn empty_audit(writers: &Writers, person: &Person) -> Result<()> {
    let Some(tenant_no) = tenant_no(writers, person).await? else { return Ok(()) };
    let of_subject = "update audit set before = null, after = null, salt = null where tenant_no = $3 and id in
        (select id from audit where tenant_no = $3 and subject = 'user:' || $4 and salt is not null and $1 > 0 limit $2)";
    run_in_steps(writers, of_subject, person, tenant_no).await?;
    let with_name = format!(
        "update audit set before = null, after = null, salt = null where tenant_no = $2 and id in
            (select id from audit where tenant_no = $2 and salt is not null
             and (before {LIKE} $3 escape '\\' or after {LIKE} $3 escape '\\') limit $1)"
    );
    for name in &person.names {
        loop {
            let mut transaction = Transaction::begin(writers, None).await?;
            let emptied = sqlx::query::<Db>(AssertSqlSafe(with_name.clone()))
                .bind(STEP_ROWS)
                .bind(tenant_no)
                .bind(pattern_of(name))
                .execute(transaction.connection())
                .await;
            if !is_full(transaction.finish(emptied.map_err(Into::into)).await?.rows_affected()) {
                break;
            }
        }
    }
    Ok(())
}

pub(crate) async fn erase_account(
    connection: &mut Connection,
    person: &Person,
    author: &Author,
    renderer: &dyn Renderer,
) -> Result<()> {
    if users::remove_user(connection, person.id, None, author.at, renderer).await? {
        let note = AuditNote::of("user.erase", Some(format!("user:{}", person.id)));
        append(connection, &person.tenant, author, &note).await?;
    }
    Ok(())
}
