//! The calls that notices make to their users' browsers.

use super::{Connection, Db, HOLD_S, NUMBERS_OF_2};
use crate::Result;
use milepost_domain::{Notice, NoticeContent, PushKeys, Timestamp};
use serde_json::json;
use sqlx::{AssertSqlSafe, Row};
use std::collections::HashMap;

type DbRow = <Db as sqlx::Database>::Row;

/// What is pushed of one notice, bytes: a push service takes 4,096 with everything around it. The text is cut to fit.
const MAX_PAYLOAD_BYTES: usize = 3_000;

/// The keys in a row's columns `p256dh` and `auth`.
pub(super) fn keys(row: &DbRow) -> Result<PushKeys> {
    Ok(PushKeys::new(row.try_get("p256dh")?, row.try_get("auth")?)?)
}

/// The subscription that a waiting call goes to, with all its calls: its push service knows it no more.
pub(super) async fn remove_of_call(connection: &mut Connection, call_no: i64) -> Result<()> {
    sqlx::query::<Db>(
        "delete from push_subscriptions where push_no =
            (select push_no from outgoing_calls where call_no = $1 and next_attempt_ms is not null)",
    )
    .bind(call_no)
    .execute(connection)
    .await?;
    Ok(())
}

/// Stores a call for each subscription of each notice's user. To be called before the transaction's facts are appended:
/// whoever removes a user holds its subscriptions and then takes the tenant's counter, in that order. A subscription is held
/// until the commit, and one removed meanwhile is passed over,
/// as is whoever was locked out while its browser subscribed.
pub(super) async fn call_subscriptions(
    connection: &mut Connection,
    tenant_no: i64,
    notices: &[Notice],
    now: Timestamp,
) -> Result<()> {
    let mut of_user: HashMap<i64, Vec<&Notice>> = HashMap::new();
    for notice in notices {
        of_user.entry(notice.user_id.get()).or_default().push(notice);
    }
    let users: Vec<i64> = of_user.keys().copied().collect();
    let held = format!(
        "select s.push_no, s.user_id, s.endpoint from push_subscriptions s
         where s.tenant_no = $1 and s.user_id in {NUMBERS_OF_2}
         and not exists (select 1 from users u where u.id = s.user_id and not (u.approved and u.active))
         order by s.push_no {HOLD_S}"
    );
    let rows = sqlx::query::<Db>(AssertSqlSafe(held))
        .bind(tenant_no)
        .bind(json!(users).to_string())
        .fetch_all(&mut *connection)
        .await?;
    for row in rows {
        let push_no: i64 = row.try_get("push_no")?;
        let target = format!("push/{}", host(row.try_get("endpoint")?));
        for notice in of_user.get(&row.try_get::<i64, _>("user_id")?).into_iter().flatten() {
            sqlx::query::<Db>(
                "insert into outgoing_calls (tenant_no, target, push_no, path, body, key, created_ms, next_attempt_ms)
                 values ($1, $2, $3, '', $4, $5, $6, $6)",
            )
            .bind(tenant_no)
            .bind(target.as_str())
            .bind(push_no)
            .bind(payload(notice))
            .bind(format!("push_{}_{push_no}", notice.id))
            .bind(now.unix_ms())
            .execute(&mut *connection)
            .await?;
        }
    }
    Ok(())
}

/// Host and port of an endpoint: calls to one push service wait in one row of the index, however many browsers it serves.
fn host(endpoint: &str) -> String {
    let rest = endpoint.split_once("://").map_or(endpoint, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default().to_lowercase()
}

/// What a browser is told: a notification as its event's `data`; of a message only that it came.
fn payload(notice: &Notice) -> String {
    let NoticeContent::Notification { message, kind } = &notice.content else {
        return json!({ "id": notice.id.get(), "type": "message" }).to_string();
    };
    let at =
        jiff::Timestamp::from_millisecond(notice.created_at.unix_ms()).expect("1970 to 9999 lies within jiff's range");
    let told = |text: &str| {
        json!({
            "id": notice.id.get(),
            "message": text,
            "type": kind.as_str(),
            "is_read": notice.read_at.is_some(),
            "created_at": format!("{at:.3}"),
        })
        .to_string()
    };
    let whole = told(message.as_str());
    if whole.len() <= MAX_PAYLOAD_BYTES {
        return whole;
    }
    let mut room = MAX_PAYLOAD_BYTES.saturating_sub(told("…").len());
    let fits = |c: &char| {
        // As JSON writes it, without the quotes around it.
        let bytes = json!(c.to_string()).to_string().len() - 2;
        let left = room.checked_sub(bytes);
        room = left.unwrap_or(0);
        left.is_some()
    };
    let kept: String = message.as_str().chars().take_while(fits).collect();
    told(&format!("{kept}…"))
}
