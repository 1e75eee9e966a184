//! A parcel's change is published whatever its client does.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use milepost_access::{Access, TokenKeys};
use milepost_clock::Clock;
use milepost_domain::{
    Address, Caller, DriverFix, ExpectedVersion, Latitude, Longitude, ParcelStatus, Place, Principal, Role, TenantId,
    UserId,
};
use milepost_hub::{Hub, HubLimits};
use milepost_service::parcels::{ParcelChange, add_parcel, change_parcel};
use milepost_service::{Listener, NewParcel, ParcelUpdate, Request, ServiceParts, assemble};
use milepost_store::{Once, OpenOptions, Unsent, open};
use milepost_transport::WsEncoder;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

struct Watching(mpsc::UnboundedSender<ParcelUpdate>);

impl Listener for Watching {
    fn parcel_changed(&self, update: &ParcelUpdate) {
        let _ = self.0.send(update.clone());
    }
}

#[tokio::test]
async fn a_change_whose_client_goes_away_is_published_to_those_who_watch() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("milepost.db").display());
    let store = open(&url, &OpenOptions::default(), Arc::new(Unsent)).await.unwrap();
    let clock = Clock::system();
    let tokens = TokenKeys::new(&[7; 32], clock.clone()).unwrap();
    let (published, mut updates) = mpsc::unbounded_channel();
    let service = assemble(ServiceParts {
        store: Arc::clone(&store),
        clock: clock.clone(),
        access: Arc::new(Access::new(Arc::clone(&store), clock.clone(), tokens, 100)),
        on_transaction: Box::new(|_| {}),
        listeners: vec![Arc::new(Watching(published))],
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
    let home = TenantId::default_tenant();
    let user = |number| UserId::new(number).unwrap();
    let principal = Principal::User {
        id: Some(user(9)),
        subject: "9".to_owned(),
        role: Role::Admin,
        cadet_id: None,
        vehicle_ids: Vec::new(),
    };
    let caller = Caller { tenant: home.clone(), principal, expires_at: None };
    let request = Request { caller, now: clock.now(), address: None };
    let place = Place {
        latitude: Latitude::new(1.0).unwrap(),
        longitude: Longitude::new(2.0).unwrap(),
        address: Address::default(),
    };
    let new = NewParcel {
        tenant: home.clone(),
        client_id: user(7),
        driver_id: None,
        pickup: place.clone(),
        destination: place.clone(),
        status: ParcelStatus::Pending,
    };
    let parcels = &service.use_cases.parcels;
    let id = add_parcel(parcels, &request, new, &Once::unclaimed()).await.unwrap().id;
    for driver in 20..30 {
        // The new driver's last location is read between the commit and the publication.
        let fix = DriverFix {
            driver_id: user(driver),
            at: request.now,
            latitude: place.latitude,
            longitude: place.longitude,
            address: Address::default(),
        };
        store.record_driver_fix(&home, &fix, &[], &[], request.now).await.unwrap();
        let change = ParcelChange { driver_id: Some(Some(user(driver))), status: None };
        let expected = ExpectedVersion::Any;
        let changing = change_parcel(parcels, &request, &home, id, &expected, change);
        // Begun, and dropped as a handler is whose client has gone away.
        tokio::select! {
            biased;
            _ = changing => panic!("it waits for the database"),
            () = std::future::ready(()) => {}
        }
        let update = tokio::time::timeout(Duration::from_secs(60), updates.recv()).await.expect("published").unwrap();
        assert_eq!((update.current.parcel.driver_id, update.driver_changed), (Some(user(driver)), true));
        assert_eq!(update.current.progress.map(|progress| progress.fix), Some(fix));
    }
}
