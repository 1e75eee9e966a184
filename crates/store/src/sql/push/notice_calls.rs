//! The calls that notices make to their users' browsers.

use super::super::Connection;
use super::browser_calls::{BrowserCall, browsers_of_users, fitted, store_browser_calls, time_text};
use crate::Result;
use milepost_domain::{Notice, NoticeContent, Timestamp};
use serde_json::json;
use std::collections::HashMap;

/// Stores a call for each subscription of each notice's user. To be called before the transaction's facts are appended:
/// whoever removes a user holds its subscriptions and then takes the tenant's counter, in that order.
pub(crate) async fn call_subscriptions(
    connection: &mut Connection,
    tenant_no: i64,
    notices: &[Notice],
    now: Timestamp,
) -> Result<()> {
    let mut of_user: HashMap<i64, Vec<(&Notice, String)>> = HashMap::new();
    for notice in notices {
        of_user.entry(notice.user_id.get()).or_default().push((notice, payload(notice)));
    }
    let users: Vec<i64> = of_user.keys().copied().collect();
    let browsers = browsers_of_users(connection, &[tenant_no], &users).await?;
    let mut calls = Vec::new();
    for browser in &browsers {
        for (notice, body) in of_user.get(&browser.user_id).into_iter().flatten() {
            calls.push(BrowserCall { browser, body, told: notice.id.to_string(), alert: None });
        }
    }
    store_browser_calls(connection, &calls, now).await
}

/// What a browser is told: a notification as its event's `data`; of a message only that it came.
fn payload(notice: &Notice) -> String {
    let NoticeContent::Notification { message, kind } = &notice.content else {
        return json!({ "id": notice.id.get(), "type": "message" }).to_string();
    };
    fitted(message.as_str(), |text| {
        json!({
            "id": notice.id.get(),
            "message": text,
            "type": kind.as_str(),
            "is_read": notice.read_at.is_some(),
            "created_at": time_text(notice.created_at),
        })
        .to_string()
    })
}
