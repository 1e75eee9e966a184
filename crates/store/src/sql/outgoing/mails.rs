//! Stores mails to users, which their own functions of the outbox write when they are sent.

use super::super::accounts::users;
use super::super::dialect::{DUE_AT_ONCE, IS_NUMBER_IN_PARAMETER_1, RANDOM_KEY};
use super::super::numbers::{hold_counters, take_call_numbers};
use super::super::push::alert_calls::Raised;
use super::super::{Connection, Db, DbRow, positions::timestamp};
use crate::outgoing_store::MAX_WAITING_MAILS;
use crate::{DueMail, JobMail, Renderer, Result};
use jiff::tz::TimeZone;
use milepost_domain::{AlertMail, FleetViewer, JobFile, Role, TenantId, Timestamp, UserId};
use serde_json::json;
use sqlx::{AssertSqlSafe, Row};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Alerts that one transaction mails to one user. Further ones are only listed.
const ALERTS_AT_ONCE: usize = 10;

/// The target of a user's mails: one queue for each, so that they keep their order.
pub(crate) fn mail_target(user: i64) -> String {
    format!("mail/{user}")
}

/// The user whose mails have this target.
pub(crate) fn user_of_target(target: &str) -> Option<UserId> {
    UserId::new(target.strip_prefix("mail/")?.parse().ok()?).ok()
}

/// Alerts that wait for one user to be mailed together. Further ones are only listed.
const MAX_GATHERED: i64 = 500;
/// The hour of the reader's morning at which those of a day are mailed.
const MORNING: i8 = 7;
const QUARTER_MS: i64 = 15 * 60 * 1000;

/// A user who gets mail.
struct Reader {
    user: i64,
    tenant_no: i64,
    waiting: i64,
    alert_mail: AlertMail,
    zone: Option<String>,
    /// Alerts that wait to be mailed together.
    gathered: i64,
}

impl Reader {
    /// When the alerts that are raised now are mailed; `None` if that is at once.
    fn gathered_until(&self, now: Timestamp) -> Option<Timestamp> {
        match self.alert_mail {
            AlertMail::AtOnce | AlertMail::Off => None,
            // The zones of the world are quarters of an hour apart.
            AlertMail::QuarterHour => Timestamp::from_unix_ms((now.unix_ms().div_euclid(QUARTER_MS) + 1) * QUARTER_MS),
            AlertMail::Daily => next_morning(self.zone.as_deref(), now),
        }
    }
}

fn next_morning(zone: Option<&str>, now: Timestamp) -> Option<Timestamp> {
    let zone = zone.and_then(|zone| TimeZone::get(zone).ok()).unwrap_or(TimeZone::UTC);
    let local = jiff::Timestamp::from_millisecond(now.unix_ms()).ok()?.to_zoned(zone.clone());
    let morning_of = |day: jiff::civil::Date| day.at(MORNING, 0, 0, 0).to_zoned(zone.clone()).ok();
    let morning = match morning_of(local.date()) {
        Some(today) if today > local => today,
        _ => morning_of(local.date().tomorrow().ok()?)?,
    };
    Timestamp::from_unix_ms(morning.timestamp().as_millisecond())
}

macro_rules! select_reader {
    () => {
        "select u.id, u.tenant_no, u.alert_mail, u.timezone, (select count(*) from outgoing_calls c
         where c.mail_user_id = u.id and c.next_attempt_ms is not null) as waiting,
         (select count(*) from gathered_alerts g where g.user_id = u.id) as gathered from users u "
    };
}

macro_rules! select_readers {
    ($rest:literal) => {
        concat!(
            select_reader!(),
            "where u.email is not null and u.email_refused_ms is null and u.approved and u.active ",
            $rest
        )
    };
}

fn reader(row: &DbRow) -> Result<Reader> {
    Ok(Reader {
        user: row.try_get("id")?,
        tenant_no: row.try_get("tenant_no")?,
        waiting: row.try_get("waiting")?,
        alert_mail: AlertMail::parse(row.try_get("alert_mail")?)?,
        zone: row.try_get("timezone")?,
        gathered: row.try_get("gathered")?,
    })
}

