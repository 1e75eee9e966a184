//! Checks what a browser brings from an authenticator (WebAuthn Level 3, sections 7.1 and 7.2). Statements about the authenticator's maker are
//! not asked for, and not looked at.

use super::RelyingParty;
use super::cbor::Cbor;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

/// ES256, EdDSA and RS256 (the IANA registry of COSE algorithms), the wanted one first.
pub const ALGORITHMS: [i64; 3] = [ES256, EDDSA, RS256];
const ES256: i64 = -7;
const EDDSA: i64 = -8;
const RS256: i64 = -257;
/// The longest name that an authenticator may give a key (WebAuthn, section 7.1, step 26), in bytes.
const MAX_CREDENTIAL_ID_BYTES: usize = 1023;
/// A longer key is refused: one of RSA with 8,192 bits takes less.
const MAX_KEY_BYTES: usize = 1_100;
/// Someone touched the authenticator.
const USER_PRESENT: u8 = 0x01;
/// It knows by a PIN or a finger who.
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const HAS_KEY: u8 = 0x40;
const HAS_EXTENSIONS: u8 = 0x80;

/// A new key, as a browser brings it.
pub struct Registration {
    /// What the browser says of the ceremony.
    pub client_data: Vec<u8>,
    /// What the authenticator made.
    pub attestation_object: Vec<u8>,
}

/// A signature, as a browser brings it.
pub struct Assertion {
    /// The name of the key.
    pub credential_id: Vec<u8>,
    /// What the browser says of the ceremony.
    pub client_data: Vec<u8>,
    /// What the authenticator says.
    pub authenticator_data: Vec<u8>,
    /// Its signature of both.
    pub signature: Vec<u8>,
}

/// What a registration brought.
#[derive(Debug)]
pub(super) struct MadeKey {
    pub(super) credential_id: Vec<u8>,
    pub(super) public_key: Vec<u8>,
    pub(super) counter: u32,
}

/// Checks a new key.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_registration(
    party: &RelyingParty,
    challenge: &str,
    made: &Registration,
) -> Result<MadeKey, &'static str> {
    const BROKEN: &str = "what the authenticator made can't be read";
    check_client_data(party, "webauthn.create", challenge, &made.client_data)?;
    let data = authenticator_data_of(&made.attestation_object).ok_or(BROKEN)?;
    let read = AuthenticatorData::read(data).ok_or(BROKEN)?;
    read.check(party, false)?;
    if read.flags & HAS_KEY == 0 {
        return Err("the authenticator made no key");
    }
    // Its kind (16 bytes), the length of the name, the name, the key, and extensions.
    let (length, rest) =
        read.rest.split_at_checked(16).and_then(|(_, rest)| rest.split_first_chunk::<2>()).ok_or(BROKEN)?;
    let length = usize::from(u16::from_be_bytes(*length));
    let (credential_id, rest) = rest.split_at_checked(length).ok_or(BROKEN)?;
    if credential_id.is_empty() || length > MAX_CREDENTIAL_ID_BYTES {
        return Err("the name of the key is too long");
    }
    let mut after = Cbor(rest);
    after.skip().ok_or(BROKEN)?;
    let public_key = &rest[..rest.len() - after.0.len()];
    if read.flags & HAS_EXTENSIONS != 0 {
        after.skip().ok_or(BROKEN)?;
    }
    if !after.0.is_empty() || public_key.len() > MAX_KEY_BYTES {
        return Err(BROKEN);
    }
    PublicKey::read(public_key).ok_or("the kind of the key is not known: ES256, EdDSA and RS256 are")?;
    let (credential_id, public_key) = (credential_id.to_vec(), public_key.to_vec());
    Ok(MadeKey { credential_id, public_key, counter: read.counter })
}

/// Checks a signature, and returns the authenticator's counter.
///
/// # Errors
/// What is wrong with it.
pub(super) fn check_assertion(
    party: &RelyingParty,
    challenge: &str,
    public_key: &[u8],
    assertion: &Assertion,
    must_be_verified: bool,
) -> Result<u32, &'static str> {
    check_client_data(party, "webauthn.get", challenge, &assertion.client_data)?;
    let read =
        AuthenticatorData::read(&assertion.authenticator_data).ok_or("the authenticator's answer can't be read")?;
    read.check(party, must_be_verified)?;
    let key = PublicKey::read(public_key).ok_or("the stored key can't be read")?;
    let signed = [&assertion.authenticator_data[..], &Sha256::digest(&assertion.client_data)[..]].concat();
    if key.has_signed(&signed, &assertion.signature) {
        Ok(read.counter)
    } else {
        Err("the signature is not of this passkey")
    }
}

