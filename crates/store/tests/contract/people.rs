//! A person's data: nothing of it is left in any table, and for SQLite in no byte of the file.

use crate::database::TestDatabase;
use crate::deliveries;
use crate::deliveries::delivery;
use crate::samples::{at, home_tenant, id, new_user, vehicle};
use milepost_domain::{
    Author, EmailAddress, Label, Proof, ProofId, ProofNote, RiderId, UserId, Username, Vehicle, VehicleKind,
};
use milepost_store::{AuditFilter, AuditNote, NewLogin, Once, Person, Store};
use serde_json::json;

const NAME: &str = "zebedee.quux";

async fn add_person(store: &dyn Store) -> Person {
    let home = home_tenant();
    let mut new = new_user("ann", &home);
    new.contact.email = Some(EmailAddress::new("zebedee@quux.example").unwrap());
    let new = NewLogin { username: Username::new(NAME).unwrap(), ..new };
    let by = store.by(Author::operator(at(0)));
    let user = by.add_user(&new, at(0), &Once::unclaimed()).await.unwrap();
    Person { id: user.id, tenant: home, names: vec![NAME.to_owned(), "zebedee@quux.example".to_owned()] }
}

async fn add_driven(store: &dyn Store, name: &str, kind: &str, driver: UserId) {
    let driven = Vehicle { driver_id: Some(driver), kind: VehicleKind::new(kind).unwrap(), ..vehicle(name) };
    store.add_vehicle(&home_tenant(), &driven, at(0), &Once::unclaimed()).await.unwrap();
}

pub(crate) async fn an_erased_person_is_in_no_row(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let person = add_person(store).await;
    let rider = RiderId::new(&person.id.to_string()).unwrap();
    let mut ride = delivery("TRK-1", &home);
    ride.rider_id = rider;
    deliveries::add(store, &ride).await;
    let proof = |added_by: &str, id: &str| Proof {
        id: ProofId::new(id).unwrap(),
        tracking_id: ride.tracking_id.clone(),
        added_by: added_by.to_owned(),
        added_at: at(1),
        taken_at: at(1),
        place: None,
        receiver: None,
        code: None,
        note: Some(ProofNote::new("left by Zebedee.Quux").unwrap()),
        files: Vec::new(),
    };
    store.add_proof(&proof(&person.id.to_string(), "p1"), 9, &Once::unclaimed()).await.unwrap();
    let others = delivery("TRK-2", &home);
    deliveries::add(store, &others).await;
    let of_others = Proof { tracking_id: others.tracking_id.clone(), ..proof("other", "p2") };
    store.add_proof(&of_others, 9, &Once::unclaimed()).await.unwrap();
    add_driven(store, "van", "van", person.id).await;
    add_driven(store, "phone", "person", person.id).await;
    let look = AuditNote { after: Some(json!({"who": NAME})), ..AuditNote::of("vehicle.update", None) };
    store.note_audit(&home, &Author::operator(at(2)), &look).await.unwrap();

    assert_eq!(store.own_phones(&person).await.unwrap(), [id("phone")]);
    assert_eq!(store.vehicles_of_driver(&person).await.unwrap(), [id("phone"), id("van")]);
    let drives = store.list_drives(&person).await.unwrap();
    assert_eq!(drives.iter().map(|drive| drive.vehicle.clone()).collect::<Vec<_>>(), [id("phone"), id("van")]);
    for (section, name) in store.person_sections().iter().enumerate() {
        let rows = store.person_rows(&person, section, "", 10).await;
        let rows = rows.unwrap_or_else(|error| panic!("{name}: {error}"));
        if let Some((last, _)) = rows.last() {
            let after = store.person_rows(&person, section, last, 10).await.unwrap();
            assert_eq!(after, [], "{name} goes on after {last}");
        }
        let expected = match *name {
            "account" | "deliveries" | "proofs" => 1,
            "audit" => 1,
            _ => rows.len(),
        };
        assert_eq!(rows.len(), expected, "{name}: {rows:?}");
    }
    assert_ne!(database.rows_with("quux").await, [""; 0], "the search finds a name");

    assert!(store.erase_phone(&person, &id("phone"), at(3)).await.unwrap());
    assert!(!store.erase_phone(&person, &id("phone"), at(3)).await.unwrap(), "it has another id now");
    let van = store.get_vehicle(&home, &id("van")).await.unwrap().unwrap().vehicle;
    let left = Vehicle { driver_id: None, version: van.version + 1, ..van };
    store.update_vehicle(&home, &left, at(4)).await.unwrap().unwrap();
    for _ in 0..2 {
        store.erase_traces(&person, at(5)).await.unwrap();
        store.erase_account(&person, &Author::operator(at(6))).await.unwrap();
    }
    store.compact().await.unwrap();

    assert_eq!(database.rows_with("quux").await, [""; 0]);
    assert!(store.is_erased_user(person.id).await.unwrap());
    let session = store.get_delivery(&ride.tracking_id).await.unwrap().unwrap();
    assert_eq!((session.rider_id.as_str(), session.last, session.driven_m), ("erased", None, ride.driven_m));
    assert_eq!(store.list_proofs(&ride.tracking_id).await.unwrap(), []);
    let kept = store.list_proofs(&others.tracking_id).await.unwrap();
    assert_eq!(kept[0].note.as_ref().map(ProofNote::as_str), Some("left by …"));
    let past = store.get_vehicle(&home, &id("van")).await.unwrap().unwrap().vehicle.past_drivers;
    assert!(!format!("{past:?}").contains(&format!("UserId({})", person.id)), "{past:?}");
    assert_eq!(store.verify_audit(&home).await.unwrap().bad, None);
    let filter = AuditFilter { from: at(-9), to: at(99), actor: None, subject: None, action: None };
    let rows = store.list_audit(&home, &filter, None, 10).await.unwrap();
    assert_eq!(rows[0].action, "user.erase");
    assert!(rows.iter().all(|row| row.after.is_none()), "what was told of it is emptied");
    let label = store.list_vehicles(&home, &milepost_domain::VehicleScope::All, None, 9).await.unwrap();
    assert_eq!(label.len(), 2, "the fleet has as many vehicles as before");
    assert!(label.iter().any(|one| one.vehicle.label == Label::new("erased").unwrap()));
}
