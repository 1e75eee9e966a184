//! Serves one client's socket: events as they are stored, and replays on request.

use crate::convert::render;
use crate::inbound::{FromClient, read_message};
use crate::view::RecordsView;
use crate::wire::{ToClient, UserName};
use milepost_domain::{Caller, Principal, Role};
use milepost_live::{EventFollower, EventView, Live, SocketSender, Viewer};
use std::convert::Infallible;
use std::sync::Arc;

pub(crate) struct RecordsClient {
    sender: Arc<SocketSender>,
    events: EventFollower<RecordsView>,
}

impl RecordsClient {
    /// Greets the client. `replay_after` requests a replay of the events above it.
    pub(crate) fn enter(
        live: &Live,
        sender: Arc<SocketSender>,
        view: RecordsView,
        replay_after: Result<Option<i64>, String>,
    ) -> Self {
        sender.send(&render(&welcome(&view.caller, view.source().newest)));
        let (replay_after, problem) = replay_after.map_or_else(|problem| (None, Some(problem)), |after| (after, None));
        let client = Self { events: EventFollower::new(live, &sender, view, replay_after), sender };
        if let Some(problem) = problem {
            client.say_error(&problem);
        }
        client
    }
}

impl Viewer for RecordsClient {
    async fn answer(&mut self, text: &str) {
        match read_message(text) {
            Ok(FromClient::Ping(timestamp)) => self.sender.send(&render(&ToClient::Pong { timestamp })),
            Ok(FromClient::ReplayRequest(after)) => {
                if let Err(message) = self.events.request_replay(after) {
                    self.say_error(message);
                }
            }
            Err(message) => self.say_error(&message),
        }
    }

    fn say_error(&self, message: &str) {
        self.sender.send(&render(&ToClient::Error { message }));
    }

    async fn work(&mut self) -> Infallible {
        self.events.run().await
    }
}

fn welcome(caller: &Caller, newest: i64) -> ToClient<'_> {
    let subject = match &caller.principal {
        Principal::User { subject, .. } => subject.as_str(),
        Principal::Device { .. } | Principal::Program { .. } | Principal::Guest { .. } => "",
    };
    ToClient::ConnectionEstablished {
        message: "WebSocket connection established",
        user_id: caller.user_id().map_or(UserName::Subject(subject), |id| UserName::Number(id.get())),
        role: caller.role().map_or("", Role::as_str),
        last_event_id: newest,
    }
}
