//! Typed parameters of paths.

use crate::Problem;
use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use milepost_domain::{
    AccessTokenId, AlertId, CadetId, DeviceId, GeofenceId, GradeId, JobId, ParcelId, PushId, ReportScheduleId,
    RoamingFenceId, ShareId, TrainingDayId, TripId, UserId, VehicleId, WebhookId,
};
use milepost_service::CallId;

/// The parameters of the path; 400 if one is not UTF-8, 404 if one can't be the id of what it should name.
pub struct Path<T>(pub T);

/// One parameter of a path.
pub trait PathSegment: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// 404 for a text that can't be an id: nothing has that name.
    fn from_segment(text: &str) -> Result<Self, Problem>;
}

/// All parameters of a path, in their order.
pub trait PathSegments: Sized {
    /// Reads them.
    ///
    /// # Errors
    /// As [`PathSegment::from_segment`].
    fn from_segments<'a>(segments: impl Iterator<Item = &'a str>) -> Result<Self, Problem>;
}

impl<S: Send + Sync, T: PathSegments> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match RawPathParams::from_request_parts(parts, state).await {
            Ok(params) => T::from_segments(params.iter().map(|(_, text)| text)).map(Self),
            Err(error) => Err(Problem::malformed(error.body_text())),
        }
    }
}

impl<T: PathSegment> PathSegments for T {
    fn from_segments<'a>(mut segments: impl Iterator<Item = &'a str>) -> Result<Self, Problem> {
        next(&mut segments)
    }
}

impl<A: PathSegment, B: PathSegment> PathSegments for (A, B) {
    fn from_segments<'a>(mut segments: impl Iterator<Item = &'a str>) -> Result<Self, Problem> {
        Ok((next(&mut segments)?, next(&mut segments)?))
    }
}

impl<A: PathSegment, B: PathSegment, C: PathSegment> PathSegments for (A, B, C) {
    fn from_segments<'a>(mut segments: impl Iterator<Item = &'a str>) -> Result<Self, Problem> {
        Ok((next(&mut segments)?, next(&mut segments)?, next(&mut segments)?))
    }
}

fn next<'a, T: PathSegment>(segments: &mut impl Iterator<Item = &'a str>) -> Result<T, Problem> {
    T::from_segment(segments.next().expect("a handler takes the parameters of its route"))
}

impl PathSegment for String {
    fn from_segment(text: &str) -> Result<Self, Problem> {
        Ok(text.to_owned())
    }
}

/// Reads a text as an id by `$read`, which gives an `Option`.
macro_rules! ids {
    ($($id:ty, $noun:literal, $read:expr;)*) => {
        $(impl PathSegment for $id {
            fn from_segment(text: &str) -> Result<Self, Problem> {
                let read: fn(&str) -> Option<Self> = $read;
                read(text).ok_or_else(|| Problem::not_found($noun))
            }
        })*
    };
}

ids! {
    AccessTokenId, "access token", |text| Self::new(text.parse().ok()?).ok();
    ShareId, "share", |text| Self::new(text.parse().ok()?).ok();
    AlertId, "alert", |text| Self::new(text).ok();
    CadetId, "cadet", |text| Self::new(text.parse().ok()?).ok();
    CallId, "call", |text| text.parse().ok().map(Self);
    DeviceId, "device", |text| Self::new(text).ok();
    GeofenceId, "geofence", |text| Self::new(text.parse().ok()?).ok();
    GradeId, "grade", |text| Self::new(text.parse().ok()?).ok();
    JobId, "job", |text| Self::new(text).ok();
    ParcelId, "parcel", |text| Self::new(text.parse().ok()?).ok();
    PushId, "push subscription", |text| Self::new(text.parse().ok()?).ok();
    ReportScheduleId, "report schedule", |text| Self::new(text.parse().ok()?).ok();
    RoamingFenceId, "roaming fence", |text| Self::new(text.parse().ok()?).ok();
    TripId, "trip", |text| Self::new(text).ok();
    UserId, "user", |text| Self::new(text.parse().ok()?).ok();
    VehicleId, "vehicle", |text| Self::new(text).ok();
    WebhookId, "webhook", |text| text.parse().ok().map(Self);
}

/// Staff number training days as they like: every possible id names one, so another text is invalid rather than unknown.
impl PathSegment for TrainingDayId {
    fn from_segment(text: &str) -> Result<Self, Problem> {
        let day = text.parse().ok().and_then(|number| Self::new(number).ok());
        day.ok_or_else(|| Problem::invalid("training_day_id", "must be a whole number from 1"))
    }
}
