//! Who may be called when, without a store and without receivers.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

fn lane(tenant: &str, host: &str, kind: ReceiverKind) -> Lane {
    Lane { tenant: TenantId::new(tenant).unwrap(), host: host.to_owned(), kind }
}

fn hook(tenant: &str, host: impl ToString) -> Lane {
    lane(tenant, &host.to_string(), ReceiverKind::Webhook)
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_unix_ms(ms).unwrap()
}

/// Takes as many calls as there is room for, and at most `most`.
fn fill(queues: &mut Queues<u32>, lane: &Lane, most: usize) -> usize {
    let room = queues.reserve(lane);
    let added = room.min(most);
    for call in 0..added {
        queues.add(lane, u32::try_from(call).unwrap());
    }
    queues.cancel(lane, room - added);
    added
}

fn started(queues: &mut Queues<u32>) -> Vec<Lane> {
    std::iter::from_fn(|| queues.next().map(|(lane, _)| lane)).collect()
}

#[test]
fn a_host_gets_four_tries_of_a_tenant_at_once_and_sixteen_are_in_hand() {
    let (mut queues, a) = (Queues::new(), hook("a", "h"));
    assert_eq!(fill(&mut queues, &a, 100), 16);
    assert_eq!(started(&mut queues).len(), 4);
    assert_eq!(fill(&mut queues, &a, 100), 0, "it would wait here");
    queues.ended(&a, false, false);
    assert_eq!(started(&mut queues).len(), 1);
    assert_eq!(queues.in_flight(), 15);
}

#[test]
fn a_tenant_alone_runs_half_of_all_tries_and_another_one_finds_room_at_once() {
    let mut queues = Queues::new();
    for host in 0..49 {
        fill(&mut queues, &hook("b", host), 4);
    }
    assert_eq!(started(&mut queues).len(), 32);
    assert!(queues.in_flight() <= 128, "{}", queues.in_flight());
    assert_eq!(fill(&mut queues, &hook("a", "h"), 4), 4);
    assert_eq!(started(&mut queues), vec![hook("a", "h"); 4]);
}

#[test]
fn a_push_service_gets_sixteen_at_once_and_one_when_it_asks_for_less() {
    let (mut queues, push) = (Queues::new(), lane("a", "push", ReceiverKind::Push));
    assert_eq!(fill(&mut queues, &push, 100), 64);
    assert_eq!(started(&mut queues).len(), 16);
    assert_eq!(queues.ended(&push, true, false).len(), 48, "what waited is given back");
    for _ in 1..16 {
        queues.ended(&push, true, false);
    }
    assert_eq!(fill(&mut queues, &push, 100), 1);
    assert_eq!(started(&mut queues).len(), 1);
}

#[test]
fn a_service_is_shared_by_the_tenants_and_counts_apart_from_their_webhooks() {
    let mut queues = Queues::new();
    for host in 0..49 {
        fill(&mut queues, &hook("b", host), 4);
    }
    let (sms_b, sms_a) = (lane("b", "sms", ReceiverKind::Service), lane("a", "sms", ReceiverKind::Service));
    let orders = lane("b", "orders", ReceiverKind::Service);
    assert_eq!(started(&mut queues).len(), 32);
    assert_eq!(fill(&mut queues, &sms_b, 100), 16, "b's webhooks take nothing from it");
    assert_eq!(started(&mut queues), vec![sms_b.clone(); 4]);
    assert_eq!(fill(&mut queues, &sms_a, 100), 8);
    assert_eq!(started(&mut queues), vec![sms_a.clone(); 2], "b's flood leaves room");
    // One that hangs concerns its own calls alone.
    queues.ended(&sms_b, true, false);
    assert_eq!(fill(&mut queues, &orders, 4), 4);
    assert_eq!(started(&mut queues).len(), 4);
    assert_eq!(fill(&mut queues, &sms_a, 100), 0, "a failing service is one for all tenants");
}

#[test]
fn a_failing_host_gets_one_try_until_it_answers() {
    let (mut queues, a) = (Queues::new(), hook("a", "h"));
    fill(&mut queues, &a, 10);
    assert_eq!(started(&mut queues).len(), 4);
    assert_eq!(queues.ended(&a, true, false).len(), 6);
    assert_eq!(queues.in_flight(), 3);
    assert_eq!(fill(&mut queues, &a, 10), 0, "three still run");
    for _ in 0..3 {
        queues.ended(&a, true, false);
    }
    assert_eq!(fill(&mut queues, &a, 10), 1);
    assert_eq!(started(&mut queues).len(), 1);
    queues.ended(&a, false, false);
    assert_eq!(fill(&mut queues, &a, 4), 4);
    assert_eq!(started(&mut queues).len(), 4);
}

