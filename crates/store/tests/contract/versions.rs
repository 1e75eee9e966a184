//! Two changes at once never undo each other, and what is removed leaves nothing to those who come after it.

use crate::cadets::{add_cadet, attended, day, merit, score};
use crate::database::TestDatabase;
use crate::samples::{add_tenant, add_vehicles, at, batch, device, full_position, id, new_user, vehicle};
use milepost_domain::{
    Alert, AlertId, AlertKind, AlertSubject, AlertTitle, AttendanceStatus, CrossingTriggers, Device, ExpectedVersion,
    Fact, FleetViewer, Geofence, GeofenceDescription, GeofenceShape, GeometryText, GradeId, Label, NotificationText,
    RadiusM, ScoreChange, Severity, TenantId, User, Vehicle, VehicleId, VehicleList,
};
use milepost_store::{Committer, NewLogin, Once, PositionBatch, Store, StoreError};

const COMPANY: FleetViewer = FleetViewer { company: true, user: None, driver: None };

async fn add_user(store: &dyn Store, name: &str, tenant: &TenantId, vehicles: &[&str]) -> User {
    let vehicle_ids = vehicles.iter().map(|name| id(name)).collect();
    store.add_user(&NewLogin { vehicle_ids, ..new_user(name, tenant) }, at(0), &Once::unclaimed()).await.unwrap()
}

