//! Reads the events that a viewer of records may see, along the indexes of their audience.

use super::super::dialect::by_index;
use super::super::{Connection, Db};
use super::numbered;
use crate::Result;
use milepost_domain::{CadetId, Event, RecordViewer, TenantId, UserId};
use sqlx::AssertSqlSafe;

/// Lists events with `after < id <= up_to` that `viewer` may see, in order. Fewer than `limit` means that there are no
/// more.
pub(crate) async fn visible_events(
    connection: &mut Connection,
    tenant: &TenantId,
    viewer: RecordViewer,
    mut after: i64,
    up_to: i64,
    limit: u32,
) -> Result<Vec<Event>> {
    let wanted = usize::try_from(limit).unwrap_or(usize::MAX);
    let mut visible: Vec<Event> = Vec::new();
    while visible.len() < wanted && after < up_to {
        let page = marked_events(connection, tenant, viewer, after, limit).await?;
        let last = page.last().filter(|_| page.len() == wanted).map(|event| event.id);
        // The node that stored the event wrote the columns. It may be a newer version that knows more kinds.
        let seen = |event: &Event| event.id <= up_to && viewer.may_see(event.fact.audience());
        visible.extend(page.into_iter().filter(seen));
        let Some(last) = last else { break };
        after = last;
    }
    visible.truncate(wanted);
    Ok(visible)
}

/// Lists the events with a viewer's marks: the first of each mark along its index, merged. No event has two of the
/// requested marks: an event for staff has at most a cadet's mark too, and staff does not search for a cadet.
///
///
/// There is no upper bound on the ids. With one, PostgreSQL estimates that few events are left between the bounds, and
/// reads and sorts all of them.
async fn marked_events(
    connection: &mut Connection,
    tenant: &TenantId,
    viewer: RecordViewer,
    after: i64,
    limit: u32,
) -> Result<Vec<Event>> {
    let cadet = viewer.cadet.filter(|_| !viewer.staff).map(CadetId::get);
    let user = viewer.user.map(UserId::get);
    let staff = viewer.staff.then(|| ("events_staff", "for_staff = true".to_owned()));
    // A parameter that is absent must not use up a number.
    let numbers: Vec<i64> = cadet.into_iter().chain(user).collect();
    let columns =
        cadet.map(|_| ("events_cadet", "for_cadet")).into_iter().chain(user.map(|_| ("events_user", "for_user")));
    let numbered = columns.zip(4..).map(|((index, column), number)| (index, format!("{column} = ${number}")));
    let branches: Vec<String> = staff
        .into_iter()
        .chain(numbered)
        .map(|(index, mark)| {
            format!(
                "select * from (select id, at_ms, kind, payload from events {}
                 where tenant_no = (select tenant_no from tenants where id = $1) and {mark} and id > $2
                 order by id limit $3) m",
                by_index(index)
            )
        })
        .collect();
    if branches.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!("{} order by id limit $3", branches.join(" union all "));
    let mut query = sqlx::query::<Db>(AssertSqlSafe(sql)).bind(tenant.as_str()).bind(after).bind(i64::from(limit));
    for number in numbers {
        query = query.bind(number);
    }
    query.fetch_all(connection).await?.iter().map(numbered::event).collect()
}
