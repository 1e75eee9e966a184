//! Geofences.

use crate::database::TestDatabase;
use crate::samples::{add_tenant, at, id};
use milepost_domain::{
    CrossingTriggers, DwellTime, Event, Fact, Geofence, GeofenceDescription, GeofenceId, GeofenceShape, GeometryText,
    Label, MAX_GEOFENCES, RadiusM, Schedule, ScheduleClock, SpeedKmh, TenantId, TimeOfDay, VehicleList, Weekday,
    Weekdays, WidthM, ZoneName,
};
use milepost_store::{Once, Store, StoreError};

/// A geofence with only the required fields.
pub(crate) fn square(name: &str) -> GeofenceDescription {
    let corners = r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,1],[0,0]]]}"#;
    GeofenceDescription {
        name: Label::new(name).unwrap(),
        geometry: GeometryText::of_parsed(corners.to_owned()).unwrap(),
        shape: GeofenceShape::Polygon,
        on: CrossingTriggers::default(),
        dwell: None,
        speed_limit: None,
        vehicles: None,
        schedule: None,
    }
}

/// A geofence with all fields.
fn whole(shape: GeofenceShape) -> GeofenceDescription {
    let time = |seconds| TimeOfDay::from_seconds(seconds).unwrap();
    // Digits, field order and white space that a parser would lose.
    let text = " {\"z\":[1.00000000000000000001,2], \"coordinates\":[3,4]}".to_owned();
    GeofenceDescription {
        geometry: GeometryText::of_parsed(text).unwrap(),
        shape,
        on: CrossingTriggers { enter: false, exit: true },
        dwell: Some(DwellTime::from_seconds(600).unwrap()),
        speed_limit: Some(SpeedKmh::new(30.5).unwrap()),
        vehicles: Some(VehicleList::new(vec![id("bus ü:7"), id("a")]).unwrap()),
        schedule: Some(Schedule {
            days: Weekdays::new(&[Weekday::Monday, Weekday::Sunday]).unwrap(),
            from: time(22 * 3600),
            to: time(6 * 3600 + 1),
            clock: ScheduleClock::Zone(ZoneName::new("America/St_Johns").unwrap()),
        }),
        ..square("Zoë's «depot»")
    }
}

pub(crate) async fn add(store: &dyn Store, tenant: &TenantId, description: &GeofenceDescription) -> Geofence {
    store.add_geofence(tenant, description, at(0), &Once::unclaimed()).await.unwrap().expect("there is room")
}

fn changed(id: GeofenceId) -> Fact {
    Fact::GeofenceChanged { geofence_id: id }
}

pub(crate) async fn geofence_comes_back_as_it_was_added(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let circle = GeofenceShape::Circle(RadiusM::new(150.5).unwrap());
    let corridor = GeofenceShape::Corridor(WidthM::new(40.0).unwrap());
    let descriptions = [square("plain"), whole(GeofenceShape::MultiPolygon), whole(circle), whole(corridor)];
    for (number, description) in (1..).zip(&descriptions) {
        let added = store.add_geofence(&home, description, at(number), &Once::unclaimed()).await.unwrap().unwrap();
        let expected = Geofence {
            id: added.id,
            tenant: home.clone(),
            description: description.clone(),
            created_at: at(number),
            changed_at: at(number),
        };
        assert_eq!(added, expected);
        assert_eq!(store.get_geofence(&home, added.id).await.unwrap(), Some(expected));
        let stored = store.events_after(&home, number - 1, 10).await.unwrap();
        assert_eq!(stored, [Event { id: number, at: at(number), fact: changed(added.id) }]);
    }
    let nowhere = TenantId::new("nowhere").unwrap();
    assert_eq!(
        store.add_geofence(&nowhere, &descriptions[0], at(0), &Once::unclaimed()).await,
        Err(StoreError::NotFound("tenant"))
    );
}

