//! Scores of examinations, which are columns of the cadet's row.

use super::super::{Connection, events};
use super::cadets;
use crate::{Renderer, Result};
use milepost_domain::{Cadet, CadetId, Fact, ScoreChange, ScoresUpdate, Timestamp};

pub(crate) async fn change_scores(
    connection: &mut Connection,
    cadet_id: CadetId,
    change: ScoreChange,
    now: Timestamp,
    renderer: &dyn Renderer,
) -> Result<(Cadet, bool)> {
    let mut cadet = cadets::hold_cadet(connection, cadet_id).await?;
    let changed = change.against(cadet.standing.scores);
    if changed == ScoreChange::default() {
        return Ok((cadet, false));
    }
    cadet.standing.scores = changed.applied_to(cadet.standing.scores);
    cadets::set_standing(connection, cadet_id, cadet.standing).await?;
    let update = ScoresUpdate { cadet_id, scores: cadet.standing.scores, changed };
    events::append_facts(connection, &cadet.tenant, &[Fact::ScoresUpdated(Box::new(update))], now, renderer).await?;
    Ok((cadet, true))
}
