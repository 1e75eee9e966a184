//! Runs the same test on SQLite and on PostgreSQL.

use crate::support::{TestServer, fresh_postgres};

/// The database of a test's servers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Database {
    Sqlite,
    Postgres,
}

impl Database {
    pub async fn start(self) -> TestServer {
        self.start_with(&[]).await
    }

    /// Starts a server with these settings and a new database, which it keeps when it is restarted.
    pub async fn start_with(self, settings: &[(&'static str, &str)]) -> TestServer {
        let url = match self {
            Self::Sqlite => return TestServer::start_with(settings).await,
            Self::Postgres => fresh_postgres().await.expect("looked for before the test began"),
        };
        TestServer::start_with(&[settings, &[("DATABASE_URL", &url)]].concat()).await
    }
}

/// Makes two tests of each listed function, which takes a [`Database`].
macro_rules! on_both {
    ($($claim:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $claim() {
                super::$claim(crate::support::databases::Database::Sqlite).await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $claim() {
                if crate::support::has_postgres() {
                    super::$claim(crate::support::databases::Database::Postgres).await;
                }
            })+
        }
    };
}

pub(crate) use on_both;
