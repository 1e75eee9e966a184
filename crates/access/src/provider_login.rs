//! Logins at an identity provider: its tokens are verified, its users become users here, and it ends their sessions.

use crate::issuer_keys::{IssuerKeys, Verifier};
use crate::token::decode_verified;
use crate::{Access, AccessError, CloseReason, Holder, ProviderGrant, ProviderToken, hash_secret};
use jsonwebtoken::Header;
use milepost_domain::{Contact, EmailAddress, Role, Tenant, TenantId, User, Username};
use milepost_store::{Login, NewLogin, Provenance, SessionKind, StoreError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::net::IpAddr;

/// The clocks of a provider and of this server may differ by so much, seconds.
const LEEWAY_S: i64 = 60;
/// A logout token is sent at once.
const LOGOUT_TOKEN_S: i64 = 10 * 60;
/// How long a login may take at the provider.
const LOGIN_MS: i64 = 10 * 60 * 1000;
/// Names that are tried for a new user before one with a random end.
const NAMES_TRIED: u32 = 20;
/// What the seal of a begun login is for.
const PURPOSE: &str = "login at a provider";
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// A login that waits for the provider's answer. The browser keeps it, and can't change it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BegunLogin {
    /// Comes back with the answer.
    pub state: String,
    /// Comes back in the ID token.
    pub nonce: String,
    /// Shows that whoever brings the code has begun the login.
    pub code_verifier: String,
    /// The page to which the person returns.
    pub return_to: String,
    ends_ms: i64,
}

/// What a provider's user is here.
pub struct ProviderLogin {
    /// The provider.
    pub issuer: String,
    /// The user's name there, which nobody chooses.
    pub subject: String,
    /// The provider's session.
    pub sid: Option<String>,
    /// The user's tenant.
    pub tenant: TenantId,
    /// The role of its groups; `None` if roles are given here.
    pub role: Option<Role>,
    /// A name for a new account.
    pub name: String,
    /// An address that the provider has verified.
    pub email: Option<EmailAddress>,
    /// Whether that address links to an account that has it.
    pub links_email: bool,
    /// With which the provider answers about the user later.
    pub token: Option<ProviderToken>,
    /// Where the login came from.
    pub address: Option<IpAddr>,
}

/// What a logout token ends.
pub struct ProviderLogout {
    /// One session of the provider.
    pub sid: Option<String>,
    /// All of a user.
    pub subject: Option<String>,
}

impl Access {
    /// Begins a login: returns it, and its sealed form for the browser's cookie.
    pub fn begin_provider_login(&self, return_to: String) -> (BegunLogin, String) {
        let login = BegunLogin {
            state: crate::random_secret(""),
            nonce: crate::random_secret(""),
            code_verifier: crate::random_secret(""),
            return_to,
            ends_ms: self.clock.now().plus_ms(LOGIN_MS).unix_ms(),
        };
        let text = serde_json::to_string(&login).expect("texts and numbers serialise");
        let sealed = format!("{}.{}", crate::secret::encode(text.as_bytes()), self.tokens.seal(PURPOSE, &text));
        (login, sealed)
    }

    /// The begun login of a cookie, if it was begun here and has not ended.
    pub fn read_begun_login(&self, sealed: &str) -> Option<BegunLogin> {
        let (text, seal) = sealed.split_once('.')?;
        let text = String::from_utf8(crate::secret::decode(text)?).ok()?;
        if !self.tokens.is_sealed(PURPOSE, &text, seal) {
            return None;
        }
        let login: BegunLogin = serde_json::from_str(&text).ok()?;
        (login.ends_ms > self.clock.now().unix_ms()).then_some(login)
    }

