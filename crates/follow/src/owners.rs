//! Which node folds a vehicle, by rendezvous hashing (Thaler and Ravishankar, 1998): every node computes the same one from the
//! living nodes, and when a node comes or goes, only the vehicles that it gets or had change hands.
//!
//! Nodes may disagree for a second, and then two fold the same positions. The version of the stored fold decides.

use milepost_domain::NodeId;
use milepost_store::VehicleNo;
use std::sync::{Arc, RwLock};

/// The nodes that share the vehicles. Before it is set, this node folds all that it takes.
#[derive(Default)]
pub(crate) struct Owners(RwLock<Option<Arc<Sharers>>>);

struct Sharers {
    own: NodeId,
    all: Vec<NodeId>,
}

impl Owners {
    /// Sets the nodes, this one among them. Without it among them, or without others, this node folds all that it takes.
    pub(crate) fn set(&self, own: NodeId, nodes: &[NodeId]) {
        let shares = nodes.len() > 1 && nodes.contains(&own);
        let sharers = shares.then(|| Arc::new(Sharers { own, all: nodes.to_vec() }));
        *self.0.write().expect("nothing panics while holding it") = sharers;
    }

    /// Whether other nodes fold some of the vehicles whose positions this one takes.
    pub(crate) fn are_several(&self) -> bool {
        self.read().is_some()
    }

    /// The other node that folds a vehicle. `None`: this one.
    pub(crate) fn other_than_own(&self, vehicle: VehicleNo) -> Option<NodeId> {
        let sharers = self.read()?;
        let owner = sharers.all.iter().copied().max_by_key(|node| (score(*node, vehicle), node.get()))?;
        (owner != sharers.own).then_some(owner)
    }

    fn read(&self) -> Option<Arc<Sharers>> {
        self.0.read().expect("nothing panics while holding it").clone()
    }
}

fn score(node: NodeId, vehicle: VehicleNo) -> u64 {
    mix(node.get() ^ mix(vehicle.get().cast_unsigned()))
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
const fn mix(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}

#[cfg(test)]
mod tests {
    use super::Owners;
    use milepost_domain::NodeId;
    use milepost_store::VehicleNo;
    use std::collections::HashMap;

    fn owners(own: u64, nodes: &[u64]) -> Owners {
        let owners = Owners::default();
        owners.set(NodeId::new(own), &nodes.iter().map(|node| NodeId::new(*node)).collect::<Vec<_>>());
        owners
    }

    fn owner(of: &Owners, own: u64, vehicle: i64) -> u64 {
        of.other_than_own(VehicleNo::new(vehicle)).map_or(own, NodeId::get)
    }

    #[test]
    fn nodes_agree_and_share_equally_and_only_the_vehicles_of_one_that_goes_change_hands() {
        let (one, two, without) = (owners(1, &[1, 2, 3]), owners(2, &[3, 2, 1]), owners(1, &[1, 2]));
        let mut shares = HashMap::<u64, u32>::new();
        for vehicle in 1..=3_000 {
            let before = owner(&one, 1, vehicle);
            assert_eq!(before, owner(&two, 2, vehicle));
            *shares.entry(before).or_default() += 1;
            let after = owner(&without, 1, vehicle);
            assert!(after == before || before == 3, "vehicle {vehicle} moved from {before} to {after}");
        }
        assert!(shares.values().all(|share| (900..1_100).contains(share)), "{shares:?}");
    }

    #[test]
    fn a_node_that_is_alone_or_left_out_folds_all_that_it_takes() {
        for nodes in [&[][..], &[1], &[2, 3]] {
            let owners = owners(1, nodes);
            assert!(!owners.are_several());
            assert!((1..100).all(|vehicle| owner(&owners, 1, vehicle) == 1));
        }
    }
}
