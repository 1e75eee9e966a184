//! A change between the authentication of a credential and the registration of its connection is never missed.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use milepost_access::{
    Access, AccessError, Admission, Attempt, Authentication, Claims, CloseReason, Credential, Disconnect, Holder,
    Opened, TokenKeys, hash_secret,
};
use milepost_clock::{Clock, TurnableClock};
use milepost_domain::{
    Contact, Device, DeviceId, Label, PastAssignments, Role, TenantId, User, UserId, Username, Vehicle, VehicleId,
    VehicleKind,
};
use milepost_hub::{Hub, HubLimits};
use milepost_service::users::{NewUser, create_user};
use milepost_service::{EventFeed, ServiceParts, UseCases, assemble};
use milepost_store::{Once, OpenOptions, Store, Unsent, open};
use milepost_transport::WsEncoder;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A login with the password of [`Node::add_user`].
fn attempt(name: &str) -> Attempt {
    let (username, password) = (name.to_owned(), "open sesame".to_owned());
    Attempt { username, password, tenant: None, host_tenant: None, address: None }
}

struct Node {
    access: Arc<Access>,
    use_cases: Arc<UseCases>,
    event_feed: Arc<EventFeed>,
    turnable: TurnableClock,
    clock: Clock,
    store: Arc<dyn Store>,
    folder: tempfile::TempDir,
}

impl Node {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("milepost.db").display());
        let store = open(&url, &OpenOptions::default(), Arc::new(Unsent)).await.unwrap();
        let turnable = TurnableClock::new();
        let clock = turnable.clock();
        let tokens = TokenKeys::new(&[7; 32], clock.clone()).unwrap();
        let access = Arc::new(Access::new(Arc::clone(&store), clock.clone(), tokens, 100));
        let service = assemble(ServiceParts {
            store: Arc::clone(&store),
            clock: clock.clone(),
            access: Arc::clone(&access),
            on_transaction: Box::new(|_| {}),
            listeners: Vec::new(),
            tracking_ttl_ms: 86_400_000,
            outgoing: milepost_service::Outgoing::default(),
            parcel_zone: milepost_domain::ZoneRadius::default(),
            erasure_delay_ms: 0,
            files: milepost_service::FileStore::in_folder(&folder.path().join("proofs")).unwrap(),
            device_rules: milepost_service::devices::DeviceRules::default(),
            alert_expiry_ms: 86_400_000,
            tracks: Arc::default(),
            cache_budget: milepost_cache::CacheBudget::default(),
            hub: Hub::new(Arc::new(WsEncoder), HubLimits::default()),
            node: milepost_domain::NodeId::new(1),
            start_relay: Box::new(|receiver| Arc::new(milepost_relay::InProcessRelay::alone(receiver))),
        });
        let (use_cases, event_feed) = (service.use_cases, service.event_feed);
        Self { access, use_cases, event_feed, turnable, clock, store, folder }
    }

    async fn add_user(&self, name: &str) -> User {
        let new = NewUser {
            username: Username::new(name).unwrap(),
            password: Some("open sesame".to_owned()),
            role: Role::Parent,
            tenant: TenantId::default_tenant(),
            approved: true,
            active: true,
            cadet_id: None,
            vehicle_ids: vec![VehicleId::new("b1").unwrap()],
            contact: Contact::default(),
        };
        create_user(&self.use_cases.users, new, self.clock.now()).await.unwrap()
    }

    async fn access_token(&self, name: &str) -> String {
        self.access.issue_tokens(attempt(name), None).await.unwrap().access
    }

    /// A token of another issuer.
    fn claimed(&self, subject: &str) -> String {
        self.access.tokens().sign(&Claims {
            subject: subject.to_owned(),
            tenant: None,
            role: Some(Role::Manager),
            cadet_id: None,
            vehicle_ids: Vec::new(),
            expires_at: self.clock.now().plus_ms(60_000),
            issued_at: None,
            is_refresh: false,
            is_account: false,
            password_fingerprint: None,
            session: None,
        })
    }

    async fn authenticate(&self, credential: Credential<'_>) -> Authentication {
        self.access.authenticate(credential).await.unwrap()
    }

    /// Registers a connection and checks it again.
    async fn revalidate(&self, authentication: Authentication) -> (Option<CloseReason>, Admission, Arc<Socket>) {
        let tenant = authentication.caller().tenant.clone();
        let admission = self.access.admit_to(&tenant, Some(authentication), None).unwrap();
        let socket = Arc::new(Socket::default());
        admission.attach(&socket);
        (self.access.revalidate(&admission).await.unwrap(), admission, socket)
    }
}

