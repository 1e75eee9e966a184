//! Hands committed positions to the nodes that fold their vehicles.

use milepost_domain::{NodeId, Position, TenantId};
use milepost_follow::TrackInbox;
use milepost_relay::{FoldPosition, FoldStep, Relay};
use milepost_store::{CommittedPositions, TrackStep, VehicleNo};
use std::collections::HashMap;

type Newest<'p> = (TrackStep, &'p Position);
type Late<'p> = (VehicleNo, &'p Position);

/// Called after each commit. What another node folds and can't be sent to it is folded here.
pub(crate) fn hand_over(tracks: &TrackInbox, relay: &dyn Relay, tenant: &TenantId, recorded: &CommittedPositions) {
    let newest: Vec<Newest<'_>> = recorded.steps.iter().copied().zip(&recorded.newest).collect();
    let late: Vec<Late<'_>> = recorded.late.iter().map(|(vehicle, position)| (*vehicle, position)).collect();
    if !tracks.has_sharers() {
        return tracks.add(tenant, &newest, &late);
    }
    let mut parts = HashMap::<Option<NodeId>, (Vec<Newest<'_>>, Vec<Late<'_>>)>::new();
    for one in newest {
        parts.entry(tracks.other_owner(one.0.vehicle)).or_default().0.push(one);
    }
    for one in late {
        parts.entry(tracks.other_owner(one.0)).or_default().1.push(one);
    }
    for (owner, (newest, late)) in parts {
        let is_sent = owner.is_some_and(|node| relay.hand_over(node, tenant, to_send(&newest, &late)));
        if is_sent {
            tracks.count_handed_over(newest.len() + late.len());
        } else {
            tracks.add(tenant, &newest, &late);
        }
    }
}

/// Takes positions that another node committed and this one folds.
pub(super) fn take_over(tracks: &TrackInbox, tenant: &TenantId, positions: &[FoldPosition]) {
    let (mut newest, mut late) = (Vec::with_capacity(positions.len()), Vec::new());
    for FoldPosition { vehicle_no, position, step } in positions {
        let vehicle = VehicleNo::new(*vehicle_no);
        match *step {
            Some(FoldStep { after, is_wrong }) => newest.push((TrackStep { vehicle, after, is_wrong }, position)),
            None => late.push((vehicle, position)),
        }
    }
    tracks.add(tenant, &newest, &late);
}

fn to_send(newest: &[Newest<'_>], late: &[Late<'_>]) -> Vec<FoldPosition> {
    let newest = newest.iter().map(|(TrackStep { vehicle, after, is_wrong }, position)| FoldPosition {
        vehicle_no: vehicle.get(),
        position: (*position).clone(),
        step: Some(FoldStep { after: *after, is_wrong: *is_wrong }),
    });
    let late = late.iter().map(|(vehicle, position)| FoldPosition {
        vehicle_no: vehicle.get(),
        position: (*position).clone(),
        step: None,
    });
    newest.chain(late).collect()
}
