//! Reads what a refused client still sends, so that it sees the refusal: closing a connection while something is unread resets it, and
//! programs that write their whole body first, such as proxies, then report the reset.

use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// How long the rest of a refused request may take.
const REST_WAIT: Duration = Duration::from_secs(2);
/// How many bytes of it are read and thrown away: twice the largest body that a route takes.
const REST_BYTES: u64 = 16 * 1024 * 1024;

/// Reads until the client has read its answer and closes, or too much or too long follows. The answer was sent, and this side closed.
pub(super) async fn read_rest(stream: TcpStream) {
    let mut rest = stream.take(REST_BYTES);
    let mut unread = [0; 8 * 1024];
    let read = async { while rest.read(&mut unread).await.is_ok_and(|count| count > 0) {} };
    let _ = tokio::time::timeout(REST_WAIT, read).await;
}
