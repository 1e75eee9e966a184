//! `/tracking/{id}/proof` and `/api/v1/deliveries/{id}/proofs`: the same proofs, by the session's link or its order.

use super::NO_STORE;
use crate::DeliveryParts;
use crate::proof_form::{MAX_FORM_BYTES, read_proof_form};
use crate::wire::{AddedProof, ProofFileJson, ProofJson, ProofList};
use axum::Json;
use axum::extract::{FromRequestParts as _, Request, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use milepost_domain::{Proof, ProofFile, ProofId};
use milepost_http::{Authenticated, JsonAnswer, Path, Problem, RequestClaim, once_for_key, rfc3339};
use milepost_service::proofs::{self, PictureRefused, ProofRefused};
use std::sync::Arc;
use std::time::Duration;

/// How long a form may take to arrive: its room is kept meanwhile.
const FORM_WAIT: Duration = Duration::from_secs(300);

/// Answers when the proof and its pictures are durable.
pub(crate) async fn add_proof(
    State(parts): State<DeliveryParts>,
    Path(name): Path<String>,
    request: Request,
) -> Result<Response, Problem> {
    let (mut head, body) = request.into_parts();
    let Authenticated(request) = Authenticated::from_request_parts(&mut head, &parts).await?;
    // Before sixty megabytes are read.
    let delivery = proofs::find_to_prove(&parts.live.use_cases().proofs, &request, &name).await?;
    let length = head.headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > MAX_FORM_BYTES) {
        let detail = format!("the proof may have at most {MAX_FORM_BYTES} bytes");
        return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
    }
    let room = parts.live.use_cases().proofs.upload_room(&request, length.unwrap_or(MAX_FORM_BYTES)).await?;
    let form = tokio::time::timeout(FORM_WAIT, read_proof_form(&head.headers, body)).await.map_err(|_| {
        Problem::new(StatusCode::REQUEST_TIMEOUT, "the proof took longer than five minutes, send smaller pictures")
    })??;
    let (context, caller, said) = (Arc::clone(&parts.live.context), request.caller.clone(), form.hash);
    let work = move |claim: RequestClaim| async move {
        // Held until the pictures are written.
        let _room = room;
        let use_cases = parts.live.use_cases();
        let render = |proof: &Proof| JsonAnswer::new(StatusCode::CREATED, &added(proof));
        let once = claim.once(render);
        match proofs::add_proof(&use_cases.proofs, &request, delivery, form.proof, &once).await {
            Ok(proof) => (NO_STORE, render(&proof)).into_response(),
            Err(refused) => problem_of(refused).into_response(),
        }
    };
    once_for_key(context, &head, &caller, &said, work).await
}

fn problem_of(refused: ProofRefused) -> Problem {
    match refused {
        ProofRefused::Service(error) => error.into(),
        ProofRefused::Picture(PictureRefused::NotAPicture) => {
            Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "a picture must be a whole JPEG, PNG or WebP")
        }
        ProofRefused::Picture(PictureRefused::TooLarge) => {
            let detail = "a picture may have at most 10 MB and 50 megapixels";
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
        }
    }
}

/// Lists the proofs of a session.
pub(crate) async fn list_proofs(
    State(parts): State<DeliveryParts>,
    Path(name): Path<String>,
    Authenticated(request): Authenticated,
) -> Result<Response, Problem> {
    let proofs = proofs::list_proofs(&parts.live.use_cases().proofs, &request, &name).await?;
    let list = ProofList { items: proofs.iter().map(proof_to_json).collect(), next: None };
    Ok((NO_STORE, Json(list)).into_response())
}

/// A picture, to be saved and not to be shown in a page of this server.
pub(crate) async fn read_proof_file(
    State(parts): State<DeliveryParts>,
    Path((name, id, file)): Path<(String, String, String)>,
    Authenticated(request): Authenticated,
) -> Result<Response, Problem> {
    let id = ProofId::new(&id).map_err(|_| Problem::not_found("proof"))?;
    let file = file.parse().map_err(|_| Problem::not_found("file"))?;
    let use_cases = parts.live.use_cases();
    let (file, bytes) = proofs::read_proof_file(&use_cases.proofs, &request, &name, &id, file).await?;
    let name = file.key.replace('/', "-");
    let headers = [
        (header::CONTENT_TYPE, file.media_type),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((headers, bytes).into_response())
}

fn added(proof: &Proof) -> AddedProof {
    AddedProof { id: proof.id.to_string(), files: proof.files.iter().map(file_to_json).collect() }
}

fn file_to_json(file: &ProofFile) -> ProofFileJson {
    let sha256 = file.sha256.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
    ProofFileJson { id: file.id, kind: file.kind.as_str(), bytes: file.bytes, sha256 }
}

fn proof_to_json(proof: &Proof) -> ProofJson {
    ProofJson {
        id: proof.id.to_string(),
        added_at: rfc3339(proof.added_at),
        taken_at: rfc3339(proof.taken_at),
        latitude: proof.place.map(|(latitude, _)| latitude.get()),
        longitude: proof.place.map(|(_, longitude)| longitude.get()),
        receiver: proof.receiver.as_ref().map(|text| text.as_str().to_owned()),
        code: proof.code.as_ref().map(|text| text.as_str().to_owned()),
        note: proof.note.as_ref().map(|text| text.as_str().to_owned()),
        files: proof.files.iter().map(file_to_json).collect(),
    }
}
