//! Takes what a transit feed of others says of its vehicles.

use crate::live::{LiveMap, LiveTenant};
use crate::positions::Positions;
use crate::tenants::ensure_tenant;
use crate::vehicles::{Vehicles, store_vehicle};
use crate::{ServiceError, nodes::Nodes};
use milepost_device_report::{DeviceReport, Reading, ReportTime};
use milepost_domain::{
    Author, Caller, Device, Label, MAX_AHEAD_MS, Position, TenantId, Timestamp, UniqueId, Vehicle, VehicleId,
    VehicleKind,
};
use milepost_store::{Once, Store};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Names of attributes that feeds tell. The feeds that Milepost gives out pass them on.
pub mod attribute {
    /// The timetable's id of the trip.
    pub const TRIP_ID: &str = "trip_id";
    /// The trip's day, such as `20260216`.
    pub const TRIP_DATE: &str = "trip_date";
    /// The timetable's id of the route.
    pub const ROUTE_ID: &str = "route_id";
    /// The timetable's id of the stop where it stands or that comes next.
    pub const STOP_ID: &str = "stop_id";
    /// How full it is, in the feed's words.
    pub const OCCUPANCY: &str = "occupancy";
    /// How full it is, percent.
    pub const OCCUPANCY_PERCENT: &str = "occupancy_percent";
}

/// The kind of a vehicle that is made for a feed.
const MADE_KIND: &str = "bus";
/// A tenant with as many vehicles gets no further ones from feeds: a feed that gives its vehicles new ids every day must not fill the
/// database.
const MAX_VEHICLES_OF_TENANT: usize = 10_000;
/// Vehicles made after one poll. Further ones follow after the next.
const MADE_AT_ONCE: usize = 500;
/// Positions stored at once.
const BATCH: usize = 2_000;

/// What the use cases of feeds need.
pub struct Feeds {
    store: Arc<dyn Store>,
    live: Arc<LiveMap>,
    positions: Arc<Positions>,
    vehicles: Arc<Vehicles>,
    nodes: Arc<Nodes>,
}

impl Feeds {
    pub(crate) fn new(
        (store, live): (Arc<dyn Store>, Arc<LiveMap>),
        positions: Arc<Positions>,
        vehicles: Arc<Vehicles>,
        nodes: Arc<Nodes>,
    ) -> Self {
        Self { store, live, positions, vehicles, nodes }
    }
}

/// A vehicle of a feed.
#[derive(Debug, Clone, PartialEq)]
pub struct FeedVehicle {
    /// What the feed calls it.
    pub id: String,
    /// What passengers read on it.
    pub label: Option<String>,
    /// Its plate.
    pub license_plate: Option<String>,
    /// When it was where.
    pub report: DeviceReport,
}

/// What became of a feed's vehicles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FeedTaken {
    /// Positions stored.
    pub accepted: usize,
    /// Vehicles made.
    pub made: usize,
    /// Vehicles that were not taken: without a place, of a time that lies ahead, with an id that can't be one here, of a device that is for another protocol,
    /// or more than the tenant may have.
    pub dropped: usize,
    /// Some are to be taken with the next poll.
    pub left_some: bool,
}

/// Takes or keeps the lease of a feed for this node. False while another node polls it.
///
/// # Errors
/// [`ServiceError::Unavailable`].
pub async fn hold_feed(feeds: &Feeds, lease: &str, now: Timestamp, for_ms: i64) -> Result<bool, ServiceError> {
    Ok(feeds.store.hold_lease(lease, feeds.nodes.id(), now, now.plus_ms(for_ms)).await?)
}

