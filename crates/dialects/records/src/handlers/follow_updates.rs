//! `/ws/updates/?token=…`: the door to the socket. Refusals are told by close codes, after opening.

use crate::RecordsParts;
use crate::opening::{last_event_id, prove};
use crate::socket::follow;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use milepost_http::{Problem, TokenInQuery};
use milepost_transport::{Socket, Upgrade};

/// Lets a client in, or opens only to say why not. What a page of a foreign origin asks, what is no WebSocket, and what
/// is too much is refused by the handshake's answer.
pub(crate) async fn follow_updates(State(parts): State<RecordsParts>, request: Request) -> Response {
    match open(parts, request).await {
        Ok(response) => response,
        Err(problem) => problem.into_response(),
    }
}

async fn open(parts: RecordsParts, request: Request) -> Result<Response, Problem> {
    let (mut head, _) = request.into_parts();
    if !parts.context.origins.allows(&head.headers) {
        return Err(Problem::forbidden("this origin may not open sockets here, see ALLOWED_ORIGINS"));
    }
    let proof = prove(&parts, &head, TokenInQuery::Taken).await;
    let upgrade = match Upgrade::from_parts(&mut head, &parts.transport) {
        Ok(upgrade) => upgrade,
        Err(refusal) => return Ok(refusal.response().map(Body::from)),
    };
    let replay_after = last_event_id(&head);
    let opening = match proof {
        Ok(proof) => proof.admit(&parts)?,
        Err(problem) if problem.status >= 500 => return Ok(refuse(upgrade, 4000, "internal error".to_owned())),
        Err(problem) => return Ok(refuse(upgrade, 4001, problem.detail)),
    };
    Ok(upgrade.accept(move |socket| follow(socket, parts, opening, replay_after)).map(|()| Body::empty()))
}

/// Browsers show a page no status of a refused handshake: the reason is told by the close frame.
fn refuse(upgrade: Upgrade, code: u16, reason: String) -> Response {
    let close = move |socket: Socket| async move {
        socket.link().close(code, &reason);
        socket.finish().await;
    };
    upgrade.accept(close).map(|()| Body::empty())
}
