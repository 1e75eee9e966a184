//! Jobs: each is done by one node, survives it, and is removed with its file.

use crate::database::TestDatabase;
use crate::samples::{add_tenant, at, home_tenant, new_user};
use milepost_domain::{Author, JobFile, JobId, JobStatus, TenantId, Timestamp, UserId};
use milepost_store::{AuditFilter, JobLane, JobOutcome, JobQuota, NewJob, Once, Retention, Store, StoreError};

const QUOTA: JobQuota = JobQuota { tenant: 3, caller: 2, ended: None };
const LEASE_MS: i64 = 1_000;

fn job(id: &str, tenant: &TenantId) -> NewJob {
    NewJob {
        id: JobId::new(id).unwrap(),
        tenant: tenant.clone(),
        kind: "user.export",
        input: "{}".to_owned(),
        about: UserId::new(5).ok(),
        made_by: "1".to_owned(),
        due_at: at(0),
        audited_as: "user.export",
    }
}

async fn add(store: &dyn Store, new: &NewJob) -> bool {
    store.add_job(new, &Author::operator(at(0)), QUOTA, &Once::unclaimed()).await.unwrap()
}

async fn take(store: &dyn Store, ms: i64) -> Option<milepost_domain::Job> {
    store.take_job(JobLane::FirstOfTenant, at(ms), at(ms + LEASE_MS)).await.unwrap()
}

async fn take_second(store: &dyn Store, ms: i64) -> Option<String> {
    id_of(store.take_job(JobLane::SecondOfTenant, at(ms), at(ms + LEASE_MS)).await.unwrap())
}

fn id_of(job: Option<milepost_domain::Job>) -> Option<String> {
    job.map(|job| job.id.to_string())
}

async fn actions(store: &dyn Store, tenant: &TenantId) -> Vec<String> {
    let filter = AuditFilter { from: at(-1_000), to: at(100_000), actor: None, subject: None, action: None };
    let rows = store.list_audit(tenant, &filter, None, 10).await.unwrap();
    rows.into_iter().map(|row| row.action).collect()
}

pub(crate) async fn a_job_is_done_once_and_its_result_is_kept_for_its_time(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    assert!(add(store, &job("a", &home)).await);
    assert_eq!(actions(store, &home).await, ["user.export"]);
    assert!(take(store, -1).await.is_none(), "it is not due");
    let node = database.another_node().await;
    let (here, there) = tokio::join!(take(store, 1), take(&*node, 1));
    let taken = here.or(there).unwrap();
    assert!(take(store, 2).await.is_none(), "one node has it");
    assert_eq!((taken.status, taken.attempt, taken.about), (JobStatus::Running, 1, UserId::new(5).ok()));
    assert!(node.keep_job(&taken, 40, at(2_000)).await.unwrap());
    assert!(take(store, 1_500).await.is_none(), "it is kept");
    assert_eq!(store.get_job(&taken.id).await.unwrap().unwrap().progress, 40);
    let file = JobFile { key: "jobs/a-1".into(), name: "a.zip".into(), media_type: "application/zip".into(), bytes: 7 };
    let done = JobOutcome::Done(Some(file.clone()));
    let unannounced = store.end_job(&taken, &done, at(1_600), at(9_000), &[]).await;
    assert!(matches!(unannounced, Err(StoreError::Conflict(_))), "{unannounced:?}");
    store.announce_files(&["jobs/a-1".to_owned()], at(5_000)).await.unwrap();
    assert!(store.end_job(&taken, &done, at(1_600), at(9_000), &[]).await.unwrap());
    assert!(!store.end_job(&taken, &done, at(1_600), at(9_000), &[]).await.unwrap(), "it has ended");
    let ended = store.get_job(&taken.id).await.unwrap().unwrap();
    assert_eq!((ended.status, ended.progress, ended.file), (JobStatus::Done, 100, Some(file)));
    assert_eq!(store.unused_files(at(8_000), 10).await.unwrap(), [""; 0]);
    assert_eq!(store.prune(at(8_999), &Retention::default()).await.unwrap().jobs, 0);
    assert_eq!(store.prune(at(9_000), &Retention::default()).await.unwrap().jobs, 1);
    assert_eq!(store.get_job(&taken.id).await.unwrap(), None);
    assert_eq!(store.unused_files(at(9_000), 10).await.unwrap(), ["jobs/a-1"]);
    node.close().await;
}

