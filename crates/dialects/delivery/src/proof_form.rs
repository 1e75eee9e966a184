//! Reads the form of a proof part by part, and makes one sum of what it says: phones send it again with another boundary.

use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use milepost_domain::{HandoverCode, Invalid, Latitude, Longitude, Proof, ProofNote, ReceiverName};
use milepost_http::{Problem, parse_timestamp};
use milepost_service::proofs::{MAX_PICTURE_BYTES, NewProof};
use multer::{Constraints, Multipart, SizeLimit};
use sha2::{Digest, Sha256};

/// The bytes of a part that is a text.
const MAX_TEXT_BYTES: u64 = 16 * 1024;
/// The bytes of a whole form: six pictures, and its texts.
pub(crate) const MAX_FORM_BYTES: usize = 6 * MAX_PICTURE_BYTES + 256 * 1024;

/// The parts that are pictures. All others are texts.
const PICTURES: [&str; 2] = ["signature", "photo"];

/// A form, and the sum of its parts.
pub(crate) struct ProofForm {
    pub(crate) proof: NewProof,
    pub(crate) hash: [u8; 32],
}

pub(crate) async fn read_proof_form(headers: &HeaderMap, body: Body) -> Result<ProofForm, Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let boundary = multer::parse_boundary(content_type.unwrap_or_default()).map_err(|_| {
        Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send the proof as multipart/form-data with a boundary")
    })?;
    if headers.contains_key(header::CONTENT_ENCODING) {
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "send the proof without Content-Encoding"));
    }
    let mut limits = SizeLimit::new().whole_stream(MAX_FORM_BYTES as u64).per_field(MAX_TEXT_BYTES);
    for picture in PICTURES {
        limits = limits.for_field(picture, MAX_PICTURE_BYTES as u64);
    }
    let constraints = Constraints::new().size_limit(limits);
    let mut parts = Multipart::with_constraints(body.into_data_stream(), boundary, constraints);
    let mut texts = Texts::default();
    let mut proof = NewProof::default();
    let mut hash = Sha256::new();
    while let Some(part) = parts.next_field().await.map_err(problem)? {
        let name = part.name().unwrap_or_default().to_owned();
        let bytes = part.bytes().await.map_err(problem)?;
        for bytes in [name.as_bytes(), &bytes] {
            hash.update((bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        }
        match name.as_str() {
            "signature" if proof.signature.is_some() => return Err(twice("signature")),
            "signature" => proof.signature = Some(bytes.to_vec()),
            "photo" if proof.photos.len() == Proof::MAX_PHOTOS => {
                return Err(Problem::invalid("photo", "must be there at most 5 times"));
            }
            "photo" => proof.photos.push(bytes.to_vec()),
            _ => texts.take(&name, &bytes)?,
        }
    }
    texts.fill(&mut proof)?;
    Ok(ProofForm { proof, hash: hash.finalize().into() })
}

#[derive(Default)]
struct Texts {
    receiver: Option<String>,
    code: Option<String>,
    note: Option<String>,
    taken_at: Option<String>,
    latitude: Option<String>,
    longitude: Option<String>,
}

impl Texts {
    fn take(&mut self, name: &str, bytes: &[u8]) -> Result<(), Problem> {
        let place = match name {
            "receiver" => &mut self.receiver,
            "code" => &mut self.code,
            "note" => &mut self.note,
            "taken_at" => &mut self.taken_at,
            "latitude" => &mut self.latitude,
            "longitude" => &mut self.longitude,
            _ => return Err(Problem::invalid(name, "is no part of a proof")),
        };
        if place.is_some() {
            return Err(twice(name));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Problem::invalid(name, "must be UTF-8"))?;
        *place = Some(text.to_owned());
        Ok(())
    }

    /// An empty text counts as absent: forms send the fields that nobody filled.
    fn fill(self, proof: &mut NewProof) -> Result<(), Problem> {
        let filled = |text: Option<String>| text.filter(|text| !text.is_empty());
        let (latitude, longitude) = (filled(self.latitude), filled(self.longitude));
        proof.receiver = filled(self.receiver).map(|text| ReceiverName::new(&text)).transpose()?;
        proof.code = filled(self.code).map(|text| HandoverCode::new(&text)).transpose()?;
        proof.note = filled(self.note).map(|text| ProofNote::new(&text)).transpose()?;
        if let Some(text) = filled(self.taken_at) {
            let value = text.parse::<f64>().map_or_else(|_| text.as_str().into(), serde_json::Value::from);
            proof.taken_at = Some(parse_timestamp(&value).map_err(|takes| Problem::invalid("taken_at", takes))?);
        }
        let degrees = |field: &'static str, text: &str| -> Result<f64, Problem> {
            text.trim().parse().map_err(|_| Problem::from(Invalid::new(field, "must be a number")))
        };
        proof.place = match (latitude, longitude) {
            (Some(latitude), Some(longitude)) => Some((
                Latitude::new(degrees("latitude", &latitude)?)?,
                Longitude::new(degrees("longitude", &longitude)?)?,
            )),
            (None, None) => None,
            (Some(_), None) => return Err(Problem::invalid("longitude", "is required with latitude")),
            (None, Some(_)) => return Err(Problem::invalid("latitude", "is required with longitude")),
        };
        Ok(())
    }
}

fn twice(name: &str) -> Problem {
    Problem::invalid(name, "must be there once")
}

fn problem(error: multer::Error) -> Problem {
    match error {
        multer::Error::FieldSizeExceeded { limit, field_name } => {
            let name = field_name.unwrap_or_default();
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("{name} may have at most {limit} bytes"))
        }
        multer::Error::StreamSizeExceeded { limit } => {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, format!("the proof may have at most {limit} bytes"))
        }
        other => Problem::malformed(format!("the form can't be read: {other}")),
    }
}