/// Opens a browser's session.
async fn open_session(node: &Node, name: &str) -> String {
    match node.access.open_session(attempt(name)).await.unwrap() {
        Opened::Session(secret) => secret,
        Opened::Challenge { .. } => panic!("{name} has no second factor"),
    }
}

#[derive(Default)]
struct Socket(Mutex<Vec<CloseReason>>);

impl Disconnect for Socket {
    fn disconnect(&self, reason: CloseReason) {
        self.0.lock().unwrap().push(reason);
    }
}

/// A change of a stored user, and what it has to do to a connection.
type Case = (&'static str, fn(&mut User), Option<&'static str>, Option<CloseReason>);

#[tokio::test]
async fn a_user_that_changed_meanwhile_is_not_let_in_as_it_was() {
    let node = Node::start().await;
    let cases: [Case; 9] = [
        ("nothing", |_| {}, None, None),
        ("name", |user| user.username = Username::new("renamed").unwrap(), None, None),
        ("role", |user| user.role = Role::Driver, None, Some(CloseReason::RightsChanged)),
        ("vehicles", |user| user.vehicle_ids.clear(), None, Some(CloseReason::RightsChanged)),
        ("cadet", |user| user.cadet_id = Some(4), None, Some(CloseReason::RightsChanged)),
        ("tenant", |user| user.tenant = TenantId::new("acme").unwrap(), None, Some(CloseReason::RightsChanged)),
        ("active", |user| user.active = false, None, Some(CloseReason::Revoked)),
        ("approved", |user| user.approved = false, None, Some(CloseReason::Revoked)),
        ("password", |_| {}, Some("$another"), Some(CloseReason::Revoked)),
    ];
    let acme = milepost_domain::Tenant { id: TenantId::new("acme").unwrap(), name: Label::new("Acme").unwrap() };
    node.store.add_tenant(&acme, &Once::unclaimed()).await.unwrap();
    for (name, change, new_hash, expected) in cases {
        let mut user = node.add_user(name).await;
        let token = node.access_token(name).await;
        let session = open_session(&node, name).await;
        let number = node.claimed(&user.id.to_string());
        let by_token = node.authenticate(Credential::Token(&token)).await;
        let by_session = node.authenticate(Credential::Session(&session)).await;
        let by_claims = node.authenticate(Credential::Token(&number)).await;
        change(&mut user);
        user.version += 1;
        // By another process: this one is not notified.
        assert!(node.store.update_user(&user, new_hash, node.clock.now()).await.unwrap());
        assert_eq!(node.revalidate(by_token).await.0, expected, "{name}, token");
        assert_eq!(node.revalidate(by_session).await.0, expected, "{name}, session");
        assert_eq!(node.revalidate(by_claims).await.0, expected, "{name}, another issuer's token");
    }
}

#[tokio::test]
async fn a_user_removed_or_added_meanwhile_is_found() {
    let node = Node::start().await;
    let ann = node.add_user("ann").await;
    let (token, number) = (node.access_token("ann").await, node.claimed(&ann.id.to_string()));
    let by_token = node.authenticate(Credential::Token(&token)).await;
    let by_claims = node.authenticate(Credential::Token(&number)).await;
    let next = UserId::new(ann.id.get() + 1).unwrap();
    let free_number = node.claimed(&next.to_string());
    let by_free_number = node.authenticate(Credential::Token(&free_number)).await;
    let by_text = node.authenticate(Credential::Token(&node.claimed("auth0|5"))).await;
    assert!(node.store.remove_user(ann.id, None, node.clock.now()).await.unwrap());
    assert_eq!(node.add_user("bob").await.id, next);
    assert_eq!(node.revalidate(by_token).await.0, Some(CloseReason::Revoked));
    assert_eq!(node.revalidate(by_claims).await.0, Some(CloseReason::Revoked));
    // The number has become a stored user's, whose rights win over what the token claims.
    assert_eq!(node.revalidate(by_free_number).await.0, Some(CloseReason::RightsChanged));
    assert_eq!(node.revalidate(by_text).await.0, None);
}

