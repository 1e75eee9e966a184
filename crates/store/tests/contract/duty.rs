//! Off-duty time.

use crate::database::TestDatabase;
use crate::samples::{add_tenant, at, id, new_user, vehicle};
use milepost_domain::{
    Fact, MAX_OFF_DUTY, OffDuty, OffDutyRule, ReportedBy, Role, TenantId, Timestamp, UserId, Vehicle,
};
use milepost_store::{NewLogin, Once, Store};

async fn driver(store: &dyn Store, tenant: &TenantId) -> UserId {
    let new = NewLogin { role: Role::Driver, ..new_user("dan", tenant) };
    store.add_user(&new, at(0), &Once::unclaimed()).await.unwrap().id
}

fn off(from: i64, to: Option<i64>, with_vehicle: bool) -> OffDuty {
    OffDuty { from: at(from), to: to.map(at), with_vehicle }
}

pub(crate) async fn a_driver_goes_off_duty_and_comes_back(database: &TestDatabase) {
    let store = &database.store;
    let acme = add_tenant(&**store, "acme").await;
    let dan = driver(&**store, &acme).await;
    let van = Vehicle { driver_id: Some(dan), ..vehicle("van") };
    store.add_vehicle(&acme, &van, at(0), &Once::unclaimed()).await.unwrap();
    let since = async || store.get_vehicle(&acme, &id("van")).await.unwrap().unwrap().vehicle.off_duty_since;
    assert_eq!(store.change_duty(&acme, dan, true, at(1)).await.unwrap(), None, "the tenant keeps all");
    assert!(store.set_off_duty_rule(&acme, OffDutyRule::Phones, at(2)).await.unwrap());
    assert_eq!(store.change_duty(&acme, dan, false, at(2)).await.unwrap(), None, "it is on duty");
    let before = store.get_vehicle(&acme, &id("van")).await.unwrap().unwrap().vehicle.version;
    let newest = store.newest_event_id(&acme).await.unwrap();
    assert_eq!(store.change_duty(&acme, dan, true, at(10)).await.unwrap(), Some(off(10, None, false)));
    assert_eq!(store.change_duty(&acme, dan, true, at(11)).await.unwrap(), Some(off(10, None, false)), "as before");
    let facts: Vec<Fact> =
        store.events_after(&acme, newest, 10).await.unwrap().into_iter().map(|event| event.fact).collect();
    let told = [
        Fact::DutyChanged { user_id: dan, off_duty: off(10, None, false) },
        Fact::VehicleChanged { vehicle_id: id("van") },
    ];
    assert_eq!(facts, told);
    let shown = store.get_vehicle(&acme, &id("van")).await.unwrap().unwrap().vehicle;
    assert_eq!((shown.off_duty_since, shown.version), (Some(at(10)), before + 1));
    let another = Vehicle { driver_id: Some(dan), ..vehicle("bike") };
    let added = store.add_vehicle(&acme, &another, at(12), &Once::unclaimed()).await.unwrap();
    assert_eq!(added.vehicle.off_duty_since, Some(at(10)));
    assert_eq!(store.change_duty(&acme, dan, false, at(20)).await.unwrap(), Some(off(10, Some(20), false)));
    assert_eq!(since().await, None);
    store.change_duty(&acme, dan, true, at(30)).await.unwrap();
    let listed = store.list_off_duty(&acme, dan, None, 10).await.unwrap();
    assert_eq!(listed, [off(30, None, false), off(10, Some(20), false)]);
    assert_eq!(store.list_off_duty(&acme, dan, Some(at(30)), 10).await.unwrap(), listed[1..]);
    assert_eq!(store.list_off_duty(&TenantId::default_tenant(), dan, None, 10).await.unwrap(), []);
    let times = store.off_duty_times(&acme, None).await.unwrap();
    let left_out: Vec<i64> = (0..40).filter(|ms| times.leaves_out(&van, None, ReportedBy::Phone, at(*ms))).collect();
    assert_eq!(left_out, (10..20).chain(30..40).collect::<Vec<_>>());
    assert_eq!(store.off_duty_times(&acme, Some(dan)).await.unwrap(), times);
    store.remove_user(dan, None, at(50)).await.unwrap();
    assert_eq!(store.off_duty_times(&acme, None).await.unwrap(), milepost_domain::OffDutyTimes::default());
}

pub(crate) async fn what_is_left_out_follows_the_tenants_rule(database: &TestDatabase) {
    let store = &database.store;
    let acme = add_tenant(&**store, "acme").await;
    let dan = driver(&**store, &acme).await;
    assert_eq!(store.off_duty_rule(&acme).await.unwrap(), OffDutyRule::Kept);
    let missing = TenantId::new("missing").unwrap();
    assert!(!store.set_off_duty_rule(&missing, OffDutyRule::Phones, at(0)).await.unwrap());
    store.set_off_duty_rule(&acme, OffDutyRule::Phones, at(0)).await.unwrap();
    store.change_duty(&acme, dan, true, at(10)).await.unwrap();
    store.set_off_duty_rule(&acme, OffDutyRule::Vehicles, at(20)).await.unwrap();
    store.set_off_duty_rule(&acme, OffDutyRule::Vehicles, at(25)).await.unwrap();
    assert_eq!(store.off_duty_rule(&acme).await.unwrap(), OffDutyRule::Vehicles);
    store.set_off_duty_rule(&acme, OffDutyRule::Kept, at(30)).await.unwrap();
    let listed = store.list_off_duty(&acme, dan, None, 10).await.unwrap();
    assert_eq!(listed, [off(20, Some(30), true), off(10, Some(20), false)]);
    assert_eq!(store.change_duty(&acme, dan, true, at(40)).await.unwrap(), None);
    let facts = store.events_after(&acme, 0, 100).await.unwrap();
    let rules: Vec<_> = facts
        .iter()
        .filter_map(|event| if let Fact::OffDutyRuleChanged { rule } = event.fact { Some(rule) } else { None })
        .collect();
    assert_eq!(rules, [OffDutyRule::Phones, OffDutyRule::Vehicles, OffDutyRule::Kept]);
}

pub(crate) async fn many_times_off_duty_become_fewer_that_cover_as_much(database: &TestDatabase) {
    let store = &database.store;
    let acme = add_tenant(&**store, "acme").await;
    let dan = driver(&**store, &acme).await;
    store.set_off_duty_rule(&acme, OffDutyRule::Phones, at(0)).await.unwrap();
    let times = i64::try_from(MAX_OFF_DUTY).unwrap() + 1;
    for time in 1..=times {
        store.change_duty(&acme, dan, true, at(time * 10)).await.unwrap();
        store.change_duty(&acme, dan, false, at(time * 10 + 5)).await.unwrap();
    }
    let mut listed = Vec::new();
    loop {
        let before: Option<Timestamp> = listed.last().map(|time: &OffDuty| time.from);
        let page = store.list_off_duty(&acme, dan, before, 500).await.unwrap();
        if page.is_empty() {
            break;
        }
        listed.extend(page);
    }
    assert_eq!(listed.len(), MAX_OFF_DUTY);
    assert_eq!(listed[MAX_OFF_DUTY - 2..], [off(30, Some(35), false), off(10, Some(25), false)]);
}
