//! Scores of examinations, which are columns of the cadet's row.

use super::super::{Connection, events};
use super::cadets::{self, HeldCadet};
use crate::{Renderer, Result};
use milepost_domain::{Cadet, CadetId, ExpectedVersion, Fact, ScoreChange, ScoresUpdate, TenantId, Timestamp};

pub(crate) async fn change_scores(
    connection: &mut Connection,
    tenant: &TenantId,
    cadet_id: CadetId,
    expected: &ExpectedVersion,
    change: ScoreChange,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<(Cadet, bool)> {
    let held = cadets::hold_cadet(connection, tenant, cadet_id).await?;
    held.require(expected)?;
    let HeldCadet { no, mut cadet } = held;
    let changed = change.against(cadet.standing.scores);
    if changed == ScoreChange::default() {
        return Ok((cadet, false));
    }
    cadet.standing.scores = changed.applied_to(cadet.standing.scores);
    cadets::set_standing(connection, no, cadet.standing).await?;
    cadet.version += 1;
    let update = ScoresUpdate { cadet_id, scores: cadet.standing.scores, changed };
    events::append_facts(connection, &cadet.tenant, &[Fact::ScoresUpdated(Box::new(update))], now, renderer).await?;
    Ok((cadet, true))
}
