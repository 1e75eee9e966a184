//! Claims about channels, checked with sinks that write down what they are offered.
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use milepost_hub::{
    Batch, ChannelId, Encoder, Form, Hub, HubLimits, Interest, Key, Message, Recipients, Sink, Subscription,
};

#[derive(Default)]
struct CountingEncoder {
    encoded: AtomicUsize,
}

impl Encoder for CountingEncoder {
    fn encode(&self, form: Form, payload: &[u8]) -> Bytes {
        self.encoded.fetch_add(1, Ordering::Relaxed);
        [format!("<{form:?}>").as_bytes(), payload].concat().into()
    }
}

struct Notebook {
    form: Form,
    seen: Mutex<Vec<String>>,
    batches: AtomicUsize,
    overrun: AtomicBool,
}

impl Notebook {
    fn new(form: Form) -> Arc<Self> {
        Arc::new(Self { form, seen: Mutex::default(), batches: AtomicUsize::new(0), overrun: AtomicBool::new(false) })
    }

    fn seen(&self) -> Vec<String> {
        self.seen.lock().unwrap().clone()
    }
}

impl Sink for Notebook {
    fn form(&self) -> Form {
        self.form
    }

    fn offer(&self, batch: &Batch) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        let joined: Vec<u8> = batch.chunks(self.form).iter().flat_map(|chunk| chunk.bytes.to_vec()).collect();
        let single: Vec<u8> =
            (0..batch.messages().len()).flat_map(|index| batch.encoded(index, self.form).to_vec()).collect();
        assert_eq!(joined, single, "joined chunks are the encoded messages in a row");
        let texts = batch.messages().iter().map(|message| String::from_utf8(message.payload().to_vec()).unwrap());
        self.seen.lock().unwrap().extend(texts);
    }

    fn offer_one(&self, _: &Message) {}
    fn cork(&self) {}
    fn uncork(&self) {}

    fn overrun(&self) {
        self.overrun.store(true, Ordering::Relaxed);
    }

    fn is_closed(&self) -> bool {
        false
    }
}

fn hub_with(limits: HubLimits) -> Hub {
    Hub::new(Arc::new(CountingEncoder::default()), limits)
}

fn hub() -> Hub {
    hub_with(HubLimits::default())
}

fn id() -> ChannelId {
    ChannelId::new("bus", "acme")
}

fn vehicle(id: &str) -> Key {
    Key::new("vehicle", id)
}

fn route(id: &str) -> Key {
    Key::new("route", id)
}

fn about(text: &str, keys: impl IntoIterator<Item = Key>) -> Message {
    Message::new(text.to_owned(), Recipients::keys(keys))
}

fn subscribe(hub: &Hub, interest: Interest) -> (Arc<Notebook>, Subscription) {
    let notebook = Notebook::new(Form::WsPlain);
    let subscription = hub.channel(&id()).subscribe(notebook.clone(), interest);
    (notebook, subscription)
}

async fn settle(hub: &Hub) {
    for _ in 0..1000 {
        tokio::time::sleep(Duration::from_millis(5)).await;
        if hub.stats().pending_messages == 0 {
            // The last pass may still be on its way.
            tokio::time::sleep(Duration::from_millis(10)).await;
            return;
        }
    }
    panic!("the hub does not settle: {:?}", hub.stats());
}

#[tokio::test]
async fn interests_choose_and_each_message_comes_once_and_in_order() {
    let hub = hub();
    let (all, _a) = subscribe(&hub, Interest::all());
    let (both, _b) = subscribe(&hub, Interest::keys([vehicle("1"), route("A")]));
    let (fenced, _c) = subscribe(&hub, Interest::keys([route("A")]).within([vehicle("2"), vehicle("3")]));
    let (parent, _d) = subscribe(&hub, Interest::all().within([vehicle("2")]));
    let (topic, _e) = subscribe(&hub, Interest::all().with_topics([Key::new("presence", "")]));
    let (nothing, _f) = subscribe(&hub, Interest::keys([]));
    hub.channel(&id()).publish_all([
        about("1 on A", [vehicle("1"), route("A")]),
        about("2 on A", [vehicle("2"), route("A")]),
        about("2 on B", [vehicle("2"), route("B")]),
        Message::new("presence", Recipients::only([Key::new("presence", "")])),
        about("3 on B", [vehicle("3"), route("B")]),
        Message::new("everyone", Recipients::everyone()),
    ]);
    settle(&hub).await;
    assert_eq!(all.seen(), ["1 on A", "2 on A", "2 on B", "3 on B", "everyone"]);
    assert_eq!(both.seen(), ["1 on A", "2 on A", "everyone"]);
    assert_eq!(fenced.seen(), ["2 on A", "everyone"]);
    assert_eq!(parent.seen(), ["2 on A", "2 on B", "everyone"]);
    assert_eq!(topic.seen(), ["1 on A", "2 on A", "2 on B", "presence", "3 on B", "everyone"]);
    assert_eq!(nothing.seen(), ["everyone"]);
    assert_eq!(hub.stats().deliveries, 5 + 3 + 2 + 3 + 6 + 1);
}

