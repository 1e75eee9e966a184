//! Second factors: set up by their user, asked for at a login, and taken away again.

use crate::login::WRONG;
use crate::totp::{SECRET_BYTES, base32, step_of};
use crate::{Access, AccessError, Authentication, hash_secret, random_secret};
use milepost_domain::{Author, Invalid, User, UserId};
use milepost_store::{Login, SessionKind, TotpAttempt, TotpLimit};
use std::fmt::Write as _;
use std::net::IpAddr;

/// Wrong codes of a user, at once, on all nodes.
const CODE_ATTEMPTS: i64 = 5;
/// One of them is forgiven in this time, milliseconds. At 288 a day and three right codes of a million, a guesser who knows the password
/// needs years.
const CODE_RECOVERY_MS: i64 = 5 * 60 * 1000;
const LIMIT: TotpLimit = TotpLimit { attempts: CODE_ATTEMPTS, recovery_ms: CODE_RECOVERY_MS };
/// How long a login may wait for its second factor.
const CHALLENGE_MS: i64 = 5 * 60 * 1000;
const RECOVERY_CODES: usize = 10;
/// Random bytes of a recovery code. 80 bits can't be guessed, even by who has the digests.
const RECOVERY_CODE_BYTES: usize = 10;
const NO_USER: AccessError = AccessError::Refused("only users that are stored here have a second factor");

/// A new secret for an authenticator app.
pub struct TotpSetup {
    /// In base32, to be typed.
    pub secret: String,
    /// For a QR code.
    pub otpauth_url: String,
}

/// What a right password led to.
pub enum Opened {
    /// A session, by the secret of its cookie.
    Session(String),
    /// A second factor is due, with this challenge.
    Challenge(String),
}

impl Access {
    /// Begins to set up an authenticator app for the caller. It counts after [`Self::confirm_totp`].
    ///
    /// # Errors
    /// [`AccessError::Conflict`] if there is one.
    pub async fn begin_totp(&self, authentication: &Authentication) -> Result<TotpSetup, AccessError> {
        let user = self.own_user(authentication).await?;
        let mut secret = [0_u8; SECRET_BYTES];
        fill_random(&mut secret);
        if !self.store.add_totp(user.id, &secret).await? {
            return Err(AccessError::Conflict("there is a second factor already, remove it first"));
        }
        let secret = base32(&secret);
        let label = percent_encode(&format!("Milepost:{}/{}", user.tenant, user.username));
        let otpauth_url =
            format!("otpauth://totp/{label}?secret={secret}&issuer=Milepost&algorithm=SHA1&digits=6&period=30");
        Ok(TotpSetup { secret, otpauth_url })
    }

