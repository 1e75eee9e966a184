//! Passkeys: of the caller, of a login that waits for its second factor, and of a caller who shows that it is still there.

use crate::session_cookie::set_session;
use crate::{Body, ClientAddress, HttpContext, OptionalBody, Path, Problem, SignedIn, rfc3339};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use milepost_access::{ALGORITHMS, Assertion, PasskeyQuestion, PasskeySetup, Registration};
use milepost_domain::Label;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// How long a browser asks an authenticator, milliseconds.
const TIMEOUT_MS: u32 = 2 * 60 * 1000;

pub(super) fn routes() -> Router<Arc<HttpContext>> {
    Router::new()
        .route("/auth/passkeys", get(list_passkeys).post(add_passkey))
        .route("/auth/passkeys/begin", post(begin_passkey))
        .route("/auth/passkeys/{id}", delete(remove_passkey))
        .route("/auth/login/passkey/begin", post(ask_for_passkey))
        .route("/auth/login/passkey", post(answer_with_passkey))
        .route("/auth/step-up/begin", post(begin_step_up))
        .route("/auth/step-up", post(step_up))
}

/// A step of WebAuthn: `options` are for `navigator.credentials`, with bytes in base64url.
#[derive(Serialize)]
struct Question {
    challenge: String,
    options: Value,
}

#[derive(Serialize)]
struct Passkeys {
    items: Vec<PasskeyJson>,
    /// Why no passkey can be added at this server.
    unavailable: Option<String>,
}

#[derive(Serialize)]
struct PasskeyJson {
    id: i64,
    name: String,
    created_at: String,
    last_used_at: Option<String>,
}

#[derive(Serialize)]
struct Added {
    id: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery_codes: Option<Vec<String>>,
}

#[derive(Deserialize, Default)]
struct Again {
    password: Option<String>,
}

#[derive(Deserialize)]
struct NewPasskey {
    challenge: String,
    name: String,
    credential: CreatedCredential,
}

/// What `PublicKeyCredential.toJSON()` gives after `create`. Its further fields are not read.
#[derive(Deserialize)]
struct CreatedCredential {
    response: AttestationResponse,
}

#[derive(Deserialize)]
struct AttestationResponse {
    #[serde(rename = "clientDataJSON")]
    client_data: Bytes,
    #[serde(rename = "attestationObject")]
    attestation_object: Bytes,
}

#[derive(Deserialize)]
struct Waiting {
    challenge: String,
}

#[derive(Deserialize)]
struct Answer {
    challenge: String,
    credential: UsedCredential,
}

/// What `PublicKeyCredential.toJSON()` gives after `get`. Its further fields are not read.
#[derive(Deserialize)]
struct UsedCredential {
    id: Bytes,
    response: AssertionResponse,
}

#[derive(Deserialize)]
struct AssertionResponse {
    #[serde(rename = "clientDataJSON")]
    client_data: Bytes,
    #[serde(rename = "authenticatorData")]
    authenticator_data: Bytes,
    signature: Bytes,
}

/// Bytes in base64url.
struct Bytes(Vec<u8>);

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let decoded = URL_SAFE_NO_PAD.decode(text.trim_end_matches('='));
        decoded.map(Self).map_err(|_| serde::de::Error::custom("must be bytes in base64url"))
    }
}

impl UsedCredential {
    fn into_assertion(self) -> Assertion {
        Assertion {
            credential_id: self.id.0,
            client_data: self.response.client_data.0,
            authenticator_data: self.response.authenticator_data.0,
            signature: self.response.signature.0,
        }
    }
}

fn named(ids: &[Vec<u8>]) -> Vec<Value> {
    ids.iter().map(|id| json!({"type": "public-key", "id": URL_SAFE_NO_PAD.encode(id)})).collect()
}

fn question(asked: PasskeyQuestion, verification: &str) -> Json<Question> {
    let options = json!({
        "challenge": URL_SAFE_NO_PAD.encode(&asked.challenge),
        "rpId": asked.party.id,
        "allowCredentials": named(&asked.known),
        "userVerification": verification,
        "timeout": TIMEOUT_MS,
    });
    Json(Question { challenge: asked.challenge, options })
}

