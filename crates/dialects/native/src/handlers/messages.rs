//! `/messages`.

use super::notifications::NoticeQuery;
use crate::convert_notice::{addressees_from_json, message_from_json, message_to_json, notice_id, sent_to_json};
use crate::wire::notice::{MessageJson, NewMessageJson, SentJson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::Notice;
use milepost_http::{
    Authenticated, Body, ForTenant, HttpContext, JsonAnswer, Page, PageQuery, Path, Problem, Query, RequestClaim,
    TenantQuery,
};
use milepost_service::records;
use std::sync::Arc;

/// Sends a message to each of some users, all or none. Connected users get it at once.
///
/// The sender chooses the fields, except `id`, `sender_id`, `is_read`, `created_at` and `read_at`: the server writes these
/// and drops the sender's values for them.
#[utoipa::path(post, path = "/messages", tag = "notifications", params(TenantQuery), request_body = NewMessageJson,
    responses((status = 201, body = SentJson), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn send_messages(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    claim: RequestClaim,
    Body(json): Body<NewMessageJson>,
) -> Result<JsonAnswer, Problem> {
    let to = addressees_from_json(&json.user_ids)?;
    let render = |sent: &Vec<Notice>| JsonAnswer::new(StatusCode::CREATED, &sent_to_json(sent));
    let sent = records::send_messages(
        &context.use_cases.records,
        &request,
        &tenant,
        &to,
        message_from_json(json)?,
        &claim.once(render),
    )
    .await?;
    Ok(render(&sent))
}

/// Lists the messages to the caller, newest first.
#[utoipa::path(get, path = "/messages", tag = "notifications", params(PageQuery, NoticeQuery),
    responses((status = 200, body = Page<MessageJson>), (status = 403, body = Problem)))]
pub(crate) async fn list_messages(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    Query(page): Query<PageQuery>,
    Query(query): Query<NoticeQuery>,
) -> Result<Json<Page<MessageJson>>, Problem> {
    let limit = page.limit()?;
    let before = page.after(|text| notice_id(text, "message"))?;
    let _permit = context.page_permit(&request.caller).await?;
    let notices =
        records::list_notices(&context.use_cases.records, &request, query.filter(true)?, before, limit).await?;
    let items = notices.iter().filter_map(message_to_json).collect();
    Ok(Json(Page::new(items, limit, |message: &MessageJson| message.id.to_string())))
}

/// Marks a message to the caller read. The caller's other connections get the change.
#[utoipa::path(post, path = "/messages/{id}/read", tag = "notifications", params(("id" = i64, Path)),
    responses((status = 200, body = MessageJson), (status = 404, body = Problem)))]
pub(crate) async fn read_message(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Path(id): Path<String>,
) -> Result<JsonAnswer, Problem> {
    let render = |notice: &Notice| JsonAnswer::new(StatusCode::OK, &message_to_json(notice));
    let notice = records::read_notice(
        &context.use_cases.records,
        &request,
        notice_id(&id, "message")?,
        true,
        &claim.once(render),
    )
    .await?;
    Ok(render(&notice))
}
