//! Reads what is known of a person, section by section, as JSON. Tracks of vehicles are read as everybody's are.

use super::super::{Connection, Db, DbRow, positions::timestamp};
use crate::{Person, PersonRow, Result, StoreError};
use serde_json::{Map, Value};
use sqlx::{Column, Row, TypeInfo, ValueRef};

/// The name of a section, where its pages begin, and its rows: $1 is the person's number, $2 the tenant, $3 the cursor, $4 the number of
/// rows, $5 the person's number as a text, $6 and $7 the numbers of a cursor with two. The first column is the next cursor.
type Section = (&'static str, &'static str, &'static str);

macro_rules! sections {
    ($($name:literal, $first:literal, $sql:literal;)+) => {
        pub(crate) const NAMES: [&str; [$($name),+].len()] = [$($name),+];
        const SECTIONS: [Section; NAMES.len()] = [$(($name, $first, $sql)),+];
    };
}

sections! {
    "account", "0", "select cast(u.id as text) as row_cursor, u.id, u.username, u.role, t.id as tenant, u.approved, u.active, u.cadet_id, u.vehicle_ids,
        u.email, u.email_refused_ms, u.language, u.timezone, u.alert_mail
        from users u join tenants t on t.tenant_no = u.tenant_no where u.id = $1 and u.id > cast($3 as bigint) limit $4";
    "identities", "", "select issuer as row_cursor, issuer, subject from identities where user_id = $1 and issuer > $3 order by issuer limit $4";
    "second_factors", "0", "select cast(user_id as text) as row_cursor, confirmed_ms from totp where user_id = $1 and user_id > cast($3 as bigint) limit $4";
    "passkeys", "0", "select cast(passkey_no as text) as row_cursor, name, created_ms, last_used_ms from passkeys
        where user_id = $1 and passkey_no > cast($3 as bigint) order by passkey_no limit $4";
    "sessions", "0", "select cast(max(created_ms) as text) as row_cursor, kind, created_ms, max(last_seen_ms) as last_seen_ms, max(expires_ms) as expires_ms, address
        from sessions where user_id = $1 and created_ms > cast($3 as bigint) group by created_ms, kind, address order by created_ms limit $4";
    "push_subscriptions", "0", "select cast(push_no as text) as row_cursor, endpoint, created_ms, refreshed_ms from push_subscriptions
        where user_id = $1 and push_no > cast($3 as bigint) order by push_no limit $4";
    "access_tokens", "0", "select cast(id as text) as row_cursor, id, name, scopes, vehicle_ids, created_ms, expires_ms, last_used_ms from access_tokens
        where tenant_no = (select tenant_no from tenants where id = $2) and created_by = $1 and id > cast($3 as bigint) order by id limit $4";
    "report_schedules", "0", "select cast(s.id as text) as row_cursor, s.id, s.name, s.owner_id, s.kind, s.period, s.time_s, s.timezone, s.language,
        s.format, s.active, s.created_ms, s.last_ms, (select r.ended_ms from report_schedule_receivers r where r.tenant_no = s.tenant_no
            and r.schedule_id = s.id and r.user_id = $1) as mails_ended_ms
        from report_schedules s where s.tenant_no = (select tenant_no from tenants where id = $2)
        and (s.owner_id = $1 or exists (select 1 from report_schedule_receivers r where r.tenant_no = s.tenant_no
            and r.schedule_id = s.id and r.user_id = $1))
        and s.id > cast($3 as bigint) order by s.id limit $4";
    "off_duty", "0", "select cast(from_ms as text) as row_cursor, from_ms, to_ms, with_vehicle from off_duty
        where user_id = $1 and from_ms > cast($3 as bigint) order by from_ms limit $4";
    "notices_received", "0", "select cast(notice_no as text) as row_cursor, id, is_message, message, kind, sender_id, fields, created_ms, read_ms from notices
        where user_id = $1 and notice_no > cast($3 as bigint) order by notice_no limit $4";
    "messages_sent", "0", "select cast(notice_no as text) as row_cursor, id, user_id, fields, created_ms from notices
        where sender_id = $1 and tenant_no = (select tenant_no from tenants where id = $2)
        and notice_no > cast($3 as bigint) order by notice_no limit $4";
    "alerts", "", "select id as row_cursor, id, kind, severity, vehicle_id, title, message, data, at_ms, expires_ms, read_ms from alerts
        where tenant_no = (select tenant_no from tenants where id = $2)
        and (for_user = $1 or driver_id = $1 or read_by = $1) and id > $3 order by id limit $4";
    "mails", "0", "select cast(call_no as text) as row_cursor, body, created_ms, delivered_ms, last_status, last_error from outgoing_calls
        where mail_user_id = $1 and call_no > cast($3 as bigint) order by call_no limit $4";
    "parcels", "0", "select cast(parcel_no as text) as row_cursor, id, client_id, driver_id, pickup_latitude, pickup_longitude, pickup_address,
        destination_latitude, destination_longitude, destination_address, status, created_ms, updated_ms from parcels p
        where tenant_no = (select tenant_no from tenants where id = $2) and (client_id = $1 or driver_id = $1 or exists
            (select 1 from parcel_legs l where l.parcel_no = p.parcel_no and l.driver_id = $1))
        and parcel_no > cast($3 as bigint) order by parcel_no limit $4";
    "driver_locations", "0", "select cast(at_ms as text) as row_cursor, at_ms, received_ms, latitude, longitude, address from driver_fixes
        where tenant_no = (select tenant_no from tenants where id = $2) and driver_id = $1
        and at_ms > cast($3 as bigint) order by at_ms limit $4";
    "deliveries", "0", "select cast(delivery_no as text) as row_cursor, tracking_id, order_id, phone, status, dropoff_latitude, dropoff_longitude, driven_m,
        created_ms, updated_ms, expires_ms from deliveries
        where tenant_no = (select tenant_no from tenants where id = $2) and (rider_id = $5 or started_by = $5)
        and delivery_no > cast($3 as bigint) order by delivery_no limit $4";
    "delivery_locations", "0", "select cast(f.delivery_no as text) || ':' || cast(f.at_ms as text) as row_cursor, d.tracking_id, f.at_ms, f.latitude,
        f.longitude from deliveries d join delivery_fixes f on f.delivery_no = d.delivery_no
        where d.tenant_no = (select tenant_no from tenants where id = $2) and d.rider_id = $5
        and (f.delivery_no, f.at_ms) > ($6, $7) order by f.delivery_no, f.at_ms limit $4";
    "proofs", "0", "select cast(p.proof_no as text) as row_cursor, p.id, d.tracking_id, p.added_ms, p.taken_ms, p.latitude, p.longitude, p.receiver, p.code, p.note
        from proofs p join deliveries d on d.delivery_no = p.delivery_no
        where d.tenant_no = (select tenant_no from tenants where id = $2) and (p.added_by = $5 or d.rider_id = $5)
        and p.proof_no > cast($3 as bigint) order by p.proof_no limit $4";
    "proof_files", "0", "select cast(f.proof_no as text) || ':' || cast(f.id as text) as row_cursor, d.tracking_id, p.id as proof, f.id, f.kind, f.bytes, f.sha256, f.media_type, f.file_key
        from proof_files f join proofs p on p.proof_no = f.proof_no join deliveries d on d.delivery_no = p.delivery_no
        where d.tenant_no = (select tenant_no from tenants where id = $2) and (p.added_by = $5 or d.rider_id = $5)
        and (f.proof_no, f.id) > ($6, $7) order by f.proof_no, f.id limit $4";
    "trips", "", "select p.id as row_cursor, p.id, v.id as vehicle, p.origin, p.status, p.started_ms, p.ended_ms, p.start_latitude, p.start_longitude,
        p.end_latitude, p.end_longitude, p.distance_mm, p.moving_ms as moving_for_ms, p.idle_ms as idle_for_ms, p.max_speed_kmh
        from trips p left join vehicles v on v.vehicle_no = p.vehicle_no
        where p.tenant_no = (select tenant_no from tenants where id = $2) and p.driver_id = $1 and p.id > $3 order by p.id limit $4";
    "cadet", "0", "select cast(c.cadet_no as text) as row_cursor, c.id, c.name, c.student_id, c.merit_points, c.demerit_points, c.attendance_present,
        c.prelim_score, c.midterm_score, c.final_score, c.created_ms from cadets c
        join users u on u.cadet_id = c.id and u.tenant_no = c.tenant_no
        where u.id = $1 and u.role = 'cadet' and c.cadet_no > cast($3 as bigint) order by c.cadet_no limit $4";
    "grades", "0", "select cast(g.grade_no as text) as row_cursor, g.id, g.kind, g.points, g.reason, g.created_ms from grades g
        join cadets c on c.cadet_no = g.cadet_no join users u on u.cadet_id = c.id and u.tenant_no = c.tenant_no
        where u.id = $1 and u.role = 'cadet' and g.grade_no > cast($3 as bigint) order by g.grade_no limit $4";
    "attendance", "0", "select cast(a.training_day_id as text) as row_cursor, a.training_day_id, a.status, a.time_in_s, a.time_out_s from attendances a
        join cadets c on c.cadet_no = a.cadet_no join users u on u.cadet_id = c.id and u.tenant_no = c.tenant_no
        where u.id = $1 and u.role = 'cadet' and a.training_day_id > cast($3 as bigint) order by a.training_day_id limit $4";
    "audit", "0", "select cast(id as text) as row_cursor, id, at_ms, actor, action, subject, before, after, address from audit
        where tenant_no = (select tenant_no from tenants where id = $2) and (actor = $1 or subject = 'user:' || $5)
        and id > cast($3 as bigint) order by id limit $4";
}

pub(crate) async fn read(
    connection: &mut Connection,
    person: &Person,
    section: usize,
    after: &str,
    limit: u32,
) -> Result<Vec<PersonRow>> {
    let (_, first, sql) = SECTIONS.get(section).copied().ok_or(StoreError::NotFound("section"))?;
    let number = |text: &str| text.parse::<i64>().unwrap_or(0);
    let numbers = after.split_once(':').map_or((0, 0), |(first, second)| (number(first), number(second)));
    let rows = sqlx::query::<Db>(sql)
        .bind(person.id.get())
        .bind(person.tenant.as_str())
        .bind(if after.is_empty() { first } else { after })
        .bind(i64::from(limit))
        .bind(person.id.to_string())
        .bind(numbers.0)
        .bind(numbers.1)
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, object(row)?))).collect()
}

