//! What handlers take from a request: its caller, query and body.

use crate::TraccarParts;
use crate::refusal::Refusal;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, OptionalFromRequestParts, Query, RawPathParams, Request};
use axum::http::header;
use axum::http::request::Parts;
use milepost_domain::{Action, Caller, Principal, TenantId, Timestamp, UserId, VehicleScope, may};
use milepost_http::RawBody;
use milepost_http::logins::{ShownBy, is_guest, looks_like_token, shown_caller};

/// The name of the session cookie.
pub(crate) const COOKIE: &str = "JSESSIONID";

/// Values of one parameter in a query.
const MAX_VALUES: usize = 1_000;
/// Room for the largest object, which holds a calendar.
const MAX_BODY_BYTES: usize = 256 * 1024;

/// A caller that showed who it is.
pub(crate) struct Signed {
    pub(crate) request: milepost_service::Request,
    pub(crate) by: ShownBy,
}

impl FromRequestParts<TraccarParts> for Signed {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &TraccarParts) -> Result<Self, Refusal> {
        let bearer = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        if let Some(("Bearer" | "bearer", token)) = bearer.and_then(|value| value.split_once(' '))
            && !looks_like_token(token.trim())
        {
            return Err(Refusal::no_token());
        }
        let shown = shown_caller(&state.live.context, parts, COOKIE).await?;
        if matches!(shown.request.caller.principal, Principal::Device { .. }) {
            return Err(Refusal::not_authenticated());
        }
        Ok(Self { request: shown.request, by: shown.by })
    }
}

impl OptionalFromRequestParts<TraccarParts> for Signed {
    type Rejection = Refusal;

    /// Whoever can't be told is nobody.
    async fn from_request_parts(parts: &mut Parts, state: &TraccarParts) -> Result<Option<Self>, Refusal> {
        Ok(<Self as FromRequestParts<TraccarParts>>::from_request_parts(parts, state).await.ok())
    }
}

impl Signed {
    pub(crate) fn caller(&self) -> &Caller {
        &self.request.caller
    }

    pub(crate) fn tenant(&self) -> &TenantId {
        &self.request.caller.tenant
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.request.now
    }

    /// The vehicles that the caller may see.
    pub(crate) fn scope(&self) -> VehicleScope {
        VehicleScope::of(self.caller(), Action::SeeVehicle, self.tenant())
    }

    /// The caller's number, if it is a stored user.
    pub(crate) fn user(&self) -> Option<UserId> {
        self.caller().user_id()
    }

    /// An administrator of the tenant, by its role or by its token's scope.
    pub(crate) fn is_administrator(&self) -> bool {
        may(self.caller(), Action::SeeUsers, self.tenant())
    }

    /// Whether the caller sees the whole fleet, and not some of its vehicles.
    pub(crate) fn sees_all(&self) -> bool {
        self.scope() == VehicleScope::All
    }

    pub(crate) fn require_administrator(&self) -> Result<(), Refusal> {
        if self.is_administrator() { Ok(()) } else { Err(Refusal::forbidden("Administrator access required")) }
    }

    /// Whether it may change what belongs to the fleet.
    pub(crate) fn require_edit(&self, action: Action) -> Result<(), Refusal> {
        if may(self.caller(), action, self.tenant()) { Ok(()) } else { Err(Refusal::forbidden("Write access denied")) }
    }

    /// A guest of a share link.
    pub(crate) fn is_guest(&self) -> bool {
        is_guest(self.caller())
    }
}

/// The parameters of a query.
pub(crate) struct Params(Vec<(String, String)>);

impl<S: Send + Sync> FromRequestParts<S> for Params {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri).map_err(|_| Refusal::bad_query())?;
        Ok(Self(query.0))
    }
}

impl Params {
    /// All values of a name.
    pub(crate) fn texts<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// All numbers of a name.
    pub(crate) fn numbers(&self, name: &str) -> Result<Vec<i64>, Refusal> {
        self.texts(name).take(MAX_VALUES).map(|text| text.parse().map_err(|_| Refusal::bad_query())).collect()
    }