pub(crate) async fn a_job_of_a_dead_node_is_taken_over_and_the_dead_one_writes_nothing(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    add(store, &job("a", &home)).await;
    let dead = take(store, 0).await.unwrap();
    let taken = take(store, LEASE_MS).await.unwrap();
    assert_eq!((taken.id.as_str(), taken.attempt), ("a", 2));
    assert!(!store.keep_job(&dead, 50, at(9_000)).await.unwrap());
    assert!(!store.end_job(&dead, &JobOutcome::Done(None), at(2_000), at(9_000), &[]).await.unwrap());
    assert!(store.end_job(&taken, &JobOutcome::Again(at(5_000)), at(2_000), at(9_000), &[]).await.unwrap());
    assert!(take(store, 4_999).await.is_none(), "later");
    let again = take(store, 5_000).await.unwrap();
    assert!(store.end_job(&again, &JobOutcome::Failed("no luck".into()), at(6_000), at(9_000), &[]).await.unwrap());
    let failed = store.get_job(&again.id).await.unwrap().unwrap();
    assert_eq!((failed.status, failed.error.as_deref()), (JobStatus::Failed, Some("no luck")));
    add(store, &job("b", &home)).await;
    let held = take(store, 6_000).await.unwrap();
    assert!(take(store, 6_001).await.is_none());
    store.release_jobs().await.unwrap();
    assert_eq!(take(store, 6_001).await.unwrap().attempt, held.attempt + 1, "a start alone on the database frees it");
}

pub(crate) async fn an_ended_job_gives_way_to_a_new_one_of_its_kind(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let of = |id: &str, by: &str| NewJob { made_by: by.to_owned(), kind: "report", about: None, ..job(id, &home) };
    let quota = JobQuota { tenant: 3, caller: 2, ended: Some(1) };
    let add =
        async |new: &NewJob| store.add_job(new, &Author::operator(at(0)), quota, &Once::unclaimed()).await.unwrap();
    let end = async |ms| {
        let taken = take(store, ms).await.unwrap();
        let key = format!("jobs/{}", taken.id);
        store.announce_files(std::slice::from_ref(&key), at(5_000)).await.unwrap();
        let file = JobFile { key, name: "a".into(), media_type: "text/csv".into(), bytes: 1 };
        assert!(store.end_job(&taken, &JobOutcome::Done(Some(file)), at(ms), at(9_000), &[]).await.unwrap());
        taken.id
    };
    let there = async |id: &str| store.get_job(&JobId::new(id).unwrap()).await.unwrap().is_some();
    for id in ["a", "b", "c"] {
        assert!(add(&of(id, "1")).await, "{id}");
        assert_eq!(end(1).await.as_str(), id);
    }
    assert_eq!(
        (there("a").await, there("b").await, there("c").await),
        (false, true, true),
        "one stays beside the new one"
    );
    assert_eq!(store.unused_files(at(1), 10).await.unwrap(), ["jobs/a"], "its file goes, too");
    assert!(add(&of("d", "2")).await && add(&of("e", "2")).await, "the tenant's oldest gives way");
    assert_eq!((there("b").await, there("c").await), (false, true));
    assert!(add(&of("f", "3")).await && !there("c").await);
    assert!(!add(&of("g", "4")).await, "what has not ended stays");
}

