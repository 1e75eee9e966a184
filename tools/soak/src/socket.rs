//! A WebSocket to one node, for clients that come and go.

use crate::cluster::{REQUEST_PATIENCE, Reach};
use anyhow::{Context as _, Result, bail};
use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::Value;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// A node pings every two seconds. One that is silent for longer is left.
const MAX_SILENCE: Duration = Duration::from_secs(8);

/// An open socket.
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// Opens a socket with a token in the header.
    pub(crate) async fn open(reach: &Reach, node: usize, path: &str, token: &str) -> Result<Self> {
        let mut request = reach.url("ws", node, path).into_client_request()?;
        if !token.is_empty() {
            request.headers_mut().insert("authorization", format!("Bearer {token}").parse()?);
        }
        let opened = tokio::time::timeout(REQUEST_PATIENCE, connect_async(request)).await;
        Ok(Self(opened.context("no answer to a handshake")??.0))
    }

    /// The next message. An error is the end of the socket.
    pub(crate) async fn next(&mut self) -> Result<Value> {
        loop {
            let next = tokio::time::timeout(MAX_SILENCE, self.0.next()).await;
            match next.context("the node is silent")?.context("the socket was closed")?? {
                Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                Message::Close(frame) => bail!("the socket was closed: {frame:?}"),
                // The library answers pings when it is read again.
                _ => {}
            }
        }
    }

    /// Sends a message.
    pub(crate) async fn send(&mut self, message: &Value) -> Result<()> {
        let sent = self.0.send(Message::text(message.to_string()));
        Ok(tokio::time::timeout(REQUEST_PATIENCE, sent).await.context("the node takes nothing")??)
    }
}
