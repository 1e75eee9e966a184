//! The organisations with vehicles.

use super::week::{Shift, week_of};
use super::{Organisation, Tour};
use crate::client::to_json;
use crate::{Route, SimulateError, demo_routes};
use milepost_domain::Timestamp;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// Positions in one call.
const BATCH: usize = 2_000;
/// Between two alerts that somebody raises.
const ALERT_EVERY: Duration = Duration::from_secs(75);
/// When the parent's bus is replaced.
const REPLACED_AFTER: Duration = Duration::from_secs(60);
/// Trucks stop at warehouses, and not at each bus stop.
const TRUCK_STOPS_M: f64 = 5_000.0;

/// What is known of a fleet.
struct Fleet {
    kind: &'static str,
    /// What its vehicles are called.
    label: &'static str,
    /// How many have a history.
    vehicles: usize,
    shifts: &'static [Shift],
    works_on_sunday: bool,
    fuel_l_per_100km: Option<f64>,
}

const fn fleet_of(organisation: Organisation) -> Option<Fleet> {
    const SCHOOL: &[Shift] = &[(6 * 60 + 45, 8 * 60 + 30), (14 * 60 + 45, 16 * 60 + 30)];
    const PARCELS: &[Shift] = &[(9 * 60, 11 * 60 + 20), (12 * 60 + 20, 15 * 60), (15 * 60 + 30, 17 * 60 + 15)];
    const HAULAGE: &[Shift] =
        &[(6 * 60, 8 * 60 + 10), (8 * 60 + 40, 10 * 60 + 50), (12 * 60, 14 * 60 + 20), (14 * 60 + 50, 16 * 60 + 30)];
    match organisation {
        Organisation::School => Some(Fleet {
            kind: "bus",
            label: "Bus",
            vehicles: 4,
            shifts: SCHOOL,
            works_on_sunday: false,
            fuel_l_per_100km: Some(34.0),
        }),
        Organisation::Parcels => Some(Fleet {
            kind: "van",
            label: "Van",
            vehicles: 2,
            shifts: PARCELS,
            works_on_sunday: false,
            fuel_l_per_100km: Some(11.0),
        }),
        Organisation::Haulage => Some(Fleet {
            kind: "truck",
            label: "Truck",
            vehicles: 4,
            shifts: HAULAGE,
            works_on_sunday: true,
            fuel_l_per_100km: Some(31.0),
        }),
        Organisation::Kitchen | Organisation::Academy => None,
    }
}

pub(super) async fn prepare(tour: &Tour) -> Result<(), SimulateError> {
    let drivers = add_people(tour).await?;
    let Some(fleet) = fleet_of(tour.organisation) else { return Ok(()) };
    let routes = routes_of(tour.organisation);
    add_geofences(tour, &routes).await?;
    for (index, route) in routes.iter().cycle().take(tour.vehicles).enumerate() {
        let id = vehicle_id(&fleet, index);
        let mut vehicle = json!({
            "id": id, "kind": fleet.kind, "label": format!("{} {}", fleet.label, index + 1), "route": route.number,
            "license_plate": format!("TX {:03}-{}{:02}", (210 + 37 * index) % 1_000, char::from(b'A' + (index % 26) as u8), (7 + index) % 100),
            "fuel_l_per_100km": fleet.fuel_l_per_100km, "fuel_price_per_l": 0.95,
        });
        if let Some(driver) = drivers.get(index) {
            vehicle["driver_id"] = json!(driver);
        }
        if tour.organisation == Organisation::Haulage {
            // Their top speed is just below.
            vehicle["speed_limit_kmh"] = json!(55);
        }
        tour.post("/api/v1/vehicles", vehicle).await?;
    }
    if tour.organisation == Organisation::School && tour.vehicles > fleet.vehicles {
        let late = json!({
            "type": "system_error", "severity": "high", "title": "Bus 2 is 12 minutes late", "vehicle_id": "bus-02",
            "message": "Traffic on South Congress. Parents on its route have been told.",
        });
        tour.post("/api/v1/alerts", late).await?;
        let in_repair = json!({ "status": "maintenance" });
        tour.change(Method::PATCH, "/api/v1/vehicles/bus-04", in_repair).await?;
    }
    Ok(())
}

pub(super) async fn fill_week(tour: &Tour, now: Timestamp) -> Result<(), SimulateError> {
    let Some(fleet) = fleet_of(tour.organisation) else { return Ok(()) };
    let routes = routes_of(tour.organisation);
    for (index, route) in routes.iter().cycle().take(fleet.vehicles.min(tour.vehicles)).enumerate() {
        let id = vehicle_id(&fleet, index);
        let week = week_of(route, 40 + index as u64, fleet.shifts, fleet.works_on_sunday, now);
        for part in week.chunks(BATCH) {
            let positions: Vec<Value> = part.iter().map(|report| with_vehicle(to_json(report), &id)).collect();
            tour.post("/api/v1/positions", Value::Array(positions)).await?;
        }
    }
    Ok(())
}

/// Returns the numbers of drivers.
async fn add_people(tour: &Tour) -> Result<Vec<i64>, SimulateError> {
    let mut drivers = Vec::new();
    let names: &[&str] = match tour.organisation {
        Organisation::School => {
            tour.add_user("paula", "parent", json!({ "vehicle_ids": ["bus-04"] })).await?;
            &["bea", "carl"]
        }
        Organisation::Parcels => {
            let client = tour.add_user("chris", "client", json!({})).await?;
            add_parcels(tour, client).await?;
            &["vera"]
        }
        Organisation::Haulage => &["ana", "ben", "dario", "edith"],
        Organisation::Kitchen | Organisation::Academy => &[],
    };
    for name in names {
        drivers.push(tour.add_user(name, "driver", json!({})).await?);
    }
    Ok(drivers)
}

