//! One client on its stream: what it missed, then events as they are stored.

use crate::RecordsParts;
use crate::follower::{Follower, Stopped, Way};
use crate::opening::Opening;
use milepost_access::{CloseReason, Disconnect};
use milepost_transport::EventStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a client waits before it comes back.
pub(crate) const RETRY_MS: u64 = 3000;

/// Ends the stream when its holder's right ends. A stream has no code to say why: its client comes back and is refused,
/// or gets what it may see now.
struct ClientConnection(Arc<EventStream>);

impl Disconnect for ClientConnection {
    fn disconnect(&self, _: CloseReason) {
        self.0.end();
    }
}

/// Brings the stream to where live events keep it going by themselves; then no task is left.
pub(crate) async fn serve(stream: Arc<EventStream>, parts: RecordsParts, opening: Opening, after: Option<i64>) {
    let Opening { caller, tenant, viewer, newest, admission } = opening;
    let connection = Arc::new(ClientConnection(Arc::clone(&stream)));
    admission.attach(&connection);
    let confirmed = parts.context.access.revalidate(&admission).await;
    stream.keep((connection, admission));
    if !matches!(confirmed, Ok(None)) {
        return stream.end();
    }
    if let Some(expires_at) = caller.expires_at {
        let left_ms = expires_at.ms_since(parts.context.service.now()).max(0).unsigned_abs();
        stream.set_expiry(Instant::now() + Duration::from_millis(left_ms));
    }
    let follower = Follower::new(parts, tenant, viewer, Way::Stream(Arc::clone(&stream)), newest);
    stream.keep(follower.subscribe());
    if let Err(Stopped::Failed) = bring_up(&follower, &stream, after, newest).await {
        stream.end();
    }
}

async fn bring_up(follower: &Follower, stream: &EventStream, after: Option<i64>, newest: i64) -> Result<(), Stopped> {
    if let Some(after) = after {
        follower.tell(after, newest, true).await?;
    }
    // Here it resumes if it is cut off before the next event.
    stream.send_position(newest);
    follower.catch_up(newest).await
}
