//! Notices: notifications and messages to users.

use super::super::numbers::{Numbered, take_numbers};
use super::super::{Connection, Db, DbRow, accounts::tenants, events, positions::timestamp, push::notice_calls};
use crate::{NoticeFilter, ReadOutcome, Renderer, Result, StoreError};
use milepost_domain::{
    Fact, JsonObject, Notice, NoticeContent, NoticeId, NotificationKind, NotificationText, TenantId, Timestamp, UserId,
};
use sqlx::{AssertSqlSafe, QueryBuilder, Row};
use std::collections::HashSet;

/// Notices that one statement stores. A text for a thousand users then takes ten round trips instead of a thousand.
const ROWS_AT_ONCE: usize = 100;

/// The columns that [`notice`] reads.
macro_rules! notice_columns {
    () => {
        "id, user_id, is_message, message, kind, sender_id, fields, created_ms, read_ms"
    };
}

fn notice(row: &DbRow) -> Result<Notice> {
    let lacks = |column| move || StoreError::Corrupt(format!("a notice without {column}"));
    let text = |column| -> Result<&str> { row.try_get::<Option<&str>, _>(column)?.ok_or_else(lacks(column)) };
    let content = if row.try_get("is_message")? {
        NoticeContent::Message {
            sender_id: row.try_get::<Option<i64>, _>("sender_id")?.map(UserId::new).transpose()?,
            fields: JsonObject::of_parsed(text("fields")?.to_owned(), "fields")?,
        }
    } else {
        NoticeContent::Notification {
            message: NotificationText::stored(text("message")?)?,
            kind: NotificationKind::stored(text("kind")?)?,
        }
    };
    Ok(Notice {
        id: NoticeId::new(row.try_get("id")?)?,
        user_id: UserId::new(row.try_get("user_id")?)?,
        content,
        created_at: timestamp(row.try_get("created_ms")?)?,
        read_at: row.try_get::<Option<i64>, _>("read_ms")?.map(timestamp).transpose()?,
    })
}

pub(crate) async fn send_notices(
    connection: &mut Connection,
    tenant: &TenantId,
    users: &[UserId],
    content: &NoticeContent,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Vec<Notice>> {
    let tenant_no = tenants::tenant_no(connection, tenant).await?;
    let mut seen = HashSet::new();
    let users: Vec<UserId> = users.iter().copied().filter(|user| seen.insert(*user)).collect();
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let last = take_numbers(connection, tenant_no, Numbered::Notice, users.len()).await?;
    let first = last - i64::try_from(users.len()).expect("the users fit in memory") + 1;
    let notices = users
        .into_iter()
        .zip(first..)
        .map(|(user_id, id)| {
            let id = NoticeId::new(id)?;
            Ok(Notice { id, user_id, content: content.clone(), created_at: now, read_at: None })
        })
        .collect::<Result<Vec<_>>>()?;
    for notices in notices.chunks(ROWS_AT_ONCE) {
        store_notices(connection, tenant_no, notices, content, now).await?;
    }
    notice_calls::call_subscriptions(connection, tenant_no, &notices, now, renderer).await?;
    let facts: Vec<_> = notices.iter().map(|notice| Fact::NoticeSent(Box::new(notice.clone()))).collect();
    events::append_facts(connection, tenant, &facts, now, renderer).await?;
    Ok(notices)
}

/// Stores notices with one content by one statement.
async fn store_notices(
    connection: &mut Connection,
    tenant_no: i64,
    notices: &[Notice],
    content: &NoticeContent,
    now: Timestamp,
) -> Result<()> {
    let (message, kind, sender_id, fields) = match content {
        NoticeContent::Notification { message, kind } => (Some(message.as_str()), Some(kind.as_str()), None, None),
        NoticeContent::Message { sender_id, fields } => (None, None, sender_id.map(UserId::get), Some(fields.as_str())),
    };
    let mut insert = QueryBuilder::<Db>::new(
        "insert into notices (tenant_no, user_id, is_message, message, kind, sender_id, fields, created_ms, id) ",
    );
    insert.push_values(notices, |mut row, notice| {
        row.push_bind(tenant_no)
            .push_bind(notice.user_id.get())
            .push_bind(content.is_message())
            .push_bind(message)
            .push_bind(kind)
            .push_bind(sender_id)
            .push_bind(fields)
            .push_bind(now.unix_ms())
            .push_bind(notice.id.get());
    });
    // A separate statement for every number of users would fill the connection's statement cache.
    let stays_in_cache = notices.len() == 1 || notices.len() == ROWS_AT_ONCE;
    insert.build().persistent(stays_in_cache).execute(connection).await?;
    Ok(())
}

pub(crate) async fn list_notices(
    connection: &mut Connection,
    tenant: &TenantId,
    user: UserId,
    filter: NoticeFilter,
    before: Option<NoticeId>,
    limit: u32,
) -> Result<Vec<Notice>> {
    let unread = if filter.unread { "and read_ms is null" } else { "" };
    let sql = format!(
        "select {} from notices
         where user_id = $1 and tenant_no = (select tenant_no from tenants where id = $2) and is_message = $3
         and id < $4 {unread} order by id desc limit $5",
        notice_columns!()
    );
    sqlx::query::<Db>(AssertSqlSafe(sql))
        .bind(user.get())
        .bind(tenant.as_str())
        .bind(filter.messages)
        .bind(before.map_or(i64::MAX, NoticeId::get))
        .bind(i64::from(limit))
        .fetch_all(connection)
        .await?
        .iter()
        .map(notice)
        .collect()
}

pub(crate) async fn read_notice(
    connection: &mut Connection,
    tenant: &TenantId,
    user: UserId,
    id: NoticeId,
    is_message: bool,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<Option<ReadOutcome>> {
    let marked = sqlx::query::<Db>(concat!(
        "update notices set read_ms = $5
         where id = $1 and user_id = $2 and tenant_no = (select tenant_no from tenants where id = $3)
         and is_message = $4 and read_ms is null returning ",
        notice_columns!()
    ))
    .bind(id.get())
    .bind(user.get())
    .bind(tenant.as_str())
    .bind(is_message)
    .bind(now.unix_ms())
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(row) = marked {
        let notice = notice(&row)?;
        let read = Fact::NoticeRead { notice_id: id, user_id: user, is_message, read_at: now };
        events::append_facts(connection, tenant, &[read], now, renderer).await?;
        return Ok(Some(ReadOutcome::Marked(notice)));
    }
    let row = sqlx::query::<Db>(concat!(
        "select ",
        notice_columns!(),
        " from notices
         where id = $1 and user_id = $2 and tenant_no = (select tenant_no from tenants where id = $3)
         and is_message = $4"
    ))
    .bind(id.get())
    .bind(user.get())
    .bind(tenant.as_str())
    .bind(is_message)
    .fetch_optional(connection)
    .await?;
    Ok(row.as_ref().map(notice).transpose()?.map(ReadOutcome::WasRead))
}
