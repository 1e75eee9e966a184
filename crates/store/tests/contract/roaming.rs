//! Roaming fences and encounters.

use crate::alerts::alert;
use crate::database::TestDatabase;
use crate::samples::{add_tenant, at, id, vehicle};
use milepost_domain::{
    Alert, DwellTime, EncounterTriggers, Fact, FleetViewer, Label, RadiusM, RoamingFence, RoamingFenceDescription,
    RoamingFenceId, TenantId, VehicleKind, VehicleList, VehicleSelection,
};
use milepost_store::{EncounterChange, EncounterStep, Once, OpenEncounter, Retention, Store, VehicleNo};

fn plain(name: &str) -> RoamingFenceDescription {
    RoamingFenceDescription {
        name: Label::new(name).unwrap(),
        radius: RadiusM::new(150.5).unwrap(),
        dwell: None,
        on: EncounterTriggers::default(),
        vehicles: VehicleSelection::default(),
        others: None,
    }
}

/// A roaming fence with all fields.
fn whole() -> RoamingFenceDescription {
    let list = VehicleList::new(vec![id("a"), id("bus ü:7")]).unwrap();
    let kinds = vec![VehicleKind::new("van").unwrap(), VehicleKind::new("bus").unwrap()];
    RoamingFenceDescription {
        dwell: Some(DwellTime::from_seconds(60).unwrap()),
        on: EncounterTriggers { meet: false, part: true },
        vehicles: VehicleSelection::new(Some(list), kinds, Vec::new()).unwrap(),
        others: Some(VehicleSelection::new(None, Vec::new(), vec![Label::new("12").unwrap()]).unwrap()),
        ..plain("Zoë's «bunch»")
    }
}

async fn add(store: &dyn Store, tenant: &TenantId, description: &RoamingFenceDescription) -> RoamingFence {
    store.add_roaming_fence(tenant, description, at(0), &Once::unclaimed()).await.unwrap().expect("there is room")
}

pub(crate) async fn a_roaming_fence_comes_back_as_it_was_described(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    for description in [plain("x"), whole()] {
        let added = add(&**store, &home, &description).await;
        assert_eq!(store.get_roaming_fence(&home, added.id).await.unwrap(), Some(added.clone()));
        assert_eq!((&added.description, added.version), (&description, 1));
        assert_eq!(store.get_roaming_fence(&acme, added.id).await.unwrap(), None);
    }
    let first = RoamingFenceId::new(1).unwrap();
    let changed = store.update_roaming_fence(&home, first, 1, &whole(), at(5)).await.unwrap().unwrap();
    assert_eq!((changed.version, changed.created_at, changed.changed_at), (2, at(0), at(5)));
    assert_eq!(store.get_roaming_fence(&home, first).await.unwrap(), Some(changed));
    assert_eq!(store.update_roaming_fence(&home, first, 1, &plain("late"), at(6)).await.unwrap(), None);
    assert_eq!(store.list_roaming_fences(&home, Some(first), 10).await.unwrap().len(), 1);
    assert_eq!(store.roaming_tenants().await.unwrap(), std::slice::from_ref(&home));
    assert!(!store.remove_roaming_fence(&home, first, Some(1), at(7)).await.unwrap());
    assert!(store.remove_roaming_fence(&home, first, Some(2), at(7)).await.unwrap());
    assert_eq!(store.get_roaming_fence(&home, first).await.unwrap(), None);
    let facts: Vec<Fact> =
        store.events_after(&home, 0, 100).await.unwrap().into_iter().map(|event| event.fact).collect();
    let of_first = Fact::RoamingFenceChanged { roaming_fence_id: first };
    assert_eq!(facts.iter().filter(|fact| **fact == of_first).count(), 3, "{facts:?}");
}

/// Two vehicles, a fence that concerns them, and their numbers.
async fn two_near(store: &dyn Store) -> (TenantId, RoamingFenceId, [VehicleNo; 2]) {
    let home = TenantId::default_tenant();
    let mut numbers = Vec::new();
    for name in ["a", "b"] {
        numbers.push(store.add_vehicle(&home, &vehicle(name), at(0), &Once::unclaimed()).await.unwrap().no);
    }
    let fence = add(store, &home, &whole()).await.id;
    (home, fence, [numbers[0], numbers[1]])
}

