//! One module for each noun. A handler extracts its input, calls one use case, and answers.

pub(crate) mod alerts;
pub(crate) mod attendance;
pub(crate) mod cadets;
pub(crate) mod dashboard;
pub(crate) mod devices;
pub(crate) mod geofences;
pub(crate) mod grades;
pub(crate) mod messages;
pub(crate) mod notifications;
pub(crate) mod outgoing;
pub(crate) mod parcel_path;
pub(crate) mod parcels;
pub(crate) mod positions;
pub(crate) mod push;
pub(crate) mod rules;
pub(crate) mod second_factor;
pub(crate) mod sync_events;
pub(crate) mod tenants;
pub(crate) mod track;
pub(crate) mod track_file;
pub(crate) mod trip_path;
pub(crate) mod trips;
pub(crate) mod users;
pub(crate) mod vehicles;
pub(crate) mod webhooks;
