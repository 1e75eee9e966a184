//! The events of a fleet that a viewer may see, found by the index of whom they are for.

use super::super::dialect::by_index;
use super::super::{Connection, Db};
use super::numbered;
use crate::Result;
use milepost_domain::{Event, Fact, FleetAudience, FleetViewer, TenantId, UserId};
use sqlx::AssertSqlSafe;

/// What a viewer asks for who may see nothing of a kind: no event is marked so.
const NOBODY: i64 = -1;
/// The mark of events for everybody who sees the whole fleet.
const COMPANY: i64 = 0;

/// Who may see an event of the fleet, as its columns say it: the fleet or a user, and a driver.
pub(crate) fn marks(fact: &Fact) -> (Option<i64>, Option<i64>) {
    match fact.fleet_audience() {
        None => (None, None),
        Some(FleetAudience::Company) => (Some(COMPANY), None),
        Some(FleetAudience::Driver(driver)) => (Some(COMPANY), Some(driver.get())),
        Some(FleetAudience::User(user)) => (Some(user.get()), None),
    }
}

/// Events above `after` and up to `up_to` that `viewer` may see, in order; fewer than `limit` when there are no more.
pub(crate) async fn fleet_events(
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
        // The column was written by the node that stored the event, perhaps of a newer version that knows more kinds.
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

/// Events that are marked for a viewer: the first of each mark along its index, merged. None is found twice: what has a
/// driver is the fleet's too, and who sees the fleet needs no look at drivers. There is no upper bound on the ids: see
/// `visible_events`.
async fn marked_events(
    connection: &mut Connection,
    tenant: &TenantId,
    viewer: FleetViewer,
    after: i64,
    limit: u32,
) -> Result<Vec<Event>> {
    let branch = |index: &str, column: &str, mark: &str| {
        format!(
            "select * from (select id, at_ms, kind, payload from events {}
             where tenant_no = (select tenant_no from tenants where id = $1) and id > $2 and {column} = {mark}
             order by id limit $4) m",
            by_index(index)
        )
    };
    // The parameters stand in their order, because SQLite itself numbers them so, whatever they are called.
    let mut branches = vec![branch("events_fleet", "for_fleet", "$3"), branch("events_fleet", "for_fleet", "$5")];
    let driver = viewer.driver.filter(|_| !viewer.company);
    branches.extend(driver.map(|_| branch("events_driver", "for_driver", "$6")));
    let sql = format!("{} order by id limit $4", branches.join(" union all "));
    let mut query = sqlx::query::<Db>(AssertSqlSafe(sql))
        .bind(tenant.as_str())
        .bind(after)
        .bind(if viewer.company { COMPANY } else { NOBODY })
        .bind(i64::from(limit))
        .bind(viewer.user.map_or(NOBODY, UserId::get));
    if let Some(driver) = driver {
        query = query.bind(driver.get());
    }
    query.fetch_all(connection).await?.iter().map(numbered::event).collect()
}
