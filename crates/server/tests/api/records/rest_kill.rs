//! kill -9 while records are written: every acknowledged write is stored with its event, no event is stored without its
//! write, and the ids have no gap.

use crate::native::kill_nine::start_with;
use crate::records::rest_support::events_of;
use crate::support::signing::{claims_token, operator_token};
use crate::support::{PATIENCE, config_in, http_client};
use milepost::LogStats;
use milepost::serve;
use milepost_clock::Clock;
use milepost_domain::{Fact, NoticeContent};
use reqwest::Client;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

const ROUNDS: i64 = 4;
const WRITERS: usize = 8;
/// The points of every grade.
const POINTS: i64 = 3;

/// What the writers of a round share.
struct Round {
    url: String,
    http: Client,
    cadet: i64,
    /// The next training day that no round has used.
    next_day: Arc<AtomicI64>,
    /// The number of acknowledged turns through all kinds of writes.
    acknowledged: AtomicI64,
}

/// The numbers of acknowledged writes, by kind.
#[derive(Debug, Default)]
struct Written {
    grades: BTreeSet<i64>,
    taken_back: BTreeSet<i64>,
    days: BTreeSet<i64>,
    notifications: BTreeSet<i64>,
    messages: BTreeSet<i64>,
    manual: BTreeSet<i64>,
}

impl Written {
    fn sets(&mut self) -> [&mut BTreeSet<i64>; 6] {
        let Self { grades, taken_back, days, notifications, messages, manual } = self;
        [grades, taken_back, days, notifications, messages, manual]
    }
}

/// Sends a request. Returns the body of an acknowledged one, and `None` when the server is dead.
async fn acknowledged(request: reqwest::RequestBuilder) -> Option<Value> {
    let response = request.bearer_auth(operator_token()).send().await.ok()?;
    if !response.status().is_success() {
        assert_eq!(response.status(), 503, "nothing else is wrong with these requests");
        // The server knows that it can't write now; nothing was acknowledged.
        return Some(Value::Null);
    }
    let bytes = response.bytes().await.ok()?;
    // A 204 has no body.
    Some(serde_json::from_slice(&bytes).unwrap_or_else(|_| json!({"id": true})))
}

/// Makes all kinds of writes in turn, for one cadet and one user, until the server dies.
async fn write_until_death(round: Arc<Round>) -> Written {
    let Round { url, http, cadet, next_day, acknowledged: rounds } = &*round;
    let mut written = Written::default();
    let of = |rest: &str| format!("{url}/api/v1/{rest}");
    let id_in = |answer: &Value, field: &str| answer[field].as_i64();
    let first_item = |answer: &Value| answer["items"][0]["id"].as_i64();
    loop {
        let grade = json!({"type": "merit", "points": POINTS, "reason": "x"});
        let request = http.post(of(&format!("cadets/{cadet}/grades"))).json(&grade);
        let Some(answer) = acknowledged(request).await else { return written };
        if let Some(id) = id_in(&answer, "id") {
            written.grades.insert(id);
            if id % 3 == 0 {
                let request = http.delete(of(&format!("cadets/{cadet}/grades/{id}")));
                let Some(answer) = acknowledged(request).await else { return written };
                if answer["id"] == true {
                    written.taken_back.insert(id);
                }
            }
        }
        let day = next_day.fetch_add(1, Ordering::Relaxed);
        let request = http.put(of(&format!("cadets/{cadet}/attendance/{day}"))).json(&json!({"status": "present"}));
        let Some(answer) = acknowledged(request).await else { return written };
        written.days.extend(id_in(&answer, "training_day_id"));

        let request = http.post(of("notifications")).json(&json!({"user_ids": [7], "message": "x"}));
        let Some(answer) = acknowledged(request).await else { return written };
        written.notifications.extend(first_item(&answer));

        let request = http.post(of("messages")).json(&json!({"user_ids": [7, 8], "text": "x"}));
        let Some(answer) = acknowledged(request).await else { return written };
        written.messages.extend(first_item(&answer));

        let request = http.post(of("sync-events")).json(&json!({"event_type": "x", "payload": {"n": day}}));
        let Some(answer) = acknowledged(request).await else { return written };
        written.manual.extend(id_in(&answer, "event_id"));
        rounds.fetch_add(1, Ordering::Relaxed);
    }
}

