//! `/notifications`.

use crate::convert_notice::{addressees_from_json, notice_id, notification_to_json, sent_to_json};
use crate::wire::notice::{NewNotificationJson, NotificationJson, SentJson};
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use milepost_domain::{Notice, NotificationKind, NotificationText};
use milepost_http::{
    Authenticated, Body, HttpContext, JsonAnswer, Page, PageQuery, Path, Problem, Query, RequestClaim, TenantQuery,
    tenant_of,
};
use milepost_service::records::{self, NoticeFilter};
use serde::Deserialize;
use std::sync::Arc;
use utoipa::IntoParams;

/// The kind of a notification whose sender names no kind.
const DEFAULT_KIND: &str = "admin_message";

/// The filters of a list of the caller's own notices.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct NoticeQuery {
    /// Only those not yet read: `true`, `1` or no value. `false` and `0` list all.
    pub unread: Option<String>,
}

impl NoticeQuery {
    pub(crate) fn filter(&self, messages: bool) -> Result<NoticeFilter, Problem> {
        Ok(NoticeFilter { messages, unread: is_asked_for("unread", self.unread.as_deref())? })
    }
}

/// True for `?field`, `?field=true` and `?field=1`.
pub(crate) fn is_asked_for(field: &str, value: Option<&str>) -> Result<bool, Problem> {
    match value {
        Some("" | "true" | "1") => Ok(true),
        None | Some("false" | "0") => Ok(false),
        Some(_) => Err(Problem::invalid(field, "must be true or false")),
    }
}

/// Sends a notification to each of some users, all or none. Connected users get it at once.
#[utoipa::path(post, path = "/notifications", tag = "notifications", params(TenantQuery),
    request_body = NewNotificationJson,
    responses((status = 201, body = SentJson), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub(crate) async fn send_notifications(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Query(query): Query<TenantQuery>,
    Body(json): Body<NewNotificationJson>,
) -> Result<JsonAnswer, Problem> {
    let tenant = tenant_of(&request.caller, json.tenant.as_deref().or(query.tenant.as_deref()))?;
    let to = addressees_from_json(&json.user_ids)?;
    let message = NotificationText::new(&json.message)?;
    let kind = NotificationKind::new(json.kind.as_deref().unwrap_or(DEFAULT_KIND))?;
    let render = |sent: &Vec<Notice>| JsonAnswer::new(StatusCode::CREATED, &sent_to_json(sent));
    let sent = records::send_notifications(
        &context.use_cases.records,
        &request,
        &tenant,
        &to,
        message,
        kind,
        &claim.once(render),
    )
    .await?;
    Ok(render(&sent))
}

/// Lists the caller's own notifications, newest first.
#[utoipa::path(get, path = "/notifications", tag = "notifications", params(PageQuery, NoticeQuery),
    responses((status = 200, body = Page<NotificationJson>), (status = 403, body = Problem)))]
pub(crate) async fn list_notifications(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    Query(page): Query<PageQuery>,
    Query(query): Query<NoticeQuery>,
) -> Result<Json<Page<NotificationJson>>, Problem> {
    let limit = page.limit()?;
    let before = page.after(|text| notice_id(text, "notification"))?;
    let _permit = context.page_permit(&request.caller).await?;
    let notices =
        records::list_notices(&context.use_cases.records, &request, query.filter(false)?, before, limit).await?;
    let items = notices.iter().filter_map(notification_to_json).collect();
    Ok(Json(Page::new(items, limit, |notification: &NotificationJson| notification.id.to_string())))
}

/// Marks one of the caller's own notifications read. The caller's other connections get the change.
#[utoipa::path(post, path = "/notifications/{id}/read", tag = "notifications", params(("id" = i64, Path)),
    responses((status = 200, body = NotificationJson), (status = 404, body = Problem)))]
pub(crate) async fn read_notification(
    State(context): State<Arc<HttpContext>>,
    Authenticated(request): Authenticated,
    claim: RequestClaim,
    Path(id): Path<String>,
) -> Result<JsonAnswer, Problem> {
    let render = |notice: &Notice| JsonAnswer::new(StatusCode::OK, &notification_to_json(notice));
    let notice = records::read_notice(
        &context.use_cases.records,
        &request,
        notice_id(&id, "notification")?,
        false,
        &claim.once(render),
    )
    .await?;
    Ok(render(&notice))
}
