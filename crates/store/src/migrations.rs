//! The migrations of both databases, which are built into the program.

use crate::{Result, StoreError};
use sqlx::SqlSafeStr;
use sqlx::migrate::{Migrate, MigrateError, Migration, MigrationType, Migrator};
use std::borrow::Cow;

/// Number, name and statements. A released migration never changes: the database keeps its checksum.
type Listed = (i64, &'static str, &'static str);

/// SQLite's migrations.
pub(crate) const SQLITE: &[Listed] = &[
    (1, "0001_foundation", include_str!("../migrations/sqlite/0001_foundation.sql")),
    (10, "0010_tracking", include_str!("../migrations/sqlite/0010_tracking.sql")),
    (11, "0011_records", include_str!("../migrations/sqlite/0011_records.sql")),
    (12, "0012_push", include_str!("../migrations/sqlite/0012_push.sql")),
    (13, "0013_fleet", include_str!("../migrations/sqlite/0013_fleet.sql")),
    (14, "0014_history", include_str!("../migrations/sqlite/0014_history.sql")),
    (15, "0015_service_due", include_str!("../migrations/sqlite/0015_service_due.sql")),
    (16, "0016_claims", include_str!("../migrations/sqlite/0016_claims.sql")),
    (17, "0017_alert_pushes", include_str!("../migrations/sqlite/0017_alert_pushes.sql")),
    (18, "0018_disabled_webhooks", include_str!("../migrations/sqlite/0018_disabled_webhooks.sql")),
    (19, "0019_drivers_events", include_str!("../migrations/sqlite/0019_drivers_events.sql")),
    (20, "0020_unsorted_positions", include_str!("../migrations/sqlite/0020_unsorted_positions.sql")),
    (21, "0021_arrivals", include_str!("../migrations/sqlite/0021_arrivals.sql")),
    (22, "0022_outgoing_shares", include_str!("../migrations/sqlite/0022_outgoing_shares.sql")),
    (23, "0023_vehicle_places", include_str!("../migrations/sqlite/0023_vehicle_places.sql")),
    (24, "0024_assignments", include_str!("../migrations/sqlite/0024_assignments.sql")),
    (26, "0026_usernames_of_tenants", include_str!("../migrations/sqlite/0026_usernames_of_tenants.sql")),
    (27, "0027_numbers_of_tenants", include_str!("../migrations/sqlite/0027_numbers_of_tenants.sql")),
    (28, "0028_versions", include_str!("../migrations/sqlite/0028_versions.sql")),
    (29, "0029_erased", include_str!("../migrations/sqlite/0029_erased.sql")),
    (30, "0030_idempotency_usage", include_str!("../migrations/sqlite/0030_idempotency_usage.sql")),
    (
        35,
        "0035_versions_of_devices_and_cadets",
        include_str!("../migrations/sqlite/0035_versions_of_devices_and_cadets.sql"),
    ),
    (36, "0036_devices", include_str!("../migrations/sqlite/0036_devices.sql")),
    (37, "0037_attributes", include_str!("../migrations/sqlite/0037_attributes.sql")),
    (39, "0039_access_tokens", include_str!("../migrations/sqlite/0039_access_tokens.sql")),
    (40, "0040_audit", include_str!("../migrations/sqlite/0040_audit.sql")),
    (41, "0041_proofs", include_str!("../migrations/sqlite/0041_proofs.sql")),
    (44, "0044_feed", include_str!("../migrations/sqlite/0044_feed.sql")),
    (46, "0046_sign_in", include_str!("../migrations/sqlite/0046_sign_in.sql")),
    (47, "0047_second_factors", include_str!("../migrations/sqlite/0047_second_factors.sql")),
    (48, "0048_mail", include_str!("../migrations/sqlite/0048_mail.sql")),
    (49, "0049_timetables", include_str!("../migrations/sqlite/0049_timetables.sql")),
    (50, "0050_catalogue", include_str!("../migrations/sqlite/0050_catalogue.sql")),
    (54, "0054_roaming_fences", include_str!("../migrations/sqlite/0054_roaming_fences.sql")),
    (56, "0056_leases", include_str!("../migrations/sqlite/0056_leases.sql")),
    (57, "0057_jobs", include_str!("../migrations/sqlite/0057_jobs.sql")),
    (58, "0058_provider_grants", include_str!("../migrations/sqlite/0058_provider_grants.sql")),
    (59, "0059_gathered_alerts", include_str!("../migrations/sqlite/0059_gathered_alerts.sql")),
    (61, "0061_passkeys", include_str!("../migrations/sqlite/0061_passkeys.sql")),
    (63, "0063_imported", include_str!("../migrations/sqlite/0063_imported.sql")),
    (64, "0064_shares", include_str!("../migrations/sqlite/0064_shares.sql")),
    (65, "0065_share_openings", include_str!("../migrations/sqlite/0065_share_openings.sql")),
    (67, "0067_off_duty", include_str!("../migrations/sqlite/0067_off_duty.sql")),
    (68, "0068_email_links", include_str!("../migrations/sqlite/0068_email_links.sql")),
    (71, "0071_report_schedules", include_str!("../migrations/sqlite/0071_report_schedules.sql")),
    (72, "0072_mailed_reports", include_str!("../migrations/sqlite/0072_mailed_reports.sql")),
    (73, "0073_device_commands", include_str!("../migrations/sqlite/0073_device_commands.sql")),
];

