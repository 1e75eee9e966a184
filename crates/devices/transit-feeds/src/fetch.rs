//! One request of a feed.

use bytes::{Bytes, BytesMut};
use reqwest::header::{ETAG, HeaderValue, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, StatusCode};
use std::time::Duration;
use url::Url;

/// The largest body. A feed of 10,000 vehicles has some 2 MB as protobuf and 20 MB as XML.
pub(crate) const MAX_BODY_BYTES: usize = 32 * 1024 * 1024;
/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a request may take, its body included.
pub(crate) const POLL_TIMEOUT: Duration = Duration::from_secs(30);
/// Redirects that are followed.
const MAX_REDIRECTS: usize = 5;
const USER_AGENT: &str = concat!("Milepost/", env!("CARGO_PKG_VERSION"));
/// A longer validator is not sent back: servers refuse long headers.
const MAX_VALIDATOR_BYTES: usize = 1_024;

/// What a server says about the version of what it sent: `ETag` and `Last-Modified`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Validators {
    etag: Option<HeaderValue>,
    last_modified: Option<HeaderValue>,
}

/// A feed's answer.
pub(crate) enum Fetched {
    /// A body, and how to ask for a newer one.
    Body(Bytes, Validators),
    /// The same as before.
    NotModified,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FetchError {
    #[error("it was answered {status}")]
    Refused {
        status: StatusCode,
        /// As the server asks.
        retry_after: Option<Duration>,
    },
    #[error("the answer is larger than {} MiB", MAX_BODY_BYTES >> 20)]
    TooLarge,
    #[error("no answer within {} s", POLL_TIMEOUT.as_secs())]
    TooLate,
    #[error("{0}")]
    Broken(String),
}

pub(crate) fn build_client() -> Client {
    let builder = || {
        Client::builder()
            .user_agent(USER_AGENT)
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(Policy::limited(MAX_REDIRECTS))
            .referer(false)
            // The next poll comes by itself.
            .retry(reqwest::retry::never())
    };
    builder().build().unwrap_or_else(|error| {
        // Most likely this machine has no certificates. Feeds over plain HTTP still work.
        tracing::warn!(%error, "feeds over https will fail: their client could not be created");
        builder().tls_certs_only([]).build().expect("a client that trusts nobody needs nothing of the system")
    })
}

/// Asks for a feed, unless it is the one that is known.
pub(crate) async fn fetch(client: &Client, url: &Url, known: &Validators) -> Result<Fetched, FetchError> {
    let mut request = client.get(url.clone());
    if let Some(etag) = &known.etag {
        request = request.header(IF_NONE_MATCH, etag);
    } else if let Some(last_modified) = &known.last_modified {
        request = request.header(IF_MODIFIED_SINCE, last_modified);
    }
    // The machine's time: a test that turns the clock must not cut a request off.
    tokio::time::timeout(POLL_TIMEOUT, async { read(request.send().await.map_err(in_words)?).await })
        .await
        .map_err(|_| FetchError::TooLate)?
}

async fn read(mut response: Response) -> Result<Fetched, FetchError> {
    let status = response.status();
    if status == StatusCode::NOT_MODIFIED {
        return Ok(Fetched::NotModified);
    }
    if status != StatusCode::OK {
        let seconds = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
        return Err(FetchError::Refused { status, retry_after: seconds.map(Duration::from_secs) });
    }
    let header =
        |name| response.headers().get(name).filter(|value| (1..=MAX_VALIDATOR_BYTES).contains(&value.len())).cloned();
    let validators = Validators { etag: header(ETAG), last_modified: header(LAST_MODIFIED) };
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(in_words)? {
        if body.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(FetchError::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Fetched::Body(body.freeze(), validators))
}

/// The error without the URL, which may hold a key.
fn in_words(error: reqwest::Error) -> FetchError {
    let what = if error.is_connect() { "could not connect" } else { "the connection broke" };
    let causes = std::iter::successors(std::error::Error::source(&error), |cause| cause.source());
    FetchError::Broken(causes.last().map_or_else(|| what.to_owned(), |cause| format!("{what}: {cause}")))
}
