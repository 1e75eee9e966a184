//! Ends the HTTP connection under a stream.

use std::sync::Arc;

use tokio::sync::Notify;

/// Made by the server for each connection and put into its requests' extensions. It is needed because a connection whose
/// reader has stopped takes nothing from its body any more: the end of the body would not end the connection.
#[derive(Clone, Default)]
pub struct Abort(Arc<Notify>);

impl Abort {
    /// Returns when the connection is to be dropped.
    pub async fn wait(&self) {
        self.0.notified().await;
    }

    /// Drops the connection.
    pub fn abort(&self) {
        self.0.notify_one();
    }
}
