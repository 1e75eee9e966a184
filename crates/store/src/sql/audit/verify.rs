//! Checks a tenant's chain, beside a server that adds to it and removes what is old.

use super::super::{Connection, Db};
use super::rows::{digest, entry};
use crate::audit_seal::{START, content_hash, row_hash};
use crate::{AuditVerdict, Result, StoreError};
use milepost_domain::TenantId;
use sqlx::Row;

/// Rows that are read at once.
const PAGE_ROWS: i64 = 1_000;

/// What a tenant's counter says of its chain.
struct Chain {
    tenant_no: i64,
    last: (i64, [u8; 32]),
    removed: (i64, [u8; 32]),
}

pub(crate) async fn verify(connection: &mut Connection, tenant: &TenantId) -> Result<AuditVerdict> {
    let mut chain = read_chain(connection, tenant).await?;
    let mut verdict = AuditVerdict { rows: 0, emptied: 0, head: chain.removed, bad: None };
    loop {
        let page = sqlx::query::<Db>(
            "select id, at_ms, actor, access_token, action, subject, before, after, address, salt, content_hash, hash
             from audit where tenant_no = $1 and id > $2 order by id limit $3",
        )
        .bind(chain.tenant_no)
        .bind(if verdict.rows == 0 { i64::MIN } else { verdict.head.0 })
        .bind(PAGE_ROWS)
        .fetch_all(&mut *connection)
        .await?;
        for row in &page {
            let Ok(found) = entry(row) else {
                return Ok(bad(verdict, row.try_get("id")?, "has a value that no server writes"));
            };
            if found.id != verdict.head.0 + 1 {
                // Old rows may have been removed since the counter was read.
                chain = read_chain(connection, tenant).await?;
                if found.id == chain.removed.0 + 1 {
                    verdict.head = chain.removed;
                } else if found.id <= chain.removed.0 {
                    return Ok(bad(verdict, found.id, "was removed by its age, and is there again"));
                } else {
                    let missing = verdict.head.0.max(chain.removed.0) + 1;
                    return Ok(bad(verdict, missing, "is missing"));
                }
            }
            let salt = row.try_get::<Option<&[u8]>, _>("salt")?;
            let content = row.try_get::<&[u8], _>("content_hash")?;
            let (Ok(content), Ok(hash)) = (digest(content), digest(row.try_get("hash")?)) else {
                return Ok(bad(verdict, found.id, "has a hash of another length"));
            };
            let is_whole = match salt {
                Some(salt) => content_hash(salt, found.before.as_deref(), found.after.as_deref()) == content,
                None => found.before.is_none() && found.after.is_none(),
            };
            if !is_whole || row_hash(&verdict.head.1, chain.tenant_no, &found, &content) != hash {
                return Ok(bad(verdict, found.id, "is not as it was written"));
            }
            verdict.rows += 1;
            verdict.emptied += u64::from(salt.is_none());
            verdict.head = (found.id, hash);
        }
        if !page.is_empty() {
            continue;
        }
        chain = read_chain(connection, tenant).await?;
        if chain.removed.0 > verdict.head.0 {
            // Everything that was left has been removed meanwhile.
            verdict.head = chain.removed;
        }
        if verdict.head == chain.last {
            return Ok(verdict);
        }
        if verdict.head.0 > chain.last.0 {
            let inserted = chain.last.0 + 1;
            return Ok(bad(verdict, inserted, "was not added by a server"));
        }
        if verdict.head.0 == chain.last.0 {
            let last = chain.last.0;
            return Ok(bad(verdict, last, "is not the row that was added last"));
        }
        // Others have added rows since the last page, or the last ones are missing.
        let next = sqlx::query_scalar::<Db, i64>("select id from audit where tenant_no = $1 and id > $2 limit 1")
            .bind(chain.tenant_no)
            .bind(verdict.head.0)
            .fetch_optional(&mut *connection)
            .await?;
        if next.is_none() {
            let missing = verdict.head.0 + 1;
            return Ok(bad(verdict, missing, "is missing"));
        }
    }
}

fn bad(verdict: AuditVerdict, id: i64, why: &'static str) -> AuditVerdict {
    AuditVerdict { bad: Some((id, why)), ..verdict }
}

async fn read_chain(connection: &mut Connection, tenant: &TenantId) -> Result<Chain> {
    let row = sqlx::query::<Db>(
        "select tenant_no, audit_last, audit_hash, audit_removed_to, audit_removed_hash from event_counters
         where tenant_no = (select tenant_no from tenants where id = $1)",
    )
    .bind(tenant.as_str())
    .fetch_optional(connection)
    .await?
    .ok_or(StoreError::NotFound("tenant"))?;
    // A hash of another length was written by hand, and is no row's.
    let hash = |column: &str| -> Result<[u8; 32]> {
        Ok(row.try_get::<Option<&[u8]>, _>(column)?.map_or(START, |bytes| bytes.try_into().unwrap_or([0xff; 32])))
    };
    Ok(Chain {
        tenant_no: row.try_get("tenant_no")?,
        last: (row.try_get("audit_last")?, hash("audit_hash")?),
        removed: (row.try_get("audit_removed_to")?, hash("audit_removed_hash")?),
    })
}
