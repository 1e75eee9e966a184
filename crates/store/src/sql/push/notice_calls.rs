//! Stores the calls that push notices to their users' browsers.

use super::super::Connection;
use super::browser_calls::{BrowserCall, browsers_of_users, store_browser_calls};
use crate::{Renderer, Result};
use milepost_domain::{Notice, Timestamp};
use std::collections::HashMap;

/// Stores a call for each subscription of each notice's user. It must run before the transaction's facts are appended:
/// removing a user locks its subscriptions first and then the tenant's counter.
pub(crate) async fn call_subscriptions(
    connection: &mut Connection,
    tenant_no: i64,
    notices: &[Notice],
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<()> {
    let mut of_user: HashMap<i64, Vec<String>> = HashMap::new();
    for notice in notices {
        of_user.entry(notice.user_id.get()).or_default().push(renderer.notice_push(notice));
    }
    let users: Vec<i64> = of_user.keys().copied().collect();
    let browsers = browsers_of_users(connection, &[tenant_no], &users).await?;
    let mut calls = Vec::new();
    for browser in &browsers {
        let bodies = of_user.get(&browser.user_id).into_iter().flatten();
        calls.extend(bodies.map(|body| BrowserCall { browser, body, alert: None }));
    }
    store_browser_calls(connection, &calls, now).await
}