/// Stores a mail that is due at once. Returns false if the user gets none: it has no address, or too many mails wait.
pub(crate) async fn add_mail(connection: &mut Connection, user: UserId, body: &str, now: Timestamp) -> Result<bool> {
    let row =
        sqlx::query::<Db>(select_readers!("and u.id = $1")).bind(user.get()).fetch_optional(&mut *connection).await?;
    let Some(reader) = row.as_ref().map(reader).transpose()? else { return Ok(false) };
    if reader.waiting >= MAX_WAITING_MAILS {
        return Ok(false);
    }
    let id = take_call_numbers(connection, reader.tenant_no, 1).await?;
    insert(connection, &reader, body, About::Other, id, now).await?;
    Ok(true)
}

/// Stores a mail to another address than the user's, or to one that was refused: its body says which.
pub(crate) async fn add_confirmation_mail(
    connection: &mut Connection,
    user: UserId,
    body: &str,
    now: Timestamp,
) -> Result<bool> {
    let row = sqlx::query::<Db>(concat!(select_reader!(), "where u.approved and u.active and u.id = $1"));
    let row = row.bind(user.get()).fetch_optional(&mut *connection).await?;
    let Some(reader) = row.as_ref().map(reader).transpose()? else { return Ok(false) };
    if reader.waiting >= MAX_WAITING_MAILS {
        return Ok(false);
    }
    let id = take_call_numbers(connection, reader.tenant_no, 1).await?;
    insert(connection, &reader, body, About::Other, id, now).await?;
    Ok(true)
}

/// Stores a mail that brings the file of a job, as [`add_mail`].
pub(crate) async fn add_mail_of_job(
    connection: &mut Connection,
    mail: &JobMail,
    job_no: i64,
    now: Timestamp,
) -> Result<bool> {
    let row = sqlx::query::<Db>(select_readers!("and u.id = $1")).bind(mail.user.get());
    let row = row.fetch_optional(&mut *connection).await?;
    let Some(reader) = row.as_ref().map(reader).transpose()? else { return Ok(false) };
    if reader.waiting >= MAX_WAITING_MAILS {
        return Ok(false);
    }
    let id = take_call_numbers(connection, reader.tenant_no, 1).await?;
    insert(connection, &reader, &mail.body, About::Job(job_no), id, now).await?;
    Ok(true)
}

/// What a mail is about.
enum About<'a> {
    Alert(&'a str),
    /// The job with this number, whose file it brings.
    Job(i64),
    Other,
}

async fn insert(
    connection: &mut Connection,
    reader: &Reader,
    body: &str,
    about: About<'_>,
    id: i64,
    now: Timestamp,
) -> Result<()> {
    let (alert, job_no) = match about {
        About::Alert(alert) => (Some(alert), None),
        About::Job(job_no) => (None, Some(job_no)),
        About::Other => (None, None),
    };
    let (from, to) = DUE_AT_ONCE;
    let sql = format!(
        "insert into outgoing_calls (created_ms, tenant_no, target, mail_user_id, path, body, key, next_attempt_ms, alert_id, id, mail_job_no)
         values ($1, $2, $3, $4, '', $5, {RANDOM_KEY}, {from}$1{to}, $6, $7, $8)"
    );
    sqlx::query::<Db>(AssertSqlSafe(sql))
        .bind(now.unix_ms())
        .bind(reader.tenant_no)
        .bind(mail_target(reader.user))
        .bind(reader.user)
        .bind(body)
        .bind(alert)
        .bind(id)
        .bind(job_no)
        .execute(connection)
        .await?;
    Ok(())
}

