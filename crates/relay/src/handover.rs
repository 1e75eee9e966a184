//! Committed positions for the nodes that fold their vehicles, which wait until they are sent.

use milepost_domain::{NodeId, Position, TenantId, Timestamp};
use std::collections::HashMap;

/// Memory for positions that wait, bytes. A relay that is slower loses the rest, and their node reads the database.
const WAITING_BYTES: usize = 8 * 1024 * 1024;
/// One part in so many of the memory is for one tenant.
const TENANT_SHARE: usize = 4;

/// A committed position for the node that folds its vehicle.
#[derive(Debug, Clone, PartialEq)]
pub struct FoldPosition {
    /// The vehicle's internal number.
    pub vehicle_no: i64,
    /// The position.
    pub position: Position,
    /// What links it to the vehicle's newest position before it. `None` for one that came late.
    pub step: Option<FoldStep>,
}

/// Links a vehicle's newest position to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoldStep {
    /// The time of the newest position before.
    pub after: Option<Timestamp>,
    /// It is held to be wrong and marked.
    pub is_wrong: bool,
}

/// The positions for one node that travel in one message, with their tenants.
pub(crate) type Batch = Vec<(TenantId, Vec<FoldPosition>)>;

#[derive(Default)]
struct Waiting {
    batch: Batch,
    /// Something found no room.
    has_lost: bool,
}

/// The positions for all other nodes.
#[derive(Default)]
pub(crate) struct Handovers {
    nodes: HashMap<NodeId, Waiting>,
    bytes: HashMap<TenantId, usize>,
    /// The number of the last message to each node. Nodes are few, and each has a new id after its start.
    sequences: HashMap<NodeId, u64>,
}

impl Handovers {
    /// Adds positions. Returns false if there is no room for them.
    pub(crate) fn add(&mut self, node: NodeId, tenant: &TenantId, positions: Vec<FoldPosition>) -> bool {
        let weight = positions.len() * size_of::<FoldPosition>();
        let all: usize = self.bytes.values().sum();
        let waiting = self.nodes.entry(node).or_default();
        let of_tenant = self.bytes.get(tenant).copied().unwrap_or(0);
        if all + weight > WAITING_BYTES || of_tenant + weight > WAITING_BYTES / TENANT_SHARE {
            waiting.has_lost = true;
            return false;
        }
        match self.bytes.get_mut(tenant) {
            Some(bytes) => *bytes += weight,
            None => _ = self.bytes.insert(tenant.clone(), weight),
        }
        match waiting.batch.last_mut().filter(|(last, _)| last == tenant) {
            Some((_, held)) => held.extend(positions),
            None => waiting.batch.push((tenant.clone(), positions)),
        }
        true
    }

    /// Takes all that waits, each with the number of its message. A number is left out where positions were lost, so that the
    /// receiver sees a gap.
    pub(crate) fn take(&mut self) -> Vec<(NodeId, u64, Batch)> {
        self.bytes.clear();
        let mut taken = Vec::with_capacity(self.nodes.len());
        for (node, waiting) in self.nodes.drain() {
            let sequence = self.sequences.entry(node).or_default();
            *sequence += 1 + u64::from(waiting.has_lost);
            taken.push((node, *sequence, waiting.batch));
        }
        taken
    }

    /// Takes all that waits without counting a message: the relay is lost, and this node folds them itself.
    pub(crate) fn take_back(&mut self) -> Batch {
        self.bytes.clear();
        self.nodes.drain().flat_map(|(_, waiting)| waiting.batch).collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use milepost_domain::{Latitude, Longitude, VehicleId};

    fn positions(count: usize) -> Vec<FoldPosition> {
        let at = Timestamp::from_unix_ms(0).unwrap();
        let (latitude, longitude) = (Latitude::new(1.0).unwrap(), Longitude::new(2.0).unwrap());
        let position = Position::new(VehicleId::new("bus").unwrap(), at, latitude, longitude);
        vec![FoldPosition { vehicle_no: 1, position, step: None }; count]
    }

    #[test]
    fn positions_for_one_node_travel_together_and_messages_are_numbered() {
        let (mut handovers, home, other) =
            (Handovers::default(), TenantId::default_tenant(), TenantId::new("b").unwrap());
        let (one, two) = (NodeId::new(1), NodeId::new(2));
        for (node, tenant) in [(one, &home), (one, &home), (one, &other), (two, &home)] {
            assert!(handovers.add(node, tenant, positions(1)));
        }
        let mut taken = handovers.take();
        taken.sort_by_key(|(node, ..)| node.get());
        let sizes = |batch: &Batch| batch.iter().map(|(_, positions)| positions.len()).collect::<Vec<_>>();
        assert_eq!((taken[0].1, sizes(&taken[0].2)), (1, vec![2, 1]));
        assert_eq!((taken[1].1, sizes(&taken[1].2)), (1, vec![1]));
        assert!(handovers.add(one, &home, positions(1)));
        assert_eq!(handovers.take()[0].1, 2);
    }

    #[test]
    fn what_finds_no_room_leaves_a_gap_and_harms_no_other_tenant() {
        let (mut handovers, home, other) =
            (Handovers::default(), TenantId::default_tenant(), TenantId::new("b").unwrap());
        let (one, many) = (NodeId::new(1), WAITING_BYTES / TENANT_SHARE / size_of::<FoldPosition>());
        assert!(handovers.add(one, &home, positions(many)));
        assert!(!handovers.add(one, &home, positions(1)));
        assert!(handovers.add(one, &other, positions(1)));
        assert_eq!(handovers.take()[0].1, 2);
        assert!(handovers.add(one, &home, positions(1)), "there is room again");
        assert_eq!(handovers.take_back().len(), 1);
        assert!(handovers.add(one, &home, positions(1)));
        assert_eq!(handovers.take()[0].1, 3, "what was taken back is no gap");
    }
}
