//! Places and descriptions that come in any order.

use super::*;
use milepost_domain::{Label, Latitude, Longitude, VehicleKind};
use milepost_store::{Once, OpenOptions, Unsent, open};

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_unix_ms(1_000_000_000 + minutes * 60_000).unwrap()
}

fn position(minutes: i64) -> Position {
    let id = VehicleId::new("bus").unwrap();
    Position::new(id, at(minutes), Latitude::new(1.0).unwrap(), Longitude::new(2.0).unwrap())
}

/// A vehicle, and another one that was made anew under its id.
async fn two_of_one_id() -> (TrackedVehicle, TrackedVehicle) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("milepost.db").display());
    let store = open(&url, &OpenOptions::default(), Arc::new(Unsent)).await.unwrap();
    let (home, id) = (TenantId::default_tenant(), VehicleId::new("bus").unwrap());
    let bus = Vehicle::new(id.clone(), VehicleKind::new("bus").unwrap(), Label::new("Bus").unwrap());
    let old = store.add_vehicle(&home, &bus, at(0), &Once::unclaimed()).await.unwrap();
    store.remove_vehicle(&home, &id, None, at(1)).await.unwrap();
    let new = store.add_vehicle(&home, &bus, at(2), &Once::unclaimed()).await.unwrap();
    store.close().await;
    (old, new)
}

fn advance(tenant: &LiveTenant, no: VehicleNo, position: &Position, received_at: Option<Timestamp>) -> bool {
    let mut is_published = false;
    tenant.advance([Advance { no, position, received_at }], |_| is_published = true);
    is_published
}

#[tokio::test]
async fn a_vehicle_removed_while_its_tenant_is_read_does_not_come_back() {
    let (old, new) = two_of_one_id().await;
    let id = old.vehicle.id.clone();
    let tenant = LiveTenant::default();
    // The page was read before the removal.
    tenant.forget(&id, |_| ());
    tenant.fill(vec![old.clone()]);
    assert_eq!(tenant.get(&id), None);
    tenant.describe(new.no, new.vehicle.clone(), |_, _| {});
    tenant.fill(vec![old]);
    tenant.filled();
    assert_eq!(tenant.get(&id).map(|live| LiveVehicle { number: 0, ..live }), Some(new.into()));
}

#[tokio::test]
async fn a_vehicle_described_while_its_tenant_is_read_is_where_the_store_says() {
    let (_, mut bus) = two_of_one_id().await;
    let tenant = LiveTenant::default();
    tenant.describe(bus.no, bus.vehicle.clone(), |_, _| {});
    bus.track.last = Some(position(60));
    tenant.fill(vec![bus.clone()]);
    assert_eq!(tenant.get(&bus.vehicle.id).unwrap().last, Some(position(60)));
    bus.track.last = Some(position(50));
    tenant.fill(vec![bus.clone()]);
    assert_eq!(tenant.get(&bus.vehicle.id).unwrap().last, Some(position(60)), "the place that is known");
}

#[tokio::test]
async fn a_vehicle_made_anew_takes_no_place_and_no_description_of_the_old_one() {
    let (old, new) = two_of_one_id().await;
    let id = old.vehicle.id.clone();
    let tenant = LiveTenant::default();
    tenant.fill(vec![old.clone()]);
    assert!(advance(&tenant, old.no, &position(10), None));
    tenant.describe(new.no, new.vehicle.clone(), |live, _| assert_eq!(live.last, None));
    assert!(!advance(&tenant, old.no, &position(20), None), "it was committed before the removal");
    assert!(advance(&tenant, new.no, &position(5), None), "its own first position");
    for stale in [(old.no, old.vehicle), (new.no, new.vehicle.clone())] {
        tenant.describe(stale.0, stale.1, |_, _| panic!("it is not newer"));
    }
    let next = Vehicle { version: new.vehicle.version + 1, ..new.vehicle };
    tenant.describe(new.no, next.clone(), |live, _| assert_eq!(live.last, Some(position(5))));
    assert_eq!(*tenant.get(&id).unwrap().vehicle, next);
}

#[tokio::test]
async fn a_place_that_lies_ahead_gives_way_to_a_present_one() {
    let (_, bus) = two_of_one_id().await;
    let tenant = LiveTenant::default();
    tenant.fill(vec![bus.clone()]);
    assert!(advance(&tenant, bus.no, &position(60), None));
    assert!(!advance(&tenant, bus.no, &position(1), None));
    assert!(advance(&tenant, bus.no, &position(1), Some(at(1))));
    assert!(!advance(&tenant, bus.no, &position(0), Some(at(1))));
    assert!(advance(&tenant, bus.no, &position(2), Some(at(2))));
    assert!(!advance(&tenant, bus.no, &position(2), Some(at(2))), "it is known");
}

#[tokio::test]
async fn a_vehicle_that_is_listed_and_driven_is_found_once() {
    let (_, mut bus) = two_of_one_id().await;
    bus.vehicle.driver_id = UserId::new(5).ok();
    bus.track.last = Some(position(1));
    let id = bus.vehicle.id.clone();
    let tenant = LiveTenant::default();
    tenant.fill(vec![bus]);
    let scope = VehicleScope::Some { listed: vec![id.clone()], driven_by: UserId::new(5).ok() };
    let found = tenant.places_in(&scope, &Bounds::WORLD, 10, |_| true).unwrap();
    assert_eq!(found.into_iter().map(|(id, _)| id).collect::<Vec<_>>(), [id]);
}
