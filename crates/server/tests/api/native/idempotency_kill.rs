//! kill -9 during requests that carry an `Idempotency-Key`: a repeated request gets the same answer, and its work is done
//! once.

use crate::native::kill_nine::start_with;
use crate::support::signing::operator_token;
use crate::support::{PATIENCE, http_client};
use milepost_clock::Clock;
use milepost_store::OpenOptions;
use reqwest::Client;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const WRITERS: usize = 16;
/// If work and answer were two transactions, every round would find some keys with only one of them.
const ROUNDS: usize = 6;

/// Where the requests go.
struct Target {
    http: Client,
    url: String,
    cadet: i64,
    answered: AtomicUsize,
}

enum Answer {
    /// The grade's number, and whether the answer is a stored one.
    Given {
        grade: i64,
        again: bool,
    },
    /// The server asks to try again later; the body says why.
    Later(Value),
    Dead,
}

impl Target {
    fn at(http: &Client, url: &str, cadet: i64) -> Arc<Self> {
        Arc::new(Self { http: http.clone(), url: url.to_owned(), cadet, answered: AtomicUsize::new(0) })
    }

    /// Gives a grade with the key as its reason.
    async fn give(&self, key: &str) -> Answer {
        let request = self.http.post(format!("{}/api/v1/cadets/{}/grades", self.url, self.cadet));
        let request = request.bearer_auth(operator_token()).header("Idempotency-Key", key);
        let grade = json!({"type": "merit", "points": 1, "reason": key});
        let Ok(response) = request.json(&grade).send().await else { return Answer::Dead };
        let (status, again) = (response.status(), response.headers().contains_key("idempotency-replayed"));
        let Ok(body) = response.json::<Value>().await else { return Answer::Dead };
        match status.as_u16() {
            201 => {
                self.answered.fetch_add(1, Ordering::Relaxed);
                Answer::Given { grade: body["id"].as_i64().unwrap(), again }
            }
            409 | 503 => Answer::Later(body),
            _ => panic!("{status}: {body}"),
        }
    }
}

/// Gives grades until the server dies. Returns the answers, and the key without an answer.
async fn give_until_death(target: Arc<Target>, round: usize, writer: usize) -> (Vec<(String, i64)>, String) {
    let mut given = Vec::new();
    for n in 0.. {
        let key = format!("{round}-{writer}-{n}");
        loop {
            match target.give(&key).await {
                Answer::Given { grade, .. } => {
                    given.push((key, grade));
                    break;
                }
                // The database is too busy for now.
                Answer::Later(_) => tokio::time::sleep(Duration::from_millis(5)).await,
                Answer::Dead => return (given, key),
            }
        }
    }
    unreachable!("the server dies before")
}

/// Repeats the request until it is answered. Returns the grade's number, and whether the dead server had given it.
async fn ask_again(target: &Target, key: &str) -> (i64, bool) {
    let begun = Instant::now();
    loop {
        match target.give(key).await {
            Answer::Given { grade, again } => return (grade, again),
            Answer::Later(problem) => {
                assert!(begun.elapsed() < PATIENCE, "{key} is not answered after the restart: {problem}");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Answer::Dead => panic!("the server is gone"),
        }
    }
}

/// The numbers of the cadet's grades, by reason.
async fn grades_by_reason(target: &Target) -> BTreeMap<String, Vec<i64>> {
    let mut found: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let url = format!("{}/api/v1/cadets/{}/grades?limit=1000{cursor}", target.url, target.cadet);
        let page: Value =
            target.http.get(url).bearer_auth(operator_token()).send().await.unwrap().json().await.unwrap();
        for grade in page["items"].as_array().unwrap() {
            let numbers = found.entry(grade["reason"].as_str().unwrap().to_owned()).or_default();
            numbers.push(grade["id"].as_i64().unwrap());
        }
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

async fn kill_and_ask_again(database: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    let settings: Vec<_> = database.map(|url| ("DATABASE_URL", url)).into_iter().collect();
    let http = http_client();
    let (mut given, mut kept, mut cadet) = (BTreeMap::new(), 0, 0);
    let (mut server, mut url) = start_with(folder.path(), &settings);
    for round in 0..ROUNDS {
        if cadet == 0 {
            let request =
                http.post(format!("{url}/api/v1/cadets")).bearer_auth(operator_token()).json(&json!({"name": "Ana"}));
            cadet = request.send().await.unwrap().json::<Value>().await.unwrap()["id"].as_i64().unwrap();
        }
        let target = Target::at(&http, &url, cadet);
        let writers = (0..WRITERS).map(|writer| tokio::spawn(give_until_death(Arc::clone(&target), round, writer)));
        let writers: Vec<_> = writers.collect();
        // After an amount of work instead of a time, so that each round kills the server at another moment.
        let begun = Instant::now();
        while target.answered.load(Ordering::Relaxed) < 20 + 7 * round && begun.elapsed() < PATIENCE {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        drop(server);
        let mut unanswered = Vec::new();
        for writer in writers {
            let (answered, key) = writer.await.unwrap();
            given.extend(answered);
            unanswered.push(key);
        }
        if let Some(database) = database {
            // No other node exists, but a server on PostgreSQL can't know that and would wait for a minute.
            let store = milepost_store::open(database, &OpenOptions::default(), Arc::new(milepost_store::Unsent))
                .await
                .unwrap();
            store.release_claims(Clock::system().now()).await.unwrap();
            store.close().await;
        }
        (server, url) = start_with(folder.path(), &settings);
        let target = Target::at(&http, &url, cadet);
        for key in unanswered {
            let (grade, again) = ask_again(&target, &key).await;
            kept += usize::from(again);
            assert_eq!(given.insert(key, grade), None);
        }
    }

    let target = Target::at(&http, &url, cadet);
    let found = grades_by_reason(&target).await;
    let answered: BTreeMap<String, Vec<i64>> = given.iter().map(|(key, grade)| (key.clone(), vec![*grade])).collect();
    assert!(found == answered, "{:?}", found.iter().find(|(key, numbers)| answered.get(*key) != Some(numbers)));
    let cadet: Value = {
        let request = http.get(format!("{url}/api/v1/cadets/{cadet}")).bearer_auth(operator_token());
        request.send().await.unwrap().json().await.unwrap()
    };
    assert_eq!(cadet["merit_points"], json!(given.len()), "each counts once");
    println!("{} grades, each given once; {kept} answers had been kept by a server that died", given.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_does_no_work_twice() {
    kill_and_ask_again(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_does_no_work_twice() {
    let Some(database) = crate::support::fresh_postgres().await else { return };
    kill_and_ask_again(Some(&database)).await;
}
