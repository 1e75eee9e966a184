//! Makes a database for each test.

use milepost_outbox::PublicForm;
use milepost_store::{OpenOptions, Store, open};
use milepost_test_support::{fresh_postgres, remove_postgres};
use sqlx::migrate::Migrator;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqliteConnection};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

pub(crate) struct TestDatabase {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) url: String,
    place: Place,
}

enum Place {
    Folder(PathBuf),
    Server,
}

/// Two nodes on one SQLite file wait for each other, and on a busy machine for long.
pub(crate) fn options() -> OpenOptions {
    OpenOptions { busy_timeout: Duration::from_secs(5), connections: 4, ..OpenOptions::default() }
}

impl TestDatabase {
    pub(crate) async fn sqlite() -> Self {
        Self::sqlite_with(&options()).await
    }

    /// A fault shows soon: nothing waits for a lock for long.
    pub(crate) async fn impatient_sqlite() -> Self {
        Self::sqlite_with(&OpenOptions { busy_timeout: Duration::from_millis(500), ..options() }).await
    }

    async fn sqlite_with(options: &OpenOptions) -> Self {
        let folder = std::env::temp_dir().join(format!("milepost-store-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir(&folder).unwrap();
        let url = format!("sqlite://{}", folder.join("milepost.db").display());
        Self {
            store: open(&url, options, Arc::new(PublicForm::default())).await.unwrap(),
            url,
            place: Place::Folder(folder),
        }
    }

    /// Returns `None` if there is no PostgreSQL.
    pub(crate) async fn postgres() -> Option<Self> {
        let url = fresh_postgres().await?;
        let store = open(&url, &options(), Arc::new(PublicForm::default())).await.unwrap();
        Some(Self { store, url, place: Place::Server })
    }

    /// Another database of the same kind, as a version without the migrations from `number` on left it, with what `sql` adds,
    /// and then opened by this version.
    pub(crate) async fn upgraded(&self, number: i64, sql: &str) -> Self {
        let (folder, url, kind) = if self.is_postgres() {
            (None, fresh_postgres().await.unwrap(), "postgres")
        } else {
            let folder = std::env::temp_dir().join(format!("milepost-store-{}", uuid::Uuid::new_v4().simple()));
            std::fs::create_dir(&folder).unwrap();
            let url = format!("sqlite://{}?mode=rwc", folder.join("milepost.db").display());
            (Some(folder), url, "sqlite")
        };
        let migrations = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(kind);
        let all = Migrator::new(migrations).await.unwrap();
        let older: Vec<_> = all.iter().filter(|migration| migration.version < number).cloned().collect();
        let sql = AssertSqlSafe(sql.to_owned());
        if folder.is_none() {
            let mut connection = PgConnection::connect(&url).await.unwrap();
            Migrator::with_migrations(older).run(&mut connection).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        } else {
            let mut connection = SqliteConnection::connect(&url).await.unwrap();
            Migrator::with_migrations(older).run(&mut connection).await.unwrap();
            sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
            connection.close().await.unwrap();
        }
        let store = open(&url, &options(), Arc::new(PublicForm::default())).await.unwrap();
        Self { store, url, place: folder.map_or(Place::Server, Place::Folder) }
    }

    /// Opens the same database as another node.
    pub(crate) async fn another_node(&self) -> Arc<dyn Store> {
        open(&self.url, &options(), Arc::new(PublicForm::default())).await.unwrap()
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.place, Place::Server)
    }

    /// The path of the SQLite file.
    pub(crate) fn file(&self) -> PathBuf {
        match &self.place {
            Place::Folder(folder) => folder.join("milepost.db"),
            Place::Server => panic!("a server has no file"),
        }
    }

    /// Runs statements without the store.
    pub(crate) async fn run(&self, sql: &str) {
        self.try_run(sql).await.unwrap();
    }

    /// The same, for statements that the database may refuse.
    pub(crate) async fn try_run(&self, sql: &str) -> sqlx::Result<()> {
        let sql = AssertSqlSafe(sql.to_owned());
        if self.is_postgres() {
            let mut connection = PgConnection::connect(&self.url).await?;
            sqlx::raw_sql(sql).execute(&mut connection).await.map(drop)
        } else {
            let mut connection = SqliteConnection::connect(&self.url).await?;
            sqlx::raw_sql(sql).execute(&mut connection).await.map(drop)
        }
    }

    /// What holds a text, however its letters are written: rows of PostgreSQL's tables, SQLite's files.
    pub(crate) async fn rows_with(&self, needle: &str) -> Vec<String> {
        if !self.is_postgres() {
            let Place::Folder(folder) = &self.place else { return Vec::new() };
            let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            let holds =
                |bytes: &[u8]| bytes.windows(needle.len()).any(|part| part.eq_ignore_ascii_case(needle.as_bytes()));
            return files
                .filter(|file| holds(&std::fs::read(file).unwrap()))
                .map(|file| file.display().to_string())
                .collect();
        }
        let mut connection = PgConnection::connect(&self.url).await.unwrap();
        let tables = "select table_name::text from information_schema.tables where table_schema = current_schema()";
        let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut connection).await.unwrap();
        let mut found = Vec::new();
        for table in tables {
            let sql = format!("select t::text from \"{table}\" t where t::text ilike $1");
            let rows = sqlx::query_scalar::<_, String>(AssertSqlSafe(sql)).bind(format!("%{needle}%"));
            let rows = rows.fetch_all(&mut connection).await.unwrap();
            found.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
        }
        found
    }

    pub(crate) async fn remove(self) {
        self.store.close().await;
        match self.place {
            Place::Folder(folder) => std::fs::remove_dir_all(folder).unwrap(),
            Place::Server => remove_postgres(&self.url).await,
        }
    }
}