/// PostgreSQL's migrations.
pub(crate) const POSTGRES: &[Listed] = &[
    (1, "0001_foundation", include_str!("../migrations/postgres/0001_foundation.sql")),
    (10, "0010_tracking", include_str!("../migrations/postgres/0010_tracking.sql")),
    (11, "0011_records", include_str!("../migrations/postgres/0011_records.sql")),
    (12, "0012_push", include_str!("../migrations/postgres/0012_push.sql")),
    (13, "0013_fleet", include_str!("../migrations/postgres/0013_fleet.sql")),
    (14, "0014_history", include_str!("../migrations/postgres/0014_history.sql")),
    (15, "0015_service_due", include_str!("../migrations/postgres/0015_service_due.sql")),
    (16, "0016_claims", include_str!("../migrations/postgres/0016_claims.sql")),
    (17, "0017_alert_pushes", include_str!("../migrations/postgres/0017_alert_pushes.sql")),
    (18, "0018_disabled_webhooks", include_str!("../migrations/postgres/0018_disabled_webhooks.sql")),
    (19, "0019_drivers_events", include_str!("../migrations/postgres/0019_drivers_events.sql")),
    (22, "0022_outgoing_shares", include_str!("../migrations/postgres/0022_outgoing_shares.sql")),
    (23, "0023_vehicle_places", include_str!("../migrations/postgres/0023_vehicle_places.sql")),
    (24, "0024_assignments", include_str!("../migrations/postgres/0024_assignments.sql")),
    (26, "0026_usernames_of_tenants", include_str!("../migrations/postgres/0026_usernames_of_tenants.sql")),
    (27, "0027_numbers_of_tenants", include_str!("../migrations/postgres/0027_numbers_of_tenants.sql")),
    (28, "0028_versions", include_str!("../migrations/postgres/0028_versions.sql")),
    (29, "0029_erased", include_str!("../migrations/postgres/0029_erased.sql")),
    (30, "0030_idempotency_usage", include_str!("../migrations/postgres/0030_idempotency_usage.sql")),
    (31, "0031_nodes", include_str!("../migrations/postgres/0031_nodes.sql")),
    (
        35,
        "0035_versions_of_devices_and_cadets",
        include_str!("../migrations/postgres/0035_versions_of_devices_and_cadets.sql"),
    ),
    (36, "0036_devices", include_str!("../migrations/postgres/0036_devices.sql")),
    (37, "0037_attributes", include_str!("../migrations/postgres/0037_attributes.sql")),
    (39, "0039_access_tokens", include_str!("../migrations/postgres/0039_access_tokens.sql")),
    (40, "0040_audit", include_str!("../migrations/postgres/0040_audit.sql")),
    (41, "0041_proofs", include_str!("../migrations/postgres/0041_proofs.sql")),
    (44, "0044_feed", include_str!("../migrations/postgres/0044_feed.sql")),
    (46, "0046_sign_in", include_str!("../migrations/postgres/0046_sign_in.sql")),
    (47, "0047_second_factors", include_str!("../migrations/postgres/0047_second_factors.sql")),
    (48, "0048_mail", include_str!("../migrations/postgres/0048_mail.sql")),
    (49, "0049_timetables", include_str!("../migrations/postgres/0049_timetables.sql")),
    (50, "0050_catalogue", include_str!("../migrations/postgres/0050_catalogue.sql")),
    (54, "0054_roaming_fences", include_str!("../migrations/postgres/0054_roaming_fences.sql")),
    (56, "0056_leases", include_str!("../migrations/postgres/0056_leases.sql")),
    (57, "0057_jobs", include_str!("../migrations/postgres/0057_jobs.sql")),
    (58, "0058_provider_grants", include_str!("../migrations/postgres/0058_provider_grants.sql")),
    (59, "0059_gathered_alerts", include_str!("../migrations/postgres/0059_gathered_alerts.sql")),
    (61, "0061_passkeys", include_str!("../migrations/postgres/0061_passkeys.sql")),
    (63, "0063_imported", include_str!("../migrations/postgres/0063_imported.sql")),
    (64, "0064_shares", include_str!("../migrations/postgres/0064_shares.sql")),
    (65, "0065_share_openings", include_str!("../migrations/postgres/0065_share_openings.sql")),
    (67, "0067_off_duty", include_str!("../migrations/postgres/0067_off_duty.sql")),
    (68, "0068_email_links", include_str!("../migrations/postgres/0068_email_links.sql")),
    (71, "0071_report_schedules", include_str!("../migrations/postgres/0071_report_schedules.sql")),
    (72, "0072_mailed_reports", include_str!("../migrations/postgres/0072_mailed_reports.sql")),
    (73, "0073_device_commands", include_str!("../migrations/postgres/0073_device_commands.sql")),
];