    /// The number of a name; 0 if there is none.
    pub(crate) fn number(&self, name: &str) -> Result<i64, Refusal> {
        match self.text(name) {
            None | Some("") => Ok(0),
            Some(text) => text.parse().map_err(|_| Refusal::bad_query()),
        }
    }

    pub(crate) fn flag(&self, name: &str) -> bool {
        self.text(name) == Some("true")
    }

    pub(crate) fn time(&self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        match self.text(name) {
            None | Some("") => Ok(None),
            Some(text) => crate::time::read_time(text).map(Some).ok_or_else(Refusal::bad_query),
        }
    }

    /// `from` and `to`, both of which are needed and both of which are within.
    pub(crate) fn window(&self) -> Result<(Timestamp, Timestamp), Refusal> {
        match (self.time("from")?, self.time("to")?) {
            (Some(from), Some(to)) => Ok((from, to.plus_ms(1))),
            _ => Err(Refusal::missing("Cannot invoke \"java.util.Date.toInstant()\" because \"<parameter5>\" is null")),
        }
    }

    /// The part of a list that was asked for.
    pub(crate) fn page<T>(&self, list: Vec<T>) -> Result<Vec<T>, Refusal> {
        let (limit, offset) = (self.number("limit")?, self.number("offset")?);
        let offset = usize::try_from(offset).unwrap_or(0);
        let limit = if limit > 0 { usize::try_from(limit).unwrap_or(usize::MAX) } else { usize::MAX };
        Ok(list.into_iter().skip(offset).take(limit).collect())
    }
}

/// The number in a path.
pub(crate) struct Id(pub(crate) i64);

impl<S: Send + Sync> FromRequestParts<S> for Id {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Refusal> {
        let params = RawPathParams::from_request_parts(parts, state).await.map_err(|_| Refusal::bad_path())?;
        let text = params.iter().next().map(|(_, text)| text).unwrap_or_default();
        text.parse().map(Self).map_err(|_| Refusal::bad_path())
    }
}

/// A JSON body.
pub(crate) struct JsonBody(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        if content_type(&request) != Some("application/json") {
            return Err(Refusal::unsupported());
        }
        Ok(Self(RawBody::<MAX_BODY_BYTES>::from_request(request, state).await?.0))
    }
}

/// The fields of a form.
pub(crate) struct Form(Vec<(String, String)>);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        match content_type(&request) {
            Some("application/x-www-form-urlencoded") => {}
            Some(_) => return Err(Refusal::unsupported()),
            None => {
                return Err(Refusal::failed(
                    "java.lang.IllegalStateException: The @FormParam is utilized when the content type of the request entity is not application/x-www-form-urlencoded",
                ));
            }
        }
        let body = RawBody::<MAX_BODY_BYTES>::from_request(request, state).await?.0;
        // A form is written as a query is, but for what no address may have.
        let is_plain = |byte: &u8| byte.is_ascii_graphic() && !b"<>\"{}|\\^`#".contains(byte);
        let text = body.iter().fold(String::with_capacity(body.len()), |mut text, byte| {
            match is_plain(byte) {
                true => text.push(char::from(*byte)),
                false => text.push_str(&format!("%{byte:02X}")),
            }
            text
        });
        let uri = format!("/?{text}").parse().map_err(|_| Refusal::bad_query())?;
        let fields = Query::<Vec<(String, String)>>::try_from_uri(&uri).map_err(|_| Refusal::bad_query())?;
        Ok(Self(fields.0))
    }
}

impl Form {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn time(&self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        match self.get(name) {
            None | Some("") => Ok(None),
            Some(text) => crate::time::read_time(text).map(Some).ok_or_else(Refusal::bad_query),
        }
    }
}

fn content_type(request: &Request) -> Option<&str> {
    let value = request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim())
}
