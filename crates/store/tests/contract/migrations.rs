//! What an older version stored is kept by the migrations.

use crate::database::TestDatabase;
use crate::samples::{at, new_user, tenant};
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
    assert!(store.remove_user(bob.user.id, None, at(0)).await.unwrap());
    assert_eq!(store.find_session(&[7; 32], at(0)).await.unwrap(), None, "sessions go with their user");
    upgraded.remove().await;
}