/// The table in which a database records the applied migrations.
const TABLE: &str = "_sqlx_migrations";

/// Applies missing migrations and returns their names. Nodes that start together wait for each other.
pub(crate) async fn run<C: Migrate>(connection: &mut C, listed: &[Listed]) -> Result<Vec<String>> {
    let migrations = listed
        .iter()
        .map(|(number, name, sql)| {
            Migration::new(*number, Cow::Borrowed(name), MigrationType::Simple, sql.into_sql_str(), false)
        })
        .collect();
    let mut migrator = Migrator::with_migrations(migrations);
    // The lock is taken here, so that it also covers reading what is pending.
    migrator.set_locking(false);
    connection.lock().await.map_err(store_error)?;
    let lacking = pending(connection, listed).await?;
    migrator.run_direct(None, connection, false).await.map_err(store_error)?;
    connection.unlock().await.map_err(store_error)?;
    Ok(lacking)
}

/// The names of missing migrations.
pub(crate) async fn pending<C: Migrate>(connection: &mut C, listed: &[Listed]) -> Result<Vec<String>> {
    connection.ensure_migrations_table(TABLE).await.map_err(store_error)?;
    let applied = connection.list_applied_migrations(TABLE).await.map_err(store_error)?;
    if let Some(newer) = applied.iter().find(|one| listed.iter().all(|(number, ..)| *number != one.version)) {
        return Err(too_new(newer.version));
    }
    let lacks = |number: i64| applied.iter().all(|one| one.version != number);
    Ok(listed.iter().filter(|(number, ..)| lacks(*number)).map(|(_, name, _)| (*name).to_owned()).collect())
}

fn too_new(number: i64) -> StoreError {
    StoreError::Refused(format!(
        "it was changed by a newer version of milepost (migration {number}): start that version, or restore a backup"
    ))
}

fn store_error(error: MigrateError) -> StoreError {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error.into(),
        MigrateError::VersionMissing(number) => too_new(number),
        other => StoreError::Refused(other.to_string()),
    }
}
