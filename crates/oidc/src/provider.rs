//! The provider's endpoints. What it says of itself is read when it is first needed, so that the server starts without it.

use crate::{OidcSettings, ProviderError};
use milepost_clock::Clock;
use milepost_domain::Timestamp;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::Mutex;
use url::Url;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer that is read.
const MAX_ANSWER_BYTES: usize = 256 * 1024;
/// How long what the provider says of itself is used, milliseconds.
const METADATA_MS: i64 = 60 * 60 * 1000;
/// How long its keys are used, milliseconds. A key that is not among them has them read again.
const KEYS_MS: i64 = 60 * 60 * 1000;
/// Keys are not read again before this, milliseconds: tokens of strangers may name any key.
const KEYS_AGAIN_MS: i64 = 30 * 1000;

/// What the provider says of itself.
#[derive(Debug, Clone, Deserialize)]
struct Metadata {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    userinfo_endpoint: Option<Url>,
    #[serde(default)]
    token_endpoint_auth_methods_supported: Vec<String>,
}

/// What a login takes to the provider.
pub struct Authorization<'a> {
    /// Ties the answer to the browser that asked.
    pub state: &'a str,
    /// Ties the ID token to this login.
    pub nonce: &'a str,
    /// The SHA-256 of the code's verifier, in base64url.
    pub code_challenge: &'a str,
}

/// What a code is exchanged for.
#[derive(Deserialize)]
pub struct Tokens {
    /// Says who the user is.
    pub id_token: String,
    /// Opens the endpoint with further claims.
    pub access_token: Option<String>,
    /// Gets new tokens later.
    pub refresh_token: Option<String>,
}

/// What a refresh token is exchanged for.
#[derive(Deserialize)]
pub struct Refreshed {
    /// Says who the user is, if the provider says it again.
    pub id_token: Option<String>,
    /// Opens the endpoint with further claims.
    pub access_token: Option<String>,
    /// Takes the place of the one that was used.
    pub refresh_token: Option<String>,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
}

struct Read<T> {
    value: Arc<T>,
    at: Timestamp,
}

/// A provider that this server knows.
pub struct Provider {
    settings: OidcSettings,
    clock: Clock,
    /// Made when it is first needed: it reads the system's certificates.
    client: OnceLock<Client>,
    metadata: Mutex<Option<Read<Metadata>>>,
    keys: Mutex<Option<Read<Vec<u8>>>>,
}

impl Provider {
    /// It calls nobody yet.
    pub fn new(settings: OidcSettings, clock: Clock) -> Self {
        Self { settings, clock, client: OnceLock::new(), metadata: Mutex::default(), keys: Mutex::default() }
    }

    /// What the operator says about it.
    pub const fn settings(&self) -> &OidcSettings {
        &self.settings
    }

    fn redirect_uri(&self) -> String {
        format!("{}/auth/oidc/callback", self.settings.public_url)
    }

