//! Refusals in the words of the server that this dialect replaces: a status, and the first line of what it prints.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use milepost_http::Problem;
use milepost_service::ServiceError;

/// An answer that is no success.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    text: String,
    kind: Kind,
    header: Option<(HeaderName, HeaderValue)>,
}

#[derive(Debug, Clone, Copy)]
enum Kind {
    /// The text is called JSON, though it is none.
    Usual,
    Plain,
    Page,
    Empty,
}

/// A unique column, in the words of the database that this API's server has.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Unique {
    index: &'static str,
    column: &'static str,
}

impl Unique {
    pub(crate) const DEVICE: Self =
        Self { index: "PUBLIC.CONSTRAINT_A INDEX PUBLIC.CONSTRAINT_A_INDEX_C", column: "TC_DEVICES(UNIQUEID" };
    pub(crate) const USER: Self =
        Self { index: "PUBLIC.CONSTRAINT_9 INDEX PUBLIC.CONSTRAINT_9_INDEX_1", column: "TC_USERS(EMAIL" };
    pub(crate) const DRIVER: Self =
        Self { index: "PUBLIC.CONSTRAINT_1 INDEX PUBLIC.CONSTRAINT_INDEX_1", column: "TC_DRIVERS(UNIQUEID" };
    pub(crate) const ORDER: Self =
        Self { index: "PUBLIC.CONSTRAINT_8 INDEX PUBLIC.CONSTRAINT_INDEX_8", column: "TC_ORDERS(UNIQUEID" };
}

impl Refusal {
    fn usual(status: StatusCode, text: impl Into<String>) -> Self {
        Self { status, text: text.into(), kind: Kind::Usual, header: None }
    }

    /// What it says.
    pub(crate) fn into_text(self) -> String {
        self.text
    }

    /// 401.
    pub(crate) fn not_authenticated() -> Self {
        Self::usual(StatusCode::UNAUTHORIZED, "jakarta.ws.rs.WebApplicationException: HTTP 401 Unauthorized")
    }

    /// 401 where a code of the second factor is due.
    pub(crate) fn code_due() -> Self {
        let header = (header::WWW_AUTHENTICATE, HeaderValue::from_static("TOTP"));
        Self { header: Some(header), ..Self::not_authenticated() }
    }

    /// 400: what looks like no token of any kind.
    pub(crate) fn no_token() -> Self {
        Self::failed("java.lang.NegativeArraySizeException: -108")
    }

    /// 400: the caller may not.
    pub(crate) fn forbidden(why: &str) -> Self {
        Self::failed(format!("java.lang.SecurityException: {why}"))
    }

    /// 400, of any kind.
    pub(crate) fn failed(text: impl Into<String>) -> Self {
        Self::usual(StatusCode::BAD_REQUEST, text)
    }

    /// 400: a value is missing that the server goes on to use.
    pub(crate) fn missing(what: &str) -> Self {
        Self::failed(format!("java.lang.NullPointerException: {what}"))
    }

    /// 400: a body that can't be read.
    pub(crate) fn unreadable(text: impl Into<String>) -> Self {
        Self { kind: Kind::Plain, ..Self::failed(text) }
    }

    /// 400: the value of a unique column is taken, by the object with this number.
    pub(crate) fn taken(unique: Unique, id: i64, value: &str) -> Self {
        let Unique { index, column } = unique;
        Self::storage(&format!(
            "Unique index or primary key violation: \"{index} ON PUBLIC.{column} NULLS FIRST) VALUES ( /* {id} */ '{value}' )\"; SQL statement:"
        ))
    }

    /// 400: a column that must have a value has none.
    pub(crate) fn null(column: &str) -> Self {
        Self::storage(&format!("NULL not allowed for column \"{column}\"; SQL statement:"))
    }

    fn storage(text: &str) -> Self {
        let kind = "org.h2.jdbc.JdbcSQLIntegrityConstraintViolationException";
        Self::failed(format!("org.traccar.storage.StorageException: {kind}: {text}"))
    }

    /// 400: a link names what is not there.
    pub(crate) fn no_such_member(table: &str, column: &str, of: &str, id: i64) -> Self {
        Self::storage(&format!(
            "Referential integrity constraint violation: \"FK_{table}_{column}: PUBLIC.TC_{table} FOREIGN KEY({column}) REFERENCES PUBLIC.TC_{of}(ID) ({id})\"; SQL statement:"
        ))
    }

