//! One client on its socket: events as they are stored, replays as it asks for them.

use crate::RecordsParts;
use crate::convert::render;
use crate::follower::{Follower, Stopped, Way};
use crate::inbound::{FromClient, read_message};
use crate::opening::Opening;
use crate::wire::{ToClient, UserName};
use milepost_access::{CloseReason, Disconnect};
use milepost_domain::{Caller, Principal, Role};
use milepost_http::Problem;
use milepost_transport::{Inbound, Link, Socket};
use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Ends the socket when its holder's right ends.
struct ClientConnection(Arc<Link>);

impl Disconnect for ClientConnection {
    fn disconnect(&self, reason: CloseReason) {
        match reason {
            CloseReason::Revoked => self.0.close(4001, "access was withdrawn"),
            CloseReason::RightsChanged => self.0.close(1012, "access has changed; reconnect"),
        }
    }
}

/// Serves a client until either side ends it; `replay_after` is as good as a `replay_request` of it.
pub(crate) async fn follow(
    mut socket: Socket,
    parts: RecordsParts,
    opening: Opening,
    replay_after: Result<Option<i64>, Problem>,
) {
    let Opening { caller, tenant, viewer, newest, admission } = opening;
    let link = Arc::clone(socket.link());
    let connection = Arc::new(ClientConnection(Arc::clone(&link)));
    admission.attach(&connection);
    match parts.context.access.revalidate(&admission).await {
        Ok(None) => {}
        Ok(Some(reason)) => {
            connection.disconnect(reason);
            return socket.finish().await;
        }
        Err(_) => return fail(socket).await,
    }
    if let Some(expires_at) = caller.expires_at {
        let left_ms = expires_at.ms_since(parts.context.service.now()).max(0).unsigned_abs();
        link.set_expiry(Instant::now() + Duration::from_millis(left_ms), 4001, "token expired");
    }
    link.send_text(&render(&welcome(&caller, newest)));
    let replay_after = replay_after.unwrap_or_else(|problem| {
        say_error(&link, &problem.detail);
        None
    });
    let follower = Arc::new(Follower::new(parts, tenant, viewer, Way::Socket(Arc::clone(&link)), newest));
    let subscription = follower.subscribe();
    talk(&mut socket, &link, &follower, replay_after, newest).await;
    drop(subscription);
    drop(admission);
}

/// Whatever could not be read: a client that stayed would miss something.
async fn fail(socket: Socket) {
    socket.link().close(4000, "internal error");
    socket.finish().await;
}

fn welcome(caller: &Caller, newest: i64) -> ToClient<'_> {
    let subject = match &caller.principal {
        Principal::User { subject, .. } => subject.as_str(),
        Principal::Device { .. } => "",
    };
    ToClient::ConnectionEstablished {
        message: "WebSocket connection established",
        user_id: caller.user_id().map_or(UserName::Subject(subject), |id| UserName::Number(id.get())),
        role: caller.role().map_or("", Role::as_str),
        last_event_id: newest,
    }
}

/// So long after opening live events wait for a client that will ask for a replay: one that remembers the highest id
/// it has seen, as it should, and was told a live event first, would pass over what it missed if it were cut off then.
const FIRST_WORD: Duration = Duration::from_millis(300);

/// Requests that wait while a replay is under way; one more is answered with an error.
const WAITING_REPLAYS: usize = 8;

/// A replay under way; a socket has one at a time.
type Replay = Pin<Box<dyn Future<Output = Result<(), Stopped>> + Send>>;

/// Answers what the client sends, while the replays that it asked for go on, one after the other.
///
/// Until the first of them, or for [`FIRST_WORD`] without, the gate is shut: everything after `newest` is told afterwards.
async fn talk(socket: &mut Socket, link: &Arc<Link>, follower: &Arc<Follower>, first: Option<i64>, newest: i64) {
    let mut replay: Option<Replay> = None;
    let mut waiting: VecDeque<i64> = first.into_iter().collect();
    let mut silence = Some(Box::pin(tokio::time::sleep(FIRST_WORD)));
    loop {
        if replay.is_none()
            && let Some(after) = waiting.pop_front()
        {
            silence = None;
            replay = Some(Box::pin(send_replay(Arc::clone(follower), Arc::clone(link), after)));
        }
        let inbound = tokio::select! {
            inbound = socket.next() => inbound,
            ended = async { replay.as_mut().expect("looked at before").await }, if replay.is_some() => {
                replay = None;
                if let Err(Stopped::Failed) = ended {
                    link.close(4000, "internal error");
                }
                continue;
            }
            () = async { silence.as_mut().expect("looked at before").await }, if silence.is_some() => {
                silence = None;
                let follower = Arc::clone(follower);
                replay = Some(Box::pin(async move { follower.catch_up(newest).await }));
                continue;
            }
        };
        match inbound {
            None => return,
            Some(Inbound::Text(text)) => match read_message(&text) {
                Ok(FromClient::Ping(timestamp)) => link.send_text(&render(&ToClient::Pong { timestamp })),
                Ok(FromClient::ReplayRequest(_)) if waiting.len() == WAITING_REPLAYS => {
                    say_error(link, "too many replays are waiting, wait for their replay_complete");
                }
                Ok(FromClient::ReplayRequest(after)) => waiting.push_back(after),
                Err(message) => say_error(link, &message),
            },
            Some(Inbound::Binary(_)) => say_error(link, "send JSON as text"),
        }
    }
}

fn say_error(link: &Link, message: &str) {
    link.send_text(&render(&ToClient::Error { message }));
}

/// Sends everything after `after` that the client may see, then what has come meanwhile, then live events again: from the
/// request on, ids only rise. A client that is cut off in the middle resumes from the last one that it got.
async fn send_replay(follower: Arc<Follower>, link: Arc<Link>, after: i64) -> Result<(), Stopped> {
    let told = follower.gate.shut();
    let newest = follower.newest().await?;
    // Whoever claims to know what it was not told yet is told all the same.
    let count = follower.tell(after.min(told), newest, true).await?;
    link.send_backpressured(&render(&ToClient::ReplayComplete { count, last_event_id: newest })).await?;
    follower.catch_up(newest).await
}
