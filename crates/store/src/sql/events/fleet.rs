//! Reads the fleet's events that a viewer may see, along the indexes of their audience.

use super::super::dialect::by_index;
use super::super::{Connection, Db};
use super::numbered;
use crate::Result;
use milepost_domain::{Event, Fact, FleetAudience, FleetViewer, TenantId, UserId};
use sqlx::AssertSqlSafe;

/// A mark that no event has, for a viewer without the right to any event of the kind.
const NOBODY: i64 = -1;
/// The mark of events for everyone who sees the whole fleet.
const COMPANY: i64 = 0;

/// The audience of a fleet's event as column values: the company or a user, and a driver.
pub(crate) fn marks(fact: &Fact) -> (Option<i64>, Option<i64>) {
    match fact.fleet_audience() {
        None => (None, None),
        Some(FleetAudience::Company) => (Some(COMPANY), None),
        Some(FleetAudience::Driver(driver)) => (Some(COMPANY), Some(driver.get())),
        Some(FleetAudience::User(user)) => (Some(user.get()), None),
    }
}

/// Lists events with `after < id <= up_to` that `viewer` may see, in order. Fewer than `limit` means that there are no
/// more.
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
        // The node that stored the event wrote the column. It may be a newer version that knows more kinds.
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

/// Lists the events with a viewer's marks: the first of each mark along its index, merged. No event is found twice,
/// because a driver's events are also the company's, and a viewer of the company does not search for drivers. There is
/// no upper bound on the ids, for the reason given in `visible_events`.
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
    // Parameters are listed in the order of their numbers, because SQLite numbers them in that order whatever their
    // names are.
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
