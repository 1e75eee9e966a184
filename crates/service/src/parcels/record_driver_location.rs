//! Records a driver's location, then publishes it to the subscribers of the parcels that the driver brings.

use super::driver_track::{DriverTrack, TRACK_WINDOW_MS, goes_near_null_island};
use super::read_parcels::get_parcel;
use super::{MovedParcel, Parcels, point_of, point_of_fix, progress_of};
use crate::{Listener, Request, ServiceError};
use milepost_domain::{
    Action, Address, Approach, DriverFix, Fact, Latitude, Longitude, Parcel, ParcelId, Place, Position, TenantId,
    Timestamp, Zone, ZoneRadius, ZonesInside, cross_zone, lies_ahead, reach,
};
use milepost_geo::{distance_m, segment_distance_m};
use milepost_relay::{DriverMove, News};
use milepost_store::{DriverAsked, DriverFixWrite, DriverState, FixOutcome, Store};
use milepost_track::is_null_island;
use std::sync::Arc;

/// The longest time between two fixes, in milliseconds, whose straight line counts as the driver's path.
const LONGEST_SEGMENT_MS: i64 = 5 * 60 * 1000;
/// The longest distance, in metres, whose straight line counts: 240 km/h for that time. A farther fix is wrong or of
/// another phone.
const LONGEST_SEGMENT_M: f64 = 20_000.0;

/// Fixes that are read to judge one. At one a second they last for the whole window.
const TRACK_FIXES: u32 = 1_000;

/// How often a fix without a time of its own gets another one because a fix that is held has it.
const MAX_SHIFTS: usize = 8;

/// The refusal of callers other than an assigned driver.
const NOT_YOURS: ServiceError = ServiceError::Forbidden("only the assigned driver may send a location");

/// A driver's report of its location.
#[derive(Debug, Clone, PartialEq)]
pub struct DriverReport {
    /// Degrees north.
    pub latitude: Latitude,
    /// Degrees east.
    pub longitude: Longitude,
    /// The location in words.
    pub address: Address,
    /// When the driver was there. `None` is now.
    pub at: Option<Timestamp>,
    /// A parcel that the driver must be bringing.
    pub parcel_id: Option<ParcelId>,
}

/// The outcome of a report. What was stored is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportOutcome {
    /// The driver's newest location. It was published.
    Published,
    /// Older than the newest location. It was added to the path and not published.
    Late,
    /// Held to be wrong, because the driver can't have been there. It was stored, and neither published nor added to the
    /// path.
    Held,
    /// The same report was stored before.
    Repeated,
    /// The driver was off duty. Nothing was stored.
    OffDuty,
}

/// Records a driver's location for every active parcel that it brings. Returns after the commit.
///
/// # Errors
/// [`ServiceError::Forbidden`] for a caller that brings no such parcel; [`ServiceError::Conflict`] for an ended one;
/// [`ServiceError::Invalid`] for a time more than five minutes ahead.
pub async fn record_driver_location(
    parcels: &Arc<Parcels>,
    request: &Request,
    report: DriverReport,
) -> Result<ReportOutcome, ServiceError> {
    let (parcels, request) = (Arc::clone(parcels), request.clone());
    // In a task of its own, so that a stored location is published even if its client disconnects.
    let recorded = tokio::spawn(async move { store_and_publish(&parcels, &request, report).await });
    recorded.await.unwrap_or_else(|error| {
        tracing::error!(%error, "the report of a location did not end");
        Err(ServiceError::Internal)
    })
}

