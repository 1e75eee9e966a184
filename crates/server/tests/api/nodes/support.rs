//! Several nodes on one PostgreSQL, with a Redis of their own or without.

use crate::support::{PATIENCE, TestServer, fresh_postgres};
use milepost_test_support::RedisServer;
use serde_json::Value;
use std::time::Duration;

/// Two nodes and what is between them.
pub struct TwoNodes {
    pub one: TestServer,
    pub two: TestServer,
    pub redis: Option<RedisServer>,
}

impl TwoNodes {
    /// Starts both, or returns `None` where a part is not installed.
    pub async fn start(with_redis: bool) -> Option<Self> {
        Self::start_with(with_redis, &[]).await
    }

    /// Starts both with these settings.
    pub async fn start_with(with_redis: bool, settings: &[(&'static str, &str)]) -> Option<Self> {
        let redis = if with_redis { Some(RedisServer::start()?) } else { None };
        let database = fresh_postgres().await?;
        let url = redis.as_ref().map(RedisServer::url);
        let link: Vec<_> = url.as_deref().map(|url| ("REDIS_URL", url)).into_iter().collect();
        let settings = [&link[..], settings].concat();
        let one = TestServer::start_with(&[&settings[..], &[("DATABASE_URL", &database)]].concat()).await;
        let two = one.start_beside(&settings).await;
        let nodes = Self { one, two, redis };
        for node in [&nodes.one, &nodes.two] {
            is_ready(node, |ready| ready["nodes"] == 2 && ready["status"] == "ready").await;
        }
        Some(nodes)
    }
}

/// Waits until `/ready` says so.
pub async fn is_ready(node: &TestServer, is_so: impl Fn(&Value) -> bool) {
    let wait = async {
        loop {
            let ready: Value = node.get("/ready", "").await.json().await.unwrap();
            if is_so(&ready) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait).await.expect("/ready in time");
}
