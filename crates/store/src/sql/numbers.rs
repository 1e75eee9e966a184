//! The numbers of what a tenant enters. They count up within the tenant, so that nobody reads another's volume from them.

use super::{Connection, Db};
use crate::Result;
use milepost_domain::{EntryKind, TenantId};
use std::collections::BTreeSet;

/// A kind of thing that is numbered.
#[derive(Clone, Copy)]
pub(crate) enum Numbered {
    AccessToken,
    Cadet,
    Command,
    /// An entry of the catalogue. Those that add to a geofence share its numbers.
    Entry(EntryKind),
    Geofence,
    Grade,
    Notice,
    Parcel,
    Push,
    ReportSchedule,
    RoamingFence,
    Share,
    Webhook,
}

impl Numbered {
    const fn as_str(self) -> &'static str {
        match self {
            Self::AccessToken => "access_token",
            Self::Cadet => "cadet",
            Self::Command => "device_command",
            Self::Geofence => "geofence",
            // But for geofences, no kind has the name of another kind of number.
            Self::Entry(kind) => kind.as_str(),
            Self::Grade => "grade",
            Self::Notice => "notice",
            Self::Parcel => "parcel",
            Self::Push => "push",
            Self::ReportSchedule => "report_schedule",
            Self::RoamingFence => "roaming_fence",
            Self::Share => "share",
            Self::Webhook => "webhook",
        }
    }
}

/// Takes the tenant's next number. See [`take_numbers`].
pub(crate) async fn take_number(connection: &mut Connection, tenant_no: i64, of: Numbered) -> Result<i64> {
    take_numbers(connection, tenant_no, of, 1).await
}

/// Takes the tenant's next `count` numbers, and returns the last of them. It locks the counter until the commit. A transaction
/// takes numbers of one kind only, before it appends its facts, so that two of them can't deadlock.
pub(crate) async fn take_numbers(
    connection: &mut Connection,
    tenant_no: i64,
    of: Numbered,
    count: usize,
) -> Result<i64> {
    let last = sqlx::query_scalar::<Db, i64>(
        "insert into number_counters (tenant_no, kind, last) values ($1, $2, $3)
         on conflict (tenant_no, kind) do update set last = number_counters.last + excluded.last returning last",
    )
    .bind(tenant_no)
    .bind(of.as_str())
    .bind(i64::try_from(count).expect("the things fit in memory"))
    .fetch_one(connection)
    .await?;
    Ok(last)
}

/// Locks the counters of tenants to which a transaction will append facts, if there are several: in the order in which facts are
/// appended, or two transactions that also store calls could deadlock. One that locks subscriptions calls it after that.
pub(crate) async fn hold_counters(connection: &mut Connection, tenants: &BTreeSet<&TenantId>) -> Result<()> {
    if tenants.len() > 1 {
        for tenant in tenants {
            sqlx::query::<Db>(
                "update event_counters set calls = calls where tenant_no = (select tenant_no from tenants where id = $1)",
            )
            .bind(tenant.as_str())
            .execute(&mut *connection)
            .await?;
        }
    }
    Ok(())
}

/// Takes the next numbers of a tenant's outgoing calls, and returns the last of them. Their counter stands beside that of events,
/// because calls are stored before a transaction appends its facts and while it does so: one lock serves both.
pub(crate) async fn take_call_numbers(connection: &mut Connection, tenant_no: i64, count: usize) -> Result<i64> {
    let last = sqlx::query_scalar::<Db, i64>(
        "update event_counters set calls = calls + $1 where tenant_no = $2 returning calls",
    )
    .bind(i64::try_from(count).expect("the calls fit in memory"))
    .bind(tenant_no)
    .fetch_one(connection)
    .await?;
    Ok(last)
}
