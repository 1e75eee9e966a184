//! Pings, silence, expiry, close deadlines and draining.

use std::collections::BTreeMap;
use std::time::Duration;

use milepost_hub::Sink;
use milepost_transport::Drain;

use crate::raw_client::{CLOSE, PING, PONG, RawClient, TEXT};
use crate::server::{TestServer, note, position_of};

const PING_PERIOD: Duration = Duration::from_secs(54);
const PONG_WAIT: Duration = Duration::from_secs(60);
const WRITE_WAIT: Duration = Duration::from_secs(10);

async fn expect_echo(client: &mut RawClient) {
    client.send_frame(TEXT, b"alive").await;
    assert_eq!(client.receive().await.text(), "alive");
}

#[tokio::test]
async fn a_client_that_answers_pings_stays() {
    let server = TestServer::start().await;
    let mut client = RawClient::connect(server.address, "/echo").await;
    for _ in 0..5 {
        server.clock.turn(PING_PERIOD / 2);
        // A ping that came too early would be in the way.
        expect_echo(&mut client).await;
        server.clock.turn(PING_PERIOD / 2);
        let ping = client.receive().await;
        assert_eq!(ping.first, PING);
        client.send_frame(PONG, &ping.payload).await;
    }
    expect_echo(&mut client).await;
}

#[tokio::test]
async fn a_silent_client_is_disconnected_after_pong_wait() {
    let server = TestServer::start().await;
    let mut client = RawClient::connect(server.address, "/echo").await;
    server.wait_until("the socket", |server| server.transport.stats().open == 1).await;
    server.clock.turn(PING_PERIOD);
    assert_eq!(client.receive().await.first, PING);
    assert_eq!(server.transport.stats().open, 1, "it still has time to answer");
    server.clock.turn(PONG_WAIT - PING_PERIOD);
    assert_eq!(client.receive().await.close().0, 1001);
    assert_eq!(client.try_receive().await, None);
    server.wait_until("the socket to end", |server| server.transport.stats().open == 0).await;
    assert_eq!(server.transport.stats().closed.get(&1006), Some(&1));
}

#[tokio::test]
async fn after_a_pause_of_the_server_a_client_is_pinged_before_it_is_disconnected() {
    let server = TestServer::start().await;
    let mut client = RawClient::connect(server.address, "/echo").await;
    server.wait_until("the socket", |server| server.transport.stats().open == 1).await;
    for _ in 0..2 {
        server.clock.turn(Duration::from_secs(3600));
        let ping = client.receive().await;
        assert_eq!(ping.first, PING);
        client.send_frame(PONG, &ping.payload).await;
        expect_echo(&mut client).await;
    }
    server.clock.turn(Duration::from_secs(3600));
    assert_eq!(client.receive().await.first, PING);
    server.clock.turn(PONG_WAIT - PING_PERIOD);
    assert_eq!(client.receive().await.close().0, 1001);
}

#[tokio::test]
async fn a_reader_that_stops_is_disconnected_and_its_backlog_freed() {
    let server = TestServer::start().await;
    let mut client = RawClient::connect(server.address, "/channel").await;
    client.receive().await;
    server.wait_until("the subscriber", |server| server.hub.stats().subscribers == 1).await;
    let channel = server.channel();
    let fill = |server: &TestServer| {
        channel.publish(position_of("bus", 1, 100_000));
        server.transport.stats().pending_bytes > 0
    };
    server.wait_until("a full socket", fill).await;
    let cut = |server: &TestServer| {
        server.clock.turn(Duration::from_secs(1));
        server.transport.stats().open == 0
    };
    server.wait_until("the cut", cut).await;
    assert_eq!(server.transport.stats().pending_bytes, 0);
    server.wait_until("the subscription to go", |server| server.hub.stats().subscribers == 0).await;
}

#[tokio::test]
async fn a_credential_that_expires_closes_with_its_code() {
    let server = TestServer::start().await;
    let mut client = RawClient::connect(server.address, "/channel").await;
    client.receive().await;
    let link = server.links.lock().unwrap()[0].clone();
    link.set_expiry(Duration::from_secs(60), 4001, "later");
    link.set_expiry(Duration::from_secs(30), 4001, "token expired");
    server.clock.turn(Duration::from_secs(20));
    expect_echo(&mut client).await;
    assert!(!link.is_closed(), "it is not over yet");
    server.clock.turn(Duration::from_secs(10));
    assert_eq!(client.receive().await.close(), (4001, "token expired"));
}

