//! Each vehicle's history is folded by one node, whichever node takes its positions.

use crate::nodes::support::{TwoNodes, is_ready};
use crate::support::{PATIENCE, TestServer};
use milepost_domain::Timestamp;
use milepost_follow::TrackStats;
use std::time::Duration;

const VEHICLES: usize = 8;
const POSITIONS: i64 = 12;

fn stats(server: &TestServer) -> TrackStats {
    server.running.assembly.tracks.stats()
}

/// Waits until both have folded `count` positions and wait for nothing.
async fn folded(one: &TestServer, two: &TestServer, count: u64) {
    let wait = async {
        loop {
            let (one, two) = (stats(one), stats(two));
            if one.folds + two.folds >= count && one.waiting + two.waiting + one.behind + two.behind == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(PATIENCE, wait).await;
    assert!(waited.is_ok(), "{:?} and {:?}", stats(one), stats(two));
}

/// Drives every vehicle to the north at 36 km/h, a position each ten seconds, in turn through one node and the other.
async fn drive(nodes: [&TestServer; 2], steps: std::ops::Range<i64>, begun: Timestamp) {
    for step in steps {
        for vehicle in 0..VEHICLES {
            let node = nodes[(usize::try_from(step).unwrap() + vehicle) % 2];
            let at = begun.plus_ms(step * 10_000).to_string();
            node.report(&format!("b{vehicle}"), 48.0 + 0.0009 * step as f64, 11.0, &at).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_vehicle_is_folded_by_one_node_whichever_takes_its_positions() {
    let Some(TwoNodes { one, two, redis: _redis }) = TwoNodes::start(true).await else { return };
    for vehicle in 0..VEHICLES {
        one.add_bus(&format!("b{vehicle}")).await;
    }
    let begun = one.clock.clock().now().plus_ms(-POSITIONS * 20_000);
    drive([&one, &two], 0..POSITIONS, begun).await;
    let all = VEHICLES as u64 * POSITIONS as u64;
    folded(&one, &two, all).await;
    let (first, second) = (stats(&one), stats(&two));
    assert_eq!(first.folds + second.folds, all, "no position is folded twice: {first:?} and {second:?}");
    assert!(first.folds > 0 && second.folds > 0, "each has a share: {first:?} and {second:?}");
    assert!(first.handed_over > 0 && second.handed_over > 0, "{first:?} and {second:?}");

    // The one that is left folds all of them, from where the other was.
    let before = stats(&one).folds;
    two.drain().await;
    is_ready(&one, |ready| ready["nodes"] == 1).await;
    drive([&one, &one], POSITIONS..POSITIONS + 3, begun).await;
    let wait = async {
        while stats(&one).folds < before + 3 * VEHICLES as u64 || stats(&one).waiting + stats(&one).behind > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("it folds them");
    for vehicle in 0..VEHICLES {
        let trips = one.get_json(&format!("/api/v1/trips?vehicle_id=b{vehicle}"), &one.admin).await;
        let trips = trips["items"].as_array().unwrap();
        assert_eq!(trips.len(), 1, "{trips:?}");
        let driven_m = trips[0]["distance"].as_f64().unwrap() * 1000.0;
        let expected_m = (POSITIONS + 2) as f64 * 100.0;
        assert!((driven_m - expected_m).abs() < 30.0, "{driven_m} m instead of {expected_m} m");
    }
}
