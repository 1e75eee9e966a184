//! The events of a fleet that a viewer may see, found by the index of whom they are for.

use super::{Connection, Db, by_index, events};
use crate::Result;
use milepost_domain::{Event, Fact, FleetAudience, FleetViewer, TenantId, UserId};
use sqlx::AssertSqlSafe;

/// What a viewer asks for who may see nothing of a kind: no event is marked so.
const NOBODY: i64 = -1;
/// The mark of what everybody may be told who sees the whole fleet.
const COMPANY: i64 = 0;

/// Whom an event of the fleet may be told, as its column says it.
pub(super) fn mark(fact: &Fact) -> Option<i64> {
    fact.fleet_audience().map(|audience| match audience {
        FleetAudience::Company => COMPANY,
        FleetAudience::User(user) => user.get(),
    })
}

/// Events above `after` and up to `up_to` that `viewer` may see, in order; fewer than `limit` when there are no more.
pub(super) async fn fleet_events(
    connection: &mut Connection,
    tenant: &TenantId,
    viewer: FleetViewer,
    mut after: i64,
    up_to: i64,
    limit: u32,
) -> Result<Vec<Event>> {
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut visible: Vec<Event> = Vec::new();
    while visible.len() < wanted && after < up_to {
        let page = marked_events(connection, tenant, viewer, after, limit).await?;
        let last = page.last().filter(|_| page.len() == wanted).map(|event| event.id);
        // The column was written by whoever stored the event, perhaps by a newer version that knows more kinds.
        let seen = |event: &Event| {
            event.id <= up_to && event.fact.fleet_audience().is_some_and(|audience| viewer.may_see(audience))
        };
        visible.extend(page.into_iter().filter(seen));
        let Some(last) = last else { break };
        after = last;
    }
    visible.truncate(wanted);
    Ok(visible)
}

/// Events that are marked for a viewer: the first of each mark along the index, merged. No event has two marks. There
/// is no upper bound on the ids: see `visible_events`.
async fn marked_events(
    connection: &mut Connection,
    tenant: &TenantId,
    viewer: FleetViewer,
    after: i64,
    limit: u32,
) -> Result<Vec<Event>> {
    let branch = |mark: &str| {
        format!(
            "select * from (select id, at_ms, kind, payload from events {}
             where tenant_no = (select tenant_no from tenants where id = $1) and id > $2 and for_fleet = {mark}
             order by id limit $4) m",
            by_index("events_fleet")
        )
    };
    // The parameters stand in their order, because SQLite itself numbers them so, whatever they are called.
    let sql = format!("{} union all {} order by id limit $4", branch("$3"), branch("$5"));
    sqlx::query::<Db>(AssertSqlSafe(sql))
        .bind(tenant.as_str())
        .bind(after)
        .bind(if viewer.company { COMPANY } else { NOBODY })
        .bind(i64::from(limit))
        .bind(viewer.user.map_or(NOBODY, UserId::get))
        .fetch_all(connection)
        .await?
        .iter()
        .map(events::event)
        .collect()
}
