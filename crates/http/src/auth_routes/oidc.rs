//! Logging in at an identity provider, in a browser, and out again by the provider.

use crate::json::read_body;
use crate::session_cookie::{begun_login, remove_begun_login, set_begun_login, set_session};
use crate::{ClientAddress, HttpContext, Problem, query_value};
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use milepost_access::{Access, ProviderLogin, ProviderToken};
use milepost_oidc::{Authorization, Claims, Provider, ProviderError};
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// A longer page to return to is refused: it is kept in a cookie.
const MAX_RETURN_BYTES: usize = 1024;
/// A logout token takes less.
const MAX_LOGOUT_BYTES: usize = 16 * 1024;

pub(super) fn routes() -> Router<Arc<HttpContext>> {
    Router::new()
        .route("/auth/providers", get(list_providers))
        .route("/auth/oidc/start", get(begin_login))
        .route("/auth/oidc/callback", get(end_login))
        .route("/auth/oidc/backchannel-logout", post(log_out))
}

#[derive(Serialize)]
struct ProviderJson {
    id: &'static str,
    name: String,
    start_url: String,
}

/// Identity providers at which people may log in.
async fn list_providers(State(context): State<Arc<HttpContext>>) -> Json<Vec<ProviderJson>> {
    let to_json = |provider: &Arc<Provider>| {
        let issuer = provider.settings().issuer.as_str();
        let name = issuer.split_once("://").map_or(issuer, |(_, rest)| rest).split('/').next().unwrap_or_default();
        ProviderJson { id: "oidc", name: name.to_owned(), start_url: format!("{}/auth/oidc/start", context.public_url) }
    };
    Json(context.provider.iter().map(to_json).collect())
}

fn provider_of(context: &HttpContext) -> Result<&Arc<Provider>, Problem> {
    context.provider.as_ref().ok_or_else(|| Problem::not_found("identity provider"))
}

impl From<ProviderError> for Problem {
    fn from(error: ProviderError) -> Self {
        let status = match &error {
            ProviderError::Away => StatusCode::SERVICE_UNAVAILABLE,
            ProviderError::Wrong(_) => StatusCode::BAD_GATEWAY,
            ProviderError::Refused(_) => StatusCode::FORBIDDEN,
        };
        Self::new(status, error.to_string())
    }
}

async fn begin_login(State(context): State<Arc<HttpContext>>, request: Request) -> Result<Response, Problem> {
    let provider = provider_of(&context)?;
    let (parts, _) = request.into_parts();
    let return_to = query_value(&parts, "return_to").unwrap_or_else(|| "/".to_owned());
    if !is_own_path(&return_to) {
        return Err(Problem::malformed("return_to must be a path of this server, such as /live"));
    }
    let (login, sealed) = context.access.begin_provider_login(return_to);
    let code_challenge = base64_url(&Sha256::digest(login.code_verifier.as_bytes()));
    let authorization = Authorization { state: &login.state, nonce: &login.nonce, code_challenge: &code_challenge };
    let url = provider.authorization_url(&authorization).await?;
    let cookie = set_begun_login(&sealed, context.public_url.starts_with("https://"));
    let headers = AppendHeaders([(header::LOCATION, url.to_string()), (header::SET_COOKIE, cookie)]);
    Ok((StatusCode::FOUND, headers).into_response())
}

/// A browser takes `//host` and `/\host` for other servers, and drops control characters.
fn is_own_path(text: &str) -> bool {
    text.len() <= MAX_RETURN_BYTES
        && text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains(|c: char| c == '\\' || c.is_control() || c.is_whitespace())
}