async fn store_and_publish(
    parcels: &Parcels,
    request: &Request,
    report: DriverReport,
) -> Result<ReportOutcome, ServiceError> {
    let driver =
        request.caller.user_id().filter(|_| reach(&request.caller, Action::BringParcel).is_some()).ok_or(NOT_YOURS)?;
    if let Some(at) = report.at {
        Position::check_time(at, request.now)?;
    }
    let tenant = &request.caller.tenant;
    let _lock = parcels.locks.write([driver], None).await;
    let DriverState { active, last } =
        parcels.drivers.carry_out(DriverAsked { tenant: tenant.clone(), driver }).await?;
    check_named(parcels, request, &report, &active).await?;
    let now = request.now;
    if parcels.leaves_out(tenant, driver, report.at.unwrap_or(now)).await? {
        return Ok(ReportOutcome::OffDuty);
    }
    let last = last.filter(|last| !lies_ahead(last.at, now));
    let mut fix = DriverFix {
        driver_id: driver,
        at: report.at.unwrap_or_else(|| time_after(last.as_ref(), now)),
        latitude: report.latitude,
        longitude: report.longitude,
        address: report.address,
    };
    let mut outcome = place_fix(parcels, tenant, &active, last.as_ref(), &fix, now).await?;
    for _ in 0..MAX_SHIFTS {
        if report.at.is_some() || outcome != ReportOutcome::Repeated {
            break;
        }
        // One that is held has this time, which neither phone gave.
        fix.at = fix.at.plus_ms(1);
        outcome = place_fix(parcels, tenant, &active, last.as_ref(), &fix, now).await?;
    }
    Ok(outcome)
}

/// Stores a fix, and publishes it if it is the newest and its driver may be there.
async fn place_fix(
    parcels: &Parcels,
    tenant: &TenantId,
    active: &[Parcel],
    last: Option<&DriverFix>,
    fix: &DriverFix,
    now: Timestamp,
) -> Result<ReportOutcome, ServiceError> {
    let is_expected = active.iter().any(goes_near_null_island) && is_null_island(point_of_fix(fix));
    if !is_expected && is_wrong(&*parcels.store, tenant, last, fix).await? {
        let is_new = parcels.store.hold_driver_fix(tenant, fix, now).await?;
        return Ok(if is_new { ReportOutcome::Held } else { ReportOutcome::Repeated });
    }
    let moved: Vec<_> = active.iter().map(|parcel| move_driver(parcel.clone(), last, fix, parcels.zone, now)).collect();
    for moved in &moved {
        moved.crossed.iter().for_each(|&(zone, entered)| {
            parcels.published_moves.note_crossing(tenant, moved.parcel.id, (zone, entered, fix.at));
        });
    }
    let outcome = store_fix(parcels, tenant, fix, &moved, now).await?;
    match outcome {
        FixOutcome::Newest => {
            if moved.iter().any(|moved| !moved.crossed.is_empty()) {
                parcels.wakers.wake_all(tenant);
            }
            moved.iter().for_each(|moved| parcels.published_moves.note(tenant, moved.parcel.id, fix));
            parcels.listeners.driver_moved(&moved);
            let brought = moved.iter().map(|moved| moved.parcel.id).collect();
            parcels
                .relay
                .publish(tenant, News::DriverMoved(Box::new(DriverMove { fix: fix.clone(), parcels: brought })));
            Ok(ReportOutcome::Published)
        }
        FixOutcome::Late => Ok(ReportOutcome::Late),
        FixOutcome::Duplicate => Ok(ReportOutcome::Repeated),
    }
}

async fn check_named(
    parcels: &Parcels,
    request: &Request,
    report: &DriverReport,
    active: &[Parcel],
) -> Result<(), ServiceError> {
    match report.parcel_id {
        None if !active.is_empty() => Ok(()),
        None => Err(ServiceError::Forbidden("you bring no parcel now: a location is taken from its driver only")),
        Some(id) if active.iter().any(|parcel| parcel.id == id) => Ok(()),
        Some(id) => match get_parcel(parcels, request, &request.caller.tenant, id).await {
            Ok(parcel) if parcel.status.has_ended() => {
                Err(ServiceError::Conflict(format!("the parcel has ended: it is {}", parcel.status.as_str())))
            }
            Err(ServiceError::Unavailable) => Err(ServiceError::Unavailable),
            _ => Err(NOT_YOURS),
        },
    }
}

