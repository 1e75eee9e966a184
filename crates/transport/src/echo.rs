//! Returns every message, for conformance suites: `/ws/echo`.

use crate::config::SocketLimits;
use crate::socket::{Inbound, Socket};

/// The longest message that is echoed, in bytes: conformance suites send 16 MiB.
const MAX_MESSAGE_BYTES: usize = 32 * 1024 * 1024;

/// Limits of an echo socket: long messages, no rate limit. It reads no more while its answers wait to be read.
pub fn limits() -> SocketLimits {
    SocketLimits { max_message_bytes: MAX_MESSAGE_BYTES, rate: None, ..SocketLimits::default() }
}

/// Returns every text and binary message until the socket ends.
pub async fn echo(mut socket: Socket) {
    let link = socket.link().clone();
    while let Some(message) = socket.next().await {
        let sent = match message {
            Inbound::Text(text) => link.send_backpressured(&text).await,
            Inbound::Binary(bytes) => link.send_binary_backpressured(&bytes).await,
        };
        if sent.is_err() {
            break;
        }
    }
}
