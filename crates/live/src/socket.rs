//! The receive loop of a socket.

use milepost_http::Problem;
use milepost_transport::{Inbound, Socket};
use std::sync::Arc;

use crate::sender::SocketSender;

/// What a dialect does with what its client sends. It is dropped when the socket has ended.
pub trait Viewer: Send {
    /// Answers a text message.
    fn answer(&mut self, text: &str) -> impl Future<Output = ()> + Send;

    /// Tells the client what was wrong; the connection stays.
    fn say_error(&self, message: &str);

    /// What goes on while the client says nothing. It is dropped at each message and called again after its answer.
    fn work(&mut self) -> impl Future<Output = ()> + Send {
        std::future::pending()
    }
}

/// Serves a socket until either side ends it.
pub(crate) async fn serve_socket<W: Viewer>(
    mut socket: Socket,
    sender: &Arc<SocketSender>,
    enter: impl Future<Output = Result<W, Problem>>,
) {
    let mut viewer = match enter.await {
        Ok(viewer) => viewer,
        Err(problem) => {
            sender.refuse(&problem);
            return socket.finish().await;
        }
    };
    loop {
        let inbound = tokio::select! {
            inbound = socket.next() => inbound,
            () = viewer.work() => continue,
        };
        match inbound {
            Some(Inbound::Text(text)) => viewer.answer(&text).await,
            Some(Inbound::Binary(_)) => viewer.say_error("send JSON as text"),
            None => return,
        }
    }
}