    /// Ends the set-up with a code of the app. From now on logins need one. Returns the recovery codes, which nobody sees again.
    ///
    /// # Errors
    /// [`AccessError::Invalid`] for a wrong code, [`AccessError::Conflict`] if nothing is being set up, [`AccessError::TooMany`].
    pub async fn confirm_totp(
        &self,
        authentication: &Authentication,
        code: &str,
        address: Option<IpAddr>,
    ) -> Result<Vec<String>, AccessError> {
        const NOTHING: AccessError = AccessError::Conflict("no second factor is being set up");
        let user = self.own_user(authentication).await?.id;
        let (secret, last_step) = match self.begin_attempt(user).await? {
            Some(Factor { is_confirmed: false, secret, last_step }) => (secret, last_step),
            Some(_) | None => return Err(NOTHING),
        };
        let step = step_of(&plain_code(code), &secret, last_step, self.clock.now())
            .ok_or(AccessError::Invalid(Invalid::new("code", "is not the app's present code")))?;
        let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code()).collect();
        let hashes: Vec<_> = codes.iter().map(|code| hash_secret(&plain_code(code))).collect();
        let store = self.store.by(self.author(user, address));
        if !store.confirm_totp(user, step, &hashes, self.clock.now()).await? {
            return Err(NOTHING);
        }
        self.forget_identities();
        tracing::info!(user.id = %user, "second factor set up");
        Ok(codes)
    }

    /// Removes the caller's second factor. Returns false if there is none.
    ///
    /// # Errors
    /// [`AccessError::StepUpNeeded`] as [`Self::step_up`] says, [`AccessError::Conflict`] if the role needs one.
    pub async fn remove_own_totp(
        &self,
        authentication: &Authentication,
        password: Option<String>,
        address: Option<IpAddr>,
    ) -> Result<bool, AccessError> {
        let user = self.own_user(authentication).await?;
        self.step_up(authentication, password, address).await?;
        if self.store.get_login(user.id).await?.is_some_and(|login| login.is_factor_demanded) {
            return Err(AccessError::Conflict("your role needs a second factor: ask an admin to reset it"));
        }
        self.remove_totp(user.id, self.author(user.id, address)).await
    }

    /// Removes the second factor of a user, who is locked out without it. Returns false if there is none.
    ///
    /// # Errors
    /// [`AccessError::Store`] when the store can't be written.
    pub async fn remove_totp(&self, user: UserId, author: Author) -> Result<bool, AccessError> {
        let removed = self.store.by(author).remove_totp(user).await?;
        self.forget_identities();
        Ok(removed)
    }

    /// Opens a browser's session for a login whose password was right, or asks for the second factor.
    pub(crate) async fn open_or_challenge(
        &self,
        login: &Login,
        address: Option<IpAddr>,
    ) -> Result<Opened, AccessError> {
        if !login.has_totp {
            return Ok(Opened::Session(self.open_browser_session(login, address).await?));
        }
        let challenge = random_secret("mpc_");
        let expires_at = self.clock.now().plus_ms(CHALLENGE_MS);
        self.store.add_challenge(&hash_secret(&challenge), login.user.id, expires_at).await?;
        Ok(Opened::Challenge(challenge))
    }

    /// Opens the session of a challenge, and returns the secret for its cookie.
    ///
    /// # Errors
    /// [`AccessError::NotAuthenticated`] for a challenge that has ended, [`AccessError::SecondFactorDue`] for a wrong code,
    /// [`AccessError::TooMany`].
    pub async fn answer_challenge(
        &self,
        challenge: &str,
        code: &str,
        address: Option<IpAddr>,
    ) -> Result<String, AccessError> {
        const ENDED: AccessError = AccessError::NotAuthenticated("the login took too long, or was ended: log in again");
        let hash = hash_secret(challenge);
        let user = self.store.find_challenge(&hash, self.clock.now()).await?.ok_or(ENDED)?;
        self.check_code(user, code, address).await?;
        if !self.store.remove_challenge(&hash).await? {
            return Err(ENDED);
        }
        let login = self.store.get_login(user).await?.filter(|login| login.user.may_enter()).ok_or(ENDED)?;
        self.open_browser_session(&login, address).await
    }

    /// Makes sure that a login has its second factor.
    ///
    /// # Errors
    /// [`AccessError::SecondFactorDue`] without one or for a wrong one, [`AccessError::TooMany`].
    pub(crate) async fn require_factor(
        &self,
        login: &Login,
        code: Option<&str>,
        address: Option<IpAddr>,
    ) -> Result<(), AccessError> {
        match code {
            _ if !login.has_totp => Ok(()),
            Some(code) => self.check_code(login.user.id, code, address).await,
            None => Err(AccessError::SecondFactorDue("a code of your authenticator app is needed, or a recovery code")),
        }
    }

    /// Checks a code of the app or a recovery code, each of which is good once.
    async fn check_code(&self, user: UserId, code: &str, address: Option<IpAddr>) -> Result<(), AccessError> {
        const WRONG_CODE: AccessError = AccessError::SecondFactorDue("the code is wrong, or was used before");
        let factor = self.begin_attempt(user).await?.filter(|factor| factor.is_confirmed).ok_or(WRONG)?;
        let code = plain_code(code);
        let is_right = match step_of(&code, &factor.secret, factor.last_step, self.clock.now()) {
            Some(step) => self.store.use_totp_step(user, step, LIMIT).await?,
            None => self.store.use_recovery_code(user, &hash_secret(&code), LIMIT).await?,
        };
        if is_right {
            return Ok(());
        }
        if let Some(user) = self.store.get_user(user).await? {
            self.note_failed_login(&user, "totp", address);
        }
        Err(WRONG_CODE)
    }

    /// Counts an attempt, and reads what it is compared with.
    async fn begin_attempt(&self, user: UserId) -> Result<Option<Factor>, AccessError> {
        match self.store.begin_totp_attempt(user, LIMIT, self.clock.now()).await? {
            TotpAttempt::Allowed { secret, last_step, is_confirmed } => {
                Ok(Some(Factor { secret, last_step, is_confirmed }))
            }
            TotpAttempt::NoFactor => Ok(None),
            TotpAttempt::TooMany { wait_ms } => {
                Err(AccessError::TooMany { retry_after_s: wait_ms.max(1).unsigned_abs().div_ceil(1_000) })
            }
        }
    }

    async fn open_browser_session(&self, login: &Login, address: Option<IpAddr>) -> Result<String, AccessError> {
        self.note_login(login, "session", address).await?;
        self.add_session(login, SessionKind::Browser, address, i64::from(crate::SESSION_S) * 1000, None).await
    }

    async fn own_user(&self, authentication: &Authentication) -> Result<User, AccessError> {
        let id = authentication.stored_user().ok_or(NO_USER)?;
        self.store.get_user(id).await?.ok_or(NO_USER)
    }
}

struct Factor {
    secret: Vec<u8>,
    last_step: i64,
    is_confirmed: bool,
}

/// A code as it is compared: people type spaces, hyphens and capitals.
fn plain_code(code: &str) -> String {
    code.chars().filter(|c| !matches!(c, ' ' | '-')).take(64).collect::<String>().to_ascii_lowercase()
}

/// Such as `k3wd-7xqa-p2mn-c5rt`.
fn recovery_code() -> String {
    let mut bytes = [0_u8; RECOVERY_CODE_BYTES];
    fill_random(&mut bytes);
    let letters = base32(&bytes).to_ascii_lowercase();
    [&letters[..4], &letters[4..8], &letters[8..12], &letters[12..]].join("-")
}

fn fill_random(bytes: &mut [u8]) {
    getrandom::fill(bytes).expect("the operating system gives random bytes");
}

/// Everything but the unreserved characters of RFC 3986.
fn percent_encode(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~:".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("a String takes everything");
        }
        encoded
    })
}
