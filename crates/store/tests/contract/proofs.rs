//! Proofs of delivery: kept with their session, and their files with them.

use crate::database::TestDatabase;
use crate::deliveries;
use crate::deliveries::delivery;
use crate::samples::{add_tenant, at, home_tenant, latitude, longitude};
use milepost_domain::{
    Author, Delivery, HandoverCode, OrderId, Proof, ProofFile, ProofFileKind, ProofId, ProofNote, ReceiverName,
    TrackingId,
};
use milepost_store::{AuditFilter, Once, Retention, Store, StoreError};

const MOST: u32 = 20;

fn file(id: i64, kind: ProofFileKind, key: &str) -> ProofFile {
    ProofFile { id, kind, bytes: 1_234, sha256: [7; 32], media_type: "image/jpeg".to_owned(), key: key.to_owned() }
}

fn proof(id: &str, tracking_id: &TrackingId) -> Proof {
    Proof {
        id: ProofId::new(id).unwrap(),
        tracking_id: tracking_id.clone(),
        added_by: "r1".to_owned(),
        added_at: at(9),
        taken_at: at(5),
        place: Some((latitude(1.5), longitude(-2.5))),
        receiver: Some(ReceiverName::new("Ann Smith").unwrap()),
        code: Some(HandoverCode::new("4711").unwrap()),
        note: Some(ProofNote::new("left\nwith the neighbour").unwrap()),
        files: Vec::new(),
    }
}

async fn start(store: &dyn Store, session: &Delivery) -> TrackingId {
    deliveries::add(store, session).await;
    session.tracking_id.clone()
}

async fn add(store: &dyn Store, proof: &Proof) -> bool {
    store.add_proof(proof, MOST, &Once::unclaimed()).await.unwrap()
}

pub(crate) async fn a_proof_comes_back_as_it_was_added(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let session = start(store, &delivery("TRK-1", &home)).await;
    assert!(!store.has_proof(&session).await.unwrap());
    let files = vec![file(1, ProofFileKind::Signature, "p1/1.png"), file(2, ProofFileKind::Photo, "p1/2.jpg")];
    store.announce_files(&["p1/1.png".to_owned(), "p1/2.jpg".to_owned()], at(1_000)).await.unwrap();
    let whole = Proof { files: files.clone(), ..proof("p1", &session) };
    let bare = Proof { place: None, receiver: None, code: None, note: None, ..proof("p2", &session) };
    assert!(add(store, &whole).await && add(store, &bare).await);
    assert_eq!(store.list_proofs(&session).await.unwrap(), [whole.clone(), bare]);
    assert!(store.has_proof(&session).await.unwrap());
    assert_eq!(store.find_proof_file(&session, &whole.id, 2).await.unwrap().as_ref(), Some(&files[1]));
    assert_eq!(store.find_proof_file(&session, &whole.id, 3).await.unwrap(), None);
    let other = start(store, &delivery("TRK-2", &home)).await;
    assert_eq!(store.find_proof_file(&other, &whole.id, 2).await.unwrap(), None, "another session's");
    assert_eq!(store.unused_files(at(1_000_000), 10).await.unwrap(), [""; 0]);
    let missing = TrackingId::new("TRK-3").unwrap();
    let refused = store.add_proof(&proof("p3", &missing), MOST, &Once::unclaimed()).await;
    assert_eq!(refused, Err(StoreError::NotFound("tracking session")));
}

pub(crate) async fn a_session_has_a_bounded_number_of_proofs(database: &TestDatabase) {
    let store = &*database.store;
    let session = start(store, &delivery("TRK-1", &home_tenant())).await;
    for (id, fits) in [("p1", true), ("p2", true), ("p3", false)] {
        assert_eq!(store.add_proof(&proof(id, &session), 2, &Once::unclaimed()).await.unwrap(), fits, "{id}");
    }
}

pub(crate) async fn files_that_no_proof_took_are_unused_after_their_time(database: &TestDatabase) {
    let store = &*database.store;
    let session = start(store, &delivery("TRK-1", &home_tenant())).await;
    store.announce_files(&["lost".to_owned()], at(1_000)).await.unwrap();
    assert_eq!(store.unused_files(at(999), 10).await.unwrap(), [""; 0]);
    assert_eq!(store.unused_files(at(1_000), 10).await.unwrap(), ["lost"]);
    store.forget_files(&["lost".to_owned()]).await.unwrap();
    assert_eq!(store.unused_files(at(1_000), 10).await.unwrap(), [""; 0]);
    // Its file may have been removed meanwhile, so that the proof must not be stored.
    let late = Proof { files: vec![file(1, ProofFileKind::Photo, "lost")], ..proof("p1", &session) };
    assert!(store.add_proof(&late, MOST, &Once::unclaimed()).await.is_err());
    assert!(!store.has_proof(&session).await.unwrap());
}

pub(crate) async fn a_removed_session_leaves_its_files_unused(database: &TestDatabase) {
    let store = &*database.store;
    let session = start(store, &delivery("TRK-1", &home_tenant())).await;
    store.announce_files(&["p1/1.jpg".to_owned()], at(1_000)).await.unwrap();
    add(store, &Proof { files: vec![file(1, ProofFileKind::Photo, "p1/1.jpg")], ..proof("p1", &session) }).await;
    let retention = Retention { positions_ms: 0, ..Retention::default() };
    let pruned = store.prune(at(100 * 24 * 60 * 60 * 1_000), &retention).await.unwrap();
    assert_eq!(pruned.deliveries, 1);
    assert_eq!(store.list_proofs(&session).await.unwrap(), []);
    assert_eq!(store.unused_files(at(0), 10).await.unwrap(), ["p1/1.jpg"]);
}

pub(crate) async fn an_order_names_its_newest_session_in_its_tenant(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let acme = add_tenant(store, "acme").await;
    let order = delivery("TRK-1", &home).order_id;
    start(store, &delivery("TRK-1", &home)).await;
    let newest = start(store, &delivery("TRK-2", &home)).await;
    let others = start(store, &delivery("TRK-3", &acme)).await;
    let found =
        async |tenant| store.find_delivery_by_order(tenant, &order).await.unwrap().map(|found| found.tracking_id);
    assert_eq!((found(&home).await, found(&acme).await), (Some(newest), Some(others)));
    let unknown = OrderId::new("unknown").unwrap();
    assert_eq!(store.find_delivery_by_order(&home, &unknown).await.unwrap(), None);
}

pub(crate) async fn a_tenant_may_demand_proofs(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let acme = add_tenant(store, "acme").await;
    let by = store.by(Author::operator(at(1)));
    assert!(by.set_proof_required(&acme, true).await.unwrap());
    let demanded = async |tenant| store.is_proof_required(tenant).await.unwrap();
    assert!(demanded(&acme).await && !demanded(&home).await);
    assert!(by.set_proof_required(&acme, false).await.unwrap() && !demanded(&acme).await);
    let missing = milepost_domain::TenantId::new("missing").unwrap();
    assert!(!by.set_proof_required(&missing, true).await.unwrap() && !demanded(&missing).await);
    let filter = AuditFilter { from: at(0), to: at(10), actor: None, subject: None, action: None };
    let rows = store.list_audit(&acme, &filter, None, 10).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.action.as_str()).collect::<Vec<_>>(), ["tenant.update"; 2]);
}
