//! Streams positions as a file, page by page.

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use milepost_domain::{Caller, Position, TenantId};
use milepost_formats::{Format, TrackMeta, TrackWriter};
use milepost_http::{HttpContext, Problem};
use milepost_service::{Reader, Request, ServiceError, Track};
use std::sync::Arc;

/// Pages of positions, read one after the other.
pub(crate) trait PositionPages: Send + 'static {
    /// The next page, oldest first; empty at the end.
    fn next_page(&mut self) -> impl Future<Output = Result<Vec<Position>, ServiceError>> + Send;
}

impl PositionPages for Track {
    async fn next_page(&mut self) -> Result<Vec<Position>, ServiceError> {
        Self::next_page(self).await
    }
}

/// The file format that a query asks for, or `None` for pages of JSON.
pub(crate) fn file_format(name: Option<&str>) -> Result<Option<Format>, Problem> {
    let takes = || Problem::invalid("format", "must be json, geojson, gpx, csv or kml");
    let Some(name) = name.filter(|name| *name != "json") else { return Ok(None) };
    let format: Format = name.parse().map_err(|_| takes())?;
    if format.is_written() { Ok(Some(format)) } else { Err(takes()) }
}

/// Who reads a file: each page is a large read of its share.
pub(crate) struct FileReader {
    context: Arc<HttpContext>,
    caller: Caller,
    tenant: TenantId,
}

impl FileReader {
    /// Reads data of `tenant` for the request's caller.
    pub(crate) fn of(context: &Arc<HttpContext>, request: &Request, tenant: &TenantId) -> Self {
        Self { context: Arc::clone(context), caller: request.caller.clone(), tenant: tenant.clone() }
    }
}

/// The first page is read before the answer begins, so that an unavailable database is a 503 and not half a file. Further
/// pages wait for as long as it takes.
pub(crate) async fn stream_file(
    reader: FileReader,
    mut pages: impl PositionPages,
    format: Format,
    meta: TrackMeta,
) -> Result<Response, Problem> {
    let mut writer = TrackWriter::new(format, meta).map_err(|error| Problem::invalid("format", error.to_string()))?;
    let first = {
        let _permit = reader.context.use_cases.fair_reads.permit_in_time(&reader.tenant, &reader.caller).await?;
        pages.next_page().await?
    };
    let mut opening = Vec::new();
    writer.start(&mut opening);
    let state = Writing { reader, pages, writer, page: Some(first), bytes: opening };
    let written = futures_util::stream::unfold(state, |state| async move { write_page(state).await });
    let name = format!("attachment; filename=\"track.{}\"", format.as_str());
    let headers = [(header::CONTENT_TYPE, format.media_type().to_owned()), (header::CONTENT_DISPOSITION, name)];
    Ok((headers, Body::from_stream(written)).into_response())
}

/// The state of a file that is being written.
struct Writing<P> {
    reader: FileReader,
    pages: P,
    writer: TrackWriter,
    /// The next page to write, or `None` after the last.
    page: Option<Vec<Position>>,
    bytes: Vec<u8>,
}

async fn write_page<P: PositionPages>(mut state: Writing<P>) -> Option<(Result<Bytes, std::io::Error>, Writing<P>)> {
    let page = state.page.take()?;
    for position in &page {
        state.writer.position(position, &mut state.bytes);
    }
    if page.is_empty() {
        state.writer.finish(&mut state.bytes);
    } else {
        let permit = state
            .reader
            .context
            .use_cases
            .fair_reads
            .permit(&state.reader.tenant, Some(&Reader::of(&state.reader.caller)))
            .await;
        let next = state.pages.next_page().await;
        drop(permit);
        match next {
            Ok(next) => state.page = Some(next),
            // The answer is cut off without its end, so that the client sees that something is missing.
            Err(error) => return Some((Err(std::io::Error::other(error.to_string())), state)),
        }
    }
    let bytes = std::mem::take(&mut state.bytes);
    Some((Ok(bytes.into()), state))
}
