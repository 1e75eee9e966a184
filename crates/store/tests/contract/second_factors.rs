//! Second factors: each code is good once, on whichever node, and wrong ones are counted.

use crate::database::TestDatabase;
use crate::samples::{add_tenant, at, new_user, tenant};
use milepost_domain::{Label, Role, TenantId, UserId};
use milepost_store::{
    ChallengePurpose, MAX_CHALLENGES, MAX_PASSKEYS, NewPasskey, Once, PasskeyAdded, Store, StoreError, TotpAttempt,
    TotpLimit,
};

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
    let has_totp = async || store.get_login(ann).await.unwrap().unwrap().factors.totp;
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
    store.add_challenge(&[1; 32], ann, ChallengePurpose::Login, at(100)).await.unwrap();
    assert_eq!(store.find_challenge(&[1; 32], at(99)).await.unwrap(), Some(ann));
    assert_eq!(store.find_challenge(&[1; 32], at(100)).await.unwrap(), None);
    assert!(store.remove_challenge(&[1; 32]).await.unwrap() && !store.remove_challenge(&[1; 32]).await.unwrap());
    for number in 0..=MAX_CHALLENGES {
        store
            .add_challenge(&[10 + number as u8; 32], ann, ChallengePurpose::Login, at(200 + i64::from(number)))
            .await
            .unwrap();
    }
    assert_eq!(store.find_challenge(&[10; 32], at(0)).await.unwrap(), None, "there are too many");
    assert_eq!(store.prune(at(202), &milepost_store::Retention::default()).await.unwrap().challenges, 2);
    assert!(store.end_logins(ann, at(0)).await.unwrap());
    assert_eq!(store.find_challenge(&[15; 32], at(0)).await.unwrap(), None);
}

pub(crate) async fn a_challenge_is_taken_once_for_its_purpose(database: &TestDatabase) {
    let store = &database.store;
    let ann = add_user(&**store, "ann").await;
    store.add_challenge(&[1; 32], ann, ChallengePurpose::StepUp, at(100)).await.unwrap();
    let take = async |purpose, ms| store.take_challenge(&[1; 32], purpose, at(ms)).await.unwrap();
    assert_eq!(store.find_challenge(&[1; 32], at(99)).await.unwrap(), None, "it opens no session");
    assert_eq!(take(ChallengePurpose::Login, 99).await, None);
    assert_eq!(take(ChallengePurpose::NewPasskey, 99).await, None);
    assert_eq!(take(ChallengePurpose::StepUp, 100).await, None);
    assert_eq!(take(ChallengePurpose::StepUp, 99).await, Some(ann));
    assert_eq!(take(ChallengePurpose::StepUp, 99).await, None);
}

pub(crate) async fn passkeys_are_added_used_and_removed(database: &TestDatabase) {
    let store = &database.store;
    let (ann, bob) = (add_user(&**store, "ann").await, add_user(&**store, "bob").await);
    let passkey = |user, id: u8, counter| NewPasskey {
        user,
        credential_id: vec![id; 16],
        public_key: vec![id; 70],
        counter,
        name: Label::new("Phone").unwrap(),
    };
    let number_of = |added| match added {
        PasskeyAdded::Added { number, is_first } => (number, is_first),
        PasskeyAdded::TooMany => panic!("there is room"),
    };
    let (first, is_first) = number_of(store.add_passkey(&passkey(ann, 1, 7), &[[1; 32]], at(5)).await.unwrap());
    assert!(is_first);
    let (second, is_first) = number_of(store.add_passkey(&passkey(ann, 2, 0), &[[2; 32]], at(6)).await.unwrap());
    assert!(!is_first && second != first);
    let taken = store.add_passkey(&passkey(bob, 1, 0), &[], at(7)).await;
    assert_eq!(taken, Err(StoreError::Conflict("passkey")), "it is another's");
    let listed = store.list_passkeys(ann).await.unwrap();
    assert_eq!(listed.iter().map(|passkey| passkey.number).collect::<Vec<_>>(), [first, second]);
    assert!(listed[0].new == passkey(ann, 1, 7) && listed[0].created_at == at(5) && listed[0].last_used_at.is_none());
    assert!(store.get_login(ann).await.unwrap().unwrap().factors.passkey);

    let used = async |user, number, counter| store.use_passkey(user, number, counter, at(9)).await.unwrap();
    assert!(!used(ann, first, 7).await && !used(ann, first, 6).await && !used(ann, first, 0).await);
    assert!(used(ann, first, 8).await && !used(bob, first, 9).await);
    assert!(used(ann, second, 0).await && used(ann, second, 0).await, "it counts nothing");
    assert!(used(ann, second, 1).await && !used(ann, second, 0).await);

    assert_eq!(store.remove_passkeys(bob, Some(first)).await.unwrap(), 0);
    assert_eq!(store.remove_passkeys(ann, Some(first)).await.unwrap(), 1);
    assert!(store.use_recovery_code(ann, &[1; 32], LIMIT).await.unwrap(), "the codes are good beside the other one");
    assert_eq!(store.remove_passkeys(ann, None).await.unwrap(), 1);
    assert!(store.get_login(ann).await.unwrap().unwrap().factors.is_empty());

    let (_, is_first) = number_of(store.add_passkey(&passkey(ann, 1, 0), &[[3; 32]], at(9)).await.unwrap());
    assert!(is_first);
    for id in 2..=MAX_PASSKEYS as u8 {
        number_of(store.add_passkey(&passkey(ann, id, 0), &[], at(9)).await.unwrap());
    }
    assert_eq!(store.add_passkey(&passkey(ann, 99, 0), &[], at(9)).await.unwrap(), PasskeyAdded::TooMany);
    assert_eq!(store.remove_passkeys(ann, None).await.unwrap(), u64::from(MAX_PASSKEYS));
    assert!(!store.use_recovery_code(ann, &[3; 32], LIMIT).await.unwrap(), "they went with the last one");
    number_of(store.add_passkey(&passkey(bob, 1, 0), &[], at(9)).await.unwrap());
    assert!(store.remove_user(bob, None, at(9)).await.unwrap());
    number_of(store.add_passkey(&passkey(ann, 1, 0), &[], at(9)).await.unwrap());
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
