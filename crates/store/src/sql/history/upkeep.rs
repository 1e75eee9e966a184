//! Prunes history by the time when it was stored, as positions are pruned by their arrival.

use super::super::{Writers, upkeep::delete_in_steps};
use crate::{Pruned, Result};

/// Prunes old visits, incidents, outliers and ended encounters. Running visits and incidents are deleted too, and stored again when they
/// change.
pub(crate) async fn prune_history(writers: &Writers, cutoff_ms: i64, pruned: &mut Pruned) -> Result<()> {
    let visits = "delete from fence_visits where (vehicle_no, entered_ms, geofence_id) in
        (select vehicle_no, entered_ms, geofence_id from fence_visits where noted_ms < $1 order by noted_ms limit $2)";
    let incidents = "delete from incidents where (vehicle_no, started_ms, kind) in
        (select vehicle_no, started_ms, kind from incidents where noted_ms < $1 order by noted_ms limit $2)";
    let outliers = "delete from outliers where (vehicle_no, at_ms) in
        (select vehicle_no, at_ms from outliers where noted_ms < $1 order by noted_ms limit $2)";
    // Deletes late rows whose positions were pruned before they were folded.
    let late = "delete from late_positions where (vehicle_no, at_ms) in
        (select vehicle_no, at_ms from late_positions where noted_ms < $1 limit $2)";
    let encounters = "delete from encounters where encounter_no in
        (select encounter_no from encounters where parted_ms is not null and noted_ms < $1 order by noted_ms limit $2)";
    pruned.more |= delete_in_steps(writers, late, cutoff_ms, &mut 0).await?;
    pruned.more |= delete_in_steps(writers, encounters, cutoff_ms, &mut 0).await?;
    pruned.more |= delete_in_steps(writers, visits, cutoff_ms, &mut pruned.visits).await?;
    pruned.more |= delete_in_steps(writers, incidents, cutoff_ms, &mut pruned.incidents).await?;
    pruned.more |= delete_in_steps(writers, outliers, cutoff_ms, &mut pruned.outliers).await?;
    Ok(())
}

/// Deletes the history of a removed vehicle. Returns true if there is more.
pub(crate) async fn prune_removed_vehicle(writers: &Writers, vehicle_no: i64, pruned: &mut Pruned) -> Result<bool> {
    let visits = "delete from fence_visits where vehicle_no = $1 and (entered_ms, geofence_id) in
        (select entered_ms, geofence_id from fence_visits where vehicle_no = $1 order by entered_ms limit $2)";
    let incidents = "delete from incidents where vehicle_no = $1 and (started_ms, kind) in
        (select started_ms, kind from incidents where vehicle_no = $1 order by started_ms limit $2)";
    let outliers = "delete from outliers where vehicle_no = $1 and at_ms in
        (select at_ms from outliers where vehicle_no = $1 order by at_ms limit $2)";
    let late = "delete from late_positions where vehicle_no = $1 and at_ms in
        (select at_ms from late_positions where vehicle_no = $1 order by at_ms limit $2)";
    let mut more = delete_in_steps(writers, visits, vehicle_no, &mut pruned.visits).await?;
    more |= delete_in_steps(writers, incidents, vehicle_no, &mut pruned.incidents).await?;
    more |= delete_in_steps(writers, outliers, vehicle_no, &mut pruned.outliers).await?;
    more |= delete_in_steps(writers, late, vehicle_no, &mut 0).await?;
    Ok(more)
}
