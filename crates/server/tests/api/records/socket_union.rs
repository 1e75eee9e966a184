//! Clients write, followers disconnect and come back, and the server is killed and restarted: each follower gets exactly the
//! events that it may see.

use crate::native::kill_nine::start_with;
use crate::records::rest_support::events_of;
use crate::records::stream_crowd::{
    Course, Seen, follow_by_socket, follow_by_stream, follow_steadily, people, write_records,
};
use crate::support::signing::claims_token;
use crate::support::{PATIENCE, TestServer, config_in, fresh_postgres, http_client};
use fastrand::Rng;
use milepost::serve::open_store;
use serde_json::json;
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::task::JoinHandle;

const WRITERS: u64 = 8;

/// Adds both cadets, and the outsider's tenant.
async fn prepare(url: &str) {
    let root = claims_token("root", "superadmin", "default");
    let bodies = [
        ("tenants", json!({"id": "acme", "name": "Acme"})),
        ("cadets", json!({"name": "Ann"})),
        ("cadets", json!({"name": "Bob"})),
    ];
    for (path, body) in bodies {
        let request = http_client().post(format!("{url}/api/v1/{path}")).bearer_auth(&root).json(&body);
        assert_eq!(request.send().await.unwrap().status(), 201, "{path}");
    }
}

struct Crowd {
    written: watch::Sender<bool>,
    over: watch::Sender<bool>,
    writers: Vec<JoinHandle<usize>>,
    followers: Vec<(usize, &'static str, JoinHandle<Seen>)>,
    acknowledged: Arc<AtomicUsize>,
}

impl Crowd {
    fn gather(url: watch::Receiver<String>) -> Self {
        let (written, is_written) = watch::channel(false);
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let writing = Course { url: url.clone(), over: is_written, written: Arc::clone(&acknowledged) };
        let (over, is_over) = watch::channel(false);
        let course = Course { url, over: is_over, written: Arc::clone(&acknowledged) };
        let writers = (0..WRITERS).map(|number| tokio::spawn(write_records(writing.clone(), number))).collect();
        let mut followers = Vec::new();
        for (number, person) in people().into_iter().enumerate() {
            let (course, token, dice) =
                (course.clone(), person.token, |n: u64| Rng::with_seed(100 + n + 2 * number as u64));
            let by_socket = tokio::spawn(follow_by_socket(course.clone(), token.clone(), dice(0)));
            let by_stream = tokio::spawn(follow_by_stream(course, token, dice(1)));
            followers.push((number, "socket", by_socket));
            followers.push((number, "stream", by_stream));
        }
        Self { written, over, writers, followers, acknowledged }
    }

    /// Waits until this many more were written, and for at least `least`.
    async fn write(&self, count: usize, least: Duration) {
        let (begun, goal) = (Instant::now(), self.acknowledged.load(Ordering::Relaxed) + count);
        tokio::time::sleep(least).await;
        while self.acknowledged.load(Ordering::Relaxed) < goal {
            assert!(begun.elapsed() < PATIENCE * 6, "{:?} of {goal} written", self.acknowledged);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Stops the writers and lets all followers read to the end. Returns what each got, and the number of acknowledged writes.
    async fn stop_and_finish(self) -> (Vec<(usize, &'static str, Seen)>, usize) {
        let Self { written, over, writers, followers, .. } = self;
        written.send(true).unwrap();
        let mut count = 0;
        for writer in writers {
            count += writer.await.unwrap();
        }
        over.send(true).unwrap();
        let mut seen = Vec::new();
        for (number, how, follower) in followers {
            seen.push((number, how, follower.await.unwrap()));
        }
        (seen, count)
    }
}

async fn check_every_follower(settings: &[(&'static str, &str)]) {
    let server = TestServer::start_with(settings).await;
    prepare(&server.url).await;
    let staff = people().swap_remove(2);
    let steady = follow_steadily(&server.url, &staff.token).await;
    let store = &server.running.assembly.store;
    let first = store.newest_event_id(&milepost_domain::TenantId::default_tenant()).await.unwrap();
    let (_url, at) = watch::channel(server.url.clone());
    let crowd = Crowd::gather(at);
    crowd.write(300, Duration::from_secs(1)).await;
    let (all_seen, written) = crowd.stop_and_finish().await;

    let mut logs = HashMap::new();
    for tenant in ["default", "acme"] {
        logs.insert(tenant, events_of(store.as_ref(), tenant).await);
    }
    for (number, how, seen) in &all_seen {
        let person = &people()[*number];
        seen.check(person, &logs[person.tenant]);
        assert!(seen.connections > 1, "{} by {how} came {} times", person.name, seen.connections);
    }
    let (live, replayed) = all_seen.iter().fold((0, 0), |sum, (_, _, seen)| (sum.0 + seen.live, sum.1 + seen.replayed));
    assert!(live > 0 && replayed > 0, "{live} live and {replayed} replayed");
    assert!(written >= 300, "{written}");
    let visible = logs["default"].iter().filter(|e| e.id > first && staff.viewer.may_see(e.fact.audience()));
    let expected: Vec<i64> = visible.map(|event| event.id).collect();
    let begun = Instant::now();
    while steady.lock().unwrap().len() < expected.len() && begun.elapsed() < PATIENCE {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(*steady.lock().unwrap(), expected, "who stays gets each event once, in order");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_follower_gets_exactly_its_events_on_sqlite() {
    check_every_follower(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_follower_gets_exactly_its_events_on_postgres() {
    let Some(database) = fresh_postgres().await else { return };
    check_every_follower(&[("DATABASE_URL", &database)]).await;
}

async fn check_every_follower_over_kills(settings: &[(&'static str, &str)]) {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, url) = start_with(folder.path(), settings);
    prepare(&url).await;
    let (moved, at) = watch::channel(url);
    let crowd = Crowd::gather(at);
    for round in 0..3 {
        crowd.write(40, Duration::from_millis(400 + 150 * round)).await;
        drop(server);
        let url;
        (server, url) = start_with(folder.path(), settings);
        moved.send(url).unwrap();
    }
    crowd.write(40, Duration::from_millis(400)).await;
    let (all_seen, written) = crowd.stop_and_finish().await;
    drop(server);
    let store = open_store(&config_in(folder.path(), settings)).await.unwrap();
    for (number, how, seen) in &all_seen {
        let person = &people()[*number];
        seen.check(person, &events_of(store.as_ref(), person.tenant).await);
        assert!(seen.connections > 3, "{} by {how}", person.name);
    }
    assert!(written >= 160, "{written}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_missed_when_the_server_is_killed_on_sqlite() {
    check_every_follower_over_kills(&[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_missed_when_the_server_is_killed_on_postgres() {
    let Some(database) = fresh_postgres().await else { return };
    check_every_follower_over_kills(&[("DATABASE_URL", &database)]).await;
}
