//! Reads cadets and their records.

use super::Records;
use crate::{Request, ServiceError};
use milepost_domain::{
    Action, Attendance, Cadet, CadetId, Grade, GradeId, Principal, Reach, TenantId, TrainingDayId, reach,
};

/// A page of cadets.
#[derive(Debug, Clone, PartialEq)]
pub struct CadetPage {
    /// The cadets in the order of their ids.
    pub cadets: Vec<Cadet>,
    /// The id to continue after, if there may be more.
    pub next: Option<CadetId>,
}

/// One cadet of a tenant with the totals of its records.
///
/// # Errors
/// [`ServiceError::NotFound`] also for another tenant's; [`ServiceError::Forbidden`] for a cadet of the tenant that the
/// caller may not see.
pub async fn get_cadet(
    records: &Records,
    request: &Request,
    tenant: &TenantId,
    id: CadetId,
) -> Result<Cadet, ServiceError> {
    records.find_cadet_to_see(request, tenant, id).await
}

/// The cadets of a tenant that the caller may see: all, or the caller itself.
///
/// # Errors
/// [`ServiceError::Forbidden`] for a caller that may see no cadet.
pub async fn list_cadets(
    records: &Records,
    request: &Request,
    tenant: &TenantId,
    after: Option<CadetId>,
    limit: u32,
) -> Result<CadetPage, ServiceError> {
    match (reach(&request.caller, Action::SeeRecords), &request.caller.principal) {
        (Some(Reach::Own), Principal::User { cadet_id, .. }) if request.caller.tenant == *tenant => {
            let own = cadet_id.and_then(|id| CadetId::new(id).ok()).filter(|id| after.is_none_or(|after| *id > after));
            let cadet = match own {
                Some(id) => records.store.get_cadet(tenant, id).await?,
                None => None,
            };
            Ok(CadetPage { cadets: cadet.into_iter().collect(), next: None })
        }
        (Some(reach), _)
            if reach == Reach::Everywhere || (reach == Reach::Tenant && request.caller.tenant == *tenant) =>
        {
            let cadets = records.store.list_cadets(tenant, after, limit).await?;
            let next = if cadets.len() < limit as usize { None } else { cadets.last().map(|cadet| cadet.id) };
            Ok(CadetPage { cadets, next })
        }
        _ => Err(ServiceError::Forbidden("you may see no cadet")),
    }
}

/// A cadet's grades, newest first.
///
/// # Errors
/// As [`get_cadet`].
pub async fn list_grades(
    records: &Records,
    request: &Request,
    tenant: &TenantId,
    cadet: CadetId,
    before: Option<GradeId>,
    limit: u32,
) -> Result<Vec<Grade>, ServiceError> {
    records.find_cadet_to_see(request, tenant, cadet).await?;
    Ok(records.store.list_grades(tenant, cadet, before, limit).await?)
}

/// A cadet's attendance, the highest training day first.
///
/// # Errors
/// As [`get_cadet`].
pub async fn list_attendance(
    records: &Records,
    request: &Request,
    tenant: &TenantId,
    cadet: CadetId,
    before: Option<TrainingDayId>,
    limit: u32,
) -> Result<Vec<(TrainingDayId, Attendance)>, ServiceError> {
    records.find_cadet_to_see(request, tenant, cadet).await?;
    Ok(records.store.list_attendance(tenant, cadet, before, limit).await?)
}