pub(crate) async fn a_step_is_stored_once_with_its_alert_and_times_decide(database: &TestDatabase) {
    let store = &database.store;
    let (home, fence, [a, b]) = two_near(&**store).await;
    let alert = |name: &str| Alert { vehicle_id: Some(id("a")), ..alert(name, &home, None, 200_000) };
    let step = async |step: EncounterStep, ms: i64, alert: Option<Alert>| {
        let change = EncounterChange { fence, a, b, step, at: at(ms), alert };
        store.change_encounter(&home, &change, at(100_000)).await.unwrap()
    };
    let open = async || store.open_encounters(&home).await.unwrap();
    assert!(step(EncounterStep::Began, 1_000, None).await);
    assert!(!step(EncounterStep::Began, 1_001, None).await, "the other node");
    assert_eq!(open().await, [OpenEncounter { fence, a, b, began_at: at(1_000), met: false }]);
    // They part before they met: nothing is left, and they begin anew.
    assert!(!step(EncounterStep::Parted, 999, Some(alert("early"))).await);
    assert!(step(EncounterStep::Parted, 2_000, Some(alert("never met"))).await);
    assert!(open().await.is_empty());
    assert!(step(EncounterStep::Began, 3_000, None).await);
    assert!(!step(EncounterStep::Met, 2_999, Some(alert("before it began"))).await);
    assert!(step(EncounterStep::Met, 63_000, Some(alert("met"))).await);
    assert!(!step(EncounterStep::Met, 63_001, Some(alert("met again"))).await);
    assert!(open().await[0].met);
    assert!(step(EncounterStep::Parted, 70_000, Some(alert("parted"))).await);
    assert!(!step(EncounterStep::Parted, 70_000, Some(alert("parted again"))).await);
    // A node that lags behind sees again what has ended.
    assert!(!step(EncounterStep::BegunAndMet, 3_500, Some(alert("lagging"))).await);
    assert!(!step(EncounterStep::BegunAndMet, 70_000, Some(alert("lagging"))).await);
    assert!(step(EncounterStep::BegunAndMet, 80_000, Some(alert("second"))).await);
    assert!(!step(EncounterStep::Parted, 70_500, Some(alert("lagging"))).await);

    // Dropped, they have not parted: they may begin again where they are.
    assert!(!step(EncounterStep::Dropped, 70_500, None).await);
    assert!(step(EncounterStep::Dropped, 80_000, None).await);
    assert!(open().await.is_empty());
    assert!(step(EncounterStep::Began, 80_000, None).await);
    // The clock said that they met, and places that came later that they had parted just before.
    assert!(step(EncounterStep::Met, 90_000, None).await);
    assert!(step(EncounterStep::Parted, 89_500, Some(alert("late"))).await);
    assert!(open().await.is_empty());
    assert!(!step(EncounterStep::BegunAndMet, 89_700, Some(alert("lagging"))).await);

    let viewer = FleetViewer { company: true, user: None, driver: None };
    let alerts = store.list_alerts(&home, viewer, false, None, 100, at(100_000)).await.unwrap();
    let mut ids: Vec<_> = alerts.iter().map(|alert| alert.id.as_str().to_owned()).collect();
    ids.sort();
    assert_eq!(ids, ["late", "met", "parted", "second"]);
    let listed = store.list_encounters(&home, fence, None, 2).await.unwrap();
    let (cursor, dropped) = &listed[1];
    let times = listed.iter().map(|(_, one)| (one.began_at, one.met_at, one.parted_at)).collect::<Vec<_>>();
    let (began, met) = (at(80_000), at(90_000));
    assert_eq!(times, [(began, Some(met), Some(met)), (began, Some(began), Some(dropped.began_at))]);
    let earlier = store.list_encounters(&home, fence, Some(*cursor), 10).await.unwrap();
    assert_eq!(earlier.len(), 1);
    assert_eq!((&earlier[0].1.vehicle, earlier[0].1.parted_at), (&id("a"), Some(at(70_000))));
    // They are kept from the time when they were stored, whatever their own times are.
    let retention = Retention { positions_ms: 50_000, ..Retention::default() };
    for (now_ms, left) in [(149_999, 3), (150_001, 0)] {
        store.prune(at(now_ms), &retention).await.unwrap();
        assert_eq!(store.list_encounters(&home, fence, None, 10).await.unwrap().len(), left);
    }
}

pub(crate) async fn many_nodes_store_a_step_once(database: &TestDatabase) {
    let store = &database.store;
    let (home, fence, [a, b]) = two_near(&**store).await;
    for (step, ms) in [(EncounterStep::BegunAndMet, 1_000), (EncounterStep::Parted, 2_000)] {
        let nodes = (0..8).map(|node| {
            let (store, home) = (std::sync::Arc::clone(store), home.clone());
            let alert = Alert { vehicle_id: Some(id("a")), ..alert(&format!("{step:?} {node}"), &home, None, 200_000) };
            let change = EncounterChange { fence, a, b, step, at: at(ms), alert: Some(alert) };
            tokio::spawn(async move { store.change_encounter(&home, &change, at(5_000)).await.unwrap() })
        });
        let mut stored = 0;
        for node in nodes.collect::<Vec<_>>() {
            stored += usize::from(node.await.unwrap());
        }
        assert_eq!(stored, 1, "{step:?}");
    }
    let viewer = FleetViewer { company: true, user: None, driver: None };
    assert_eq!(store.list_alerts(&home, viewer, false, None, 100, at(5_000)).await.unwrap().len(), 2);
}

pub(crate) async fn what_is_removed_leaves_no_encounter_and_no_name(database: &TestDatabase) {
    let store = &database.store;
    let (home, fence, [a, b]) = two_near(&**store).await;
    let change = EncounterChange { fence, a, b, step: EncounterStep::Began, at: at(1_000), alert: None };
    assert!(store.change_encounter(&home, &change, at(1_000)).await.unwrap());
    assert!(store.remove_vehicle(&home, &id("a"), None, at(2_000)).await.unwrap());
    assert!(store.open_encounters(&home).await.unwrap().is_empty());
    assert!(!store.change_encounter(&home, &change, at(3_000)).await.unwrap());
    let left = store.get_roaming_fence(&home, fence).await.unwrap().unwrap();
    assert_eq!((left.description.vehicles.vehicles.unwrap().as_slice(), left.version), (&[id("bus ü:7")][..], 2));
    assert!(store.remove_roaming_fence(&home, fence, None, at(4_000)).await.unwrap());
    assert!(store.roaming_tenants().await.unwrap().is_empty());
}
