//! The trait that both databases implement.

use crate::{
    AccessTokenStore, ArrivalCursor, Arrived, AuditStore, CatalogueStore, Claim, CommandStore, DeliveryStore,
    DutyStore, FleetStore, HistoryStore, Idempotency, IdempotencyKey, ImportStore, JobStore, KeptAnswer, Login,
    NewLogin, NodeStore, Once, OutgoingStore, ParcelStore, PersonStore, ProofStore, Pruned, PushStore, RecordStore,
    ReportStore, Result, Retention, RoamingStore, ShareStore, SignInStore, TimetableStore, TrackCommit, TrackOutcome,
    TrackPosition, TrackRow, TrackedVehicle, VehicleNo, WrongPositions,
};
use async_trait::async_trait;
use milepost_domain::{
    Author, Device, DeviceId, Event, Fact, Position, Tenant, TenantId, Timestamp, UniqueId, UnknownDevice, User,
    UserId, Vehicle, VehicleId, VehicleScope,
};
use std::sync::Arc;
use std::time::Duration;

/// The SHA-256 digest of a secret (session token, device key) or of a request.
pub type Digest = [u8; 32];

/// SQLite's log, for metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogStats {
    /// What is in it.
    pub log_bytes: u64,
    /// What of it is not in the database's file yet.
    pub uncopied_bytes: u64,
    /// Copies since the start.
    pub checkpoints: u64,
    /// The time that they took.
    pub checkpoints_took: Duration,
}

/// Which of a tenant's events are stored: those above `removed_to`, up to `newest`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredEvents {
    /// Events up to this id were removed when they were older than the retention; 0 if none was.
    pub removed_to: i64,
    /// The newest event's id, or 0 if the tenant never had one. Ids count up by one.
    pub newest: i64,
}

impl StoredEvents {
    /// Whether every event after `id` is still stored. An id above the newest was not given by this database: it was restored from
    /// an older copy.
    pub const fn has_all_after(&self, id: i64) -> bool {
        self.removed_to <= id && id <= self.newest
    }
}

