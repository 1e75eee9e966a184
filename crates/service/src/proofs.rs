//! Proofs of delivery: a rider adds them, the sender's side sees them, and a tenant may demand one.

mod picture;
mod upload_room;

pub use picture::{MAX_PICTURE_BYTES, PictureRefused};
pub use upload_room::UploadRoom;

use crate::file_store::FileStore;
use crate::large_bodies::LargeBodies;
use crate::live::LiveMap;
use crate::{Request, ServiceError};
use milepost_clock::Clock;
use milepost_domain::{
    Action, Caller, Delivery, HandoverCode, Invalid, Latitude, Longitude, MAX_AHEAD_MS, OrderId, Proof, ProofFile,
    ProofFileKind, ProofId, ProofNote, ReceiverName, TenantId, Timestamp, TrackingId, may, may_bring_delivery,
};
use milepost_store::{Once, Store, StoreError};
use sha2::{Digest as _, Sha256};
use std::sync::Arc;
use std::time::Duration;
use upload_room::UploadRooms;
use uuid::Uuid;

/// Proofs of one session. A further one is answered 409.
pub const MAX_PROOFS: u32 = 20;
/// A file that was announced and belongs to no proof after this time is removed.
const ANNOUNCED_MS: i64 = 24 * 60 * 60 * 1000;
/// How often unused files are looked for.
const REMOVE_EVERY: Duration = Duration::from_secs(60);
/// Files that are removed before the next look.
const REMOVE_AT_ONCE: u32 = 200;

/// What the use cases of proofs need.
pub struct Proofs {
    store: Arc<dyn Store>,
    live: Arc<LiveMap>,
    files: FileStore,
    uploads: UploadRooms,
    /// One picture at a time: each may take 300 MiB.
    pictures: LargeBodies,
}

impl Proofs {
    pub(crate) fn new((store, live): (Arc<dyn Store>, Arc<LiveMap>), files: FileStore) -> Self {
        Self { store, live, files, uploads: UploadRooms::default(), pictures: LargeBodies::of_pictures() }
    }

    /// Waits for the room of a form of at most so many bytes. Hold it while the form is in memory.
    ///
    /// # Errors
    /// [`ServiceError::Busy`] after ten seconds.
    pub async fn upload_room(&self, request: &Request, bytes: usize) -> Result<UploadRoom, ServiceError> {
        self.uploads.take(&request.caller, bytes).await
    }

    /// Encodes a picture anew that has at most so many bytes then, in turn with all others.
    pub(crate) async fn encode_small(
        &self,
        request: &Request,
        tenant: &TenantId,
        sent: Vec<u8>,
        max_bytes: usize,
    ) -> Result<Result<Vec<u8>, PictureRefused>, ServiceError> {
        self.pictures.compute_in_turn(tenant, &request.caller, move || picture::encode_small(&sent, max_bytes)).await
    }
}

/// A proof to be added.
#[derive(Default)]
pub struct NewProof {
    /// The receiver's signature, as it was sent.
    pub signature: Option<Vec<u8>>,
    /// Photos, as they were sent.
    pub photos: Vec<Vec<u8>>,
    /// Who took the delivery.
    pub receiver: Option<ReceiverName>,
    /// The code that the receiver said.
    pub code: Option<HandoverCode>,
    /// What the rider wrote.
    pub note: Option<ProofNote>,
    /// When it was done; now if absent.
    pub taken_at: Option<Timestamp>,
    /// Where it was done.
    pub place: Option<(Latitude, Longitude)>,
}

/// Why a proof was not added.
#[derive(Debug)]
pub enum ProofRefused {
    /// As everywhere.
    Service(ServiceError),
    /// One of its pictures.
    Picture(PictureRefused),
}

impl From<ServiceError> for ProofRefused {
    fn from(error: ServiceError) -> Self {
        Self::Service(error)
    }
}

impl From<Invalid> for ProofRefused {
    fn from(invalid: Invalid) -> Self {
        Self::Service(invalid.into())
    }
}