#[tokio::test]
async fn a_keyed_only_message_reaches_general_subscribers_that_named_its_key() {
    let hub = hub();
    let (named, _a) = subscribe(&hub, Interest::all().with_topics([Key::new("user", "5")]));
    let (other, _b) = subscribe(&hub, Interest::all());
    hub.channel(&id()).publish(Message::new("yours", Recipients::only([Key::new("user", "5")])));
    settle(&hub).await;
    assert_eq!(named.seen(), ["yours"]);
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn a_message_is_encoded_once_per_form_however_many_get_it() {
    let encoder = Arc::new(CountingEncoder::default());
    let hub = Hub::new(encoder.clone(), HubLimits::default());
    let channel = hub.channel(&id());
    let mut subscriptions = Vec::new();
    for number in 0..300 {
        let form = [Form::WsPlain, Form::WsDeflate][number % 2];
        let interest = if number % 3 == 0 { Interest::keys([vehicle("1")]) } else { Interest::all() };
        subscriptions.push(channel.subscribe(Notebook::new(form), interest));
    }
    channel.publish_all([about("a", [vehicle("1")]), about("b", [vehicle("1")])]);
    settle(&hub).await;
    assert_eq!(hub.stats().deliveries, 600);
    assert_eq!(encoder.encoded.load(Ordering::Relaxed), 4);
}

#[tokio::test]
async fn messages_that_come_together_travel_together() {
    let hub = hub();
    let (notebook, _subscription) = subscribe(&hub, Interest::all());
    let channel = hub.channel(&id());
    for number in 0..100 {
        channel.publish(about(&number.to_string(), []));
    }
    settle(&hub).await;
    let expected: Vec<String> = (0..100).map(|number| number.to_string()).collect();
    assert_eq!(notebook.seen(), expected);
    assert!(notebook.batches.load(Ordering::Relaxed) <= 2, "{:?} batches", notebook.batches);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn order_holds_while_subscribers_come_and_go() {
    let hub = hub();
    let channel = hub.channel(&id());
    let (stay, _stays) = subscribe(&hub, Interest::all());
    let churn = tokio::spawn({
        let hub = hub.clone();
        async move {
            for _ in 0..300 {
                let (a, first) = subscribe(&hub, Interest::all());
                let (_, second) = subscribe(&hub, Interest::keys([vehicle("1")]));
                first.set_interest(Interest::keys([vehicle("1")]));
                tokio::time::sleep(Duration::from_millis(1)).await;
                drop((first, second));
                let seen: Vec<usize> = a.seen().iter().map(|text| text.parse().unwrap()).collect();
                assert!(seen.windows(2).all(|pair| pair[0] + 1 == pair[1]), "a hole or a repeat: {seen:?}");
            }
        }
    });
    let mut published = 0;
    while !churn.is_finished() {
        channel.publish(about(&published.to_string(), [vehicle("1")]));
        published += 1;
        tokio::task::yield_now().await;
        if published % 8 == 0 {
            tokio::time::sleep(Duration::from_micros(100)).await;
        }
    }
    churn.await.unwrap();
    settle(&hub).await;
    let expected: Vec<String> = (0..published).map(|number| number.to_string()).collect();
    assert_eq!(stay.seen(), expected);
    assert_eq!(hub.stats().subscribers, 1);
}

#[tokio::test]
async fn a_late_subscriber_does_not_get_what_was_published_before() {
    let hub = hub();
    let (early, _a) = subscribe(&hub, Interest::all());
    let channel = hub.channel(&id());
    channel.publish(about("before", [vehicle("1")]));
    let (late, _b) = subscribe(&hub, Interest::all());
    let (late_keyed, _c) = subscribe(&hub, Interest::keys([vehicle("1")]));
    channel.publish(about("after", [vehicle("1")]));
    settle(&hub).await;
    assert_eq!(early.seen(), ["before", "after"]);
    assert_eq!(late.seen(), ["after"]);
    assert_eq!(late_keyed.seen(), ["after"]);
}

#[tokio::test]
async fn a_channel_without_subscribers_goes_and_is_not_found() {
    let hub = hub();
    let (_, subscription) = subscribe(&hub, Interest::all());
    assert!(hub.find_channel(&id()).is_some());
    drop(subscription);
    assert!(hub.find_channel(&id()).is_none());
    settle(&hub).await;
    assert_eq!(hub.stats().channels, 0);
    for tenant in 0..1000 {
        drop(hub.channel(&ChannelId::new("bus", tenant.to_string())));
    }
    assert_eq!(hub.stats().channels, 0);
}

#[tokio::test]
async fn past_the_pending_bound_only_the_newest_of_a_key_is_kept() {
    let hub = hub_with(HubLimits { pending_messages: 10, ..HubLimits::default() });
    let (notebook, _subscription) = subscribe(&hub, Interest::all());
    let channel = hub.channel(&id());
    for version in 0..1000 {
        let key = vehicle(["1", "2"][version % 2]);
        channel.publish(Message::conflated(version.to_string(), Recipients::keys([key.clone()]), key));
        if version % 100 == 0 {
            channel.publish(about(&format!("note {version}"), []));
        }
    }
    let waiting = hub.stats().pending_messages;
    assert!(waiting < 40, "{waiting} wait");
    settle(&hub).await;
    let seen = notebook.seen();
    assert_eq!(seen.iter().filter(|text| text.starts_with("note")).count(), 10, "no note is dropped");
    assert_eq!(seen[seen.len() - 2..], ["998", "999"]);
    assert_eq!(hub.stats().conflated + seen.len() as u64, 1010);
    assert_eq!(hub.stats().pending_messages, 0);
    assert_eq!(hub.stats().dropped, 0);
}

#[tokio::test]
async fn past_the_byte_bound_messages_are_dropped_and_every_subscriber_is_informed() {
    let hub = hub_with(HubLimits { pending_bytes: 1000, ..HubLimits::default() });
    let (notebook, _a) = subscribe(&hub, Interest::all());
    let (keyed, _b) = subscribe(&hub, Interest::keys([vehicle("1")]));
    hub.channel(&id()).publish_all((0..3).map(|_| about(&"x".repeat(400), [])));
    settle(&hub).await;
    assert_eq!(hub.stats().dropped, 1);
    assert!(notebook.overrun.load(Ordering::Relaxed) && keyed.overrun.load(Ordering::Relaxed));
}

#[tokio::test]
async fn presence_is_published_once_for_many_joins_and_only_to_those_who_asked() {
    let hub = hub();
    let channel = hub.channel(&id());
    let topic = Key::new("presence", "");
    channel.announce_presence(topic.clone(), |viewing| viewing.to_string().into());
    let (curious, _a) = subscribe(&hub, Interest::all().with_topics([topic]));
    let (other, _b) = subscribe(&hub, Interest::all());
    let crowd: Vec<_> = (0..1000).map(|_| subscribe(&hub, Interest::keys([vehicle("1")]))).collect();
    tokio::time::sleep(Duration::from_millis(120)).await;
    assert_eq!(curious.seen().last().unwrap(), "1002");
    assert!(curious.seen().len() <= 3, "{:?}", curious.seen());
    drop(crowd);
    tokio::time::sleep(Duration::from_millis(120)).await;
    assert_eq!(curious.seen().last().unwrap(), "2");
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn a_batch_longer_than_the_join_limit_is_joined_in_several_chunks() {
    struct Chunks(Mutex<Vec<usize>>);
    impl Sink for Chunks {
        fn form(&self) -> Form {
            Form::WsPlain
        }
        fn offer(&self, batch: &Batch) {
            self.0.lock().unwrap().extend(batch.chunks(Form::WsPlain).iter().map(|chunk| chunk.bytes.len()));
        }
        fn offer_one(&self, _: &Message) {}
        fn cork(&self) {}
        fn uncork(&self) {}
        fn overrun(&self) {}
        fn is_closed(&self) -> bool {
            false
        }
    }
    let hub = hub_with(HubLimits { join_bytes: 100, ..HubLimits::default() });
    let sink = Arc::new(Chunks(Mutex::default()));
    let channel = hub.channel(&id());
    let _subscription = channel.subscribe(sink.clone(), Interest::all());
    channel.publish_all([31, 31, 31, 191, 31].map(|bytes| about(&"x".repeat(bytes), [])));
    settle(&hub).await;
    assert_eq!(*sink.0.lock().unwrap(), [80, 40, 200, 40]);
}

#[test]
fn keys_are_equal_only_when_topic_and_id_are() {
    let key = Key::new("vehicle", "7");
    assert_eq!((key.topic(), key.id()), ("vehicle", "7"));
    assert_eq!(key, Key::new("vehicle", "7"));
    assert_ne!(key, Key::new("route", "7"));
    assert_ne!(Key::new("a", "b\u{1f}c").id(), "b");
}

/// On one thread, so that the small channel's turn comes only if the big one gives it.
#[tokio::test(flavor = "current_thread")]
async fn fan_out_to_a_big_channel_does_not_delay_a_small_one() {
    const CROWD: usize = 10_000;
    let hub = hub();
    let (big, small) = (hub.channel(&id()), hub.channel(&ChannelId::new("bus", "small")));
    let (crowd, alone) = (Notebook::new(Form::WsPlain), Notebook::new(Form::WsPlain));
    let mut subscriptions: Vec<Subscription> =
        (0..CROWD).map(|_| big.subscribe(crowd.clone(), Interest::all())).collect();
    subscriptions.push(small.subscribe(alone.clone(), Interest::all()));
    big.publish(Message::new("to the crowd", Recipients::everyone()));
    small.publish(Message::new("to one", Recipients::everyone()));
    while alone.seen().is_empty() {
        tokio::task::yield_now().await;
    }
    let served = crowd.batches.load(Ordering::Relaxed);
    assert!(served < CROWD / 10, "{served} of the big channel were served first");
    while crowd.batches.load(Ordering::Relaxed) < CROWD {
        tokio::task::yield_now().await;
    }
}

async fn until(is_so: impl Fn() -> bool) {
    let waited = async {
        while !is_so() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), waited).await.expect("it comes to that");
}

/// A subscriber at which the fan-out panics, always or only when it is offered messages.
struct Broken {
    always: bool,
}

impl Sink for Broken {
    fn form(&self) -> Form {
        Form::WsPlain
    }

    fn offer(&self, _: &Batch) {
        panic!("a fault of the test");
    }

    fn offer_one(&self, _: &Message) {}
    fn cork(&self) {}
    fn uncork(&self) {}

    fn overrun(&self) {
        assert!(!self.always, "a fault of the test");
    }

    fn is_closed(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn a_fault_in_the_fan_out_ends_every_subscriber_instead_of_keeping_messages_from_them() {
    for always in [false, true] {
        let hub = hub();
        let channel = hub.channel(&id());
        // Before and after the broken one, in the order in which they are served.
        let (early, late) = (Notebook::new(Form::WsPlain), Notebook::new(Form::WsPlain));
        let _early = channel.subscribe(early.clone(), Interest::all());
        let _broken = channel.subscribe(Arc::new(Broken { always }), Interest::all());
        let _late = channel.subscribe(late.clone(), Interest::all());
        channel.publish(Message::new("lost", Recipients::everyone()));
        until(|| early.overrun.load(Ordering::Relaxed)).await;
        assert_eq!((early.seen(), late.seen()), (vec!["lost".to_owned()], vec![]));
        assert_eq!(late.overrun.load(Ordering::Relaxed), !always, "unless that is where the fault is");
        // The channel goes on: with the next message it tries again.
        early.overrun.store(false, Ordering::Relaxed);
        channel.publish(Message::new("next", Recipients::everyone()));
        until(|| early.overrun.load(Ordering::Relaxed)).await;
        assert_eq!(early.seen().contains(&"next".to_owned()), !always);
    }
}

#[tokio::test]
async fn subscribers_of_a_tenant_are_ended_when_messages_to_them_were_lost_and_others_stay() {
    let hub = hub();
    let (own, other) = (hub.channel(&id()), hub.channel(&ChannelId::new("bus", "another tenant")));
    let (ended, kept) = (Notebook::new(Form::WsPlain), Notebook::new(Form::WsPlain));
    let _ended = own.subscribe(ended.clone(), Interest::all());
    let _kept = other.subscribe(kept.clone(), Interest::all());
    hub.end_subscribers(&id().tenant);
    until(|| ended.overrun.load(Ordering::Relaxed)).await;
    other.publish(Message::new("for the other", Recipients::everyone()));
    until(|| !kept.seen().is_empty()).await;
    assert!(!kept.overrun.load(Ordering::Relaxed));
}
