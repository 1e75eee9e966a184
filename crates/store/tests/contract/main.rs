//! The contract of the store, written once and run on SQLite and PostgreSQL.
//!
//! PostgreSQL needs `MILEPOST_TEST_POSTGRES`, the URL of a server on which databases may be created:
//! `scripts/with-databases.sh cargo test -p milepost-store` starts one.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod access_tokens;
mod accounts;
mod alerts;
mod answers;
mod assignments;
mod audit;
mod cadets;
mod catalogue;
mod claims;
mod clocks;
mod commands;
mod database;
mod deliveries;
mod devices;
mod duty;
mod events;
mod faults;
mod fleet;
mod fleet_events;
mod fold_results;
mod geofences;
mod hammer;
mod history;
mod history_alerts;
mod imports;
mod jobs;
mod leases;
mod migrations;
mod notices;
mod numbers;
mod outgoing;
mod outgoing_shares;
mod parcels;
mod partitions;
mod people;
mod positions;
mod proofs;
mod push;
mod push_alerts;
mod reports;
mod roaming;
mod samples;
mod second_factors;
mod shares;
mod sign_in;
mod timetables;
mod trips;
mod upkeep;
mod versions;
mod visible_events;
mod webhooks;

/// Makes a test on each database from each listed function.
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
                    let Some(database) = crate::database::TestDatabase::postgres().await else { return };
                    crate::$module::$claim(&database).await;
                    database.remove().await;
                })+
            })+
        }
    };
}

