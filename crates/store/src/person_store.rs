//! What is known of a person: to be read whole, and to be erased.

use crate::Result;
use async_trait::async_trait;
use milepost_domain::{Author, TenantId, Timestamp, UserId, VehicleId};
use serde_json::Value;

/// Somebody whose data is exported or erased.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The user's number.
    pub id: UserId,
    /// The user's tenant.
    pub tenant: TenantId,
    /// How texts name it: its username and its address.
    pub names: Vec<String>,
}

/// A time in which a person had a vehicle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drive {
    /// The vehicle.
    pub vehicle: VehicleId,
    /// From this time on.
    pub from: Timestamp,
    /// Before this time; `None` while it still has it.
    pub to: Option<Timestamp>,
}

/// A row of a section of what is known, with where the next page begins.
pub type PersonRow = (String, Value);

/// A person's data. Part of [`crate::Store`].
#[async_trait]
pub trait PersonStore: Send + Sync {
    /// The names of the sections in which a person's data is read.
    fn person_sections(&self) -> &'static [&'static str];
    /// Reads rows of a section, after those before `after`; `""` for the first.
    async fn person_rows(&self, person: &Person, section: usize, after: &str, limit: u32) -> Result<Vec<PersonRow>>;
    /// Lists when the person had which vehicle.
    async fn list_drives(&self, person: &Person) -> Result<Vec<Drive>>;

    /// Lists the vehicles that are the person's own phone: of the kind `person`, and never anybody else's.
    async fn own_phones(&self, person: &Person) -> Result<Vec<VehicleId>>;
    /// Lists the vehicles that the person has now.
    async fn vehicles_of_driver(&self, person: &Person) -> Result<Vec<VehicleId>>;
    /// Removes all tracks and devices of the person's own phone. A vehicle without a name stays, with its distances. Returns false if
    /// there is no such vehicle.
    async fn erase_phone(&self, person: &Person, vehicle: &VehicleId, now: Timestamp) -> Result<bool>;
    /// Removes a person from everything but its account, in many short transactions. Done again it goes on.
    async fn erase_traces(&self, person: &Person, now: Timestamp) -> Result<()>;
    /// Removes a person's account, and what the audit tells of it, and notes that in the audit. Its number is never given again.
    async fn erase_account(&self, person: &Person, author: &Author) -> Result<()>;
    /// Writes the database's file anew, so that nothing of what was removed is left in it. SQLite only; others write meanwhile on
    /// PostgreSQL, and wait on SQLite.
    async fn compact(&self) -> Result<()>;
}
