//! What devices report by their own protocols, from the report to what is stored, listed and alerted.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use milepost_access::{Access, TokenKeys};
use milepost_clock::TurnableClock;
use milepost_device_report::{DeviceReport, ReportTime};
use milepost_domain::{
    Alarm, AlertKind, AttributeList, AttributeValue, Caller, Device, DeviceId, DeviceProtocol, ExpectedVersion, Label,
    PastAssignments, Principal, Role, TenantId, Timestamp, UniqueId, Vehicle, VehicleId, VehicleKind,
};
use milepost_hub::{Hub, HubLimits};
use milepost_service::devices::{
    self, DeviceRules, KeyShown, NewDevice, Refusal, Reported, ReportingDevice, Taken, adopt_device,
    list_unknown_devices,
};
use milepost_service::{Once, Request, ServiceError, ServiceParts, TrackPosition, UseCases, WrongPositions, assemble};
use milepost_store::{OpenOptions, Store, Unsent, open};
use milepost_transport::WsEncoder;
use std::sync::Arc;
use std::time::Duration;

const PHONE: &str = "jane/phone";

struct Node {
    use_cases: Arc<UseCases>,
    store: Arc<dyn Store>,
    clock: TurnableClock,
    _folder: tempfile::TempDir,
}

impl Node {
    async fn start(rules: DeviceRules) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("milepost.db").display());
        let store = open(&url, &OpenOptions::default(), Arc::new(Unsent)).await.unwrap();
        let clock = TurnableClock::new();
        let tokens = TokenKeys::new(&[7; 32], clock.clock()).unwrap();
        let access = Arc::new(Access::new(Arc::clone(&store), clock.clock(), tokens, 100));
        let service = assemble(ServiceParts {
            store: Arc::clone(&store),
            cache_budget: milepost_cache::CacheBudget::default(),
            clock: clock.clock(),
            access,
            on_transaction: Box::new(|_| {}),
            listeners: Vec::new(),
            tracking_ttl_ms: 86_400_000,
            outgoing: milepost_service::Outgoing::default(),
            parcel_zone: milepost_domain::ZoneRadius::default(),
            erasure_delay_ms: 0,
            files: milepost_service::FileStore::in_folder(&folder.path().join("proofs")).unwrap(),
            device_rules: rules,
            alert_expiry_ms: 86_400_000,
            tracks: Arc::default(),
            hub: Hub::new(Arc::new(WsEncoder), HubLimits::default()),
            node: milepost_domain::NodeId::new(1),
            start_relay: Box::new(|receiver| Arc::new(milepost_relay::InProcessRelay::alone(receiver))),
        });
        let node = Self { use_cases: service.use_cases, store, clock, _folder: folder };
        let home = TenantId::default_tenant();
        for id in ["bus", "van"] {
            let vehicle = Vehicle::new(vehicle(id), VehicleKind::new("bus").unwrap(), Label::new(id).unwrap());
            node.store.add_vehicle(&home, &vehicle, node.now(), &Once::unclaimed()).await.unwrap();
        }
        node
    }

    fn now(&self) -> Timestamp {
        self.clock.clock().now()
    }

    fn request(&self, role: Role, tenant: &str) -> Request {
        let principal =
            Principal::User { id: None, subject: "x".to_owned(), role, cadet_id: None, vehicle_ids: Vec::new() };
        let caller = Caller { tenant: TenantId::new(tenant).unwrap(), principal, expires_at: None };
        Request { caller, now: self.now(), address: None }
    }

    fn admin(&self) -> Request {
        self.request(Role::Superadmin, "default")
    }

    async fn add(&self, id: &str, unique: Option<&str>, protocol: Option<DeviceProtocol>) -> NewDevice {
        let device = Device {
            id: DeviceId::new(id).unwrap(),
            tenant: TenantId::default_tenant(),
            vehicle_id: vehicle("bus"),
            past_vehicles: PastAssignments::default(),
            name: None,
            unique_id: unique.map(|unique| UniqueId::new(unique).unwrap()),
            protocol,
            utc_offset: None,
            sack: false,
            version: 0,
        };
        devices::add_device(&self.use_cases.devices, &self.admin(), device, &Once::unclaimed()).await.unwrap()
    }

    async fn report(&self, unique: &[&str], key: KeyShown<'_>, reports: &[DeviceReport]) -> Reported {
        let unique_ids: Vec<_> = unique.iter().map(|unique| UniqueId::new(unique).unwrap()).collect();
        let who = ReportingDevice {
            unique_ids: &unique_ids,
            protocol: DeviceProtocol::OSMAND,
            or_protocol: Some(DeviceProtocol::TRACCAR),
            key,
            address: Some("192.0.2.1".parse().unwrap()),
        };
        devices::report(&self.use_cases.devices, &who, reports, self.now()).await.unwrap()
    }

    async fn taken(&self, reports: &[DeviceReport]) -> Taken {
        match self.report(&[PHONE], KeyShown::Missing, reports).await {
            Reported::Taken(taken) => taken,
            Reported::Refused(refusal) => panic!("{refusal:?}"),
        }
    }

    async fn refused(&self, unique: &[&str], key: KeyShown<'_>) -> Refusal {
        match self.report(unique, key, &[fix(self.now(), 52.5)]).await {
            Reported::Refused(refusal) => refusal,
            Reported::Taken(taken) => panic!("{taken:?}"),
        }
    }

    async fn track(&self, id: &str) -> Vec<TrackPosition> {
        let range = (Timestamp::from_unix_ms(0).unwrap(), self.now().plus_ms(86_400_000));
        let (home, wrong) = (TenantId::default_tenant(), WrongPositions::Marked);
        self.store.positions(&home, &vehicle(id), range.0, range.1, None, wrong, 1_000).await.unwrap()
    }

    async fn alerts(&self) -> Vec<(AlertKind, Timestamp)> {
        let events = self.store.events_after(&TenantId::default_tenant(), 0, 1_000).await.unwrap();
        let raised = events.into_iter().filter_map(|event| match event.fact {
            milepost_domain::Fact::AlertRaised(alert) => Some((alert.kind, alert.at)),
            _ => None,
        });
        raised.collect()
    }
}

