//! What every relay promises: within one process, on one Redis, on a Sentinel group, and on a cluster.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]

use milepost_clock::Clock;
use milepost_domain::{Latitude, Longitude, NodeId, Position, TenantId, Timestamp, VehicleId};
use milepost_relay::{
    FoldPosition, FoldStep, InProcessBus, InProcessRelay, Missed, News, NodeNews, Place, Receiver, RedisRelay,
    RedisUrl, Relay, RelayParts, RelayState,
};
use milepost_test_support::{PATIENCE, RedisServer};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{sleep, timeout};

/// Keeps what it receives.
#[derive(Default)]
struct Kept {
    news: Mutex<Vec<(TenantId, News)>>,
    missed: Mutex<Vec<Missed>>,
    of_nodes: Mutex<Vec<(NodeId, NodeNews)>>,
    to_fold: Mutex<Vec<(TenantId, FoldPosition)>>,
}

impl Receiver for Kept {
    fn received(&self, tenant: &TenantId, news: News) {
        self.news.lock().unwrap().push((tenant.clone(), news));
    }

    fn heard_of_node(&self, node: NodeId, news: Vec<NodeNews>) {
        self.of_nodes.lock().unwrap().extend(news.into_iter().map(|news| (node, news)));
    }

    fn handed_over(&self, tenant: &TenantId, positions: Vec<FoldPosition>) {
        self.to_fold.lock().unwrap().extend(positions.into_iter().map(|position| (tenant.clone(), position)));
    }

    fn missed(&self, missed: Missed) {
        self.missed.lock().unwrap().push(missed);
    }
}

impl Kept {
    fn take(&self) -> Vec<(TenantId, News)> {
        std::mem::take(&mut self.news.lock().unwrap())
    }

    fn take_missed(&self) -> Vec<Missed> {
        std::mem::take(&mut self.missed.lock().unwrap())
    }

    /// The next news, which must come.
    async fn next(&self, count: usize) -> Vec<(TenantId, News)> {
        until("news come", || self.news.lock().unwrap().len() >= count).await;
        self.take()
    }
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    let wait = async {
        while !is_so() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("waited in vain until {what}"));
}

struct Node {
    id: NodeId,
    relay: Arc<dyn Relay>,
    kept: Arc<Kept>,
}

impl Node {
    fn in_process(bus: &Arc<InProcessBus>) -> Self {
        let (kept, id) = (Arc::<Kept>::default(), NodeId::new(fastrand::u64(..)));
        Self { id, relay: Arc::new(InProcessRelay::join(bus, id, Arc::clone(&kept) as _)), kept }
    }

    fn on_redis(url: &str, installation: &str) -> Self {
        let (kept, id) = (Arc::<Kept>::default(), NodeId::new(fastrand::u64(..)));
        let relay = RedisRelay::start(RelayParts {
            url: RedisUrl::parse(url).unwrap(),
            installation: installation.to_owned(),
            node: id,
            clock: Clock::system(),
            receiver: Arc::clone(&kept) as _,
        });
        Self { id, relay: Arc::new(relay), kept }
    }

    async fn is(&self, state: RelayState) {
        until(&format!("the relay is {state:?}"), || self.relay.state() == state).await;
    }
}

fn tenant(name: &str) -> TenantId {
    TenantId::new(name).unwrap()
}

fn place(minute: i64) -> News {
    let at = Timestamp::from_unix_ms(minute * 60_000).unwrap();
    let (latitude, longitude) = (Latitude::new(5.6).unwrap(), Longitude::new(-0.2).unwrap());
    let position = Position::new(VehicleId::new("bus").unwrap(), at, latitude, longitude);
    News::Places(vec![Place { vehicle_no: 3, position, received_at: None }])
}

/// A committed position of a minute, which came late on even ones.
fn to_fold(minute: i64) -> FoldPosition {
    let at = |minute| Timestamp::from_unix_ms(minute * 60_000).unwrap();
    let (latitude, longitude) = (Latitude::new(5.6).unwrap(), Longitude::new(-0.2).unwrap());
    let position = Position::new(VehicleId::new("bus").unwrap(), at(minute), latitude, longitude);
    let step = (minute % 2 == 1).then(|| FoldStep { after: Some(at(minute - 1)), is_wrong: minute % 3 == 0 });
    FoldPosition { vehicle_no: 3, position, step }
}

/// Places of all messages, in order: several may have travelled together.
fn places(news: Vec<(TenantId, News)>) -> Vec<i64> {
    let all = news.into_iter().flat_map(|(_, news)| match news {
        News::Places(places) => places,
        other => panic!("not places: {other:?}"),
    });
    all.map(|place| place.position.at.unix_ms() / 60_000).collect()
}

