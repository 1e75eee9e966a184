//! Proofs of delivery and their files.

use super::super::audit::accounts::changed;
use super::super::audit::rows::note;
use super::super::{Connection, Db, DbRow, deliveries::reads, positions::timestamp};
use crate::{Result, StoreError};
use milepost_domain::{
    Author, Delivery, HandoverCode, Latitude, Longitude, OrderId, Proof, ProofFile, ProofFileKind, ProofId, ProofNote,
    ReceiverName, TenantId, Timestamp, TrackingId,
};
use serde_json::json;
use sqlx::{QueryBuilder, Row};

pub(crate) async fn find_delivery_by_order(
    connection: &mut Connection,
    tenant: &TenantId,
    order: &OrderId,
) -> Result<Option<Delivery>> {
    let id = sqlx::query_scalar::<Db, String>(
        "select tracking_id from deliveries where tenant_no = (select tenant_no from tenants where id = $1) and order_id = $2
         order by delivery_no desc limit 1",
    )
    .bind(tenant.as_str())
    .bind(order.as_str())
    .fetch_optional(&mut *connection)
    .await?;
    match id {
        Some(id) => reads::get_delivery(connection, &TrackingId::stored(&id)?).await,
        None => Ok(None),
    }
}

pub(crate) async fn add_proof(connection: &mut Connection, proof: &Proof, most: u32) -> Result<bool> {
    // Changes nothing, but locks the session, so that only one transaction at a time counts and adds its proofs.
    let delivery_no = sqlx::query_scalar::<Db, i64>(
        "update deliveries set version = version where tracking_id = $1 returning delivery_no",
    )
    .bind(proof.tracking_id.as_str())
    .fetch_optional(&mut *connection)
    .await?
    .ok_or(StoreError::NotFound("tracking session"))?;
    let count = sqlx::query_scalar::<Db, i64>("select count(*) from proofs where delivery_no = $1")
        .bind(delivery_no)
        .fetch_one(&mut *connection)
        .await?;
    if count >= i64::from(most) {
        return Ok(false);
    }
    let proof_no = sqlx::query_scalar::<Db, i64>(
        "insert into proofs (id, delivery_no, added_by, added_ms, taken_ms, latitude, longitude, receiver, code, note)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) returning proof_no",
    )
    .bind(proof.id.as_str())
    .bind(delivery_no)
    .bind(proof.added_by.as_str())
    .bind(proof.added_at.unix_ms())
    .bind(proof.taken_at.unix_ms())
    .bind(proof.place.map(|(latitude, _)| latitude.get()))
    .bind(proof.place.map(|(_, longitude)| longitude.get()))
    .bind(proof.receiver.as_ref().map(ReceiverName::as_str))
    .bind(proof.code.as_ref().map(HandoverCode::as_str))
    .bind(proof.note.as_ref().map(ProofNote::as_str))
    .fetch_one(&mut *connection)
    .await?;
    for file in &proof.files {
        sqlx::query::<Db>(
            "insert into proof_files (proof_no, id, kind, bytes, sha256, media_type, file_key) values ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(proof_no)
        .bind(file.id)
        .bind(file.kind.as_str())
        .bind(i64::try_from(file.bytes).unwrap_or(i64::MAX))
        .bind(file.sha256.as_slice())
        .bind(file.media_type.as_str())
        .bind(file.key.as_str())
        .execute(&mut *connection)
        .await?;
        let taken = sqlx::query::<Db>("delete from unused_files where file_key = $1")
            .bind(file.key.as_str())
            .execute(&mut *connection)
            .await?;
        if taken.rows_affected() == 0 {
            // It took longer than a day, and the file may be gone.
            return Err(StoreError::Conflict("file of a proof"));
        }
    }
    Ok(true)
}

fn file(row: &DbRow) -> Result<ProofFile> {
    Ok(ProofFile {
        id: row.try_get("file_id")?,
        kind: ProofFileKind::parse(row.try_get("kind")?)?,
        bytes: u64::try_from(row.try_get::<i64, _>("bytes")?).unwrap_or(0),
        sha256: row
            .try_get::<&[u8], _>("sha256")?
            .try_into()
            .map_err(|_| StoreError::Corrupt("a sum of a file has another length".to_owned()))?,
        media_type: row.try_get("media_type")?,
        key: row.try_get("file_key")?,
    })
}

pub(crate) async fn list_proofs(connection: &mut Connection, delivery: &TrackingId) -> Result<Vec<Proof>> {
    let rows = sqlx::query::<Db>(
        "select p.id, p.added_by, p.added_ms, p.taken_ms, p.latitude, p.longitude, p.receiver, p.code, p.note,
         f.id as file_id, f.kind, f.bytes, f.sha256, f.media_type, f.file_key
         from proofs p left join proof_files f on f.proof_no = p.proof_no
         where p.delivery_no = (select delivery_no from deliveries where tracking_id = $1) order by p.proof_no, f.id",
    )
    .bind(delivery.as_str())
    .fetch_all(connection)
    .await?;
    let mut proofs: Vec<Proof> = Vec::new();
    for row in &rows {
        let id = ProofId::stored(row.try_get("id")?)?;
        if proofs.last().is_none_or(|last| last.id != id) {
            proofs.push(proof(row, id, delivery)?);
        }
        if row.try_get::<Option<i64>, _>("file_id")?.is_some() {
            proofs.last_mut().expect("one was pushed above").files.push(file(row)?);
        }
    }
    Ok(proofs)
}

fn proof(row: &DbRow, id: ProofId, delivery: &TrackingId) -> Result<Proof> {
    let degrees = |column: &str| -> Result<Option<f64>> { Ok(row.try_get(column)?) };
    let place = match (degrees("latitude")?, degrees("longitude")?) {
        (Some(latitude), Some(longitude)) => Some((Latitude::new(latitude)?, Longitude::new(longitude)?)),
        _ => None,
    };
    Ok(Proof {
        id,
        tracking_id: delivery.clone(),
        added_by: row.try_get("added_by")?,
        added_at: timestamp(row.try_get("added_ms")?)?,
        taken_at: timestamp(row.try_get("taken_ms")?)?,
        place,
        receiver: row.try_get::<Option<&str>, _>("receiver")?.map(ReceiverName::stored).transpose()?,
        code: row.try_get::<Option<&str>, _>("code")?.map(HandoverCode::stored).transpose()?,
        note: row.try_get::<Option<&str>, _>("note")?.map(ProofNote::new).transpose()?,
        files: Vec::new(),
    })
}

pub(crate) async fn find_file(
    connection: &mut Connection,
    delivery: &TrackingId,
    proof: &ProofId,
    id: i64,
) -> Result<Option<ProofFile>> {
    let row = sqlx::query::<Db>(
        "select f.id as file_id, f.kind, f.bytes, f.sha256, f.media_type, f.file_key
         from proof_files f join proofs p on p.proof_no = f.proof_no join deliveries d on d.delivery_no = p.delivery_no
         where d.tracking_id = $1 and p.id = $2 and f.id = $3",
    )
    .bind(delivery.as_str())
    .bind(proof.as_str())
    .bind(id)
    .fetch_optional(connection)
    .await?;
    row.as_ref().map(file).transpose()
}

pub(crate) async fn has_proof(connection: &mut Connection, delivery: &TrackingId) -> Result<bool> {
    let found = sqlx::query_scalar::<Db, i64>(
        "select p.proof_no from proofs p join deliveries d on d.delivery_no = p.delivery_no where d.tracking_id = $1 limit 1",
    )
    .bind(delivery.as_str())
    .fetch_optional(connection)
    .await?;
    Ok(found.is_some())
}

pub(crate) async fn is_proof_required(connection: &mut Connection, tenant: &TenantId) -> Result<bool> {
    let required = sqlx::query_scalar::<Db, bool>("select proof_required from tenants where id = $1")
        .bind(tenant.as_str())
        .fetch_optional(connection)
        .await?;
    Ok(required.unwrap_or(false))
}

pub(crate) async fn set_proof_required(
    connection: &mut Connection,
    tenant: &TenantId,
    is_required: bool,
    author: Option<&Author>,
) -> Result<bool> {
    let before = is_proof_required(connection, tenant).await?;
    let set = sqlx::query::<Db>("update tenants set proof_required = $2 where id = $1")
        .bind(tenant.as_str())
        .bind(is_required)
        .execute(&mut *connection)
        .await?;
    if set.rows_affected() == 0 {
        return Ok(false);
    }
    let shown = |is_required: bool| Some(json!({ "proof_required": is_required }));
    let change = || changed("tenant.update", "tenant", tenant, shown(before), shown(is_required));
    note(connection, author, tenant, change).await?;
    Ok(true)
}

pub(crate) async fn announce_files(connection: &mut Connection, keys: &[String], after: Timestamp) -> Result<()> {
    for key in keys {
        sqlx::query::<Db>("insert into unused_files (file_key, after_ms) values ($1, $2)")
            .bind(key.as_str())
            .bind(after.unix_ms())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

pub(crate) async fn unused_files(connection: &mut Connection, now: Timestamp, limit: u32) -> Result<Vec<String>> {
    let keys = sqlx::query_scalar::<Db, String>(
        "select file_key from unused_files where after_ms <= $1 order by after_ms limit $2",
    );
    Ok(keys.bind(now.unix_ms()).bind(i64::from(limit)).fetch_all(connection).await?)
}

pub(crate) async fn forget_files(connection: &mut Connection, keys: &[String]) -> Result<()> {
    if keys.is_empty() {
        return Ok(());
    }
    let mut query = QueryBuilder::<Db>::new("delete from unused_files where file_key in (");
    let mut listed = query.separated(", ");
    for key in keys {
        listed.push_bind(key.as_str());
    }
    query.push(")").build().persistent(false).execute(connection).await?;
    Ok(())
}
