//! Redis is lost and comes back: `/ready` says so, local delivery goes on, and nothing is missed.

use crate::nodes::support::{TwoNodes, is_ready};
use milepost_test_support::RedisServer;

/// A fault, how it is made, and how it is mended.
type Fault = (&'static str, fn(&mut RedisServer), fn(&mut RedisServer));

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_missed_while_redis_is_away() {
    let Some(TwoNodes { one, two, redis }) = TwoNodes::start(true).await else { return };
    let mut redis = redis.unwrap();
    one.add_bus("b1").await;
    let mut here = one.watch("/ws/bus-tracking/", &one.admin).await;
    let mut there = two.watch("/ws/bus-tracking/", &two.admin).await;
    here.settle().await;
    there.settle().await;
    let faults: [Fault; 2] =
        [("killed", RedisServer::kill, RedisServer::run), ("paused", |redis| redis.pause(), |redis| redis.resume())];
    let mut second = 10;
    for (name, fault, mend) in faults {
        fault(&mut redis);
        for node in [&one, &two] {
            is_ready(node, |ready| ready["status"] == 503 && ready["relay"] == "unavailable" && ready["nodes"] == 2)
                .await;
        }
        // A load balancer keeps its nodes: they serve, and all of them lost Redis.
        assert_eq!(one.get("/ready?relay=optional", "").await.status(), 200);
        for _ in 0..2 {
            second += 1;
            one.report("b1", f64::from(second), 2.0, &format!("2025-01-15T10:00:{second}Z")).await;
            assert_eq!(here.next().await["data"]["latitude"], f64::from(second), "{name}");
            assert_eq!(there.next().await["data"]["latitude"], f64::from(second), "{name}");
        }
        mend(&mut redis);
        for node in [&one, &two] {
            is_ready(node, |ready| ready["status"] == "ready" && ready["relay"] == "redis").await;
        }
        second += 1;
        one.report("b1", f64::from(second), 2.0, &format!("2025-01-15T10:00:{second}Z")).await;
        assert_eq!(there.next().await["data"]["latitude"], f64::from(second), "{name}");
        here.next().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_ends_is_no_longer_counted() {
    let Some(TwoNodes { one, two, redis: _redis }) = TwoNodes::start(true).await else { return };
    two.drain().await;
    is_ready(&one, |ready| ready["nodes"] == 1).await;
}
