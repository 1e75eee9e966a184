//! Work of a connection that goes on while the connection does something else.

use crate::client_events::Stopped;
use tokio::task::JoinHandle;

/// A task that ends with its owner.
///
/// It takes turns of the large reads of its tenant. If its owner polled it instead, it would keep such a turn while the owner
/// waits for one itself to answer a message, and neither would ever go on.
pub(crate) struct OwnTask(JoinHandle<Result<(), Stopped>>);

impl OwnTask {
    pub(crate) fn spawn(work: impl Future<Output = Result<(), Stopped>> + Send + 'static) -> Self {
        Self(tokio::spawn(work))
    }

    /// Waits for its end. Dropping the future loses nothing. A panic is a failure.
    pub(crate) async fn end(&mut self) -> Result<(), Stopped> {
        (&mut self.0).await.unwrap_or(Err(Stopped::Failed))
    }
}

impl Drop for OwnTask {
    fn drop(&mut self) {
        self.0.abort();
    }
}
