//! Proofs of delivery: what shows that something was handed over.

use crate::names::named_values;
use crate::text::short_text;
use crate::{Invalid, Latitude, Longitude, ProofId, Timestamp, TrackingId};

short_text!(
    /// The name of who took the delivery.
    ReceiverName, "receiver", 200, "must be 1 to 200 characters without control characters"
);
short_text!(
    /// The code that the receiver said or showed.
    HandoverCode, "code", 64, "must be 1 to 64 characters without control characters"
);

/// What the rider wrote about it: lines of text, at most 2,000 characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofNote(String);

impl ProofNote {
    /// The length of the longest note, in characters.
    pub const MAX_CHARS: usize = 2_000;

    /// # Errors
    /// [`Invalid`] for an empty or longer text, and for control characters other than line breaks and tabs.
    pub fn new(text: &str) -> Result<Self, Invalid> {
        let is_plain = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
        if (1..=Self::MAX_CHARS).contains(&text.chars().count()) && text.chars().all(is_plain) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Invalid::new("note", "must be 1 to 2000 characters without control characters"))
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a picture shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProofFileKind {
    /// The receiver's signature.
    Signature,
    /// A photo of the goods, or of the place.
    Photo,
}

named_values!(ProofFileKind, "kind", "must be signature or photo", {
    Signature => "signature",
    Photo => "photo",
});

/// A stored picture of a proof.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofFile {
    /// Its number within the proof, from 1.
    pub id: i64,
    /// What it shows.
    pub kind: ProofFileKind,
    /// The re-encoded picture's bytes.
    pub bytes: u64,
    /// The SHA-256 of these bytes.
    pub sha256: [u8; 32],
    /// `image/jpeg` or `image/png`.
    pub media_type: String,
    /// Where the file store keeps it.
    pub key: String,
}

/// A proof of one delivery session.
#[derive(Debug, Clone, PartialEq)]
pub struct Proof {
    /// Its id.
    pub id: ProofId,
    /// The session.
    pub tracking_id: TrackingId,
    /// Who added it: the subject of a token, or `token:` and the number of an access token.
    pub added_by: String,
    /// When it arrived.
    pub added_at: Timestamp,
    /// When it was done, by the phone's clock.
    pub taken_at: Timestamp,
    /// Where it was done: degrees north and east.
    pub place: Option<(Latitude, Longitude)>,
    /// Who took the delivery.
    pub receiver: Option<ReceiverName>,
    /// The code that the receiver said.
    pub code: Option<HandoverCode>,
    /// What the rider wrote.
    pub note: Option<ProofNote>,
    /// Its pictures, the signature first.
    pub files: Vec<ProofFile>,
}

impl Proof {
    /// Photos of one proof.
    pub const MAX_PHOTOS: usize = 5;
}

/// What others are told of a proof: by what it is found, and the sums by which its pictures are recognised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofReference {
    /// Which proof.
    pub id: ProofId,
    /// Its pictures.
    pub files: Vec<ProofFileReference>,
}

/// What others are told of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofFileReference {
    /// Its number within the proof.
    pub id: i64,
    /// What it shows.
    pub kind: ProofFileKind,
    /// The bytes of the stored picture.
    pub bytes: u64,
    /// Their SHA-256.
    pub sha256: [u8; 32],
}

impl Proof {
    /// What others are told of it.
    pub fn reference(&self) -> ProofReference {
        let file = |file: &ProofFile| ProofFileReference {
            id: file.id,
            kind: file.kind,
            bytes: file.bytes,
            sha256: file.sha256,
        };
        ProofReference { id: self.id.clone(), files: self.files.iter().map(file).collect() }
    }
}
