//! The audit: who did what to what. Reads it, and notes what is no change of the store.

use crate::{Request, ServiceError};
use milepost_cache::WeightedCache;
use milepost_domain::{Action, Caller, Invalid, Principal, TenantId, Timestamp, UserId, Vehicle, VehicleId, may};
use milepost_store::{AuditEntry, AuditFilter, AuditNote, Store};
use std::sync::{Arc, Mutex};

/// Somebody who looks at the same vehicle's history again within this time is noted once.
const LOOK_AGAIN_MS: i64 = 60 * 60 * 1000;
/// Memory for looks: about 20,000. When it is full, those of longest ago are forgotten, and noted again.
const LOOKS_BYTES: usize = 4 * 1024 * 1024;
/// The longest text of a filter. A longer one finds nothing.
const MAX_FILTER_CHARS: usize = 200;

/// Who looked at what: at a vehicle, or at all at a moment.
type Look = (TenantId, String, Option<VehicleId>);

/// What the use cases of the audit need.
pub struct Audit {
    store: Arc<dyn Store>,
    /// A std mutex: held for a look-up, never across an await. The looks of each process are its own.
    looks: Mutex<WeightedCache<Look, Timestamp>>,
}

impl Audit {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        let heap_bytes = |(_, name, _): &Look, _: &Timestamp| name.len() + 96;
        Self { store, looks: Mutex::new(WeightedCache::new(LOOKS_BYTES, heap_bytes)) }
    }

    /// Whether a look is the first one within [`LOOK_AGAIN_MS`].
    fn is_new_look(&self, look: Look, now: Timestamp) -> bool {
        let mut looks = self.looks.lock().expect("nothing panics while holding it");
        let is_new = looks.get(&look).is_none_or(|at| !(0..LOOK_AGAIN_MS).contains(&now.ms_since(*at)));
        if is_new {
            looks.insert(look, now);
        }
        is_new
    }
}

/// Which rows to list.
#[derive(Debug, Clone)]
pub struct AuditListing {
    /// Of this time or later.
    pub from: Timestamp,
    /// Of before this time.
    pub to: Timestamp,
    /// By this user.
    pub actor: Option<UserId>,
    /// About this, `kind:id`.
    pub subject: Option<String>,
    /// Of this kind, `kind.verb`.
    pub action: Option<String>,
}

/// Rows of a tenant below `before`, the newest first.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::Invalid`] for a filter that is too long.
pub async fn list_audit(
    audit: &Audit,
    request: &Request,
    tenant: &TenantId,
    listing: &AuditListing,
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<AuditEntry>, ServiceError> {
    if !may(&request.caller, Action::SeeAudit, tenant) {
        return Err(ServiceError::Forbidden("only an admin of the tenant may see its audit"));
    }
    let AuditListing { from, to, actor, subject, action } = listing.clone();
    for (field, text) in [("subject", &subject), ("action", &action)] {
        // PostgreSQL refuses a text with a NUL.
        if text.as_ref().is_some_and(|text| text.chars().count() > MAX_FILTER_CHARS || text.contains('\0')) {
            return Err(Invalid::new(field, "must have at most 200 characters").into());
        }
    }
    let filter = AuditFilter { from, to, actor, subject, action };
    Ok(audit.store.list_audit(tenant, &filter, before, limit).await?)
}

/// Notes that the audit itself leaves the server as a file.
///
/// # Errors
/// [`ServiceError::Forbidden`], [`ServiceError::Unavailable`].
pub async fn note_audit_export(audit: &Audit, request: &Request, tenant: &TenantId) -> Result<(), ServiceError> {
    if !may(&request.caller, Action::SeeAudit, tenant) {
        return Err(ServiceError::Forbidden("only an admin of the tenant may see its audit"));
    }
    Ok(audit.store.note_audit(tenant, &request.author(), &AuditNote::of("audit.export", None)).await?)
}

/// Notes that a vehicle's track leaves the server as a file.
///
/// # Errors
/// [`ServiceError::NotFound`] for the tenant, [`ServiceError::Unavailable`].
pub async fn note_track_export(
    audit: &Audit,
    request: &Request,
    tenant: &TenantId,
    vehicle: &VehicleId,
) -> Result<(), ServiceError> {
    let note = AuditNote::of("vehicle.export", Some(format!("vehicle:{vehicle}")));
    Ok(audit.store.note_audit(tenant, &request.author(), &note).await?)
}

/// Notes that somebody looks at the history of a vehicle that is a person, or that a person drives, unless it is that person itself. The
/// same look within an hour is noted once.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn note_look(
    audit: &Audit,
    request: &Request,
    tenant: &TenantId,
    id: &VehicleId,
) -> Result<(), ServiceError> {
    let caller = &request.caller;
    let look = (tenant.clone(), caller.principal.name().into_owned(), Some(id.clone()));
    if matches!(caller.principal, Principal::Device { .. }) || !audit.is_new_look(look, request.now) {
        return Ok(());
    }
    let Some(tracked) = audit.store.get_vehicle(tenant, id).await? else { return Ok(()) };
    if !is_of_somebody_else(caller, &tracked.vehicle) {
        return Ok(());
    }
    let note = AuditNote::of("vehicle.view_history", Some(format!("vehicle:{id}")));
    Ok(audit.store.note_audit(tenant, &request.author(), &note).await?)
}

/// Notes that somebody looks where vehicles were at a past moment, if one of them is a person, or a person drives it, and it is somebody
/// else. Another such look within an hour is not noted again.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn note_fleet_look(
    audit: &Audit,
    request: &Request,
    tenant: &TenantId,
    vehicles: &[Vehicle],
) -> Result<(), ServiceError> {
    let caller = &request.caller;
    let look = (tenant.clone(), caller.principal.name().into_owned(), None);
    if matches!(caller.principal, Principal::Device { .. })
        || !vehicles.iter().any(|vehicle| is_of_somebody_else(caller, vehicle))
        || !audit.is_new_look(look, request.now)
    {
        return Ok(());
    }
    Ok(audit.store.note_audit(tenant, &request.author(), &AuditNote::of("fleet.view_history", None)).await?)
}

/// Whether a vehicle's history is that of another person.
fn is_of_somebody_else(caller: &Caller, vehicle: &Vehicle) -> bool {
    match vehicle.driver_id {
        Some(driver) => Some(driver) != caller.user_id(),
        None => vehicle.kind.as_str() == "person",
    }
}
