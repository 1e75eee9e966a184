//! The keys that verify tokens, from the configuration, the data folder and the files of other issuers.

use crate::config::Config;
use crate::data_folder::{jwt_secret, read_secret_file};
use anyhow::{Context, Result, anyhow};
use milepost_access::{Access, IssuerKeys, IssuerRules, TokenKeys};
use milepost_clock::Clock;
use std::sync::Arc;
use std::time::Duration;

/// How often the files of other issuers are read again. An issuer publishes a new key well before it signs with it.
const READ_AGAIN: Duration = Duration::from_secs(5);

/// Checks the files with the secret and the keys of other issuers, so that a wrong one stops the start. Writes no files.
///
/// # Errors
/// The setting that is wrong.
pub(crate) fn check_keys(config: &Config) -> Result<()> {
    if let Some(path) = &config.jwt_secret_file {
        read_secret_file(path)?;
    }
    IssuerFiles::read(config)?.keys(config).map(drop)
}

/// The keys that sign and verify tokens.
///
/// # Errors
/// When a file can't be read or has no key.
pub(crate) fn token_keys(config: &Config, clock: &Clock) -> Result<TokenKeys> {
    let secret = jwt_secret(config)?;
    let keys = TokenKeys::new(&secret, clock.clone()).map_err(anyhow::Error::msg)?;
    let rules = IssuerRules { issuer: config.jwt_issuer.clone(), audience: config.jwt_audience.clone() };
    Ok(keys.with_issuers(IssuerFiles::read(config)?.keys(config)?, rules))
}

/// Reads the key files again when they change. A file that can't be read or holds no key changes nothing, and is logged once.
pub(crate) async fn follow_issuer_files(config: Config, access: Arc<Access>, clock: Clock) {
    if config.jwt_public_key_file.is_none() && config.jwks_file.is_none() {
        // Not the end, which would be a fault.
        return std::future::pending().await;
    }
    let mut known = IssuerFiles::read(&config).ok();
    let mut last_error = String::new();
    loop {
        clock.sleep(READ_AGAIN).await;
        let read_from = config.clone();
        let read = tokio::task::spawn_blocking(move || IssuerFiles::read(&read_from)).await;
        let read = read.map_err(anyhow::Error::new).and_then(|files| files);
        let changed = match read {
            Ok(files) if known.as_ref() == Some(&files) => continue,
            Ok(files) => files.keys(&config).map(|keys| (files, keys)),
            Err(error) => Err(error),
        };
        match changed {
            Ok((files, keys)) => {
                access.tokens().replace_issuers(keys);
                known = Some(files);
                last_error.clear();
                tracing::info!("the keys of other issuers were read again");
            }
            Err(error) => {
                let error = format!("{error:#}");
                if error != last_error {
                    tracing::warn!(%error, "the keys of other issuers stay as they are");
                    last_error = error;
                }
            }
        }
    }
}

/// What the files of other issuers hold.
#[derive(PartialEq, Eq)]
struct IssuerFiles {
    public_key: Option<Vec<u8>>,
    key_set: Option<Vec<u8>>,
}

impl IssuerFiles {
    fn read(config: &Config) -> Result<Self> {
        let read = |variable: &str, path: &Option<std::path::PathBuf>| match path {
            Some(path) => {
                std::fs::read(path).map(Some).with_context(|| format!("{variable}: can't read {}", path.display()))
            }
            None => Ok(None),
        };
        Ok(Self {
            public_key: read("JWT_PUBLIC_KEY_FILE", &config.jwt_public_key_file)?,
            key_set: read("JWKS_FILE", &config.jwks_file)?,
        })
    }

    /// `config` names the files, for the errors.
    fn keys(&self, config: &Config) -> Result<IssuerKeys> {
        let mut keys = IssuerKeys::default();
        if let (Some(pem), Some(path)) = (&self.public_key, &config.jwt_public_key_file) {
            let trusted = keys.trust_public_key(pem);
            trusted.map_err(|takes| anyhow!("JWT_PUBLIC_KEY_FILE: {} {takes}", path.display()))?;
        }
        if let (Some(json), Some(path)) = (&self.key_set, &config.jwks_file) {
            keys.trust_key_set(json).map_err(|takes| anyhow!("JWKS_FILE: {} {takes}", path.display()))?;
        }
        Ok(keys)
    }
}