/// Parcels that wait; those on their way are the demo's driver's.
async fn add_parcels(tour: &Tour, client: i64) -> Result<(), SimulateError> {
    let routes = demo_routes();
    let places =
        ["Congress Avenue 110", "South Lamar 2201", "Manor Road 77", "Riverside Drive 1400", "Burnet Road 5305"];
    for (number, route) in routes.iter().enumerate().skip(1).take(5) {
        let place = |along_m: f64, index: usize| {
            let point = route.path.along(along_m).point;
            json!({ "lat": point.latitude.get(), "lng": point.longitude.get(), "address": places[index % places.len()] })
        };
        let parcel = json!({
            "client_id": client, "pickup": place(400.0, number), "destination": place(7_000.0, number + 2),
        });
        tour.post("/api/v1/parcels", parcel).await?;
    }
    Ok(())
}

async fn add_geofences(tour: &Tour, routes: &[Arc<Route>]) -> Result<(), SimulateError> {
    let circle = |route: usize, along_m: f64, name: &str, radius_m: f64, more: Value| {
        let point = routes[route % routes.len()].path.along(along_m).point;
        let mut fence = json!({
            "name": name, "radius_m": radius_m,
            "geometry": { "type": "Point", "coordinates": [point.longitude.get(), point.latitude.get()] },
        });
        if let (Some(fence), Value::Object(more)) = (fence.as_object_mut(), more) {
            fence.extend(more);
        }
        fence
    };
    let fences = match tour.organisation {
        Organisation::School => vec![circle(0, 12_000.0, "Lakeside School", 350.0, json!({ "on": ["enter"] }))],
        Organisation::Parcels => vec![circle(1, 3_000.0, "Sorting hall", 300.0, json!({}))],
        Organisation::Haulage => vec![
            circle(0, 9_000.0, "Depot", 400.0, json!({})),
            circle(1, 6_000.0, "Customer North", 300.0, json!({ "dwell_s": 300 })),
            // On the route of trucks without a history, so that its alerts are new ones.
            circle(4, 11_000.0, "Bridge, 30 km/h", 250.0, json!({ "speed_limit_kmh": 30, "on": ["enter", "exit"] })),
        ],
        Organisation::Kitchen | Organisation::Academy => Vec::new(),
    };
    for fence in fences {
        tour.post("/api/v1/geofences", fence).await?;
    }
    Ok(())
}

/// Alerts of people and devices, beside those that come of the positions.
pub(super) async fn raise_alerts(tour: &Tour) -> Result<(), SimulateError> {
    const ALERTS: [(&str, &str, &str, &str); 5] = [
        ("driver_event", "medium", "Harsh braking", "Braked from 48 to 9 km/h in two seconds"),
        ("system_error", "low", "Door of the cargo hold open", "Open for four minutes while standing"),
        ("driver_event", "medium", "Harsh cornering", "Roundabout at Airport Boulevard"),
        ("fuel_theft", "critical", "Fuel theft", "The tank lost 38 litres while the truck stood"),
        ("system_error", "high", "Cooling unit too warm", "9 °C in the hold, 4 °C is the limit"),
    ];
    let mut number = 0;
    loop {
        let (kind, severity, title, message) = ALERTS[number % ALERTS.len()];
        let vehicle = format!("truck-{:02}", number * 5 % 4 + 1);
        let alert =
            json!({ "type": kind, "severity": severity, "title": title, "message": message, "vehicle_id": vehicle });
        tour.post("/api/v1/alerts", alert).await?;
        number += 1;
        tokio::time::sleep(ALERT_EVERY).await;
    }
}

/// The parent's bus is in repair: another one comes in its place, and the parent is told.
pub(super) async fn replace_a_bus(tour: &Tour) -> Result<(), SimulateError> {
    tokio::time::sleep(REPLACED_AFTER).await;
    let users = tour.change(Method::GET, "/api/v1/users?limit=100", Value::Null).await?;
    let parent = users["items"].as_array().into_iter().flatten().find(|user| user["username"] == "paula");
    let Some(parent) = parent.and_then(|parent| parent["id"].as_i64()) else { return Ok(()) };
    tour.change(Method::PATCH, &format!("/api/v1/users/{parent}"), json!({ "vehicle_ids": ["bus-05"] })).await?;
    let message = json!({ "user_ids": [parent], "message": "Bus 4 is in repair today. Bus 5 comes in its place." });
    tour.post("/api/v1/messages", message).await?;
    std::future::pending().await
}

fn routes_of(organisation: Organisation) -> Vec<Arc<Route>> {
    let mut routes = demo_routes();
    if organisation == Organisation::Haulage {
        for route in &mut routes {
            let length_m = route.path.length_m();
            let stops = (1..).map(|number| f64::from(number) * TRUCK_STOPS_M);
            route.stops_m = stops.take_while(|at| *at < length_m).collect();
        }
    }
    routes.into_iter().map(Arc::new).collect()
}

/// As the simulated vehicles of the demo are called, which drive on.
fn vehicle_id(fleet: &Fleet, index: usize) -> String {
    format!("{}-{:02}", fleet.kind, index + 1)
}

fn with_vehicle(mut position: Value, id: &str) -> Value {
    position["vehicle_id"] = json!(id);
    position
}
