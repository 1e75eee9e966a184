//! Calls from a store in memory to a real receiver on port 0.
#![allow(clippy::unwrap_used, clippy::print_stderr, missing_docs, reason = "tests")]

use async_trait::async_trait;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use milepost_clock::{Clock, TurnableClock};
use milepost_domain::{OldSecret, PushId, PushKeys, Target, TenantId, Timestamp, UserId, Webhook, WebhookId};
use milepost_outbox::{AddressRule, Outbox, OutboxConfig, ServiceUrl, Timing, Vapid, new_vapid_key};
use milepost_store::{
    CallId, CallNo, CallOutcome, CallQueue, DueCall, DuePush, DueQueue, DueReceiver, DueWebhook, NewWebhook, Once,
    OutgoingStore, PasswordLink, Result, StoredCall, WebhookChange,
};
use milepost_test_support::Receiver;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

fn now() -> Timestamp {
    let ms = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    Timestamp::from_unix_ms(i64::try_from(ms).unwrap()).unwrap()
}

#[derive(Clone)]
struct Row {
    call: DueCall,
    due: Option<Timestamp>,
    outcome: Option<CallOutcome>,
}

#[derive(Default)]
struct Memory(Mutex<BTreeMap<i64, Row>>, Mutex<HashMap<CallQueue, Timestamp>>);

impl Memory {
    fn store(&self, target: Target, webhook: Option<&str>, path: &str) -> CallNo {
        self.store_of("default", target, webhook, path)
    }

