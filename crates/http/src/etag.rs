//! Versions in headers (RFC 9110, sections 8.8.3 and 13): `ETag` names one, and `If-Match` and `If-None-Match` refer to those that a
//! client has seen.

use crate::Problem;
use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use milepost_domain::ExpectedVersion;
use serde::Serialize;
use std::convert::Infallible;

/// A thing as JSON, with the `ETag` of its version.
pub struct Tagged<T> {
    version: i64,
    body: T,
    /// The client has this version already: 304.
    is_known: bool,
}

impl<T> Tagged<T> {
    /// The thing at this version.
    pub const fn new(version: i64, body: T) -> Self {
        Self { version, body, is_known: false }
    }

    /// Leaves the body out if the client has this version. Only for a thing of which nothing changes without its version.
    #[must_use]
    pub fn unless(self, known: &IfNoneMatch) -> Self {
        Self { is_known: known.0.as_ref().is_some_and(|known| known.allows(self.version)), ..self }
    }
}

impl<T: Serialize> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let mut response =
            if self.is_known { StatusCode::NOT_MODIFIED.into_response() } else { Json(self.body).into_response() };
        set_etag(response.headers_mut(), self.version);
        response
    }
}

/// Names the version that an answer shows.
pub fn set_etag(headers: &mut HeaderMap, version: i64) {
    let tag = HeaderValue::from_str(&format!("\"{version}\"")).expect("digits are visible ASCII");
    headers.insert(header::ETAG, tag);
}

/// The versions at which the client allows its change: those in `If-Match`, or any. A malformed header is answered 400.
pub struct IfMatch(pub ExpectedVersion);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let refused = || Problem::malformed("If-Match must be * or a list of entity tags, such as \"7\"");
        let tags = read_tags(&parts.headers, &header::IF_MATCH).map_err(|Malformed| refused())?;
        // A weak tag never matches, because a change needs exactly the version that was seen (RFC 9110, section 13.1.1).
        Ok(Self(tags.map_or(ExpectedVersion::Any, |tags| tags.versions(|tag| !tag.is_weak))))
    }
}

/// The versions in `If-None-Match`, if there are any that can be read. Weak tags count too (section 13.1.2).
pub struct IfNoneMatch(Option<ExpectedVersion>);

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let tags = read_tags(&parts.headers, &header::IF_NONE_MATCH).unwrap_or_default();
        Ok(Self(tags.map(|tags| tags.versions(|_| true))))
    }
}

struct Malformed;

#[derive(Debug, PartialEq, Eq)]
enum Tags {
    /// `*`
    Any,
    List(Vec<Tag>),
}

#[derive(Debug, PartialEq, Eq)]
struct Tag {
    is_weak: bool,
    opaque: Vec<u8>,
}

impl Tags {
    /// The versions that the tags name. A tag that was not made here names none.
    fn versions(&self, counts: impl Fn(&Tag) -> bool) -> ExpectedVersion {
        match self {
            Self::Any => ExpectedVersion::Any,
            Self::List(tags) => ExpectedVersion::OneOf(
                tags.iter().filter(|tag| counts(tag)).filter_map(|tag| version_of(&tag.opaque)).collect(),
            ),
        }
    }
}

/// Only the digits that are written here: `"07"` and `"+7"` are not the tag `"7"`.
fn version_of(opaque: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(opaque).ok()?;
    text.parse().ok().filter(|version: &i64| version.to_string() == text)
}

/// Reads the tags of all lines of a header. `None` if there is no such header.
fn read_tags(headers: &HeaderMap, name: &HeaderName) -> Result<Option<Tags>, Malformed> {
    let lines: Vec<&[u8]> = headers.get_all(name).iter().map(HeaderValue::as_bytes).collect();
    if lines.is_empty() {
        return Ok(None);
    }
    // Several lines of a list are one list (RFC 9110, section 5.3).
    parse_tags(&lines.join(b",".as_slice())).map(Some)
}

/// Parses `"*" / #entity-tag`.
fn parse_tags(value: &[u8]) -> Result<Tags, Malformed> {
    if value.trim_ascii() == b"*" {
        return Ok(Tags::Any);
    }
    let mut tags = Vec::new();
    let mut rest = value;
    loop {
        rest = rest.trim_ascii_start();
        // Empty elements of a list are passed over (section 5.6.1).
        if let Some(after) = rest.strip_prefix(b",") {
            rest = after;
            continue;
        }
        if rest.is_empty() {
            return if tags.is_empty() { Err(Malformed) } else { Ok(Tags::List(tags)) };
        }
        let (tag, after) = parse_tag(rest)?;
        tags.push(tag);
        rest = after.trim_ascii_start();
        if !rest.is_empty() && !rest.starts_with(b",") {
            return Err(Malformed);
        }
    }
}

/// Parses `[ "W/" ] DQUOTE *etagc DQUOTE`. A tag may hold a comma.
fn parse_tag(text: &[u8]) -> Result<(Tag, &[u8]), Malformed> {
    let (is_weak, quoted) = text.strip_prefix(b"W/").map_or((false, text), |rest| (true, rest));
    let opaque = quoted.strip_prefix(b"\"").ok_or(Malformed)?;
    let end = opaque.iter().position(|byte| *byte == b'"').ok_or(Malformed)?;
    let (opaque, rest) = (&opaque[..end], &opaque[end + 1..]);
    let is_allowed = |byte: &u8| matches!(byte, 0x21 | 0x23..=0x7e | 0x80..=0xff);
    if !opaque.iter().all(is_allowed) {
        return Err(Malformed);
    }
    Ok((Tag { is_weak, opaque: opaque.to_vec() }, rest))
}

#[cfg(test)]
mod tests {
    use super::{Malformed, Tags, parse_tags};
    use milepost_domain::ExpectedVersion;

    #[test]
    fn a_list_of_tags_is_read_as_the_grammar_says() {
        let check = |value: &str, strong: &[i64], all: &[i64]| {
            let tags = parse_tags(value.as_bytes()).unwrap_or_else(|Malformed| panic!("{value}"));
            assert_eq!(tags.versions(|tag| !tag.is_weak), ExpectedVersion::OneOf(strong.to_vec()), "{value}");
            assert_eq!(tags.versions(|_| true), ExpectedVersion::OneOf(all.to_vec()), "{value}");
        };
        check("\"7\"", &[7], &[7]);
        check("  \"7\" ,\t\"8\",, W/\"9\" ,", &[7, 8], &[7, 8, 9]);
        check("W/\"9\"", &[], &[9]);
        check("\"a,b\", \"1\"", &[1], &[1]);
        check("\"\", \"07\", \"+7\", \"7 \u{e9}\"".replace(' ', "").as_str(), &[], &[]);
        check("\"99999999999999999999999\"", &[], &[]);
        assert!(matches!(parse_tags(b" * "), Ok(Tags::Any)));
    }

    #[test]
    fn what_is_no_list_of_tags_is_refused() {
        for value in [
            "",
            " ",
            ",",
            "7",
            "'7'",
            "\"7",
            "7\"",
            "\"7\" \"8\"",
            "\"7\"8",
            "w/\"7\"",
            "W/7",
            "*, \"7\"",
            "\"7\", *",
            "\"a b\"",
            "**",
        ] {
            assert!(matches!(parse_tags(value.as_bytes()), Err(Malformed)), "{value}");
        }
    }
}
