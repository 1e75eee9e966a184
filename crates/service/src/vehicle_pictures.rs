//! Pictures of vehicles, as small as lists show them.

use crate::catalogue::{Catalogue, NewEntry, put_entry};
use crate::proofs::{PictureRefused, Proofs};
use crate::{Request, ServiceError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use milepost_domain::{Action, EntryBody, EntryKind, EntryRef, TenantId, VehicleId, may};
use serde_json::{Value, json};

/// Bytes of a kept picture: what an entry of the catalogue has room for.
const MAX_KEPT_BYTES: usize = 45_000;
/// Bytes of a picture as it is sent.
pub const MAX_SENT_BYTES: usize = 1024 * 1024;

/// Sets the picture of a vehicle, by its number in the catalogue. What was sent is decoded, made smaller, and encoded anew.
///
/// # Errors
/// [`ServiceError::Forbidden`] for who may not change vehicles. [`PictureRefused`] for what is no JPEG, PNG or WebP.
pub async fn set_vehicle_picture(
    (proofs, catalogue): (&Proofs, &Catalogue),
    request: &Request,
    tenant: &TenantId,
    (number, vehicle): (i64, &VehicleId),
    sent: Vec<u8>,
) -> Result<Result<(), PictureRefused>, ServiceError> {
    // Before it is decoded, which takes memory and time.
    if !may(&request.caller, Action::ManageVehicles, tenant) {
        return Err(ServiceError::Forbidden("only who manages the vehicles of the tenant may change this"));
    }
    let jpeg = match proofs.encode_small(request, tenant, sent, MAX_KEPT_BYTES).await? {
        Ok(jpeg) => jpeg,
        Err(refused) => return Ok(Err(refused)),
    };
    let body = EntryBody::of_parsed(json!({ "jpeg": STANDARD.encode(jpeg) }).to_string())?;
    let new = NewEntry { kind: EntryKind::Picture, id: Some(number), name: Some(vehicle.to_string()), body };
    put_entry(catalogue, request, tenant, &new).await?;
    Ok(Ok(()))
}

/// The picture of a vehicle, a JPEG, if it has one. Whether the caller may see the vehicle is for the dialect to ask.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn vehicle_picture(
    catalogue: &Catalogue,
    tenant: &TenantId,
    number: i64,
) -> Result<Option<Vec<u8>>, ServiceError> {
    let entry = catalogue.read_entry(tenant, EntryRef { kind: EntryKind::Picture, id: number }).await?;
    let body: Option<Value> = entry.and_then(|entry| serde_json::from_str(entry.body.as_str()).ok());
    Ok(body.and_then(|body| STANDARD.decode(body["jpeg"].as_str()?).ok()))
}
