//! Calls to users' browsers: whom they go to, and how they are stored.

use super::super::dialect::{IS_NUMBER_IN_PARAMETER_1, IS_NUMBER_IN_PARAMETER_2, SHARE_SUBSCRIPTIONS, by_index};
use super::super::{Connection, Db};
use crate::Result;
use milepost_domain::{AlertId, FleetViewer, Timestamp};
use serde_json::json;
use sqlx::{AssertSqlSafe, QueryBuilder, Row};

type DbRow = <Db as sqlx::Database>::Row;

/// Calls that one statement stores: a hundred alerts for a hundred browsers take a hundred round trips, not ten thousand.
const ROWS_AT_ONCE: usize = 100;

/// A subscription that may be called. It is held until the commit, and one removed meanwhile is passed over.
pub(crate) struct Browser {
    pub(crate) push_no: i64,
    pub(crate) tenant_no: i64,
    pub(crate) user_id: i64,
    /// What its calls wait under: those to one push service wait in one row of the index, however many browsers it serves.
    target: String,
}

/// A call to one browser.
pub(crate) struct BrowserCall<'a> {
    pub(crate) browser: &'a Browser,
    /// JSON.
    pub(crate) body: &'a str,
    /// Names the subject; with the browser it names the call.
    pub(crate) told: String,
    /// The alert that it tells of: taken back with it.
    pub(crate) alert: Option<(&'a AlertId, AlertCall)>,
}

/// What a call that tells of an alert has besides.
#[derive(Clone, Copy)]
pub(crate) struct AlertCall {
    pub(crate) is_urgent: bool,
    pub(crate) expires_at: Timestamp,
}

/// Browsers of these users of these tenants; without those of users that are stored and locked out: one of them may have
/// subscribed at that very moment.
pub(crate) async fn browsers_of_users(
    connection: &mut Connection,
    tenants: &[i64],
    users: &[i64],
) -> Result<Vec<Browser>> {
    let sql = format!(
        "select s.push_no, s.tenant_no, s.user_id, s.endpoint from push_subscriptions s
         where s.tenant_no {IS_NUMBER_IN_PARAMETER_1} and s.user_id {IS_NUMBER_IN_PARAMETER_2}
         and not exists (select 1 from users u where u.id = s.user_id and not (u.approved and u.active))
         order by s.push_no {SHARE_SUBSCRIPTIONS}"
    );
    let rows = sqlx::query::<Db>(AssertSqlSafe(sql))
        .bind(json!(tenants).to_string())
        .bind(json!(users).to_string())
        .fetch_all(connection)
        .await?;
    rows.iter().map(browser).collect()
}

/// Browsers of the users of these tenants who see the whole fleet. Of those that only another issuer's tokens name nobody
/// knows a role while they are away.
pub(crate) async fn browsers_of_fleets(connection: &mut Connection, tenants: &[i64]) -> Result<Vec<Browser>> {
    // One list for all: the permission table's.
    let roles: Vec<String> = FleetViewer::company_roles().map(|role| format!("'{}'", role.as_str())).collect();
    let sql = format!(
        "select s.push_no, s.tenant_no, s.user_id, s.endpoint
         from users u {} cross join push_subscriptions s
         where u.tenant_no {IS_NUMBER_IN_PARAMETER_1} and u.role in ({}) and u.approved and u.active
         and s.user_id = u.id and s.tenant_no = u.tenant_no order by s.push_no {SHARE_SUBSCRIPTIONS}",
        by_index("users_role"),
        roles.join(", ")
    );
    let rows = sqlx::query::<Db>(AssertSqlSafe(sql)).bind(json!(tenants).to_string()).fetch_all(connection).await?;
    rows.iter().map(browser).collect()
}

fn browser(row: &DbRow) -> Result<Browser> {
    Ok(Browser {
        push_no: row.try_get("push_no")?,
        tenant_no: row.try_get("tenant_no")?,
        user_id: row.try_get("user_id")?,
        target: format!("push/{}", host(row.try_get("endpoint")?)),
    })
}

/// Host and port of an endpoint.
fn host(endpoint: &str) -> String {
    let rest = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default().to_lowercase()
}

/// Stores calls that are due at once.
pub(crate) async fn store_browser_calls(
    connection: &mut Connection,
    calls: &[BrowserCall<'_>],
    now: Timestamp,
) -> Result<()> {
    for calls in calls.chunks(ROWS_AT_ONCE) {
        let mut insert = QueryBuilder::<Db>::new(
            "insert into outgoing_calls (tenant_no, target, push_no, path, body, key, created_ms, next_attempt_ms,
             alert_id, urgent, expires_ms) ",
        );
        insert.push_values(calls, |mut row, call| {
            let Browser { push_no, tenant_no, target, .. } = call.browser;
            row.push_bind(*tenant_no).push_bind(target.as_str()).push_bind(*push_no).push_bind("");
            row.push_bind(call.body).push_bind(format!("push_{}_{push_no}", call.told));
            row.push_bind(now.unix_ms()).push_bind(now.unix_ms());
            row.push_bind(call.alert.map(|(id, _)| id.as_str()));
            row.push_bind(call.alert.is_some_and(|(_, alert)| alert.is_urgent));
            row.push_bind(call.alert.map(|(_, alert)| alert.expires_at.unix_ms()));
        });
        // A statement for each number of calls would fill the connection's cache of them.
        let stays_in_cache = calls.len() == 1 || calls.len() == ROWS_AT_ONCE;
        insert.build().persistent(stays_in_cache).execute(&mut *connection).await?;
    }
    Ok(())
}
