//! Work that one node at a time does.

use crate::database::TestDatabase;
use crate::samples::at;
use milepost_domain::NodeId;

pub(crate) async fn a_lease_is_one_nodes_until_it_ends(database: &TestDatabase) {
    let store = &database.store;
    let (first, second) = (NodeId::new(1), NodeId::new(u64::MAX));
    assert!(store.hold_lease("feed:a", first, at(0), at(60)).await.unwrap());
    assert!(!store.hold_lease("feed:a", second, at(59), at(120)).await.unwrap(), "the first has it");
    assert!(store.hold_lease("feed:b", second, at(0), at(60)).await.unwrap(), "another piece of work");
    assert!(store.hold_lease("feed:a", first, at(30), at(90)).await.unwrap(), "it is kept");
    assert!(!store.hold_lease("feed:a", second, at(60), at(120)).await.unwrap());
    assert!(store.hold_lease("feed:a", second, at(90), at(120)).await.unwrap(), "it has ended");
    assert!(!store.hold_lease("feed:a", first, at(91), at(200)).await.unwrap());
    // What ended long ago is forgotten; this one is held anew.
    let later = 8 * 86_400_000;
    assert!(store.hold_lease("feed:b", first, at(later), at(later + 60)).await.unwrap());
    assert!(store.hold_lease("feed:a", first, at(later), at(later + 60)).await.unwrap());
}