/// Stores a mail about each alert for each user who gets it. As [`super::super::push::alert_calls::call_browsers`] it runs before the
/// facts are appended to `tenants`.
pub(crate) async fn mail_alerts(
    connection: &mut Connection,
    raised: &[Raised<'_>],
    tenants: &BTreeSet<&TenantId>,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<()> {
    let mut of_company: BTreeMap<i64, Vec<(String, &str)>> = BTreeMap::new();
    let mut of_user: BTreeMap<i64, Vec<(String, &str)>> = BTreeMap::new();
    for raised in raised.iter().filter(|raised| raised.alert.is_recent(raised.known_at, now)) {
        let Some(body) = renderer.alert_mail(raised.alert) else { return Ok(()) };
        let alerts = match raised.alert.user_id {
            Some(user) => of_user.entry(user.get()).or_default(),
            None => of_company.entry(raised.tenant.0).or_default(),
        };
        alerts.push((body, raised.alert.id.as_str()));
    }
    let mut mails: Vec<(Reader, &[(String, &str)])> = Vec::new();
    for reader in readers_of_companies(connection, of_company.keys()).await? {
        let alerts = of_company.get(&reader.tenant_no).map_or(&[][..], Vec::as_slice);
        mails.push((reader, alerts));
    }
    for reader in readers(connection, of_user.keys()).await? {
        let alerts = of_user.get(&reader.user).map_or(&[][..], Vec::as_slice);
        mails.push((reader, alerts));
    }
    if mails.is_empty() {
        return Ok(());
    }
    hold_counters(connection, tenants).await?;
    store(connection, &mails, now).await
}

async fn store(connection: &mut Connection, mails: &[(Reader, &[(String, &str)])], now: Timestamp) -> Result<()> {
    let mut waiting: HashMap<i64, i64> = HashMap::new();
    for (reader, alerts) in mails {
        if let Some(due) = reader.gathered_until(now) {
            gather(connection, reader, alerts, due).await?;
            continue;
        }
        for (body, alert) in alerts.iter().take(ALERTS_AT_ONCE) {
            let waiting = waiting.entry(reader.user).or_insert(reader.waiting);
            if *waiting < MAX_WAITING_MAILS {
                *waiting += 1;
                let id = take_call_numbers(connection, reader.tenant_no, 1).await?;
                insert(connection, reader, body, About::Alert(alert), id, now).await?;
            }
        }
    }
    Ok(())
}

async fn gather(connection: &mut Connection, reader: &Reader, alerts: &[(String, &str)], due: Timestamp) -> Result<()> {
    let room = usize::try_from(MAX_GATHERED - reader.gathered).unwrap_or(0);
    for (body, _) in alerts.iter().take(room) {
        sqlx::query::<Db>("insert into gathered_alerts (user_id, body, due_ms) values ($1, $2, $3)")
            .bind(reader.user)
            .bind(body.as_str())
            .bind(due.unix_ms())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

/// Users whose gathered alerts are due.
pub(crate) async fn due_readers(connection: &mut Connection, now: Timestamp, limit: u32) -> Result<Vec<UserId>> {
    let users = sqlx::query_scalar::<Db, i64>(
        "select distinct user_id from gathered_alerts where due_ms <= $1 order by user_id limit $2",
    );
    let users = users.bind(now.unix_ms()).bind(i64::from(limit)).fetch_all(connection).await?;
    Ok(users.into_iter().map(UserId::new).collect::<std::result::Result<_, _>>()?)
}

/// Stores one mail with all alerts that wait for a user. Of two nodes that do so at once, one finds them.
pub(crate) async fn mail_gathered(
    connection: &mut Connection,
    user: UserId,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<bool> {
    let mut gathered = sqlx::query_as::<Db, (i64, String)>(
        "delete from gathered_alerts where user_id = $1 returning gathered_no, body",
    )
    .bind(user.get())
    .fetch_all(&mut *connection)
    .await?;
    gathered.sort_unstable_by_key(|(number, _)| *number);
    let bodies: Vec<String> = gathered.into_iter().map(|(_, body)| body).collect();
    if bodies.is_empty() {
        return Ok(false);
    }
    add_mail(connection, user, &renderer.gathered_mail(&bodies), now).await
}

/// The users of these tenants who see their whole fleet and get mail about it.
async fn readers_of_companies(connection: &mut Connection, tenants: impl Iterator<Item = &i64>) -> Result<Vec<Reader>> {
    let tenants: Vec<i64> = tenants.copied().collect();
    if tenants.is_empty() {
        return Ok(Vec::new());
    }
    let roles: Vec<String> = FleetViewer::company_roles().map(|role: Role| format!("'{}'", role.as_str())).collect();
    let sql = format!(
        "{} and u.tenant_no {IS_NUMBER_IN_PARAMETER_1} and u.role in ({}) order by u.id",
        select_readers!("and u.alert_mail <> 'off'"),
        roles.join(", ")
    );
    let rows = sqlx::query::<Db>(AssertSqlSafe(sql)).bind(json!(tenants).to_string()).fetch_all(connection).await?;
    rows.iter().map(reader).collect()
}

/// Those of these users who get mail about alerts.
async fn readers(connection: &mut Connection, users: impl Iterator<Item = &i64>) -> Result<Vec<Reader>> {
    let users: Vec<i64> = users.copied().collect();
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let sql =
        format!("{} and u.id {IS_NUMBER_IN_PARAMETER_1} order by u.id", select_readers!("and u.alert_mail <> 'off'"));
    let rows = sqlx::query::<Db>(AssertSqlSafe(sql)).bind(json!(users).to_string()).fetch_all(connection).await?;
    rows.iter().map(reader).collect()
}

/// The receiver of a mail, as it is now. `None` for other calls.
pub(crate) async fn due_mail(connection: &mut Connection, row: &DbRow) -> Result<Option<DueMail>> {
    let Some(user) = row.try_get::<Option<i64>, _>("mail_user_id")? else { return Ok(None) };
    let Some(user) = users::get_user(connection, UserId::new(user)?).await? else { return Ok(None) };
    let file = match row.try_get::<Option<i64>, _>("mail_job_no")? {
        Some(job_no) => file_of_job(connection, job_no).await?,
        None => None,
    };
    let is_of_tenant = user.tenant.as_str() == row.try_get::<&str, _>("tenant")?;
    let expires_at = row.try_get::<Option<i64>, _>("expires_ms")?.map(timestamp).transpose()?;
    Ok(Some(DueMail {
        user: user.id,
        may_enter: user.may_enter() && is_of_tenant,
        sees_fleet: is_of_tenant && FleetViewer::company_roles().any(|role| role == user.role),
        file,
        username: user.username,
        tenant: user.tenant,
        contact: user.contact,
        expires_at,
        was_refused: row.try_get::<Option<i64>, _>("last_status")?.is_some_and(|status| (500..600).contains(&status)),
    }))
}

async fn file_of_job(connection: &mut Connection, job_no: i64) -> Result<Option<JobFile>> {
    let file = sqlx::query_as::<Db, (String, String, String, i64)>(
        "select file_key, file_name, media_type, file_bytes from jobs where job_no = $1 and file_key is not null",
    );
    let file = file.bind(job_no).fetch_optional(connection).await?;
    Ok(file.map(|(key, name, media_type, bytes)| JobFile {
        key,
        name,
        media_type,
        bytes: u64::try_from(bytes).unwrap_or(0),
    }))
}

/// Ends the address of a mail's receiver: nothing goes to it until it is set again.
pub(crate) async fn refuse_address_of_call(connection: &mut Connection, call_no: i64, now: Timestamp) -> Result<()> {
    sqlx::query::<Db>(
        "update users set email_refused_ms = $1, version = version + 1 where email_refused_ms is null and id =
            (select mail_user_id from outgoing_calls where call_no = $2)",
    )
    .bind(now.unix_ms())
    .bind(call_no)
    .execute(&mut *connection)
    .await?;
    sqlx::query::<Db>(
        "update outgoing_calls set next_attempt_ms = null, dead_ms = $1, last_error = 'the address was refused'
         where call_no <> $2 and next_attempt_ms is not null and mail_user_id =
            (select c.mail_user_id from outgoing_calls c where c.call_no = $2)",
    )
    .bind(now.unix_ms())
    .bind(call_no)
    .execute(connection)
    .await?;
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::next_morning;
    use milepost_domain::Timestamp;

    #[test]
    fn the_alerts_of_a_day_come_in_the_readers_morning() {
        // 2026-11-30T00:00:00Z.
        let now = Timestamp::from_unix_ms(1_795_996_800_000).unwrap();
        for (zone, hours) in [
            (None, 7.0),
            // 05:30 there.
            (Some("Asia/Kolkata"), 1.5),
            // 07:00 there, just now: tomorrow.
            (Some("Asia/Jakarta"), 24.0),
            (Some("America/St_Johns"), 10.5),
            (Some("Nowhere/Else"), 7.0),
        ] {
            let until = next_morning(zone, now).unwrap().ms_since(now);
            assert_eq!(until as f64 / 3_600_000.0, hours, "{zone:?}");
        }
    }
}
