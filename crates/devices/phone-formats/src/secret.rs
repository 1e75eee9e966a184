//! The secrets with which OwnTracks encrypts its messages: libsodium's secret box, XSalsa20 with Poly1305.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto_secretbox::aead::{Aead, KeyInit};
use crypto_secretbox::{Key, Nonce, XSalsa20Poly1305};
use milepost_domain::UniqueId;
use std::collections::HashMap;
use std::fmt;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// The secrets of devices, by their unique ids.
#[derive(Clone, Default)]
pub struct DeviceSecrets(HashMap<UniqueId, [u8; KEY_BYTES]>);

/// A message that is not of this device's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretRefused;

// Written by hand, so that a secret never reaches a log line.
impl fmt::Debug for DeviceSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceSecrets").field("devices", &self.0.len()).finish_non_exhaustive()
    }
}

impl DeviceSecrets {
    /// Reads `unique-id=secret` of each entry. A secret has 1 to 32 bytes.
    ///
    /// # Errors
    /// The number of the entry that is none, from 1, without its secret.
    pub fn new(entries: &[String]) -> Result<Self, usize> {
        let read = |entry: &str| {
            let (unique_id, secret) = entry.split_once('=')?;
            let secret = Some(secret.as_bytes()).filter(|secret| (1..=KEY_BYTES).contains(&secret.len()))?;
            // Filled with zeros, as the app does.
            let mut key = [0; KEY_BYTES];
            key[..secret.len()].copy_from_slice(secret);
            Some((UniqueId::new(unique_id.trim()).ok()?, key))
        };
        let entries = entries.iter().enumerate().map(|(place, entry)| read(entry).ok_or(place + 1));
        entries.collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn has(&self, unique_id: &UniqueId) -> bool {
        self.0.contains_key(unique_id)
    }

    /// Decrypts base64 of a nonce and a box.
    pub(crate) fn open(&self, unique_id: &UniqueId, data: &str) -> Result<Vec<u8>, SecretRefused> {
        let key = self.0.get(unique_id).ok_or(SecretRefused)?;
        let bytes = STANDARD.decode(data.trim()).map_err(|_| SecretRefused)?;
        let (nonce, sealed) = bytes.split_at_checked(NONCE_BYTES).ok_or(SecretRefused)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| SecretRefused)?;
        let opener = XSalsa20Poly1305::new(&Key::from(*key));
        opener.decrypt(&Nonce::from(nonce), sealed).map_err(|_| SecretRefused)
    }
}
