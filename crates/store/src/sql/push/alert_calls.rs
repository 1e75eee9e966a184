//! Stores the calls that push alerts to their recipients' browsers.

use super::super::dialect::{IS_TEXT_IN_PARAMETER_1, LOCK_FREE_CALLS};
use super::super::numbers::hold_counters;
use super::super::outgoing::mails;
use super::super::{Connection, Db};
use super::browser_calls::{
    AlertCall, Browser, BrowserCall, browsers_of_fleets, browsers_of_users, store_browser_calls,
};
use crate::{Renderer, Result, TenantNo};
use milepost_domain::{Alert, AlertId, TenantId, Timestamp, UserId};
use serde_json::json;
use sqlx::AssertSqlSafe;
use std::collections::BTreeSet;

/// An alert that a transaction stores.
#[derive(Clone, Copy)]
pub(crate) struct Raised<'a> {
    pub(crate) tenant: TenantNo,
    pub(crate) alert: &'a Alert,
    /// When its cause was first known: see [`Alert::is_news`].
    pub(crate) known_at: Timestamp,
}

/// Stores a call for each browser of each recipient of the alerts, and a mail for each who gets some. Alerts that are not fresh are skipped. The browsers
/// are read by one query whatever the number of alerts, or by two if some alerts are for the company and some for
/// users.
///
/// Call it once in a transaction, after its other writes and before its facts are appended to `tenants`: removing a user locks its
/// subscriptions first and then the tenant's counter. One statement locks all subscriptions of a user in the order of
/// their numbers, so that two nodes can't deadlock.
pub(crate) async fn call_browsers(
    connection: &mut Connection,
    raised: &[Raised<'_>],
    tenants: &BTreeSet<&TenantId>,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<()> {
    let recent = raised.iter().filter(|raised| raised.alert.is_recent(raised.known_at, now));
    let (addressed, company): (Vec<&Raised<'_>>, Vec<_>) = recent.partition(|raised| raised.alert.user_id.is_some());
    let mut browsers = Vec::new();
    if !company.is_empty() {
        browsers.push((browsers_of_fleets(connection, &numbers_of(&company)).await?, company));
    }
    if !addressed.is_empty() {
        let users: BTreeSet<i64> =
            addressed.iter().filter_map(|raised| raised.alert.user_id).map(UserId::get).collect();
        let users: Vec<i64> = users.into_iter().collect();
        browsers.push((browsers_of_users(connection, &numbers_of(&addressed), &users).await?, addressed));
    }
    browsers.retain(|(browsers, _)| !browsers.is_empty());
    if !browsers.is_empty() {
        hold_counters(connection, tenants).await?;
    }
    for (browsers, raised) in &browsers {
        let rendered: Vec<(&Raised<'_>, String)> =
            raised.iter().map(|raised| (*raised, renderer.alert_push(raised.alert))).collect();
        let mut calls = Vec::new();
        for (raised, body) in &rendered {
            calls.extend(
                browsers.iter().filter(|browser| is_for(raised, browser)).map(|browser| call(raised, body, browser)),
            );
        }
        store_browser_calls(connection, &calls, now).await?;
    }
    mails::mail_alerts(connection, raised, tenants, now, renderer).await
}

fn numbers_of(raised: &[&Raised<'_>]) -> Vec<i64> {
    let tenants: BTreeSet<i64> = raised.iter().map(|raised| raised.tenant.0).collect();
    tenants.into_iter().collect()
}

/// Whether an alert is for this browser, which was read for several alerts.
fn is_for(raised: &Raised<'_>, browser: &Browser) -> bool {
    raised.tenant.0 == browser.tenant_no && raised.alert.user_id.is_none_or(|user| user.get() == browser.user_id)
}

fn call<'a>(raised: &Raised<'a>, body: &'a str, browser: &'a Browser) -> BrowserCall<'a> {
    let Alert { id, severity, expires_at, .. } = raised.alert;
    let urgency = AlertCall { is_urgent: severity.is_urgent(), expires_at: *expires_at };
    BrowserCall { browser, body, alert: Some((id, urgency)) }
}

/// Removes the waiting push calls of alerts that were read, deleted or taken back. A running try goes on and is not
/// repeated if it fails. A call whose result is being written is left.
pub(crate) async fn take_back_calls(connection: &mut Connection, alerts: &[AlertId]) -> Result<()> {
    if alerts.is_empty() {
        return Ok(());
    }
    let ids: Vec<&str> = alerts.iter().map(AlertId::as_str).collect();
    // Locked calls are skipped: removing a subscription locks several of its calls in another order.
    let sql = format!(
        "delete from outgoing_calls where call_no in
            (select c.call_no from outgoing_calls c
             where c.alert_id {IS_TEXT_IN_PARAMETER_1} and c.next_attempt_ms is not null {LOCK_FREE_CALLS})"
    );
    sqlx::query::<Db>(AssertSqlSafe(sql)).bind(json!(ids).to_string()).execute(connection).await?;
    Ok(())
}
