//! From the hub to the sockets: order, slow readers and snapshots.

use std::time::Duration;

use milepost_hub::{ChannelId, Interest, Message, Recipients, Sink};
use milepost_transport::{SocketLimits, WsConfig};

use crate::raw_client::{PONG, RawClient, TEXT};
use crate::server::{TestServer, note, position, position_of};

/// Fills a socket whose reader sleeps, whatever the kernel's buffers hold, and waits until it is known to be full.
async fn fill(server: &TestServer) {
    let channel = server.channel();
    for version in 1.. {
        channel.publish(position_of("filler", version, 60_000));
        server.wait_until("the fan-out", |server| server.hub.stats().pending_messages == 0).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
        if server.transport.stats().pending_bytes > 0 {
            return;
        }
    }
}

async fn subscribe(server: &TestServer) -> RawClient {
    let mut client = RawClient::connect(server.address, "/channel").await;
    assert_eq!(client.receive().await.text(), "subscribed");
    client
}

#[tokio::test]
async fn a_thousand_fast_subscribers_get_every_message_in_order() {
    let server = TestServer::start().await;
    let mut clients = Vec::new();
    for _ in 0..1000 {
        clients.push(subscribe(&server).await);
    }
    let channel = server.channel();
    for number in 0..50 {
        channel.publish(note(&number.to_string()));
        if number % 10 == 0 {
            tokio::time::sleep(Duration::from_millis(3)).await;
        }
    }
    for client in &mut clients {
        for number in 0..50 {
            assert_eq!(client.receive().await.text(), number.to_string());
        }
    }
    assert_eq!(server.hub.stats().deliveries, 50_000);
    assert_eq!(server.hub.stats().dropped, 0);
}

#[tokio::test]
async fn slow_reader_keeps_only_the_newest_position_and_every_note() {
    let server = TestServer::start().await;
    let mut client = subscribe(&server).await;
    fill(&server).await;
    let channel = server.channel();
    for version in 0..500 {
        channel.publish(position("bus-1", version));
        channel.publish(position("bus-2", version));
        channel.publish(note(&format!("note {version}")));
    }
    server.wait_until("the fan-out", |server| server.hub.stats().pending_messages == 0).await;
    channel.publish(note("end"));

    let (mut positions, mut notes) = (Vec::new(), Vec::new());
    loop {
        let frame = client.receive().await;
        match frame.text() {
            "end" => break,
            text if text.starts_with("bus-") => positions.push(text.trim().to_owned()),
            text if text.starts_with("note") => notes.push(text.to_owned()),
            text => assert!(text.starts_with("filler"), "{text}"),
        }
    }
    positions.sort();
    assert_eq!(positions, ["bus-1 499", "bus-2 499"]);
    let expected: Vec<String> = (0..500).map(|version| format!("note {version}")).collect();
    assert_eq!(notes, expected);
    server.wait_until("an empty backlog", |server| server.transport.stats().pending_bytes == 0).await;
    assert!(server.transport.stats().conflated + server.hub.stats().conflated >= 998);
}

#[tokio::test]
async fn a_full_reliable_queue_closes_that_socket_only_and_says_resume() {
    let limits = SocketLimits { reliable_bytes: 32 * 1024, ..SocketLimits::default() };
    let server = TestServer::start_with(WsConfig { limits, ..WsConfig::default() }).await;
    let mut slow = subscribe(&server).await;
    fill(&server).await;
    let mut fast = subscribe(&server).await;
    let channel = server.channel();
    for number in 0..64 {
        channel.publish(note(&format!("{number} {}", "x".repeat(1000))));
        assert!(fast.receive().await.text().starts_with(&format!("{number} ")));
    }
    let close = loop {
        let frame = slow.receive().await;
        if frame.first != TEXT {
            break frame;
        }
    };
    assert_eq!(close.close().0, 1013);
    assert!(close.close().1.contains("resume"));
    fast.send_frame(TEXT, b"say still here").await;
    assert_eq!(fast.receive().await.text(), "still here");
}

#[tokio::test]
async fn pings_of_a_blocked_reader_are_answered_once_it_reads() {
    let server = TestServer::start().await;
    let mut client = subscribe(&server).await;
    fill(&server).await;
    client.send_frame(0x89, b"are you there").await;
    loop {
        let frame = client.receive().await;
        if frame.first == PONG {
            assert_eq!(frame.payload, b"are you there");
            break;
        }
    }
}

