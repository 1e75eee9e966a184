//! Who may come in: tenants, users with their sessions, devices, and the keys of their requests.

pub(super) mod devices;
pub(super) mod idempotency_keys;
pub(super) mod sessions;
pub(super) mod tenants;
pub(super) mod users;
