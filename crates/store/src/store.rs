//! The one trait behind which SQLite and PostgreSQL stand.

use crate::{
    ArrivalCursor, Arrived, Claim, DeliveryStore, FleetStore, HistoryStore, Idempotency, IdempotencyKey, KeptAnswer,
    Login, NewUser, Once, OutgoingStore, ParcelStore, Pruned, PushStore, RecordStore, Result, Retention, Track,
    TrackCommit, TrackOutcome, TrackedVehicle,
};
use async_trait::async_trait;
use milepost_domain::{
    Device, DeviceId, Event, Fact, Position, Tenant, TenantId, Timestamp, User, UserId, Vehicle, VehicleId,
    VehicleScope,
};

/// A SHA-256 digest of a secret (session token, device key) or of a request.
pub type Digest = [u8; 32];

/// Everything durable. Time is an argument; every list is bounded by `limit` and sorted by what its cursor names;
/// every change is one transaction, and appends its facts to its tenant's events within it. A change that is a request's work
/// takes a [`Once`]: the answer that its transaction keeps.
#[async_trait]
pub trait Store:
    DeliveryStore
    + ParcelStore
    + OutgoingStore
    + RecordStore
    + PushStore
    + FleetStore
    + HistoryStore
    + Send
    + Sync
    + 'static
{
    /// `sqlite` or `postgres`, for logs and metrics.
    fn backend(&self) -> &'static str;

    /// Reaches the database and reads from it, within 2 s.
    async fn ping(&self) -> Result<()>;

    /// Finishes what is under way and lets go of the database.
    async fn close(&self);

    // Tenants

    /// Adds a tenant. `Conflict("tenant")` if its id is taken.
    async fn add_tenant(&self, tenant: &Tenant, once: &Once<'_, ()>) -> Result<()>;
    /// Adds a tenant unless its id is taken; true if it was added.
    async fn ensure_tenant(&self, tenant: &Tenant) -> Result<bool>;
    /// A tenant by id.
    async fn get_tenant(&self, id: &TenantId) -> Result<Option<Tenant>>;
    /// Tenants in the order of their ids, after `after`.
    async fn list_tenants(&self, after: Option<&TenantId>, limit: u32) -> Result<Vec<Tenant>>;

    // Users

    /// Adds a user. `Conflict("username")`, `NotFound("tenant")`.
    async fn add_user(&self, user: &NewUser, now: Timestamp, once: &Once<'_, User>) -> Result<User>;
    /// A user by number.
    async fn get_user(&self, id: UserId) -> Result<Option<User>>;
    /// A user by login name, with its password's hash.
    async fn find_login(&self, username: &str) -> Result<Option<Login>>;
    /// A user by number, with its password's hash.
    async fn get_login(&self, id: UserId) -> Result<Option<Login>>;
    /// Users of one tenant (or of all) in the order of their numbers, after `after`.
    async fn list_users(&self, tenant: Option<&TenantId>, after: Option<UserId>, limit: u32) -> Result<Vec<User>>;
    /// Writes the whole user, and a new hash if there is one; false if there is no such user. A new hash ends the
    /// user's sessions, as does taking its right to enter.
    /// `Conflict("username")`, `NotFound("tenant")`.
    async fn update_user(&self, user: &User, new_password_hash: Option<&str>, now: Timestamp) -> Result<bool>;
    /// Removes a user with its sessions; false if there was none.
    async fn remove_user(&self, id: UserId, now: Timestamp) -> Result<bool>;
    /// How many users there are, over all tenants.
    async fn count_users(&self) -> Result<u64>;

    // Sessions

    /// Adds a login session. `NotFound("user")`, `Conflict("session")`.
    async fn add_session(&self, token_hash: &Digest, user: UserId, expires_at: Timestamp) -> Result<()>;
    /// Whose session this is, unless it has expired; with when it will.
    async fn find_session(&self, token_hash: &Digest, now: Timestamp) -> Result<Option<(UserId, Timestamp)>>;
    /// Ends one session; whose it was, if there was one.
    async fn remove_session(&self, token_hash: &Digest, now: Timestamp) -> Result<Option<UserId>>;
    /// Ends all sessions of a user; how many there were.
    async fn remove_user_sessions(&self, user: UserId) -> Result<u64>;

    // Vehicles

    /// Adds a vehicle. `Conflict("vehicle")` if its tenant has one with this id, `NotFound("tenant")`.
    async fn add_vehicle(
        &self,
        tenant: &TenantId,
        vehicle: &Vehicle,
        now: Timestamp,
        once: &Once<'_, ()>,
    ) -> Result<()>;
    /// A vehicle with its track.
    async fn get_vehicle(&self, tenant: &TenantId, id: &VehicleId) -> Result<Option<TrackedVehicle>>;
    /// Those of `ids` that exist, in the order of their ids.
    async fn load_vehicles(&self, tenant: &TenantId, ids: &[VehicleId]) -> Result<Vec<TrackedVehicle>>;
    /// Vehicles within a scope in the order of their ids, after `after`.
    async fn list_vehicles(
        &self,
        tenant: &TenantId,
        scope: &VehicleScope,
        after: Option<&VehicleId>,
        limit: u32,
    ) -> Result<Vec<TrackedVehicle>>;
    /// Writes the whole vehicle; false if there is none with its id.
    async fn update_vehicle(&self, tenant: &TenantId, vehicle: &Vehicle, now: Timestamp) -> Result<bool>;
    /// Removes a vehicle with its devices and positions; false if there was none.
    async fn remove_vehicle(&self, tenant: &TenantId, id: &VehicleId, now: Timestamp) -> Result<bool>;

    // Devices

    /// Adds a device. `Conflict("device")` if its tenant has one with this id, `Conflict("device key")`,
    /// `NotFound("vehicle")`.
    async fn add_device(&self, device: &Device, key_hash: &Digest, once: &Once<'_, ()>) -> Result<()>;
    /// A device by id.
    async fn get_device(&self, tenant: &TenantId, id: &DeviceId) -> Result<Option<Device>>;
    /// The device, of whatever tenant, with this key.
    async fn find_device_by_key(&self, key_hash: &Digest) -> Result<Option<Device>>;
    /// Devices of a tenant in the order of their ids, after `after`.
    async fn list_devices(&self, tenant: &TenantId, after: Option<&DeviceId>, limit: u32) -> Result<Vec<Device>>;
    /// Removes a device; false if there was none.
    async fn remove_device(&self, tenant: &TenantId, id: &DeviceId, now: Timestamp) -> Result<bool>;

    // Idempotency keys

    /// Claims a key for a request, or says what became of it before.
    async fn begin_idempotent(&self, key: &IdempotencyKey, request: &Digest, now: Timestamp) -> Result<Idempotency>;
    /// Keeps the answer to a request whose work was no transaction's (a refusal), or says that the claim no longer holds or
    /// has its answer: false.
    async fn finish_idempotent(&self, claim: &Claim, answer: &KeptAnswer) -> Result<bool>;
    /// Lets go of a claim whose request failed and may be sent again. One whose answer is kept stays as it is.
    async fn abandon_idempotent(&self, claim: &Claim) -> Result<()>;
    /// Lets go of all claims without an answer; how many there were. For a server that starts and is alone on its
    /// database: nobody is working on them any more.
    async fn release_claims(&self, now: Timestamp) -> Result<u64>;

    // Positions

    /// Positions of a vehicle with `from <= at < to`, oldest first; pages continue strictly after `after`.
    async fn positions(
        &self,
        tenant: &TenantId,
        vehicle: &VehicleId,
        from: Timestamp,
        to: Timestamp,
        after: Option<Timestamp>,
        limit: u32,
    ) -> Result<Vec<Position>>;
    /// Positions of a tenant that arrived at `received_since` or later, in the order of arrival. What other callers
    /// are committing meanwhile may appear at the end or not.
    async fn recent_positions(
        &self,
        tenant: &TenantId,
        received_since: Timestamp,
        after: Option<ArrivalCursor>,
        limit: u32,
    ) -> Result<Vec<Arrived>>;

    // Events

    /// Appends facts that change no row here; the id of the last one. `NotFound("tenant")`.
    async fn append_facts(
        &self,
        tenant: &TenantId,
        facts: &[Fact],
        now: Timestamp,
        once: &Once<'_, i64>,
    ) -> Result<i64>;
    /// Events with an id above `id`, in order and without a gap (unless they were removed by age).
    async fn events_after(&self, tenant: &TenantId, id: i64, limit: u32) -> Result<Vec<Event>>;
    /// The newest event's id of every tenant, in any order, by one query: a number and a short name a tenant.
    async fn newest_event_ids(&self) -> Result<Vec<(TenantId, i64)>>;
    /// The newest event's id, 0 if the tenant never had one. Removing by age does not lower it.
    async fn newest_event_id(&self, tenant: &TenantId) -> Result<i64>;

    // Upkeep

    /// Forgets what is older than `retention`, in bounded steps between which others can write.
    async fn prune(&self, now: Timestamp, retention: &Retention) -> Result<Pruned>;

    // For the committer

    /// The tracks of those of `vehicles` that exist, in any order, each with the index of its request.
    async fn load_tracks(&self, vehicles: &[(TenantId, VehicleId)]) -> Result<Vec<(usize, Track)>>;
    /// Carries out one planned transaction. Call it through [`crate::Committer`], which plans. It is seen by readers at
    /// once, and on disk after the next [`Store::flush_tracks`].
    async fn commit_tracks(&self, commit: &TrackCommit<'_>) -> Result<TrackOutcome>;
    /// Returns when every transaction that `commit_tracks` answered before is on disk. After an error some of them may
    /// not be, until a later call succeeds.
    async fn flush_tracks(&self) -> Result<()>;
}