fn vehicle(id: &str) -> VehicleId {
    VehicleId::new(id).unwrap()
}

fn fix(at: Timestamp, latitude: f64) -> DeviceReport {
    DeviceReport::at_place(ReportTime::At(at), latitude, 13.4)
}

fn alarmed(at: Timestamp, alarm: Alarm) -> DeviceReport {
    let mut attributes = AttributeList::default();
    attributes.alarm(alarm);
    DeviceReport { attributes: attributes.finish(), ..fix(at, 52.5) }
}

#[tokio::test]
async fn an_unknown_device_is_listed_until_somebody_adds_it() {
    let node = Node::start(DeviceRules::default()).await;
    assert_eq!(node.refused(&[PHONE, "jp"], KeyShown::Missing).await, Refusal::Unknown);
    node.clock.turn(Duration::from_secs(5));
    assert_eq!(node.refused(&[PHONE, "jp"], KeyShown::Key("mpd_wrong")).await, Refusal::WrongKey);
    let devices = &node.use_cases.devices;
    let listed = list_unknown_devices(devices, &node.admin(), None, 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!((listed[0].unique_id.as_str(), listed[0].protocol), (PHONE, DeviceProtocol::OSMAND));
    assert!(listed[0].last_seen.ms_since(listed[0].first_seen) >= 5_000);
    for (role, tenant) in [(Role::Admin, "default"), (Role::Manager, "default"), (Role::Driver, "default")] {
        let refused = list_unknown_devices(devices, &node.request(role, tenant), None, 10).await;
        assert!(matches!(refused, Err(ServiceError::Forbidden(_))), "{role:?}");
    }
    let home = TenantId::default_tenant();
    let adopt = async |request: &Request, vehicle_id: &str| {
        let id = listed[0].id.clone();
        adopt_device(devices, request, &home, &id, vehicle(vehicle_id), &Once::unclaimed()).await
    };
    let admin = node.request(Role::Admin, "default");
    assert!(matches!(adopt(&admin, "bus").await, Err(ServiceError::Forbidden(_))));
    assert!(matches!(adopt(&node.admin(), "nowhere").await, Err(ServiceError::NotFound("vehicle"))));
    let adopted = adopt(&node.admin(), "bus").await.unwrap().device;
    assert_eq!(adopted.unique_id.unwrap().as_str(), PHONE);
    assert!(matches!(adopt(&node.admin(), "bus").await, Err(ServiceError::NotFound("unknown device"))));
    assert!(list_unknown_devices(devices, &node.admin(), None, 10).await.unwrap().is_empty());
    assert_eq!(node.taken(&[fix(node.now(), 52.5)]).await, Taken { accepted: 1, ..Taken::default() });
}

#[tokio::test]
async fn the_admins_of_the_chosen_tenant_see_unknown_devices() {
    let adopting_tenant = Some(TenantId::default_tenant());
    let node = Node::start(DeviceRules { adopting_tenant, ..DeviceRules::default() }).await;
    node.refused(&[PHONE], KeyShown::Missing).await;
    let devices = &node.use_cases.devices;
    for (role, tenant, sees) in [
        (Role::Superadmin, "acme", true),
        (Role::Admin, "default", true),
        (Role::Manager, "default", false),
        (Role::Admin, "acme", false),
    ] {
        let listed = list_unknown_devices(devices, &node.request(role, tenant), None, 10).await;
        assert_eq!(listed.is_ok(), sees, "{role:?} of {tenant}");
    }
}

#[tokio::test]
async fn a_device_is_known_by_its_name_or_its_key() {
    let node = Node::start(DeviceRules::default()).await;
    let phone = node.add("phone", Some(PHONE), None).await;
    let kiosk = node.add("kiosk", None, Some(DeviceProtocol::OVERLAND)).await;
    let tracker = node.add("tracker", Some("van-7"), Some(DeviceProtocol::TRACCAR)).await;
    let known = async |unique: &[&str], key| match node.report(unique, key, &[fix(node.now(), 52.5)]).await {
        Reported::Taken(_) => Ok(()),
        Reported::Refused(refusal) => Err(refusal),
    };
    assert_eq!(known(&[PHONE], KeyShown::Missing).await, Ok(()));
    assert_eq!(known(&["owntracks/jane/phone", PHONE], KeyShown::Impossible).await, Ok(()), "by another of its names");
    assert_eq!(known(&[PHONE], KeyShown::Key(&phone.key)).await, Ok(()));
    assert_eq!(known(&[], KeyShown::Key(&phone.key)).await, Ok(()), "by its key alone");
    assert_eq!(known(&["van-7"], KeyShown::Missing).await, Ok(()), "by the other name of the protocol");
    assert_eq!(known(&[PHONE], KeyShown::Key(&tracker.key)).await, Err(Refusal::WrongKey));
    assert_eq!(known(&["nobody"], KeyShown::Key(&tracker.key)).await, Err(Refusal::WrongKey));
    assert_eq!(known(&[], KeyShown::Key("mpd_x")).await, Err(Refusal::WrongKey));
    assert_eq!(known(&[], KeyShown::Missing).await, Err(Refusal::NoKey));
    assert_eq!(known(&["kiosk"], KeyShown::Missing).await, Err(Refusal::Unknown), "an id is no unique id");
    assert_eq!(known(&["kiosk"], KeyShown::Key(&kiosk.key)).await, Err(Refusal::OtherProtocol), "it is with its key");

    // Removed, renamed or set to another protocol: at once.
    let (devices, home) = (&node.use_cases.devices, TenantId::default_tenant());
    let any = &ExpectedVersion::Any;
    let only = |device: Device| Device { protocol: Some(DeviceProtocol::GT06), ..device };
    devices::change_device(devices, &node.admin(), &home, &tracker.device.id, any, only).await.unwrap();
    assert_eq!(known(&["van-7"], KeyShown::Missing).await, Err(Refusal::OtherProtocol));
    devices::remove_device(devices, &node.admin(), &home, &phone.device.id, any).await.unwrap();
    assert_eq!(known(&[PHONE], KeyShown::Missing).await, Err(Refusal::Unknown));
    node.add("phone-2", Some(PHONE), None).await;
    assert_eq!(known(&[PHONE], KeyShown::Missing).await, Ok(()));
}

#[tokio::test]
async fn keys_can_be_required_of_those_who_can_send_them() {
    let node = Node::start(DeviceRules { keys_required: true, ..DeviceRules::default() }).await;
    let phone = node.add("phone", Some(PHONE), None).await;
    assert_eq!(node.refused(&[PHONE], KeyShown::Missing).await, Refusal::NoKey);
    for key in [KeyShown::Key(&phone.key), KeyShown::Impossible] {
        assert!(matches!(node.report(&[PHONE], key, &[fix(node.now(), 52.5)]).await, Reported::Taken(_)));
    }
}

#[tokio::test]
async fn reports_become_positions_heartbeats_or_nothing() {
    let node = Node::start(DeviceRules::default()).await;
    node.add("phone", Some(PHONE), None).await;
    let now = node.now();
    let mut attributes = AttributeList::default();
    attributes.number("battery_percent", 54.0);
    let attributes = attributes.finish();
    let old = Timestamp::from_unix_ms(0).unwrap();
    let reports = [
        DeviceReport { ignition: Some(true), odometer_km: Some(7.5), ..fix(now.plus_ms(-60_000), 52.5) },
        DeviceReport { attributes: attributes.clone(), ..fix(now.plus_ms(-30_000), 52.501) },
        DeviceReport { is_valid: false, ..fix(now.plus_ms(-20_000), 52.6) },
        DeviceReport { is_valid: false, ..DeviceReport::at_place(ReportTime::At(now.plus_ms(-10_000)), 0.0, 0.0) },
        DeviceReport { attributes, ..DeviceReport::default() },
        fix(now.plus_ms(-5_000), 95.0),
        // Three that have no time of their own: the last one is of now.
        fix(old, 10.0),
        fix(now.plus_ms(3_600_000), 11.0),
        DeviceReport::at_place(ReportTime::Unknown, 52.502, 13.4),
        fix(now.plus_ms(-60_000), 52.5),
    ];
    assert_eq!(node.taken(&reports).await, Taken { accepted: 4, duplicates: 1, heartbeats: 2, dropped: 3 });
    let track = node.track("bus").await;
    let stored: Vec<_> = track.iter().map(|one| (one.position.latitude.get(), one.is_wrong)).collect();
    assert_eq!(stored, [(52.5, false), (52.501, false), (52.6, true), (52.502, false)]);
    assert_eq!((track[0].position.ignition, track[0].position.odometer.unwrap().get()), (Some(true), 7.5));
    assert_eq!(track[1].position.attributes.get("battery_percent"), Some(&AttributeValue::Number(54.0)));
    assert_eq!(track[3].position.at, now);
    assert_eq!(node.taken(&reports[..2]).await, Taken { duplicates: 2, ..Taken::default() }, "sent again");
    assert_eq!(node.taken(&[]).await, Taken::default());
}

#[tokio::test]
async fn a_device_that_was_moved_reports_for_the_vehicle_of_each_time() {
    let node = Node::start(DeviceRules::default()).await;
    let phone = node.add("phone", Some(PHONE), None).await;
    let before = node.now();
    node.clock.turn(Duration::from_secs(60));
    let moved = |device: Device| Device { vehicle_id: vehicle("van"), ..device };
    let (home, any) = (TenantId::default_tenant(), &ExpectedVersion::Any);
    devices::change_device(&node.use_cases.devices, &node.admin(), &home, &phone.device.id, any, moved).await.unwrap();
    node.clock.turn(Duration::from_secs(60));
    node.taken(&[fix(before, 52.5), fix(node.now(), 52.6)]).await;
    let latitudes = async |id| node.track(id).await.iter().map(|one| one.position.latitude.get()).collect::<Vec<_>>();
    assert_eq!((latitudes("bus").await, latitudes("van").await), (vec![52.5], vec![52.6]));
}

#[tokio::test]
async fn an_alarm_is_one_alert_while_it_lasts() {
    let node = Node::start(DeviceRules::default()).await;
    node.add("phone", Some(PHONE), None).await;
    let minute = |n: i64| node.now().plus_ms((n - 60) * 60_000);
    let first = minute(0);
    let lasting: Vec<_> = (0..8).map(|n| alarmed(first.plus_ms(n * 60_000), Alarm::Sos)).collect();
    for report in &lasting {
        node.taken(std::slice::from_ref(report)).await;
    }
    assert_eq!(node.alerts().await, [(AlertKind::DriverEvent, first)]);
    node.taken(&lasting).await;
    assert_eq!(node.alerts().await.len(), 1, "sent again");
    // Another alarm, one without a place, and the first one again much later.
    let power = alarmed(first.plus_ms(9 * 60_000), Alarm::PowerCut);
    let nowhere = DeviceReport { place: None, ..alarmed(first.plus_ms(30 * 60_000), Alarm::Crash) };
    let again = alarmed(first.plus_ms(50 * 60_000), Alarm::Sos);
    node.taken(&[power.clone(), nowhere, again]).await;
    let kinds: Vec<_> = node.alerts().await.iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [AlertKind::DriverEvent, AlertKind::SystemError, AlertKind::DriverEvent, AlertKind::DriverEvent]);
    // The backlog of last week alerts nobody.
    node.taken(&[alarmed(node.now().plus_ms(-7 * 86_400_000), Alarm::Tow)]).await;
    assert_eq!(node.alerts().await.len(), 4);
}
