//! Shows cadets and their records to those whom they concern.

use crate::{Service, ServiceError};
use milepost_domain::{
    Action, Attendance, Cadet, CadetId, Caller, Grade, GradeId, Principal, Reach, TenantId, TrainingDayId, reach,
};

/// Cadets of a listing.
#[derive(Debug, Clone, PartialEq)]
pub struct CadetPage {
    /// In the order of their numbers.
    pub cadets: Vec<Cadet>,
    /// After which one to go on, if there may be more.
    pub next: Option<CadetId>,
}

impl Service {
    /// One cadet with what its records come to.
    ///
    /// # Errors
    /// [`ServiceError::NotFound`] also for another tenant's; [`ServiceError::Forbidden`] for one of the tenant that is
    /// not the caller's to see.
    pub async fn get_cadet(&self, caller: &Caller, id: CadetId) -> Result<Cadet, ServiceError> {
        self.find_cadet_to_see(caller, id).await
    }

    /// Cadets of a tenant that the caller may see: all, or itself.
    ///
    /// # Errors
    /// [`ServiceError::Forbidden`] for who may see none.
    pub async fn list_cadets(
        &self,
        caller: &Caller,
        tenant: &TenantId,
        after: Option<CadetId>,
        limit: u32,
    ) -> Result<CadetPage, ServiceError> {
        match (reach(caller, Action::SeeRecords), &caller.principal) {
            (Some(Reach::Own), Principal::User { cadet_id, .. }) if caller.tenant == *tenant => {
                let own =
                    cadet_id.and_then(|id| CadetId::new(id).ok()).filter(|id| after.is_none_or(|after| *id > after));
                let cadet = match own {
                    Some(id) => self.store.get_cadet(id).await?.filter(|cadet| cadet.tenant == *tenant),
                    None => None,
                };
                Ok(CadetPage { cadets: cadet.into_iter().collect(), next: None })
            }
            (Some(reach), _) if reach == Reach::Everywhere || (reach == Reach::Tenant && caller.tenant == *tenant) => {
                let cadets = self.store.list_cadets(tenant, after, limit).await?;
                let next = if cadets.len() < limit as usize { None } else { cadets.last().map(|cadet| cadet.id) };
                Ok(CadetPage { cadets, next })
            }
            _ => Err(ServiceError::Forbidden("you may see no cadet")),
        }
    }

    /// A cadet's grades, newest first.
    ///
    /// # Errors
    /// As [`Self::get_cadet`].
    pub async fn list_grades(
        &self,
        caller: &Caller,
        cadet: CadetId,
        before: Option<GradeId>,
        limit: u32,
    ) -> Result<Vec<Grade>, ServiceError> {
        self.find_cadet_to_see(caller, cadet).await?;
        Ok(self.store.list_grades(cadet, before, limit).await?)
    }

    /// A cadet's attendance, the highest training day first.
    ///
    /// # Errors
    /// As [`Self::get_cadet`].
    pub async fn list_attendance(
        &self,
        caller: &Caller,
        cadet: CadetId,
        before: Option<TrainingDayId>,
        limit: u32,
    ) -> Result<Vec<(TrainingDayId, Attendance)>, ServiceError> {
        self.find_cadet_to_see(caller, cadet).await?;
        Ok(self.store.list_attendance(cadet, before, limit).await?)
    }
}