/// What every relay promises.
async fn keeps_its_promises(make: impl Fn() -> Node) {
    let (one, two, three) = (make(), make(), make());
    for node in [&one, &two, &three] {
        until("the relay works", || node.relay.state() != RelayState::Lost).await;
    }
    let (red, blue) = (tenant("red"), tenant("blue"));
    two.relay.follow(&red).await;
    three.relay.follow(&blue).await;
    for node in [&two, &three] {
        node.kept.take_missed();
    }

    // Whoever follows a tenant gets its news in their order, and nobody else does, nor the sender itself.
    one.relay.follow(&red).await;
    for minute in 0..50 {
        one.relay.publish(&red, place(minute));
    }
    let mut came = Vec::new();
    while came.len() < 50 {
        came.extend(places(two.kept.next(1).await));
    }
    assert_eq!(came, (0..50).collect::<Vec<_>>());
    one.relay.publish(&blue, News::Events(7));
    assert_eq!(three.kept.next(1).await, [(blue.clone(), News::Events(7))]);
    assert_eq!(one.kept.take(), []);
    assert_eq!(two.kept.take(), []);
    assert!(two.kept.take_missed().is_empty() && three.kept.take_missed().is_empty());

    // Following twice does not double anything; after unfollowing nothing comes.
    two.relay.follow(&red).await;
    two.relay.follow(&blue).await;
    two.relay.unfollow(&red);
    one.relay.follow(&blue).await;
    three.relay.publish(&blue, News::Events(8));
    assert_eq!(two.kept.next(1).await, [(blue.clone(), News::Events(8))]);
    one.kept.next(1).await;
    one.relay.publish(&red, place(60));
    one.relay.publish(&blue, News::Events(9));
    let last = two.kept.next(1).await;
    assert_eq!(last, [(blue.clone(), News::Events(9))]);

    // What every node has to know reaches all others, and not its sender.
    let failed = NodeNews::FailedLogin("ann".to_owned(), None);
    one.relay.publish_to_nodes(failed.clone());
    for node in [&two, &three] {
        until("the others know", || node.kept.of_nodes.lock().unwrap().iter().any(|(_, news)| *news == failed)).await;
    }
    assert!(one.kept.of_nodes.lock().unwrap().is_empty());

    // What a node folds reaches that node alone, in its order and whatever it follows.
    for minute in 0..50 {
        assert!(one.relay.hand_over(three.id, &red, vec![to_fold(minute)]));
    }
    until("the node has it", || three.kept.to_fold.lock().unwrap().len() >= 50).await;
    let expected: Vec<_> = (0..50).map(|minute| (red.clone(), to_fold(minute))).collect();
    assert_eq!(*three.kept.to_fold.lock().unwrap(), expected);
    assert!(one.kept.to_fold.lock().unwrap().is_empty() && two.kept.to_fold.lock().unwrap().is_empty());
    assert!(three.kept.take_missed().is_empty());

    // Who comes back gets what is new.
    two.relay.follow(&red).await;
    one.relay.publish(&red, place(61));
    assert_eq!(places(two.kept.next(1).await), [61]);
    assert!(!one.relay.has_ended());
    assert!(one.relay.stats().sent >= 4);
}

/// A process that ends with its test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test]
async fn within_one_process() {
    let bus = Arc::<InProcessBus>::default();
    keeps_its_promises(|| Node::in_process(&bus)).await;
}

#[tokio::test]
async fn on_one_redis() {
    let Some(redis) = RedisServer::start() else { return };
    keeps_its_promises(|| Node::on_redis(&redis.url(), "a")).await;
}