fn setup(setup: PasskeySetup) -> Json<Question> {
    let name = format!("{}/{}", setup.user.tenant, setup.user.username);
    let parameters: Vec<Value> = ALGORITHMS.iter().map(|alg| json!({"type": "public-key", "alg": alg})).collect();
    let options = json!({
        "challenge": URL_SAFE_NO_PAD.encode(&setup.challenge),
        "rp": {"id": setup.party.id, "name": "Milepost"},
        "user": {"id": URL_SAFE_NO_PAD.encode(setup.handle), "name": name, "displayName": name},
        "pubKeyCredParams": parameters,
        "excludeCredentials": named(&setup.known),
        // The name and the password come first: the authenticator need not remember who it is.
        "authenticatorSelection": {"residentKey": "discouraged", "userVerification": "preferred"},
        "attestation": "none",
        "timeout": TIMEOUT_MS,
    });
    Json(Question { challenge: setup.challenge, options })
}

async fn list_passkeys(
    State(context): State<Arc<HttpContext>>,
    SignedIn(authentication): SignedIn,
) -> Result<Json<Passkeys>, Problem> {
    let passkeys = context.access.list_own_passkeys(&authentication).await?;
    let items = passkeys.into_iter().map(|passkey| PasskeyJson {
        id: passkey.number,
        name: passkey.new.name.as_str().to_owned(),
        created_at: rfc3339(passkey.created_at),
        last_used_at: passkey.last_used_at.map(rfc3339),
    });
    let unavailable = context.access.relying_party().err().map(|reason| reason.to_string());
    Ok(Json(Passkeys { items: items.collect(), unavailable }))
}

async fn begin_passkey(
    State(context): State<Arc<HttpContext>>,
    SignedIn(authentication): SignedIn,
    ClientAddress(address): ClientAddress,
    OptionalBody(json): OptionalBody<Again>,
) -> Result<Json<Question>, Problem> {
    Ok(setup(context.access.begin_passkey(&authentication, json.password, address).await?))
}

async fn add_passkey(
    State(context): State<Arc<HttpContext>>,
    SignedIn(authentication): SignedIn,
    ClientAddress(address): ClientAddress,
    Body(json): Body<NewPasskey>,
) -> Result<impl IntoResponse, Problem> {
    let name = Label::new(&json.name).map_err(|_| Problem::invalid("name", "must be a name of up to 200 letters"))?;
    let AttestationResponse { client_data, attestation_object } = json.credential.response;
    let made = Registration { client_data: client_data.0, attestation_object: attestation_object.0 };
    let added = context.access.add_passkey(&authentication, &json.challenge, name, &made, address).await?;
    let added = Added { id: added.number, recovery_codes: added.recovery_codes };
    Ok((StatusCode::CREATED, [(header::CACHE_CONTROL, "no-store")], Json(added)))
}

async fn remove_passkey(
    State(context): State<Arc<HttpContext>>,
    SignedIn(authentication): SignedIn,
    ClientAddress(address): ClientAddress,
    Path(id): Path<String>,
    OptionalBody(json): OptionalBody<Again>,
) -> Result<StatusCode, Problem> {
    let id = id.parse().map_err(|_| Problem::not_found("passkey"))?;
    if context.access.remove_own_passkey(&authentication, id, json.password, address).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found("passkey"))
    }
}

async fn ask_for_passkey(
    State(context): State<Arc<HttpContext>>,
    Body(json): Body<Waiting>,
) -> Result<Json<Question>, Problem> {
    Ok(question(context.access.passkey_question(&json.challenge).await?, "preferred"))
}

async fn answer_with_passkey(
    State(context): State<Arc<HttpContext>>,
    ClientAddress(address): ClientAddress,
    headers: HeaderMap,
    Body(json): Body<Answer>,
) -> Result<impl IntoResponse, Problem> {
    if !context.origins.allows(&headers) {
        return Err(Problem::forbidden("this origin may not log in here, see ALLOWED_ORIGINS"));
    }
    let assertion = json.credential.into_assertion();
    let secret = context.access.answer_with_passkey(&json.challenge, &assertion, address).await?;
    let cookie = set_session(&headers, &secret);
    Ok((StatusCode::NO_CONTENT, AppendHeaders([(header::SET_COOKIE, cookie)])))
}

async fn begin_step_up(
    State(context): State<Arc<HttpContext>>,
    SignedIn(authentication): SignedIn,
) -> Result<Json<Question>, Problem> {
    Ok(question(context.access.begin_step_up(&authentication).await?, "required"))
}

async fn step_up(
    State(context): State<Arc<HttpContext>>,
    SignedIn(authentication): SignedIn,
    ClientAddress(address): ClientAddress,
    Body(json): Body<Answer>,
) -> Result<StatusCode, Problem> {
    let assertion = json.credential.into_assertion();
    context.access.step_up_with_passkey(&authentication, &json.challenge, &assertion, address).await?;
    Ok(StatusCode::NO_CONTENT)
}
