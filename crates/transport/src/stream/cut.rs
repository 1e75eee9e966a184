//! Ends the HTTP connection under a stream.

use std::sync::Arc;

use tokio::sync::Notify;

/// Made by the server for each connection and put into its requests' extensions: a connection whose reader has stopped
/// taking bytes asks no body for more, so ending the body would not end it.
#[derive(Clone, Default)]
pub struct Cut(Arc<Notify>);

impl Cut {
    /// Returns when the connection is to be dropped.
    pub async fn wait(&self) {
        self.0.notified().await;
    }

    pub(crate) fn cut(&self) {
        self.0.notify_one();
    }
}