#[test]
fn slow_receivers_of_a_tenant_leave_room_for_its_others() {
    let mut queues = Queues::new();
    let hooks: Vec<Lane> = (0..49).map(|host| hook("b", host)).collect();
    for lane in &hooks {
        fill(&mut queues, lane, 2);
    }
    let running = started(&mut queues);
    assert_eq!(running.len(), 32);
    let given_back: usize = running.iter().map(|lane| queues.mark_slow(lane).len()).sum();
    assert!(given_back > 0);
    for lane in &running {
        queues.ended(lane, false, true);
    }
    let slow: usize = running.iter().map(|lane| fill(&mut queues, lane, 100)).sum();
    assert_eq!(slow, 16, "half of what is for troubled ones, without a queue in hand");
    assert_eq!(fill(&mut queues, &hook("b", "fast"), 4), 4);
    assert!(started(&mut queues).contains(&hook("b", "fast")));
}

#[test]
fn a_receiver_that_was_slow_once_is_trusted_again_when_it_answers_in_time() {
    let (mut queues, a) = (Queues::new(), hook("a", "h"));
    fill(&mut queues, &a, 1);
    started(&mut queues);
    queues.mark_slow(&a);
    queues.ended(&a, false, true);
    assert_eq!(fill(&mut queues, &a, 100), 4);
    started(&mut queues);
    queues.ended(&a, false, false);
    assert_eq!(fill(&mut queues, &a, 100), 13);
}

#[test]
fn one_tenants_trouble_with_a_host_is_not_anothers() {
    let mut queues = Queues::new();
    fill(&mut queues, &hook("b", "shared"), 1);
    started(&mut queues);
    queues.ended(&hook("b", "shared"), true, true);
    assert_eq!(fill(&mut queues, &hook("a", "shared"), 4), 4);
    assert_eq!(started(&mut queues).len(), 4);
}

#[test]
fn a_pause_holds_for_the_whole_host_and_its_end_is_kept() {
    let mut queues = Queues::new();
    let other_port = hook("a", "h:81");
    for lane in [&hook("a", "h:80"), &other_port] {
        fill(&mut queues, lane, 10);
    }
    assert_eq!(queues.pause(&hook("a", "h:80"), at(60_000)).len(), 10);
    assert_eq!(queues.pause(&hook("a", "h:80"), at(30_000)).len(), 0);
    assert_eq!(queues.paused_until(&hook("a", "h:80"), at(59_999)), Some(at(60_000)));
    let push = lane("a", "h:80", ReceiverKind::Push);
    assert_eq!(queues.paused_until(&push, at(0)), Some(at(60_000)), "the same receiver");
    assert_eq!(queues.paused_until(&other_port, at(0)), None);
    assert_eq!(queues.paused_until(&hook("b", "h:80"), at(0)), None, "another tenant's hook answers for itself");
    assert_eq!(queues.paused_until(&hook("a", "h:80"), at(60_000)), None);
    assert_eq!(started(&mut queues), vec![other_port; 4]);
}

#[test]
fn a_pause_of_a_service_or_a_push_service_holds_for_every_tenant() {
    for kind in [ReceiverKind::Service, ReceiverKind::Push] {
        let mut queues: Queues<u32> = Queues::new();
        fill(&mut queues, &lane("b", "h", kind), 3);
        assert_eq!(queues.pause(&lane("a", "h", kind), at(60_000)).len(), 3);
        assert_eq!(queues.paused_until(&lane("b", "h", kind), at(0)), Some(at(60_000)));
        assert_eq!(queues.paused_until(&hook("b", "h"), at(0)), Some(at(60_000)));
        assert_eq!(queues.in_flight(), 0);
    }
}

#[test]
fn nothing_is_kept_of_hosts_that_answer() {
    let mut queues = Queues::new();
    for host in 0..3_000 {
        assert_eq!(fill(&mut queues, &hook("a", host), 1), 1);
        let (lane, _) = queues.next().unwrap();
        queues.ended(&lane, lane.host.ends_with('7'), false);
    }
    assert!(queues.receivers.len() <= MAX_REMEMBERED && queues.in_flight() == 0);
    assert_eq!(queues.reserve(&hook("b", "x")), 16);
}