#[tokio::test]
async fn a_snapshot_comes_before_live_messages_and_yields_to_those_that_came_meanwhile() {
    let server = TestServer::start().await;
    let mut client = subscribe(&server).await;
    let link = server.links.lock().unwrap()[0].clone();
    let channel = server.channel();

    link.cork();
    channel.publish(position("live-too", 7));
    server.wait_until("the fan-out", |server| server.hub.stats().deliveries == 1).await;
    link.send_snapshot(&[position("live-too", 5), position("snapshot", 5)]);
    client.assert_silent(Duration::from_millis(30)).await;
    link.uncork();
    channel.publish(position("snapshot", 6));
    channel.publish(note("end"));
    assert_eq!(positions_until_end(&mut client).await, ["live-too 7", "snapshot 5", "snapshot 6"]);
}

#[tokio::test]
async fn a_snapshot_replaces_what_waited_for_a_slow_reader_before_it() {
    let server = TestServer::start().await;
    let mut client = subscribe(&server).await;
    let link = server.links.lock().unwrap()[0].clone();
    fill(&server).await;
    let channel = server.channel();
    channel.publish(position("waiting", 3));
    server.wait_until("the fan-out", |server| server.hub.stats().pending_messages == 0).await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    link.cork();
    link.send_snapshot(&[position("waiting", 5), position("new", 5)]);
    link.uncork();
    channel.publish(note("end"));
    assert_eq!(positions_until_end(&mut client).await, ["waiting 5", "new 5"]);
}

async fn positions_until_end(client: &mut RawClient) -> Vec<String> {
    let mut seen = Vec::new();
    loop {
        let frame = client.receive().await;
        match frame.text() {
            "end" => return seen,
            text if text.starts_with("filler") => {}
            text => seen.push(text.trim().to_owned()),
        }
    }
}

#[tokio::test]
async fn a_subscriber_that_leaves_gets_nothing_more_and_its_channel_goes() {
    let server = TestServer::start().await;
    let mut client = subscribe(&server).await;
    assert_eq!(server.hub.stats().channels, 1);
    client.send_frame(TEXT, b"bye").await;
    client.expect_close(4000).await;
    server.wait_until("the channel to go", |server| server.hub.stats().channels == 0).await;
    assert!(server.hub.find_channel(&crate::server::channel_id()).is_none());
    assert_eq!(server.transport.stats().closed.get(&4000), Some(&1));
}

#[tokio::test]
async fn a_replay_with_backpressure_keeps_the_backlog_small() {
    let server = TestServer::start().await;
    let mut client = subscribe(&server).await;
    let link = server.links.lock().unwrap()[0].clone();
    let replay = tokio::spawn({
        let link = link.clone();
        async move {
            for number in 0..5000 {
                link.send_backpressured(&format!("{number} {}", "x".repeat(2000))).await.unwrap();
            }
        }
    });
    server.wait_until("a full backlog", |_| link.pending_bytes() >= 64 * 1024).await;
    assert!(!replay.is_finished(), "ten megabytes do not fit into the socket");
    assert!(link.pending_bytes() < 64 * 1024 + 4096, "{} bytes wait", link.pending_bytes());
    for number in 0..5000 {
        assert!(client.receive().await.text().starts_with(&format!("{number} ")));
    }
    replay.await.unwrap();
}

#[tokio::test]
async fn one_user_can_be_reached_by_a_key_of_its_own() {
    let server = TestServer::start().await;
    let mut everyone = subscribe(&server).await;
    let mut user = subscribe(&server).await;
    let link = server.links.lock().unwrap()[1].clone();
    let key = milepost_hub::Key::new("user", "5");
    let channel = server.hub.channel(&ChannelId::new("bus", "notices"));
    let _all = channel.subscribe(server.links.lock().unwrap()[0].clone(), Interest::all());
    let _own = channel.subscribe(link, Interest::all().with_topics([key.clone()]));
    channel.publish_all([note("first"), Message::new("for five", Recipients::only([key])), note("last")]);
    for expected in ["first", "for five", "last"] {
        assert_eq!(user.receive().await.text(), expected);
    }
    for expected in ["first", "last"] {
        assert_eq!(everyone.receive().await.text(), expected);
    }
}