/// Whether a driver can't have been where a new fix says, given its fixes of the last minutes.
async fn is_wrong(
    store: &dyn Store,
    tenant: &TenantId,
    last: Option<&DriverFix>,
    fix: &DriverFix,
) -> Result<bool, ServiceError> {
    let Some(last) = last else { return Ok(is_null_island(point_of_fix(fix))) };
    // A late fix is judged in its place, when the path is read.
    let is_near = distance_m(point_of_fix(last), point_of_fix(fix)) <= LONGEST_SEGMENT_M;
    if fix.at <= last.at || is_near {
        return Ok(false);
    }
    let mut track = DriverTrack::default();
    for before in store.driver_fixes(tenant, fix.driver_id, last.at.plus_ms(-TRACK_WINDOW_MS), TRACK_FIXES).await? {
        if before.at < fix.at {
            track.takes(&before);
        }
    }
    Ok(!track.takes(fix))
}

/// Stores a fix together with those of other drivers. One with which a zone is crossed is a transaction of its own.
async fn store_fix(
    parcels: &Parcels,
    tenant: &TenantId,
    fix: &DriverFix,
    moved: &[MovedParcel],
    now: Timestamp,
) -> Result<FixOutcome, ServiceError> {
    let crossed = moved.iter().filter(|moved| !moved.crossed.is_empty());
    if crossed.clone().next().is_none() {
        let write = DriverFixWrite { tenant: tenant.clone(), fix: fix.clone(), now };
        return Ok(parcels.fixes.carry_out(write).await?);
    }
    let inside: Vec<_> = crossed.clone().map(|moved| (moved.parcel.id, moved.parcel.inside)).collect();
    let facts: Vec<_> = crossed
        .flat_map(|moved| {
            let parcel_id = moved.parcel.id;
            let at = Some(moved.progress.fix.at);
            moved.crossed.iter().map(move |&(zone, entered)| Fact::ParcelZoneCrossed { parcel_id, zone, entered, at })
        })
        .collect();
    Ok(parcels.store.record_driver_fix(tenant, fix, &inside, &facts, now).await?)
}

/// The time of a fix that was sent without one. It is later than the last fix, even when two come within a millisecond
/// or the phone dated the last one ahead.
fn time_after(last: Option<&DriverFix>, now: Timestamp) -> Timestamp {
    last.map_or(now, |last| now.max(last.at.plus_ms(1)))
}

/// Computes the parcel after its driver's fix, and the zones that were crossed.
fn move_driver(
    parcel: Parcel,
    last: Option<&DriverFix>,
    fix: &DriverFix,
    radius: ZoneRadius,
    now: Timestamp,
) -> MovedParcel {
    let is_segment = |last: &&DriverFix| {
        // A fix from before the driver had this parcel is not part of its path.
        last.at >= parcel.updated_at
            && (0..=LONGEST_SEGMENT_MS).contains(&fix.at.ms_since(last.at))
            && distance_m(point_of_fix(last), point_of_fix(fix)) <= LONGEST_SEGMENT_M
    };
    let from = last.filter(is_segment);
    let mut crossed = Vec::new();
    let mut cross = |zone: Zone, place: &Place, was_inside: bool| {
        let crossing = cross_zone(was_inside, approach(place, from, fix), radius);
        crossed.extend(crossing.steps().iter().map(|&entered| (zone, entered)));
        crossing.is_inside_after(was_inside)
    };
    let inside = ZonesInside {
        pickup: cross(Zone::Pickup, &parcel.pickup, parcel.inside.pickup),
        destination: cross(Zone::Destination, &parcel.destination, parcel.inside.destination),
    };
    let progress = progress_of(&parcel, fix.clone(), now);
    MovedParcel { parcel: Parcel { inside, ..parcel }, progress, crossed }
}

fn approach(place: &Place, from: Option<&DriverFix>, fix: &DriverFix) -> Approach {
    let (centre, end) = (point_of(place), point_of_fix(fix));
    let end_m = distance_m(centre, end);
    let nearest_m = from.map_or(end_m, |from| segment_distance_m(centre, point_of_fix(from), end));
    Approach { nearest_m, end_m }
}
