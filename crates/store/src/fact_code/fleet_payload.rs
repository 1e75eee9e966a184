//! Reads the payloads of the fleet's facts.

use super::payload::Payload;
use crate::Result;
use milepost_domain::{
    Alert, AlertId, AlertKind, AlertSubject, AlertTitle, DrivingEvent, DrivingKind, FenceCrossing, FenceEvent,
    FuelSource, GeofenceId, JsonObject, Label, Latitude, Longitude, NotificationText, Revision, ServiceBasis,
    ServiceDue, Severity, SpeedKmh, TenantId, Timestamp, Trip, TripFigures, TripFuel, TripId, TripOrigin, TripPlace,
    TripStatus, TripUpdate, UserId, VehicleId,
};
use serde_json::Value;
use serde_json::value::RawValue;
use std::collections::HashMap;

impl Payload<'_> {
    fn real(&self, field: &str) -> Result<f64> {
        self.value.get(field).and_then(Value::as_f64).ok_or_else(|| self.lacks(field))
    }

    /// Whatever `read` reads, unless it is null.
    fn or_null<T>(&self, field: &str, read: impl FnOnce(&Self, &str) -> Result<T>) -> Result<Option<T>> {
        if self.value.get(field) == Some(&Value::Null) { Ok(None) } else { read(self, field).map(Some) }
    }

    /// A number of thousandths, millionths, … that was written in units.
    #[expect(clippy::cast_possible_truncation, reason = "it was made of a whole number")]
    fn parts(&self, field: &str, unit: f64) -> Result<i64> {
        Ok((self.real(field)? * unit).round() as i64)
    }

    /// RFC 3339.
    fn time(&self, field: &str) -> Result<Timestamp> {
        let at: jiff::Timestamp = self.text(field)?.parse().map_err(|_| self.lacks(field))?;
        super::instant(at.as_millisecond())
    }

    fn user_or_null(&self, field: &str) -> Result<Option<UserId>> {
        Ok(self.number_or_null(field)?.map(UserId::new).transpose()?)
    }

    fn vehicle(&self) -> Result<VehicleId> {
        Ok(VehicleId::new(self.text("vehicle_id")?)?)
    }

    fn revision(&self) -> Result<Revision> {
        Ok(Revision::parse(self.text("telling")?)?)
    }

    fn severity(&self) -> Result<Severity> {
        Ok(Severity::parse(self.text("severity")?)?)
    }

    fn place_or_null(&self, field: &str) -> Result<Option<TripPlace>> {
        self.or_null(field, |payload, field| {
            let value = payload.value.get(field).ok_or_else(|| payload.lacks(field))?;
            let place = Payload { kind: payload.kind, value };
            Ok(TripPlace {
                latitude: Latitude::new(place.real("latitude")?)?,
                longitude: Longitude::new(place.real("longitude")?)?,
            })
        })
    }

    fn figures(&self) -> Result<TripFigures> {
        let burnt_ml = self.or_null("fuel_l", |payload, field| payload.parts(field, 1e3))?;
        let source = self.or_null("fuel_source", |payload, field| Ok(FuelSource::parse(payload.text(field)?)?))?;
        Ok(TripFigures {
            distance_mm: self.parts("distance", 1e6)?,
            moving_ms: self.number("moving_ms")?,
            idle_ms: self.number("idle_ms")?,
            max_speed: self.or_null("max_speed_kmh", |payload, field| Ok(SpeedKmh::new(payload.real(field)?)?))?,
            fuel: burnt_ml.zip(source).map(|(burnt_ml, source)| TripFuel { burnt_ml, source }),
        })
    }

    pub(super) fn trip_update(&self, is_progress: bool) -> Result<TripUpdate> {
        let trip = Trip {
            id: TripId::new(self.text("trip_id")?)?,
            tenant: TenantId::new(self.text("tenant")?)?,
            vehicle_id: self.vehicle()?,
            driver_id: self.user_or_null("driver_id")?,
            origin: TripOrigin::parse(self.text("origin")?)?,
            status: TripStatus::parse(self.text("status")?)?,
            started_at: self.time("start_time")?,
            ended_at: self.or_null("end_time", Self::time)?,
            followed_to: self.time("followed_to")?,
            start: self.place_or_null("start")?,
            end: self.place_or_null("end")?,
            figures: self.figures()?,
            version: self.number("version")?,
        };
        Ok(TripUpdate { trip, revision: self.revision()?, is_progress })
    }

    pub(super) fn crossing(&self) -> Result<FenceCrossing> {
        Ok(FenceCrossing {
            vehicle_id: self.vehicle()?,
            driver_id: self.user_or_null("driver_id")?,
            geofence_id: self.geofence_id()?,
            geofence_name: Label::new(self.text("geofence_name")?)?,
            event: FenceEvent::parse(self.text("event")?)?,
            latitude: Latitude::new(self.real("latitude")?)?,
            longitude: Longitude::new(self.real("longitude")?)?,
            at: self.time("timestamp")?,
            revision: self.revision()?,
        })
    }

    pub(super) fn driving_event(&self) -> Result<DrivingEvent> {
        Ok(DrivingEvent {
            vehicle_id: self.vehicle()?,
            driver_id: self.user_or_null("driver_id")?,
            kind: DrivingKind::parse(self.text("event_type")?)?,
            severity: self.severity()?,
            description: NotificationText::new(self.text("description")?)?,
            at: self.time("timestamp")?,
            revision: self.revision()?,
        })
    }

    pub(super) fn service_due(&self) -> Result<ServiceDue> {
        Ok(ServiceDue {
            vehicle_id: self.vehicle()?,
            basis: ServiceBasis::parse(self.text("basis")?)?,
            severity: self.severity()?,
            description: NotificationText::new(self.text("description")?)?,
            at: self.time("timestamp")?,
            revision: self.revision()?,
        })
    }

    /// `text` is the payload as it was written: of the data every digit counts.
    pub(super) fn alert(&self, text: &str) -> Result<Alert> {
        let fields: HashMap<String, Box<RawValue>> = serde_json::from_str(text).map_err(|_| self.lacks("fields"))?;
        let data = fields.get("data").ok_or_else(|| self.lacks("data"))?.get();
        let data = match data.as_bytes() {
            b"null" => None,
            [b'{', ..] => Some(JsonObject::of_parsed(data.to_owned(), "data")?),
            _ => return Err(self.lacks("data")),
        };
        let vehicle_id = self.or_null("vehicle_id", |payload, _| payload.vehicle())?;
        let subject = self.or_null("subject", |payload, field| Ok(AlertSubject::new(payload.text(field)?)?))?;
        Ok(Alert {
            id: self.alert_id()?,
            tenant: TenantId::new(self.text("tenant")?)?,
            kind: AlertKind::parse(self.text("type")?)?,
            severity: self.severity()?,
            user_id: self.user_or_null("user_id")?,
            vehicle_id,
            driver_id: self.user_or_null("driver_id")?,
            title: AlertTitle::new(self.text("title")?)?,
            message: NotificationText::new(self.text("message")?)?,
            data,
            subject,
            at: self.time("timestamp")?,
            expires_at: self.time("expires_at")?,
            read: None,
        })
    }

    pub(super) fn alert_id(&self) -> Result<AlertId> {
        Ok(AlertId::new(self.text("alert_id")?)?)
    }

    /// Whom an alert was for.
    pub(super) fn addressee(&self) -> Result<Option<UserId>> {
        self.user_or_null("user_id")
    }

    /// Who read it, and when.
    pub(super) fn reading(&self) -> Result<(Option<UserId>, Timestamp)> {
        Ok((self.user_or_null("read_by")?, self.time("read_at")?))
    }

    pub(super) fn geofence_id(&self) -> Result<GeofenceId> {
        Ok(GeofenceId::new(self.number("geofence_id")?)?)
    }

    pub(super) fn version(&self) -> Result<i64> {
        self.number("version")
    }
}
