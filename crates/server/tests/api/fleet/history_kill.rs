//! kill -9 in the middle of a ride: the history is the same as without it.

use crate::fleet::history_support::{Past, Ride, facts, morning_ms, past, published_trips, report, sums, trips, until};
use crate::native::kill_nine::start_with;
use crate::support::signing::operator_token;
use crate::support::{fresh_postgres, http_client};
use milepost_domain::Fact;
use milepost_outbox::PublicForm;
use milepost_store::{OpenOptions, Store, open};
use serde_json::{Value, json};
use std::sync::Arc;

async fn add_vehicle(url: &str, vehicle: &str) {
    let body = json!({"id": vehicle, "kind": "bus", "label": vehicle});
    let added =
        http_client().post(format!("{url}/api/v1/vehicles")).bearer_auth(operator_token()).json(&body).send().await;
    assert_eq!(added.unwrap().status(), 201);
}

async fn has_folded(url: &str) -> bool {
    let metrics = http_client().get(format!("{url}/metrics")).bearer_auth(operator_token()).send().await.unwrap();
    let text = metrics.text().await.unwrap();
    let folds = text.lines().find_map(|line| line.strip_prefix("milepost_track_folds_total ")).unwrap();
    folds.parse::<u64>().unwrap() > 0
}

async fn kill_and_compare(database: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    let settings: Vec<(&str, &str)> = database.map(|url| ("DATABASE_URL", url)).into_iter().collect();
    let positions = Ride::two_trips(morning_ms());
    let http = http_client();
    let url_of_store =
        database.map_or_else(|| format!("sqlite://{}", folder.path().join("milepost.db").display()), str::to_owned);

    let (server, url) = start_with(folder.path(), &settings);
    let store: Arc<dyn Store> =
        open(&url_of_store, &OpenOptions::default(), Arc::new(PublicForm::default())).await.unwrap();
    add_vehicle(&url, "plain").await;
    report(&http, &url, &operator_token(), "plain", &positions).await;
    until(&2, async || trips(&*store, "plain").await.iter().filter(|trip| trip.status.has_ended()).count()).await;
    let expected: Past = past(&*store, "plain").await;
    let (plain_sums, plain_published) = (sums(&*store).await, published_trips(&*store).await);
    add_vehicle(&url, "killed").await;
    let mut server = Some((server, url));
    // Killed after each part, at a random moment of its work; some parts come in the wrong order.
    let mut parts: Vec<&[Value]> = positions.chunks(45).collect();
    parts.swap(3, 4);
    for (round, part) in parts.into_iter().enumerate() {
        let (_, url) = server.as_ref().unwrap();
        report(&http, url, &operator_token(), "killed", part).await;
        if round % 2 == 0 {
            // Some of the part is folded, and perhaps written.
            until(&true, async || has_folded(url).await).await;
        }
        drop(server.take());
        server = Some(start_with(folder.path(), &settings));
    }
    until(&expected, async || past(&*store, "killed").await).await;
    assert_eq!(sums(&*store).await, plain_sums.map(|sum| 2 * sum));
    // The published changes give the same result: none twice, none missing.
    let all = facts(&*store).await;
    let last_published = all.iter().rev().find_map(|fact| match fact {
        Fact::TripChanged(update) => Some(update.trip.clone()),
        _ => None,
    });
    assert_eq!(last_published.as_ref(), trips(&*store, "killed").await.last());
    assert!(published_trips(&*store).await.len() >= 2 * plain_published.len());
    store.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_has_the_same_history_after_a_kill() {
    kill_and_compare(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_has_the_same_history_after_a_kill() {
    let Some(database) = fresh_postgres().await else { return };
    kill_and_compare(Some(&database)).await;
}