impl Node {
    /// Adds a bus with a device of this key, which another process may remove.
    async fn add_device(&self, id: &str, key: &str) -> Device {
        let home = TenantId::default_tenant();
        let bus = Vehicle::new(VehicleId::new(id).unwrap(), VehicleKind::new("bus").unwrap(), Label::new(id).unwrap());
        self.store.add_vehicle(&home, &bus, self.clock.now(), &Once::unclaimed()).await.unwrap();
        let device = Device {
            id: DeviceId::new(id).unwrap(),
            tenant: home,
            vehicle_id: bus.id,
            past_vehicles: PastAssignments::default(),
            name: None,
            unique_id: None,
            protocol: None,
            utc_offset: None,
            sack: false,
            version: 1,
        };
        self.store.add_device(&device, &hash_secret(key), &Once::unclaimed()).await.unwrap();
        device
    }

    async fn is_let_in(&self, key: &str) -> bool {
        self.access.authenticate(Credential::DeviceKey(key)).await.is_ok()
    }
}

#[tokio::test]
async fn a_device_is_believed_as_long_as_changes_are_followed() {
    let (node, home) = (Node::start().await, TenantId::default_tenant());
    let (first, second) = (node.add_device("k1", "mpd_1").await, node.add_device("k2", "mpd_2").await);
    assert!(node.is_let_in("mpd_1").await && node.is_let_in("mpd_2").await);
    for device in [&first, &second] {
        assert!(node.store.remove_device(&home, &device.id, None, node.clock.now()).await.unwrap());
    }
    node.turnable.turn(Duration::from_secs(60));
    // As the event feed says, although it has missed the changes.
    node.access.changes_followed(node.clock.instant());
    assert!(node.is_let_in("mpd_1").await && node.is_let_in("mpd_2").await, "they are not read again");
    // Told of a change, it is read again at once.
    node.access.revalidate_connections(Holder::Device(&home, &second.id)).await.unwrap();
    assert!(!node.is_let_in("mpd_2").await);
    node.turnable.turn(Duration::from_secs(1));
    assert!(!node.is_let_in("mpd_1").await, "nothing was followed for a second");
}

