//! Compresses answers for clients that take gzip.

use axum::body::{Body, BodyDataStream, HttpBody};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::{StreamExt, stream};
use std::io::Write;

/// Shorter answers gain nothing.
const MIN_BYTES: u64 = 1_024;
/// What is compressed at once, between other requests: about a millisecond.
const PIECE_BYTES: usize = 64 * 1024;
/// The types that are compressed. Streams of events are not: each event must leave at once.
const TYPES: [&str; 6] = [
    "application/json",
    "application/geo+json",
    "application/gpx+xml",
    "application/vnd.google-earth.kml+xml",
    "text/csv",
    "text/plain",
];

/// Whether the client takes gzip.
pub(crate) fn takes_gzip(headers: &HeaderMap) -> bool {
    takes(headers, "gzip")
}

/// Whether the client takes an encoding by its name.
pub(crate) fn takes(headers: &HeaderMap, wanted: &str) -> bool {
    let values = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|encoding| {
        let (name, weight) = encoding.split_once(';').unwrap_or((encoding, ""));
        name.trim().eq_ignore_ascii_case(wanted) && weight.trim().trim_end_matches(['0', '.']) != "q="
    })
}

/// Compresses an answer to GET as it is sent, if its type and length make that worthwhile. One with an `ETag` is left alone: the
/// tag is that of the uncompressed form.
pub(crate) fn compress(response: Response) -> Response {
    let headers = response.headers();
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_short = response.body().size_hint().exact().is_some_and(|bytes| bytes < MIN_BYTES);
    if response.status() != StatusCode::OK
        || is_short
        || !TYPES.contains(&kind)
        || headers.contains_key(header::CONTENT_ENCODING)
        || headers.contains_key(header::ETAG)
    {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    parts.headers.append(header::VARY, HeaderValue::from_static("Accept-Encoding"));
    let compressing = Compressing {
        body: body.into_data_stream(),
        piece: Bytes::new(),
        encoder: Some(GzEncoder::new(Vec::new(), Compression::fast())),
    };
    let pieces = stream::unfold(compressing, |compressing| async move { compressing.next().await });
    Response::from_parts(parts, Body::from_stream(pieces))
}

struct Compressing {
    body: BodyDataStream,
    /// What was read of the body and not yet compressed.
    piece: Bytes,
    /// `None` after the end.
    encoder: Option<GzEncoder<Vec<u8>>>,
}

impl Compressing {
    /// The next compressed bytes. An answer that fails is cut off without its end, so that the client sees that something is missing.
    async fn next(mut self) -> Option<(Result<Bytes, axum::Error>, Self)> {
        let mut encoder = self.encoder.take()?;
        loop {
            if self.piece.is_empty() {
                match self.body.next().await {
                    Some(Ok(piece)) => self.piece = piece,
                    Some(Err(error)) => return Some((Err(error), self)),
                    None => {
                        let end = encoder.finish().map(Bytes::from).map_err(axum::Error::new);
                        return Some((end, self));
                    }
                }
            }
            let part = self.piece.split_to(self.piece.len().min(PIECE_BYTES));
            if let Err(error) = encoder.write_all(&part) {
                return Some((Err(axum::Error::new(error)), self));
            }
            let written = std::mem::take(encoder.get_mut());
            if !written.is_empty() {
                self.encoder = Some(encoder);
                return Some((Ok(written.into()), self));
            }
            tokio::task::yield_now().await;
        }
    }
}