pub(crate) async fn tenants_take_turns_and_have_a_share(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let acme = add_tenant(store, "acme").await;
    let of = |id: &str, tenant: &TenantId, by: &str| NewJob { made_by: by.to_owned(), ..job(id, tenant) };
    assert!(add(store, &of("h1", &home, "1")).await && add(store, &of("h2", &home, "1")).await);
    assert!(!add(store, &of("h3", &home, "1")).await, "more than a caller's");
    assert!(
        add(store, &of("h3", &home, "2")).await && !add(store, &of("h4", &home, "3")).await,
        "more than a tenant's"
    );
    assert_eq!(actions(store, &home).await.len(), 3, "what was refused is not noted");
    assert!(add(store, &of("a1", &acme, "1")).await);
    assert_eq!(id_of(take(store, 1).await).as_deref(), Some("h1"));
    assert_eq!(id_of(take(store, 2).await).as_deref(), Some("a1"), "home has one running");
    assert!(take(store, 3).await.is_none());
    let nowhere = TenantId::new("nowhere").unwrap();
    let refused = store.add_job(&job("x", &nowhere), &Author::operator(at(0)), QUOTA, &Once::unclaimed()).await;
    assert_eq!(refused, Err(StoreError::NotFound("tenant")));
}

pub(crate) async fn callers_of_a_tenant_take_turns_beside_a_long_job(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let acme = add_tenant(store, "acme").await;
    let of = |id: &str, tenant: &TenantId, by: &str, about: Option<i64>| NewJob {
        made_by: by.to_owned(),
        about: about.map(|id| UserId::new(id).unwrap()),
        ..job(id, tenant)
    };
    let quota = JobQuota { tenant: 10, caller: 10, ended: None };
    for (id, by, about) in [
        ("long", "1", Some(5)),
        ("1 again", "1", None),
        ("about 5", "2", Some(5)),
        ("2", "2", None),
        ("2 again", "2", None),
        ("3", "3", None),
    ] {
        store.add_job(&of(id, &home, by, about), &Author::operator(at(0)), quota, &Once::unclaimed()).await.unwrap();
    }
    assert_eq!(id_of(take(store, 1).await).as_deref(), Some("long"));
    assert!(take(store, 2).await.is_none(), "the tenant has one running");
    assert!(add(store, &of("a", &acme, "1", None)).await);
    assert_eq!(take_second(store, 3).await.as_deref(), Some("a"), "a tenant that has none running comes first");
    assert_eq!(
        take_second(store, 4).await.as_deref(),
        Some("2"),
        "neither of the same caller nor about the same person"
    );
    assert!(take_second(store, 5).await.is_none(), "two at once");
    let running = store.get_job(&JobId::new("2").unwrap()).await.unwrap().unwrap();
    assert!(store.end_job(&running, &JobOutcome::Done(None), at(6), at(9_000), &[]).await.unwrap());
    assert_eq!(take_second(store, 7).await.as_deref(), Some("3"), "its caller had no turn");
}

pub(crate) async fn an_erasure_is_there_once_and_can_be_taken_back_until_it_begins(database: &TestDatabase) {
    let (store, home) = (&*database.store, home_tenant());
    let ann = store.add_user(&new_user("ann", &home), at(0), &Once::unclaimed()).await.unwrap().id;
    let by = Author::operator(at(0));
    let erasure = |id: &str, due_at: Timestamp| NewJob {
        kind: "user.erasure",
        audited_as: "user.erasure",
        about: Some(ann),
        due_at,
        ..job(id, &home)
    };
    assert!(!store.remove_erasure(ann, &by).await.unwrap());
    for (id, due) in [("a", at(50)), ("b", at(70))] {
        let due_at = store.add_erasure(&erasure(id, due), &by, &Once::unclaimed()).await.unwrap();
        assert_eq!(due_at, at(50), "the first one's time stands");
    }
    assert!(store.remove_erasure(ann, &by).await.unwrap());
    assert_eq!(actions(store, &home).await, ["user.keep", "user.erasure"]);
    store.add_erasure(&erasure("c", at(60)), &by, &Once::unclaimed()).await.unwrap();
    assert!(take(store, 59).await.is_none());
    let begun = take(store, 60).await.unwrap();
    assert!(!store.remove_erasure(ann, &by).await.unwrap(), "it has begun");
    store.end_job(&begun, &JobOutcome::Again(at(70)), at(61), at(70), &[]).await.unwrap();
    assert!(!store.remove_erasure(ann, &by).await.unwrap(), "a part of it is done");
}
