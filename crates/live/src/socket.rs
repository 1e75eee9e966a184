//! An open socket from its registration to its end: the receive loop of all dialects.

use milepost_http::Problem;
use milepost_transport::{Inbound, Socket};
use std::convert::Infallible;
use std::sync::Arc;

use crate::ConnectionPolicy;
use crate::admission::ConnectionPlace;
use crate::sender::SocketSender;

/// Answers one client's messages for a dialect. It is dropped when the socket has ended.
pub trait Viewer: Send {
    /// Answers a text message.
    fn answer(&mut self, text: &str) -> impl Future<Output = ()> + Send;

    /// Sends the client an error message. The connection stays open.
    fn say_error(&self, message: &str);

    /// Runs while the client is silent and never returns. It is dropped at each message and called again after the
    /// answer.
    fn work(&mut self) -> impl Future<Output = Infallible> + Send {
        std::future::pending()
    }
}

/// A socket and its viewer in one allocation, because ten thousand of them wait at any time.
pub(crate) struct ServedSocket<W> {
    // Fields are dropped in this order, so that the place becomes free after the socket and its subscriptions have
    // ended.
    viewer: W,
    socket: Socket,
    _place: Arc<ConnectionPlace>,
}

impl<W: Viewer> ServedSocket<W> {
    /// Registers a socket and makes its viewer. Returns `None` when the client is refused; the socket is then closed.
    pub(crate) async fn enter<F, Fut>(
        socket: Socket,
        place: Arc<ConnectionPlace>,
        policy: &'static ConnectionPolicy,
        make_viewer: F,
    ) -> Option<Box<Self>>
    where
        F: FnOnce(Arc<SocketSender>) -> Fut,
        Fut: Future<Output = Result<W, Problem>>,
    {
        let sender = SocketSender::new(&socket, policy);
        if place.register(&sender).await {
            match make_viewer(Arc::clone(&sender)).await {
                Ok(viewer) => return Some(Box::new(Self { viewer, socket, _place: place })),
                Err(problem) => sender.refuse(&problem),
            }
        }
        socket.finish().await;
        None
    }

    /// Serves the client until either side closes the socket.
    pub(crate) async fn run(mut self: Box<Self>) {
        let Self { viewer, socket, .. } = &mut *self;
        loop {
            let inbound = tokio::select! {
                inbound = socket.next() => inbound,
                never = viewer.work() => match never {},
            };
            match inbound {
                // Boxed, so that no memory is reserved for an answer while the socket waits.
                Some(Inbound::Text(text)) => Box::pin(viewer.answer(&text)).await,
                Some(Inbound::Binary(_)) => viewer.say_error("send JSON as text"),
                None => return,
            }
        }
    }
}