    /// Opens a session for a provider's user, whom it finds by issuer and subject, links or makes.
    ///
    /// # Errors
    /// [`AccessError::Refused`] with a sentence for the person.
    pub async fn open_provider_session(&self, login: &ProviderLogin) -> Result<String, AccessError> {
        let mut user = self.user_of_provider(login).await?;
        if user.tenant != login.tenant {
            return Err(AccessError::Refused("your account is of another tenant than the identity provider says"));
        }
        if let Some(role) = login.role {
            user = self.follow_role(user, role, login.address).await?;
        }
        let found = self.store.get_login(user.id).await?.filter(|login| login.user.may_enter());
        let found = found.ok_or(AccessError::Refused("your account is locked, ask an admin of your tenant"))?;
        self.add_provider_session(&found, login).await
    }

    async fn add_provider_session(&self, found: &Login, login: &ProviderLogin) -> Result<String, AccessError> {
        self.note_login(found, "session", login.address).await?;
        let provenance = Provenance { issuer: login.issuer.clone(), sid: login.sid.clone() };
        let lifetime_ms = i64::from(crate::SESSION_S) * 1000;
        let secret =
            self.add_session(found, SessionKind::Browser, login.address, lifetime_ms, Some(provenance)).await?;
        if let Some(token) = login.token.clone() {
            let (issuer, subject, tenant) = (login.issuer.clone(), login.subject.clone(), login.tenant.to_string());
            let grant = ProviderGrant { issuer, subject, tenant, token };
            self.keep_grant(&hash_secret(&secret), &grant).await?;
        }
        Ok(secret)
    }

    async fn user_of_provider(&self, login: &ProviderLogin) -> Result<User, AccessError> {
        if let Some(user) = self.find_user_of_provider(login).await? {
            return Ok(user);
        }
        if let Some(user) = self.link(login).await? {
            return Ok(user);
        }
        self.add_user_of_provider(login).await
    }

    async fn find_user_of_provider(&self, login: &ProviderLogin) -> Result<Option<User>, AccessError> {
        match self.store.find_identity(&login.issuer, &login.subject).await? {
            Some(id) => Ok(self.store.get_user(id).await?),
            None => Ok(None),
        }
    }

    /// Links the one account of the tenant with the verified address, unless a subject of this issuer has it.
    async fn link(&self, login: &ProviderLogin) -> Result<Option<User>, AccessError> {
        let Some(email) = login.email.as_ref().filter(|_| login.links_email) else { return Ok(None) };
        let found = self.store.find_logins_by_email(email, 10).await?;
        let mut found = found.into_iter().map(|found| found.user).filter(|user| user.tenant == login.tenant);
        let (Some(user), None) = (found.next(), found.next()) else { return Ok(None) };
        let store = self.store.by(self.provider_author(login.address));
        match store.add_identity(&login.issuer, &login.subject, user.id).await {
            Ok(()) => {
                tracing::info!(user.id = %user.id, "account linked to an identity by its verified address");
                Ok(Some(user))
            }
            // Another subject has it, or this one got its user just now.
            Err(StoreError::Conflict(_)) => self.find_user_of_provider(login).await,
            Err(error) => Err(error.into()),
        }
    }

