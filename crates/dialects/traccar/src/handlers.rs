//! One file for each subject.

pub(crate) mod commands;
pub(crate) mod devices;
pub(crate) mod events;
pub(crate) mod geofences;
pub(crate) mod images;
pub(crate) mod kml;
pub(crate) mod notifications;
pub(crate) mod objects;
pub(crate) mod permissions;
pub(crate) mod positions;
pub(crate) mod report_handlers;
pub(crate) mod report_mail;
pub(crate) mod server;
pub(crate) mod session;
pub(crate) mod share;
pub(crate) mod socket;
pub(crate) mod users;