/// Stores where a feed's vehicles are, and returns after the commit. A feed's vehicle is the vehicle of the tenant's device with that
/// `unique_id`, else the tenant's vehicle of that id, else one that is made.
///
/// # Errors
/// [`ServiceError::Unavailable`] when something was not stored. What was stored is a duplicate when it comes again.
pub async fn record_feed(
    feeds: &Feeds,
    tenant: &TenantId,
    seen: &[FeedVehicle],
    now: Timestamp,
) -> Result<FeedTaken, ServiceError> {
    let mut taken = FeedTaken::default();
    if seen.is_empty() {
        return Ok(taken);
    }
    ensure_tenant(&*feeds.store, tenant).await?;
    let live = feeds.live.tenant(&*feeds.store, tenant).await?;
    let devices = devices_of(feeds, tenant, seen).await?;
    let mut positions: Vec<Position> = Vec::with_capacity(seen.len().min(BATCH));
    for one in seen {
        // A clock that is fast would tell a new arrival with each poll.
        if matches!(one.report.time, ReportTime::At(at) if at.ms_since(now) > MAX_AHEAD_MS) {
            taken.dropped += 1;
            continue;
        }
        let at = one.report.time.resolve(now);
        let Some((id, is_known)) = vehicle_of(one, devices.get(one.id.as_str()), &live, at) else {
            taken.dropped += 1;
            continue;
        };
        let Reading::Position(position) = one.report.read(id.clone(), at) else {
            taken.dropped += 1;
            continue;
        };
        if !is_known {
            if taken.made == MADE_AT_ONCE {
                taken.left_some = true;
                continue;
            }
            if live.len() >= MAX_VEHICLES_OF_TENANT {
                taken.dropped += 1;
                continue;
            }
            make_vehicle(feeds, tenant, id, one, now).await?;
            taken.made += 1;
        }
        positions.push(*position);
        if positions.len() == BATCH {
            taken.accepted += feeds.positions.record_of_feed(tenant, std::mem::take(&mut positions), now).await?;
        }
    }
    taken.accepted += feeds.positions.record_of_feed(tenant, positions, now).await?;
    Ok(taken)
}

/// The tenant's devices that have names of the feed. Another tenant's are none of its.
async fn devices_of(
    feeds: &Feeds,
    tenant: &TenantId,
    seen: &[FeedVehicle],
) -> Result<HashMap<String, Device>, ServiceError> {
    let names: HashSet<UniqueId> = seen.iter().filter_map(|one| UniqueId::new(&one.id).ok()).collect();
    let names: Vec<_> = names.into_iter().collect();
    let mut devices = HashMap::new();
    for names in names.chunks(BATCH) {
        for device in feeds.store.find_devices_by_unique_ids(tenant, names).await? {
            if let Some(unique_id) = &device.unique_id {
                devices.insert(unique_id.as_str().to_owned(), device);
            }
        }
    }
    Ok(devices)
}

/// The vehicle that was meant then, and whether there is one.
fn vehicle_of(
    one: &FeedVehicle,
    device: Option<&Device>,
    live: &LiveTenant,
    at: Timestamp,
) -> Option<(VehicleId, bool)> {
    match device {
        Some(device) if device.protocol.is_some() => None,
        Some(device) => {
            let caller = Caller::of_device(device.clone());
            Some((caller.principal.own_vehicle(at).ok()??.clone(), true))
        }
        None => {
            let id = VehicleId::new(&one.id).ok()?;
            let is_known = live.get(&id).is_some();
            Some((id, is_known))
        }
    }
}

async fn make_vehicle(
    feeds: &Feeds,
    tenant: &TenantId,
    id: VehicleId,
    of: &FeedVehicle,
    now: Timestamp,
) -> Result<(), ServiceError> {
    let kind = VehicleKind::new(MADE_KIND)?;
    let text = |text: &Option<String>| text.as_deref().and_then(|text| Label::new(text).ok());
    let label = text(&of.label).map_or_else(|| Label::new(id.as_str()), Ok)?;
    let vehicle = Vehicle { license_plate: text(&of.license_plate), ..Vehicle::new(id, kind, label) };
    // The operator named the feed.
    let author = Author::operator(now);
    match store_vehicle(&feeds.vehicles, tenant, vehicle, author, &Once::unclaimed()).await {
        // Somebody else made it meanwhile.
        Ok(_) | Err(ServiceError::Conflict(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