async fn add_fence(store: &dyn Store, tenant: &TenantId, vehicles: Option<&[&str]>) -> Geofence {
    let list = |names: &[&str]| VehicleList::new(names.iter().map(|name| id(name)).collect()).unwrap();
    let description = GeofenceDescription {
        name: Label::new("depot").unwrap(),
        geometry: GeometryText::of_parsed(r#"{"type":"Point","coordinates":[1,2]}"#.to_owned()).unwrap(),
        shape: GeofenceShape::Circle(RadiusM::new(50.0).unwrap()),
        on: CrossingTriggers::default(),
        dwell: None,
        speed_limit: None,
        vehicles: vehicles.map(list),
        schedule: None,
    };
    store.add_geofence(tenant, &description, at(0), &Once::unclaimed()).await.unwrap().unwrap()
}

fn alert(name: &str, tenant: &TenantId, vehicle: &str, subject: &str) -> Alert {
    Alert {
        id: AlertId::new(name).unwrap(),
        tenant: tenant.clone(),
        kind: AlertKind::SpeedViolation,
        severity: Severity::High,
        user_id: None,
        vehicle_id: Some(id(vehicle)),
        driver_id: None,
        title: AlertTitle::new("Speed violation").unwrap(),
        message: NotificationText::new("Too fast.").unwrap(),
        data: None,
        subject: Some(AlertSubject::new(subject).unwrap()),
        at: at(1),
        expires_at: at(1_000),
        read: None,
    }
}

pub(crate) async fn only_the_next_version_is_written(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    let user = add_user(store, "ann", &home, &[]).await;
    // A new password is being hashed while somebody else locks the user out.
    let locked_out = User { active: false, version: user.version + 1, ..user.clone() };
    assert!(store.update_user(&locked_out, None, at(1)).await.unwrap());
    let with_password = User { version: user.version + 1, ..user.clone() };
    assert!(!store.update_user(&with_password, Some("$new"), at(2)).await.unwrap());
    let login = store.get_login(user.id).await.unwrap().unwrap();
    assert_eq!((&login.user, login.password_hash.as_deref()), (&locked_out, Some("$argon2id$sample")));
    for version in [user.version, locked_out.version, locked_out.version + 2] {
        assert!(!store.update_user(&User { version, ..user.clone() }, None, at(3)).await.unwrap());
    }
    assert!(!store.remove_user(user.id, Some(user.version), at(3)).await.unwrap());
    assert!(store.remove_user(user.id, Some(locked_out.version), at(3)).await.unwrap());

    let added = store.add_vehicle(&home, &vehicle("bus"), at(5), &Once::unclaimed()).await.unwrap().vehicle;
    let next = Vehicle { version: added.version + 1, route: Some(Label::new("7").unwrap()), ..added.clone() };
    assert!(store.update_vehicle(&home, &next, at(6)).await.unwrap().is_some());
    assert!(store.update_vehicle(&home, &next, at(6)).await.unwrap().is_none());
    assert!(!store.remove_vehicle(&home, &added.id, Some(added.version), at(7)).await.unwrap());
    assert_eq!(store.get_vehicle(&home, &added.id).await.unwrap().unwrap().vehicle, next);
    assert!(store.remove_vehicle(&home, &added.id, Some(next.version), at(7)).await.unwrap());
    let anew = store.add_vehicle(&home, &vehicle("bus"), at(8), &Once::unclaimed()).await.unwrap().vehicle;
    assert!(anew.version > next.version, "a version of the old one is none of the new one");

    let fence = add_fence(store, &home, None).await;
    let described = store.update_geofence(&home, fence.id, fence.version, &fence.description, at(9)).await.unwrap();
    assert_eq!(described.unwrap().version, fence.version + 1);
    assert_eq!(store.update_geofence(&home, fence.id, fence.version, &fence.description, at(9)).await.unwrap(), None);
    assert!(!store.remove_geofence(&home, fence.id, Some(fence.version), at(9)).await.unwrap());
    assert!(store.remove_geofence(&home, fence.id, Some(fence.version + 1), at(9)).await.unwrap());

    let tracker = Device { version: 10, ..device("tracker", &home, "bus") };
    store.add_device(&tracker, &[1; 32], &Once::unclaimed()).await.unwrap();
    let next = Device { version: 11, name: Some(Label::new("Front").unwrap()), ..tracker.clone() };
    assert!(store.update_device(&next, at(10)).await.unwrap());
    for version in [10, 11, 13] {
        assert!(!store.update_device(&Device { version, ..tracker.clone() }, at(11)).await.unwrap(), "{version}");
    }
    assert_eq!(store.get_device(&home, &tracker.id).await.unwrap(), Some(next.clone()));
    assert!(!store.remove_device(&home, &tracker.id, Some(10), at(12)).await.unwrap());
    assert!(store.remove_device(&home, &tracker.id, Some(11), at(12)).await.unwrap());
}

pub(crate) async fn a_cadets_version_counts_the_changes_of_its_records(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    let cadet = add_cadet(store, &home).await;
    let id = cadet.id;
    let version = async || store.get_cadet(&home, id).await.unwrap().unwrap().version;
    let any = &ExpectedVersion::Any;
    assert_eq!((cadet.version, version().await), (1, 1));
    let grade = store.add_grade(&home, id, &merit(5), at(1), &Once::unclaimed()).await.unwrap();
    assert_eq!(version().await, 2);
    let absent = attended(AttendanceStatus::Absent);
    assert!(store.set_attendance(&home, id, any, day(1), &absent, at(2)).await.unwrap());
    assert_eq!(version().await, 3, "though no total changed");
    let half = ScoreChange { prelim: Some(score(50.0)), ..ScoreChange::default() };
    let (changed, _) = store.change_scores(&home, id, any, half, at(3)).await.unwrap();
    assert_eq!((changed.version, version().await), (4, 4));
    // What makes no difference makes no version.
    assert_eq!(store.change_scores(&home, id, any, half, at(4)).await.unwrap(), (changed, false));
    assert!(!store.set_attendance(&home, id, any, day(1), &absent, at(4)).await.unwrap());
    assert_eq!(version().await, 4);

    let newest = store.newest_event_id(&home).await.unwrap();
    let (stale, present) = (&ExpectedVersion::OneOf(vec![1, 3]), &ExpectedVersion::OneOf(vec![4, 9]));
    let refused = StoreError::Changed("cadet");
    let full = ScoreChange { prelim: Some(score(100.0)), ..ScoreChange::default() };
    let came = attended(AttendanceStatus::Present);
    assert_eq!(store.change_scores(&home, id, stale, full, at(5)).await, Err(refused.clone()));
    assert_eq!(store.set_attendance(&home, id, stale, day(1), &came, at(5)).await, Err(refused.clone()));
    assert_eq!(store.remove_grade(&home, id, stale, grade.id, at(5)).await, Err(refused));
    assert_eq!(store.remove_grade(&home, id, stale, GradeId::new(99).unwrap(), at(5)).await, Ok(None));
    assert_eq!(store.list_grades(&home, id, None, 9).await.unwrap(), std::slice::from_ref(&grade));
    assert_eq!(store.newest_event_id(&home).await.unwrap(), newest, "nothing was stored");
    assert_eq!(store.remove_grade(&home, id, present, grade.id, at(6)).await, Ok(Some(grade)));
    assert_eq!(version().await, 5);
}

pub(crate) async fn many_changes_at_once_all_count(database: &TestDatabase) {
    let (store, home) = (database.store.clone(), TenantId::default_tenant());
    let other = database.another_node().await;
    let user = add_user(&*store, "ann", &home, &[]).await;
    let writers = [store.clone(), other.clone()].into_iter().cycle().take(8).zip(0..).map(|(store, number)| {
        tokio::spawn(async move {
            loop {
                let mut user = store.get_user(user.id).await.unwrap().unwrap();
                user.vehicle_ids.push(id(&format!("bus-{number}")));
                user.version += 1;
                if store.update_user(&user, None, at(number)).await.unwrap() {
                    return;
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let mut listed = store.get_user(user.id).await.unwrap().unwrap().vehicle_ids;
    listed.sort();
    assert_eq!(listed, (0..8).map(|number| id(&format!("bus-{number}"))).collect::<Vec<_>>());
    other.close().await;
}

pub(crate) async fn logins_end_for_good(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    let mut user = add_user(store, "ann", &home, &[]).await;
    let id = user.id;
    let valid_from = async || store.get_login(id).await.unwrap().unwrap().tokens_valid_from.unix_ms();
    assert_eq!(valid_from().await, 0);
    let mut change = async |active: bool, new_hash: Option<&str>, ms: i64| {
        user.active = active;
        user.version += 1;
        assert!(store.update_user(&user, new_hash, at(ms)).await.unwrap());
    };
    change(true, None, 5).await;
    assert_eq!(valid_from().await, 0, "nothing ended");
    change(false, None, 10).await;
    assert_eq!(valid_from().await, at(10).unix_ms());
    change(true, None, 20).await;
    assert_eq!(valid_from().await, at(10).unix_ms(), "what ended does not begin again");
    change(true, Some("$new"), 30).await;
    assert_eq!(valid_from().await, at(10).unix_ms(), "a new hash ends what was issued with the old one");
    change(false, None, 5).await;
    assert_eq!(valid_from().await, at(10).unix_ms() + 1, "a clock that was set back gives no moment twice");
    assert!(store.end_logins(id, at(40)).await.unwrap());
    assert_eq!(valid_from().await, at(40).unix_ms());
}

pub(crate) async fn number_of_a_removed_user_is_erased(database: &TestDatabase) {
    let (store, home) = (&*database.store, TenantId::default_tenant());
    let (gone, stays) = (add_user(store, "ann", &home, &[]).await.id, add_user(store, "bob", &home, &[]).await.id);
    store.remove_user(gone, None, at(1)).await.unwrap();
    let never_given = milepost_domain::UserId::new(9_999).unwrap();
    for pass in 0..2 {
        for (user, erased) in [(gone, true), (stays, false), (never_given, false)] {
            assert_eq!(store.is_erased_user(user).await.unwrap(), erased, "{user} {pass}");
        }
        // Upkeep forgets what is left of the user, and not that there was one.
        let retention =
            milepost_store::Retention { events_ms: 1_000, positions_ms: 1_000, ..milepost_store::Retention::default() };
        store.prune(at(2), &retention).await.unwrap();
    }
}

pub(crate) async fn vehicle_made_anew_inherits_nothing(database: &TestDatabase) {
    let (store, home) = (database.store.clone(), TenantId::default_tenant());
    let acme = add_tenant(&*store, "acme").await;
    let whose = |tenant: &TenantId| if *tenant == home { "ann" } else { "bob" };
    let mut people = Vec::new();
    for tenant in [&home, &acme] {
        add_vehicles(&*store, tenant, &["bus", "Bus", "bus-2"]).await;
        let parent = add_user(&*store, whose(tenant), tenant, &["bus-2", "bus", "Bus"]).await;
        let fence = add_fence(&*store, tenant, Some(&["bus", "bus-2"])).await;
        let alone = add_fence(&*store, tenant, Some(&["bus"])).await;
        let of_all = add_fence(&*store, tenant, None).await;
        for (name, vehicle, subject) in
            [("first", "bus", "speed:bus:1"), ("deleted", "bus", "speed:bus:2"), ("other", "bus-2", "speed:bus-2:1")]
        {
            let raised = alert(&format!("{name} of {tenant}"), tenant, vehicle, subject);
            assert!(store.raise_alert(&raised, at(1), &Once::unclaimed()).await.unwrap());
        }
        let deleted = AlertId::new(&format!("deleted of {tenant}")).unwrap();
        assert!(store.delete_alert(tenant, COMPANY, &deleted, at(2)).await.unwrap());
        people.push((parent, fence, alone, of_all));
    }
    let kiosk = device("kiosk", &home, "bus");
    store.add_device(&kiosk, &[1; 32], &Once::unclaimed()).await.unwrap();
    let before = store.newest_event_id(&home).await.unwrap();
    assert!(store.remove_vehicle(&home, &id("bus"), None, at(3)).await.unwrap());

    let (parent, fence, alone, _) = &people[0];
    let facts: Vec<Fact> =
        store.events_after(&home, before, 100).await.unwrap().into_iter().map(|event| event.fact).collect();
    let expected = [
        Fact::UserChanged { user_id: parent.id },
        Fact::GeofenceChanged { geofence_id: fence.id },
        Fact::GeofenceChanged { geofence_id: alone.id },
        Fact::AlertDeleted { alert_id: AlertId::new("first of default").unwrap(), user_id: None },
        Fact::VehicleRemoved { vehicle_id: id("bus") },
    ];
    assert_eq!(facts, expected);

    store.add_vehicle(&home, &vehicle("bus"), at(4), &Once::unclaimed()).await.unwrap();
    let left: &[VehicleId] = &[id("bus-2"), id("Bus")];
    let after = store.get_user(parent.id).await.unwrap().unwrap();
    assert_eq!((after.vehicle_ids.as_slice(), after.version), (left, parent.version + 1));
    let of = async |fence: &Geofence| store.get_geofence(&fence.tenant, fence.id).await.unwrap().unwrap();
    let listed = async |fence: &Geofence| of(fence).await.description.vehicles.unwrap().as_slice().to_vec();
    assert_eq!(listed(fence).await, [id("bus-2")]);
    assert_eq!(listed(alone).await, [], "a fence for no vehicle is not one for all");
    assert_eq!(of(alone).await.version, alone.version + 1);
    let alerts = store.list_alerts(&home, COMPANY, false, None, 10, at(4)).await.unwrap();
    assert_eq!(alerts.iter().map(|alert| alert.id.as_str()).collect::<Vec<_>>(), ["other of default"]);
    for subject in ["speed:bus:1", "speed:bus:2"] {
        let anew = alert(subject, &home, "bus", subject);
        assert!(store.raise_alert(&anew, at(5), &Once::unclaimed()).await.unwrap(), "{subject} is free again");
    }
    assert_eq!(store.get_device(&home, &kiosk.id).await.unwrap(), None);
    assert_eq!(store.find_device_by_key(&[1; 32]).await.unwrap(), None);

    // Another tenant's vehicle of this id is none of this one's.
    let (parent, fence, alone, of_all) = &people[1];
    assert_eq!(store.get_user(parent.id).await.unwrap().as_ref(), Some(parent));
    for fence in [fence, alone, of_all] {
        assert_eq!(of(fence).await, *fence);
    }
    assert_eq!(store.list_alerts(&acme, COMPANY, false, None, 10, at(4)).await.unwrap().len(), 2);
}

pub(crate) async fn alert_raised_while_its_vehicle_is_removed_goes_with_it(database: &TestDatabase) {
    let (store, home) = (database.store.clone(), TenantId::default_tenant());
    let other = database.another_node().await;
    for round in 0..20 {
        add_vehicles(&*store, &home, &["bus"]).await;
        let (raises, tenant) = (other.clone(), home.clone());
        let raising = tokio::spawn(async move {
            let raised = alert(&format!("a{round}"), &tenant, "bus", &format!("speed:bus:{round}"));
            raises.raise_alert(&raised, at(1), &Once::unclaimed()).await
        });
        assert!(store.remove_vehicle(&home, &id("bus"), None, at(1)).await.unwrap());
        assert!(matches!(raising.await.unwrap(), Ok(true) | Err(StoreError::NotFound("vehicle"))));
        assert_eq!(store.list_alerts(&home, COMPANY, false, None, 10, at(1)).await.unwrap(), [], "round {round}");
    }
    other.close().await;
}

pub(crate) async fn removed_vehicle_of_many_parents_leaves_them_all(database: &TestDatabase) {
    let (store, home) = (database.store.clone(), TenantId::default_tenant());
    add_vehicles(&*store, &home, &["bus", "quote\u{301}d"]).await;
    let mut parents = Vec::new();
    for number in 0..30 {
        parents.push(add_user(&*store, &format!("p{number}"), &home, &["quote\u{301}d", "bus"]).await.id);
    }
    let committer = Committer::start(store.clone(), None);
    let batch = PositionBatch { received_at: at(2), ..batch(&home, vec![full_position("bus", 1)]) };
    committer.record(batch).await.unwrap();
    let before = store.newest_event_id(&home).await.unwrap();
    assert!(store.remove_vehicle(&home, &id("bus"), None, at(3)).await.unwrap());
    assert_eq!(store.newest_event_id(&home).await.unwrap(), before + 31);
    for parent in parents {
        assert_eq!(store.get_user(parent).await.unwrap().unwrap().vehicle_ids, [id("quote\u{301}d")]);
    }
}
