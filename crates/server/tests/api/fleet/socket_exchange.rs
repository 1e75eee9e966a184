//! Replays the recorded exchange of the fleet dialect against a real server, byte for byte but for the times.

use crate::fleet::socket_support::{alert, alert_deleted, alert_read, braking, crossing, manager, service_due, trip};
use crate::support::Watcher;
use crate::support::databases::{Database, on_both};
use milepost_domain::{Fact, FenceEvent, Revision, TripStatus};
use std::collections::HashMap;

on_both! {
    the_replaced_systems_messages,
}

const COMPANY: &str = "123";

fn fact_named(name: &str) -> Fact {
    match name {
        "trip_started" => trip(COMPANY, "7", TripStatus::Started, Revision::New),
        "trip_completed" => trip(COMPANY, "7", TripStatus::Completed, Revision::New),
        "trip_withdrawn" => trip(COMPANY, "7", TripStatus::Completed, Revision::Withdrawn),
        "crossing" => crossing("7", FenceEvent::Exit, Revision::New),
        "crossing_corrected" => crossing("7", FenceEvent::Enter, Revision::Corrected),
        "braking" => braking("7", Revision::New),
        "braking_withdrawn" => braking("7", Revision::Withdrawn),
        "service_due" => service_due("7"),
        "alert" => alert(COMPANY, "a1", None, Some("7")),
        "alert_read" => alert_read("a1", None),
        "alert_deleted" => alert_deleted("a1", None),
        "own_alert" => alert(COMPANY, "a2", Some(456), None),
        other => panic!("unknown fact {other}"),
    }
}

async fn the_replaced_systems_messages(database: Database) {
    let exchange = include_str!("../../../../dialects/fleet/exchanges/original.txt");
    let server = database.start().await;
    server.add_company(COMPANY).await;
    let mut watchers: HashMap<String, Watcher> = HashMap::new();
    let mut checked = 0;
    for line in exchange.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let words: Vec<_> = line.splitn(3, ' ').collect();
        match words[..] {
            ["open", who, id] => {
                // Opens the socket as a client of the replaced system does.
                let path = format!("/ws/tracking?company_id={COMPANY}&user_id={id}");
                watchers.insert(who.to_owned(), server.watch(&path, &manager(id.parse().unwrap(), COMPANY)).await);
            }
            ["place", vehicle] => server.place(COMPANY, vehicle, 10.25).await,
            ["fact", name] => {
                server.store_facts(COMPANY, &[fact_named(name)]).await;
            }
            [who, ">>", text] => watchers.get_mut(who).unwrap().send_text(text).await,
            [who, "<<", text] => {
                let got = watchers.get_mut(who).unwrap().next_text().await;
                assert_eq!(without_times(&got), text, "at {line}");
                checked += 1;
            }
            _ => panic!("unknown line {line}"),
        }
    }
    assert!(checked > 25);
}

/// The text with every instant replaced by `T`.
fn without_times(text: &str) -> String {
    let mut masked = text.to_owned();
    for field in ["timestamp", "start_time", "end_time", "expires_at"] {
        let field = format!("\"{field}\":\"");
        let mut from = 0;
        while let Some(found) = masked[from..].find(&field) {
            let start = from + found + field.len();
            let length = masked[start..].find('"').unwrap();
            let is_utc_ms = length == 24 && masked[start..start + length].ends_with('Z');
            assert!(is_utc_ms, "{}", &masked[start..start + length]);
            masked.replace_range(start..start + length, "T");
            from = start;
        }
    }
    masked
}
