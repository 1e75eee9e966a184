//! Implements the trait for a person's data with the functions of this folder.

mod drives;
mod erase;
mod names;
mod phones;
mod sections;

use super::dialect::DELETE_POSITIONS_OF_VEHICLE;
use super::sql_store::SqlStore;
use super::{history::upkeep as history, upkeep};
use crate::{Drive, Person, PersonRow, PersonStore, Pruned, Result};
use async_trait::async_trait;
use milepost_domain::{Author, Timestamp, VehicleId};

#[async_trait]
impl PersonStore for SqlStore {
    fn person_sections(&self) -> &'static [&'static str] {
        &sections::NAMES
    }
    async fn person_rows(&self, person: &Person, section: usize, after: &str, limit: u32) -> Result<Vec<PersonRow>> {
        read!(self, sections::read(person, section, after, limit))
    }
    async fn list_drives(&self, person: &Person) -> Result<Vec<Drive>> {
        read!(self, drives::list_drives(person))
    }
    async fn own_phones(&self, person: &Person) -> Result<Vec<VehicleId>> {
        read!(self, phones::own_phones(person))
    }
    async fn vehicles_of_driver(&self, person: &Person) -> Result<Vec<VehicleId>> {
        read!(self, drives::vehicles_of_driver(person))
    }
    async fn erase_phone(&self, person: &Person, vehicle: &VehicleId, now: Timestamp) -> Result<bool> {
        let erased = write!(self, None, phones::take_name(person, vehicle, now, self.renderer()))?;
        let Some(vehicle_no) = erased else { return Ok(false) };
        // No positions come any more. Once the buffer is merged, all of them are in the sorted table.
        self.native.merge_positions(&self.upkeep).await?;
        let mut pruned = Pruned::default();
        loop {
            let more =
                upkeep::delete_in_steps(&self.upkeep, DELETE_POSITIONS_OF_VEHICLE, vehicle_no, &mut pruned.positions)
                    .await?
                    | history::prune_removed_vehicle(&self.upkeep, vehicle_no, &mut pruned).await?;
            if !more {
                break;
            }
        }
        write!(self, None, phones::note_erased(vehicle_no))?;
        Ok(true)
    }
    async fn erase_traces(&self, person: &Person, now: Timestamp) -> Result<()> {
        erase::erase_traces(&self.upkeep, person, self.renderer(), now).await?;
        names::erase_names(&self.upkeep, person).await
    }
    async fn erase_account(&self, person: &Person, author: &Author) -> Result<()> {
        erase::empty_audit(&self.upkeep, person).await?;
        write!(self, None, erase::erase_account(person, author, self.renderer()))
    }
    async fn compact(&self) -> Result<()> {
        self.native.compact(&self.writers).await
    }
}