/// A row as a JSON object, without its cursor. Times are written out, under a name that says so.
fn object(row: &DbRow) -> Result<Value> {
    let mut object = Map::new();
    for column in row.columns().iter().skip(1) {
        let value = value(row, column.ordinal())?;
        let (name, value) = match (column.name().strip_suffix("_ms"), &value) {
            (Some(name), Value::Number(ms)) if !name.ends_with("_for") => {
                let at = timestamp(ms.as_i64().unwrap_or(0))?.to_string();
                (if name == "at" { name.to_owned() } else { format!("{name}_at") }, Value::from(at))
            }
            (Some(name), Value::Null) => {
                (if name == "at" { name.to_owned() } else { format!("{name}_at") }, Value::Null)
            }
            _ => (column.name().to_owned(), value),
        };
        object.insert(name, value);
    }
    Ok(Value::Object(object))
}

fn value(row: &DbRow, place: usize) -> Result<Value> {
    let raw = row.try_get_raw(place)?;
    if raw.is_null() {
        return Ok(Value::Null);
    }
    let kind = raw.type_info().name().to_ascii_uppercase();
    Ok(match kind.as_str() {
        "BOOL" | "BOOLEAN" => row.try_get::<bool, _>(place)?.into(),
        "REAL" | "FLOAT8" => row.try_get::<f64, _>(place)?.into(),
        "TEXT" => row.try_get::<String, _>(place)?.into(),
        "BLOB" | "BYTEA" => {
            row.try_get::<&[u8], _>(place)?.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
        }
        _ => row.try_get::<i64, _>(place)?.into(),
    })
}
