//! Why a call failed, in words for the person who runs the simulation.

use crate::SimulateError;
use reqwest::Response;
use reqwest::header::RETRY_AFTER;
use serde_json::Value;
use std::time::Duration;

/// The most characters of the server's text in an error.
const MAX_DETAIL_CHARS: usize = 300;

pub(super) async fn refused(call: &str, response: Response) -> SimulateError {
    let status = response.status().as_u16();
    let detail = detail_of(&response.text().await.unwrap_or_default());
    SimulateError::Refused { call: call.to_owned(), status, detail }
}

/// The sentence of a problem+json or of the bus dialect's errors, else the text itself.
pub(super) fn detail_of(text: &str) -> String {
    let problem: Option<Value> = serde_json::from_str(text).ok();
    let sentence = problem.as_ref().and_then(|problem| problem.get("detail")).and_then(Value::as_str);
    sentence.unwrap_or(text).chars().filter(|c| !c.is_control()).take(MAX_DETAIL_CHARS).collect()
}

pub(super) fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// The innermost cause: `connection refused` says more than the errors around it.
pub(super) fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

/// The error of TLS, if TLS failed. I/O errors hold it without naming it as their source.
pub(super) fn tls_failure<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e rustls::Error> {
    if let Some(failure) = error.downcast_ref() {
        return Some(failure);
    }
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(inner) => tls_failure(inner),
        None => error.source().and_then(tls_failure),
    }
}
