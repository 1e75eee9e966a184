//! Takes what devices report by their own protocols, whichever listener it came to.

use super::Devices;
use super::alarms::AlarmReport;
use crate::positions::record_positions;
use crate::{PositionReport, Request, ServiceError};
use milepost_device_report::{DeviceReport, Reading};
use milepost_domain::{Caller, Device, DeviceProtocol, Principal, ReportedBy, Timestamp, UniqueId, VehicleId};
use std::collections::HashSet;
use std::net::IpAddr;

/// Who reports, as its protocol says.
#[derive(Debug, Clone, Copy)]
pub struct ReportingDevice<'a> {
    /// The names under which it may have been added. The first is listed if it is unknown. Empty if its key alone names it.
    pub unique_ids: &'a [UniqueId],
    /// The protocol that it speaks.
    pub protocol: DeviceProtocol,
    /// Another name of the same protocol, where a message does not show which of both it is.
    pub or_protocol: Option<DeviceProtocol>,
    /// Its key.
    pub key: KeyShown<'a>,
    /// Where the report came from; `None` through a broker.
    pub address: Option<IpAddr>,
}

/// Whether a device showed its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyShown<'a> {
    /// Its protocol has no place for one, or something else vouches for it, such as a broker's login.
    Impossible,
    /// It could have, and did not.
    Missing,
    /// It did.
    Key(&'a str),
}

/// Who reported.
#[derive(Debug, Clone)]
pub enum Identity {
    /// A device that was added.
    Known(Box<Device>),
    /// Nobody that may report.
    Refused(Refusal),
}

/// Why a device may not report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody has added it. It is listed as an unknown device.
    Unknown,
    /// Its key is no device's, or another device's.
    WrongKey,
    /// It must show its key (`DEVICE_KEYS=required`), or neither names itself nor shows a key.
    NoKey,
    /// It was added for another protocol.
    OtherProtocol,
}

/// What a report came to.
#[derive(Debug, Clone)]
pub enum Reported {
    /// Everything that can be stored is on disk. The device may forget it.
    Taken(Taken),
    /// Nothing was stored.
    Refused(Refusal),
}

/// What was stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Taken {
    /// Positions that were stored now.
    pub accepted: usize,
    /// Positions that had been stored before.
    pub duplicates: usize,
    /// Reports without a place.
    pub heartbeats: usize,
    /// Reports with a place that is none, and those that can't be stored: sent again they would be dropped again.
    pub dropped: usize,
}

/// Finds the device that reports. It may be one second old.
///
/// # Errors
/// [`ServiceError::Unavailable`] when the store can't be read.
pub async fn identify(devices: &Devices, who: &ReportingDevice<'_>) -> Result<Identity, ServiceError> {
    let mut named = None;
    for unique_id in who.unique_ids {
        named = devices.access.device_named(unique_id).await?;
        if named.is_some() {
            break;
        }
    }
    if named.is_none()
        && let Some(unique_id) = who.unique_ids.first()
    {
        devices.unknown.note(unique_id, who.protocol, who.address);
    }
    let found = match (who.key, named) {
        (KeyShown::Key(key), named) => match (devices.access.device_of_key(key).await?, named) {
            (Some(keyed), Some(named)) if (&keyed.tenant, &keyed.id) == (&named.tenant, &named.id) => Ok(named),
            (Some(keyed), None) if who.unique_ids.is_empty() || is_called(&keyed, who.unique_ids) => Ok(keyed),
            _ => Err(Refusal::WrongKey),
        },
        (KeyShown::Missing, None) if who.unique_ids.is_empty() => Err(Refusal::NoKey),
        (_, None) => Err(Refusal::Unknown),
        (KeyShown::Missing, Some(_)) if devices.rules.keys_required => Err(Refusal::NoKey),
        (_, Some(named)) => Ok(named),
    };
    Ok(match found {
        Ok(device) if device.protocol.is_some_and(|only| only != who.protocol && Some(only) != who.or_protocol) => {
            Identity::Refused(Refusal::OtherProtocol)
        }
        Ok(device) => Identity::Known(Box::new(device)),
        Err(refusal) => Identity::Refused(refusal),
    })
}