pub(crate) async fn changed_geofence_is_as_it_was_described_last(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let geofence = add(&**store, &home, &whole(GeofenceShape::Circle(RadiusM::new(10.0).unwrap()))).await;
    let other = add(&**store, &home, &square("other")).await;
    let plain = square("plain");
    let expected = Geofence { description: plain.clone(), changed_at: at(9), ..geofence.clone() };
    let updated = store.update_geofence(&home, geofence.id, &plain, at(9)).await.unwrap();
    assert_eq!(updated.as_ref(), Some(&expected));
    assert_eq!(store.get_geofence(&home, geofence.id).await.unwrap(), Some(expected));
    assert_eq!(store.get_geofence(&home, other.id).await.unwrap(), Some(other.clone()));
    let unknown = GeofenceId::new(999).unwrap();
    for (tenant, id) in [(&acme, geofence.id), (&home, unknown)] {
        assert_eq!(store.get_geofence(tenant, id).await.unwrap(), None);
        assert_eq!(store.update_geofence(tenant, id, &plain, at(10)).await.unwrap(), None);
        assert!(!store.remove_geofence(tenant, id, at(10)).await.unwrap());
    }
    assert!(store.remove_geofence(&home, geofence.id, at(11)).await.unwrap());
    assert!(!store.remove_geofence(&home, geofence.id, at(12)).await.unwrap(), "removed twice");
    assert_eq!(store.get_geofence(&home, geofence.id).await.unwrap(), None);
    let stored: Vec<_> = store.events_after(&home, 0, 10).await.unwrap().into_iter().map(|event| event.fact).collect();
    assert_eq!(stored, [geofence.id, other.id, geofence.id, geofence.id].map(changed));
    assert_eq!(store.newest_event_id(&acme).await.unwrap(), 0);
}

pub(crate) async fn geofences_are_listed_page_by_page(database: &TestDatabase) {
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let mut expected = Vec::new();
    for name in ["c", "a", "b"] {
        expected.push(add(&**store, &home, &square(name)).await);
        add(&**store, &acme, &square(name)).await;
    }
    let page = async |after, limit| store.list_geofences(&home, after, limit).await.unwrap();
    assert_eq!(page(None, 2).await, expected[..2]);
    assert_eq!(page(Some(expected[1].id), 2).await, expected[2..]);
    assert!(page(Some(expected[2].id), 2).await.is_empty());
}

pub(crate) async fn a_tenant_has_no_more_geofences_than_the_bound(database: &TestDatabase) {
    const ROOM: usize = 5;
    let (store, home) = (&database.store, TenantId::default_tenant());
    let acme = add_tenant(&**store, "acme").await;
    let first = add(&**store, &home, &square("first")).await;
    // As if the tenant had all but a few of the allowed geofences.
    let almost = i64::from(MAX_GEOFENCES) - i64::try_from(ROOM).unwrap();
    database.run(&format!("update geofence_counts set count = {almost}")).await;
    let other_node = database.another_node().await;
    let writers: Vec<_> = (0..12)
        .map(|writer| {
            let store = if writer % 2 == 0 { store.clone() } else { other_node.clone() };
            let home = home.clone();
            tokio::spawn(async move {
                store
                    .add_geofence(&home, &square(&writer.to_string()), at(0), &Once::unclaimed())
                    .await
                    .unwrap()
                    .is_some()
            })
        })
        .collect();
    let mut added = 0;
    for writer in writers {
        added += usize::from(writer.await.unwrap());
    }
    assert_eq!(added, ROOM);
    assert_eq!(store.list_geofences(&home, None, 100).await.unwrap().len(), 1 + ROOM);
    assert_eq!(store.newest_event_id(&home).await.unwrap(), 1 + i64::try_from(ROOM).unwrap());
    assert!(
        store.add_geofence(&acme, &square("theirs"), at(0), &Once::unclaimed()).await.unwrap().is_some(),
        "each tenant has its own"
    );
    // After a removal another one can be added.
    assert!(store.remove_geofence(&home, first.id, at(1)).await.unwrap());
    assert!(store.add_geofence(&home, &square("next"), at(2), &Once::unclaimed()).await.unwrap().is_some());
    assert!(store.add_geofence(&home, &square("one too many"), at(3), &Once::unclaimed()).await.unwrap().is_none());
    other_node.close().await;
}