    async fn add_user_of_provider(&self, login: &ProviderLogin) -> Result<User, AccessError> {
        let tenant = Tenant {
            id: login.tenant.clone(),
            name: milepost_domain::Label::new(login.tenant.as_str()).map_err(AccessError::Invalid)?,
        };
        self.store.ensure_tenant(&tenant).await?;
        for number in 1..=NAMES_TRIED + 1 {
            let new = NewLogin {
                username: free_name(&login.name, number),
                password_hash: None,
                role: login.role.unwrap_or(Role::Parent),
                tenant: login.tenant.clone(),
                approved: true,
                active: true,
                cadet_id: None,
                vehicle_ids: Vec::new(),
                contact: Contact { email: login.email.clone(), ..Contact::default() },
            };
            let store = self.store.by(self.provider_author(login.address));
            match store.add_user_of_identity(&login.issuer, &login.subject, &new, self.clock.now()).await {
                Ok(user) => {
                    self.end_connections(Holder::User(user.id), CloseReason::RightsChanged);
                    tracing::info!(user.id = %user.id, tenant.id = %user.tenant, "user added by an identity provider");
                    return Ok(user);
                }
                Err(StoreError::Conflict("username")) => {}
                // The same person logged in twice at once.
                Err(StoreError::Conflict(_)) => {
                    return self.find_user_of_provider(login).await?.ok_or(AccessError::Internal);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(AccessError::Internal)
    }

    /// Gives a user the role that the provider's groups have now.
    pub(crate) async fn follow_role(
        &self,
        user: User,
        role: Role,
        address: Option<IpAddr>,
    ) -> Result<User, AccessError> {
        let mut user = user;
        while user.role != role {
            let changed = User { role, version: user.version + 1, ..user.clone() };
            let store = self.store.by(self.provider_author(address));
            if store.update_user(&changed, None, self.clock.now()).await? {
                self.end_connections(Holder::User(user.id), CloseReason::RightsChanged);
                tracing::info!(user.id = %user.id, role = role.as_str(), "role changed by an identity provider");
                return Ok(changed);
            }
            user = self.store.get_user(user.id).await?.ok_or(AccessError::Internal)?;
        }
        Ok(user)
    }

    /// Ends the sessions that a logout token names, with their connections.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be written.
    pub async fn end_provider_sessions(&self, issuer: &str, logout: &ProviderLogout) -> Result<(), AccessError> {
        let (sid, subject) = (logout.sid.as_deref(), logout.subject.as_deref());
        let users = self.store.remove_sessions_of_issuer(issuer, sid, subject, self.clock.now()).await?;
        for user in users {
            self.revalidate_connections(Holder::User(user)).await?;
        }
        Ok(())
    }

    /// Whether a key set lacks the key that a token names.
    pub fn lacks_key(keys: &[u8], token: &str) -> bool {
        let Ok(header) = jsonwebtoken::decode_header(token) else { return false };
        !read_keys(keys).verifiers.iter().any(|verifier| verifier.fits(&header))
    }

    /// The claims of an ID token that this provider signed for this client and this login. One that came with a new access token has no
    /// `nonce`: the provider itself gave it.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn verify_id_token(
        &self,
        token: &str,
        keys: &[u8],
        issuer: &str,
        client_id: &str,
        nonce: Option<&str>,
    ) -> Result<Map<String, Value>, &'static str> {
        let claims = verify(token, keys)?;
        self.check_common(&claims, issuer, client_id)?;
        let text = |name: &str| claims.get(name).and_then(Value::as_str);
        if seconds(&claims, "exp").is_none_or(|exp| exp + LEEWAY_S <= self.now_s()) {
            return Err("the ID token has expired");
        }
        if nonce.is_some_and(|nonce| text("nonce") != Some(nonce)) {
            return Err("the ID token is of another login");
        }
        if text("azp").is_some_and(|azp| azp != client_id) {
            return Err("the ID token is for another application");
        }
        if text("sub").is_none_or(|sub| sub.is_empty() || sub.len() > 255) {
            return Err("the ID token has no claim «sub»");
        }
        Ok(claims)
    }

    /// What a logout token ends (OpenID Connect Back-Channel Logout, section 2.6).
    ///
    /// # Errors
    /// A sentence that says what is wrong with it.
    pub fn verify_logout_token(
        &self,
        token: &str,
        keys: &[u8],
        issuer: &str,
        client_id: &str,
    ) -> Result<ProviderLogout, &'static str> {
        let claims = verify(token, keys)?;
        self.check_common(&claims, issuer, client_id)?;
        let now = self.now_s();
        if seconds(&claims, "exp").is_some_and(|exp| exp + LEEWAY_S <= now)
            || seconds(&claims, "iat").is_none_or(|iat| iat + LOGOUT_TOKEN_S <= now)
        {
            return Err("the logout token is too old");
        }
        let is_logout = claims.get("events").and_then(|events| events.get(LOGOUT_EVENT)).is_some_and(Value::is_object);
        if !is_logout || claims.contains_key("nonce") {
            return Err("the token is no logout token");
        }
        let text = |name: &str| claims.get(name).and_then(Value::as_str).map(str::to_owned);
        let logout = ProviderLogout { sid: text("sid"), subject: text("sub") };
        if logout.sid.is_none() && logout.subject.is_none() {
            return Err("the logout token names neither a session nor a user");
        }
        Ok(logout)
    }

