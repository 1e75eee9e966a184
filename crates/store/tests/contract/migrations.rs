//! What an older version stored is kept by the migrations.

use crate::cadets::add_cadet;
use crate::database::TestDatabase;
use crate::parcels::new_parcel;
use crate::samples::{at, batch, full_position, history, id, new_user, position, tenant};
use milepost_domain::{CadetId, Device, Label, ParcelId, Target, TenantId, Timestamp, UserId, WebhookId};
use milepost_store::{Committer, NoticeFilter, Once, StoreError};

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
    let session = store.find_session(&[7; 32], at(0)).await.unwrap().unwrap();
    assert_eq!((session.user, session.expires_at), (bob.user.id, at(1_000)));
    assert_eq!(session.expires_at.ms_since(session.created_at), 14 * 24 * 3_600_000, "a session lasts two weeks");
    let again = store.add_user(&new_user("ann", &TenantId::default_tenant()), at(0), &Once::unclaimed()).await;
    assert_eq!(again, Err(StoreError::Conflict("username")));
    let namesake = store.add_user(&new_user("ann", &tenant("acme")), at(0), &Once::unclaimed()).await.unwrap();
    assert!(namesake.id.get() > 3, "the number of a removed user is given to nobody else");
    assert!(store.remove_user(bob.user.id, None, at(0)).await.unwrap());
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

pub(crate) async fn things_keep_their_numbers_when_these_become_their_tenants(database: &TestDatabase) {
    let (no, bytes) = if database.is_postgres() { ("false", "'\\x07'") } else { ("0", "x'07'") };
    let place = "0, 0, '', 0, 0, ''";
    let parcel = |tenant: i64| {
        format!(
            "insert into parcels (tenant_no, client_id, driver_id, pickup_latitude, pickup_longitude, pickup_address,
             destination_latitude, destination_longitude, destination_address, status, inside_pickup,
             inside_destination, created_ms, updated_ms, version)
             values ({tenant}, 7, 5, {place}, 'assigned', {no}, {no}, 1, 1, 1);"
        )
    };
    let call = |target: &str, webhook: &str, key: &str| {
        format!(
            "insert into outgoing_calls (tenant_no, target, webhook_no, path, body, key, created_ms, next_attempt_ms)
             values (1, '{target}', {webhook}, '', '{{}}', '{key}', 1, 1);"
        )
    };
    let sql = format!(
        "insert into tenants (id, name) values ('acme', 'Acme');
         insert into event_counters (tenant_no) select tenant_no from tenants where id = 'acme';
         {} {} {}
         insert into parcel_legs (parcel_id, version, driver_id, from_ms) values (2, 1, 5, 1);
         insert into driver_fixes (tenant_no, driver_id, at_ms, received_ms, latitude, longitude, address)
             values (1, 5, 2, 2, 1, 1, 'x');
         insert into cadets (tenant_no, name, created_ms) values (1, 'a', 1), (2, 'b', 1);
         insert into grades (cadet_id, kind, points, reason, created_ms) values (2, 'merit', 3, 'x', 1);
         insert into attendances (cadet_id, training_day_id, status) values (2, 4, 'present');
         insert into notices (tenant_no, user_id, is_message, message, kind, created_ms)
             values (1, 7, {no}, 'x', 'y', 1), (2, 7, {no}, 'z', 'y', 1);
         insert into webhooks (tenant_no, url, kinds, secret, created_ms)
             values (2, 'https://a.example', '[]', {bytes}, 1), (1, 'https://b.example', '[]', {bytes}, 1);
         insert into outgoing_pauses (target, until_ms) values ('webhook/2', 50), ('webhook/9', 50);
         {} {}",
        parcel(2),
        parcel(1),
        parcel(2),
        call("orders", "null", "one"),
        call("webhook/2", "2", "two"),
    );
    let upgraded = database.upgraded(27, &sql).await;
    let (store, home, acme) = (&upgraded.store, TenantId::default_tenant(), tenant("acme"));
    let (one, two) = (ParcelId::new(1).unwrap(), ParcelId::new(2).unwrap());
    assert_eq!(store.get_parcel(&home, two).await.unwrap().unwrap().id, two);
    assert_eq!(store.get_parcel(&home, one).await.unwrap(), None);
    assert_eq!(store.parcel_path(&home, two, None, 9).await.unwrap().len(), 1);
    let cadet = CadetId::new(2).unwrap();
    assert_eq!(store.list_grades(&acme, cadet, None, 9).await.unwrap().len(), 1);
    assert_eq!(store.list_attendance(&acme, cadet, None, 9).await.unwrap().len(), 1);
    let unread = NoticeFilter { messages: false, unread: true };
    let notices = store.list_notices(&acme, UserId::new(7).unwrap(), unread, None, 9).await.unwrap();
    assert_eq!(notices.iter().map(|notice| notice.id.get()).collect::<Vec<_>>(), [2]);
    let calls = store.list_calls(&home, None, None, 9).await.unwrap();
    assert_eq!(calls.iter().map(|call| (call.id.0, call.key.as_str())).collect::<Vec<_>>(), [(2, "two"), (1, "one")]);
    assert_eq!(calls[0].target, Target::Webhook(WebhookId(2)));
    assert_eq!(store.next_call_due().await.unwrap().map(Timestamp::unix_ms), Some(1));
    let queues = store.due_queues(Timestamp::from_unix_ms(40).unwrap(), 9).await.unwrap();
    assert_eq!(queues.len(), 1, "the webhook's receiver asked for a pause");
    // New ones go on from the tenant's largest.
    for (tenant, next) in [(&home, 3), (&acme, 4)] {
        let parcel = store.add_parcel(&new_parcel(tenant, None), at(0), &Once::unclaimed()).await.unwrap();
        assert_eq!(parcel.id.get(), next);
    }
    for (tenant, next) in [(&home, 2), (&acme, 3)] {
        assert_eq!(add_cadet(&**store, tenant).await.id.get(), next);
    }
    upgraded.remove().await;
}