impl From<StoreError> for ProofRefused {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

/// The session to which the caller may add a proof, named by its link or by its order. Asked before the form is read.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Forbidden`] for all but the rider.
pub async fn find_to_prove(proofs: &Proofs, request: &Request, name: &str) -> Result<Delivery, ServiceError> {
    let delivery = find_delivery(proofs, &request.caller, name).await?;
    if may_bring_delivery(&request.caller, &delivery) {
        Ok(delivery)
    } else {
        Err(ServiceError::Forbidden("only the rider of this delivery may add a proof"))
    }
}

/// Adds a proof to a session that [`find_to_prove`] found. Its files and its row are on disk when this returns.
///
/// # Errors
/// [`ServiceError::Invalid`], [`ServiceError::Conflict`] for more than [`MAX_PROOFS`], and refused pictures.
pub async fn add_proof(
    proofs: &Proofs,
    request: &Request,
    delivery: Delivery,
    new: NewProof,
    once: &Once<'_, Proof>,
) -> Result<Proof, ProofRefused> {
    let caller = &request.caller;
    let taken_at = new.taken_at.unwrap_or(request.now);
    if taken_at.ms_since(request.now) > MAX_AHEAD_MS {
        return Err(Invalid::new("taken_at", "must not lie more than 5 minutes ahead").into());
    }
    if new.photos.len() > Proof::MAX_PHOTOS {
        return Err(Invalid::new("photo", "must be there at most 5 times").into());
    }
    let has_text = new.receiver.is_some() || new.code.is_some() || new.note.is_some();
    if new.signature.is_none() && new.photos.is_empty() && !has_text {
        return Err(Invalid::new("body", "must have a signature, photo, receiver, code or note").into());
    }
    let id = ProofId::new(&Uuid::now_v7().to_string())?;
    let sent = new.signature.into_iter().map(|sent| (ProofFileKind::Signature, sent));
    let sent = sent.chain(new.photos.into_iter().map(|sent| (ProofFileKind::Photo, sent)));
    let (mut files, mut contents) = (Vec::new(), Vec::new());
    for (number, (kind, sent)) in (1..).zip(sent) {
        let encode = move || picture::encode_anew(&sent, kind);
        let picture = proofs.pictures.compute_in_turn(&caller.tenant, caller, encode).await?;
        let picture = picture.map_err(ProofRefused::Picture)?;
        files.push(ProofFile {
            id: number,
            kind,
            bytes: picture.bytes.len() as u64,
            sha256: Sha256::digest(&picture.bytes).into(),
            media_type: picture.media_type.to_owned(),
            key: format!("{id}/{number}.{}", picture.extension),
        });
        contents.push(picture.bytes);
    }
    // The proof itself was meant to be kept; where the rider is while it is off duty is not.
    let off_duty = proofs.live.off_duty(&*proofs.store, &delivery.tenant).await?;
    let is_off_duty = caller.user_id().is_some_and(|rider| off_duty.at(rider, taken_at).is_some());
    let proof = Proof {
        id,
        tracking_id: delivery.tracking_id,
        added_by: caller.principal.name().into_owned(),
        added_at: request.now,
        taken_at,
        place: new.place.filter(|_| !is_off_duty),
        receiver: new.receiver,
        code: new.code,
        note: new.note,
        files,
    };
    let keys: Vec<String> = proof.files.iter().map(|file| file.key.clone()).collect();
    if !keys.is_empty() {
        proofs.store.announce_files(&keys, request.now.plus_ms(ANNOUNCED_MS)).await?;
    }
    for (key, bytes) in keys.iter().zip(contents) {
        proofs.files.write(key, bytes).await?;
    }
    if !proofs.store.add_proof(&proof, MAX_PROOFS, &once.map(|added: &bool| added.then(|| proof.clone()))).await? {
        return Err(ServiceError::Conflict(format!("a delivery may have {MAX_PROOFS} proofs")).into());
    }
    tracing::debug!(proof.id = %proof.id, tenant.id = %delivery.tenant, by = caller.log_name(), "proof added");
    Ok(proof)
}

/// The proofs of a session in the order in which they were added.
///
/// # Errors
/// [`ServiceError::NotFound`], [`ServiceError::Forbidden`] for all but the rider, the merchant's side and admins.
pub async fn list_proofs(proofs: &Proofs, request: &Request, name: &str) -> Result<Vec<Proof>, ServiceError> {
    let delivery = find_seen(proofs, request, name).await?;
    Ok(proofs.store.list_proofs(&delivery.tracking_id).await?)
}

/// A picture of a proof, with what is known of it.
///
/// # Errors
/// As [`list_proofs`]; [`ServiceError::Internal`] for a damaged file.
pub async fn read_proof_file(
    proofs: &Proofs,
    request: &Request,
    name: &str,
    proof: &ProofId,
    file: i64,
) -> Result<(ProofFile, Vec<u8>), ServiceError> {
    let delivery = find_seen(proofs, request, name).await?;
    let found = proofs.store.find_proof_file(&delivery.tracking_id, proof, file).await?;
    let found = found.ok_or(ServiceError::NotFound("file"))?;
    let bytes = proofs.files.read(&found.key, &found.sha256).await?;
    Ok((found, bytes))
}

async fn find_seen(proofs: &Proofs, request: &Request, name: &str) -> Result<Delivery, ServiceError> {
    let delivery = find_delivery(proofs, &request.caller, name).await?;
    let caller = &request.caller;
    let is_rider = caller.role().is_some() && may_bring_delivery(caller, &delivery);
    if is_rider || may(caller, Action::SeeProofs, &delivery.tenant) {
        Ok(delivery)
    } else {
        Err(ServiceError::Forbidden("only the rider, the merchant's side and admins may see this delivery's proofs"))
    }
}

/// A session by its link, or the newest one of an order of the caller's tenant. Another tenant's is answered like one that does not
/// exist.
async fn find_delivery(proofs: &Proofs, caller: &Caller, name: &str) -> Result<Delivery, ServiceError> {
    const UNKNOWN: ServiceError = ServiceError::NotFound("tracking session");
    let by_link = match TrackingId::new(name) {
        Ok(id) => proofs.store.get_delivery(&id).await?,
        Err(_) => None,
    };
    let found = match (by_link, OrderId::new(name)) {
        (Some(delivery), _) => Some(delivery),
        (None, Ok(order)) => proofs.store.find_delivery_by_order(&caller.tenant, &order).await?,
        (None, Err(_)) => None,
    };
    found.filter(|delivery| delivery.tenant == caller.tenant || caller.is_superadmin()).ok_or(UNKNOWN)
}

/// Whether a tenant's deliveries end with a proof only.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn is_proof_required(proofs: &Proofs, tenant: &TenantId) -> Result<bool, ServiceError> {
    Ok(proofs.store.is_proof_required(tenant).await?)
}

/// Refuses the end of a delivery without a proof, if its tenant demands one.
pub(crate) async fn require_proof(store: &dyn Store, delivery: &Delivery) -> Result<(), ServiceError> {
    if store.is_proof_required(&delivery.tenant).await? && !store.has_proof(&delivery.tracking_id).await? {
        return Err(ServiceError::Conflict("add a proof of the delivery first: your tenant demands one".to_owned()));
    }
    Ok(())
}

/// Removes files that belong to no proof any more, until the task is dropped.
pub async fn keep_removing_files(proofs: &Proofs, clock: &Clock) {
    loop {
        match remove_files(proofs, clock.now()).await {
            Ok(REMOVE_AT_ONCE) => {}
            // A failure was logged where it was met. The next look tries again.
            Ok(_) | Err(_) => clock.sleep(REMOVE_EVERY).await,
        }
    }
}

async fn remove_files(proofs: &Proofs, now: Timestamp) -> Result<u32, ServiceError> {
    let keys = proofs.store.unused_files(now, REMOVE_AT_ONCE).await?;
    for key in &keys {
        proofs.files.remove(key).await?;
    }
    proofs.store.forget_files(&keys).await?;
    Ok(u32::try_from(keys.len()).unwrap_or(0))
}
