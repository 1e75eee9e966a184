//! Implements the store's trait. Each function runs one query or one transaction of the modules in this folder.

use super::dialect::NAME;
use super::sql_store::SqlStore;
use super::{
    Db,
    accounts::{devices, idempotency_keys, tenants, unknown_devices, users},
    audit::{accounts as audited, fleet as audited_fleet},
    events,
    fleet::vehicles,
    positions, upkeep,
};
use crate::{
    AnswerQuota, ArrivalCursor, Arrived, Claim, Digest, Idempotency, IdempotencyKey, KeptAnswer, LogStats, Login,
    NewLogin, Once, Pruned, Result, Retention, Store, StoreError, StoredEvents, TrackCommit, TrackOutcome,
    TrackPosition, TrackRow, TrackedVehicle, VehicleNo, WrongPositions,
};
use async_trait::async_trait;
use milepost_domain::{
    Author, Device, DeviceId, Event, Fact, Position, Tenant, TenantId, Timestamp, UniqueId, UnknownDevice, User,
    UserId, Vehicle, VehicleId, VehicleScope,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// The longest time for a ping. A database that takes longer can't serve.
const PING_TIMEOUT: Duration = Duration::from_secs(2);

#[async_trait]
impl Store for SqlStore {
    fn backend(&self) -> &'static str {
        NAME
    }

    async fn ping(&self) -> Result<()> {
        let read = async {
            self.native.check()?;
            let mut connection = self.read_front().await?;
            sqlx::query::<Db>("select 1 from tenants limit 1").fetch_optional(&mut *connection).await?;
            Ok(())
        };
        tokio::time::timeout(PING_TIMEOUT, read)
            .await
            .unwrap_or_else(|_| Err(StoreError::Unavailable(format!("no answer within {PING_TIMEOUT:?}"))))
    }

    fn fault(&self) -> Option<&'static str> {
        self.native.fault()
    }

    fn has_ended(&self) -> bool {
        self.native.has_ended()
    }

    fn log_stats(&self) -> Option<LogStats> {
        self.native.log_stats()
    }

    fn by(&self, author: Author) -> Arc<dyn Store> {
        Arc::new(Self { author: Some(author), ..self.clone() })
    }

    async fn close(&self) {
        for pool in [&self.readers, &self.front, &self.ingest, &self.writers.pool, &self.upkeep.pool] {
            pool.close().await;
        }
        self.native.close().await;
    }

    async fn add_tenant(&self, tenant: &Tenant, once: &Once<'_, ()>) -> Result<()> {
        write!(self, None, audited::add_tenant(tenant, self.author()), once)
    }
    async fn ensure_tenant(&self, tenant: &Tenant) -> Result<bool> {
        write!(self, None, tenants::ensure_tenant(tenant))
    }
    async fn get_tenant(&self, id: &TenantId) -> Result<Option<Tenant>> {
        read!(self, tenants::get_tenant(id))
    }
    async fn list_tenants(&self, after: Option<&TenantId>, limit: u32) -> Result<Vec<Tenant>> {
        read!(self, tenants::list_tenants(after, limit))
    }

    async fn add_user(&self, user: &NewLogin, now: Timestamp, once: &Once<'_, User>) -> Result<User> {
        write!(self, Some(&user.tenant), audited::add_user(user, now, self.renderer(), self.author()), once)
    }
    async fn get_user(&self, id: UserId) -> Result<Option<User>> {
        read!(self, users::get_user(id))
    }
    async fn find_logins(&self, tenant: Option<&TenantId>, forms: [&str; 2]) -> Result<Vec<Login>> {
        read_front!(self, users::find_logins(tenant, forms))
    }
    async fn get_login(&self, id: UserId) -> Result<Option<Login>> {
        read_front!(self, users::get_login(id))
    }
    async fn list_users(&self, tenant: Option<&TenantId>, after: Option<UserId>, limit: u32) -> Result<Vec<User>> {
        read!(self, users::list_users(tenant, after, limit))
    }
    async fn update_user(&self, user: &User, new_password_hash: Option<&str>, now: Timestamp) -> Result<bool> {
        write!(
            self,
            Some(&user.tenant),
            audited::update_user(user, new_password_hash, now, self.renderer(), self.author())
        )
    }
    async fn remove_user(&self, id: UserId, version: Option<i64>, now: Timestamp) -> Result<bool> {
        write!(self, None, audited::remove_user(id, version, now, self.renderer(), self.author()))
    }
    async fn end_logins(&self, id: UserId, now: Timestamp) -> Result<bool> {
        write!(self, None, users::end_logins(id, now, self.renderer()))
    }
    async fn is_erased_user(&self, id: UserId) -> Result<bool> {
        read!(self, users::is_erased_user(id))
    }
    async fn count_users(&self) -> Result<u64> {
        read!(self, users::count_users())
    }

    async fn add_vehicle(
        &self,
        tenant: &TenantId,
        vehicle: &Vehicle,
        now: Timestamp,
        once: &Once<'_, TrackedVehicle>,
    ) -> Result<TrackedVehicle> {
        write!(
            self,
            Some(tenant),
            audited_fleet::add_vehicle(tenant, vehicle, now, self.renderer(), self.author()),
            once
        )
    }
    async fn get_vehicle(&self, tenant: &TenantId, id: &VehicleId) -> Result<Option<TrackedVehicle>> {
        Ok(self.load_vehicles(tenant, std::slice::from_ref(id)).await?.pop())
    }
    async fn load_vehicles(&self, tenant: &TenantId, ids: &[VehicleId]) -> Result<Vec<TrackedVehicle>> {
        read!(self, vehicles::load_vehicles(tenant, ids))
    }
    async fn list_vehicles(
        &self,
        tenant: &TenantId,
        scope: &VehicleScope,
        after: Option<&VehicleId>,
        limit: u32,
    ) -> Result<Vec<TrackedVehicle>> {
        read!(self, vehicles::list_vehicles(tenant, scope, after, limit))
    }
    async fn update_vehicle(
        &self,
        tenant: &TenantId,
        vehicle: &Vehicle,
        now: Timestamp,
    ) -> Result<Option<TrackedVehicle>> {
        write!(self, Some(tenant), audited_fleet::update_vehicle(tenant, vehicle, now, self.renderer(), self.author()))
    }
    async fn remove_vehicle(
        &self,
        tenant: &TenantId,
        id: &VehicleId,
        version: Option<i64>,
        now: Timestamp,
    ) -> Result<bool> {
        write!(
            self,
            Some(tenant),
            audited_fleet::remove_vehicle(tenant, id, version, now, self.renderer(), self.author())
        )
    }

    async fn add_device(&self, device: &Device, key_hash: &Digest, once: &Once<'_, ()>) -> Result<()> {
        write!(self, Some(&device.tenant), audited::add_device(device, key_hash, self.author()), once)
    }
    async fn get_device(&self, tenant: &TenantId, id: &DeviceId) -> Result<Option<Device>> {
        read!(self, devices::get_device(tenant, id))
    }
    async fn find_device_by_key(&self, key_hash: &Digest) -> Result<Option<Device>> {
        read_front!(self, devices::find_device_by_key(key_hash))
    }
    async fn find_device_by_unique_id(&self, unique_id: &UniqueId) -> Result<Option<Device>> {
        read_front!(self, devices::find_device_by_unique_id(unique_id))
    }
    async fn find_devices_by_unique_ids(&self, tenant: &TenantId, unique_ids: &[UniqueId]) -> Result<Vec<Device>> {
        read!(self, devices::find_devices_by_unique_ids(tenant, unique_ids))
    }
    async fn note_unknown_devices(&self, seen: &[UnknownDevice]) -> Result<()> {
        write!(self, None, unknown_devices::note(seen))
    }
    async fn get_unknown_device(&self, id: &DeviceId) -> Result<Option<UnknownDevice>> {
        read!(self, unknown_devices::get(id))
    }
    async fn list_unknown_devices(&self, before: Option<&DeviceId>, limit: u32) -> Result<Vec<UnknownDevice>> {
        read!(self, unknown_devices::list(before, limit))
    }
    async fn list_devices(&self, tenant: &TenantId, after: Option<&DeviceId>, limit: u32) -> Result<Vec<Device>> {
        read!(self, devices::list_devices(tenant, after, limit))
    }
    async fn update_device(&self, device: &Device, now: Timestamp) -> Result<bool> {
        write!(self, Some(&device.tenant), audited::update_device(device, now, self.renderer(), self.author()))
    }
    async fn remove_device(
        &self,
        tenant: &TenantId,
        id: &DeviceId,
        version: Option<i64>,
        now: Timestamp,
    ) -> Result<bool> {
        write!(self, Some(tenant), audited::remove_device(tenant, id, version, now, self.renderer(), self.author()))
    }

    async fn begin_idempotent(&self, key: &IdempotencyKey, request: &Digest, now: Timestamp) -> Result<Idempotency> {
        let now = self.native.to_shared(now);
        let (begun, used) =
            write_unflushed!(self, Some(&key.tenant), idempotency_keys::begin_idempotent(key, request, now))?;
        if let Idempotency::New(claim) = &begun
            && !self.has_room(key, used).await?
        {
            write_unflushed!(self, Some(&key.tenant), idempotency_keys::abandon_idempotent(claim))?;
            return Ok(Idempotency::Full);
        }
        if let Idempotency::Done(_) = begun {
            // The work of the earlier request may be a moment away from the disk.
            self.native.flush().await?;
        }
        Ok(begun)
    }
    async fn finish_idempotent(&self, claim: &Claim, answer: &KeptAnswer) -> Result<bool> {
        write_unflushed!(self, Some(&claim.key.tenant), idempotency_keys::finish_idempotent(claim, answer, true))
    }
    async fn abandon_idempotent(&self, claim: &Claim) -> Result<()> {
        write_unflushed!(self, Some(&claim.key.tenant), idempotency_keys::abandon_idempotent(claim))
    }
    async fn release_claims(&self, now: Timestamp) -> Result<u64> {
        let now = self.native.to_shared(now);
        write_unflushed!(self, None, idempotency_keys::release_claims(now))
    }

    async fn positions(
        &self,
        tenant: &TenantId,
        vehicle: &VehicleId,
        from: Timestamp,
        to: Timestamp,
        after: Option<Timestamp>,
        wrong: WrongPositions,
        limit: u32,
    ) -> Result<Vec<TrackPosition>> {
        read!(self, positions::positions(tenant, vehicle, from, to, after, wrong, limit))
    }
    async fn positions_at(&self, vehicles: &[VehicleNo], since: Timestamp, until: Timestamp) -> Result<Vec<Position>> {
        read!(self, positions::positions_at(vehicles, since, until))
    }
    async fn recent_positions(
        &self,
        tenant: &TenantId,
        vehicles: Option<&[VehicleNo]>,
        received_since: Timestamp,
        after: Option<ArrivalCursor>,
        limit: u32,
    ) -> Result<Vec<Arrived>> {
        read!(self, positions::recent_positions(tenant, vehicles, received_since, after, limit))
    }

    async fn append_facts(
        &self,
        tenant: &TenantId,
        facts: &[Fact],
        now: Timestamp,
        once: &Once<'_, i64>,
    ) -> Result<i64> {
        write!(self, Some(tenant), events::append_facts(tenant, facts, now, self.renderer()), once)
    }
    async fn events_after(&self, tenant: &TenantId, id: i64, limit: u32) -> Result<Vec<Event>> {
        let events = self.on_disk(read!(self, events::events_after(tenant, id, limit))?).await?;
        self.unknown_kinds.note(&events);
        Ok(events)
    }
    async fn feed_name(&self) -> Result<String> {
        read!(self, events::feed_name())
    }
    async fn newest_event_ids(&self) -> Result<Vec<(TenantId, i64)>> {
        read!(self, events::newest_event_ids())
    }
    async fn count_events_ever(&self) -> Result<i64> {
        read!(self, events::count_events_ever())
    }
    async fn newest_event_id(&self, tenant: &TenantId) -> Result<i64> {
        read!(self, events::newest_event_id(tenant))
    }
    async fn stored_events(&self, tenant: &TenantId) -> Result<StoredEvents> {
        read!(self, events::stored_events(tenant))
    }

    async fn lead_upkeep(&self) -> Result<bool> {
        self.native.lead_upkeep(&self.upkeep).await
    }
    async fn prepare(&self, now: Timestamp) -> Result<()> {
        self.native.make_partitions(&self.upkeep, now).await
    }
    async fn prune(&self, now: Timestamp, retention: &Retention) -> Result<Pruned> {
        // A removed vehicle gets no more positions. Once the buffer is merged, all of them are in the sorted table.
        let removed_vehicles = upkeep::removed_vehicles(&self.upkeep).await?;
        self.native.merge_positions(&self.upkeep).await?;
        let partitions = self.native.drop_old_partitions(&self.upkeep, now, retention).await?;
        Ok(Pruned { partitions, ..upkeep::prune(&self.upkeep, now, retention, &removed_vehicles).await? })
    }

    async fn load_tracks(&self, wanted: &[(TenantId, VehicleId)]) -> Result<Vec<(usize, TrackRow)>> {
        let mut by_tenant: HashMap<&TenantId, Vec<VehicleId>> = HashMap::new();
        let mut places: HashMap<(&TenantId, &VehicleId), usize> = HashMap::new();
        for (place, (tenant, vehicle)) in wanted.iter().enumerate() {
            by_tenant.entry(tenant).or_default().push(vehicle.clone());
            places.insert((tenant, vehicle), place);
        }
        let mut tracks = Vec::with_capacity(wanted.len());
        let mut connection = self.read_ingest().await?;
        for (tenant, vehicles) in by_tenant {
            for (vehicle, track) in vehicles::load_tracks(&mut connection, tenant, &vehicles).await? {
                if let Some(place) = places.get(&(tenant, &vehicle)) {
                    tracks.push((*place, track));
                }
            }
        }
        Ok(tracks)
    }

    async fn commit_tracks(&self, commit: &TrackCommit<'_>) -> Result<TrackOutcome> {
        self.native.commit_tracks(&self.writers, commit).await
    }
    async fn flush(&self) -> Result<()> {
        self.native.flush().await
    }
}

impl SqlStore {
    /// Whether a key's caller and its tenant may keep more. Makes room by removing answers of requests that may be carried
    /// out again. `used` is what the caller's keys and answers take.
    async fn has_room(&self, key: &IdempotencyKey, mut used: u64) -> Result<bool> {
        let AnswerQuota { caller, tenant, few } = self.answers;
        for _ in 0..idempotency_keys::REMOVALS {
            if used <= caller {
                break;
            }
            let removed = write_unflushed!(
                self,
                Some(&key.tenant),
                idempotency_keys::remove_repeatable(&key.tenant, &key.caller)
            )?;
            used = used.saturating_sub(removed);
            if removed == 0 {
                return Ok(false);
            }
        }
        if used <= few {
            return Ok(true);
        }
        for _ in 0..idempotency_keys::REMOVALS {
            let usage = read!(self, idempotency_keys::tenant_usage(&key.tenant))?;
            if usage.bytes <= tenant {
                return Ok(used <= caller);
            }
            let Some(greediest) = usage.greediest else { break };
            write_unflushed!(self, Some(&key.tenant), idempotency_keys::remove_repeatable(&key.tenant, &greediest))?;
        }
        Ok(false)
    }
}
