//! Streams positions as a file, page by page.

use axum::body::Body;
use axum::http::{HeaderMap, header};
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

/// The formats of files, without their parameters.
const FILES: [Format; 4] = [Format::GeoJson, Format::Gpx, Format::Csv, Format::Kml];

/// The file format that a query asks for, or else the `Accept` header; `None` for pages of JSON.
pub(crate) fn file_format(name: Option<&str>, headers: &HeaderMap) -> Result<Option<Format>, Problem> {
    let takes = || Problem::invalid("format", "must be json, geojson, gpx, csv or kml");
    let Some(name) = name else { return Ok(accepted_format(headers)) };
    if name == "json" {
        return Ok(None);
    }
    let format: Format = name.parse().map_err(|_| takes())?;
    if format.is_written() { Ok(Some(format)) } else { Err(takes()) }
}

/// The format that the client likes better than JSON, if there is one (RFC 9110, section 12.5.1).
fn accepted_format(headers: &HeaderMap) -> Option<Format> {
    let accept: Vec<&str> = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok()).collect();
    if accept.is_empty() {
        return None;
    }
    let mut best = (weight(&accept, "application/json"), None);
    for format in FILES {
        let kind = format.media_type().split(';').next().unwrap_or_default();
        let weight = weight(&accept, kind);
        if weight > best.0 {
            best = (weight, Some(format));
        }
    }
    best.1
}

/// The weight of a media type in thousandths: that of the most specific range that it falls in.
fn weight(accept: &[&str], kind: &str) -> u32 {
    let mut best = (0, 0);
    for range in accept.iter().flat_map(|value| value.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let is_of_type = || name.strip_suffix("/*").is_some_and(|of| kind.split('/').next() == Some(of));
        let precision = match name.as_str() {
            name if name == kind => 3,
            "*/*" => 1,
            _ if is_of_type() => 2,
            _ => continue,
        };
        let q: f64 = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok()).unwrap_or(1.0);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1000")]
        let thousandths = (q.clamp(0.0, 1.0) * 1000.0) as u32;
        if precision > best.0 {
            best = (precision, thousandths);
        }
    }
    best.1
}

/// What the file is called: the vehicle and the day of its first position. Only ASCII, which every browser and system can keep.
fn file_name(meta: &TrackMeta, first: Option<&Position>, format: Format) -> String {
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let name: String = meta.vehicle_id.chars().map(plain).collect();
    let day = first.map(|position| format!("-{:.10}", position.at.to_string())).unwrap_or_default();
    format!("{}{day}.{}", name.trim_start_matches('.'), format.as_str())
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
    let named = meta.clone();
    let mut writer = TrackWriter::new(format, meta).map_err(|error| Problem::invalid("format", error.to_string()))?;
    let first = {
        let _permit = reader.context.use_cases.fair_reads.permit_in_time(&reader.tenant, &reader.caller).await?;
        pages.next_page().await?
    };
    let name = file_name(&named, first.first(), format);
    let mut opening = Vec::new();
    writer.start(&mut opening);
    let state = Writing { reader, pages, writer, page: Some(first), bytes: opening };
    let written = futures_util::stream::unfold(state, |state| async move { write_page(state).await });
    let headers = [
        (header::CONTENT_TYPE, format.media_type().to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::VARY, "Accept".to_owned()),
    ];
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

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn a_client_gets_the_form_that_it_likes_best() {
        for (accept, format) in [
            ("*/*", None),
            ("application/json", None),
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", None),
            ("application/gpx+xml", Some(Format::Gpx)),
            ("Application/GPX+XML, */*;q=0.1", Some(Format::Gpx)),
            ("text/*", Some(Format::Csv)),
            ("application/json;q=0.5, text/csv;q=0.6", Some(Format::Csv)),
            ("application/json, text/csv", None),
            ("application/geo+json;q=0, */*", None),
            ("image/png", None),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]);
            assert_eq!(file_format(None, &headers).unwrap(), format, "{accept}");
            assert_eq!(file_format(Some("kml"), &headers).unwrap(), Some(Format::Kml), "the query counts");
        }
        assert_eq!(file_format(None, &HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn a_file_is_called_by_its_vehicle() {
        let meta = |id: &str| TrackMeta { vehicle_id: id.to_owned(), label: None };
        assert_eq!(file_name(&meta("bus 7/ж"), None, Format::Gpx), "bus_7__.gpx");
        assert_eq!(file_name(&meta("..x"), None, Format::Csv), "x.csv");
    }
}
