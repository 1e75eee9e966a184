//! Passwords that another server hashed with PBKDF2. They are checked at the first login, and kept as argon2id from then on.

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use ring::pbkdf2;
use std::num::NonZeroU32;

/// The most iterations: a login takes seconds of a core beyond.
const MAX_ITERATIONS: u32 = 2_000_000;

/// The digest of a PBKDF2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pbkdf2Digest {
    /// HMAC-SHA-1.
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
}

/// A password as another server keeps it.
#[derive(Clone, PartialEq, Eq)]
pub struct Pbkdf2Hash {
    digest: Pbkdf2Digest,
    iterations: NonZeroU32,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl Pbkdf2Hash {
    /// `None` for no or too many iterations, and for a salt or hash of a size that none has.
    pub fn new(digest: Pbkdf2Digest, iterations: u32, salt: Vec<u8>, hash: Vec<u8>) -> Option<Self> {
        let iterations = NonZeroU32::new(iterations).filter(|count| count.get() <= MAX_ITERATIONS)?;
        let fits = (8..=64).contains(&salt.len()) && (16..=64).contains(&hash.len());
        fits.then_some(Self { digest, iterations, salt, hash })
    }

    /// Its PHC string, as the store keeps it.
    pub fn to_phc(&self) -> String {
        let name = match self.digest {
            Pbkdf2Digest::Sha1 => "pbkdf2-sha1",
            Pbkdf2Digest::Sha256 => "pbkdf2-sha256",
        };
        let written = |bytes: &[u8]| STANDARD_NO_PAD.encode(bytes);
        format!("${name}$i={}${}${}", self.iterations, written(&self.salt), written(&self.hash))
    }

    /// `None` for a hash of another kind.
    pub(crate) fn parse(phc: &str) -> Option<Self> {
        let mut parts = phc.strip_prefix("$pbkdf2-")?.split('$');
        let digest = match parts.next()? {
            "sha1" => Pbkdf2Digest::Sha1,
            "sha256" => Pbkdf2Digest::Sha256,
            _ => return None,
        };
        let iterations = parts.next()?.strip_prefix("i=")?.parse().ok()?;
        let mut bytes = || STANDARD_NO_PAD.decode(parts.next()?).ok();
        Self::new(digest, iterations, bytes()?, bytes()?)
    }

    /// Whether it is the hash of this password.
    pub(crate) fn is_of(&self, password: &str) -> bool {
        let algorithm = match self.digest {
            Pbkdf2Digest::Sha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Pbkdf2Digest::Sha256 => pbkdf2::PBKDF2_HMAC_SHA256,
        };
        pbkdf2::verify(algorithm, self.iterations, &self.salt, password.as_bytes(), &self.hash).is_ok()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_both_digests_are_checked() {
        // Computed with Python's hashlib.pbkdf2_hmac.
        let salt: Vec<u8> = (0..24).collect();
        let sha1 = "TJ6GLwHEm4OIbJ4cAQqhpWtAt3vzTTPM";
        let sha256 = "stXggCemlMLdX0VMvN8vcKb7vSXRqZHR";
        for (digest, iterations, hash) in [(Pbkdf2Digest::Sha1, 1000, sha1), (Pbkdf2Digest::Sha256, 2000, sha256)] {
            let bytes = STANDARD_NO_PAD.decode(hash).unwrap();
            let kept = Pbkdf2Hash::new(digest, iterations, salt.clone(), bytes).unwrap();
            let read = Pbkdf2Hash::parse(&kept.to_phc()).unwrap();
            assert!(read.is_of("p\u{e4}ssword 1") && !read.is_of("password 1"), "{digest:?}");
        }
        for none in [
            "",
            "$argon2id$v=19$m=1,t=1,p=1$AAAA$AAAA",
            "$pbkdf2-sha1$i=0$AAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAA",
            "$pbkdf2-md5$i=1$A$A",
        ] {
            assert!(Pbkdf2Hash::parse(none).is_none(), "{none}");
        }
    }
}