/// A device without a unique id may be called by its id.
fn is_called(device: &Device, unique_ids: &[UniqueId]) -> bool {
    device.unique_id.is_none() && unique_ids.iter().any(|unique_id| unique_id.as_str() == device.id.as_str())
}

/// Stores what a device reported, and returns after the commit. Alarms become alerts.
///
/// # Errors
/// [`ServiceError::Unavailable`] when something was not stored: the device has to keep it. What was stored is a duplicate when it
/// comes again.
pub async fn report(
    devices: &Devices,
    who: &ReportingDevice<'_>,
    reports: &[DeviceReport],
    now: Timestamp,
) -> Result<Reported, ServiceError> {
    let device = match identify(devices, who).await? {
        Identity::Known(device) => *device,
        Identity::Refused(refusal) => return Ok(Reported::Refused(refusal)),
    };
    record_reports(devices, device, reports, ReportedBy::Phone, now).await.map(Reported::Taken)
}

/// Stores what an identified device reported, and returns after the commit. Alarms become alerts.
///
/// # Errors
/// As [`report`].
pub async fn record_reports(
    devices: &Devices,
    device: Device,
    reports: &[DeviceReport],
    by: ReportedBy,
    now: Timestamp,
) -> Result<Taken, ServiceError> {
    let request = Request { caller: Caller::of_device(device), now, address: None };
    let tenant = request.caller.tenant.clone();
    let Sorted { positions, mut alarms, mut taken } = sort_reports(&request.caller.principal, reports, now);
    for alarm in &mut alarms {
        // That somebody calls for help is told; where, of off-duty time, is not.
        if devices.positions.leaves_out(&request.caller, &tenant, &alarm.vehicle, by, alarm.at).await? {
            alarm.place = None;
        }
    }
    let previous = devices.alarms.previous(&devices.positions, &tenant, &alarms).await?;
    if !positions.is_empty() {
        let sent = positions.len();
        let recorded = match record_positions(&devices.positions, &request, &tenant, by, positions).await {
            Ok(recorded) => recorded,
            // Its vehicle was removed meanwhile.
            Err(ServiceError::Forbidden(_) | ServiceError::Invalid(_) | ServiceError::NotFound(_)) => {
                crate::Recorded::default()
            }
            Err(error) => return Err(error),
        };
        taken.accepted += recorded.accepted;
        taken.duplicates += recorded.duplicates;
        taken.dropped += sent - recorded.accepted - recorded.duplicates;
    }
    devices.alarms.raise(&devices.positions, &tenant, alarms, previous, now).await?;
    Ok(taken)
}

/// Reports, by what becomes of them.
struct Sorted {
    positions: Vec<PositionReport>,
    alarms: Vec<AlarmReport>,
    taken: Taken,
}

fn sort_reports(principal: &Principal, reports: &[DeviceReport], now: Timestamp) -> Sorted {
    let mut sorted =
        Sorted { positions: Vec::with_capacity(reports.len()), alarms: Vec::new(), taken: Taken::default() };
    // A vehicle can't be at several places now: of several reports without a time of their own the last one counts.
    let mut of_now: HashSet<VehicleId> = HashSet::new();
    for (index, report) in reports.iter().enumerate().rev() {
        let own = report.time.own(now);
        let at = own.unwrap_or(now);
        let Ok(Some(vehicle)) = principal.own_vehicle(at) else {
            sorted.taken.dropped += 1;
            continue;
        };
        let reading = report.read(vehicle.clone(), at);
        if let Some(alarm) = report.attributes.alarm() {
            let position = if let Reading::Position(position) = &reading { Some(position) } else { None };
            let place = position.filter(|position| !position.is_invalid).map(|fix| (fix.latitude, fix.longitude));
            sorted.alarms.push(AlarmReport { vehicle: vehicle.clone(), alarm, at, place });
        }
        match reading {
            Reading::Position(_) if own.is_none() && !of_now.insert(vehicle.clone()) => sorted.taken.dropped += 1,
            Reading::Position(position) => sorted.positions.push(PositionReport { index, position: *position }),
            Reading::Heartbeat => sorted.taken.heartbeats += 1,
            Reading::Impossible => sorted.taken.dropped += 1,
        }
    }
    sorted.positions.reverse();
    sorted.alarms.sort_by_key(|alarm| alarm.at);
    sorted
}