async fn end_login(
    State(context): State<Arc<HttpContext>>,
    ClientAddress(address): ClientAddress,
    request: Request,
) -> Result<Response, Problem> {
    let provider = provider_of(&context)?;
    let (parts, _) = request.into_parts();
    let begun = begun_login(&parts.headers).and_then(|sealed| context.access.read_begun_login(sealed));
    let unknown = || Problem::malformed("this login was not begun in this browser, or took too long: begin again");
    let begun = begun.ok_or_else(unknown)?;
    if query_value(&parts, "state").as_deref() != Some(&*begun.state) {
        return Err(unknown());
    }
    if let Some(error) = query_value(&parts, "error") {
        return Err(refusal_of(&error));
    }
    let code = query_value(&parts, "code").ok_or_else(|| Problem::malformed("the identity provider sent no code"))?;
    let tokens = match provider.exchange(&code, &begun.code_verifier).await {
        Err(ProviderError::Refused(detail)) => return Err(Problem::malformed(detail)),
        exchanged => exchanged?,
    };
    let settings = provider.settings();
    let keys = fitting_keys(provider, &tokens.id_token).await?;
    let id_token = context
        .access
        .verify_id_token(&tokens.id_token, &keys, settings.issuer.as_str(), &settings.client_id, Some(&begun.nonce))
        .map_err(Problem::malformed)?;
    let subject = id_token.get("sub").and_then(|sub| sub.as_str()).unwrap_or_default().to_owned();
    let userinfo = if Claims::lack(&id_token, settings) {
        match provider.userinfo(tokens.access_token.as_deref(), &subject).await {
            // It gave that token just now: the fault is the provider's.
            Err(ProviderError::Refused(detail)) => return Err(Problem::new(StatusCode::BAD_GATEWAY, detail)),
            userinfo => userinfo?,
        }
    } else {
        serde_json::Map::new()
    };
    let tells_roles = !id_token.contains_key(&settings.roles_claim) && userinfo.contains_key(&settings.roles_claim);
    let claims = Claims::new(id_token, userinfo);
    let token = match (tokens.refresh_token, tokens.access_token) {
        (Some(token), _) => Some(ProviderToken::Refresh(token)),
        (None, Some(token)) => Some(ProviderToken::Access { token, tells_roles }),
        (None, None) => None,
    };
    let login = ProviderLogin {
        issuer: settings.issuer.as_str().to_owned(),
        subject,
        sid: claims.session(),
        tenant: claims.tenant(settings)?,
        role: claims.role(settings)?,
        name: claims.name().to_owned(),
        email: claims.verified_email(),
        links_email: settings.links_email,
        token,
        address,
    };
    let secret = context.access.open_provider_session(&login).await?;
    Ok(entered(&context, &parts, &secret, begun.return_to))
}

fn entered(context: &HttpContext, parts: &Parts, secret: &str, return_to: String) -> Response {
    let is_https = context.public_url.starts_with("https://");
    let headers = AppendHeaders([
        (header::LOCATION, return_to),
        (header::SET_COOKIE, set_session(&parts.headers, secret)),
        // Used up: the same answer can't be brought again.
        (header::SET_COOKIE, remove_begun_login(is_https)),
    ]);
    (StatusCode::FOUND, headers).into_response()
}

/// RFC 6749, section 4.1.2.1.
fn refusal_of(error: &str) -> Problem {
    match error {
        "access_denied" => Problem::forbidden("the identity provider did not let you in, or you cancelled"),
        "temporarily_unavailable" | "server_error" => Problem::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the identity provider can't log anybody in now, try again soon",
        ),
        _ => Problem::new(
            StatusCode::BAD_GATEWAY,
            "the identity provider refused this server's request: its admin has to look at it",
        ),
    }
}

/// The provider's keys; read again if the token names one that is not among them.
pub(crate) async fn fitting_keys(provider: &Provider, token: &str) -> Result<Arc<Vec<u8>>, ProviderError> {
    let keys = provider.keys(false).await?;
    if Access::lacks_key(&keys, token) { provider.keys(true).await } else { Ok(keys) }
}

/// The provider ends sessions (OpenID Connect Back-Channel Logout, section 2.5).
async fn log_out(State(context): State<Arc<HttpContext>>, request: Request) -> Result<StatusCode, Problem> {
    let provider = provider_of(&context)?;
    let body = read_body(request, MAX_LOGOUT_BYTES).await?;
    let mut fields = url::form_urlencoded::parse(&body);
    let token = fields.find(|(name, _)| name == "logout_token").map(|(_, token)| token.into_owned());
    let token = token.ok_or_else(|| Problem::malformed("logout_token is required"))?;
    let settings = provider.settings();
    let keys = fitting_keys(provider, &token).await?;
    let issuer = settings.issuer.as_str();
    let logout =
        context.access.verify_logout_token(&token, &keys, issuer, &settings.client_id).map_err(Problem::malformed)?;
    context.access.end_provider_sessions(issuer, &logout).await?;
    Ok(StatusCode::OK)
}

fn base64_url(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::is_own_path;

    #[test]
    fn people_return_to_this_server_only() {
        for fine in ["/", "/live?vehicle=b1#map", "/driver"] {
            assert!(is_own_path(fine), "{fine}");
        }
        for wrong in [
            "",
            "live",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/a\r\nSet-Cookie: x",
            "/\t/evil.example",
            "\\/evil.example",
        ] {
            assert!(!is_own_path(wrong), "{wrong}");
        }
    }
}