/// Stores everything durable. Time is an argument. Every list is bounded by `limit` and sorted by the fields of its
/// cursor. Every change is one transaction, which also appends its facts to its tenant's events. A change that does a
/// request's work takes a [`Once`], the answer that its transaction stores.
#[async_trait]
pub trait Store:
    DeliveryStore
    + DutyStore
    + ParcelStore
    + OutgoingStore
    + RecordStore
    + PushStore
    + FleetStore
    + HistoryStore
    + AccessTokenStore
    + AuditStore
    + ImportStore
    + JobStore
    + PersonStore
    + ProofStore
    + CatalogueStore
    + CommandStore
    + NodeStore
    + ReportStore
    + RoamingStore
    + ShareStore
    + SignInStore
    + TimetableStore
    + Send
    + Sync
    + 'static
{
    /// The name of the database, `sqlite` or `postgres`, for logs and metrics.
    fn backend(&self) -> &'static str;

    /// Connects to the database and reads from it, within 2 s.
    async fn ping(&self) -> Result<()>;

    /// Why the database can't be used until somebody acts, in words for the operator: its file was replaced.
    fn fault(&self) -> Option<&'static str>;

    /// Whether a thread of the database has ended by a fault: the process must be started again.
    fn has_ended(&self) -> bool;

    /// The state of the log that is copied into the database's file; SQLite only.
    fn log_stats(&self) -> Option<LogStats>;

    /// Finishes running work and closes the database.
    async fn close(&self);

    /// The same store, for the changes of one author: each adds a row to its tenant's audit, in its transaction. Without an author no
    /// row is added.
    fn by(&self, author: Author) -> Arc<dyn Store>;

    // Tenants

    /// Adds a tenant. `Conflict("tenant")` if its id is taken.
    async fn add_tenant(&self, tenant: &Tenant, once: &Once<'_, ()>) -> Result<()>;
    /// Adds a tenant unless its id is taken. Returns true if it was added.
    async fn ensure_tenant(&self, tenant: &Tenant) -> Result<bool>;
    /// Reads a tenant by its id.
    async fn get_tenant(&self, id: &TenantId) -> Result<Option<Tenant>>;
    /// Lists tenants in the order of their ids, after `after`.
    async fn list_tenants(&self, after: Option<&TenantId>, limit: u32) -> Result<Vec<Tenant>>;

    // Users

    /// Adds a user. `Conflict("username")` if its tenant has one with this name, `NotFound("tenant")`.
    async fn add_user(&self, user: &NewLogin, now: Timestamp, once: &Once<'_, User>) -> Result<User>;
    /// Reads a user by its number.
    async fn get_user(&self, id: UserId) -> Result<Option<User>>;
    /// Reads the users with this login name in one of the two forms, with their passwords' hashes: those of `tenant`, or
    /// three of all tenants, which show whether more than one has the name.
    async fn find_logins(&self, tenant: Option<&TenantId>, forms: [&str; 2]) -> Result<Vec<Login>>;
    /// Reads a user by its number, with its password's hash.
    async fn get_login(&self, id: UserId) -> Result<Option<Login>>;
    /// Lists the users of one tenant, or of all, in the order of their numbers, after `after`.
    async fn list_users(&self, tenant: Option<&TenantId>, after: Option<UserId>, limit: u32) -> Result<Vec<User>>;
    /// Writes the whole user, and a new hash if there is one. Returns false and writes nothing if there is no such user, or its version
    /// is not one above the stored one. A new hash ends the user's sessions and tokens, and so does locking it out.
    /// `Conflict("username")`, `NotFound("tenant")`.
    async fn update_user(&self, user: &User, new_password_hash: Option<&str>, now: Timestamp) -> Result<bool>;
    /// Removes a user with its sessions. Returns false if there is no such user, or it has another version than the one that is given.
    async fn remove_user(&self, id: UserId, version: Option<i64>, now: Timestamp) -> Result<bool>;
    /// Ends all sessions and tokens of a user. Returns false if there is no such user.
    async fn end_logins(&self, id: UserId, now: Timestamp) -> Result<bool>;
    /// Whether a user with this number was removed. The number is not given again.
    async fn is_erased_user(&self, id: UserId) -> Result<bool>;
    /// Counts the users of all tenants.
    async fn count_users(&self) -> Result<u64>;

    // Vehicles

    /// Adds a vehicle, and gives it its first version. `Conflict("vehicle")` if its tenant has one with this id,
    /// `NotFound("tenant")`.
    async fn add_vehicle(
        &self,
        tenant: &TenantId,
        vehicle: &Vehicle,
        now: Timestamp,
        once: &Once<'_, TrackedVehicle>,
    ) -> Result<TrackedVehicle>;
    /// Reads a vehicle with its track.
    async fn get_vehicle(&self, tenant: &TenantId, id: &VehicleId) -> Result<Option<TrackedVehicle>>;
    /// Reads those of `ids` that exist, in the order of their ids.
    async fn load_vehicles(&self, tenant: &TenantId, ids: &[VehicleId]) -> Result<Vec<TrackedVehicle>>;
    /// Lists vehicles within a scope in the order of their ids, after `after`.
    async fn list_vehicles(
        &self,
        tenant: &TenantId,
        scope: &VehicleScope,
        after: Option<&VehicleId>,
        limit: u32,
    ) -> Result<Vec<TrackedVehicle>>;
    /// Writes the whole vehicle, and notes until when it had its last driver if it has another one now. Returns the vehicle as it is
    /// stored, or `None` and writes nothing if there is no vehicle with its id, or its version is not one above the stored one.
    async fn update_vehicle(
        &self,
        tenant: &TenantId,
        vehicle: &Vehicle,
        now: Timestamp,
    ) -> Result<Option<TrackedVehicle>>;
    /// Removes a vehicle with its devices, positions and alerts, and takes it off the lists of users and geofences: one that is made anew
    /// under its id inherits nothing. Returns false if there is no such vehicle, or it has another version than the one that is given.
    async fn remove_vehicle(
        &self,
        tenant: &TenantId,
        id: &VehicleId,
        version: Option<i64>,
        now: Timestamp,
    ) -> Result<bool>;

    // Devices

    /// Adds a device, which is then no unknown device any more. `Conflict("device")` if its tenant has one with this id,
    /// `Conflict("unique_id")` if any tenant has one with its unique id, `Conflict("device key")`, `NotFound("vehicle")`.
    async fn add_device(&self, device: &Device, key_hash: &Digest, once: &Once<'_, ()>) -> Result<()>;
    /// Reads a device by its id.
    async fn get_device(&self, tenant: &TenantId, id: &DeviceId) -> Result<Option<Device>>;
    /// Finds the device of any tenant with this key.
    async fn find_device_by_key(&self, key_hash: &Digest) -> Result<Option<Device>>;
    /// Finds the device of any tenant that names itself so.
    async fn find_device_by_unique_id(&self, unique_id: &UniqueId) -> Result<Option<Device>>;
    /// Finds the devices of a tenant that name themselves so, in any order.
    async fn find_devices_by_unique_ids(&self, tenant: &TenantId, unique_ids: &[UniqueId]) -> Result<Vec<Device>>;
    /// Notes devices that reported without having been added, each once, sorted by unique id. Of too many rows, those that were seen
    /// longest ago go.
    async fn note_unknown_devices(&self, seen: &[UnknownDevice]) -> Result<()>;
    /// Reads an unknown device by its id.
    async fn get_unknown_device(&self, id: &DeviceId) -> Result<Option<UnknownDevice>>;
    /// Lists unknown devices, the newest first, after `before`.
    async fn list_unknown_devices(&self, before: Option<&DeviceId>, limit: u32) -> Result<Vec<UnknownDevice>>;
    /// Lists a tenant's devices in the order of their ids, after `after`.
    async fn list_devices(&self, tenant: &TenantId, after: Option<&DeviceId>, limit: u32) -> Result<Vec<Device>>;
    /// Writes a device's next version, with `DeviceChanged`. Returns false if `device.version` is not the next one or there is no such
    /// device. `NotFound("vehicle")`, `Conflict("unique_id")`.
    async fn update_device(&self, device: &Device, now: Timestamp) -> Result<bool>;
    /// Removes a device, with `DeviceRemoved`, if it has this version; whichever if `None`. Returns false if there is no such device.
    async fn remove_device(
        &self,
        tenant: &TenantId,
        id: &DeviceId,
        version: Option<i64>,
        now: Timestamp,
    ) -> Result<bool>;

    // Idempotency keys

    /// Claims a key for a request, or returns the state of an earlier claim. When the answers that are kept for the caller
    /// or its tenant take too much, the oldest ones to requests that may be carried out again are removed.
    async fn begin_idempotent(&self, key: &IdempotencyKey, request: &Digest, now: Timestamp) -> Result<Idempotency>;
    /// Stores the answer to a request that may be carried out again, such as a refusal, and that no transaction answered.
    /// Returns false if the claim does
    /// not hold any more or has an answer.
    async fn finish_idempotent(&self, claim: &Claim, answer: &KeptAnswer) -> Result<bool>;
    /// Releases a claim whose request failed and may be repeated. A claim with a stored answer stays.
    async fn abandon_idempotent(&self, claim: &Claim) -> Result<()>;
    /// Releases all claims without an answer and returns their number. Call it at the start of a server that is alone
    /// on its database, when no other process can be working on them.
    async fn release_claims(&self, now: Timestamp) -> Result<u64>;

    // Positions

    /// Lists a vehicle's positions with `from <= at < to`, oldest first. A page continues strictly after `after`. Positions
    /// that are held to be wrong are left out, or come with a mark.
    #[allow(clippy::too_many_arguments, reason = "a range, its page, and what to leave out")]
    async fn positions(
        &self,
        tenant: &TenantId,
        vehicle: &VehicleId,
        from: Timestamp,
        to: Timestamp,
        after: Option<Timestamp>,
        wrong: WrongPositions,
        limit: u32,
    ) -> Result<Vec<TrackPosition>>;
    /// The last position of each of these vehicles with `since < at <= until`, without those that are held to be wrong. Vehicles without
    /// one are left out.
    async fn positions_at(&self, vehicles: &[VehicleNo], since: Timestamp, until: Timestamp) -> Result<Vec<Position>>;
    /// Lists a tenant's positions that arrived at `received_since` or later, in the order of arrival, without those that are
    /// held to be wrong. Positions that are being committed at the same time may be missing at the end. Of `vehicles`, if they are
    /// given, and then without those that were late before `received_since`: for few vehicles and a short time, whose product is
    /// at most [`MOST_VEHICLE_MINUTES`].
    async fn recent_positions(
        &self,
        tenant: &TenantId,
        vehicles: Option<&[VehicleNo]>,
        received_since: Timestamp,
        after: Option<ArrivalCursor>,
        limit: u32,
    ) -> Result<Vec<Arrived>>;

    // Events

    /// Appends facts that change no row here, and returns the last one's id. `NotFound("tenant")`.
    async fn append_facts(
        &self,
        tenant: &TenantId,
        facts: &[Fact],
        now: Timestamp,
        once: &Once<'_, i64>,
    ) -> Result<i64>;
    /// Lists events with an id above `id`, in order and without a gap, except for pruned ones.
    async fn events_after(&self, tenant: &TenantId, id: i64, limit: u32) -> Result<Vec<Event>>;
    /// The newest event id of every tenant in any order, read by one query.
    async fn newest_event_ids(&self) -> Result<Vec<(TenantId, i64)>>;
    /// How many events all tenants have had, those included that were removed since: the sum of their newest ids.
    async fn count_events_ever(&self) -> Result<i64>;
    /// The newest event id, 0 if the tenant never had an event. Pruning does not lower it.
    async fn newest_event_id(&self, tenant: &TenantId) -> Result<i64>;
    /// The name of the event log. A restored backup gets a new one.
    async fn feed_name(&self) -> Result<String>;
    /// The ids of the tenant's events that are still stored.
    async fn stored_events(&self, tenant: &TenantId) -> Result<StoredEvents>;

    // Upkeep

    /// Whether this node is the one that does upkeep. It stays so while its connection lasts, and then another node may be. Ask
    /// before each round.
    async fn lead_upkeep(&self) -> Result<bool>;
    /// Prepares the tables for the positions of the next days: PostgreSQL's partitions. Without it everything is stored
    /// nevertheless.
    async fn prepare(&self, now: Timestamp) -> Result<()>;
    /// Removes data that is older than `retention`, in bounded steps between which others can write.
    async fn prune(&self, now: Timestamp, retention: &Retention) -> Result<Pruned>;

    // For the committer

    /// Reads the tracks of those of `vehicles` that exist, in any order, each with the index of its request.
    async fn load_tracks(&self, vehicles: &[(TenantId, VehicleId)]) -> Result<Vec<(usize, TrackRow)>>;
    /// Executes one planned transaction. Call it through [`crate::Committer`], which plans it. Readers see it at once;
    /// it is on disk after the next [`Store::flush`].
    async fn commit_tracks(&self, commit: &TrackCommit<'_>) -> Result<TrackOutcome>;
    /// Returns when everything that this process has committed before is on disk. After an error some of it may not be, until a
    /// later call succeeds. Other functions return when what they did is on disk; readers may see it a moment earlier.
    async fn flush(&self) -> Result<()>;
}
