//! Refusals and failures as `application/problem+json` (RFC 9457). Nothing else makes them.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use milepost_access::AccessError;
use milepost_domain::{Invalid, SecondFactors};
use milepost_service::ServiceError;
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// Seconds after which a client of an unavailable server should try again.
const RETRY_UNAVAILABLE_S: u64 = 2;

/// The second factors of which one is due, as a list of their names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SecondFactor(pub SecondFactors);

impl SecondFactor {
    fn is_not_due(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for SecondFactor {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.names())
    }
}

/// What is wrong with one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The field's name as the client wrote it.
    pub field: String,
    /// What the field accepts.
    pub message: String,
}

/// A refusal or failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// A URI for the kind of problem; `about:blank` when the status is enough.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened and what to do.
    pub detail: String,
    /// The fields that were wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The second factors of which one is due.
    #[serde(skip_serializing_if = "SecondFactor::is_not_due")]
    #[schema(value_type = Vec<String>)]
    pub second_factor: SecondFactor,
    #[serde(skip)]
    retry_after_s: Option<u64>,
    /// A token was sent, and is no good.
    #[serde(skip)]
    is_bad_token: bool,
}

impl Problem {
    /// A problem with this status and explanation.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Error").to_owned(),
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            second_factor: SecondFactor::default(),
            retry_after_s: (status == StatusCode::SERVICE_UNAVAILABLE).then_some(RETRY_UNAVAILABLE_S),
            is_bad_token: false,
        }
    }

    /// 400: the request can't be read.
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// 401: the credential is missing, wrong or expired.
    pub fn not_authenticated(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
    }

    /// 403: the caller is known and not allowed.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    /// 404: the resource does not exist for this caller.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, format!("no such {what}"))
    }

    /// 422 for one invalid field.
    pub fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid_fields(vec![FieldError { field: field.into(), message: message.into() }])
    }

    /// 422 for several invalid fields.
    pub fn invalid_fields(errors: Vec<FieldError>) -> Self {
        let detail = errors.first().map_or_else(|| "invalid".to_owned(), |e| format!("{} {}", e.field, e.message));
        Self { errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail) }
    }

    /// Names the second factors of which one is due.
    #[must_use]
    pub fn of_second_factor(self, due: SecondFactors) -> Self {
        Self { second_factor: SecondFactor(due), ..self }
    }

    /// Replaces the explanation of the first field.
    #[must_use]
    pub fn explained(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    /// Adds a `Retry-After` header with this number of seconds.
    #[must_use]
    pub fn retry_after(self, seconds: u64) -> Self {
        Self { retry_after_s: Some(seconds), ..self }
    }

    /// Says in a 401 that the token is no good, and not that there is none (RFC 6750, section 3.1): clients then renew it.
    #[must_use]
    pub fn of_token(self) -> Self {
        Self { is_bad_token: true, ..self }
    }

    /// The status as a type.
    pub fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        Self::invalid(invalid.field, invalid.message)
    }
}

/// Converts through [`ServiceError`], so that a failure of the store is logged and answered in one place.
impl From<AccessError> for Problem {
    fn from(error: AccessError) -> Self {
        ServiceError::from(error).into()
    }
}

impl From<ServiceError> for Problem {
    fn from(error: ServiceError) -> Self {
        let detail = error.to_string();
        match error {
            ServiceError::NotAuthenticated(_) => Self::not_authenticated(detail),
            ServiceError::SecondFactorDue(due, _) => Self::not_authenticated(detail).of_second_factor(due),
            ServiceError::Forbidden(_) => Self::forbidden(detail),
            ServiceError::NotFound(_) => Self::new(StatusCode::NOT_FOUND, detail),
            ServiceError::Gone(_) => Self::new(StatusCode::GONE, detail),
            ServiceError::Invalid(invalid) => Self::invalid_fields(
                invalid
                    .into_iter()
                    .map(|invalid| FieldError { field: invalid.field.to_owned(), message: invalid.message.to_owned() })
                    .collect(),
            ),
            ServiceError::Conflict(_) => Self::new(StatusCode::CONFLICT, detail),
            ServiceError::Changed(_) => Self::new(StatusCode::PRECONDITION_FAILED, detail),
            ServiceError::TooMany { retry_after_s } => {
                Self::new(StatusCode::TOO_MANY_REQUESTS, detail).retry_after(retry_after_s)
            }
            ServiceError::Busy | ServiceError::Unavailable => Self::new(StatusCode::SERVICE_UNAVAILABLE, detail),
            ServiceError::Internal => Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status_code(), body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_s {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == 401 {
            let challenge = if self.is_bad_token { "Bearer error=\"invalid_token\"" } else { "Bearer" };
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}