#[tokio::test]
async fn while_the_event_feed_can_not_read_a_device_is_read_again() {
    let node = Node::start().await;
    node.add_device("k1", "mpd_1").await;
    let event_feed = Arc::clone(&node.event_feed);
    let following = tokio::spawn(async move { event_feed.run().await });
    assert!(node.is_let_in("mpd_1").await);
    let changed_elsewhere = "alter table event_counters rename to not_readable; delete from devices";
    let file = node.folder.path().join("milepost.db");
    rusqlite::Connection::open(file).unwrap().execute_batch(changed_elsewhere).unwrap();
    let begun = std::time::Instant::now();
    while node.is_let_in("mpd_1").await {
        assert!(begun.elapsed() < Duration::from_secs(60), "it believes what it can't follow");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    following.abort();
}

#[tokio::test]
async fn a_session_ended_meanwhile_is_found_and_ends_with_its_own_sockets_alone() {
    let node = Node::start().await;
    let ann = node.add_user("ann").await;
    let open = async || open_session(&node, "ann").await;
    let (early, late, other) = (open().await, open().await, open().await);
    let by_early = node.authenticate(Credential::Session(&early)).await;
    let ends = node.store.find_session(&hash_secret(&early), node.clock.now()).await.unwrap().unwrap().expires_at;
    assert_eq!(by_early.caller().expires_at, Some(ends));
    node.access.close_session(&early).await.unwrap();
    assert_eq!(node.revalidate(by_early).await.0, Some(CloseReason::Revoked));

    let (nothing, _admission, late_socket) = node.revalidate(node.authenticate(Credential::Session(&late)).await).await;
    assert_eq!(nothing, None);
    let (_, _admission, other_socket) = node.revalidate(node.authenticate(Credential::Session(&other)).await).await;
    node.access.close_session(&late).await.unwrap();
    assert_eq!(*late_socket.0.lock().unwrap(), [CloseReason::Revoked]);
    assert!(other_socket.0.lock().unwrap().is_empty());
    assert!(matches!(
        node.access.authenticate(Credential::Session(&late)).await,
        Err(AccessError::NotAuthenticated(_))
    ));
    assert_eq!(node.authenticate(Credential::Session(&other)).await.caller().user_id(), Some(ann.id));
}

#[tokio::test]
async fn a_device_that_got_another_key_meanwhile_is_not_the_same() {
    let node = Node::start().await;
    let home = TenantId::default_tenant();
    let bus = Vehicle::new(VehicleId::new("b1").unwrap(), VehicleKind::new("bus").unwrap(), Label::new("b1").unwrap());
    node.store.add_vehicle(&home, &bus, node.clock.now(), &Once::unclaimed()).await.unwrap();
    let kiosk = Device {
        id: DeviceId::new("k1").unwrap(),
        tenant: home.clone(),
        vehicle_id: bus.id,
        past_vehicles: PastAssignments::default(),
        name: None,
        unique_id: None,
        protocol: None,
        utc_offset: None,
        sack: false,
        version: 1,
    };
    node.store.add_device(&kiosk, &hash_secret("mpd_old"), &Once::unclaimed()).await.unwrap();
    let (before, again) = (
        node.authenticate(Credential::DeviceKey("mpd_old")).await,
        node.authenticate(Credential::DeviceKey("mpd_old")).await,
    );
    assert_eq!(node.revalidate(before).await.0, None);
    assert!(node.store.remove_device(&home, &kiosk.id, None, node.clock.now()).await.unwrap());
    node.store.add_device(&kiosk, &hash_secret("mpd_new"), &Once::unclaimed()).await.unwrap();
    assert_eq!(node.revalidate(again).await.0, Some(CloseReason::Revoked));
}

#[tokio::test]
async fn a_password_that_a_program_sends_with_each_request_is_hashed_once_and_forgotten_when_it_changes() {
    let node = Node::start().await;
    let user = node.add_user("ann").await;
    let begun = std::time::Instant::now();
    assert_eq!(node.access.caller_of_password(attempt("ann")).await.unwrap().user_id(), Some(user.id));
    let first = begun.elapsed();
    let begun = std::time::Instant::now();
    for _ in 0..20 {
        node.access.caller_of_password(attempt("ann")).await.unwrap();
    }
    assert!(begun.elapsed() < first * 10, "20 in {:?}, the first in {first:?}", begun.elapsed());

    // A wrong one is hashed each time, and counts as a failure each time.
    let wrong = || Attempt { password: "open sesame ".to_owned(), ..attempt("ann") };
    let begun = std::time::Instant::now();
    for _ in 0..10 {
        let refused = node.access.caller_of_password(wrong()).await;
        assert!(matches!(refused, Err(AccessError::NotAuthenticated(_))));
    }
    assert!(begun.elapsed() > first, "10 in {:?}, the first in {first:?}", begun.elapsed());
    // And the right one is refused as it was before: nobody tries more often because it is remembered.
    for tried in [wrong(), attempt("ann")] {
        assert!(matches!(node.access.caller_of_password(tried).await, Err(AccessError::TooMany { .. })));
    }
    node.turnable.turn(Duration::from_secs(60));
    node.access.caller_of_password(attempt("ann")).await.unwrap();

    // Another node changes the password: nothing is told here, and the old one is refused at once.
    let hash = node.access.hash_password("open barley".to_owned()).await.unwrap();
    let changed = User { version: user.version + 1, ..user.clone() };
    assert!(node.store.update_user(&changed, Some(&hash), node.clock.now()).await.unwrap());
    let refused = node.access.caller_of_password(attempt("ann")).await;
    assert!(matches!(refused, Err(AccessError::NotAuthenticated(_))));
    let barley = || Attempt { password: "open barley".to_owned(), ..attempt("ann") };
    node.access.caller_of_password(barley()).await.unwrap();
    let locked = User { active: false, version: changed.version + 1, ..changed };
    assert!(node.store.update_user(&locked, None, node.clock.now()).await.unwrap());
    assert!(node.access.caller_of_password(barley()).await.is_err());
    assert!(node.store.remove_user(user.id, None, node.clock.now()).await.unwrap());
    assert!(node.access.caller_of_password(barley()).await.is_err());
}
