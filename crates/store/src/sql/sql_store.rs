//! The store on one database: its connections, and the shape of every query and transaction.

use super::transaction::Transaction;
use super::{Db, Native, Writers};
use crate::unknown_kinds::UnknownKinds;
use crate::{AnswerQuota, Renderer, Result};
use milepost_domain::{Author, Event, TenantId};
use sqlx::Pool;
use sqlx::pool::PoolConnection;
use std::sync::Arc;

#[derive(Clone)]
pub(crate) struct SqlStore {
    /// The connections that write.
    pub(crate) writers: Writers,
    /// The connections that read.
    pub(crate) readers: Pool<Db>,
    /// Those of authentication and `/ready`.
    pub(crate) front: Pool<Db>,
    /// Those on which the committer reads.
    pub(crate) ingest: Pool<Db>,
    /// The connections that remove old data.
    pub(crate) upkeep: Writers,
    /// What the keys and answers of requests may take.
    pub(crate) answers: AnswerQuota,
    /// State that only this database needs.
    pub(crate) native: Arc<Native>,
    /// Writes the bodies of outgoing calls.
    pub(crate) renderer: Arc<dyn Renderer>,
    /// The unknown kinds of events that were logged.
    pub(crate) unknown_kinds: Arc<UnknownKinds>,
    /// Who makes the changes, for the audit.
    pub(crate) author: Option<Author>,
}

impl SqlStore {
    pub(crate) async fn read(&self) -> Result<PoolConnection<Db>> {
        self.native.check_for_read()?;
        Ok(self.readers.acquire().await?)
    }

    pub(crate) async fn read_front(&self) -> Result<PoolConnection<Db>> {
        self.native.check_for_read()?;
        Ok(self.front.acquire().await?)
    }

    pub(crate) async fn read_ingest(&self) -> Result<PoolConnection<Db>> {
        self.native.check_for_read()?;
        Ok(self.ingest.acquire().await?)
    }

    /// Events that were read, when they are on disk. Otherwise a power cut could take back what somebody was told, and give its
    /// id to another event.
    pub(crate) async fn on_disk(&self, events: Vec<Event>) -> Result<Vec<Event>> {
        if !events.is_empty() {
            self.native.flush().await?;
        }
        Ok(events)
    }

    pub(crate) const fn author(&self) -> Option<&Author> {
        self.author.as_ref()
    }

    pub(crate) fn renderer(&self) -> &dyn Renderer {
        &*self.renderer
    }

    pub(crate) async fn write(&self, tenant: Option<&TenantId>) -> Result<Transaction> {
        Transaction::begin(&self.writers, tenant).await
    }
}

/// Runs a function of a module on a reading connection.
macro_rules! read {
    ($store:ident, $module:ident :: $function:ident ( $($argument:expr),* )) => {
        $module::$function(&mut *$store.read().await?, $($argument),*).await
    };
}

/// Runs a function of a module on a connection that is kept for authentication.
macro_rules! read_front {
    ($store:ident, $module:ident :: $function:ident ( $($argument:expr),* )) => {
        $module::$function(&mut *$store.read_front().await?, $($argument),*).await
    };
}

/// Runs a function of a module in its own transaction, in the turn of a tenant, or without one in the server's own. It runs a
/// second time if PostgreSQL undoes the first for the sake of another transaction. The result means that it is on disk.
macro_rules! write {
    ($store:ident, $tenant:expr, $module:ident :: $function:ident ( $($argument:expr),* )) => {
        write!($store, $tenant, $module::$function($($argument),*), &crate::Once::unclaimed())
    };
    ($store:ident, $tenant:expr, $module:ident :: $function:ident ( $($argument:expr),* ), $once:expr) => {
        in_transaction!($store, $tenant, $module::$function($($argument),*), finish_once($once))
    };
}

/// The same for what may be lost with the power, though not with the process, because it is done again then.
macro_rules! write_unflushed {
    ($store:ident, $tenant:expr, $module:ident :: $function:ident ( $($argument:expr),* )) => {
        in_transaction!($store, $tenant, $module::$function($($argument),*), finish_unflushed())
    };
}

macro_rules! in_transaction {
    ($store:ident, $tenant:expr, $module:ident :: $function:ident ( $($argument:expr),* ), $finish:ident ( $($once:expr)? )) => {{
        let mut is_second = false;
        loop {
            let mut transaction = $store.write($tenant).await?;
            let outcome = $module::$function(transaction.connection(), $($argument),*).await;
            match transaction.$finish(outcome $(, $once)?).await {
                Err(crate::StoreError::Contended(_)) if !is_second => is_second = true,
                finished => break finished,
            }
        }
    }};
}
