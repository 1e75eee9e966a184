//! The types of Milepost: positions, vehicles, users, callers, facts, and the rules about them.
//!
//! Nothing here waits, reads a clock, uses random numbers or knows a format. Time is an argument, and input is parsed
//! before it comes here. A value that exists is valid; a refusal is [`Invalid`].

#![forbid(unsafe_code)]

mod access_token;
mod alert;
mod assignment;
mod attendance;
mod attributes;
mod audience;
mod author;
mod cadet;
mod caller;
mod catalogue;
mod contact;
mod delivery;
mod device;
mod device_command;
mod duty;
mod fact;
mod fleet_audience;
mod fleet_fact;
mod geofence;
mod ids;
mod incident;
mod invalid;
mod job;
mod measure;
mod names;
mod newest;
mod node;
mod notice;
mod outgoing;
mod parcel;
mod permission;
mod place;
mod position;
mod precis;
mod proof;
mod push;
mod report;
mod report_schedule;
mod roaming_fence;
mod role;
mod rules;
mod schedule;
mod second_factors;
mod share;
mod tenant;
mod text;
mod time;
mod trip;
mod unicode;
mod user;
mod vehicle;
mod version;
mod zones;

pub use access_token::{AccessToken, AccessTokenId, Scope, Scopes};
pub use alert::{Alert, AlertKind, AlertRead, AlertSubject, AlertTitle, Severity};
pub use assignment::{AssignedAt, EndedAssignment, MAX_PAST_ASSIGNMENTS, PastAssignments};
pub use attendance::{Attendance, AttendanceStatus, TimeOfDay};
pub use attributes::{
    Alarm, AttributeList, AttributeValue, Attributes, MAX_ATTRIBUTE_NAME_BYTES, MAX_ATTRIBUTE_TEXT_BYTES,
    MAX_ATTRIBUTES, attribute,
};
pub use audience::{Audience, RecordViewer};
pub use author::Author;
pub use cadet::{
    Cadet, CadetId, CadetName, Grade, GradeGiven, GradeId, GradeKind, Points, Reason, Score, ScoreChange, Scores,
    Standing, StudentId, TrainingDayId,
};
pub use caller::{Caller, Principal};
pub use catalogue::{Entry, EntryBody, EntryKind, EntryRef, Link, MAX_ENTRIES, MAX_LINKS};
pub use contact::{AlertMail, Contact, EmailAddress, Language};
pub use delivery::{
    AFTER_DELIVERED_MS, Delivery, DeliveryFix, DeliveryStatus, OrderId, Phone, RiderId, Step, StepRefused,
};
pub use device::{Device, DeviceProtocol, UniqueId, UnknownDevice};
pub use device_command::{
    COMMAND_ANSWER_MS, CommandAnswer, CommandId, CommandKind, CommandState, CommandText, DeviceCommand, IssuedCommand,
    MAX_QUEUED_COMMANDS, answered_command,
};
pub use duty::{MAX_OFF_DUTY, OffDuty, OffDutyRule, OffDutyTimes, ReportedBy};
pub use fact::{AttendanceUpdate, Event, EventType, Fact, GradeUpdate, ManualEvent, ScoresUpdate};
pub use fleet_audience::{FleetAudience, FleetViewer};
pub use fleet_fact::{
    DrivingEvent, DrivingKind, FenceCrossing, FenceEvent, Revision, ServiceBasis, ServiceDue, TripUpdate,
};
pub use geofence::{
    CrossingTriggers, DwellTime, Geofence, GeofenceDescription, GeofenceId, GeofenceShape, GeometryText, MAX_GEOFENCES,
    VehicleList,
};
pub use ids::{AlertId, DeviceId, JobId, MAX_ID_CHARS, ProofId, TenantId, TrackingId, TripId, UserId, VehicleId};
pub use incident::IncidentKind;
pub use invalid::Invalid;
pub use job::{Job, JobFile, JobStatus};
pub use measure::{
    AccuracyM, AltitudeM, FuelLevelL, HeadingDeg, Latitude, Longitude, OdometerKm, RadiusM, SpeedKmh, WidthM,
};
pub use newest::{Arrival, NewestPosition, lies_ahead};
pub use node::NodeId;
pub use notice::{JsonObject, Notice, NoticeContent, NoticeId, NotificationKind, NotificationText};
pub use outgoing::{OldSecret, OutgoingCall, Target, WEBHOOK_KINDS, Webhook, WebhookId};
pub use parcel::{DriverFix, Parcel, ParcelId, ParcelStatus, Zone, ZonesInside};
pub use permission::{
    Action, RULES, Reach, Rule, VehicleScope, Who, may, may_bring_delivery, may_report, may_with_cadet,
    may_with_parcel, reach,
};
pub use place::{Address, Place};
pub use position::{MAX_AHEAD_MS, Position};
pub use precis::prepare_password;
pub use proof::{
    HandoverCode, Proof, ProofFile, ProofFileKind, ProofFileReference, ProofNote, ProofReference, ReceiverName,
};
pub use push::{PushId, PushKeys, PushSubscription};
pub use report::{ReportFormat, ReportGroup, ReportKind};
pub use report_schedule::{
    ReportMail, ReportPeriod, ReportSchedule, ReportScheduleId, ScheduleOrder, ScheduleOutcome, ScheduleReceiver,
};
pub use roaming_fence::{
    Encounter, EncounterTriggers, MAX_ROAMING_FENCES, RoamingFence, RoamingFenceDescription, RoamingFenceId,
    VehicleSelection,
};
pub use role::Role;
pub use rules::FleetRules;
pub use schedule::{Schedule, ScheduleClock, UtcOffset, Weekday, Weekdays, ZoneName};
pub use second_factors::SecondFactors;
pub use share::{Share, ShareId, ShareState};
pub use tenant::Tenant;
pub use time::Timestamp;
pub use trip::{FuelSource, Trip, TripFigures, TripFuel, TripOrigin, TripPlace, TripStatus};
pub use user::{User, Username};
pub use vehicle::{Label, Vehicle, VehicleKind, VehicleStatus};
pub use version::ExpectedVersion;
pub use zones::{Approach, Crossing, ZoneRadius, cross_zone};
