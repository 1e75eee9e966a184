//! The timetables of tenants.

use crate::database::TestDatabase;
use crate::samples::at;
use milepost_domain::TenantId;
use milepost_store::{StoreError, StoredTimetable};

pub(crate) async fn a_timetable_is_replaced_and_removed(database: &TestDatabase) {
    let store = &database.store;
    let home = TenantId::default_tenant();
    assert_eq!(store.timetable_version(&home).await.unwrap(), None);
    store.set_timetable(&home, b"first", at(1)).await.unwrap();
    // An archive may be larger than what other rows hold.
    let large = vec![7; 3 << 20];
    store.set_timetable(&home, &large, at(1)).await.unwrap();
    let stored = store.get_timetable(&home).await.unwrap();
    let version = store.timetable_version(&home).await.unwrap().unwrap();
    assert_eq!(version, at(1).unix_ms() + 1, "two imports in one millisecond differ");
    assert_eq!(stored, Some(StoredTimetable { version, archive: large }));
    let elsewhere = TenantId::new("elsewhere").unwrap();
    assert_eq!(store.get_timetable(&elsewhere).await.unwrap(), None);
    let missing = store.set_timetable(&elsewhere, b"x", at(3)).await.unwrap_err();
    assert!(matches!(missing, StoreError::NotFound("tenant")), "{missing}");
    assert!(store.remove_timetable(&home).await.unwrap());
    assert!(!store.remove_timetable(&home).await.unwrap());
    assert_eq!(store.get_timetable(&home).await.unwrap(), None);
    // A node that knew the first one must notice the next.
    store.set_timetable(&home, b"anew", at(9)).await.unwrap();
    assert_ne!(store.timetable_version(&home).await.unwrap(), Some(version));
}
