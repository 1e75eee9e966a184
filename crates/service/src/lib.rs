//! The use cases. Each checks whether its caller may make a change, makes the change durable, and publishes it.

#![forbid(unsafe_code)]

pub mod access_tokens;
mod assemble;
pub mod audit;
pub mod catalogue;
pub mod deliveries;
pub mod devices;
pub mod duty;
mod error;
mod event_feed;
mod fair_reads;
pub mod feeds;
mod file_store;
pub mod fleet;
pub mod idempotency;
pub mod jobs;
mod keyed_locks;
mod large_bodies;
mod listener;
mod live;
pub mod nodes;
pub mod outgoing;
pub mod parcels;
pub mod people;
pub mod positions;
pub mod proofs;
mod publish;
pub mod push;
pub mod readiness;
pub mod records;
pub mod reports;
mod request;
mod retention;
pub mod roaming;
pub mod shares;
pub mod sign_in;
pub mod space;
pub mod tenants;
pub mod timetables;
mod use_cases;
pub mod users;
pub mod vehicle_pictures;
pub mod vehicles;
mod wakers;
pub mod webhooks;

pub use assemble::{AssembledService, ServiceParts, StartRelay, assemble};
pub use deliveries::{DeliveryUpdate, DeliveryView, NewDelivery};
pub use error::ServiceError;
pub use event_feed::EventFeed;
pub use fair_reads::{FairReads, ReadPermit, Reader};
pub use file_store::{Bucket, FileStore};
pub use fleet::{
    AlertCursor, AlertListing, Fleet, FleetDashboard, GeofencePage, GeometryRefusal, NewAlert, RuleChange,
    RulesInForce, Thresholds, TripCursor, TripEnding, TripListing, TripPage, TripPath, read_geometry, read_zone_name,
};
pub use large_bodies::{LARGE_BODY_BYTES, LargeBodies};
pub use listener::{Listener, PositionRecorded};
pub use live::{Among, LiveVehicle};
pub use milepost_access::NewPasswordLink;
pub use milepost_store::{
    AuditEntry, CallId, CallState, Claim, DeliveryCount, EncounterCursor, Idempotency, IdempotencyKey, KeptAnswer,
    Once, Retention, StoredCall, StoredEvents, TrackPosition, WebhookChange, WrongPositions,
};
pub use milepost_track::{Estimate, Eta};
pub use outgoing::{CheckPush, CheckUrl, MailBodies, Outgoing};
pub use parcels::{
    DriverProgress, DriverReport, FollowedParcel, MovedParcel, NewParcel, ParcelChange, ParcelListing, ParcelPage,
    ParcelPath, ParcelUpdate, ReportOutcome,
};
pub use positions::{PositionReport, Recorded, Rejected, Replay, Track};
pub use publish::OnTransaction;
pub use request::Request;
pub use retention::keep_pruning;
pub use use_cases::UseCases;
