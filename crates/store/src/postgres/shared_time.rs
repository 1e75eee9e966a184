//! The database's clock, which all nodes share. Their own may differ by minutes.
//!
//! Times of leases and claims are stored by it: a node moves the times of its own clock by how far that is ahead. So a test can
//! still turn a node's clock, which the comparison leaves out.

use super::{Connection, Native};
use crate::Result;
use milepost_domain::Timestamp;
use std::sync::atomic::{AtomicI64, Ordering};

/// How far this node's clock is ahead of the database's, in milliseconds.
#[derive(Default)]
pub(super) struct ClockAhead(AtomicI64);

impl Native {
    /// Measures how far the machine's clock is ahead. The error is at most half of the time that the database takes to answer.
    pub(super) async fn compare_clocks(
        &self,
        connection: &mut Connection,
        machine: &(dyn Fn() -> Timestamp + Send + Sync),
    ) -> Result<i64> {
        let before = machine();
        let database_ms: i64 = sqlx::query_scalar("select (extract(epoch from clock_timestamp()) * 1000)::bigint")
            .fetch_one(connection)
            .await?;
        let middle_ms = before.unix_ms() + machine().ms_since(before) / 2;
        let ahead_ms = middle_ms - database_ms;
        self.ahead.0.store(ahead_ms, Ordering::Relaxed);
        Ok(ahead_ms)
    }

    /// A time of this node's clock by the database's.
    pub(super) fn to_shared(&self, own: Timestamp) -> Timestamp {
        own.plus_ms(-self.ahead.0.load(Ordering::Relaxed))
    }

    /// A time of the database's clock by this node's.
    pub(super) fn to_own(&self, shared: Timestamp) -> Timestamp {
        shared.plus_ms(self.ahead.0.load(Ordering::Relaxed))
    }
}
