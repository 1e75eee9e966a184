//! Enters, changes and takes back scores of examinations.

use super::Records;
use crate::{Request, ServiceError};
use milepost_domain::{Cadet, CadetId, ScoreChange};

/// Changes scores, publishes what differs to the cadet and its staff, and answers the cadet as it is then.
///
/// # Errors
/// [`ServiceError::NotFound`] also for another tenant's cadet; [`ServiceError::Forbidden`].
pub async fn change_scores(
    records: &Records,
    request: &Request<'_>,
    cadet: CadetId,
    change: ScoreChange,
) -> Result<Cadet, ServiceError> {
    records.find_cadet_to_change(request, cadet).await?;
    let (changed, differs) = records.store.change_scores(cadet, change, request.now).await?;
    if differs {
        records.wakers.wake_all();
        tracing::info!(cadet.id = %cadet, by = request.caller.log_name(), "scores changed");
    }
    Ok(changed)
}
