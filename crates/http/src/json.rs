//! Reads JSON bodies up to a limit, and names the wrong field when it refuses one.

use crate::serde_messages::plain_words;
use crate::whole_numbers::{MAX_CORRECTIONS, correct};
use crate::{FieldError, Problem};
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::de::{Deserialize, DeserializeOwned, IgnoredAny};
use std::borrow::Cow;
use std::io::Read as _;

/// The largest body of an ordinary request; a larger one is answered 413. Positions have their own limit.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// A JSON body of at most `LIMIT` bytes. The content type is ignored, because kiosks often send a wrong one.
pub struct Body<T, const LIMIT: usize = MAX_BODY_BYTES>(pub T);

impl<S, T, const LIMIT: usize> FromRequest<S> for Body<T, LIMIT>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = read_body(request, LIMIT).await?;
        parse_object(&bytes).map(Self)
    }
}

/// A JSON body that may be missing: then everything in it is.
pub struct OptionalBody<T>(pub T);

impl<S, T> FromRequest<S> for OptionalBody<T>
where
    S: Send + Sync,
    T: DeserializeOwned + Default,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let bytes = read_body(request, MAX_BODY_BYTES).await?;
        if bytes.trim_ascii().is_empty() { Ok(Self(T::default())) } else { parse_object(&bytes).map(Self) }
    }
}

/// An unparsed body of at most `LIMIT` bytes.
pub struct RawBody<const LIMIT: usize>(pub Bytes);

impl<S: Send + Sync, const LIMIT: usize> FromRequest<S> for RawBody<LIMIT> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        read_body(request, LIMIT).await.map(Self)
    }
}

/// Reads the whole body, or refuses one of more than `limit` bytes.
pub(crate) async fn read_body(request: Request, limit: usize) -> Result<Bytes, Problem> {
    let is_gzip = match request.headers().get(header::CONTENT_ENCODING).map(|encoding| encoding.as_bytes()) {
        None => false,
        Some(name) if name.eq_ignore_ascii_case(b"identity") => false,
        Some(name) if name.eq_ignore_ascii_case(b"gzip") || name.eq_ignore_ascii_case(b"x-gzip") => true,
        Some(_) => {
            let detail = "send the body as it is, or with Content-Encoding: gzip";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
    };
    let body = match Limited::new(request.into_body(), limit).collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(too_large(limit)),
        Err(_) => return Err(Problem::malformed("the body ended early")),
    };
    if is_gzip { inflate(body, limit).await } else { Ok(body) }
}

fn too_large(limit: usize) -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the body may have at most {limit} bytes"))
}

/// Inflates a body up to the limit. A thousandth of it may hold that much, so that it is not done between other requests.
async fn inflate(body: Bytes, limit: usize) -> Result<Bytes, Problem> {
    let inflating = tokio::task::spawn_blocking(move || {
        let mut inflated = Vec::new();
        let read = MultiGzDecoder::new(&body[..]).take(limit as u64 + 1).read_to_end(&mut inflated);
        read.map(|_| inflated)
    });
    match inflating.await {
        Ok(Ok(inflated)) if inflated.len() > limit => Err(too_large(limit)),
        Ok(Ok(inflated)) => Ok(inflated.into()),
        Ok(Err(_)) | Err(_) => Err(Problem::malformed("the body is not gzip, or ended early")),
    }
}

/// Reads an object from JSON. Serde alone would also accept an array with the right values in the right order. A whole number may have
/// a point.
///
/// # Errors
/// As [`parse_json`].
pub fn parse_object<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if bytes.trim_ascii_start().starts_with(b"[") {
        parse_json::<IgnoredAny>(bytes)?;
        let error = FieldError { field: "body".to_owned(), message: "must be an object".to_owned() };
        return Err(Problem::invalid_fields(vec![error]));
    }
    let mut bytes = Cow::Borrowed(bytes);
    for _ in 0..MAX_CORRECTIONS {
        match serde_json::from_slice(&bytes) {
            Ok(value) => return Ok(value),
            Err(error) => match correct(&bytes, &error) {
                Some(corrected) => bytes = Cow::Owned(corrected),
                None => break,
            },
        }
    }
    // Read again, to name the field in the refusal.
    parse_json(&bytes)
}

