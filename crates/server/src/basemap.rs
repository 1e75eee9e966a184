//! The map of streets: one archive of vector tiles ([PMTiles 3](https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md)),
//! of which a page reads the ranges that it needs.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_range_header::parse_range_header;
use milepost_http::Problem;
use std::fs::Metadata;
use std::io::{self, Read, SeekFrom};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

/// The first bytes of an archive: its name and version.
const BEGINNING: &[u8; 8] = b"PMTiles\x03";
/// The length of an archive's header. A shorter file is none.
const HEADER_BYTES: u64 = 127;
/// What is read of the file at once.
const PIECE_BYTES: usize = 64 * 1024;

/// An archive that was found to be one.
#[derive(Debug, Clone)]
pub(crate) struct Basemap {
    path: PathBuf,
}

impl Basemap {
    /// # Errors
    /// The file can't be read, or is no archive of version 3.
    pub(crate) fn find(path: &Path) -> io::Result<Self> {
        let mut beginning = [0; BEGINNING.len()];
        let mut file = std::fs::File::open(path)?;
        let is_long = file.metadata()?.len() >= HEADER_BYTES;
        if !is_long || file.read_exact(&mut beginning).is_err() || beginning != *BEGINNING {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "is not a PMTiles archive of version 3"));
        }
        Ok(Self { path: path.to_owned() })
    }

    /// Answers with the file or a range of it. Each answer is of one file, named by its `ETag`, also while the file is being
    /// replaced. It is never compressed: its tiles are.
    pub(crate) async fn answer(&self, headers: &HeaderMap) -> Response {
        match self.read(headers).await {
            Ok(response) => response,
            Err(error) => {
                tracing::warn!(path = %self.path.display(), %error, "the map of streets can't be read");
                Problem::not_found("map of streets").into_response()
            }
        }
    }

    async fn read(&self, headers: &HeaderMap) -> io::Result<Response> {
        let mut file = File::open(&self.path).await?;
        let metadata = file.metadata().await?;
        let (bytes, tag) = (metadata.len(), tag_of(&metadata));
        let common = [
            (header::ETAG, tag.clone()),
            (header::ACCEPT_RANGES, "bytes".to_owned()),
            (header::CACHE_CONTROL, "public, max-age=3600".to_owned()),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        ];
        if text(headers, &header::IF_NONE_MATCH).is_some_and(|known| names(known, &tag)) {
            return Ok((StatusCode::NOT_MODIFIED, common).into_response());
        }
        let kind = (header::CONTENT_TYPE, "application/vnd.pmtiles".to_owned());
        let Some(range) = asked_range(headers, &tag) else {
            let length = (header::CONTENT_LENGTH, bytes.to_string());
            let body = Body::from_stream(ReaderStream::with_capacity(file, PIECE_BYTES));
            return Ok((common, [kind, length], body).into_response());
        };
        let range = parse_range_header(range).ok().and_then(|ranges| ranges.validate(bytes).ok());
        // Several ranges in one answer are asked for by no map.
        let Some([range]) = range.as_deref() else {
            let size = [(header::CONTENT_RANGE, format!("bytes */{bytes}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, common, size).into_response());
        };
        let length = range.end() - range.start() + 1;
        file.seek(SeekFrom::Start(*range.start())).await?;
        let described = [
            kind,
            (header::CONTENT_LENGTH, length.to_string()),
            (header::CONTENT_RANGE, format!("bytes {}-{}/{bytes}", range.start(), range.end())),
        ];
        let body = Body::from_stream(ReaderStream::with_capacity(file.take(length), PIECE_BYTES));
        Ok((StatusCode::PARTIAL_CONTENT, common, described, body).into_response())
    }
}

/// A strong tag: another file, length or time of writing is another archive.
fn tag_of(metadata: &Metadata) -> String {
    let (seconds, nanoseconds) = (metadata.mtime(), metadata.mtime_nsec());
    format!("\"{:x}-{:x}-{seconds:x}.{nanoseconds:x}\"", metadata.ino(), metadata.len())
}

/// The range, unless it was asked of another archive: then the answer is the whole file (RFC 9110, 13.1.5).
fn asked_range<'a>(headers: &'a HeaderMap, tag: &str) -> Option<&'a str> {
    let is_of_this = text(headers, &header::IF_RANGE).is_none_or(|known| known == tag);
    text(headers, &header::RANGE).filter(|_| is_of_this)
}

fn names(known: &str, tag: &str) -> bool {
    known.split(',').any(|each| matches!(each.trim(), "*") || each.trim().trim_start_matches("W/") == tag)
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
