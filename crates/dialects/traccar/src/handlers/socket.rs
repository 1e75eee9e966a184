//! `/api/socket`.

use crate::TraccarParts;
use crate::extract::COOKIE;
use crate::viewer::{TraccarViewer, View};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use milepost_domain::Principal;
use milepost_http::Problem;
use milepost_http::logins::is_guest;
use milepost_live::{ConnectionPolicy, Entry, Origins};

/// A page of another host opens no socket with the cookie of its visitor: its cookie counts as none. With a token it may.
static POLICY: ConnectionPolicy = ConnectionPolicy { origins: Origins::Any, ..ConnectionPolicy::SOCKET };

/// Opens a client's socket. Without a credential the answer is empty, and 200.
pub(crate) async fn open_socket(State(parts): State<TraccarParts>, request: Request) -> Result<Response, Problem> {
    let handshake = parts.live.handshake(request, &POLICY)?;
    let credential = match handshake.authenticate_by_cookie(COOKIE).await {
        Ok(credential) if !matches!(credential.caller().principal, Principal::Device { .. }) => credential,
        Err(problem) if problem.status >= 500 => return Err(problem),
        Ok(_) | Err(_) => return Ok(StatusCode::OK.into_response()),
    };
    let caller = credential.caller().clone();
    // Guests take no places of the tenant's own people.
    let public_link = is_guest(&caller).then(|| caller.principal.name().into_owned());
    let view = View::new(parts.live.clone(), parts.directory.clone(), caller);
    let entry = Entry { public_link, ..Entry::new(credential, view) };
    Ok(handshake.open_socket(Ok(entry), TraccarViewer::enter))
}
