//! Does what a client asks for, and answers when it is durable.

use crate::inbound::Refusal;
use crate::wire::request::{NewPositionJson, ReadJson, RejectedJson, ReportJson, StatusJson};
use milepost_domain::{
    AccuracyM, Address, AlertId, AltitudeM, DeliveryStatus, ExpectedVersion, FuelLevelL, HeadingDeg, Invalid, Latitude,
    Longitude, NoticeId, OdometerKm, ParcelId, ParcelStatus, Position, Principal, ReportedBy, SpeedKmh, TenantId,
    Timestamp, TrackingId, VehicleId,
};
use milepost_http::parse_timestamp;
use milepost_live::Live;
use milepost_service::{
    DeliveryUpdate, DriverReport, Once, ParcelChange, PositionReport, Request, ServiceError, deliveries, fleet,
    parcels, positions, records,
};
use serde_json::{Value, json};

/// Records positions. The answer has their counts, and why others were refused.
pub(crate) async fn report(
    live: &Live,
    request: &Request,
    tenant: &TenantId,
    report: ReportJson,
) -> Result<Value, Refusal> {
    let is_one = report.positions.len() == 1;
    let (mut reports, mut rejected) = (Vec::new(), Vec::new());
    for (index, json) in report.positions.iter().enumerate() {
        match position_of(json, &request.caller.principal, request.now, is_one) {
            Ok(position) => reports.push(PositionReport { index, position }),
            Err(invalid) => rejected.push(RejectedJson { index, detail: invalid.to_string() }),
        }
    }
    let recorded =
        positions::record_positions(&live.use_cases().positions, request, tenant, ReportedBy::Phone, reports).await?;
    rejected.extend(recorded.rejected.into_iter().map(|one| RejectedJson { index: one.index, detail: one.detail }));
    rejected.sort_by_key(|rejected| rejected.index);
    let mut answer = json!({ "accepted": recorded.accepted, "duplicates": recorded.duplicates, "rejected": rejected });
    if recorded.off_duty > 0 {
        answer["off_duty"] = recorded.off_duty.into();
    }
    Ok(answer)
}

/// Marks an alert, a notification or a message read.
pub(crate) async fn read(live: &Live, request: &Request, tenant: &TenantId, read: ReadJson) -> Result<Value, Refusal> {
    let (use_cases, once) = (live.use_cases(), Once::unclaimed());
    match read {
        ReadJson { alert: Some(alert), .. } => {
            let unknown = |_| Refusal::new("not_found", "no such alert");
            let id = AlertId::new(&alert).map_err(unknown)?;
            fleet::mark_alert_read(&use_cases.fleet, request, tenant, &id, &once).await?;
        }
        ReadJson { notification, message, .. } => {
            let number = notification.or(message);
            let number = number.ok_or_else(|| Refusal::new("invalid", "name an alert, a notification or a message"))?;
            let unknown = |_| Refusal::new("not_found", "no such notification or message");
            let id = NoticeId::new(number).map_err(unknown)?;
            let once = Once::unclaimed();
            records::read_notice(&use_cases.records, request, id, notification.is_none(), &once).await?;
        }
    }
    Ok(json!({}))
}

/// Records how far a parcel or delivery is, and where its driver or rider is.
pub(crate) async fn status(
    live: &Live,
    request: &Request,
    tenant: &TenantId,
    json: StatusJson,
) -> Result<Value, Refusal> {
    let place = match (json.lat, json.lng) {
        (Some(lat), Some(lng)) => Some((Latitude::new(lat)?, Longitude::new(lng)?)),
        (None, None) => None,
        _ => return Err(Refusal::new("invalid", "lat and lng: are required together")),
    };
    if place.is_none() && json.status.is_none() {
        return Err(Refusal::new("invalid", "status: is required, unless there is a place"));
    }
    match (json.parcel, &json.delivery) {
        (Some(number), None) => {
            let id = ParcelId::new(number).map_err(|_| Refusal::new("not_found", "no such parcel"))?;
            let status = json.status.as_deref().map(ParcelStatus::parse).transpose()?;
            if let Some((latitude, longitude)) = place {
                let address = Address::new(json.address.as_deref().unwrap_or_default())?;
                let at = json.timestamp.as_ref().map(parse_timestamp).transpose();
                let at = at.map_err(|takes| Refusal::new("invalid", format!("timestamp: {takes}")))?;
                let report = DriverReport { latitude, longitude, address, at, parcel_id: Some(id) };
                parcels::record_driver_location(&live.use_cases().parcels, request, report).await?;
            }
            if status.is_some() {
                let change = ParcelChange { driver_id: None, status };
                let expected = ExpectedVersion::Any;
                parcels::change_parcel(&live.use_cases().parcels, request, tenant, id, &expected, change).await?;
            }
        }
        (None, Some(link)) => {
            let id = TrackingId::new(link).map_err(|_| Refusal::new("not_found", "no such delivery"))?;
            let status = json.status.as_deref().map(DeliveryStatus::parse).transpose()?;
            let (update, once) = (DeliveryUpdate { place, status }, Once::unclaimed());
            deliveries::update_delivery(&live.use_cases().deliveries, request, &id, update, &once).await?;
        }
        _ => return Err(Refusal::new("invalid", "name a parcel or a delivery")),
    }
    Ok(json!({}))
}

/// A device need not name its vehicle. Of several positions each needs its time: nobody is at two places now.
fn position_of(json: &NewPositionJson, sender: &Principal, now: Timestamp, is_one: bool) -> Result<Position, Invalid> {
    let at = match &json.timestamp {
        None | Some(Value::Null) if is_one => now,
        None | Some(Value::Null) => return Err(Invalid::new("timestamp", "is required with several positions")),
        Some(value) => parse_timestamp(value).map_err(|message| Invalid::new("timestamp", message))?,
    };
    Position::check_time(at, now)?;
    let vehicle_id = match &json.vehicle_id {
        Some(id) => VehicleId::new(id)?,
        None => sender.own_vehicle(at)?.cloned().ok_or(Invalid::new("vehicle_id", "is required"))?,
    };
    Ok(Position {
        speed: json.speed.map(SpeedKmh::new).transpose()?,
        heading: json.heading.map(HeadingDeg::new).transpose()?,
        accuracy: json.accuracy.map(AccuracyM::new).transpose()?,
        altitude: json.altitude.map(AltitudeM::new).transpose()?,
        odometer: json.odometer_km.map(OdometerKm::new).transpose()?,
        fuel_level: json.fuel_level_l.map(FuelLevelL::new).transpose()?,
        ignition: json.ignition,
        ..Position::new(vehicle_id, at, Latitude::new(json.latitude)?, Longitude::new(json.longitude)?)
    })
}

impl From<Invalid> for Refusal {
    fn from(invalid: Invalid) -> Self {
        Self::from(ServiceError::Invalid(vec![invalid]))
    }
}
