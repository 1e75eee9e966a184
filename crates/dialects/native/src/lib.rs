//! The native REST dialect under `/api/v1`: tenants, users, vehicles, devices, positions, the fleet, parcels, records,
//! notifications, webhooks, and its OpenAPI document.

#![forbid(unsafe_code)]

mod convert;
mod convert_alert;
mod convert_delivery;
mod convert_geofence;
mod convert_notice;
mod convert_object;
mod convert_outgoing;
mod convert_parcel;
mod convert_record;
mod convert_report_schedule;
mod convert_roaming_fence;
mod convert_trip;
mod handlers;
mod location;
mod openapi;
mod wire;

use axum::Router;
use axum::routing::get;
use milepost_http::{HttpContext, replay_idempotent};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use openapi::openapi_document;

/// Everything under `/api/v1`, and the document that describes it.
pub fn routes(context: Arc<HttpContext>) -> Router {
    let (router, document) = api().split_for_parts();
    let document = openapi::finish(document);
    let collections = Arc::new(location::collections(&document));
    let document = openapi::text_of(&document);
    router
        .layer(axum::middleware::from_fn_with_state(Arc::clone(&context), replay_idempotent))
        .layer(axum::middleware::from_fn_with_state(collections, location::locate))
        .with_state(context)
        .route("/api/v1/openapi.json", get(move || async move { openapi::answer(document) }))
}

/// One line for each path. A handler has the name of its use case.
fn api() -> OpenApiRouter<Arc<HttpContext>> {
    use handlers::{
        access_tokens, alerts, audit, dashboard, duty, geofences, jobs, people, roaming_fences, rules, shares,
        trip_path, trips,
    };
    use handlers::{
        attendance, cadets, commands, grades, messages, notifications, push, report_schedules, reports, sync_events,
    };
    use handlers::{
        deliveries, devices, outgoing, parcel_path, parcels, positions, second_factor, tenants, track, unknown_devices,
        users, vehicles, webhooks,
    };
    let api = OpenApiRouter::with_openapi(openapi::head())
        .routes(routes!(tenants::add_tenant, tenants::list_tenants))
        .routes(routes!(tenants::change_tenant))
        .routes(routes!(users::add_user, users::list_users))
        .routes(routes!(users::get_user, users::change_user, users::remove_user))
        .routes(routes!(access_tokens::add_access_token, access_tokens::list_access_tokens))
        .routes(routes!(access_tokens::remove_access_token))
        .routes(routes!(shares::add_share, shares::list_shares))
        .routes(routes!(shares::open_share))
        .routes(routes!(shares::remove_share))
        .routes(routes!(audit::list_audit))
        .routes(routes!(users::invite_user))
        .routes(routes!(duty::get_duty, duty::change_duty))
        .routes(routes!(duty::list_off_duty))
        .routes(routes!(people::export_user))
        .routes(routes!(people::erase_user, people::keep_user))
        .routes(routes!(reports::make_report))
        .routes(routes!(report_schedules::add_report_schedule, report_schedules::list_report_schedules))
        .routes(routes!(
            report_schedules::get_report_schedule,
            report_schedules::change_report_schedule,
            report_schedules::remove_report_schedule
        ))
        .routes(routes!(jobs::mail_report))
        .routes(routes!(jobs::get_job))
        .routes(routes!(jobs::read_job_result))
        .routes(routes!(users::reset_second_factor))
        .routes(routes!(users::reset_passkeys))
        .routes(routes!(second_factor::get_second_factor, second_factor::set_second_factor))
        .routes(routes!(vehicles::add_vehicle, vehicles::list_vehicles))
        .routes(routes!(vehicles::get_vehicle, vehicles::change_vehicle, vehicles::remove_vehicle))
        .routes(routes!(devices::add_device, devices::list_devices))
        .routes(routes!(unknown_devices::list_unknown_devices))
        .routes(routes!(unknown_devices::adopt_device))
        .routes(routes!(devices::get_device, devices::change_device, devices::remove_device))
        .routes(routes!(commands::issue_command, commands::list_commands))
        .routes(routes!(positions::record_positions, track::list_positions_at))
        .routes(routes!(track::read_track))
        .routes(routes!(webhooks::add_webhook, webhooks::list_webhooks))
        .routes(routes!(webhooks::get_webhook, webhooks::change_webhook, webhooks::remove_webhook))
        .routes(routes!(webhooks::test_webhook))
        .routes(routes!(webhooks::rotate_webhook_secret))
        .routes(routes!(webhooks::list_webhook_deliveries))
        .routes(routes!(webhooks::retry_webhook_delivery))
        .routes(routes!(outgoing::list_outgoing_calls))
        .routes(routes!(outgoing::retry_outgoing_call))
        .routes(routes!(deliveries::list_deliveries))
        .routes(routes!(parcels::add_parcel, parcels::list_parcels))
        .routes(routes!(parcels::get_parcel, parcels::change_parcel))
        .routes(routes!(parcel_path::read_parcel_path))
        .routes(routes!(geofences::add_geofence, geofences::list_geofences))
        .routes(routes!(geofences::get_geofence, geofences::change_geofence, geofences::remove_geofence))
        .routes(routes!(roaming_fences::add_roaming_fence, roaming_fences::list_roaming_fences))
        .routes(routes!(
            roaming_fences::get_roaming_fence,
            roaming_fences::change_roaming_fence,
            roaming_fences::remove_roaming_fence
        ))
        .routes(routes!(roaming_fences::list_encounters))
        .routes(routes!(trips::start_trip, trips::list_trips))
        .routes(routes!(trip_path::get_trip))
        .routes(routes!(trip_path::read_trip_path))
        .routes(routes!(trips::complete_trip))
        .routes(routes!(trips::cancel_trip))
        .routes(routes!(alerts::raise_alert, alerts::list_alerts))
        .routes(routes!(alerts::mark_alert_read))
        .routes(routes!(alerts::delete_alert))
        .routes(routes!(rules::get_rules, rules::change_rules))
        .routes(routes!(dashboard::get_dashboard))
        .routes(routes!(cadets::add_cadet, cadets::list_cadets))
        .routes(routes!(cadets::get_cadet))
        .routes(routes!(cadets::change_scores))
        .routes(routes!(grades::give_grade, grades::list_grades))
        .routes(routes!(grades::take_back_grade))
        .routes(routes!(attendance::list_attendance))
        .routes(routes!(attendance::record_attendance))
        .routes(routes!(notifications::send_notifications, notifications::list_notifications))
        .routes(routes!(notifications::read_notification))
        .routes(routes!(messages::send_messages, messages::list_messages))
        .routes(routes!(messages::read_message))
        .routes(routes!(sync_events::publish_sync_event))
        .routes(routes!(push::get_push_key))
        .routes(routes!(push::add_push_subscription, push::list_push_subscriptions))
        .routes(routes!(push::remove_push_subscription));
    OpenApiRouter::new().nest("/api/v1", api)
}
