//! Second factors: each code is good once, on whichever node, and wrong ones are counted.

use crate::database::TestDatabase;
use crate::samples::{add_tenant, at, new_user, tenant};
use milepost_domain::{Role, TenantId, UserId};
use milepost_store::{MAX_CHALLENGES, Once, Store, StoreError, TotpAttempt, TotpLimit};

const LIMIT: TotpLimit = TotpLimit { attempts: 3, recovery_ms: 1_000 };

async fn add_user(store: &dyn Store, name: &str) -> UserId {
    store.add_user(&new_user(name, &TenantId::default_tenant()), at(0), &Once::unclaimed()).await.unwrap().id
}

/// A user whose authenticator app is confirmed.
async fn add_holder(store: &dyn Store, name: &str) -> UserId {
    let user = add_user(store, name).await;
    assert!(store.add_totp(user, b"secret").await.unwrap());
    assert!(store.confirm_totp(user, 5, &[[1; 32], [2; 32]], at(0)).await.unwrap());
    user
}

pub(crate) async fn a_code_is_good_once_on_whichever_node(database: &TestDatabase) {
    let (store, node) = (&database.store, database.another_node().await);
    let ann = add_holder(&**store, "ann").await;
    let (here, there) = tokio::join!(store.use_totp_step(ann, 6, LIMIT), node.use_totp_step(ann, 6, LIMIT));
    assert_ne!(here.unwrap(), there.unwrap());
    assert!(!store.use_totp_step(ann, 5, LIMIT).await.unwrap(), "an older one");
    let code = [2; 32];
    let (here, there) =
        tokio::join!(store.use_recovery_code(ann, &code, LIMIT), node.use_recovery_code(ann, &code, LIMIT));
    assert_ne!(here.unwrap(), there.unwrap());
    assert!(store.use_recovery_code(ann, &[1; 32], LIMIT).await.unwrap());
    let bob = add_holder(&**store, "bob").await;
    assert!(!store.use_recovery_code(ann, &[1; 32], LIMIT).await.unwrap(), "another's");
    assert!(store.use_recovery_code(bob, &[1; 32], LIMIT).await.unwrap());
    node.close().await;
}

pub(crate) async fn attempts_are_counted_and_forgiven(database: &TestDatabase) {
    let store = &database.store;
    let ann = add_holder(&**store, "ann").await;
    let begin = async |ms: i64| store.begin_totp_attempt(ann, LIMIT, at(ms)).await.unwrap();
    let allowed = TotpAttempt::Allowed { secret: b"secret".to_vec(), last_step: 5, is_confirmed: true };
    for _ in 0..3 {
        assert!(begin(0).await == allowed);
    }
    assert!(begin(0).await == TotpAttempt::TooMany { wait_ms: 1_000 });
    assert!(begin(1_000).await == allowed);
    assert!(store.use_totp_step(ann, 7, LIMIT).await.unwrap());
    let next = TotpAttempt::Allowed { secret: b"secret".to_vec(), last_step: 7, is_confirmed: true };
    assert!(begin(1_000).await == next, "a right code is forgiven");
    assert!(matches!(begin(1_000).await, TotpAttempt::TooMany { .. }));
    let bob = add_user(&**store, "bob").await;
    assert!(store.begin_totp_attempt(bob, LIMIT, at(0)).await.unwrap() == TotpAttempt::NoFactor);
}

pub(crate) async fn a_factor_counts_when_it_is_confirmed_and_goes_with_its_user(database: &TestDatabase) {
    let store = &database.store;
    let ann = add_user(&**store, "ann").await;
    let has_totp = async || store.get_login(ann).await.unwrap().unwrap().has_totp;
    assert!(store.add_totp(ann, b"one").await.unwrap() && store.add_totp(ann, b"two").await.unwrap());
    assert!(!has_totp().await);
    assert!(store.confirm_totp(ann, 5, &[[1; 32]], at(0)).await.unwrap());
    assert!(has_totp().await && !store.confirm_totp(ann, 6, &[], at(0)).await.unwrap());
    assert!(!store.add_totp(ann, b"three").await.unwrap(), "there is one");
    assert!(store.remove_totp(ann).await.unwrap() && !store.remove_totp(ann).await.unwrap());
    assert!(!has_totp().await && !store.use_recovery_code(ann, &[1; 32], LIMIT).await.unwrap());
    assert!(store.add_totp(ann, b"four").await.unwrap());
    assert!(store.remove_user(ann, None, at(1)).await.unwrap());
    assert_eq!(store.add_totp(ann, b"five").await, Err(StoreError::NotFound("user")));
}

pub(crate) async fn a_waiting_login_ends_once(database: &TestDatabase) {
    let store = &database.store;
    let ann = add_user(&**store, "ann").await;
    store.add_challenge(&[1; 32], ann, at(100)).await.unwrap();
    assert_eq!(store.find_challenge(&[1; 32], at(99)).await.unwrap(), Some(ann));
    assert_eq!(store.find_challenge(&[1; 32], at(100)).await.unwrap(), None);
    assert!(store.remove_challenge(&[1; 32]).await.unwrap() && !store.remove_challenge(&[1; 32]).await.unwrap());
    for number in 0..=MAX_CHALLENGES {
        store.add_challenge(&[10 + number as u8; 32], ann, at(200 + i64::from(number))).await.unwrap();
    }
    assert_eq!(store.find_challenge(&[10; 32], at(0)).await.unwrap(), None, "there are too many");
    assert_eq!(store.prune(at(202), &milepost_store::Retention::default()).await.unwrap().challenges, 2);
    assert!(store.end_logins(ann, at(0)).await.unwrap());
    assert_eq!(store.find_challenge(&[15; 32], at(0)).await.unwrap(), None);
}

pub(crate) async fn roles_of_a_tenant_need_a_second_factor(database: &TestDatabase) {
    let store = &database.store;
    let (ann, acme) = (add_user(&**store, "ann").await, add_tenant(&**store, "acme").await);
    let demanded = async || store.get_login(ann).await.unwrap().unwrap().is_factor_demanded;
    assert!(!demanded().await);
    store.set_second_factor_roles(&acme, &[Role::Parent]).await.unwrap();
    assert!(!demanded().await, "another tenant's");
    let home = TenantId::default_tenant();
    store.set_second_factor_roles(&home, &[Role::Admin, Role::Parent]).await.unwrap();
    assert!(demanded().await);
    assert_eq!(store.second_factor_roles(&home).await.unwrap(), [Role::Admin, Role::Parent]);
    store.set_second_factor_roles(&home, &[]).await.unwrap();
    assert!(!demanded().await);
    let nowhere = store.set_second_factor_roles(&tenant("nowhere"), &[]).await;
    assert_eq!(nowhere, Err(StoreError::NotFound("tenant")));
}
