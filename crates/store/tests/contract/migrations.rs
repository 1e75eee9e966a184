//! What an older version stored is kept by the migrations.

use crate::database::TestDatabase;
use crate::samples::{at, id, new_user, tenant};
use milepost_domain::{TenantId, UserId};
use milepost_store::{Once, StoreError};

pub(crate) async fn users_keep_their_numbers_and_sessions_when_names_become_their_tenants(database: &TestDatabase) {
    let (yes, session) = if database.is_postgres() {
        ("true", format!("'\\x{}'", "07".repeat(32)))
    } else {
        ("1", format!("x'{}'", "07".repeat(32)))
    };
    let user = |name: &str, tenant: &str| {
        format!(
            "insert into users (username, password_hash, role, tenant_no, approved, active, cadet_id, vehicle_ids)
             values ('{name}', '$hash', 'manager', (select tenant_no from tenants where id = '{tenant}'), {yes}, {yes}, 3,
             '[\"b1\"]');"
        )
    };
    let sql = format!(
        "insert into tenants (id, name) values ('acme', 'Acme');
         insert into event_counters (tenant_no) select tenant_no from tenants where id = 'acme';
         {} {} {} delete from users where username = 'gone';
         insert into sessions (token_hash, user_id, expires_ms) values ({session}, 2, {});",
        user("ann", "default"),
        user("bob", "acme"),
        user("gone", "acme"),
        at(1_000).unix_ms(),
    );
    let upgraded = database.upgraded(26, &sql).await;
    let store = &upgraded.store;
    let ann = store.get_user(UserId::new(1).unwrap()).await.unwrap().unwrap();
    assert_eq!((ann.username.as_str(), ann.tenant.as_str(), ann.cadet_id), ("ann", "default", Some(3)));
    let bob = store.get_login(UserId::new(2).unwrap()).await.unwrap().unwrap();
    assert_eq!((bob.user.tenant.as_str(), bob.password_hash.as_deref()), ("acme", Some("$hash")));
    assert_eq!(store.find_session(&[7; 32], at(0)).await.unwrap(), Some((bob.user.id, at(1_000))));
    let again = store.add_user(&new_user("ann", &TenantId::default_tenant()), at(0), &Once::unclaimed()).await;
    assert_eq!(again, Err(StoreError::Conflict("username")));
    let namesake = store.add_user(&new_user("ann", &tenant("acme")), at(0), &Once::unclaimed()).await.unwrap();
    assert!(namesake.id.get() > 3, "the number of a removed user is given to nobody else");
    assert!(store.remove_user(bob.user.id, at(0)).await.unwrap());
    assert_eq!(store.find_session(&[7; 32], at(0)).await.unwrap(), None, "sessions go with their user");
    upgraded.remove().await;
}

pub(crate) async fn a_vehicle_whose_newest_position_is_marked_gets_its_place_back(database: &TestDatabase) {
    let table = if database.is_postgres() { "positions" } else { "sorted_positions" };
    let vehicle = |no: i64, name: &str, ms: i64| {
        format!(
            "insert into vehicles (tenant_no, id, kind, label, status) values (1, '{name}', 'bus', 'b', 'active');
             insert into vehicle_states (vehicle_no, version, at_ms, latitude, longitude) values ({no}, 3, {}, 0, 0);",
            at(ms).unix_ms()
        )
    };
    let position = |no: i64, ms: i64, latitude: f64| {
        format!(
            "insert into {table} (vehicle_no, at_ms, tenant_no, received_ms, latitude, longitude)
             values ({no}, {}, 1, 0, {latitude}, 0);",
            at(ms).unix_ms()
        )
    };
    let mark = |no: i64, ms: i64, reason: &str| {
        format!(
            "insert into outliers (vehicle_no, at_ms, reason, noted_ms) values ({no}, {}, '{reason}', 0);",
            at(ms).unix_ms()
        )
    };
    let sql = [
        vehicle(1, "bus", 30),
        position(1, 10, 48.0),
        position(1, 20, -33.0),
        position(1, 30, 0.0),
        mark(1, 20, "jump"),
        mark(1, 30, "null_island"),
        vehicle(2, "lost", 30),
        position(2, 30, 0.0),
        mark(2, 30, "null_island"),
        vehicle(3, "coarse", 30),
        position(3, 30, 0.0),
        mark(3, 30, "inaccurate"),
    ];
    let upgraded = database.upgraded(23, &sql.concat()).await;
    let track = async |name| {
        let found = upgraded.store.get_vehicle(&TenantId::default_tenant(), &id(name)).await.unwrap().unwrap().track;
        (found.last.map(|last| (last.at, last.latitude.get())), found.heard_at, found.version)
    };
    assert_eq!(track("bus").await, (Some((at(10), 48.0)), Some(at(30)), 3));
    assert_eq!(track("lost").await, (None, Some(at(30)), 3));
    assert_eq!(track("coarse").await, (Some((at(30), 0.0)), Some(at(30)), 3));
    upgraded.remove().await;
}
