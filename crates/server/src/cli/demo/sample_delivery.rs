//! The demo's riders. Each delivers one order after another along a street; the first one's links are printed.

use super::super::say;
use crate::serve::Running;
use anyhow::Result;
use milepost_domain::{
    Caller, DeliveryStatus, Latitude, Longitude, OrderId, Principal, RiderId, Role, TenantId, TrackingId,
};
use milepost_http::HttpContext;
use milepost_service::deliveries::{start_delivery, update_delivery};
use milepost_service::{DeliveryUpdate, NewDelivery, Once};
use milepost_simulate::{Route, demo_routes};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// The time between two reports of the rider.
const REPORT_EVERY: Duration = Duration::from_secs(2);
/// The distance between two reports: 8 m/s, a fast bicycle.
const STEP_M: f64 = 16.0;
/// The longest path of an order.
const LONGEST_M: f64 = 6_000.0;

/// The names of the riders.
const RIDERS: [&str; 4] = ["demo-rider", "rosa", "tariq", "uma"];
/// Between the first orders of two riders, so that their orders are at different stages.
const APART: Duration = Duration::from_secs(20);

/// Drives until `end` is set.
pub(super) fn drive_riders(
    running: &Running,
    tenant: &TenantId,
    end: &watch::Receiver<bool>,
) -> Vec<tokio::task::JoinHandle<()>> {
    let drive = |(rider, name): (usize, &'static str)| {
        let context = Arc::clone(&running.assembly.live.context);
        let (url, tenant, mut end) = (format!("http://{}", running.address), tenant.clone(), end.clone());
        tokio::spawn(async move {
            let ended = async move {
                let _ = end.wait_for(|ended| *ended).await;
            };
            let bringing = async {
                context.clock.sleep(APART * u32::try_from(rider).unwrap_or(0)).await;
                bring_orders(&context, &tenant, &url, rider, name).await
            };
            tokio::select! {
                () = ended => {}
                result = bringing => {
                    if let Err(error) = result {
                        tracing::warn!(%error, "a rider of the demo has stopped");
                    }
                }
            }
        })
    };
    RIDERS.into_iter().enumerate().map(drive).collect()
}

async fn bring_orders(
    context: &HttpContext,
    tenant: &TenantId,
    url: &str,
    rider: usize,
    name: &'static str,
) -> Result<()> {
    let principal = Principal::User {
        id: None,
        subject: name.to_owned(),
        role: Role::Rider,
        cadet_id: None,
        vehicle_ids: Vec::new(),
    };
    let caller = Caller { tenant: tenant.clone(), principal, expires_at: None };
    for (turn, route) in demo_routes().iter().cycle().skip(rider * 3).enumerate() {
        let order = order_name(turn * RIDERS.len() + rider);
        let id = start(context, &caller, route, &order, name).await?;
        if rider == 0 {
            say(&format!("  follow order {order} without a login: {url}/track/{id}"));
        }
        ride(context, &caller, route, &id).await?;
    }
    Ok(())
}

fn order_name(number: usize) -> String {
    format!("ORD-{}", 1001 + number)
}

async fn start(
    context: &HttpContext,
    rider: &Caller,
    route: &Route,
    order: &str,
    name: &'static str,
) -> Result<TrackingId> {
    let new = NewDelivery {
        order_id: OrderId::new(order)?,
        rider_id: RiderId::new(name)?,
        dropoff: place(route, LONGEST_M),
        phone: None,
    };
    let request = context.request(rider.clone());
    Ok(start_delivery(&context.use_cases.deliveries, &request, &rider.tenant, new, &Once::unclaimed())
        .await?
        .delivery
        .tracking_id)
}

async fn ride(context: &HttpContext, rider: &Caller, route: &Route, id: &TrackingId) -> Result<()> {
    let mut along_m = 0.0;
    let mut status = Some(DeliveryStatus::PickedUp);
    let length_m = route.path.length_m().min(LONGEST_M);
    loop {
        let arrived = along_m >= length_m;
        if arrived {
            status = Some(DeliveryStatus::Delivered);
        }
        let update = DeliveryUpdate { place: Some(place(route, along_m)), status };
        let request = context.request(rider.clone());
        update_delivery(&context.use_cases.deliveries, &request, id, update, &Once::unclaimed()).await?;
        context.clock.sleep(REPORT_EVERY).await;
        if arrived {
            return Ok(());
        }
        status = (along_m == 0.0).then_some(DeliveryStatus::InTransit);
        along_m += STEP_M;
    }
}

fn place(route: &Route, along_m: f64) -> (Latitude, Longitude) {
    let point = route.path.along(along_m.min(route.path.length_m())).point;
    (point.latitude, point.longitude)
}