    fn check_common(&self, claims: &Map<String, Value>, issuer: &str, client_id: &str) -> Result<(), &'static str> {
        if claims.get("iss").and_then(Value::as_str) != Some(issuer) {
            return Err("the token is of another issuer");
        }
        let is_ours = match claims.get("aud") {
            Some(Value::String(audience)) => audience == client_id,
            Some(Value::Array(all)) => all.iter().any(|one| one.as_str() == Some(client_id)),
            _ => false,
        };
        if !is_ours {
            return Err("the token is for another application");
        }
        if seconds(claims, "iat").is_none_or(|iat| iat - LEEWAY_S > self.now_s()) {
            return Err("the token is of the future: set both clocks by NTP");
        }
        Ok(())
    }

    fn now_s(&self) -> i64 {
        self.clock.now().unix_ms().div_euclid(1_000)
    }
}

fn seconds(claims: &Map<String, Value>, name: &str) -> Option<i64> {
    let number = claims.get(name)?;
    number.as_i64().or_else(|| number.as_f64().map(|seconds| seconds as i64))
}

fn read_keys(keys: &[u8]) -> IssuerKeys {
    let mut read = IssuerKeys::default();
    let _ = read.trust_key_set(keys);
    read
}

/// The claims of a token that one of these keys has signed.
fn verify(token: &str, keys: &[u8]) -> Result<Map<String, Value>, &'static str> {
    const FORGED: &str = "the token is not signed by the identity provider";
    let header: Header = jsonwebtoken::decode_header(token).map_err(|_| FORGED)?;
    if header.crit.is_some() {
        return Err(FORGED);
    }
    let keys = read_keys(keys);
    let fitting = |verifier: &&Verifier| verifier.fits(&header);
    keys.verifiers.iter().filter(fitting).find_map(|verifier| decode_verified(token, &header, verifier)).ok_or(FORGED)
}

/// The name that somebody has at the provider, as a username: with a number if it is taken.
fn free_name(name: &str, number: u32) -> Username {
    let plain: String = name.chars().map(|c| if c == '/' { '-' } else { c }).take(Username::MAX_CHARS - 50).collect();
    let numbered = match number {
        1 => plain.trim().to_owned(),
        2..=NAMES_TRIED => format!("{}-{number}", plain.trim()),
        _ => format!(
            "{}-{}",
            plain.trim(),
            crate::random_secret("").chars().filter(char::is_ascii_alphanumeric).take(8).collect::<String>()
        ),
    };
    let fallback = || Username::new(&format!("user-{number}"));
    Username::new(&numbered).or_else(|_| fallback()).expect("letters, digits and a hyphen are a name")
}

#[cfg(test)]
mod tests {
    use super::free_name;

    #[test]
    fn a_name_at_the_provider_becomes_a_username() {
        for (name, number, username) in [
            ("ann", 1, "ann"),
            ("ann", 3, "ann-3"),
            ("acme/ann", 1, "acme-ann"),
            ("\u{202e}", 2, "user-2"),
            ("", 1, "user-1"),
            ("ann@example.org", 1, "ann@example.org"),
        ] {
            assert_eq!(free_name(name, number).as_str(), username, "{name}");
        }
        assert!(free_name(&"x".repeat(500), 21).as_str().len() < 150);
    }
}
