//! Turns the alarms of devices into alerts.
//!
//! A device repeats its alarm with every report while it lasts. An alarm that its vehicle's place before had too, within some
//! minutes, goes on and raises no second alert.

use crate::positions::Positions;
use crate::wakers::Wakers;
use crate::{LiveVehicle, ServiceError};
use milepost_domain::{
    Alarm, Alert, AlertId, AlertKind, AlertSubject, AlertTitle, JsonObject, Latitude, Longitude, NotificationText,
    Severity, TenantId, Timestamp, VehicleId,
};
use milepost_store::{Once, Store, StoreError};
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use uuid::Uuid;

/// An alarm that was reported this long ago at most goes on when it is reported again. There is at most one alert for each alarm of
/// a vehicle in so much time. Milliseconds.
const GOES_ON_MS: i64 = 10 * 60 * 1000;

/// An alarm of one report.
pub(super) struct AlarmReport {
    pub(super) vehicle: VehicleId,
    pub(super) alarm: Alarm,
    pub(super) at: Timestamp,
    pub(super) place: Option<(Latitude, Longitude)>,
}

/// The alarm that a vehicle's place had before.
pub(super) type PreviousAlarms = HashMap<VehicleId, (Alarm, Timestamp)>;

/// Raises alerts.
pub(super) struct AlarmAlerts {
    store: Arc<dyn Store>,
    wakers: Wakers,
    alert_expiry_ms: i64,
}

impl AlarmAlerts {
    pub(super) fn new(store: Arc<dyn Store>, wakers: Wakers, alert_expiry_ms: i64) -> Self {
        Self { store, wakers, alert_expiry_ms }
    }

    /// The alarms that went on before these reports. Read it before they are stored.
    pub(super) async fn previous(
        &self,
        positions: &Positions,
        tenant: &TenantId,
        alarms: &[AlarmReport],
    ) -> Result<PreviousAlarms, ServiceError> {
        let mut previous = PreviousAlarms::new();
        for report in alarms {
            if let Some(LiveVehicle { last: Some(last), .. }) = positions.live_vehicle(tenant, &report.vehicle).await?
                && let Some(alarm) = last.attributes.alarm()
            {
                previous.insert(report.vehicle.clone(), (alarm, last.at));
            }
        }
        Ok(previous)
    }

    /// Raises an alert for each alarm that begins, in the order of time. Reports that are sent again raise none again.
    pub(super) async fn raise(
        &self,
        positions: &Positions,
        tenant: &TenantId,
        alarms: Vec<AlarmReport>,
        mut previous: PreviousAlarms,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        for report in alarms {
            // The same report again may be one whose alert was not stored before a crash.
            let goes_on = previous.get(&report.vehicle).is_some_and(|(alarm, at)| {
                *alarm == report.alarm && *at != report.at && report.at.ms_since(*at).abs() <= GOES_ON_MS
            });
            // Of an upload of last week nobody needs to be alerted.
            let is_over = report.at.plus_ms(self.alert_expiry_ms) <= now;
            if !goes_on && !is_over {
                self.raise_one(positions, tenant, &report, now).await?;
            }
            previous.insert(report.vehicle, (report.alarm, report.at));
        }
        Ok(())
    }

    async fn raise_one(
        &self,
        positions: &Positions,
        tenant: &TenantId,
        report: &AlarmReport,
        now: Timestamp,
    ) -> Result<(), ServiceError> {
        let AlarmReport { vehicle, alarm, at, place } = report;
        let Some(live) = positions.live_vehicle(tenant, vehicle).await? else { return Ok(()) };
        let (kind, severity, words) = meaning(*alarm);
        let period = at.unix_ms() / GOES_ON_MS;
        let mut data = json!({ "alarm": alarm.as_str() });
        if let Some((latitude, longitude)) = place {
            data["latitude"] = latitude.get().into();
            data["longitude"] = longitude.get().into();
        }
        let message = format!("The device of {} reports: {words}.", live.vehicle.label.as_str());
        let alert = Alert {
            id: AlertId::new(&Uuid::now_v7().to_string())?,
            tenant: tenant.clone(),
            kind,
            severity,
            user_id: None,
            vehicle_id: Some(vehicle.clone()),
            driver_id: live.vehicle.driver_at(*at),
            title: AlertTitle::new(words)?,
            message: NotificationText::new(&message)?,
            data: JsonObject::of_parsed(data.to_string(), "data").ok(),
            subject: AlertSubject::new(&format!("alarm:{vehicle}:{}:{period}", alarm.as_str())).ok(),
            at: *at,
            expires_at: now.plus_ms(self.alert_expiry_ms),
            read: None,
        };
        match self.store.raise_alert(&alert, now, &Once::unclaimed()).await {
            Ok(true) => {
                self.wakers.wake_all(tenant);
                tracing::info!(vehicle.id = %vehicle, tenant.id = %tenant, alarm = alarm.as_str(), "alarm of a device");
            }
            // It was raised before, or the vehicle was removed meanwhile.
            Ok(false) | Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// The alert of an alarm.
const fn meaning(alarm: Alarm) -> (AlertKind, Severity, &'static str) {
    use AlertKind::{DriverEvent, GeofenceViolation, Maintenance, SpeedViolation, SystemError};
    use Severity::{Critical, High, Low, Medium};
    match alarm {
        Alarm::Sos => (DriverEvent, Critical, "call for help"),
        Alarm::Crash => (DriverEvent, Critical, "crash"),
        Alarm::Tow => (SystemError, High, "the vehicle is towed"),
        Alarm::Tamper => (SystemError, High, "somebody tampers with the device"),
        Alarm::Jamming => (SystemError, High, "the signal is jammed"),
        Alarm::PowerCut => (SystemError, High, "the power supply is cut off"),
        Alarm::Overspeed => (SpeedViolation, High, "too fast"),
        Alarm::HarshAcceleration => (DriverEvent, Medium, "harsh acceleration"),
        Alarm::HarshBraking => (DriverEvent, Medium, "harsh braking"),
        Alarm::HarshCornering => (DriverEvent, Medium, "harsh cornering"),
        Alarm::Movement => (SystemError, Medium, "the parked vehicle moves"),
        Alarm::Vibration => (SystemError, Medium, "the parked vehicle shakes"),
        Alarm::GeofenceEnter => (GeofenceViolation, Medium, "into a geofence of the device"),
        Alarm::GeofenceExit => (GeofenceViolation, Medium, "out of a geofence of the device"),
        Alarm::Fault => (Maintenance, Medium, "a fault of the device"),
        Alarm::LowBattery => (Maintenance, Low, "low battery"),
    }
}