/// The numbers of all items of a list.
async fn numbers_in(http: &Client, url: &str, path: &str, token: &str, field: &str) -> BTreeSet<i64> {
    let mut found = BTreeSet::new();
    let mut cursor = String::new();
    loop {
        let url = format!("{url}/api/v1/{path}?limit=1000{cursor}");
        let page: Value = http.get(url).bearer_auth(token).send().await.unwrap().json().await.unwrap();
        for item in page["items"].as_array().unwrap() {
            assert!(found.insert(item[field].as_i64().unwrap()), "{path} lists {item} twice");
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

async fn kill_and_read_again(database: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    let settings: Vec<(&'static str, &str)> = database.map(|url| ("DATABASE_URL", url)).into_iter().collect();
    let http = http_client();
    let next_day = Arc::new(AtomicI64::new(1));
    let mut written = Written::default();
    let mut cadet = 0;
    for round in 0..ROUNDS {
        let (server, url) = start_with(folder.path(), &settings);
        if round == 0 {
            let request = http.post(format!("{url}/api/v1/cadets")).json(&json!({"name": "Ana"}));
            cadet = acknowledged(request).await.unwrap()["id"].as_i64().unwrap();
        }
        let shared = Arc::new(Round {
            url,
            http: http.clone(),
            cadet,
            next_day: Arc::clone(&next_day),
            acknowledged: AtomicI64::new(0),
        });
        let writers: Vec<_> = (0..WRITERS).map(|_| tokio::spawn(write_until_death(Arc::clone(&shared)))).collect();
        // After an amount of work instead of a time, so that a busy machine writes as much before the kill. Each round kills the
        // server at another moment.
        let begun = Instant::now();
        while shared.acknowledged.load(Ordering::Relaxed) < 10 + 15 * round && begun.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        drop(server);
        for writer in writers {
            let mut more = writer.await.unwrap();
            for (all, more) in written.sets().into_iter().zip(more.sets()) {
                all.append(more);
            }
        }
    }
    for set in written.sets() {
        assert!(!set.is_empty(), "too little was acknowledged");
    }

    let running =
        serve::start(&config_in(folder.path(), &settings), Clock::system(), LogStats::default(), |_| {}).await.unwrap();
    let url = format!("http://{}", running.address);
    let events = events_of(running.assembly.store.as_ref(), "default").await;
    let mut published = Written::default();
    let mut last_standing = None;
    for event in &events {
        let first = match &event.fact {
            Fact::GradeUpdated(grade) => {
                last_standing = Some(grade.standing);
                let set = if grade.removed { &mut published.taken_back } else { &mut published.grades };
                set.insert(grade.grade_id.get())
            }
            Fact::AttendanceUpdated(update) => published.days.insert(update.training_day_id.get()),
            Fact::NoticeSent(notice) => match (&notice.content, notice.user_id.get()) {
                (NoticeContent::Notification { .. }, 7) => published.notifications.insert(notice.id.get()),
                (NoticeContent::Message { .. }, 7) => published.messages.insert(notice.id.get()),
                _ => true,
            },
            Fact::ManualEvent(_) => published.manual.insert(event.id),
            _ => true,
        };
        assert!(first, "published twice: {event:?}");
    }
    for (acknowledged, stored) in written.sets().into_iter().zip(published.sets()) {
        let lost: Vec<_> = acknowledged.difference(stored).collect();
        assert!(lost.is_empty(), "{} of {} acknowledged writes have no event", lost.len(), acknowledged.len());
    }

    // Rows and events are the same set.
    let admin = operator_token();
    let seven = claims_token("7", "cadet", "default");
    let of_cadet = |rest: &str| format!("cadets/{cadet}{rest}");
    let grades = numbers_in(&http, &url, &of_cadet("/grades"), &admin, "id").await;
    assert_eq!(grades, published.grades.difference(&published.taken_back).copied().collect());
    assert_eq!(numbers_in(&http, &url, &of_cadet("/attendance"), &admin, "training_day_id").await, published.days);
    assert_eq!(numbers_in(&http, &url, "notifications", &seven, "id").await, published.notifications);
    assert_eq!(numbers_in(&http, &url, "messages", &seven, "id").await, published.messages);
    let request = http.get(format!("{url}/api/v1/{}", of_cadet(""))).bearer_auth(&admin);
    let shown: Value = request.send().await.unwrap().json().await.unwrap();
    let merits = grades.len() as i64 * POINTS;
    assert_eq!((&shown["merit_points"], &shown["attendance_present"]), (&json!(merits), &json!(published.days.len())));
    assert_eq!(last_standing.unwrap().merit_points, merits);
    println!(
        "{} events after {ROUNDS} kills, {} grades, {} taken back",
        events.len(),
        published.grades.len(),
        published.taken_back.len()
    );
    running.drain().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_keeps_every_acknowledged_record_and_its_event() {
    kill_and_read_again(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_keeps_every_acknowledged_record_and_its_event() {
    let Some(database) = crate::support::fresh_postgres().await else { return };
    kill_and_read_again(Some(&database)).await;
}