/// What a browser says of a ceremony. It may say more.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    cross_origin: Option<bool>,
}

fn check_client_data(party: &RelyingParty, kind: &str, challenge: &str, json: &[u8]) -> Result<(), &'static str> {
    let data: ClientData = serde_json::from_slice(json).map_err(|_| "what the browser says can't be read")?;
    if data.kind != kind {
        return Err("the answer is to another question");
    }
    if data.challenge != URL_SAFE_NO_PAD.encode(challenge) {
        return Err("the answer is to another challenge");
    }
    if data.origin != party.origin {
        return Err("the answer was given to another site");
    }
    // A frame of another site.
    if data.cross_origin == Some(true) {
        return Err("the answer was given within another site");
    }
    Ok(())
}

/// The field `authData` of an attestation object.
fn authenticator_data_of(object: &[u8]) -> Option<&[u8]> {
    let mut cbor = Cbor(object);
    let mut data = None;
    for _ in 0..cbor.map()? {
        if cbor.text()? == "authData" {
            data = Some(cbor.bytes()?);
        } else {
            cbor.skip()?;
        }
    }
    data.filter(|_| cbor.0.is_empty())
}

/// WebAuthn, section 6.1.
struct AuthenticatorData<'a> {
    party_hash: &'a [u8; 32],
    flags: u8,
    counter: u32,
    rest: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (party_hash, rest) = bytes.split_first_chunk::<32>()?;
        let (flags, rest) = rest.split_first()?;
        let (counter, rest) = rest.split_first_chunk::<4>()?;
        Some(Self { party_hash, flags: *flags, counter: u32::from_be_bytes(*counter), rest })
    }

    fn check(&self, party: &RelyingParty, must_be_verified: bool) -> Result<(), &'static str> {
        if self.party_hash[..] != Sha256::digest(&party.id)[..] {
            return Err("the passkey is of another site");
        }
        if self.flags & USER_PRESENT == 0 {
            return Err("nobody touched the authenticator");
        }
        if must_be_verified && self.flags & USER_VERIFIED == 0 {
            return Err("the authenticator did not ask who you are: it needs a PIN or your finger");
        }
        if self.flags & BACKED_UP != 0 && self.flags & BACKUP_ELIGIBLE == 0 {
            return Err("the authenticator contradicts itself");
        }
        Ok(())
    }
}

/// A COSE key (RFC 9053).
enum PublicKey<'a> {
    /// The uncompressed point.
    Es256([u8; 65]),
    EdDsa(&'a [u8]),
    Rs256 {
        n: &'a [u8],
        e: &'a [u8],
    },
}

impl<'a> PublicKey<'a> {
    fn read(cose: &'a [u8]) -> Option<Self> {
        const KIND: i64 = 1;
        const ALGORITHM: i64 = 3;
        let mut cbor = Cbor(cose);
        let (mut kind, mut algorithm, mut curve) = (None, None, None);
        let (mut first, mut second, mut third) = (None, None, None);
        for _ in 0..cbor.map()? {
            match cbor.integer()? {
                KIND => kind = Some(cbor.integer()?),
                ALGORITHM => algorithm = Some(cbor.integer()?),
                // RSA has bytes where the others have a curve.
                -1 if kind == Some(3) => first = Some(cbor.bytes()?),
                -1 => curve = Some(cbor.integer()?),
                -2 => second = Some(cbor.bytes()?),
                -3 => third = Some(cbor.bytes()?),
                _ => cbor.skip()?,
            }
        }
        match (kind?, algorithm?, curve) {
            (2, ES256, Some(1)) => {
                let (x, y): (&[u8; 32], &[u8; 32]) = (second?.try_into().ok()?, third?.try_into().ok()?);
                let mut point = [4; 65];
                point[1..33].copy_from_slice(x);
                point[33..].copy_from_slice(y);
                Some(Self::Es256(point))
            }
            (1, EDDSA, Some(6)) => Some(Self::EdDsa(second.filter(|x| x.len() == 32)?)),
            (3, RS256, None) => Some(Self::Rs256 { n: first?, e: second? }),
            _ => None,
        }
    }

    fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Es256(point) => UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature),
            Self::EdDsa(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
            Self::Rs256 { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        }
        .is_ok()
    }
}
