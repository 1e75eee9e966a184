//! Finds the browsers of users, and stores calls to them.

use super::super::dialect::{
    DUE_AT_ONCE, IS_NUMBER_IN_PARAMETER_1, IS_NUMBER_IN_PARAMETER_2, RANDOM_KEY, SHARE_SUBSCRIPTIONS, by_index,
};
use super::super::numbers::take_call_numbers;
use super::super::{Connection, Db, DbRow};
use crate::Result;
use milepost_domain::{AlertId, FleetViewer, Timestamp};
use serde_json::json;
use sqlx::{AssertSqlSafe, QueryBuilder, Row};
use std::collections::HashMap;

/// Calls that one statement stores. A hundred alerts for a hundred browsers then take a hundred round trips instead of
/// ten thousand.
const ROWS_AT_ONCE: usize = 100;

/// A subscription to call. It is locked until the commit; one that is removed at the same time is skipped.
pub(crate) struct Browser {
    pub(crate) push_no: i64,
    pub(crate) tenant_no: i64,
    pub(crate) user_id: i64,
    /// The target of its calls. All calls to one push service share it, so that they wait under one index entry,
    /// however many browsers it serves.
    target: String,
}

/// A call to one browser.
pub(crate) struct BrowserCall<'a> {
    pub(crate) browser: &'a Browser,
    /// The body in JSON.
    pub(crate) body: &'a str,
    /// The alert that the call is about. The call is removed with it.
    pub(crate) alert: Option<(&'a AlertId, AlertCall)>,
}

/// Further data of a call about an alert.
#[derive(Clone, Copy)]
pub(crate) struct AlertCall {
    pub(crate) is_urgent: bool,
    pub(crate) expires_at: Timestamp,
}

/// Lists the browsers of these users of these tenants. Stored users that are locked out are skipped, because one may
/// have subscribed at the same time.
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

/// Lists the browsers of the tenants' users who see the whole fleet. Users known only from another issuer's tokens are
/// skipped, because their role is unknown without a token.
pub(crate) async fn browsers_of_fleets(connection: &mut Connection, tenants: &[i64]) -> Result<Vec<Browser>> {
    // The roles come from the permission table, so that there is one list.
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
    let (from, to) = DUE_AT_ONCE;
    let mut next_ids = first_numbers(connection, calls).await?;
    for calls in calls.chunks(ROWS_AT_ONCE) {
        let mut insert = QueryBuilder::<Db>::new(
            "insert into outgoing_calls (tenant_no, target, push_no, path, body, key, created_ms, next_attempt_ms,
             alert_id, urgent, expires_ms, id) ",
        );
        insert.push_values(calls, |mut row, call| {
            let Browser { push_no, tenant_no, target, .. } = call.browser;
            row.push_bind(*tenant_no).push_bind(target.as_str()).push_bind(*push_no).push_bind("");
            row.push_bind(call.body).push(RANDOM_KEY);
            row.push_bind(now.unix_ms());
            row.push(from).push_bind_unseparated(now.unix_ms()).push_unseparated(to);
            row.push_bind(call.alert.map(|(id, _)| id.as_str()));
            row.push_bind(call.alert.is_some_and(|(_, alert)| alert.is_urgent));
            row.push_bind(call.alert.map(|(_, alert)| alert.expires_at.unix_ms()));
            let next_id = next_ids.get_mut(tenant_no).expect("each tenant got its numbers");
            row.push_bind(*next_id);
            *next_id += 1;
        });
        // A separate statement for every number of calls would fill the connection's statement cache.
        let stays_in_cache = calls.len() == 1 || calls.len() == ROWS_AT_ONCE;
        insert.build().persistent(stays_in_cache).execute(&mut *connection).await?;
    }
    Ok(())
}

/// Takes the calls' numbers, and returns the first of each tenant.
async fn first_numbers(connection: &mut Connection, calls: &[BrowserCall<'_>]) -> Result<HashMap<i64, i64>> {
    let mut counts: HashMap<i64, usize> = HashMap::new();
    for call in calls {
        *counts.entry(call.browser.tenant_no).or_default() += 1;
    }
    let mut first = HashMap::with_capacity(counts.len());
    for (tenant_no, count) in counts {
        let last = take_call_numbers(connection, tenant_no, count).await?;
        first.insert(tenant_no, last - i64::try_from(count).expect("the calls fit in memory") + 1);
    }
    Ok(first)
}
