//! Devices that name themselves, those that nobody has added, and what they call invalid.

use crate::database::TestDatabase;
use crate::samples::{add_tenant, add_vehicles, at, batch, device, full_position, history, id, position};
use milepost_domain::{
    Device, DeviceId, DeviceProtocol, Position, TenantId, UniqueId, UnknownDevice, UtcOffset, VehicleId,
};
use milepost_store::{Committer, Once, Store, StoreError, WrongPositions};
use milepost_track::OutlierReason;

fn unique_id(text: &str) -> UniqueId {
    UniqueId::new(text).unwrap()
}

fn named(name: &str, tenant: &TenantId, unique: &str) -> Device {
    Device {
        unique_id: Some(unique_id(unique)),
        protocol: Some(DeviceProtocol::GT06),
        utc_offset: Some(UtcOffset::from_minutes(-330).unwrap()),
        sack: true,
        ..device(name, tenant, "bus")
    }
}

pub(crate) async fn a_unique_id_is_of_one_device_on_the_whole_server(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    let acme = add_tenant(store, "acme").await;
    for tenant in [&home, &acme] {
        add_vehicles(store, tenant, &["bus"]).await;
    }
    let tracker = named("tracker", &home, "356307042441013");
    store.add_device(&tracker, &[1; 32], &Once::unclaimed()).await.unwrap();
    assert_eq!(store.get_device(&home, &tracker.id).await.unwrap().as_ref(), Some(&tracker));
    assert_eq!(store.find_device_by_unique_id(&unique_id("356307042441013")).await.unwrap(), Some(tracker.clone()));
    assert_eq!(store.find_device_by_unique_id(&unique_id("356307042441014")).await.unwrap(), None);
    let names = [unique_id("356307042441013"), unique_id("none"), unique_id("a \"quoted\" one")];
    assert_eq!(
        store.find_devices_by_unique_ids(&tracker.tenant, &names).await.unwrap(),
        std::slice::from_ref(&tracker)
    );
    assert_eq!(store.find_devices_by_unique_ids(&TenantId::new("other").unwrap(), &names).await.unwrap(), []);
    assert_eq!(store.find_devices_by_unique_ids(&tracker.tenant, &[]).await.unwrap(), []);
    let taken = Err(StoreError::Conflict("unique_id"));
    let other = named("other", &acme, "356307042441013");
    assert_eq!(store.add_device(&other, &[2; 32], &Once::unclaimed()).await, taken);
    let plain = device("other", &acme, "bus");
    store.add_device(&plain, &[2; 32], &Once::unclaimed()).await.unwrap();
    assert_eq!(store.update_device(&Device { version: 2, ..other }, at(1)).await, taken.map(|()| true));
    assert_eq!(
        store.add_device(&named("tracker", &home, "other"), &[3; 32], &Once::unclaimed()).await,
        Err(StoreError::Conflict("device"))
    );
    // Devices without one are no obstacle to each other.
    store.add_device(&device("third", &home, "bus"), &[4; 32], &Once::unclaimed()).await.unwrap();
    let next = Device { unique_id: None, protocol: None, utc_offset: None, sack: false, version: 2, ..tracker };
    assert!(store.update_device(&next, at(2)).await.unwrap());
    assert_eq!(store.get_device(&home, &next.id).await.unwrap(), Some(next));
}

pub(crate) async fn a_device_that_is_removed_gives_its_unique_id_free(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    add_vehicles(store, &home, &["bus"]).await;
    for (round, name) in ["a", "b"].iter().enumerate() {
        let tracker = named(name, &home, "jane/phone");
        store.add_device(&tracker, &[round as u8; 32], &Once::unclaimed()).await.unwrap();
        assert!(store.remove_device(&home, &tracker.id, None, at(1)).await.unwrap());
        assert_eq!(store.find_device_by_unique_id(&unique_id("jane/phone")).await.unwrap(), None);
    }
    // One that goes with its vehicle, too.
    store.add_device(&named("c", &home, "jane/phone"), &[7; 32], &Once::unclaimed()).await.unwrap();
    assert!(store.remove_vehicle(&home, &id("bus"), None, at(2)).await.unwrap());
    add_vehicles(store, &home, &["bus"]).await;
    store.add_device(&named("c", &home, "jane/phone"), &[8; 32], &Once::unclaimed()).await.unwrap();
}

fn unknown(number: usize, unique: &str, address: &str, seen_ms: i64) -> UnknownDevice {
    UnknownDevice {
        id: DeviceId::new(&format!("u{number:05}")).unwrap(),
        unique_id: unique_id(unique),
        protocol: DeviceProtocol::OSMAND,
        address: Some(address.parse().unwrap()),
        first_seen: at(seen_ms),
        last_seen: at(seen_ms),
    }
}

async fn listed(store: &dyn Store) -> Vec<UnknownDevice> {
    store.list_unknown_devices(None, 10_000).await.unwrap()
}

