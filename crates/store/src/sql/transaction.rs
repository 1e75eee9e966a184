//! One transaction on one connection, undone unless it is finished.

use super::{BEGIN, Connection, Db, Turn, Writers, idempotency_keys};
use crate::claim::{DueAnswer, due_answer};
use crate::{Result, StoreError};
use sqlx::pool::PoolConnection;

/// A begun transaction. Dropped unfinished (its caller went away), it closes its connection, which rolls it back.
pub(super) struct Transaction {
    /// `None` once finished.
    connection: Option<PoolConnection<Db>>,
    /// Given back after the connection.
    _turn: Turn,
}

impl Transaction {
    /// Begins one; in SQLite this waits for the one write lock.
    pub(super) async fn begin(writers: &Writers) -> Result<Self> {
        let turn = writers.turn().await?;
        let mut transaction = Self { connection: Some(writers.pool.acquire().await?), _turn: turn };
        sqlx::raw_sql(BEGIN).execute(transaction.connection()).await?;
        Ok(transaction)
    }

    /// Where its statements go.
    pub(super) fn connection(&mut self) -> &mut Connection {
        self.connection.as_mut().expect("only finish takes the connection, and it takes self")
    }

    /// Commits what succeeded and rolls back what failed. What does the work of a claimed request keeps its answer as well:
    /// both are there, or neither. After trouble with the database the connection is closed, so that the next transaction
    /// starts on a fresh one.
    pub(super) async fn finish<T: 'static>(mut self, outcome: Result<T>) -> Result<T> {
        let due = outcome.as_ref().ok().and_then(due_answer);
        let outcome = match &due {
            Some(due) => self.keep(due).await.and(outcome),
            None => outcome,
        };
        let outcome = match outcome {
            Ok(value) => {
                sqlx::raw_sql("commit").execute(self.connection()).await.map(|_| value).map_err(StoreError::from)
            }
            Err(error) => {
                if !matches!(error, StoreError::Unavailable(_)) {
                    self.roll_back().await?;
                }
                return Err(error);
            }
        };
        if outcome.is_ok() {
            drop(self.connection.take());
            if let Some(due) = due {
                due.is_kept();
            }
        }
        outcome
    }

    async fn keep(&mut self, due: &DueAnswer) -> Result<()> {
        let is_kept = idempotency_keys::finish_idempotent(self.connection(), &due.claim, &due.answer).await?;
        if is_kept { Ok(()) } else { Err(StoreError::Superseded) }
    }

    /// Undoes it.
    pub(super) async fn roll_back(mut self) -> Result<()> {
        sqlx::raw_sql("rollback").execute(self.connection()).await?;
        drop(self.connection.take());
        Ok(())
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        if let Some(mut connection) = self.connection.take() {
            connection.close_on_drop();
        }
    }
}
