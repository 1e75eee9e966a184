//! Rewrites ids and usernames that older versions stored in another form than the one that is compared now.

use super::super::{Connection, Db, DbRow};
use crate::Result;
use milepost_domain::{Username, VehicleId};
use sqlx::{AssertSqlSafe, Row};

const COLUMNS: [(&str, &str); 4] = [("tenants", "id"), ("vehicles", "id"), ("devices", "id"), ("users", "username")];

/// Rewrites them at a start. A text whose form another row has stays as it is.
pub(crate) async fn rewrite_normal_forms(connection: &mut Connection) -> Result<()> {
    for (table, column) in COLUMNS {
        // ASCII has one form only.
        let select =
            format!("select tenant_no, {column} as text from {table} where octet_length({column}) > length({column})");
        let rows: Vec<DbRow> = sqlx::query::<Db>(AssertSqlSafe(select)).fetch_all(&mut *connection).await?;
        for row in &rows {
            let (tenant_no, stored): (i64, &str) = (row.try_get("tenant_no")?, row.try_get("text")?);
            let Some(form) = form(column, stored).filter(|form| form != stored) else { continue };
            let update = format!("update {table} set {column} = $1 where tenant_no = $2 and {column} = $3");
            let update = sqlx::query::<Db>(AssertSqlSafe(update)).bind(form).bind(tenant_no).bind(stored);
            match update.execute(&mut *connection).await {
                Err(sqlx::Error::Database(error)) if error.is_unique_violation() => {
                    tracing::warn!(table, tenant_no, "two names differ only in their Unicode form; one stays as it is");
                }
                updated => {
                    updated?;
                }
            }
        }
    }
    Ok(())
}

fn form(column: &str, stored: &str) -> Option<String> {
    if column == "username" {
        Username::typed(stored).map(|name| name.as_str().to_owned())
    } else {
        VehicleId::stored(stored).ok().map(|id| id.as_str().to_owned())
    }
}