pub(crate) async fn positions_of_before_have_no_attributes(database: &TestDatabase) {
    let at_ms = at(0).unix_ms();
    let insert = |table: &str, ms: i64| {
        format!(
            "insert into {table} (vehicle_no, at_ms, tenant_no, received_ms, latitude, longitude)
             values (1, {}, 1, {at_ms}, 30, -97.5);",
            at(ms).unix_ms()
        )
    };
    let tables = if database.is_postgres() { ["positions"; 2] } else { ["sorted_positions", "unsorted_positions"] };
    let sql = format!(
        "insert into vehicles (tenant_no, id, kind, label, status) values (1, 'bus', 'bus', 'b', 'active');
         insert into vehicle_states (vehicle_no, version, at_ms, latitude, longitude) values (1, 1, {}, 30, -97.5); {} {}",
        at(100).unix_ms(),
        insert(tables[0], 0),
        insert(tables[1], 100),
    );
    let upgraded = database.upgraded(37, &sql).await;
    let (store, home) = (&upgraded.store, TenantId::default_tenant());
    let before = [position("bus", 0), position("bus", 100)];
    assert_eq!(history(&**store, &home, "bus").await, before);
    let committer = Committer::start(store.clone(), None);
    let next = full_position("bus", 200);
    assert_eq!(committer.record(batch(&home, vec![next.clone()])).await.unwrap().accepted, 1);
    assert_eq!(history(&**store, &home, "bus").await, [&before[..], std::slice::from_ref(&next)].concat());
    assert_eq!(store.get_vehicle(&home, &id("bus")).await.unwrap().unwrap().track.last, Some(next));
    drop(committer);
    upgraded.remove().await;
}

pub(crate) async fn devices_and_cadets_of_before_can_be_changed(database: &TestDatabase) {
    let hash =
        if database.is_postgres() { format!("'\\x{}'", "07".repeat(32)) } else { format!("x'{}'", "07".repeat(32)) };
    let sql = format!(
        "insert into vehicles (tenant_no, id, kind, label, status) values (1, 'bus', 'bus', 'b', 'active');
         insert into devices (tenant_no, id, vehicle_no, key_hash) values (1, 'kiosk', 1, {hash});
         insert into cadets (tenant_no, id, name, created_ms) values (1, 1, 'a', 1);"
    );
    let upgraded = database.upgraded(35, &sql).await;
    let (store, home) = (&upgraded.store, TenantId::default_tenant());
    let kiosk = store.find_device_by_key(&[7; 32]).await.unwrap().unwrap();
    let next = Device { version: kiosk.version + 1, name: Some(Label::new("Front").unwrap()), ..kiosk.clone() };
    assert!(store.update_device(&next, at(1)).await.unwrap());
    let cadet = store.get_cadet(&home, CadetId::new(1).unwrap()).await.unwrap().unwrap();
    assert_eq!((kiosk.version, cadet.version), (1, 1));
    upgraded.remove().await;
}
