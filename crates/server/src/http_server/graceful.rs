//! Asks hyper's connections to end after their request, and waits for them.

use hyper::body::{Body, Incoming};
use hyper::rt::{Read, Write};
use hyper::server::conn::http1::UpgradeableConnection;
use hyper::service::HttpService;
use std::error::Error;
use std::pin::pin;
use tokio::sync::watch;

/// Ends the connections that it watches.
pub(super) struct Graceful(watch::Sender<bool>);

/// Watches one connection. The shutdown waits until it is dropped.
pub(super) struct Watcher(watch::Receiver<bool>);

impl Graceful {
    pub(super) fn new() -> Self {
        Self(watch::channel(false).0)
    }

    pub(super) fn watcher(&self) -> Watcher {
        Watcher(self.0.subscribe())
    }

    /// Returns when all connections have finished their requests and ended.
    pub(super) async fn shutdown(self) {
        self.0.send_replace(true);
        self.0.closed().await;
    }
}

impl Watcher {
    /// Runs a connection to its end.
    pub(super) async fn watch<I, S, B>(mut self, connection: UpgradeableConnection<I, S>) -> Result<(), hyper::Error>
    where
        S: HttpService<Incoming, ResBody = B>,
        S::Error: Into<Box<dyn Error + Send + Sync>>,
        I: Read + Write + Unpin + Send + 'static,
        B: Body + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let mut connection = pin!(connection);
        tokio::select! {
            ended = connection.as_mut() => return ended,
            _ = self.0.wait_for(|is_ending| *is_ending) => {}
        }
        connection.as_mut().graceful_shutdown();
        connection.await
    }
}
