//! Accounts: tenants, users, devices, and idempotency keys.

pub(super) mod devices;
pub(super) mod idempotency_keys;
pub(super) mod normal_forms;
pub(super) mod tenants;
pub(super) mod unknown_devices;
pub(super) mod users;