    /// 400: a pair of kinds that can't be linked.
    pub(crate) fn no_such_table(table: &str) -> Self {
        let kind = "org.h2.jdbc.JdbcSQLSyntaxErrorException";
        Self::failed(format!(
            "org.traccar.storage.StorageException: {kind}: Table \"{table}\" not found; SQL statement:"
        ))
    }

    /// 404 of a login that is none.
    pub(crate) fn no_session() -> Self {
        Self::usual(StatusCode::NOT_FOUND, "jakarta.ws.rs.WebApplicationException: HTTP 404 Not Found")
    }

    /// 404 of an object.
    pub(crate) fn no_such_object() -> Self {
        let text = "<html>\n<head>\n<title>Error 404 Not Found</title>\n</head>\n<body>\n<h2>HTTP ERROR 404 Not Found</h2>\n</body>\n</html>\n";
        Self { kind: Kind::Page, ..Self::usual(StatusCode::NOT_FOUND, text) }
    }

    /// 404 without a body.
    pub(crate) fn nothing() -> Self {
        Self { kind: Kind::Empty, ..Self::usual(StatusCode::NOT_FOUND, "") }
    }

    /// 404 of a query that can't be read.
    pub(crate) fn bad_query() -> Self {
        let text = "org.glassfish.jersey.server.ParamException$QueryParamException: HTTP 404 Not Found";
        Self::usual(StatusCode::NOT_FOUND, text)
    }

    /// 404 of a path that can't be read.
    pub(crate) fn bad_path() -> Self {
        let text = "org.glassfish.jersey.server.ParamException$PathParamException: HTTP 404 Not Found";
        Self::usual(StatusCode::NOT_FOUND, text)
    }

    /// 404 of an unknown path.
    pub(crate) fn no_such_path() -> Self {
        Self::usual(StatusCode::NOT_FOUND, "jakarta.ws.rs.NotFoundException: HTTP 404 Not Found")
    }

    /// 405.
    pub(crate) fn not_allowed() -> Self {
        let text = "jakarta.ws.rs.NotAllowedException: HTTP 405 Method Not Allowed";
        Self::usual(StatusCode::METHOD_NOT_ALLOWED, text)
    }

    /// 406.
    pub(crate) fn not_acceptable() -> Self {
        let text = "jakarta.ws.rs.NotAcceptableException: HTTP 406 Not Acceptable";
        Self::usual(StatusCode::NOT_ACCEPTABLE, text)
    }

    /// 413.
    pub(crate) fn too_large() -> Self {
        Self::usual(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large")
    }

    /// 415.
    pub(crate) fn unsupported() -> Self {
        let text = "jakarta.ws.rs.NotSupportedException: HTTP 415 Unsupported Media Type";
        Self::usual(StatusCode::UNSUPPORTED_MEDIA_TYPE, text)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = match self.kind {
            Kind::Empty => self.status.into_response(),
            _ => (self.status, self.text).into_response(),
        };
        let content = match self.kind {
            Kind::Usual => Some("application/json"),
            Kind::Plain => Some("text/plain"),
            Kind::Page => Some("text/html;charset=iso-8859-1"),
            Kind::Empty => None,
        };
        if let Some(content) = content {
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content));
        }
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        match problem.status {
            401 => Self::not_authenticated(),
            403 => Self::forbidden(&problem.detail),
            404 => Self::no_such_object(),
            409 | 410 | 412 | 422 => Self::failed(format!("java.lang.IllegalArgumentException: {}", problem.detail)),
            413 => Self::too_large(),
            415 => Self::unsupported(),
            429 | 503 => {
                let response = problem.clone().into_response();
                let wait = response.headers().get(header::RETRY_AFTER).cloned();
                let header = wait.map(|wait| (header::RETRY_AFTER, wait));
                Self { header, ..Self::usual(problem.status_code(), problem.detail) }
            }
            _ => Self::usual(problem.status_code(), problem.detail),
        }
    }
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Forbidden(_) => Self::forbidden("Write access denied"),
            other => Problem::from(other).into(),
        }
    }
}

impl From<milepost_domain::Invalid> for Refusal {
    fn from(invalid: milepost_domain::Invalid) -> Self {
        Self::failed(format!("java.lang.IllegalArgumentException: {} {}", invalid.field, invalid.message))
    }
}
