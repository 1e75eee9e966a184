//! `/audit`.

use crate::handlers::track::instant;
use crate::wire::audit::{AuditEntryJson, AuditQuery};
use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use milepost_domain::{AccessTokenId, TenantId, UserId};
use milepost_http::{ForTenant, HttpContext, Page, PageQuery, Problem, Query, TenantQuery, rfc3339};
use milepost_service::audit::{self, AuditListing};
use milepost_service::{AuditEntry, Reader, Request, ServiceError};
use std::sync::Arc;

/// Rows of a file that are read at once.
const FILE_PAGE: u32 = 1_000;
/// The last millisecond of the year 9999.
const LAST_MS: i64 = 253_402_300_799_999;
const CSV_HEAD: &str = "id,at,actor,access_token,action,subject,before,after,address\r\n";

/// Lists who did what to what, the newest first.
///
/// With `format=csv` the answer is a file with all rows that fit the filters.
#[utoipa::path(get, path = "/audit", tag = "audit", params(AuditQuery, PageQuery, TenantQuery),
    responses((status = 200, body = Page<AuditEntryJson>), (status = 403, body = Problem)))]
pub(crate) async fn list_audit(
    State(context): State<Arc<HttpContext>>,
    ForTenant(request, tenant): ForTenant,
    Query(query): Query<AuditQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Response, Problem> {
    let listing = listing_of(&query)?;
    match query.format.as_deref() {
        Some("csv") => return stream_csv(context, request, tenant, listing).await,
        None | Some("json") => {}
        Some(_) => return Err(Problem::invalid("format", "must be json or csv")),
    }
    let limit = page.limit()?;
    let before = page.after(|text| text.parse::<i64>())?;
    let _permit = context.page_permit(&request.caller).await?;
    let audit = &context.use_cases.audit;
    let entries = audit::list_audit(audit, &request, &tenant, &listing, before, limit).await?;
    let items = entries.iter().map(entry_to_json).collect();
    Ok(Json(Page::new(items, limit, |entry: &AuditEntryJson| entry.id.to_string())).into_response())
}

fn listing_of(query: &AuditQuery) -> Result<AuditListing, Problem> {
    Ok(AuditListing {
        from: instant("from", query.from.as_deref(), 0)?,
        to: instant("to", query.to.as_deref(), LAST_MS)?,
        actor: query
            .actor
            .map(UserId::new)
            .transpose()
            .map_err(|invalid| Problem::invalid("actor", invalid.message))?,
        subject: query.subject.clone(),
        action: query.action.clone(),
    })
}

fn entry_to_json(entry: &AuditEntry) -> AuditEntryJson {
    let parsed = |text: &Option<String>| text.as_ref().and_then(|text| serde_json::from_str(text).ok());
    AuditEntryJson {
        id: entry.id,
        at: rfc3339(entry.at),
        actor: entry.actor.map(UserId::get),
        access_token: entry.access_token.map(AccessTokenId::get),
        action: entry.action.clone(),
        subject: entry.subject.clone(),
        before: parsed(&entry.before),
        after: parsed(&entry.after),
        address: entry.address.clone(),
    }
}

/// All rows, page by page. That they leave the server is noted first.
async fn stream_csv(
    context: Arc<HttpContext>,
    request: Request,
    tenant: TenantId,
    listing: AuditListing,
) -> Result<Response, Problem> {
    audit::note_audit_export(&context.use_cases.audit, &request, &tenant).await?;
    let mut file = CsvFile { context, request, tenant, listing, before: None, ended: false, next: Bytes::new() };
    // Read before the answer begins, so that an unavailable database is a 503 and not half a file.
    let first = file.read_page().await?;
    file.next = [CSV_HEAD.as_bytes(), &first].concat().into();
    let written = futures_util::stream::unfold(Some(file), |file| async move {
        let mut file = file?;
        let bytes = std::mem::take(&mut file.next);
        if file.ended {
            return Some((Ok(bytes), None));
        }
        match file.read_page().await {
            Ok(next) => {
                file.next = next;
                Some((Ok(bytes), Some(file)))
            }
            // The answer is cut off, so that the client sees that something is missing.
            Err(error) => Some((Err(std::io::Error::other(error.to_string())), None)),
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"audit.csv\""),
    ];
    Ok((headers, Body::from_stream(written)).into_response())
}

/// A file that is being written.
struct CsvFile {
    context: Arc<HttpContext>,
    request: Request,
    tenant: TenantId,
    listing: AuditListing,
    before: Option<i64>,
    ended: bool,
    /// What was read and not yet sent.
    next: Bytes,
}

impl CsvFile {
    async fn read_page(&mut self) -> Result<Bytes, ServiceError> {
        let use_cases = &self.context.use_cases;
        let reader = Reader::of(&self.request.caller);
        let _permit = use_cases.fair_reads.permit(&self.tenant, Some(&reader)).await;
        let (request, tenant) = (&self.request, &self.tenant);
        let page = audit::list_audit(&use_cases.audit, request, tenant, &self.listing, self.before, FILE_PAGE).await?;
        self.ended = page.len() < FILE_PAGE as usize;
        self.before = page.last().map(|entry| entry.id).or(self.before);
        let mut text = String::new();
        for entry in &page {
            write_row(&mut text, entry);
        }
        Ok(text.into())
    }
}

/// A row as RFC 4180 has it.
fn write_row(text: &mut String, entry: &AuditEntry) {
    let number = |number: Option<i64>| number.map(|number| number.to_string());
    let fields = [
        Some(entry.id.to_string()),
        Some(rfc3339(entry.at)),
        number(entry.actor.map(UserId::get)),
        number(entry.access_token.map(AccessTokenId::get)),
        Some(entry.action.clone()),
        entry.subject.clone(),
        entry.before.clone(),
        entry.after.clone(),
        entry.address.clone(),
    ];
    for (place, field) in fields.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        let field = field.as_deref().unwrap_or_default();
        if field.contains(['"', ',', '\r', '\n']) {
            text.push('"');
            text.push_str(&field.replace('"', "\"\""));
            text.push('"');
        } else {
            text.push_str(field);
        }
    }
    text.push_str("\r\n");
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use milepost_domain::Timestamp;

    #[test]
    fn a_row_keeps_its_quotes_and_line_breaks() {
        let entry = AuditEntry {
            id: 7,
            at: Timestamp::from_unix_ms(0).unwrap(),
            actor: UserId::new(5).ok(),
            access_token: None,
            action: "geofence.update".to_owned(),
            subject: Some("geofence:12".to_owned()),
            before: None,
            after: Some("{\"name\":\"a, \\\"b\\\"\"}".to_owned()),
            address: Some("192.0.2.1".to_owned()),
        };
        let mut text = String::new();
        write_row(&mut text, &entry);
        let expected = "7,1970-01-01T00:00:00.000Z,5,,geofence.update,geofence:12,,\
            \"{\"\"name\"\":\"\"a, \\\"\"b\\\"\"\"\"}\",192.0.2.1\r\n";
        assert_eq!(text, expected);
    }
}