pub(crate) async fn unknown_devices_are_listed_until_they_are_added(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    add_vehicles(store, &home, &["bus"]).await;
    let (van, phone) = (unknown(1, "van-7", "192.0.2.1", 1), unknown(2, "jane/phone", "2001:db8::1", 2));
    let broker = UnknownDevice { address: None, protocol: DeviceProtocol::MQTT, ..unknown(3, "jane/phone", "::1", 3) };
    store.note_unknown_devices(&[van.clone(), phone.clone(), broker.clone()]).await.unwrap();
    assert_eq!(listed(store).await, [broker.clone(), phone.clone(), van.clone()]);
    assert_eq!(store.list_unknown_devices(Some(&broker.id), 1).await.unwrap(), std::slice::from_ref(&phone));
    assert_eq!(store.get_unknown_device(&phone.id).await.unwrap(), Some(phone.clone()));
    // Seen again, from elsewhere: the same row.
    store.note_unknown_devices(&[unknown(9, "van-7", "192.0.2.2", 50)]).await.unwrap();
    let again = UnknownDevice { address: Some("192.0.2.2".parse().unwrap()), last_seen: at(50), ..van };
    assert_eq!(listed(store).await, [broker, phone, again.clone()]);
    // Added: both rows of its unique id go, and one that is noted late is not listed.
    store.add_device(&named("phone", &home, "jane/phone"), &[1; 32], &Once::unclaimed()).await.unwrap();
    assert_eq!(listed(store).await, std::slice::from_ref(&again));
    store.note_unknown_devices(&[unknown(10, "jane/phone", "192.0.2.1", 60)]).await.unwrap();
    assert_eq!(listed(store).await, [again]);
    let plain = device("van", &home, "bus");
    store.add_device(&plain, &[2; 32], &Once::unclaimed()).await.unwrap();
    let next = Device { unique_id: Some(unique_id("van-7")), version: 2, ..plain };
    assert!(store.update_device(&next, at(70)).await.unwrap());
    assert_eq!(listed(store).await, []);
}

pub(crate) async fn of_too_many_unknown_devices_the_oldest_go(database: &TestDatabase) {
    let store = &*database.store;
    store.note_unknown_devices(&[unknown(0, "first", "192.0.2.9", 0)]).await.unwrap();
    let flood: Vec<_> = (1..=150).map(|n| unknown(n, &format!("flood-{n:03}"), "192.0.2.1", n as i64)).collect();
    store.note_unknown_devices(&flood).await.unwrap();
    let left = listed(store).await;
    assert_eq!(left.len(), 101, "a hundred of one address");
    assert_eq!(left[99].unique_id.as_str(), "flood-051");
    assert_eq!(left[100].unique_id.as_str(), "first", "nobody else's go");
    let many: Vec<_> = (1_000..2_000)
        .map(|n| unknown(n, &format!("many-{n}"), &format!("10.0.{}.{}", n / 250, n % 250), n as i64))
        .collect();
    store.note_unknown_devices(&many).await.unwrap();
    let left = listed(store).await;
    assert_eq!((left.len(), left[999].unique_id.as_str()), (1_000, "many-1000"));
}

fn invalid(vehicle: &str, ms: i64) -> Position {
    Position { is_invalid: true, ..full_position(vehicle, ms) }
}

pub(crate) async fn a_fix_that_the_device_calls_invalid_is_marked_for_good(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    add_vehicles(&**store, &home, &["bus"]).await;
    let committer = Committer::start(store.clone(), None);
    let points = vec![position("bus", 0), invalid("bus", 30_000), position("bus", 60_000), invalid("bus", 90_000)];
    let recorded = committer.record(batch(&home, points)).await.unwrap();
    assert_eq!(recorded.places().map(|place| place.at).collect::<Vec<_>>(), [at(0), at(60_000)]);
    let late = committer.record(batch(&home, vec![invalid("bus", 45_000), invalid("bus", 90_000)])).await.unwrap();
    assert_eq!((late.accepted, late.duplicates), (1, 1));
    let bus: VehicleId = id("bus");
    let track = store.get_vehicle(&home, &bus).await.unwrap().unwrap().track;
    assert_eq!((track.last, track.heard_at), (Some(position("bus", 60_000)), Some(at(90_000))));
    let expected = [
        position("bus", 0),
        invalid("bus", 30_000),
        invalid("bus", 45_000),
        position("bus", 60_000),
        invalid("bus", 90_000),
    ];
    assert_eq!(history(&**store, &home, "bus").await, expected);
    let shown = store.positions(&home, &bus, at(0), at(100_000), None, WrongPositions::LeftOut, 100).await.unwrap();
    assert_eq!(shown.iter().map(|one| one.position.at).collect::<Vec<_>>(), [at(0), at(60_000)]);
    // The fold reads them as what they are, and a fresh node does too.
    let no = store.get_vehicle(&home, &bus).await.unwrap().unwrap().no;
    let folded = store.positions_to_fold(no, &bus, None, 100).await.unwrap();
    let marks: Vec<_> = folded.iter().map(|one| (one.position.is_invalid, one.mark)).collect();
    let (good, bad) = ((false, None), (true, Some(OutlierReason::Invalid)));
    assert_eq!(marks, [good, bad, bad, good, bad]);
}