#[tokio::test]
async fn a_peer_that_never_answers_a_close_is_disconnected_after_write_wait() {
    let server = TestServer::start().await;
    let mut client = RawClient::connect(server.address, "/channel").await;
    client.receive().await;
    client.send_frame(TEXT, b"bye").await;
    assert_eq!(client.receive().await.close(), (4000, "bye"));
    assert_eq!(server.transport.stats().open, 1, "it has time to answer");
    server.clock.turn(WRITE_WAIT);
    assert_eq!(client.try_receive().await, None);
}

#[tokio::test]
async fn draining_closes_everyone_with_advice_that_is_spread() {
    let server = TestServer::start().await;
    let mut clients = Vec::new();
    for _ in 0..40 {
        let mut client = RawClient::connect(server.address, "/channel").await;
        client.receive().await;
        clients.push(client);
    }
    let in_flight = note("in flight");
    server.channel().publish(in_flight);
    server.wait_until("the fan-out", |server| server.hub.stats().deliveries == 40).await;
    let transport = server.transport.clone();
    let window = Duration::from_secs(4);
    let draining = tokio::spawn(async move { transport.drain(Drain { window, ..Drain::default() }).await });
    let mut advice = Vec::new();
    for client in &mut clients {
        assert_eq!(client.receive().await.text(), "in flight");
        let frame = client.receive().await;
        let (code, reason) = frame.close();
        assert_eq!(code, 1012);
        let seconds = reason.strip_prefix("restarting; reconnect in ").and_then(|rest| rest.strip_suffix('s'));
        advice.push(seconds.expect(reason).parse::<f32>().unwrap());
        client.send_frame(CLOSE, &1012_u16.to_be_bytes()).await;
    }
    advice.sort_by(f32::total_cmp);
    assert!((0.9..1.2).contains(&advice[0]) && (4.7..5.1).contains(&advice[39]), "{advice:?}");
    assert!(advice.windows(2).all(|pair| pair[1] - pair[0] < 0.31), "{advice:?}");
    let report = draining.await.unwrap();
    assert_eq!((report.closed, report.cut), (40, 0));
    let head = "GET /echo HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\
                sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n";
    let refused = RawClient::request(server.address, head).await.response;
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("retry-after"), "{refused}");
}

/// The rate at which a crowd comes back, if each obeys its advice.
#[tokio::test]
async fn a_crowd_is_told_to_come_back_at_an_even_rate() {
    const CROWD: usize = 1_000;
    let (server, window_s) = (TestServer::start().await, 5);
    let mut clients = Vec::with_capacity(CROWD);
    for _ in 0..CROWD {
        clients.push(RawClient::connect(server.address, "/channel").await);
    }
    server.wait_until("the crowd", |server| server.transport.stats().open == CROWD as u64).await;
    let (transport, window) = (server.transport.clone(), Duration::from_secs(window_s));
    let draining = tokio::spawn(async move { transport.drain(Drain { window, ..Drain::default() }).await });
    // How many are told each second.
    let mut told = BTreeMap::<u64, usize>::new();
    for client in &mut clients {
        let reason = loop {
            let frame = client.receive().await;
            if frame.first == CLOSE {
                break frame.close().1.to_owned();
            }
        };
        let seconds = reason.rsplit(' ').next().and_then(|last| last.strip_suffix('s')).unwrap();
        *told.entry(seconds.parse::<f64>().unwrap() as u64).or_default() += 1;
        client.send_frame(CLOSE, &1012_u16.to_be_bytes()).await;
    }
    let mean = CROWD / window_s as usize;
    assert_eq!(told.values().sum::<usize>(), CROWD);
    assert!(told.values().all(|in_second| *in_second <= mean * 5 / 4), "at most {mean}: {told:?}");
    assert_eq!(draining.await.unwrap().closed, CROWD as u64);
}

#[tokio::test]
async fn draining_disconnects_clients_that_do_not_answer() {
    let server = TestServer::start().await;
    let mut client = RawClient::connect(server.address, "/echo").await;
    server.wait_until("the socket", |server| server.transport.stats().open == 1).await;
    let report = server.transport.drain(Drain { deadline: Duration::from_millis(200), ..Drain::default() }).await;
    assert_eq!((report.closed, report.cut), (0, 1));
    assert_eq!(client.receive().await.close().0, 1012);
    assert_eq!(client.try_receive().await, None);
}
