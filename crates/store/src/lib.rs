//! Stores everything durable: SQLite and PostgreSQL behind one trait, their migrations, and the committer.

//! A query is written once in `sql/` and compiled for each database. Only writing positions, and PostgreSQL's
//! partitions, differ between them.

#![forbid(unsafe_code)]
#![allow(clippy::duplicate_mod, reason = "the files in sql/ are compiled once for each database")]

#[macro_use]
mod position_columns;

mod access_token_store;
mod account;
mod attribute_bytes;
mod audit_form;
mod audit_seal;
mod audit_store;
mod catalogue_store;
mod command_store;
mod committer;
mod delivery_store;
mod duty_store;
mod error;
mod event_payload;
mod failure;
mod fleet_store;
mod gatherer;
mod history_store;
mod history_write;
mod idempotency;
mod import_store;
mod job_store;
mod migrations;
mod node_store;
mod once;
mod open;
mod outgoing_store;
mod parcel_store;
mod person_store;
mod postgres;
mod proof_store;
mod push_store;
mod queue;
mod record_store;
mod renderer;
mod report_store;
mod retention;
mod roaming_store;
mod schedule;
mod share_store;
mod sign_in_store;
mod sqlite;
mod store;
mod timetable_store;
mod track_commit;
mod tracked;
mod unknown_kinds;

pub use access_token_store::{AccessTokenStore, NewAccessToken};
pub use account::{Login, NewLogin};
pub use audit_store::{AuditEntry, AuditFilter, AuditNote, AuditStore, AuditVerdict};
pub use catalogue_store::{CatalogueStore, NewEntry};
pub use command_store::{CommandStore, NewCommand};
pub use committer::{
    CommitObserver, CommitSample, CommittedPositions, Committer, CurrentPosition, PositionBatch, TrackStep,
};
pub use delivery_store::{DeliveryChange, DeliveryCount, DeliveryListing, DeliveryMove, DeliveryStore, Ride};
pub use duty_store::DutyStore;
pub use error::{Result, StoreError};
pub use fleet_store::{
    ActivityChange, AlertCursor, AlertReadOutcome, Checkpoint, FleetStats, FleetStore, StatsWindow, TripCursor,
    TripFilter,
};
pub use gatherer::{Gathered, Gatherer};
pub use history_store::{
    BehindFilter, FenceVisit, FoldedVehicle, HistoryStore, Incident, IncidentKind, SavedFold, UnfoldedPosition,
};
pub use history_write::{HistoryChange, HistoryOutcome, HistoryWrite};
pub use idempotency::{
    AnswerQuota, Claim, IDEMPOTENCY_ABANDONED_MS, IDEMPOTENCY_KEEP_MS, Idempotency, IdempotencyKey, KeptAnswer,
};
pub use import_store::{ImportStore, ImportedObject};
pub use job_store::{JobLane, JobMail, JobOutcome, JobQuota, JobStore, MadeJob, MadeJobOutcome, NewJob};
pub use node_store::{LivingNode, NODE_SILENCE, NewestTime, NodeStore};
pub use once::Once;
pub use open::{OpenOptions, migrate, open, pending_migrations, sqlite_file};
pub use outgoing_store::{
    CallId, CallNo, CallOutcome, CallQueue, CallState, DueCall, DueMail, DuePush, DueQueue, DueReceiver, DueWebhook,
    NewWebhook, OutgoingStore, StoredCall, WebhookChange,
};
pub use parcel_store::{DriverAsked, DriverFixWrite, DriverState, FixOutcome, NewParcel, ParcelScope, ParcelStore};
pub use person_store::{Drive, Person, PersonRow, PersonStore};
pub use proof_store::ProofStore;
pub use push_store::{MAX_PUSH_SUBSCRIPTIONS, NewPushSubscription, PushStore};
pub use record_store::{NewCadet, NoticeFilter, ReadOutcome, RecordStore};
pub use renderer::{Renderer, Unsent, WebhookMessage};
pub use report_store::{NewReportSchedule, ReportStore, ScheduleQuota, ScheduleStep, ScheduleStepped};
pub use retention::{Pruned, Retention};
pub use roaming_store::{EncounterChange, EncounterCursor, EncounterStep, OpenEncounter, RoamingStore};
pub use share_store::{NewShare, ShareStore};
pub use sign_in_store::{
    ChallengePurpose, Grant, MAX_CHALLENGES, MAX_PASSKEYS, MAX_PASSWORD_LINKS, MAX_SESSIONS, NewPasskey, Passkey,
    PasskeyAdded, PasswordLink, Provenance, Session, SessionKind, SignInStore, TotpAttempt, TotpLimit,
};
pub use sqlite::backup::{Progress, back_up, restore};
pub use store::{Digest, LogStats, Store, StoredEvents};
pub use timetable_store::{MAX_TIMETABLE_BYTES, StoredTimetable, TimetableStore};
pub use track_commit::{PositionRow, TenantNo, TrackCommit, TrackOutcome, TrackRow};
pub use tracked::{
    ArrivalCursor, Arrived, MOST_VEHICLE_MINUTES, TrackPosition, TrackedVehicle, VehicleNo, WrongPositions,
};