#[tokio::test]
async fn on_a_cluster() {
    let options = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
    let Some(first) = RedisServer::start_with(&options) else { return };
    let (second, third) = (RedisServer::start_with(&options).unwrap(), RedisServer::start_with(&options).unwrap());
    let address = |server: &RedisServer| format!("127.0.0.1:{}", server.port());
    let made = Command::new("redis-cli")
        .args(["--cluster", "create", &address(&first), &address(&second), &address(&third), "--cluster-yes"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
    let url = format!("redis+cluster://{},{}", address(&first), address(&second));
    keeps_its_promises(|| Node::on_redis(&url, "a")).await;
}

#[tokio::test]
async fn on_a_sentinel_group() {
    let Some(master) = RedisServer::start() else { return };
    let port = milepost_test_support::free_port();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("sentinel.conf");
    let settings = format!("port {port}\nbind 127.0.0.1\nsentinel monitor main 127.0.0.1 {} 1\n", master.port());
    std::fs::write(&file, settings).unwrap();
    let mut sentinel = Command::new("redis-server");
    let _sentinel = Killed(sentinel.arg(&file).arg("--sentinel").stdout(Stdio::null()).spawn().unwrap());
    keeps_its_promises(|| Node::on_redis(&format!("redis+sentinel://127.0.0.1:{port}/main"), "a")).await;
}

#[tokio::test]
async fn installations_on_one_redis_hear_nothing_of_each_other() {
    let Some(redis) = RedisServer::start() else { return };
    let (ours, theirs, own) =
        (Node::on_redis(&redis.url(), "a"), Node::on_redis(&redis.url(), "b"), Node::on_redis(&redis.url(), "a"));
    for node in [&ours, &theirs, &own] {
        node.is(RelayState::Connected).await;
        node.relay.follow(&tenant("red")).await;
    }
    theirs.relay.publish(&tenant("red"), News::Events(1));
    ours.relay.publish(&tenant("red"), News::Events(2));
    assert_eq!(own.kept.next(1).await, [(tenant("red"), News::Events(2))]);
}

/// Each fault, and how it is mended.
type Fault = (&'static str, fn(&mut RedisServer), fn(&mut RedisServer));

#[tokio::test]
async fn a_lost_relay_is_noticed_and_comes_back_by_itself() {
    let Some(mut redis) = RedisServer::start() else { return };
    let (one, two) = (Node::on_redis(&redis.url(), "a"), Node::on_redis(&redis.url(), "a"));
    let red = tenant("red");
    for node in [&one, &two] {
        node.is(RelayState::Connected).await;
    }
    two.relay.follow(&red).await;
    let faults: [Fault; 2] = [
        ("killed", |redis| redis.kill(), |redis| redis.run()),
        // Its connections stay open, and nothing comes.
        ("paused", |redis| redis.pause(), |redis| redis.resume()),
    ];
    for (name, fault, mend) in faults {
        fault(&mut redis);
        one.is(RelayState::Lost).await;
        two.is(RelayState::Lost).await;
        // What another node should fold is folded here.
        assert!(!one.relay.hand_over(two.id, &red, vec![to_fold(1)]));
        // Publishing neither waits nor fails. What is published now is found in the database.
        one.relay.publish(&red, place(1));
        two.kept.take();
        two.kept.take_missed();
        mend(&mut redis);
        one.is(RelayState::Connected).await;
        two.is(RelayState::Connected).await;
        until("the receiver knows that it missed something", || two.kept.missed.lock().unwrap().contains(&Missed::All))
            .await;
        // It still follows what it followed.
        until("news come again", || {
            one.relay.publish(&red, place(2));
            !two.kept.news.lock().unwrap().is_empty()
        })
        .await;
        assert!(places(two.kept.take()).iter().all(|minute| *minute == 2), "{name}");
    }
    assert!(one.relay.stats().connections >= 3);
}

#[tokio::test]
async fn a_subscription_that_is_dead_while_the_connection_lives_is_noticed() {
    let Some(redis) = RedisServer::start() else { return };
    let node = Node::on_redis(&redis.url(), "a");
    node.is(RelayState::Connected).await;
    // As after a fault of a proxy or of Redis: the connection answers, and pushes nothing.
    let channels = redis_cli(&redis, &["pubsub", "channels"]);
    let own = channels.lines().find(|channel| channel.ends_with(":nodes")).unwrap().to_owned();
    assert!(own == "milepost:a:nodes");
    redis_cli(&redis, &["acl", "setuser", "default", "resetchannels"]);
    node.is(RelayState::Lost).await;
    redis_cli(&redis, &["acl", "setuser", "default", "allchannels"]);
    node.is(RelayState::Connected).await;
}

#[tokio::test]
async fn a_gap_is_noticed() {
    let Some(redis) = RedisServer::start() else { return };
    let (one, two) = (Node::on_redis(&redis.url(), "a"), Node::on_redis(&redis.url(), "a"));
    let red = tenant("red");
    one.is(RelayState::Connected).await;
    two.is(RelayState::Connected).await;
    one.relay.publish(&red, News::Events(1));
    until("it is sent", || {
        one.relay.stats().sent > 0 && redis_cli(&redis, &["info", "commandstats"]).contains("cmdstat_publish")
    })
    .await;
    two.relay.follow(&red).await;
    two.kept.take_missed();
    // The first that comes is not the first that was sent: what came before may have been missed.
    one.relay.publish(&red, News::Events(2));
    two.kept.next(1).await;
    assert_eq!(two.kept.take_missed(), [Missed::Of(red.clone())]);
    one.relay.publish(&red, News::Events(3));
    two.kept.next(1).await;
    assert_eq!(two.kept.take_missed(), []);
    // Nobody but the nodes writes there, and if somebody does, it costs a reading of the database.
    redis_cli(&redis, &["publish", "milepost:a:tenant:red", "nonsense"]);
    until("it is noticed", || two.kept.missed.lock().unwrap().contains(&Missed::All)).await;
    assert_eq!(two.relay.stats().unreadable, 1);
}

fn redis_cli(redis: &RedisServer, arguments: &[&str]) -> String {
    let port = redis.port().to_string();
    let output = Command::new("redis-cli").args(["-p", &port]).args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}
