//! The demo's driver of parcels. It brings one after the other along a street, and its client sees where it is.

use crate::serve::Running;
use anyhow::{Context, Result};
use milepost_domain::{
    Address, Caller, ExpectedVersion, Parcel, ParcelStatus, Place, Principal, Role, TenantId, User, UserId,
};
use milepost_http::HttpContext;
use milepost_service::parcels::{add_parcel, change_parcel, record_driver_location};
use milepost_service::{DriverReport, NewParcel, Once, ParcelChange};
use milepost_simulate::{Route, demo_routes};
use milepost_store::Store;
use std::sync::Arc;
use std::time::Duration;

/// The time between two reports of the driver.
const REPORT_EVERY: Duration = Duration::from_secs(3);
/// The distance between two reports: 11 m/s.
const STEP_M: f64 = 33.0;
/// From the pickup to the destination.
const WAY_M: f64 = 5_000.0;

/// The driver, and the server at which it is known.
pub(super) struct ParcelDriver {
    context: Arc<HttpContext>,
    store: Arc<dyn Store>,
    tenant: &'static str,
}

impl ParcelDriver {
    pub(super) fn new(running: &Running, tenant: &'static str) -> Self {
        let assembly = &running.assembly;
        Self { context: Arc::clone(&assembly.live.context), store: Arc::clone(&assembly.store), tenant }
    }

    /// Drives until it is dropped. Call it once the driver is a user.
    pub(super) async fn drive(self) {
        if let Err(error) = self.bring_all().await {
            tracing::warn!(%error, "the demo's driver of parcels has stopped");
        }
    }

    async fn bring_all(&self) -> Result<()> {
        let users = self.store.list_users(Some(&TenantId::new(self.tenant)?), None, 100).await?;
        let named = |name: &str| users.iter().find(|user| user.username.as_str() == name);
        let driver = named("vera").context("there is no driver")?;
        let client = named("chris").context("there is no client")?;
        bring_parcels(&self.context, driver, client.id).await
    }
}

async fn bring_parcels(context: &HttpContext, driver: &User, client: UserId) -> Result<()> {
    let caller = |subject: &str, id: Option<UserId>, role| Caller {
        tenant: driver.tenant.clone(),
        principal: Principal::User { id, subject: subject.to_owned(), role, cadet_id: None, vehicle_ids: Vec::new() },
        expires_at: None,
    };
    let (office, driving) =
        (caller("demo", None, Role::Admin), caller(&driver.id.to_string(), Some(driver.id), Role::Driver));
    for route in demo_routes().iter().cycle() {
        let new = NewParcel {
            tenant: driver.tenant.clone(),
            client_id: client,
            driver_id: Some(driver.id),
            pickup: place(route, 0.0, "East 6th Street 400")?,
            destination: place(route, WAY_M, "South 1st Street 1800")?,
            status: ParcelStatus::Assigned,
        };
        let request = context.request(office.clone());
        let parcel = add_parcel(&context.use_cases.parcels, &request, new, &Once::unclaimed()).await?;
        bring(context, &driving, route, &parcel).await?;
    }
    Ok(())
}

async fn bring(context: &HttpContext, driving: &Caller, route: &Route, parcel: &Parcel) -> Result<()> {
    let parcels = &context.use_cases.parcels;
    let step = async |status| {
        let change = ParcelChange { status: Some(status), ..ParcelChange::default() };
        let request = context.request(driving.clone());
        change_parcel(parcels, &request, &parcel.tenant, parcel.id, &ExpectedVersion::default(), change).await
    };
    step(ParcelStatus::PickedUp).await?;
    step(ParcelStatus::InTransit).await?;
    let mut along_m = 0.0;
    while along_m < WAY_M {
        let here = place(route, along_m, "")?;
        let report = DriverReport {
            latitude: here.latitude,
            longitude: here.longitude,
            address: here.address,
            at: None,
            parcel_id: Some(parcel.id),
        };
        record_driver_location(parcels, &context.request(driving.clone()), report).await?;
        context.clock.sleep(REPORT_EVERY).await;
        along_m += STEP_M;
    }
    step(ParcelStatus::Delivered).await?;
    Ok(())
}

fn place(route: &Route, along_m: f64, address: &str) -> Result<Place> {
    let point = route.path.along(along_m.min(route.path.length_m())).point;
    Ok(Place { latitude: point.latitude, longitude: point.longitude, address: Address::new(address)? })
}
