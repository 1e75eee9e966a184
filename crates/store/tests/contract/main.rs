//! What every store must do, written once and run on SQLite and on PostgreSQL.
//!
//! PostgreSQL needs `MILEPOST_TEST_POSTGRES`, the URL of a server on which databases may be created:
//! `scripts/with-databases.sh cargo test -p milepost-store` starts one.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod accounts;
mod database;
mod events;
mod faults;
mod fleet;
mod positions;
mod samples;
mod upkeep;

/// Makes of each listed function a test on each database.
macro_rules! on_both {
    ($($module:ident: $($claim:ident),+ $(,)?;)+) => {
        mod sqlite {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $claim() {
                    let database = crate::database::TestDatabase::sqlite().await;
                    crate::$module::$claim(&database).await;
                    database.remove().await;
                })+
            })+
        }
        mod postgres {
            $(mod $module {
                $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $claim() {
                    let name = concat!(stringify!($module), "::", stringify!($claim));
                    let Some(database) = crate::database::TestDatabase::postgres(name).await else { return };
                    crate::$module::$claim(&database).await;
                    database.remove().await;
                })+
            })+
        }
    };
}

on_both! {
    accounts:
        default_tenant_exists_from_the_start,
        tenant_ids_are_taken_once,
        tenants_are_listed_page_by_page,
        user_comes_back_as_it_was_added,
        username_is_taken_once_over_all_tenants,
        changed_user_is_told_to_both_tenants,
        removed_user_loses_its_sessions,
        users_are_listed_page_by_page,
        session_ends_when_it_expires,
        idempotency_key_does_its_work_once;
    fleet:
        vehicle_comes_back_as_it_was_added,
        same_vehicle_id_may_live_in_two_tenants,
        vehicles_are_listed_page_by_page_in_the_order_of_bytes,
        scope_narrows_the_list_of_vehicles,
        removed_vehicle_takes_its_devices_and_positions_along,
        device_is_found_by_its_key,
        tenants_see_nothing_of_each_other;
    positions:
        position_comes_back_as_it_was_recorded,
        many_positions_come_back_as_they_were_recorded,
        same_point_again_is_a_duplicate,
        point_brought_by_two_callers_at_once_is_accepted_once,
        shuffled_arrival_ends_in_the_same_state,
        vehicle_that_does_not_exist_fails_nobody_else,
        two_committers_on_the_same_vehicle_converge,
        vehicle_added_again_starts_a_new_track,
        history_is_read_page_by_page,
        arrivals_are_read_page_by_page,
        positions_of_any_date_are_kept,
        newest_positions_are_observed_in_order,
        facts_of_no_tenant_fail_their_caller_alone;
    events:
        event_ids_have_no_gap_and_no_inversion_under_concurrent_writers,
        each_tenant_counts_for_itself,
        failed_change_leaves_no_event;
    upkeep:
        migrations_run_twice_change_nothing,
        newer_database_is_refused,
        old_positions_are_forgotten_by_arrival,
        old_events_are_forgotten_and_never_numbered_again,
        expired_sessions_and_keys_are_forgotten;
}