/// Reads a value from JSON.
///
/// # Errors
/// 400 if the text is not JSON, 422 with the field's name if a value does not fit.
pub fn parse_json<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Problem> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let inner = error.inner();
        // Serde may find a wrong type before it finds that the text is not JSON.
        let syntax = serde_json::from_slice::<IgnoredAny>(bytes).err();
        if let Some(error) = syntax.as_ref().or((!inner.is_data()).then_some(inner)) {
            return Problem::malformed(format!("the body is not JSON: {error}"));
        }
        // Serde reports a missing field for its parent, and names it in the message.
        let text = inner.to_string();
        let missing = text.strip_prefix("missing field `").and_then(|rest| rest.split_once('`'));
        let error = match (missing, path.as_str()) {
            (Some((field, _)), ".") => FieldError { field: field.to_owned(), message: "is required".to_owned() },
            (Some((field, _)), _) => FieldError { field: format!("{path}.{field}"), message: "is required".to_owned() },
            (None, ".") => FieldError { field: "body".to_owned(), message: plain_words(&text) },
            (None, _) => FieldError { field: path, message: plain_words(&text) },
        };
        Problem::invalid_fields(vec![error])
    })?;
    json.end().map_err(|error| Problem::malformed(format!("the body is not JSON: {error}")))?;
    Ok(value)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[allow(dead_code, reason = "only parsed")]
    struct Thing {
        name: String,
        size: f64,
    }

    #[derive(Debug, serde::Deserialize)]
    struct Counts {
        count: i32,
        ids: Vec<u64>,
        kept: Box<serde_json::value::RawValue>,
    }

    #[test]
    fn whole_numbers_may_have_a_point_where_an_integer_is_wanted() {
        let read = |body: &str| parse_object::<Counts>(body.as_bytes());
        let body = "{\"count\": -5.0,\n \"ids\":[1.0, 2e1\n ,3 , 4.00],\"kept\":[1.0,7.50]}";
        let counts = read(body).unwrap();
        assert_eq!((counts.count, counts.ids.as_slice()), (-5, [1, 20, 3, 4].as_slice()));
        assert_eq!(counts.kept.get(), "[1.0,7.50]", "what is only carried stays as it was sent");
        for (body, field) in [
            (r#"{"count":5.5,"ids":[],"kept":1}"#, "count"),
            (r#"{"count":5.0,"ids":[1.0,2.5],"kept":1}"#, "ids[1]"),
            (r#"{"count":5e300,"ids":[],"kept":1}"#, "count"),
            (r#"{"count":9007199254740993.0,"ids":[],"kept":1}"#, "count"),
            (r#"{"count":"5.0","ids":[],"kept":1}"#, "count"),
        ] {
            let problem = read(body).unwrap_err();
            assert_eq!((problem.status, problem.errors[0].field.as_str()), (422, field), "{body}");
        }
    }

    fn check(body: &str, status: u16, field: Option<&str>) {
        let problem = parse_object::<Thing>(body.as_bytes()).unwrap_err();
        let shown = &body[..body.len().min(60)];
        assert_eq!(problem.status, status, "{shown}");
        assert_eq!(problem.errors.first().map(|e| e.field.as_str()), field, "{shown}");
    }

    #[test]
    fn bad_json_is_400_and_an_invalid_value_is_422() {
        check("{", 400, None);
        check("", 400, None);
        check(r#"{"name":"a","size":NaN}"#, 400, None);
        check(r#"{"name":"a","size":1} x"#, 400, None);
        check(r#"{"name":"a"}"#, 422, Some("size"));
        check(r#"{"name":1,"size":1}"#, 422, Some("name"));
        check("[]", 422, Some("body"));
        check(r#" ["a", 1]"#, 422, Some("body"));
        check(r#"["a", 1"#, 400, None);
        check(&"[".repeat(100_000), 400, None);
    }
}