    fn store_of(&self, tenant: &str, target: Target, webhook: Option<&str>, path: &str) -> CallNo {
        let mut rows = self.0.lock().unwrap();
        let no = CallNo(i64::try_from(rows.len()).unwrap() + 1);
        let tenant = TenantId::new(tenant).unwrap();
        let call = DueCall {
            no,
            queue: CallQueue::new(0, format!("{tenant} {target:?}")),
            tenant,
            target,
            webhook: webhook.map(|url| DueWebhook {
                url: url.to_owned(),
                secret: vec![7; 32],
                old_secrets: Vec::new(),
                is_disabled: false,
            }),
            push: None,
            mail: None,
            path: path.to_owned(),
            body: format!(r#"{{"n":{}}}"#, no.0),
            key: format!("msg_{}", no.0),
            created_at: now(),
            attempts: 0,
            lease_until: now(),
        };
        rows.insert(no.0, Row { call, due: Some(now()), outcome: None });
        no
    }

    fn store_push(&self, endpoint: &str) -> CallNo {
        let no = self.store(Target::Push(PushId::new(1).unwrap()), None, "");
        let point = URL_SAFE_NO_PAD
            .decode("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4")
            .unwrap();
        let keys = PushKeys::new(&point, &[7; 16]).unwrap();
        let push = DuePush { endpoint: endpoint.to_owned(), keys, is_urgent: false, expires_at: None };
        self.0.lock().unwrap().get_mut(&no.0).unwrap().call.push = Some(push);
        no
    }

    fn row(&self, no: CallNo) -> Row {
        self.0.lock().unwrap()[&no.0].clone()
    }

    async fn until(&self, no: CallNo, ended: impl Fn(&Row) -> bool) -> Row {
        let start = Instant::now();
        loop {
            let row = self.row(no);
            if ended(&row) {
                return row;
            }
            assert!(start.elapsed() < Duration::from_secs(10), "{:?} {:?}", row.call, row.outcome);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn until_delivered(&self, no: CallNo) -> Row {
        self.until(no, |row| matches!(row.outcome, Some(CallOutcome::Delivered { .. }))).await
    }

    async fn error_of(&self, no: CallNo) -> String {
        match self.until(no, |row| row.outcome.is_some()).await.outcome {
            Some(CallOutcome::Retry { error, .. } | CallOutcome::Dead { error, .. }) => error,
            other => panic!("{other:?}"),
        }
    }
}

#[async_trait]
impl OutgoingStore for Memory {
    async fn add_webhook(
        &self,
        _: &NewWebhook,
        _: u32,
        _: Timestamp,
        _: &Once<'_, Option<Webhook>>,
    ) -> Result<Option<Webhook>> {
        unreachable!("the sender adds none")
    }
    async fn change_webhook(
        &self,
        _: &TenantId,
        _: WebhookId,
        _: i64,
        _: &WebhookChange,
        _: Timestamp,
    ) -> Result<Option<Webhook>> {
        unreachable!("the sender changes none")
    }
    async fn replace_webhook_secret(
        &self,
        _: &TenantId,
        _: WebhookId,
        _: &[u8],
        _: Timestamp,
        _: Timestamp,
        _: &Once<'_, Option<Webhook>>,
    ) -> Result<Option<Webhook>> {
        unreachable!("the sender changes none")
    }
    async fn test_webhook(
        &self,
        _: &TenantId,
        _: WebhookId,
        _: Timestamp,
        _: &Once<'_, Option<StoredCall>>,
    ) -> Result<Option<StoredCall>> {
        unreachable!("the sender tests none")
    }
    async fn get_webhook(&self, _: &TenantId, _: WebhookId) -> Result<Option<Webhook>> {
        unreachable!("the sender asks for none")
    }
    async fn list_webhooks(&self, _: &TenantId, _: Option<WebhookId>, _: u32) -> Result<Vec<Webhook>> {
        Ok(Vec::new())
    }
    async fn remove_webhook(&self, _: &TenantId, _: WebhookId, _: Option<i64>) -> Result<bool> {
        unreachable!("the sender removes none")
    }
    async fn list_calls(&self, _: &TenantId, _: Option<Target>, _: Option<CallId>, _: u32) -> Result<Vec<StoredCall>> {
        unreachable!("the sender lists none")
    }
    async fn mail_gathered_alerts(&self, _: Timestamp, _: u32) -> Result<u32> {
        unreachable!("the sender gathers none")
    }
    async fn due_queues(&self, now: Timestamp, limit: u32) -> Result<Vec<DueQueue>> {
        let (rows, pauses) = (self.0.lock().unwrap(), self.1.lock().unwrap());
        let mut queues: Vec<DueQueue> = Vec::new();
        for row in rows.values().filter(|row| row.due.is_some_and(|due| due <= now)) {
            let queue = row.call.queue.clone();
            let is_paused = pauses.get(&queue).is_some_and(|until| *until > now);
            if !is_paused && !queues.iter().any(|known| known.queue == queue) {
                let receiver = match row.call.target {
                    Target::Orders => DueReceiver::Orders,
                    Target::Notifications => DueReceiver::Notifications,
                    Target::Webhook(_) => DueReceiver::Webhook { url: row.call.webhook.clone().unwrap().url },
                    Target::Push(_) => DueReceiver::Push { endpoint: row.call.push.clone().unwrap().endpoint },
                    Target::Mail(user) => DueReceiver::Mail { user },
                };
                queues.push(DueQueue { queue, tenant: row.call.tenant.clone(), receiver });
            }
        }
        queues.truncate(limit as usize);
        Ok(queues)
    }
    async fn take_due_calls(
        &self,
        queues: &[(CallQueue, u32)],
        now: Timestamp,
        lease_until: Timestamp,
    ) -> Result<Vec<DueCall>> {
        let mut rows = self.0.lock().unwrap();
        let mut taken = Vec::new();
        for (queue, count) in queues {
            let due = rows.values_mut().filter(|row| row.call.queue == *queue && row.due.is_some_and(|due| due <= now));
            taken.extend(due.take(*count as usize).map(|row| {
                row.due = Some(lease_until);
                DueCall { lease_until, ..row.call.clone() }
            }));
        }
        Ok(taken)
    }
    async fn give_back_calls(&self, calls: &[(CallNo, Timestamp)], due: Timestamp) -> Result<()> {
        let mut rows = self.0.lock().unwrap();
        for (no, lease_until) in calls {
            let row = rows.get_mut(&no.0).unwrap();
            if row.due == Some(*lease_until) {
                row.due = Some(due);
            }
        }
        Ok(())
    }
    async fn pause_queues(&self, queues: &[CallQueue], until: Timestamp, _: Timestamp) -> Result<()> {
        self.1.lock().unwrap().extend(queues.iter().map(|queue| (queue.clone(), until)));
        Ok(())
    }
    async fn release_calls(&self, _: Timestamp) -> Result<u64> {
        unreachable!("the server's start asks for it, not the sender")
    }
    async fn next_call_due(&self) -> Result<Option<Timestamp>> {
        let (rows, pauses) = (self.0.lock().unwrap(), self.1.lock().unwrap());
        let due = |row: &Row| row.due.map(|due| pauses.get(&row.call.queue).copied().unwrap_or(due).max(due));
        Ok(rows.values().filter_map(due).min())
    }
    async fn add_mail(&self, _: UserId, _: &str, _: Timestamp) -> Result<bool> {
        Ok(false)
    }
    async fn add_confirmation_mail(&self, _: UserId, _: &str, _: Timestamp) -> Result<bool> {
        Ok(false)
    }
    async fn add_mail_link(&self, _: &PasswordLink) -> Result<()> {
        Ok(())
    }
    async fn settle_call(&self, no: CallNo, outcome: &CallOutcome, _: Timestamp) -> Result<()> {
        let mut rows = self.0.lock().unwrap();
        let row = rows.get_mut(&no.0).unwrap();
        row.call.attempts += 1;
        row.due = if let CallOutcome::Retry { at, .. } = outcome { Some(*at) } else { None };
        row.outcome = Some(outcome.clone());
        Ok(())
    }
    async fn revive_call(&self, _: &TenantId, _: CallId, _: Timestamp, _once: &Once<'_, bool>) -> Result<bool> {
        unreachable!("the sender revives none")
    }
}

async fn answering(status: u16) -> Receiver {
    Receiver::start(move |_| status).await
}

fn config() -> OutboxConfig {
    let _ = rustls::crypto::ring::default_provider().install_default();
    OutboxConfig {
        webhook_addresses: AddressRule::new(&["127.0.0.1".to_owned()]).unwrap(),
        timing: Timing {
            try_timeout: Duration::from_millis(300),
            first_delay: Duration::from_millis(10),
            max_delay: Duration::from_millis(40),
            scan_every: Duration::from_millis(200),
            ..Timing::default()
        },
        ..OutboxConfig::default()
    }
}

fn orders(url: &str) -> OutboxConfig {
    OutboxConfig { orders: Some(ServiceUrl::parse(url).unwrap()), ..config() }
}

fn start(store: &Arc<Memory>, config: OutboxConfig) -> Outbox {
    Outbox::start(Arc::clone(store) as Arc<dyn OutgoingStore>, config, Clock::system())
}

const HOOK: Target = Target::Webhook(WebhookId(1));

#[tokio::test]
async fn a_call_to_a_service_arrives_once_with_its_key() {
    let (store, receiver) = (Arc::new(Memory::default()), answering(204).await);
    let outbox = start(&store, orders(&format!("{}/shop/", receiver.url)));
    let no = store.store(Target::Orders, None, "/orders/a%20b/status");
    outbox.wake();
    store.until_delivered(no).await;
    outbox.stop().await;
    let calls = receiver.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!((calls[0].path.as_str(), calls[0].text()), ("/shop/orders/a%20b/status", r#"{"n":1}"#));
    assert_eq!(calls[0].headers["idempotency-key"], "msg_1");
    assert_eq!(calls[0].headers["content-type"], "application/json");
    assert!(calls[0].headers["user-agent"].to_str().unwrap().starts_with("Milepost/"));
    assert!(!calls[0].headers.contains_key("webhook-id"));
    let figures = outbox.stats();
    assert_eq!((figures.attempts, figures.delivered, figures.dead, figures.pending), (1, 1, 0, 0));
}

#[tokio::test]
async fn a_call_is_retried_with_the_same_key_until_it_succeeds() {
    let receiver = Receiver::answering(|before| match before {
        0 => Some(StatusCode::INTERNAL_SERVER_ERROR.into_response()),
        1 => None,
        2 => Some((StatusCode::FOUND, [("location", "/elsewhere")]).into_response()),
        3 => Some(StatusCode::NOT_FOUND.into_response()),
        _ => Some(StatusCode::OK.into_response()),
    })
    .await;
    let store = Arc::new(Memory::default());
    let no = store.store(HOOK, Some(&format!("{}/hook?x=1", receiver.url)), "");
    let _outbox = start(&store, config());
    assert_eq!(store.until_delivered(no).await.call.attempts, 5);
    let calls = receiver.calls();
    assert_eq!(calls.len(), 5);
    assert!(calls.iter().all(|call| call.headers["webhook-id"] == "msg_1" && call.path == "/hook?x=1"));
    assert!(calls.iter().all(|call| call.headers["webhook-signature"].to_str().unwrap().starts_with("v1,")));
}

#[tokio::test]
async fn a_private_address_is_not_called_unless_it_is_allowed() {
    let (store, receiver) = (Arc::new(Memory::default()), answering(200).await);
    let literal = store.store(HOOK, Some(&receiver.url), "");
    let named = store.store(HOOK, Some(&receiver.url.replace("127.0.0.1", "localhost")), "");
    let outbox = start(&store, OutboxConfig { webhook_addresses: AddressRule::default(), ..config() });
    assert!(store.error_of(literal).await.contains("MILEPOST_WEBHOOK_ALLOW"));
    assert!(store.error_of(named).await.contains("MILEPOST_WEBHOOK_ALLOW"));
    outbox.stop().await;
    assert!(receiver.calls().is_empty());
    // One that was taken when the outbox stopped keeps its lease.
    store.0.lock().unwrap().get_mut(&named.0).unwrap().due = Some(now());
    let rule = AddressRule::new(&["localhost".to_owned()]).unwrap();
    let _outbox = start(&store, OutboxConfig { webhook_addresses: rule, ..config() });
    store.until_delivered(named).await;
}

#[tokio::test]
async fn a_browser_is_called_with_a_key_and_at_a_public_or_allowed_address_only() {
    let (store, receiver) = (Arc::new(Memory::default()), answering(201).await);
    let no = store.store_push(&receiver.url);
    let keyless = start(&store, config());
    // It was taken, and its lease keeps the next outbox from it.
    store.until(no, |row| row.due.is_some_and(|due| due > now())).await;
    keyless.stop().await;
    assert_eq!(store.row(no).outcome, None, "it waits for a key");
    store.0.lock().unwrap().get_mut(&no.0).unwrap().due = Some(now());
    let vapid = Some(Arc::new(Vapid::new(&new_vapid_key(), None).unwrap()));
    let narrow = OutboxConfig { vapid: vapid.clone(), webhook_addresses: AddressRule::default(), ..config() };
    let outbox = start(&store, narrow);
    assert!(store.error_of(no).await.contains("MILEPOST_WEBHOOK_ALLOW"));
    outbox.stop().await;
    assert!(receiver.calls().is_empty());
    let _outbox = start(&store, OutboxConfig { vapid, ..config() });
    store.until_delivered(no).await;
}

#[tokio::test]
async fn a_push_says_how_urgent_it_is_and_how_long_it_is_relevant() {
    let (store, receiver) = (Arc::new(Memory::default()), answering(201).await);
    let store_push = |is_urgent, expires_at: Option<Timestamp>| {
        let no = store.store_push(&receiver.url);
        let mut rows = store.0.lock().unwrap();
        let row = rows.get_mut(&no.0).unwrap();
        let push = row.call.push.clone().unwrap();
        row.call.push = Some(DuePush { is_urgent, expires_at, ..push });
        no
    };
    let hours = |hours: i64| Some(now().plus_ms(hours * 3_600_000));
    let vapid = Some(Arc::new(Vapid::new(&new_vapid_key(), None).unwrap()));
    for (is_urgent, expires_at, urgency, ttl_s) in
        [(false, None, "normal", 86_400), (true, hours(48), "high", 86_400), (true, hours(1), "high", 3_600)]
    {
        let before = receiver.calls().len();
        let no = store_push(is_urgent, expires_at);
        let outbox = start(&store, OutboxConfig { vapid: vapid.clone(), ..config() });
        store.until_delivered(no).await;
        outbox.stop().await;
        let call = receiver.calls().remove(before);
        assert_eq!(call.headers["urgency"], urgency);
        let stated_s: i64 = call.headers["ttl"].to_str().unwrap().parse().unwrap();
        assert!((ttl_s - 30..=ttl_s).contains(&stated_s), "{stated_s} of {ttl_s}");
    }
    // What is over rings nobody's phone, and is seen to be given up.
    let no = store_push(true, Some(now()));
    let _outbox = start(&store, OutboxConfig { vapid, ..config() });
    let row = store.until(no, |row| row.outcome.is_some()).await;
    assert!(matches!(row.outcome, Some(CallOutcome::Dead { status: None, .. })), "{:?}", row.outcome);
    assert_eq!(receiver.calls().len(), 3);
}

/// The name is not local by its spelling, so this is the resolver's doing.
#[tokio::test]
async fn a_name_that_resolves_to_the_machine_itself_is_not_called() {
    let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default().trim().to_owned();
    let found: Vec<_> = tokio::net::lookup_host((host.as_str(), 80)).await.map(Iterator::collect).unwrap_or_default();
    if found.is_empty() {
        eprintln!("LEFT OUT: this machine's name leads nowhere; resolver.rs tests the rule itself");
        return;
    }
    let (store, receiver) = (Arc::new(Memory::default()), Receiver::at("0.0.0.0:0", |_| 200).await);
    let port = receiver.url.rsplit_once(':').unwrap().1.to_owned();
    let no = store.store(HOOK, Some(&format!("http://{host}:{port}/")), "");
    let _outbox = start(&store, OutboxConfig { webhook_addresses: AddressRule::default(), ..config() });
    assert!(store.error_of(no).await.contains("MILEPOST_WEBHOOK_ALLOW"));
    assert!(receiver.calls().is_empty());
}

#[tokio::test]
async fn errors_are_reported_without_the_url() {
    let store = Arc::new(Memory::default());
    let closed = store.store(HOOK, Some("http://127.0.0.1:1/?key=t0ps3cret"), "");
    let unknown = store.store(HOOK, Some("http://t0ps3cret.invalid/"), "");
    let _outbox = start(&store, config());
    for no in [closed, unknown] {
        let error = store.error_of(no).await;
        assert!(error.starts_with("could not connect") && !error.contains("t0ps3cret"), "{error}");
    }
}

#[tokio::test]
async fn gone_disables_a_webhook_and_its_waiting_calls_are_not_sent() {
    let (store, receiver) = (Arc::new(Memory::default()), answering(410).await);
    let no = store.store(HOOK, Some(&receiver.url), "");
    let outbox = start(&store, config());
    let row = store.until(no, |row| row.outcome.is_some()).await;
    assert!(matches!(row.outcome, Some(CallOutcome::Unwanted { status: 410, .. })));
    assert_eq!(outbox.stats().dead, 1);
    outbox.stop().await;

    let waits = store.store(HOOK, Some(&receiver.url), "");
    store.0.lock().unwrap().get_mut(&waits.0).unwrap().call.webhook.as_mut().unwrap().is_disabled = true;
    let outbox = start(&store, config());
    let row = store.until(waits, |row| row.outcome.is_some()).await;
    assert!(matches!(row.outcome, Some(CallOutcome::Dead { status: None, .. })), "{:?}", row.outcome);
    assert_eq!((outbox.stats().dead, receiver.calls().len()), (1, 1));
}

#[tokio::test]
async fn an_old_call_that_fails_again_and_again_is_given_up() {
    let (store, receiver) = (Arc::new(Memory::default()), answering(500).await);
    let no = store.store(HOOK, Some(&receiver.url), "");
    let _outbox = start(&store, OutboxConfig { give_up_after: Duration::from_millis(1), ..config() });
    let row = store.until(no, |row| matches!(row.outcome, Some(CallOutcome::Dead { .. }))).await;
    assert_eq!(row.call.attempts, 4);
}

#[tokio::test]
async fn calls_for_a_service_that_is_not_configured_wait() {
    let (store, receiver) = (Arc::new(Memory::default()), answering(200).await);
    let waits = store.store(Target::Notifications, None, "/notify/sms");
    let goes = store.store(Target::Orders, None, "/orders/1/status");
    let _outbox = start(&store, orders(&receiver.url));
    store.until_delivered(goes).await;
    let row = store.row(waits);
    assert!(row.outcome.is_none() && row.call.attempts == 0);
}

#[tokio::test]
async fn a_host_that_hangs_does_not_hold_up_the_others() {
    let (store, slow) = (Arc::new(Memory::default()), Receiver::answering(|_| None).await);
    let fast = answering(200).await;
    for _ in 0..400 {
        store.store(HOOK, Some(&slow.url), "");
    }
    let no = store.store(Target::Webhook(WebhookId(2)), Some(&fast.url), "");
    let timing = Timing { try_timeout: Duration::from_secs(20), ..config().timing };
    let start_at = Instant::now();
    let outbox = start(&store, OutboxConfig { timing, ..config() });
    store.until_delivered(no).await;
    // One that comes while the slow ones wait for their answers.
    let later = store.store(Target::Webhook(WebhookId(2)), Some(&fast.url), "");
    outbox.wake();
    store.until_delivered(later).await;
    assert!(start_at.elapsed() < Duration::from_secs(10), "before the first of the slow ones was given up");
    assert!(slow.calls().len() <= 4);
}

#[tokio::test]
async fn many_calls_all_arrive_once() {
    let (store, receiver) = (Arc::new(Memory::default()), answering(200).await);
    let numbers: Vec<CallNo> = (0..1_000).map(|_| store.store(HOOK, Some(&receiver.url), "")).collect();
    let outbox = start(&store, config());
    for no in numbers {
        store.until_delivered(no).await;
    }
    outbox.stop().await;
    assert_eq!(receiver.calls().len(), 1_000);
}

#[tokio::test]
async fn a_stop_waits_for_the_try_under_way_and_leaves_the_rest() {
    let receiver = Receiver::start(|_| {
        std::thread::sleep(Duration::from_millis(100));
        200
    })
    .await;
    let store = Arc::new(Memory::default());
    let no = store.store(HOOK, Some(&receiver.url), "");
    let outbox = start(&store, config());
    while receiver.calls().is_empty() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    outbox.stop().await;
    assert!(matches!(store.row(no).outcome, Some(CallOutcome::Delivered { status: 200 })));
    let later = store.store(HOOK, Some(&receiver.url), "");
    outbox.wake();
    assert!(store.row(later).due.is_some_and(|due| due <= now()), "nobody has taken it");
}

#[tokio::test]
async fn calls_of_a_dead_node_are_sent_after_its_lease() {
    let (store, receiver) = (Arc::new(Memory::default()), answering(200).await);
    let dead = store.store(HOOK, Some(&receiver.url), "");
    // A node that takes the call and is never heard of again.
    let queue = store.row(dead).call.queue;
    let taken = store.take_due_calls(&[(queue, 10)], now(), now().plus_ms(60_000)).await.unwrap();
    assert_eq!(taken.len(), 1);
    let turnable = TurnableClock::new();
    let _outbox = Outbox::start(Arc::clone(&store) as Arc<dyn OutgoingStore>, config(), turnable.clock());
    // What is due when the outbox scans is sent, the dead node's call is not.
    let due = store.store(HOOK, Some(&receiver.url), "");
    store.until_delivered(due).await;
    assert_eq!((receiver.calls().len(), store.row(dead).outcome), (1, None));
    turnable.turn(Duration::from_secs(60));
    store.until_delivered(dead).await;
}

/// Answers as asked for a while, and notes when each call came.
fn pausing(
    header: &'static str,
    value: String,
    status: StatusCode,
) -> impl Fn(usize) -> Option<axum::response::Response> {
    move |_| Some((status, [(header, value.clone())]).into_response())
}

#[tokio::test]
async fn a_receiver_that_asks_for_a_pause_is_left_alone_for_that_long() {
    let date = jiff::fmt::rfc2822::DateTimePrinter::new();
    let soon = jiff::Timestamp::from_millisecond(now().unix_ms() + 60_000).unwrap();
    for (status, value) in [
        (StatusCode::TOO_MANY_REQUESTS, "60".to_owned()),
        (StatusCode::SERVICE_UNAVAILABLE, date.timestamp_to_rfc9110_string(&soon).unwrap()),
    ] {
        let receiver = Receiver::answering(pausing("retry-after", value, status)).await;
        let (store, turnable) = (Arc::new(Memory::default()), TurnableClock::new());
        let outbox = Outbox::start(Arc::clone(&store) as Arc<dyn OutgoingStore>, config(), turnable.clock());
        let first = store.store(HOOK, Some(&receiver.url), "");
        outbox.wake();
        store.until(first, |row| row.outcome.is_some()).await;
        // Two webhooks at one host are one receiver; a third one at another host is not.
        let other = answering(200).await;
        for _ in 0..20 {
            store.store(HOOK, Some(&receiver.url), "");
            store.store(Target::Webhook(WebhookId(2)), Some(&format!("{}/other", receiver.url)), "");
        }
        let elsewhere = store.store(Target::Webhook(WebhookId(3)), Some(&other.url), "");
        outbox.wake();
        store.until_delivered(elsewhere).await;
        turnable.turn(Duration::from_secs(50));
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(receiver.calls().len(), 1, "{status}");
        assert!(store.0.lock().unwrap().values().all(|row| row.call.attempts <= 1), "what waits was not tried");
        // Afterwards not all at once: one try, and the next pause.
        turnable.turn(Duration::from_secs(20));
        receiver.until(2).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(receiver.calls().len() <= 1 + 4, "{}", receiver.calls().len());
        outbox.stop().await;
    }
}

#[tokio::test]
async fn what_waits_for_a_pause_is_sent_after_it() {
    let receiver = Receiver::answering(|before| {
        Some(match before {
            0 => (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "60")]).into_response(),
            _ => StatusCode::OK.into_response(),
        })
    })
    .await;
    let (store, turnable) = (Arc::new(Memory::default()), TurnableClock::new());
    let first = store.store(Target::Orders, None, "/orders/1/status");
    let outbox = Outbox::start(
        Arc::clone(&store) as Arc<dyn OutgoingStore>,
        OutboxConfig { notifications: ServiceUrl::parse(&receiver.url).ok(), ..orders(&receiver.url) },
        turnable.clock(),
    );
    store.until(first, |row| row.outcome.is_some()).await;
    // The same receiver under another name.
    let sms = store.store(Target::Notifications, None, "/notify/sms");
    let later = store.store(Target::Orders, None, "/orders/2/status");
    outbox.wake();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(receiver.calls().len(), 1);
    outbox.stop().await;
    // A pause outlives the process that was asked for it.
    let outbox = Outbox::start(
        Arc::clone(&store) as Arc<dyn OutgoingStore>,
        OutboxConfig { notifications: ServiceUrl::parse(&receiver.url).ok(), ..orders(&receiver.url) },
        turnable.clock(),
    );
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(receiver.calls().len(), 1);
    turnable.turn(Duration::from_secs(60));
    for no in [first, sms, later] {
        store.until_delivered(no).await;
    }
    outbox.stop().await;
    assert_eq!(receiver.calls().len(), 4);
}

#[tokio::test]
async fn a_call_is_signed_with_its_old_secrets_as_long_as_they_are_valid() {
    let (store, receiver) = (Arc::new(Memory::default()), answering(200).await);
    let no = store.store(HOOK, Some(&receiver.url), "");
    let old = |byte, ms| OldSecret { secret: vec![byte; 32], valid_until: now().plus_ms(ms) };
    store.0.lock().unwrap().get_mut(&no.0).unwrap().call.webhook.as_mut().unwrap().old_secrets =
        vec![old(8, 60_000), old(9, -1)];
    let outbox = start(&store, config());
    store.until_delivered(no).await;
    outbox.stop().await;
    let call = receiver.calls().remove(0);
    let signatures: Vec<&str> = call.header("webhook-signature").split(' ').collect();
    let signed = format!("msg_{}.{}.{}", no.0, call.header("webhook-timestamp"), call.text());
    let expected = [7, 8].map(|byte| {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &[byte; 32]);
        let signature = ring::hmac::sign(&key, signed.as_bytes());
        format!("v1,{}", base64::engine::general_purpose::STANDARD.encode(signature))
    });
    assert_eq!(signatures, expected);
}

/// How long each call of a tenant takes from its storing to its receiver's answer, one after the other.
async fn latencies(store: &Memory, outbox: &Outbox, target: Target, url: Option<&str>) -> Vec<Duration> {
    let mut latencies = Vec::new();
    for _ in 0..5 {
        let begun = Instant::now();
        let no = store.store_of("a", target, url, "/notify/sms");
        outbox.wake();
        store.until_delivered(no).await;
        latencies.push(begun.elapsed());
    }
    latencies
}

/// A tenant has `receivers` webhooks whose receivers answer 200, but late, and enters calls faster than they are taken.
async fn slow_receivers_of_another_tenant(receivers: usize) {
    const LATE: Duration = Duration::from_millis(1_500);
    let late = axum::Router::new().fallback(|| async {
        tokio::time::sleep(LATE).await;
        StatusCode::OK
    });
    let mut urls = Vec::new();
    for _ in 0..receivers {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        urls.push(format!("http://{}/", listener.local_addr().unwrap()));
        let late = late.clone();
        tokio::spawn(async move { axum::serve(listener, late).await.unwrap() });
    }
    let (store, fast, sms) = (Arc::new(Memory::default()), answering(200).await, answering(200).await);
    let timing = Timing {
        try_timeout: Duration::from_secs(5),
        slow_after: Duration::from_millis(200),
        scan_every: Duration::from_millis(500),
        ..config().timing
    };
    let notifications = ServiceUrl::parse(&sms.url).ok();
    let outbox = start(&store, OutboxConfig { timing, notifications, ..config() });
    let mut measured = Vec::new();
    for phase in ["before", "during", "after"] {
        if phase == "during" {
            for _ in 0..20 {
                for (number, url) in urls.iter().enumerate() {
                    let id = WebhookId(100 + i64::try_from(number).unwrap());
                    store.store_of("b", Target::Webhook(id), Some(url), "");
                }
                // A flood of texts, too.
                store.store_of("b", Target::Notifications, None, "/notify/sms");
            }
            outbox.wake();
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        let hook = Target::Webhook(WebhookId(1));
        measured.extend(latencies(&store, &outbox, hook, Some(&fast.url)).await);
        measured.extend(latencies(&store, &outbox, Target::Notifications, None).await);
    }
    let worst = measured.iter().max().unwrap();
    assert!(*worst < LATE / 2, "{receivers} slow receivers: {measured:?}");
    // It gets its own calls through all the while.
    assert!(
        store.0.lock().unwrap().values().filter(|row| row.call.tenant.as_str() == "b").any(|row| row.outcome.is_some())
    );
    outbox.stop().await;
}

#[tokio::test]
async fn slow_receivers_of_one_tenant_delay_neither_another_tenant_nor_the_services() {
    for receivers in [5, 16, 49] {
        slow_receivers_of_another_tenant(receivers).await;
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_holds_up_no_call() {
    let (store, receiver) = (Arc::new(Memory::default()), answering(200).await);
    let ahead = Arc::new(std::sync::atomic::AtomicI64::new(3_600_000));
    let offset = Arc::clone(&ahead);
    let clock = Clock::new(move || now().plus_ms(offset.load(std::sync::atomic::Ordering::Relaxed)));
    let _outbox = Outbox::start(Arc::clone(&store) as Arc<dyn OutgoingStore>, config(), clock);
    tokio::time::sleep(Duration::from_millis(50)).await;
    ahead.store(0, std::sync::atomic::Ordering::Relaxed);
    // Nobody wakes it: its next scan comes in time all the same.
    let no = store.store(HOOK, Some(&receiver.url), "");
    store.until_delivered(no).await;
}