    /// Where a browser begins a login.
    ///
    /// # Errors
    /// [`ProviderError::Away`], [`ProviderError::Wrong`].
    pub async fn authorization_url(&self, login: &Authorization<'_>) -> Result<Url, ProviderError> {
        let mut url = self.metadata().await?.authorization_endpoint.clone();
        url.query_pairs_mut()
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.settings.client_id)
            .append_pair("redirect_uri", &self.redirect_uri())
            .append_pair("scope", &self.settings.scopes)
            .append_pair("state", login.state)
            .append_pair("nonce", login.nonce)
            .append_pair("code_challenge", login.code_challenge)
            .append_pair("code_challenge_method", "S256");
        Ok(url)
    }

    /// Exchanges a code.
    ///
    /// # Errors
    /// [`ProviderError::Refused`] for a code that is not good, [`ProviderError::Away`], [`ProviderError::Wrong`].
    pub async fn exchange(&self, code: &str, code_verifier: &str) -> Result<Tokens, ProviderError> {
        let metadata = self.metadata().await?;
        let redirect_uri = self.redirect_uri();
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &redirect_uri),
            ("code_verifier", code_verifier),
        ];
        let (status, body) = self.answer(self.token_request(&metadata, &fields)).await?;
        if status.is_success() {
            return serde_json::from_slice(&body)
                .map_err(|_| ProviderError::Wrong("its answer to a code has no id_token".to_owned()));
        }
        match serde_json::from_slice::<Refusal>(&body) {
            Ok(refusal) if refusal.error == "invalid_grant" => {
                Err(ProviderError::Refused("this login was used before or took too long: begin again".to_owned()))
            }
            Ok(refusal) => Err(ProviderError::Wrong(format!("it refuses this server: {}", plain(&refusal.error)))),
            Err(_) => Err(ProviderError::Wrong(format!("{status} to a code"))),
        }
    }

    /// Exchanges a refresh token.
    ///
    /// # Errors
    /// [`ProviderError::Refused`] for one that is not good any more, [`ProviderError::Away`], [`ProviderError::Wrong`].
    pub async fn refresh(&self, refresh_token: &str) -> Result<Refreshed, ProviderError> {
        let metadata = self.metadata().await?;
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)];
        let (status, body) = self.answer(self.token_request(&metadata, &fields)).await?;
        if status.is_success() {
            return serde_json::from_slice(&body)
                .map_err(|_| ProviderError::Wrong("its answer to a refresh token can't be read".to_owned()));
        }
        match serde_json::from_slice::<Refusal>(&body) {
            Ok(refusal) if refusal.error == "invalid_grant" => {
                Err(ProviderError::Refused("the identity provider has ended this login".to_owned()))
            }
            Ok(refusal) => Err(ProviderError::Wrong(format!("it refuses this server: {}", plain(&refusal.error)))),
            Err(_) => Err(ProviderError::Wrong(format!("{status} to a refresh token"))),
        }
    }

    fn token_request(&self, metadata: &Metadata, fields: &[(&str, &str)]) -> RequestBuilder {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let mut request = self.client().post(metadata.token_endpoint.clone());
        let takes_post_only = !metadata.token_endpoint_auth_methods_supported.is_empty()
            && !metadata.token_endpoint_auth_methods_supported.iter().any(|method| method == "client_secret_basic");
        match &self.settings.client_secret {
            Some(secret) if !takes_post_only => {
                let encoded = |text: &str| url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
                request = request.basic_auth(encoded(&self.settings.client_id), Some(encoded(secret)));
            }
            secret => {
                form.append_pair("client_id", &self.settings.client_id);
                if let Some(secret) = secret {
                    form.append_pair("client_secret", secret);
                }
            }
        }
        request.header("content-type", "application/x-www-form-urlencoded").body(form.finish())
    }

    /// What the provider says of a user beside the ID token; nothing if it has no such endpoint.
    ///
    /// # Errors
    /// [`ProviderError::Refused`] for a token that is not good any more, [`ProviderError::Away`], [`ProviderError::Wrong`].
    pub async fn userinfo(
        &self,
        access_token: Option<&str>,
        subject: &str,
    ) -> Result<Map<String, Value>, ProviderError> {
        let metadata = self.metadata().await?;
        let (Some(url), Some(token)) = (&metadata.userinfo_endpoint, access_token) else {
            return Ok(Map::new());
        };
        let (status, body) = self.answer(self.client().get(url.clone()).bearer_auth(token)).await?;
        if status == StatusCode::UNAUTHORIZED {
            return Err(ProviderError::Refused("the identity provider does not take its own access token".to_owned()));
        }
        let claims: Option<Map<String, Value>> = serde_json::from_slice(&body).ok().filter(|_| status.is_success());
        let claims = claims.ok_or_else(|| ProviderError::Wrong(format!("{status} from its userinfo endpoint")))?;
        // OpenID Connect Core, section 5.3.2: what is said of another user must not be used.
        if claims.get("sub").and_then(Value::as_str) == Some(subject) {
            Ok(claims)
        } else {
            Err(ProviderError::Wrong("its userinfo endpoint speaks of another user".to_owned()))
        }
    }

    /// Its key set. `again` has it read again, because a key was not in it.
    ///
    /// # Errors
    /// [`ProviderError::Away`], [`ProviderError::Wrong`].
    pub async fn keys(&self, again: bool) -> Result<Arc<Vec<u8>>, ProviderError> {
        let url = self.metadata().await?.jwks_uri.clone();
        let now = self.clock.now();
        // Held while they are read, so that a hundred logins read them once.
        let mut known = self.keys.lock().await;
        if let Some(keys) = &*known {
            let age_ms = now.ms_since(keys.at);
            if (0..if again { KEYS_AGAIN_MS } else { KEYS_MS }).contains(&age_ms) {
                return Ok(Arc::clone(&keys.value));
            }
        }
        let value = Arc::new(self.read(url).await?);
        *known = Some(Read { value: Arc::clone(&value), at: now });
        Ok(value)
    }

    async fn metadata(&self) -> Result<Arc<Metadata>, ProviderError> {
        let now = self.clock.now();
        let mut known = self.metadata.lock().await;
        if let Some(metadata) = known.as_ref().filter(|read| (0..METADATA_MS).contains(&now.ms_since(read.at))) {
            return Ok(Arc::clone(&metadata.value));
        }
        let issuer = self.settings.issuer.as_str();
        let url = format!("{}/.well-known/openid-configuration", issuer.trim_end_matches('/'));
        let url = Url::parse(&url).map_err(|_| ProviderError::Wrong("its issuer is no URL".to_owned()))?;
        let body = self.read(url).await?;
        let metadata: Metadata = serde_json::from_slice(&body)
            .map_err(|error| ProviderError::Wrong(format!("its configuration can't be read: {error}")))?;
        // OpenID Connect Discovery, section 4.3: otherwise one provider could speak for another.
        if metadata.issuer != issuer {
            return Err(ProviderError::Wrong("its configuration names another issuer than OIDC_ISSUER".to_owned()));
        }
        let value = Arc::new(metadata);
        *known = Some(Read { value: Arc::clone(&value), at: now });
        Ok(value)
    }

    async fn read(&self, url: Url) -> Result<Vec<u8>, ProviderError> {
        let (status, body) = self.answer(self.client().get(url)).await?;
        if status.is_success() { Ok(body) } else { Err(ProviderError::Away) }
    }

    async fn answer(&self, request: RequestBuilder) -> Result<(StatusCode, Vec<u8>), ProviderError> {
        let read = async {
            let mut response = request.send().await?;
            let status = response.status();
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await? {
                body.extend_from_slice(&chunk);
                if body.len() > MAX_ANSWER_BYTES {
                    return Ok(None);
                }
            }
            Ok::<_, reqwest::Error>(Some((status, body)))
        };
        match tokio::time::timeout(TIMEOUT, read).await {
            Ok(Ok(Some((status, _)))) if status.is_server_error() => Err(ProviderError::Away),
            Ok(Ok(Some(answer))) => Ok(answer),
            Ok(Ok(None)) => Err(ProviderError::Wrong("its answer is too long".to_owned())),
            Ok(Err(error)) => {
                tracing::warn!(error = %error.without_url(), "the identity provider can't be reached");
                Err(ProviderError::Away)
            }
            Err(_) => Err(ProviderError::Away),
        }
    }

    fn client(&self) -> &Client {
        self.client.get_or_init(|| {
            let builder = || Client::builder().redirect(Policy::none()).timeout(TIMEOUT).referer(false);
            builder().build().unwrap_or_else(|error| {
                tracing::warn!(%error, "calls by https will fail: their client could not be created");
                builder().tls_certs_only([]).build().expect("a client that trusts nobody needs nothing of the system")
            })
        })
    }
}

/// A word of the provider in a message for people.
fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-')).take(40).collect()
}
