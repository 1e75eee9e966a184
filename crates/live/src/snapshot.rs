//! Sends a snapshot before live messages, so that nothing is missed and no older message follows a newer one.

use milepost_hub::{Channel, Interest, Message, Sink, Subscription};
use milepost_transport::Link;
use std::sync::Arc;

/// Holds back live messages of one socket until it is dropped. Read the state and subscribe, or change a subscription, at one
/// moment at which nothing is published, then offer what was read. A live message that comes meanwhile is newer than an offered
/// one of the same key, and wins.
///
/// Only a snapshot can subscribe a socket, change its subscription, and offer state to it.
#[must_use = "live messages wait until it is dropped"]
pub struct Snapshot(Arc<Link>);

impl Snapshot {
    pub(crate) fn begin(link: Arc<Link>) -> Self {
        link.cork();
        Self(link)
    }

    /// Subscribes the socket to the messages of `channel` within `interest`.
    pub fn subscribe(&self, channel: &Arc<Channel>, interest: Interest) -> Subscription {
        channel.subscribe(Arc::clone(&self.0) as Arc<dyn Sink>, interest)
    }

    /// Replaces the interest of a subscription.
    pub fn narrow(&self, subscription: &Subscription, interest: Interest) {
        subscription.set_interest(interest);
    }

    /// Sends messages of the snapshot, each of another key, unless a live one of the same key waits. They are compressed as one.
    pub fn offer(&self, messages: &[Message]) {
        self.0.send_snapshot(messages);
    }

    /// Sends a message in order with the offered ones.
    pub fn send(&self, text: &str) {
        self.0.send_text(text);
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        self.0.uncork();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use axum::Router;
    use axum::body::Body;
    use axum::extract::Request;
    use axum::routing::any;
    use futures_util::StreamExt;
    use milepost_clock::Clock;
    use milepost_hub::{ChannelId, Hub, HubLimits, Key, Recipients};
    use milepost_transport::{Transport, Upgrade, WsConfig, WsEncoder};
    use std::time::Duration;
    use tokio::net::{TcpListener, TcpStream};
    use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

    /// A hub's channel, and a socket that subscribes only when the test says so.
    struct Fixture {
        hub: Hub,
        channel: Arc<Channel>,
        link: Arc<Link>,
        client: WebSocketStream<MaybeTlsStream<TcpStream>>,
    }

    fn key(id: &str) -> Key {
        Key::new("vehicle", id)
    }

    fn position(id: &str, version: i64) -> Message {
        Message::conflated(format!("{id} {version}"), Recipients::keys([key(id)]), key(id))
    }

    impl Fixture {
        async fn start() -> Self {
            let transport = Transport::start(WsConfig::default(), Clock::system());
            let hub = Hub::new(Arc::new(WsEncoder), HubLimits::default());
            let channel = hub.channel(&ChannelId::new("test", "acme"));
            let (opened, mut links) = tokio::sync::mpsc::unbounded_channel();
            let open = move |request: Request| {
                let (mut head, _) = request.into_parts();
                let opened = opened.clone();
                let hold = async move |mut socket: milepost_transport::Socket| {
                    opened.send(Arc::clone(socket.link())).unwrap();
                    while socket.next().await.is_some() {}
                };
                let upgrade = Upgrade::from_parts(&mut head, &transport).ok().unwrap();
                async move { upgrade.accept(hold).map(|()| Body::empty()) }
            };
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("ws://{}/", listener.local_addr().unwrap());
            tokio::spawn(async move { axum::serve(listener, Router::new().route("/", any(open))).await.unwrap() });
            let (client, _) = connect_async(url).await.unwrap();
            Self { hub, channel, link: links.recv().await.unwrap(), client }
        }

        /// Publishes a message, and waits until the socket has been offered it.
        async fn publish(&self, message: Message) {
            let before = self.hub.stats().deliveries;
            self.channel.publish(message);
            while self.hub.stats().deliveries == before {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }

        /// The messages that the client has received so far.
        async fn received(&mut self) -> Vec<String> {
            self.link.send_text("end");
            let mut texts = Vec::new();
            loop {
                let text = self.client.next().await.unwrap().unwrap().into_text().unwrap().to_string();
                if text == "end" {
                    return texts;
                }
                texts.push(text);
            }
        }
    }

    #[tokio::test]
    async fn a_message_published_between_reading_and_offering_wins() {
        let mut fixture = Fixture::start().await;
        let snapshot = Snapshot::begin(Arc::clone(&fixture.link));
        let _subscription = snapshot.subscribe(&fixture.channel, Interest::all());
        let read = [position("a", 2), position("b", 1)];
        fixture.publish(position("a", 3)).await;
        snapshot.offer(&read);
        drop(snapshot);
        assert_eq!(fixture.received().await, ["a 3", "b 1"]);
    }

    #[tokio::test]
    async fn a_newer_live_message_wins_when_a_viewer_widens() {
        let mut fixture = Fixture::start().await;
        let snapshot = Snapshot::begin(Arc::clone(&fixture.link));
        let subscription = snapshot.subscribe(&fixture.channel, Interest::keys([key("a")]));
        drop(snapshot);
        fixture.publish(position("a", 1)).await;
        let snapshot = Snapshot::begin(Arc::clone(&fixture.link));
        snapshot.narrow(&subscription, Interest::all());
        let read = position("b", 2);
        fixture.publish(position("b", 3)).await;
        snapshot.offer(&[read]);
        drop(snapshot);
        assert_eq!(fixture.received().await, ["a 1", "b 3"]);
    }

    #[tokio::test]
    async fn what_was_published_before_the_cut_does_not_follow_the_snapshot() {
        let mut fixture = Fixture::start().await;
        let snapshot = Snapshot::begin(Arc::clone(&fixture.link));
        let subscription = snapshot.subscribe(&fixture.channel, Interest::keys([key("b")]));
        drop(snapshot);
        // On its way to its subscribers when the viewer widens.
        fixture.channel.publish(position("a", 4));
        let snapshot = Snapshot::begin(Arc::clone(&fixture.link));
        snapshot.narrow(&subscription, Interest::all());
        snapshot.offer(&[position("a", 5)]);
        drop(snapshot);
        fixture.publish(position("a", 6)).await;
        assert_eq!(fixture.received().await, ["a 5", "a 6"]);
    }
}
