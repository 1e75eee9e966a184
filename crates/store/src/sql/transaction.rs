//! A transaction on one connection, which is rolled back unless it is finished.

use super::dialect::BEGIN;
use super::{Committed, Connection, Db, WriteLock, Writers, accounts::idempotency_keys};
use crate::{Claim, KeptAnswer, Once, Result, StoreError};
use milepost_domain::TenantId;
use sqlx::pool::PoolConnection;

/// A running transaction. If it is dropped unfinished, because its caller went away, it closes its connection, which
/// rolls it back.
pub(crate) struct Transaction {
    /// `None` once it is finished.
    connection: Option<PoolConnection<Db>>,
    /// Dropped after the connection. `None` after the commit.
    lock: Option<WriteLock>,
}

impl Transaction {
    /// Begins a transaction for a tenant's request, or without one for the server's own work. In SQLite this waits for the write
    /// lock, which is shared out among tenants.
    pub(crate) async fn begin(writers: &Writers, tenant: Option<&TenantId>) -> Result<Self> {
        let lock = writers.lock(tenant).await?;
        let mut transaction = Self { connection: Some(writers.pool.acquire().await?), lock: Some(lock) };
        sqlx::raw_sql(BEGIN).execute(transaction.connection()).await?;
        Ok(transaction)
    }

    /// The connection for its statements.
    pub(crate) fn connection(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("only finish takes the connection, and it takes self")
    }

    /// Commits after a success and rolls back after a failure. After a failure of the database the connection is
    /// closed, so that the next transaction starts on a new one. Contention is no failure of the database.
    pub(crate) async fn finish<T>(self, outcome: Result<T>) -> Result<T> {
        self.finish_once(outcome, &Once::unclaimed()).await
    }

    /// Finishes like [`Self::finish`], and stores the request's answer in the same transaction.
    pub(crate) async fn finish_once<T>(self, outcome: Result<T>, once: &Once<'_, T>) -> Result<T> {
        let (value, kept, committed) = self.commit(outcome, once).await?;
        committed.flush().await?;
        if let Some(claim) = kept {
            claim.note_kept();
        }
        Ok(value)
    }

    /// Finishes like [`Self::finish`], but does not wait for the disk. A power cut may undo it, the end of the process does not.
    pub(crate) async fn finish_unflushed<T>(self, outcome: Result<T>) -> Result<T> {
        Ok(self.commit(outcome, &Once::unclaimed()).await?.0)
    }

    /// Commits, and returns the claim whose answer was stored. Others write as soon as it is committed.
    async fn commit<T>(mut self, outcome: Result<T>, once: &Once<'_, T>) -> Result<(T, Option<Claim>, Committed)> {
        let due = outcome.as_ref().ok().and_then(|value| once.due(value));
        let kept = match &due {
            Some((claim, answer)) => self.keep(claim, answer).await,
            None => Ok(()),
        };
        let value = match kept.and(outcome) {
            Ok(value) => value,
            Err(error) => {
                if !matches!(error, StoreError::Unavailable(_)) {
                    self.roll_back().await?;
                }
                return Err(error);
            }
        };
        sqlx::raw_sql("commit").execute(self.connection()).await?;
        drop(self.connection.take());
        let lock = self.lock.take().expect("only a commit takes the lock, and it takes self");
        Ok((value, due.map(|(claim, _)| claim.clone()), lock.committed()))
    }

    async fn keep(&mut self, claim: &Claim, answer: &KeptAnswer) -> Result<()> {
        let is_kept = idempotency_keys::finish_idempotent(self.connection(), claim, answer, false).await?;
        if is_kept { Ok(()) } else { Err(StoreError::Superseded) }
    }

    /// Rolls the transaction back.
    pub(crate) async fn roll_back(mut self) -> Result<()> {
        sqlx::raw_sql("rollback").execute(self.connection()).await?;
        drop(self.connection.take());
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            connection.close_on_drop();
            drop(connection);
            // Its caller may have gone away during the commit, which takes place nevertheless: the next flush is for it too.
            let _committed = self.lock.take().map(WriteLock::committed);
        }
    }
}
