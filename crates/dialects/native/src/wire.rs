//! The native dialect's JSON, as the contract names it.

pub(crate) mod access_token;
pub(crate) mod account;
pub(crate) mod alert;
pub(crate) mod attributes;
pub(crate) mod audit;
pub(crate) mod command;
pub(crate) mod dashboard;
pub(crate) mod delivery;
pub(crate) mod device;
pub(crate) mod duty;
pub(crate) mod fleet;
pub(crate) mod geofence;
pub(crate) mod job;
pub(crate) mod notice;
pub(crate) mod outgoing;
pub(crate) mod parcel;
pub(crate) mod position;
pub(crate) mod push;
pub(crate) mod record;
pub(crate) mod report;
pub(crate) mod report_schedule;
pub(crate) mod roaming_fence;
pub(crate) mod rules;
pub(crate) mod share;
pub(crate) mod trip;