on_both! {
    access_tokens:
        a_token_comes_back_as_it_was_made,
        a_tenant_has_a_bounded_number_of_tokens,
        a_removed_token_is_found_no_more_and_its_number_is_not_given_again,
        the_last_use_of_a_token_only_moves_on,
        a_removed_vehicle_leaves_the_lists_of_tokens;
    accounts:
        default_tenant_exists_from_the_start,
        tenant_ids_are_taken_once,
        tenants_are_listed_page_by_page,
        user_comes_back_as_it_was_added,
        username_is_taken_once_in_its_tenant,
        logins_of_a_name_are_found_in_one_tenant_or_in_all,
        stored_names_get_the_form_that_is_compared,
        names_of_older_rules_can_be_read,
        changed_user_is_published_to_both_tenants,
        removed_user_loses_its_sessions,
        locked_out_user_or_new_password_ends_sessions,
        users_are_listed_page_by_page,
        session_ends_when_it_expires;
    audit:
        a_change_adds_its_row_with_before_and_after,
        every_kind_of_thing_is_audited_in_its_tenant,
        a_change_without_an_author_or_that_fails_adds_no_row,
        filters_are_exact_and_pages_follow_each_other,
        many_at_once_add_one_chain,
        the_database_refuses_to_change_or_remove_a_row,
        a_row_that_was_changed_removed_or_inserted_is_named,
        old_rows_are_removed_and_the_rest_can_be_checked;
    catalogue:
        entries_are_numbered_within_tenant_and_kind,
        names_get_a_number_once,
        links_go_with_either_end,
        a_vehicle_that_is_made_anew_inherits_no_entry;
    commands:
        a_command_is_queued_sent_and_answered_once,
        commands_go_with_their_vehicle_and_those_that_wait_are_bounded;
    imports:
        an_object_is_noted_once_for_each_source,
        progress_is_that_of_a_source,
        links_are_added_at_once_and_stay,
        a_hash_is_replaced_while_it_is_the_same;
    shares:
        a_share_is_found_by_its_secret_and_listed_with_its_vehicles,
        shares_that_have_ended_do_not_count_and_go_after_a_month,
        a_recalled_share_is_kept_as_such_and_does_not_count,
        openings_of_a_share_are_counted,
        a_vehicle_that_is_made_anew_is_in_no_share;
    second_factors:
        a_code_is_good_once_on_whichever_node,
        attempts_are_counted_and_forgiven,
        a_factor_counts_when_it_is_confirmed_and_goes_with_its_user,
        a_waiting_login_ends_once,
        a_challenge_is_taken_once_for_its_purpose,
        passkeys_are_added_used_and_removed,
        roles_of_a_tenant_need_a_second_factor;
    sign_in:
        sessions_of_a_user_are_listed_newest_first,
        too_many_sessions_end_the_one_that_was_not_seen_for_the_longest,
        a_password_link_is_used_once_and_ends_all_logins,
        a_password_link_ends_with_its_hour_or_with_what_it_was_made_for,
        a_user_has_a_bounded_number_of_password_links,
        users_are_found_by_their_address,
        a_grant_is_taken_once_when_it_is_due_and_goes_with_its_session;
    leases:
        a_lease_is_one_nodes_until_it_ends;
    timetables:
        a_timetable_is_replaced_and_removed;
    jobs:
        a_job_is_done_once_and_its_result_is_kept_for_its_time,
        a_job_of_a_dead_node_is_taken_over_and_the_dead_one_writes_nothing,
        an_ended_job_gives_way_to_a_new_one_of_its_kind,
        tenants_take_turns_and_have_a_share,
        callers_of_a_tenant_take_turns_beside_a_long_job,
        an_erasure_is_there_once_and_can_be_taken_back_until_it_begins;
    reports:
        a_schedule_comes_back_as_it_was_made_and_there_is_a_bounded_number,
        of_several_nodes_one_does_what_is_due,
        a_vehicle_that_is_made_anew_is_in_no_schedule,
        a_file_is_mailed_with_the_end_of_its_job_and_kept_while_a_mail_waits,
        an_erased_person_leaves_no_schedule_report_or_place_on_a_list;
    people:
        an_erased_person_is_in_no_row;
    duty:
        a_driver_goes_off_duty_and_comes_back,
        what_is_left_out_follows_the_tenants_rule,
        many_times_off_duty_become_fewer_that_cover_as_much;
    proofs:
        a_proof_comes_back_as_it_was_added,
        a_session_has_a_bounded_number_of_proofs,
        files_that_no_proof_took_are_unused_after_their_time,
        a_removed_session_leaves_its_files_unused,
        an_order_names_its_newest_session_in_its_tenant,
        a_tenant_may_demand_proofs;
    versions:
        a_cadets_version_counts_the_changes_of_its_records,
        only_the_next_version_is_written,
        many_changes_at_once_all_count,
        logins_end_for_good,
        number_of_a_removed_user_is_erased,
        vehicle_made_anew_inherits_nothing,
        alert_raised_while_its_vehicle_is_removed_goes_with_it,
        removed_vehicle_of_many_parents_leaves_them_all;
    answers:
        a_callers_oldest_refusals_leave_and_nobody_elses,
        answers_to_work_stay_and_more_of_it_is_refused,
        a_full_tenant_costs_its_greediest_caller,
        a_full_tenant_refuses_nobody_who_keeps_little;
    claims:
        key_does_its_work_once,
        work_stores_its_answer_in_its_own_transaction,
        the_answer_may_be_made_from_the_result_of_another_transaction,
        transactions_before_the_work_store_no_answer,
        only_the_first_work_of_a_claim_keeps_its_answer,
        work_that_failed_stores_no_answer,
        work_of_a_claim_that_was_taken_over_is_undone,
        many_at_once_with_one_key_do_its_work_once,
        claim_counts_in_another_task_only_if_it_is_passed_on,
        claims_of_a_dead_process_are_released_and_answers_stay;
    fleet:
        vehicle_comes_back_as_it_was_added,
        same_vehicle_id_may_live_in_two_tenants,
        vehicles_are_listed_page_by_page_in_the_order_of_bytes,
        scope_narrows_the_list_of_vehicles,
        removed_vehicle_takes_its_devices_and_positions_along,
        device_is_found_by_its_key,
        tenants_see_nothing_of_each_other;
    devices:
        a_unique_id_is_of_one_device_on_the_whole_server,
        a_device_that_is_removed_gives_its_unique_id_free,
        unknown_devices_are_listed_until_they_are_added,
        of_too_many_unknown_devices_the_oldest_go,
        a_fix_that_the_device_calls_invalid_is_marked_for_good;
    assignments:
        driver_of_a_time_is_known_after_a_change,
        drivers_that_change_at_once_follow_each_other,
        vehicle_of_a_device_is_known_by_its_time,
        old_assignments_are_forgotten_but_for_the_last,
        a_vehicle_has_a_bounded_number_of_drivers,
        a_corrected_trip_has_the_driver_of_its_start;
    positions:
        position_comes_back_as_it_was_recorded,
        many_positions_come_back_as_they_were_recorded,
        same_point_again_is_a_duplicate,
        point_sent_by_two_callers_at_once_is_accepted_once,
        shuffled_arrival_ends_in_the_same_state,
        a_position_of_an_unknown_vehicle_fails_no_others,
        two_committers_on_the_same_vehicle_converge,
        vehicle_added_again_starts_a_new_track,
        history_is_read_page_by_page,
        arrivals_are_read_page_by_page,
        arrivals_of_some_vehicles_are_those_among_all,
        positions_of_any_date_are_kept,
        newest_positions_are_observed_in_order,
        an_observer_that_panics_costs_no_answer_and_ends_the_committer,
        a_clock_that_was_ahead_silences_no_vehicle,
        while_the_newest_lies_ahead_present_positions_are_judged_too,
        what_was_stored_but_answered_as_failed_is_observed_when_it_is_sent_again,
        single_positions_of_many_vehicles_are_read_at_any_time,
        wrong_positions_are_stored_and_marked_and_never_the_place,
        a_vehicle_is_found_elsewhere_by_its_third_fix_on_whichever_nodes;
    deliveries:
        delivery_comes_back_as_it_was_added,
        tracking_id_is_taken_once_over_all_tenants,
        only_the_next_version_of_a_delivery_is_written,
        two_nodes_never_overwrite_each_others_delivery,
        moves_of_many_riders_are_stored_together_and_each_has_its_own_outcome,
        call_that_exists_undoes_the_whole_change,
        fixes_are_read_page_by_page_and_the_last_of_a_millisecond_counts,
        current_delivery_is_the_last_started_or_else_the_last_delivered,
        finished_rides_are_listed_newest_first,
        deliveries_are_counted_by_status_and_freshness,
        deliveries_are_listed_newest_first_a_page_at_a_time,
        long_expired_deliveries_are_forgotten_with_their_fixes;
    outgoing:
        webhook_comes_back_as_it_was_added,
        facts_call_the_webhooks_that_want_their_kind,
        change_that_failed_calls_nobody,
        webhooks_that_come_and_go_fail_no_change,
        removed_webhook_takes_its_calls_along,
        webhook_with_thousands_of_calls_can_be_removed,
        call_comes_back_as_it_was_stored,
        call_left_unsettled_is_due_again_when_its_lease_ends,
        call_is_settled_once,
        taken_and_waiting_calls_can_be_released,
        dead_receiver_does_not_hold_up_the_others,
        no_call_is_taken_by_two_nodes,
        calls_are_listed_newest_first_by_tenant_and_target,
        settled_calls_are_forgotten_and_waiting_ones_never;
    webhooks:
        webhook_whose_receiver_wants_no_more_is_disabled_until_a_call_is_retried,
        webhooks_that_are_disabled_and_removed_at_once_fail_nobody,
        webhook_can_be_changed_stopped_and_started,
        test_call_goes_to_its_webhook_alone,
        replaced_secrets_sign_until_their_time_is_over,
        two_nodes_add_no_more_webhooks_than_allowed;
    clocks:
        calls_are_taken_once_and_in_time_by_nodes_whose_clocks_differ,
        claims_are_abandoned_by_the_clock_that_nodes_share,
        a_clock_that_a_test_turned_counts_as_turned;
    outgoing_shares:
        tenants_take_turns_however_many_receivers_one_has,
        paused_receiver_gets_nothing_until_its_pause_ends,
        calls_that_were_not_tried_are_given_back_by_their_leaseholder_alone,
        keys_are_random_and_stay_the_same_over_tries;
    parcels:
        parcel_comes_back_as_it_was_added,
        only_the_next_version_of_a_parcel_is_written,
        call_that_exists_undoes_the_whole_change,
        scope_narrows_the_list_of_parcels,
        active_parcels_are_those_under_way,
        newest_fix_of_a_driver_is_kept_and_late_ones_only_stored,
        a_fix_that_lies_ahead_gives_way_to_a_present_one,
        fixes_of_many_drivers_are_stored_together_each_as_if_alone,
        what_many_drivers_bring_is_read_together,
        fix_marks_no_parcel_of_another_driver_or_tenant,
        fixes_by_two_nodes_at_once_end_in_the_newest,
        path_has_the_fixes_of_each_driver_during_the_delivery,
        legs_do_not_overlap_when_the_clocks_of_two_nodes_differ,
        old_fixes_of_drivers_are_forgotten_but_for_the_newest,
        held_fix_is_stored_and_never_the_newest;
    push:
        subscription_is_its_users_and_can_be_refreshed,
        browser_of_another_user_now_forgets_the_first_ones_pushes,
        user_keeps_the_browsers_refreshed_last,
        notice_calls_every_browser_of_its_user_and_no_other,
        long_text_is_cut_to_what_a_push_service_takes,
        gone_browser_goes_with_all_its_calls,
        user_that_may_not_enter_loses_its_browsers,
        browsers_that_come_and_go_fail_no_notice;
    push_alerts:
        company_alert_calls_those_who_see_the_whole_fleet,
        users_alert_calls_that_user_alone,
        alert_that_is_not_recent_calls_nobody,
        what_waits_of_an_alert_goes_when_it_is_read_or_deleted,
        alerts_of_many_vehicles_are_pushed_with_their_history,
        browsers_that_come_and_go_fail_no_alert,
        long_message_of_an_alert_is_cut;
    events:
        event_ids_have_no_gap_and_no_inversion_under_concurrent_writers,
        each_tenant_counts_for_itself,
        the_log_keeps_its_name,
        failed_change_leaves_no_event,
        event_of_a_newer_version_does_not_stop_this_ones_readers,
        value_of_a_newer_version_blocks_neither_feed_nor_replay_nor_webhooks;
    cadets:
        cadet_comes_back_as_it_was_added,
        student_id_is_taken_once_in_its_tenant,
        cadets_are_listed_page_by_page,
        grade_counts_until_it_is_taken_back,
        grades_are_listed_newest_first,
        only_present_days_count,
        attendance_that_is_so_already_stores_no_event,
        scores_publish_only_what_differs,
        records_of_no_cadet_are_refused,
        totals_are_right_under_many_writers;
    notices:
        notice_comes_back_as_it_was_sent,
        each_user_gets_one_in_the_order_of_users,
        notices_are_listed_newest_first_to_their_user_alone,
        notice_is_marked_read_once_by_its_user,
        notices_of_a_removed_user_are_forgotten_and_all_others_kept;
    visible_events:
        visible_events_are_those_that_may_be_seen,
        events_of_unknown_kind_are_seen_by_nobody_and_hide_nothing,
        few_are_found_among_any_number_of_others;
    geofences:
        geofence_comes_back_as_it_was_added,
        changed_geofence_is_as_it_was_described_last,
        geofences_are_listed_page_by_page,
        a_tenant_has_no_more_geofences_than_the_bound;
    roaming:
        a_roaming_fence_comes_back_as_it_was_described,
        a_step_is_stored_once_with_its_alert_and_times_decide,
        many_nodes_store_a_step_once,
        what_is_removed_leaves_no_encounter_and_no_name;
    alerts:
        alert_comes_back_as_it_was_raised,
        alerts_of_one_subject_are_raised_once_while_the_first_lasts,
        many_nodes_raise_an_alert_of_one_subject_once,
        alerts_are_listed_newest_first_to_those_who_may_see_them,
        alert_is_marked_read_once,
        deleted_alert_is_visible_to_nobody_and_published_once,
        expired_alerts_are_forgotten_and_all_others_kept;
    trips:
        trip_comes_back_as_it_was_added,
        vehicle_is_on_one_trip_of_each_origin_at_a_time,
        only_the_next_version_of_a_trip_is_written,
        withdrawn_trip_is_removed_and_published,
        trips_are_listed_newest_first_by_what_is_asked,
        trips_of_a_removed_vehicle_are_gone,
        old_trips_are_forgotten_by_arrival_and_running_ones_never;
    fold_results:
        rules_are_set_only_with_the_last_version,
        stats_are_sums_of_the_windows_buckets,
        activity_is_the_same_in_whatever_order_it_is_added,
        trips_are_counted_that_were_under_way_in_the_window,
        checkpoints_replace_those_from_their_time_on,
        old_activity_and_checkpoints_are_forgotten_but_for_each_vehicles_newest;
    fleet_events:
        fleet_events_are_those_that_may_be_seen,
        few_are_found_among_any_number_of_others;
    hammer:
        events_have_no_gap_no_inversion_and_no_loss_under_the_hammer;
    history:
        late_positions_are_noted_until_they_are_folded,
        what_another_node_folded_is_left_out_and_the_rest_is_written,
        of_two_nodes_that_fold_the_same_one_publishes_it,
        trips_are_published_as_they_change_and_keep_their_ids,
        visits_incidents_and_outliers_come_back_until_they_are_none,
        alerts_of_the_fold_are_raised_once_and_can_be_taken_back,
        vehicles_that_nobody_folded_and_silent_ones_are_found,
        sums_and_checkpoints_are_written_with_their_fold,
        old_history_and_that_of_removed_vehicles_is_forgotten;
    history_alerts:
        alerts_go_over_to_other_subjects_all_at_once,
        what_was_taken_back_is_raised_anew_and_what_a_user_deleted_is_not,
        a_corrected_alert_keeps_what_is_its_own;
    migrations:
        a_vehicle_whose_newest_position_is_marked_gets_its_place_back,
        positions_of_before_have_no_attributes,
        devices_and_cadets_of_before_can_be_changed,
        users_keep_their_numbers_and_sessions_when_names_become_their_tenants,
        things_keep_their_numbers_when_these_become_their_tenants;
    numbers:
        each_tenant_counts_what_it_enters,
        numbers_given_by_two_nodes_at_once_are_unique_and_without_a_gap,
        calls_of_several_receivers_are_numbered_one_by_one;
    upkeep:
        one_node_leads_upkeep_until_it_is_gone,
        migrations_run_twice_change_nothing,
        newer_database_is_refused,
        old_positions_are_forgotten_by_arrival,
        positions_are_forgotten_to_the_millisecond,
        many_positions_are_forgotten_in_steps,
        old_events_are_forgotten_and_never_numbered_again,
        expired_sessions_and_keys_are_forgotten;
}
